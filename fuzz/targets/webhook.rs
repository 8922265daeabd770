//! Webhooks of every provider: verified, read and answered, whatever they hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::provider::{CallAnswer, Hook, MessageAnswer};
use redial_fuzz::Sent;

fuzz_target!(|data: &[u8]| {
    let Some(sent) = Sent::read(data) else { return };
    let (account, incoming) = (sent.account, sent.incoming());
    for hook in [Hook::Call, Hook::Message, Hook::Status, Hook::Inbound] {
        let _ = account.verify(&incoming, hook);
    }
    let _ = account.answer_other(&incoming);
    if let Ok(call) = account.read_call(&incoming) {
        let connect = CallAnswer::Connect { to: "+14155550199", say: Some("<A & \"B\">") };
        for answer in [connect, CallAnswer::Unchanged] {
            let document = account.answer_call(&call, answer);
            assert!(!document.status.is_server_error(), "the document could not be made");
            let _ = account.command(&call, answer);
        }
    }
    if let Ok(message) = account.read_message(&incoming) {
        for answer in [MessageAnswer::Connect { to: "+14155550199" }, MessageAnswer::Unchanged] {
            let document = account.answer_message(&message, answer);
            assert!(!document.status.is_server_error(), "the document could not be made");
        }
    }
    let _ = (account.read_status(&incoming), account.read_inbounds(&incoming));
});
