//! When a group gets its digest (rule N1), in words that people choose from, and as the cron expression that it is.

use super::Asked;
use crate::domain::group::Told;
use serde_json::{Value, json};

/// Monday at nine.
const USUAL: (&str, &str, u8) = ("week", "1", 9);

/// The choice that an expression stands for; another expression is kept as its owner's program wrote it.
pub(super) fn shown(told: &Told) -> Value {
    let (every, day, hour, own) = match told {
        Told::Digest(cron) => match read_cron(cron) {
            Some((every, day, hour)) => (every, day, hour, None),
            None => ("own", USUAL.1.to_owned(), USUAL.2, Some(cron.as_str())),
        },
        Told::AtOnce | Told::OnQuery => (USUAL.0, USUAL.1.to_owned(), USUAL.2, None),
    };
    json!({ "every": every, "day": day, "hour": hour, "own": own })
}

fn read_cron(cron: &str) -> Option<(&'static str, String, u8)> {
    let fields: Vec<&str> = cron.split_ascii_whitespace().collect();
    let [minute, hour, date, month, day] = fields[..] else { return None };
    let hour = hour.parse::<u8>().ok().filter(|hour| *hour < 24 && minute == "0" && month == "*")?;
    let names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let by_name = names.iter().position(|name| name.eq_ignore_ascii_case(day)).map(|at| at.to_string());
    let number = day.parse::<u8>().ok().filter(|day| *day < 8).map(|day| (day % 7).to_string());
    match (date, day) {
        ("*", "*") => Some(("day", USUAL.1.to_owned(), hour)),
        ("1", "*") => Some(("month", USUAL.1.to_owned(), hour)),
        ("*", _) => Some(("week", by_name.or(number)?, hour)),
        _ => None,
    }
}

/// The expression that a form stands for.
pub(super) fn read(asked: &Asked, before: &Told) -> String {
    let hour = asked.text("digest-hour").parse::<u8>().ok().filter(|hour| *hour < 24).unwrap_or(USUAL.2);
    let day = asked.text("digest-day").parse::<u8>().ok().filter(|day| *day < 7).unwrap_or(1);
    match (asked.text("digest-every").as_str(), before) {
        ("own", Told::Digest(cron)) => cron.clone(),
        ("day", _) => format!("0 {hour} * * *"),
        ("month", _) => format!("0 {hour} 1 * *"),
        _ => format!("0 {hour} * * {day}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::Cron;

    #[test]
    fn n1_a_choice_and_its_expression_are_one() {
        for (cron, every, day, hour) in [
            ("0 9 * * MON", "week", "1", 9),
            ("0 18 * * 7", "week", "0", 18),
            ("0 7 * * *", "day", "1", 7),
            ("0 0 1 * *", "month", "1", 0),
            ("*/5 9 * * 1", "own", "1", 9),
            ("0 9 1 * 1", "own", "1", 9),
            ("0 9 * 3 1", "own", "1", 9),
        ] {
            assert!(Cron::parse(cron).is_ok(), "{cron}");
            let shown = shown(&Told::Digest(cron.into()));
            assert_eq!((&shown["every"], &shown["day"]), (&every.into(), &day.into()), "{cron}");
            assert_eq!(shown["hour"], hour, "{cron}");
        }
    }
}
