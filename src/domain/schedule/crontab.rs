//! Digest times: cron expressions as Unix knows them, with five fields (rule N1).

use crate::clock::Time;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use std::{fmt::Write as _, str::FromStr as _};

/// Minutes, hours, days of the month, months and days of the week, read as Unix reads them: Sunday is 0 or 7, names of
/// months and days in English, `*`, `a-b`, `*/n`, `a-b/n`, lists; where both kinds of day are given either is enough.
#[derive(Clone, Debug)]
pub struct Cron {
    /// One schedule, or two of which the earlier counts.
    either: Vec<cron::Schedule>,
}

/// Why a text is no cron expression; says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotACron {
    /// Not five fields.
    #[error("{0} fields where five are needed: minute hour day month weekday, like `0 9 * * mon`")]
    Fields(usize),
    /// A field that cannot be read.
    #[error(
        "`{text}` is no {field}: {least} to {most}, `*`, ranges like `{least}-{most}`, steps like `*/2`, or a list"
    )]
    Field {
        /// Which field.
        field: &'static str,
        /// What stands there, shortened.
        text: Box<str>,
        /// Smallest value.
        least: u8,
        /// Largest value.
        most: u8,
    },
    /// A day that no month in question has, like `30 2`.
    #[error("no such day ever comes: check day and month")]
    Never,
}

struct Field {
    name: &'static str,
    least: u8,
    most: u8,
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of the month", least: 1, most: 31, names: &[] },
    Field { name: "month", least: 1, most: 12, names: &MONTHS },
    Field { name: "day of the week", least: 0, most: 7, names: &DAYS },
];

impl Field {
    fn refuse(&self, text: &str) -> NotACron {
        NotACron::Field {
            field: self.name,
            text: text.chars().take(20).collect::<String>().into(),
            least: self.least,
            most: self.most,
        }
    }

    fn value(&self, text: &str) -> Option<u8> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(place) => u8::try_from(place).ok()? + self.least,
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            None => return None,
        };
        (self.least..=self.most).contains(&value).then_some(value)
    }

    /// The values of one item of a list: `*`, `a`, `a-b`, each but the plain value with an optional step.
    fn item(&self, text: &str) -> Option<impl Iterator<Item = u8>> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u8>().ok().filter(|&step| step > 0)?)),
            None => (text, None),
        };
        let (from, to) = if range == "*" {
            (self.least, self.most)
        } else if let Some((from, to)) = range.split_once('-') {
            (self.value(from)?, self.value(to)?)
        } else {
            // A step needs a range: what `5/2` means differs between crons.
            (step.is_none()).then_some((self.value(range)?, self.value(range)?))?
        };
        (from <= to).then(|| (from..=to).step_by(usize::from(step.unwrap_or(1))))
    }

    /// All values, as bits.
    fn read(&self, text: &str) -> Result<u64, NotACron> {
        let mut values = 0;
        for item in text.split(',') {
            for value in self.item(item).ok_or_else(|| self.refuse(text))? {
                values |= 1_u64 << value;
            }
        }
        Ok(values)
    }
}

impl Cron {
    /// Reads five fields separated by blanks; `@daily` and its kin are refused.
    pub fn parse(text: &str) -> Result<Self, NotACron> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else { return Err(NotACron::Fields(fields.len())) };
        let mut read = [0_u64; 5];
        for ((slot, field), text) in read.iter_mut().zip(&FIELDS).zip([minute, hour, day, month, weekday]) {
            *slot = field.read(text)?;
        }
        let weekdays = (read[4] | (read[4] >> 7)) & 0x7f;
        // Unix: two given kinds of day are alternatives; one that begins with a star only narrows the other.
        let alternatives = !day.starts_with('*') && !weekday.starts_with('*');
        let pairs = if alternatives { vec![(read[2], 0x7f), (u64::MAX, weekdays)] } else { vec![(read[2], weekdays)] };
        let schedules = pairs.into_iter().map(|(days, weekdays)| {
            let text = translated([read[0], read[1], days, read[3], weekdays]);
            cron::Schedule::from_str(&text).map_err(|_| NotACron::Never)
        });
        let cron = Self { either: schedules.collect::<Result<_, _>>()? };
        if cron.next(Time(0), &jiff::tz::TimeZone::UTC).is_none() {
            return Err(NotACron::Never);
        }
        Ok(cron)
    }

    /// The first time after `after` at which the clocks of `zone` show what the expression asks for. A time that the
    /// clocks skip comes as much later as they were put forward; one that they show twice counts once.
    pub fn next(&self, after: Time, zone: &jiff::tz::TimeZone) -> Option<Time> {
        let stamp = jiff::Timestamp::from_microsecond(after.0).ok()?;
        // The expression is about what clocks show, so it is asked in shown time, named UTC for the crate's sake.
        let shown = zone.to_datetime(stamp);
        let shown = DateTime::<Utc>::from_timestamp_micros(micros(shown)?)?;
        let mut times: Vec<_> = self.either.iter().map(|schedule| schedule.after(&shown).peekable()).collect();
        loop {
            let next = times.iter_mut().filter_map(|times| times.peek().copied()).min()?;
            for times in &mut times {
                times.next_if_eq(&next);
            }
            let at = instant(next, zone)?;
            if at > after {
                return Some(at);
            }
        }
    }
}

fn micros(shown: jiff::civil::DateTime) -> Option<i64> {
    Some(jiff::tz::TimeZone::UTC.to_timestamp(shown).ok()?.as_microsecond())
}

fn instant(shown: DateTime<Utc>, zone: &jiff::tz::TimeZone) -> Option<Time> {
    let part = |value: u32| i8::try_from(value).ok();
    let civil = jiff::civil::DateTime::new(
        i16::try_from(shown.year()).ok()?,
        part(shown.month())?,
        part(shown.day())?,
        part(shown.hour())?,
        part(shown.minute())?,
        0,
        0,
    )
    .ok()?;
    Some(Time(zone.to_ambiguous_timestamp(civil).compatible().ok()?.as_microsecond()))
}

/// In the crate's own form: seconds first, Sunday is 1.
fn translated(read: [u64; 5]) -> String {
    let mut text = String::from("0");
    for (place, (values, field)) in read.into_iter().zip(&FIELDS).enumerate() {
        let (most, shift) = if place == 4 { (6, 1) } else { (field.most, 0) };
        text.push(' ');
        let all = (field.least..=most).all(|value| values >> value & 1 == 1);
        if all {
            text.push('*');
            continue;
        }
        let mut comma = "";
        for value in (field.least..=most).filter(|value| values >> value & 1 == 1) {
            write!(text, "{comma}{}", value + shift).expect("a String takes any text");
            comma = ",";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn next(expression: &str, after: &str, zone: &TimeZone) -> String {
        let cron = Cron::parse(expression).expect(expression);
        cron.next(Time::parse(after).expect(after), zone).expect(expression).to_string()
    }

    #[test]
    fn n1_five_fields_as_unix_reads_them() {
        // 2026-11-23 is a Monday.
        for (expression, after, expected) in [
            ("0 9 * * *", "2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z"),
            ("0 9 * * *", "2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z"),
            ("0 9 * * 1", "2026-11-23T10:00:00Z", "2026-11-30T09:00:00Z"),
            ("0 9 * * mon", "2026-11-22T10:00:00Z", "2026-11-23T09:00:00Z"),
            ("0 9 * * 0", "2026-11-23T10:00:00Z", "2026-11-29T09:00:00Z"),
            ("0 9 * * 7", "2026-11-23T10:00:00Z", "2026-11-29T09:00:00Z"),
            ("0 9 * * SUN", "2026-11-23T10:00:00Z", "2026-11-29T09:00:00Z"),
            ("0 9 * * 5-7", "2026-11-23T10:00:00Z", "2026-11-27T09:00:00Z"),
            ("*/15 8-17 * * 1-5", "2026-11-23T08:07:30Z", "2026-11-23T08:15:00Z"),
            ("30 18 1 * *", "2026-11-23T10:00:00Z", "2026-12-01T18:30:00Z"),
            ("30 18 1,15 jan-feb *", "2026-11-23T10:00:00Z", "2027-01-01T18:30:00Z"),
            // Both kinds of day: either is enough.
            ("0 9 25 * mon", "2026-11-23T10:00:00Z", "2026-11-25T09:00:00Z"),
            ("0 9 25 * mon", "2026-11-25T10:00:00Z", "2026-11-30T09:00:00Z"),
            // A star with a step only narrows.
            ("0 9 */2 * mon", "2026-11-23T10:00:00Z", "2026-12-07T09:00:00Z"),
            ("0 0 29 2 *", "2026-11-23T10:00:00Z", "2028-02-29T00:00:00Z"),
        ] {
            assert_eq!(next(expression, after, &TimeZone::UTC), expected, "{expression} after {after}");
        }
    }

    #[test]
    fn n1_in_the_recipients_zone_with_its_summer_time() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a POSIX zone");
        for (after, expected) in
            [("2026-06-01T00:00:00Z", "2026-06-01T07:00:00Z"), ("2026-12-01T00:00:00Z", "2026-12-01T08:00:00Z")]
        {
            assert_eq!(next("0 9 * * *", after, &berlin), expected);
        }
        // 02:30 does not come on 2026-03-29, and comes twice on 2026-10-25.
        assert_eq!(next("30 2 * * *", "2026-03-28T12:00:00Z", &berlin), "2026-03-29T01:30:00Z");
        assert_eq!(next("30 2 * * *", "2026-10-24T12:00:00Z", &berlin), "2026-10-25T00:30:00Z");
        assert_eq!(next("30 2 * * *", "2026-10-25T00:30:00Z", &berlin), "2026-10-26T01:30:00Z");
    }

    /// Every day of a year has one digest, at nine as clocks there show it; half past two comes once on the days on
    /// which it is left out or comes twice.
    #[test]
    fn n1_a_year_of_changing_clocks() {
        for name in ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"]
        {
            let zone = crate::domain::schedule::zone(name).expect(name);
            for expression in ["0 9 * * *", "30 2 * * *"] {
                let cron = Cron::parse(expression).expect(expression);
                let mut at = Time::parse("2026-01-01T12:00:00Z").expect("a time");
                let mut last = None;
                for _ in 0..365 {
                    at = cron.next(at, &zone).expect("there is always a next one");
                    let shown = zone.to_datetime(jiff::Timestamp::from_microsecond(at.0).expect("in range"));
                    if let Some(last) = last {
                        let next: jiff::civil::Date = last;
                        assert_eq!(shown.date(), next.tomorrow().expect("in range"), "{name} {expression}");
                    }
                    if expression.starts_with("0 9") {
                        assert_eq!((shown.hour(), shown.minute()), (9, 0), "{name}");
                    }
                    last = Some(shown.date());
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (expression, says) in [
            ("0 9 * *", "4 fields where five are needed"),
            ("0 0 9 * * *", "6 fields where five are needed"),
            ("@daily", "1 fields where five"),
            ("60 9 * * *", "`60` is no minute: 0 to 59"),
            ("0 24 * * *", "`24` is no hour"),
            ("0 9 0 * *", "`0` is no day of the month: 1 to 31"),
            ("0 9 * 13 *", "`13` is no month"),
            ("0 9 * * 8", "`8` is no day of the week: 0 to 7"),
            ("0 9 * * fri-mon", "`fri-mon` is no day of the week"),
            ("*/0 9 * * *", "`*/0` is no minute"),
            ("5/10 9 * * *", "`5/10` is no minute"),
            ("0, 9 * * *", "`0,` is no minute"),
            ("+5 9 * * *", "`+5` is no minute"),
            ("0 9 30 2 *", "no such day ever comes"),
        ] {
            let refused = Cron::parse(expression).expect_err(expression).to_string();
            assert!(refused.contains(says), "{expression}: {refused}");
        }
    }

    /// Minute by minute, field by field, without any of the above.
    fn brute(fields: &[Vec<u8>; 5], both: bool, after: Time) -> Option<Time> {
        let first = after.0.div_euclid(60_000_000) + 1;
        (first..first + 60 * 24 * 500).map(|minute| Time(minute * 60_000_000)).find(|at| {
            let shown = TimeZone::UTC.to_datetime(jiff::Timestamp::from_microsecond(at.0).expect("in range"));
            let has =
                |place: usize, value: i8| fields[place].is_empty() || fields[place].contains(&value.cast_unsigned());
            let weekday = shown.weekday().to_sunday_zero_offset();
            let week = has(4, weekday) || (weekday == 0 && has(4, 7));
            let day = if both { has(2, shown.day()) || week } else { has(2, shown.day()) && week };
            has(0, shown.minute()) && has(1, shown.hour()) && has(3, shown.month()) && day
        })
    }

    fn values(least: u8, most: u8) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(least..=most, 0..3)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn agrees_with_looking_at_every_minute(
            minute in values(0, 59), hour in values(0, 23), day in values(1, 28), month in values(1, 12),
            week in values(0, 7), start in 1_600_000_000_i64..1_900_000_000,
        ) {
            let fields = [minute, hour, day, month, week];
            let text: Vec<String> = fields.iter().map(|values| {
                if values.is_empty() { "*".to_owned() } else { values.iter().map(u8::to_string).collect::<Vec<_>>().join(",") }
            }).collect();
            let both = !fields[2].is_empty() && !fields[4].is_empty();
            let after = Time(start * 1_000_000);
            let cron = Cron::parse(&text.join(" ")).expect("made of valid values");
            prop_assert_eq!(cron.next(after, &TimeZone::UTC).filter(|at| at.since(after).as_secs() < 86_400 * 490),
                brute(&fields, both, after).filter(|at| at.since(after).as_secs() < 86_400 * 490), "{}", text.join(" "));
        }

        #[test]
        fn nothing_makes_it_panic(text in "[0-9*/,@a-z -]{0,24}") {
            if let Ok(cron) = Cron::parse(&text) {
                let _ = cron.next(Time(1_800_000_000_000_000), &TimeZone::UTC);
            }
        }
    }
}
