//! `[changes]`: how long a wanted change waits (rule C3).

use super::Span;
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// How long a wanted change waits.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    /// Where one number or address alone shows who asks.
    pub hold: Spanned<Span>,
    /// With a passkey, or codes to two points that were proved long ago.
    pub short_hold: Spanned<Span>,
    /// What long ago is.
    pub long_ago: Spanned<Span>,
    /// For so long a sign-in is a proof.
    pub sign_in_counts: Spanned<Span>,
    /// What nobody proves is over after this.
    pub patience: Spanned<Span>,
    /// Whether these may be shorter than is safe.
    pub unsafe_holds: bool,
}

impl Default for Changes {
    fn default() -> Self {
        let minutes = |count: u64| Spanned::new(0..0, Span::seconds(60 * count));
        let days = |count: u64| Spanned::new(0..0, Span::days(count));
        Self {
            hold: minutes(24 * 60),
            short_hold: minutes(10),
            long_ago: days(30),
            sign_in_counts: minutes(60),
            patience: days(7),
            unsafe_holds: false,
        }
    }
}

/// What a length may be. Below `safe` its operator has to say that it is meant.
struct Bounds {
    least: Duration,
    safe: Duration,
    most: Duration,
}

impl Changes {
    /// The byte at which something is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (usize, String)> {
        const MINUTE: Duration = Duration::from_mins(1);
        const HOUR: Duration = Duration::from_hours(1);
        const DAY: Duration = Duration::from_hours(24);
        let bounds = |least, safe, most| Bounds { least, safe, most };
        for (name, value, bounds, why) in [
            (
                "hold",
                &self.hold,
                bounds(MINUTE, 12 * HOUR, 30 * DAY),
                "whoever took over the one number has to be noticed",
            ),
            (
                "short_hold",
                &self.short_hold,
                bounds(MINUTE, 5 * MINUTE, 30 * DAY),
                "a mistake has to be seen and stopped",
            ),
            (
                "long_ago",
                &self.long_ago,
                bounds(HOUR, 7 * DAY, 365 * DAY),
                "a point that was added just now proves nothing",
            ),
            ("sign_in_counts", &self.sign_in_counts, bounds(MINUTE, MINUTE, DAY), ""),
            ("patience", &self.patience, bounds(HOUR, HOUR, 90 * DAY), ""),
        ] {
            let (at, length) = (value.span().start, value.get_ref().0);
            if length < bounds.least || length > bounds.most {
                let (least, most) = (Span(bounds.least), Span(bounds.most));
                return Err((at, format!("changes.{name} is {}; from {least} to {most} is possible", value.get_ref())));
            }
            if length < bounds.safe && !self.unsafe_holds {
                let safe = Span(bounds.safe);
                return Err((
                    at,
                    format!(
                        "changes.{name} is {}, and less than {safe} is not safe: {why}; where it is meant, for a \
                         test, say `unsafe_holds = true` beside it",
                        value.get_ref()
                    ),
                ));
            }
        }
        let (hold, short) = (self.hold.get_ref(), self.short_hold.get_ref());
        if short.0 > hold.0 {
            let at = self.short_hold.span().start.max(self.hold.span().start);
            return Err((at, format!("changes.short_hold is {short} and longer than changes.hold, {hold}")));
        }
        Ok(())
    }
}
