//! Pictures as a device gives them: what is left of one is whole, no larger, and has nothing more to leave out.
#![no_main]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use redial::domain::photo;

fuzz_target!(|file: &[u8]| {
    let Some(uri) = photo::embedded(file) else { return };
    let (kind, data) = uri.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,")).expect("a picture");
    let left = STANDARD.decode(data).expect("base64");
    assert!(left.len() <= file.len(), "something was added");
    assert_eq!(kind, if file.starts_with(b"\xff\xd8") { "jpeg" } else { "png" });
    assert_eq!(photo::embedded(&left).as_deref(), Some(&*uri), "what is left is another picture");
    // What lies behind its end is gone, and a piece of it is no picture.
    assert_eq!(photo::embedded(&[&left[..], b"more"].concat()).as_deref(), Some(&*uri));
    assert_eq!(photo::embedded(&left[..left.len() - 1]), None, "a picture without its end");
});
