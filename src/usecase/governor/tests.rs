//! What is let through and what is not.

use super::*;
use crate::domain::{address::Address, schedule::Rate};

const NOW: Time = Time(1_800_000_000_000_000);

fn at(millis: i64) -> Time {
    Time(NOW.0 + millis * 1_000)
}

fn address(text: &str) -> Address {
    Address::stored(text, text)
}

fn admit(governor: &Governor, caps: &Caps, to: &str, urgency: Urgency, now: Time) -> Result<Permit, Wait> {
    governor.admit(Way { account: "a", sender: "+1", to: &address(to), host: None }, caps, urgency, now)
}

const US: &str = "+14155550100";
const UK: &str = "+442079460000";
const CANADA: &str = "+14165550100";

fn failed() -> Delivery {
    Delivery::new(AttemptOutcome::TryAgain, "")
}

#[tokio::test]
async fn n7_each_sender_and_country_has_a_rate_of_its_own() {
    let governor = Governor::default();
    let caps = Caps { rate: Rate::parse("1/s"), ..Caps::default() };
    let sent = Delivery::new(AttemptOutcome::Sent, "");
    admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap().ended(&sent, NOW);
    let wait = admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap_err();
    assert_eq!(wait, Wait { until: at(1_000), why: Why::Rate });
    let next = admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap_err();
    assert_eq!(next.until, at(2_000), "those who wait come one after the other");
    for (elsewhere, why) in [(UK, "another country"), (CANADA, "another country with the same calling code")] {
        assert!(admit(&governor, &caps, elsewhere, Urgency::Notice, NOW).is_ok(), "{why}");
    }
    let other = Way { account: "a", sender: "ACME", to: &address(US), host: None };
    assert!(governor.admit(other, &caps, Urgency::Notice, NOW).is_ok(), "another sender");
    let elsewhere = Way { account: "b", sender: "+1", to: &address(US), host: None };
    assert!(governor.admit(elsewhere, &caps, Urgency::Notice, NOW).is_ok(), "another account");
    assert!(admit(&governor, &caps, US, Urgency::Code, NOW).is_ok(), "a code comes before notices");
}

#[tokio::test]
async fn n4_places_are_counted_and_one_is_left_to_codes() {
    let governor = Governor::default();
    let caps = Caps { concurrency: 3, ..Caps::default() };
    let first = admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap();
    let second = admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap();
    assert_eq!(admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap_err().why, Why::Concurrency);
    let code = admit(&governor, &caps, US, Urgency::Code, NOW).unwrap();
    assert_eq!(admit(&governor, &caps, US, Urgency::Code, NOW).unwrap_err().why, Why::Concurrency);
    drop((first, code));
    assert!(admit(&governor, &caps, US, Urgency::Notice, NOW).is_ok(), "what is given back is free");
    second.ended(&failed(), NOW);
}

#[tokio::test]
async fn n4_those_who_wait_for_an_account_that_does_not_answer_come_ever_less_often() {
    let governor = Governor::default();
    let caps = Caps { concurrency: 2, ..Caps::default() };
    let silent = admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap();
    let apart = |now: Time| {
        let until = [0, 1].map(|_| admit(&governor, &caps, US, Urgency::Notice, now).unwrap_err().until);
        until[1].since(until[0]).as_millis()
    };
    assert_eq!([0, 100, 600, 60_000].map(|millis| apart(at(millis))), [1, 50, 300, 500]);
    silent.ended(&Delivery::new(AttemptOutcome::Sent, ""), at(60_000));
    let _next = admit(&governor, &caps, US, Urgency::Notice, at(60_000)).unwrap();
    assert_eq!(apart(at(60_000)), 1, "it works again");
}

#[tokio::test]
async fn n4_an_account_that_fails_is_left_alone_and_asked_again_with_one() {
    let governor = Governor::default();
    let caps = Caps::default();
    for _ in 0..10 {
        admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap().ended(&failed(), NOW);
    }
    assert!(governor.is_open("a"));
    let wait = admit(&governor, &caps, UK, Urgency::Notice, NOW).unwrap_err();
    assert_eq!(wait, Wait { until: at(30_000), why: Why::Breaker });
    let probe = admit(&governor, &caps, US, Urgency::Notice, at(30_000)).unwrap();
    assert!(admit(&governor, &caps, US, Urgency::Notice, at(30_000)).is_err());
    drop(probe);
    let probe = admit(&governor, &caps, US, Urgency::Notice, at(30_000)).unwrap();
    probe.ended(&Delivery::new(AttemptOutcome::Never, "no such number"), at(30_100));
    assert!(!governor.is_open("a"), "a refusal for the recipient's sake is an answer");
}

#[tokio::test]
async fn n3_a_pause_that_is_asked_for_holds_for_all_and_is_no_failure() {
    let governor = Governor::default();
    let caps = Caps::default();
    for _ in 0..20 {
        let asked = Delivery { retry_after: Some(Duration::from_secs(5)), ..failed() };
        if let Ok(permit) = admit(&governor, &caps, US, Urgency::Notice, NOW) {
            permit.ended(&asked, NOW);
        }
    }
    assert!(!governor.is_open("a"));
    let wait = admit(&governor, &caps, US, Urgency::Notice, at(1_000)).unwrap_err();
    assert!(wait.why == Why::Rate && wait.until >= at(5_000), "{wait:?}");
    assert!(admit(&governor, &caps, UK, Urgency::Notice, at(1_000)).is_ok(), "another country");
    assert!(admit(&governor, &caps, US, Urgency::Notice, at(5_000)).is_ok());
}

#[tokio::test]
async fn far_ends_that_recipients_choose_hold_up_nobody_else() {
    let governor = Governor::default();
    let caps = Caps::default();
    let device = address("dev_1");
    let way = |host| Way { account: "web", sender: "", to: &device, host: Some(host) };
    let asked = Delivery { retry_after: Some(Duration::from_secs(5)), ..failed() };
    for _ in 0..20 {
        governor.admit(way("bad.example"), &caps, Urgency::Notice, NOW).unwrap().ended(&failed(), NOW);
    }
    assert!(!governor.is_open("web"), "their failures say nothing of the account");
    governor.admit(way("slow.example"), &caps, Urgency::Notice, NOW).unwrap().ended(&asked, NOW);
    assert!(governor.admit(way("slow.example"), &caps, Urgency::Notice, at(1_000)).is_err());
    assert!(governor.admit(way("good.example"), &caps, Urgency::Notice, at(1_000)).is_ok());
}

#[tokio::test]
async fn n7_a_day_has_so_many_and_the_store_is_asked_once() {
    let governor = Governor::default();
    let caps = Caps { daily: Some(3), ..Caps::default() };
    let midnight = Time(NOW.0 - NOW.0.rem_euclid(DAY * 1_000_000));
    assert_eq!(governor.asks_for_day("a", &caps, NOW), Some(midnight));
    let counted = |country| phone::Country::Of(phone::Region::new(country).unwrap());
    governor.day("a", &[(counted("US"), 1), (counted("GB"), 1)], NOW);
    assert_eq!(governor.asks_for_day("a", &caps, NOW), None);
    let sent = Delivery::new(AttemptOutcome::Sent, "");
    drop(admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap());
    admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap().ended(&sent, NOW);
    let wait = admit(&governor, &caps, US, Urgency::Notice, NOW).unwrap_err();
    drop(admit(&governor, &caps, US, Urgency::Code, NOW).expect("a code has limits of its own"));
    let tomorrow = midnight.after(Duration::from_hours(24));
    assert_eq!(wait, Wait { until: tomorrow, why: Why::Daily });
    assert_eq!(governor.asks_for_day("a", &caps, tomorrow), Some(tomorrow));
    assert!(admit(&governor, &caps, US, Urgency::Notice, tomorrow).is_ok());
}

#[test]
fn n7_countries_are_of_the_recipients_number() {
    let us = Caps { countries: phone::Region::new("US").map(|us| vec![us]), ..Caps::default() };
    for (to, reached) in [(US, true), (UK, false), ("ann@example.com", true)] {
        assert_eq!(us.reach(&address(to)), reached, "{to}");
        assert!(Caps::default().reach(&address(to)));
    }
}

#[tokio::test]
async fn n7_a_rate_is_the_countrys_where_it_has_one() {
    let own = HashMap::from([(phone::Region::new("GB").unwrap(), Rate::parse("1/s").unwrap())]);
    let caps = Caps { rate: Rate::parse("2/s"), rates: own, ..Caps::default() };
    let governor = Governor::default();
    let passed = |to: &str| (0..9).filter(|_| admit(&governor, &caps, to, Urgency::Notice, NOW).is_ok()).count();
    assert_eq!((passed(US), passed(UK)), (2, 1));
}

#[tokio::test]
async fn n7_a_country_may_have_fewer_of_a_day() {
    let governor = Governor::default();
    let region = |code| phone::Region::new(code).unwrap();
    let caps = Caps { daily: Some(4), daily_to: HashMap::from([(region("CA"), 2)]), ..Caps::default() };
    assert!(governor.asks_for_day("a", &Caps { daily: None, ..caps.clone() }, NOW).is_some(), "it counts by itself");
    governor.day("a", &[(phone::Country::Of(region("CA")), 1)], NOW);
    let sent = Delivery::new(AttemptOutcome::Sent, "");
    let leaves = |to| admit(&governor, &caps, to, Urgency::Notice, NOW).map(|permit| permit.ended(&sent, NOW));
    assert_eq!(leaves(CANADA), Ok(()));
    assert_eq!(leaves(CANADA).map_err(|wait| wait.why), Err(Why::DailyTo));
    assert_eq!((leaves(US), leaves(US)), (Ok(()), Ok(())), "the same calling code, and no budget of its own");
    assert_eq!(leaves(UK).map_err(|wait| wait.why), Err(Why::Daily), "all together");
}
