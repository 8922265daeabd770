//! Numbers and e-mail addresses as anybody writes them: what was read is read again to the same key (rule Q1).
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::domain::{
    address::{Address, phone::Region},
    name,
};

fuzz_target!(|data: (u8, &str)| {
    let (region, text) = data;
    let region = Region::new(["US", "DE", "MX", "AR", "BR", "CN", "IT"][usize::from(region) % 7]);
    name::key(text);
    let Ok(address) = Address::parse(text, region) else { return };
    let again = Address::parse(address.wire(), None).expect("the wire form can be read");
    assert_eq!(again.key(), address.key(), "the wire form has another key");
    assert_eq!(Address::parse(text, region).expect("as before"), address);
    let shown = format!("{address} {address:?}");
    assert!(address.wire().len() < 8 || !shown.contains(address.wire()), "a log would show it");
});
