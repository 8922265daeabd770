//! When nobody wants to be woken (rule N7).

use crate::{
    clock::Time,
    domain::address::{Address, phone},
};
use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{Disambiguation, Offset, TimeZone, TimeZoneDatabase},
};
use std::{sync::LazyLock, time::Duration};

/// The zones as they were when this was built: the same rules on every machine, whatever it has installed.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of a name such as `Europe/Berlin`.
pub fn zone(name: &str) -> Option<TimeZone> {
    DATABASE.get(name).ok()
}

/// The names of all zones that a person may live in, such as `Europe/Berlin`, in order; not those of countries and offsets.
pub fn zone_names() -> &'static [String] {
    const REGIONS: [&str; 10] =
        ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let all = DATABASE.available().map(|name| name.to_string());
        let mut names: Vec<String> =
            all.filter(|name| name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region))).collect();
        names.sort_unstable();
        names
    });
    &NAMES
}

/// The zone of somebody with these addresses: that of the first number for which any is known, where all clocks there show
/// the same.
pub fn shared_zone<'a>(mut addresses: impl Iterator<Item = &'a Address>, now: Time) -> Option<TimeZone> {
    let names = addresses.by_ref().map(phone::zones).find(|names| !names.is_empty())?;
    let [one] = <[TimeZone; 1]>::try_from(zones_of(names, now)).ok()?;
    Some(one)
}

/// Those of the zones that are known, each set of clocks that show the same at `now` once.
pub fn zones_of(names: &[&str], now: Time) -> Vec<TimeZone> {
    let stamp = stamp(now);
    let mut found: Vec<(Offset, TimeZone)> = Vec::new();
    for zone in names.iter().filter_map(|name| zone(name)) {
        let offset = zone.to_offset(stamp);
        // Clocks that differ only after the next change agree until then, and are asked again when it is time.
        if !found.iter().any(|(known, _)| *known == offset) {
            found.push((offset, zone));
        }
    }
    found.sort_by_key(|(offset, _)| *offset);
    found.into_iter().map(|(_, zone)| zone).collect()
}

/// Quiet hours by the clock of whoever receives. Where the beginning is the end nothing is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Minutes of the day at which they begin and end.
    from: i16,
    to: i16,
}

impl Default for Hours {
    /// Nine in the evening to eight in the morning.
    fn default() -> Self {
        Self { from: 21 * 60, to: 8 * 60 }
    }
}

const DAY: i16 = 24 * 60;
/// Half of the time that is left where zones have no common hour.
const AROUND: i16 = 30;

impl Hours {
    /// No quiet hours.
    pub const NONE: Hours = Hours { from: 0, to: 0 };

    /// Reads `21:00-08:00`, or `none`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::NONE);
        }
        let (from, to) = text.split_once('-')?;
        Some(Self { from: minutes(from)?, to: minutes(to)? })
    }

    /// The first moment from `now` on at which all of these allow it.
    pub fn open_in_all(all: &[Hours], zones: &[TimeZone], now: Time) -> Time {
        /// Each of them moves the moment on once or twice.
        const ROUNDS: usize = 8;
        let mut at = now;
        for _ in 0..ROUNDS {
            let next = all.iter().fold(at, |at, hours| hours.open(zones, at));
            if next == at {
                break;
            }
            at = next;
        }
        at
    }

    fn quiet(self, minute: i16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }

    /// The first moment from `now` on at which none of these clocks shows quiet hours; `now` itself where they show none
    /// or no clock is given.
    ///
    /// Where the clocks lie so far apart that there is no such moment within a day, the hour around the middle of the day
    /// (between two quiet hours) on the clock in the middle is taken. Whether that is so is asked of each such hour alone,
    /// and not from `now` on: a moment that was told stays open when a clock is changed soon after it.
    pub fn open(self, zones: &[TimeZone], now: Time) -> Time {
        if self.from == self.to || zones.is_empty() {
            return now;
        }
        let all_open = |at: Timestamp| zones.iter().all(|zone| !self.quiet(minute_of(zone, at)));
        let common = first(zones, self.to, stamp(now), all_open);
        if common == Some(now) {
            return now;
        }
        let middle = &zones[zones.len() / 2..=zones.len() / 2];
        let noon = (self.to + (self.from - self.to).rem_euclid(DAY) / 2).rem_euclid(DAY);
        let narrow = Self { from: (noon + AROUND).rem_euclid(DAY), to: (noon - AROUND).rem_euclid(DAY) };
        let alone = |at: Timestamp| {
            !narrow.quiet(minute_of(&middle[0], at)) && {
                let begin = narrow.ended(&middle[0], at);
                let a_day_on = Time(begin.as_microsecond()).after(Duration::from_hours(24));
                first(zones, self.to, begin, all_open).is_none_or(|common| common >= a_day_on)
            }
        };
        let alone = first(middle, narrow.to, stamp(now), alone);
        common.into_iter().chain(alone).min().unwrap_or(now)
    }

    /// When these hours ended last before a moment at which they are not.
    fn ended(self, zone: &TimeZone, at: Timestamp) -> Timestamp {
        let to = jiff::Span::new().minutes(self.to);
        let midnight = |local: DateTime| local.date().to_datetime(jiff::civil::Time::midnight());
        let end = zone.to_datetime(at).checked_sub(to).and_then(|local| midnight(local).checked_add(to));
        let end = end.ok().and_then(|end| zone.to_ambiguous_timestamp(end).compatible().ok());
        end.unwrap_or(at)
    }
}

impl std::fmt::Display for Hours {
    /// As [`Hours::parse`] reads it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.from == self.to {
            return f.write_str("none");
        }
        let (from, to) = (self.from, self.to);
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

/// `HH:MM`, to 24:00 excluded.
fn minutes(text: &str) -> Option<i16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two = |text: &str, most: i16| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i16>().ok().filter(|number| digits && *number < most)
    };
    Some(two(hours, 24)? * 60 + two(minutes, 60)?)
}

fn stamp(at: Time) -> Timestamp {
    Timestamp::from_microsecond(at.0).unwrap_or_default()
}

fn minute_of(zone: &TimeZone, at: Timestamp) -> i16 {
    let local = zone.to_datetime(at);
    i16::from(local.hour()) * 60 + i16::from(local.minute())
}

/// The first of `now` and the moments that matter in the next days that `fits`: quiet hours end when a clock shows
/// `minute`, or when it is changed.
fn first(zones: &[TimeZone], minute: i16, now: Timestamp, fits: impl Fn(Timestamp) -> bool) -> Option<Time> {
    const DAYS: i64 = 3;
    let mut moments = vec![now];
    for zone in zones {
        let today = zone.to_datetime(now).date();
        for days in 0..DAYS {
            let Ok(date) = today.checked_add(jiff::Span::new().days(days)) else { continue };
            let hour = i8::try_from(minute / 60).unwrap_or(0);
            let local: DateTime = date.at(hour, i8::try_from(minute % 60).unwrap_or(0), 0, 0);
            for way in [Disambiguation::Earlier, Disambiguation::Later] {
                moments.extend(zone.to_ambiguous_timestamp(local).disambiguate(way));
            }
        }
        let end = now.checked_add(Duration::from_hours(24 * 3)).unwrap_or(Timestamp::MAX);
        moments
            .extend(zone.following(now).map(|change| change.timestamp()).take_while(|change| *change <= end).take(2));
    }
    moments.retain(|moment| *moment >= now);
    moments.sort_unstable();
    moments.into_iter().find(|moment| fits(*moment)).map(|moment| Time(moment.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Time {
        Time::parse(text).expect(text)
    }

    fn zones(names: &[&str], now: Time) -> Vec<TimeZone> {
        let found = zones_of(names, now);
        assert!(!found.is_empty(), "{names:?}");
        found
    }

    #[test]
    fn n7_when_a_message_may_arrive() {
        let usual = Hours::default();
        let (coast, both) = (&["America/Los_Angeles"][..], &["America/Los_Angeles", "America/New_York"][..]);
        // Berlin was set forward on 2026-03-29 at 02:00, and back on 2026-10-25 at 03:00.
        let night = Hours::parse("23:00-02:30").expect("hours");
        for (rule, hours, names, now, open) in [
            ("by day, at once", usual, coast, "2026-11-23T20:00:00Z", "2026-11-23T20:00:00Z"),
            ("at the last minute", usual, coast, "2026-11-24T04:59:59Z", "2026-11-24T04:59:59Z"),
            ("in the evening, the next morning", usual, coast, "2026-11-24T05:00:00Z", "2026-11-24T16:00:00Z"),
            ("after midnight, that morning", usual, coast, "2026-11-23T11:00:00Z", "2026-11-23T16:00:00Z"),
            ("both must be awake", usual, both, "2026-11-23T13:30:00Z", "2026-11-23T16:00:00Z"),
            ("the eastern evening closes both", usual, both, "2026-11-24T02:30:00Z", "2026-11-24T16:00:00Z"),
            ("no quiet hours", Hours::NONE, coast, "2026-11-23T11:00:00Z", "2026-11-23T11:00:00Z"),
            (
                "from is to: none either",
                Hours::parse("08:00-08:00").unwrap(),
                coast,
                "2026-11-23T11:00:00Z",
                "2026-11-23T11:00:00Z",
            ),
            (
                "within a day",
                Hours::parse("12:00-14:00").unwrap(),
                coast,
                "2026-11-23T21:00:00Z",
                "2026-11-23T22:00:00Z",
            ),
            ("summer time", usual, coast, "2026-07-01T05:00:00Z", "2026-07-01T15:00:00Z"),
            (
                "the end is in the hour that is left out",
                night,
                &["Europe/Berlin"],
                "2026-03-29T00:30:00Z",
                "2026-03-29T01:00:00Z",
            ),
            (
                "the end is in the hour that comes twice",
                night,
                &["Europe/Berlin"],
                "2026-10-24T22:00:00Z",
                "2026-10-25T00:30:00Z",
            ),
            ("it comes a second time", night, &["Europe/Berlin"], "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"),
        ] {
            let now = at(now);
            assert_eq!(hours.open(&zones(names, now), now), at(open), "{rule}");
        }
        assert_eq!(usual.open(&[], at("2026-11-23T11:00:00Z")), at("2026-11-23T11:00:00Z"), "no clock is known");
    }

    #[test]
    fn n7_where_no_hour_suits_all_the_middle_of_the_day_in_the_middle() {
        let names = ["Pacific/Honolulu", "Europe/London", "Asia/Shanghai"];
        let office = Hours::parse("17:00-09:00").expect("hours");
        let now = at("2026-11-23T00:00:00Z");
        let found = zones(&names, now);
        // From 09:00 to 17:00 the middle is 13:00, and London shows UTC in November.
        assert_eq!(office.open(&found, now), at("2026-11-23T12:30:00Z"));
        let within = at("2026-11-23T13:29:00Z");
        assert_eq!(office.open(&found, within), within);
        assert_eq!(office.open(&found, at("2026-11-23T13:30:00Z")), at("2026-11-24T12:30:00Z"));
    }

    /// Two days after the hour that is told first Chicago's clocks are changed, and then there is a moment that suits both.
    #[test]
    fn n7_a_moment_that_was_told_stays_open_when_a_clock_is_changed_soon_after() {
        let hours = Hours::parse("16:41-10:41").expect("hours");
        let now = at("2027-11-05T01:11:00Z");
        let found = zones(&["America/Chicago", "Pacific/Apia"], now);
        let told = hours.open(&found, now);
        assert!(told > now && told.since(now) < Duration::from_hours(24), "{told}");
        assert_eq!(hours.open(&found, told), told);
    }

    #[test]
    fn somebodys_zone_is_that_of_their_first_number_where_it_has_one() {
        let now = at("2026-11-23T00:00:00Z");
        for (addresses, zone) in [
            (&["+14155550100"][..], Some("America/Los_Angeles")),
            (&["ann@example.com", "+49301234567"], Some("Europe/Berlin")),
            (&["+18005550100", "+49301234567"], None),
            (&["ann@example.com"], None),
        ] {
            let addresses: Vec<Address> = addresses.iter().map(|text| Address::stored(*text, *text)).collect();
            let found = shared_zone(addresses.iter(), now);
            assert_eq!(found.as_ref().and_then(TimeZone::iana_name), zone, "{addresses:?}");
        }
    }

    #[test]
    fn zones_that_people_live_in_are_known_by_name() {
        let names = zone_names();
        for name in ["Europe/Berlin", "America/Argentina/Ushuaia", "Asia/Kolkata", "Pacific/Chatham"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        assert!(names.iter().all(|name| zone(name).is_some()));
        assert!(!names.iter().any(|name| ["UTC", "Etc/GMT+1", "Germany", "EST"].contains(&&**name)));
        assert!(names.is_sorted());
    }

    #[test]
    fn hours_as_they_are_written() {
        assert_eq!(Hours::parse("21:00-08:00"), Some(Hours::default()));
        assert_eq!(Hours::parse("none"), Some(Hours::NONE));
        for text in ["", "21-8", "21:00", "24:00-08:00", "21:60-08:00", "9:00-10:00", "-1:00-02:00", "+1:00-02:00"] {
            assert_eq!(Hours::parse(text), None, "{text}");
        }
    }

    /// Every quarter of an hour of a year, in zones that change their clocks at different times, by half an hour, or not.
    #[test]
    fn n7_a_year_of_changing_clocks() {
        let all = [
            &["America/New_York"][..],
            &["Europe/Berlin"],
            &["Australia/Lord_Howe"],
            &["Asia/Kathmandu"],
            &["America/St_Johns", "America/Los_Angeles"],
            &["Europe/Lisbon", "Atlantic/Azores"],
            &["Africa/Casablanca"],
        ];
        let quarter = Duration::from_mins(15);
        for names in all {
            let mut waiting: Option<Time> = None;
            for step in 0..366 * 96 {
                let now = at("2026-01-01T00:00:00Z").after(quarter * step);
                let found = zones(names, now);
                let shown: Vec<i16> = found.iter().map(|zone| minute_of(zone, stamp(now))).collect();
                let awake = shown.iter().all(|minute| (8 * 60..21 * 60).contains(minute));
                let open = Hours::default().open(&found, now);
                assert_eq!(open == now, awake, "{names:?} at {now}: {shown:?}");
                assert!(open.since(now) <= Duration::from_hours(18), "{names:?} at {now}");
                // What was said a quarter of an hour ago still holds: nobody is put off twice.
                if let Some(said) = waiting.filter(|said| *said >= now) {
                    assert_eq!(open, said, "{names:?} at {now}");
                }
                waiting = Some(open).filter(|open| *open > now);
            }
        }
    }

    proptest! {
        #[test]
        fn n7_the_moment_that_is_told_is_open_and_none_before_it(
            from in 0_i16..DAY, to in 0_i16..DAY, seconds in 1_700_000_000_i64..1_900_000_000,
            names in prop::sample::subsequence(vec!["Europe/Berlin", "America/Chicago", "Asia/Tokyo", "Pacific/Apia"], 1..3),
        ) {
            let (hours, now) = (Hours { from, to }, Time(seconds * 1_000_000));
            let found = zones(&names, now);
            let open = hours.open(&found, now);
            prop_assert!(open >= now);
            prop_assert_eq!(hours.open(&found, open), open, "at the moment that was told it is open");
        }
    }
}
