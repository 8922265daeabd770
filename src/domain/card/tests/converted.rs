//! Other versions to 3.0.

use super::*;

fn lines(bytes: &[u8]) -> Vec<String> {
    let unfolded = String::from_utf8(to_v3(&doc(bytes))).expect("UTF-8").replace("\r\n ", "");
    unfolded.lines().map(str::to_owned).collect()
}

#[test]
fn version_3_stays_as_it_is() {
    assert_eq!(to_v3(&doc(IOS)), IOS);
}

#[test]
fn version_4_goes_into_what_address_books_know() {
    assert_eq!(
        lines(FOUR),
        [
            "BEGIN:VCARD",
            "VERSION:3.0",
            "X-ADDRESSBOOKSERVER-KIND:individual",
            "UID:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1",
            "FN:J. Doe",
            "N:Doe;J.;;;",
            "LANG:en",
            "LANG;TYPE=pref:fr-CA",
            "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-03",
            "item1.X-ABDATE:2009-08-08",
            "item1.X-ABLabel:_$!<Anniversary>!$_",
            "X-GENDER:F",
            "TEL;TYPE=voice,home;TYPE=pref:+1-418-656-9254 ext. 102",
            "TEL;TYPE=cell:+1 418 262 6501",
            "EMAIL:jdoe@example.com",
            "item2.X-ABRELATEDNAMES:Bob Lee",
            "item2.X-ABLabel:friend",
            "X-SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://social.example/@jdoe",
            "GEO:46.772673;-71.282945",
            "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMD",
            "X-Unknown;X-P=\"a:b;c\":kept",
            "END:VCARD",
        ]
    );
}

#[test]
fn version_2_loses_its_encodings_and_bare_words() {
    assert_eq!(
        lines(ANDROID),
        [
            "BEGIN:VCARD",
            "VERSION:3.0",
            "N:王;小明;;;",
            "FN:王小明",
            "X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Ming;1;;;;;;;;;;;;;",
            "TEL;TYPE=CELL;TYPE=PREF:+8613800138000",
            "TEL;TYPE=WORK;TYPE=FAX:+86 10 6552 9988",
            "EMAIL;TYPE=HOME:ming@example.cn",
            "ORG:Widgets \\; Co;R&D",
            "NOTE:line one\\nline two\\; still two",
            "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsN",
            "END:VCARD",
        ]
    );
}

#[test]
fn what_3_0_requires_is_made_up_from_the_rest() {
    let card = b"BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:GROUP\r\nORG:Choir\r\nMEMBER:urn:uuid:1\r\nitem4.TEL;PREF=2:1\r\nANNIVERSARY:2009\r\nPHOTO:https://example.com/a.jpg\r\nLOGO:data:image/png;base64\\,iVBO\r\nEND:VCARD\r\n";
    assert_eq!(
        lines(card)[2..],
        [
            "FN:Choir",
            "N:;Choir;;;",
            "X-ADDRESSBOOKSERVER-KIND:group",
            "ORG:Choir",
            "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1",
            "item4.TEL:1",
            "item5.X-ABDATE:2009",
            "item5.X-ABLabel:_$!<Anniversary>!$_",
            "PHOTO;VALUE=uri:https://example.com/a.jpg",
            "LOGO;ENCODING=b;TYPE=PNG:iVBO",
            "END:VCARD",
        ]
    );
}
