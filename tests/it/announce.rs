//! What a caller hears before the new number is dialled (rules Q5, Q6, Q11), and what the operator's own lists keep from
//! being redirected (rule Q8).

use crate::{
    far_end,
    hooks::signed_form,
    spawn::{
        AccountOf, Running, SENDER_SECRET, Setup, TELNYX_ACCOUNT, TELNYX_WEBHOOK_SEED, TWILIO_SID, TWILIO_TOKEN,
        ed25519, spawn,
    },
    via::{FROM, NEW, OLD, client, form},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::Request;
use redial::{
    domain::{
        address::Address,
        group::Member,
        id::{ContactId, OwnerId},
        identity_bound::Lists,
        owner::{Contact, Membership},
    },
    store::Effect,
    template::Spoken,
    usecase::gateway::{Account, Announce},
};
use std::sync::Arc;

const NAME: &str = "Ann <& Lee";
/// The new number as a voice reads it.
const SPOKEN: &str = "1, 4 1 5, 5 5 5, 0 1 9 9";

async fn both(change: impl Fn(&mut Account) + Send + 'static) -> Running {
    let accounts = move |base: &str| {
        let nowhere = "http://127.0.0.1:9";
        let mut accounts = vec![AccountOf::twilio(base, nowhere).make(), AccountOf::telnyx(base, nowhere).make()];
        accounts.iter_mut().for_each(&change);
        accounts
    };
    spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await
}

/// What a call webhook of each provider is answered.
async fn documents(running: &Running, from: &str) -> [(&'static str, String); 2] {
    let fields = |account| {
        let direction = ("Direction", "inbound");
        [("AccountSid", account), ("CallSid", "CA1"), ("From", from), ("To", OLD), ("CallStatus", "ringing"), direction]
    };
    let url = |name| format!("{}/hooks/{name}/call", running.base);
    let twilio = signed_form(&url("main"), TWILIO_TOKEN, &fields(TWILIO_SID));
    let (time, body) = (running.clock.now_seconds(), form(&fields(TELNYX_ACCOUNT)));
    let signature = ed25519(&TELNYX_WEBHOOK_SEED).sign(format!("{time}|{body}").as_bytes());
    let telnyx = Request::post(url("telnyx"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("telnyx-timestamp", time)
        .header("telnyx-signature-ed25519", BASE64_STANDARD.encode(signature))
        .body(Bytes::from(body))
        .unwrap();
    let mut documents = Vec::new();
    for request in [twilio, telnyx] {
        let reply = client().send(request).await.unwrap();
        assert_eq!(reply.status(), 200);
        documents.push(String::from_utf8(reply.into_body().to_vec()).unwrap());
    }
    let [twilio, telnyx] = <[String; 2]>::try_from(documents).unwrap();
    [("twilio", twilio), ("telnyx", telnyx)]
}

trait Seconds {
    fn now_seconds(&self) -> i64;
}

impl<T: redial::clock::Clock> Seconds for T {
    fn now_seconds(&self) -> i64 {
        self.now().seconds()
    }
}

/// Puts a contact with this number into the owner's only group.
async fn befriend(running: &Running, owner: OwnerId, number: &str) {
    let group = running.store.groups(owner).await.unwrap().remove(0);
    let contact = Contact {
        id: ContactId(7),
        book: group.book,
        owner,
        uid: "7".into(),
        version: 1,
        card: Vec::new(),
        name: "Bo".into(),
        names: Vec::new(),
        addresses: vec![Address::stored(number, number)],
        linked: None,
        language: None,
    };
    let membership = Membership { group: group.id, member: Member::Contact(contact.id) };
    running.commit(vec![Effect::ContactSet(contact), Effect::MemberAdded(owner, membership)]).await;
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Heard {
    Nothing,
    ALine,
    NameAndNumber,
}

#[tokio::test]
async fn q6_q11_a_caller_hears_only_what_may_be_learnt_without_believing_their_number() {
    use Heard::{ALine, NameAndNumber, Nothing};
    let (revealed, always) = (Some(false), Some(true));
    let stranger = Member::Application(Account::app_id("another"));
    for (rule, announce, member, reveal, friend, heard) in [
        ("never: it is silent", None, Member::Everyone, true, false, Nothing),
        ("revealed to everyone", revealed, Member::Everyone, true, false, NameAndNumber),
        ("only forwarded to everyone", revealed, Member::Everyone, false, false, Nothing),
        ("only forwarded, with a line for all", always, Member::Everyone, false, false, ALine),
        ("revealed, with a line for all", always, Member::Everyone, true, false, NameAndNumber),
        ("revealed to the caller's number alone, which is a claim", revealed, stranger, true, true, Nothing),
        ("the same with a line for all", always, stranger, true, true, ALine),
    ] {
        let running = both(move |account| {
            account.announce = announce.map(|to_all| Announce {
                to_all,
                language: "en".into(),
                spoken: Arc::new(Spoken::load(None).unwrap()),
            });
        })
        .await;
        let owner = running.moved(NAME, OLD, NEW, member, reveal).await;
        if friend {
            befriend(&running, owner, FROM).await;
        }
        for (provider, document) in documents(&running, FROM).await {
            assert!(document.contains(&format!("<Number>{NEW}</Number>")), "{rule}, {provider}: {document}");
            let said = document.split("<Say>").nth(1).and_then(|rest| rest.split("</Say>").next());
            let (name, number) = (document.contains("Ann"), document.contains(SPOKEN));
            let found = match (said, name, number) {
                (None, false, false) => Nothing,
                (Some(_), false, false) => ALine,
                (Some(_), true, true) => NameAndNumber,
                _ => panic!("{rule}, {provider}: {document}"),
            };
            assert_eq!(found, heard, "{rule}, {provider}: {document}");
            assert!(!document.contains(NAME), "it is escaped for where it stands: {document}");
            assert!(!said.is_some_and(|said| said.contains(['<', '>'])), "{provider}: {document}");
        }
    }
}

#[tokio::test]
async fn q8_the_operators_lists_hold_for_calls_and_messages_and_explain_says_which() {
    let upstream = far_end::twilio().await;
    let far = upstream.base.clone();
    let accounts = move |base: &str| {
        let mut lists = Lists::default();
        lists.add_sender("+15005550007", None).unwrap();
        lists.add_sender("ACMEBANK", None).unwrap();
        lists.add_key("otp").unwrap();
        lists.add_pattern("wire transfer").unwrap();
        let mut main = AccountOf::twilio(base, &far).make();
        main.bound = Arc::new(lists.clone());
        let mut keyed =
            AccountOf { name: "keyed", sender: Some(("otp", "other-secret")), ..AccountOf::twilio(base, &far) }.make();
        keyed.bound = Arc::new(lists);
        vec![main, keyed]
    };
    let running = spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await;
    let owner = running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let send = async |account: &str, user: &str, secret: &str, from: &str, text: &str| {
        running.clock.advance(std::time::Duration::from_secs(1));
        let request = Request::post(format!("{}/via/{account}{}", running.base, crate::via::messages()))
            .header("authorization", crate::via::basic(user, secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form(&[("To", OLD), ("From", from), ("Body", text)])))
            .unwrap();
        assert_eq!(client().send(request).await.unwrap().status(), 201);
        let seen = upstream.seen();
        running.env.records.flush().await;
        let records = running.store.queries(owner, None, 1).await.unwrap().items;
        (seen.last().unwrap().form()["To"].clone(), records[0].detail.to_string())
    };
    for (rule, account, user, secret, from, text, to, why) in [
        ("an ordinary one", "main", TWILIO_SID, SENDER_SECRET, FROM, "Hi", NEW, ""),
        ("by sender", "main", TWILIO_SID, SENDER_SECRET, "+15005550007", "Hi", OLD, "bound_senders"),
        ("by a sender's name", "main", TWILIO_SID, SENDER_SECRET, "AcmeBank", "Hi", OLD, "bound_senders"),
        ("by pattern", "main", TWILIO_SID, SENDER_SECRET, FROM, "A Wire Transfer", OLD, "\"wire transfer\""),
        ("by what is built in", "main", TWILIO_SID, SENDER_SECRET, FROM, "Your code is 482913", OLD, "reads like"),
        ("by key", "keyed", "otp", "other-secret", FROM, "Hi", OLD, "bound_keys"),
    ] {
        let (went, detail) = send(account, user, secret, from, text).await;
        assert_eq!(went, to, "{rule}");
        assert!(detail.contains(why) && detail.is_empty() == why.is_empty(), "{rule}: {detail:?}");
    }
    let url = format!("{}/hooks/main/call", running.base);
    for (from, connected) in [(FROM, NEW), ("+15005550007", OLD)] {
        let id = format!("CA{from}");
        let fields = [
            ("CallSid", id.as_str()),
            ("AccountSid", TWILIO_SID),
            ("From", from),
            ("To", OLD),
            ("Direction", "inbound"),
        ];
        let reply = client().send(signed_form(&url, TWILIO_TOKEN, &fields)).await.unwrap();
        let document = String::from_utf8(reply.into_body().to_vec()).unwrap();
        assert!(document.contains(&format!("<Number>{connected}</Number>")), "{from}: {document}");
    }
}
