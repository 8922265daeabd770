//! vCards from anywhere: kept byte for byte, derived from without a panic, and edited line by line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::domain::{
    address::phone::Region,
    card::{Document, Splitter, to_v3},
};

fuzz_target!(|data: &[u8]| {
    let mut splitter = Splitter::default();
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if let Some(Ok(piece)) = splitter.push(line) {
            let _ = piece.read();
        }
    }
    splitter.finish();
    let Ok(mut card) = Document::parse(data) else { return };
    assert_eq!(card.to_bytes(), data, "a card is kept byte for byte");
    let _ = (card.uid(), card.name(), card.parts(), card.nicknames(), card.organisation(), card.language());
    let _ = (card.name_keys(), card.addresses(Region::new("US")));
    let old = to_v3(&card);
    Document::parse(&old).expect("what was turned into 3.0 can be read");
    let reaches = card.reaches();
    if let Some(reach) = reaches.first()
        && card.replace_text(reach.place, "+14155550199")
    {
        let edited = Document::parse(&card.to_bytes()).expect("an edited card can be read");
        assert_eq!(edited.reaches().len(), reaches.len(), "an edit touches one line");
    }
});
