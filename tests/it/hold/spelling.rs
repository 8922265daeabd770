//! Somebody else's number in every spelling of it (rule C11).

use super::world::*;
use crate::both::both;
use redial::{
    domain::{
        address::{Address, phone::Region},
        change::{Request, RequestState},
    },
    store::Effect,
    usecase::{Rules, codes::Requester, course, write::Refused},
};

both! {
    c11_somebody_elses_number_needs_its_code_in_every_spelling
}

/// The number, as its owner proved it; the region of who asks; how a thief may write it.
type Spelled = (&'static str, Option<&'static str>, &'static [&'static str]);
const NUMBERS: [Spelled; 4] = [
    (
        "+14155550150",
        Some("US"),
        &[
            "+14155550150",
            "+1 (415) 555-0150",
            " +1\u{a0}415\u{2011}555\u{2011}0150 ",
            "tel:+1-415-555-0150",
            "TEL:+1-415-555-0150",
            "tel:555-0150;phone-context=+1-415",
            "sms:+14155550150",
            "whatsapp:+14155550150",
            "sip:+14155550150@example.com",
            "+１４１５５５５０１５０",
            "＋1 415 555 0150",
            "+\u{661}\u{664}\u{661}\u{665}\u{665}\u{665}\u{665}\u{660}\u{661}\u{665}\u{660}",
            "+\u{6f1}\u{6f4}\u{6f1}\u{6f5}\u{6f5}\u{6f5}\u{6f5}\u{6f0}\u{6f1}\u{6f5}\u{6f0}",
            "\u{202a}+14155550150\u{202c}",
            "\u{200e}+1 415 555 0150\u{200f}",
            "\u{2066}+14155550150\u{2069}",
            "001 415 555 0150",
            "011 1 415 555 0150",
            "415 555 0150",
            "(415) 555-0150",
            "1 415 555 0150",
            "+1 415 555 0150 ext. 12",
            "tel:+14155550150;ext=12",
            "+14155550150,,12#",
        ],
    ),
    (
        "+525512345678",
        Some("MX"),
        &[
            "+525512345678",
            "+5215512345678",
            "+52 1 55 1234 5678",
            "0052 55 1234 5678",
            "55 1234 5678",
            "tel:+52-1-55-1234-5678",
        ],
    ),
    (
        "+5491123456789",
        Some("AR"),
        &[
            "+5491123456789",
            "+541123456789",
            "+54 11 2345-6789",
            "+54 9 11 2345-6789",
            "0054 11 2345 6789",
            "011 15-2345-6789",
        ],
    ),
    (
        "+5511987654321",
        Some("BR"),
        &["+5511987654321", "+551187654321", "+55 (11) 8765-4321", "0055 11 98765 4321", "(11) 98765-4321"],
    ),
];

async fn c11_somebody_elses_number_needs_its_code_in_every_spelling(world: World) {
    let mut refused = Vec::new();
    for (number, region, spellings) in NUMBERS {
        let region = region.and_then(Region::new);
        let world = world.anew_with(Rules { region, ..rules() }).await;
        // It is Bob's, proved by him.
        if number != BOBS {
            let bob = world.person(BOBS).await;
            let his = world.wants_of(BOB, &bob, add("other", number)).await.unwrap();
            world.proves_of(BOB, his.id, number).await.unwrap();
            world.after(DAY).await;
        }
        let bobs = world.values(BOB).await;
        assert!(bobs.contains(&number.to_owned()), "{bobs:?}");
        let thief = world.person(MOBILE).await;
        for spelling in spellings {
            let Ok(request) = world.wants(&thief, replace("mobile", spelling)).await else {
                // What cannot be read is no number, and so nobody's.
                refused.push(*spelling);
                continue;
            };
            assert_eq!(request.state, RequestState::AwaitingProof, "{spelling}");
            // Codes to the thief's own numbers do not prove it, and no other address can be named.
            world.proves(request.id, MOBILE).await.unwrap();
            let requester = Requester { who: "x", language: None };
            let elsewhere = course::code(&world.env, ANN, request.id, &address(NEW), requester).await;
            assert!(matches!(elsewhere, Err(Refused::Invalid(_))), "{spelling}");
            assert_eq!(world.state(request.id).await, RequestState::AwaitingProof, "{spelling}");
            // The code goes to Bob's phone and nowhere else.
            world.mail().await;
            let to = Address::parse(spelling, region).unwrap();
            assert_eq!(to.key(), address(number).key(), "{spelling}");
            course::code(&world.env, ANN, request.id, &to, requester).await.unwrap();
            let told = world.told().await;
            assert_eq!(
                told.iter().map(|to| address(to).key().to_owned()).collect::<Vec<_>>(),
                [address(number).key()],
                "{spelling}"
            );
            world.commit(vec![Effect::RequestSet(cancelled(request))]).await;
        }
        // Nor is it signed in with, or stopped, by another spelling of somebody else's.
        assert_eq!(world.values(BOB).await, bobs);
        assert_eq!(world.values(ANN).await, [MOBILE, WORK, MAIL]);
    }
    // Extensions and pauses reach a switchboard and not a phone, and `00` is not how one calls abroad everywhere.
    assert_eq!(refused, REFUSED);
}

/// What no number is read from.
const REFUSED: [&str; 5] = [
    "001 415 555 0150",
    "+1 415 555 0150 ext. 12",
    "tel:+14155550150;ext=12",
    "+14155550150,,12#",
    "0055 11 98765 4321",
];

fn cancelled(request: Request) -> Request {
    Request { state: RequestState::Cancelled, due: None, ..request }
}
