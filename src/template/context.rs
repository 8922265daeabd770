//! What a text can speak of, with everything already fit to stand in a message (rule N5): what all texts share. Those about
//! changed details are in [`super::changed`], those about one thing in [`super::brief`], pages in [`super::pages`].

use super::{
    Text,
    mark::marked,
    shown::{self, NAME_MOST},
    sms::folded,
};
use crate::clock::Time;
use jiff::tz::TimeZone;
use minijinja::Value;
use serde::{Serialize, Serializer};

/// What one text is rendered from.
pub trait Facts: std::fmt::Debug + Send + Sync {
    /// Which text.
    fn text(&self) -> Text;

    /// Its variables.
    fn value(&self) -> Value;

    /// The same for a text message, shorter at each step from 0 on; `None` where it gets no shorter.
    fn shortened(&self, step: usize) -> Option<Box<dyn Facts>>;

    /// How many changes, the last ones, are only counted and not said.
    fn left_out(&self) -> usize {
        0
    }

    /// What goes with the message.
    fn letterhead(&self) -> Option<&Letterhead> {
        None
    }

    /// What the file of the card is called, where one can go with it.
    fn card_file(&self) -> Option<String> {
        None
    }
}

/// How the card goes with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CardWay {
    /// Not at all.
    #[default]
    None,
    /// As a file: attached to an e-mail, or as the media of a multimedia message.
    Attached,
    /// By this address, which the operator allowed; off by default, for a link beside a new number is what fraud
    /// looks like.
    Link(String),
}

/// Who sends, and how to stop it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letterhead {
    /// The operator's word for this service.
    pub service: String,
    /// Whether a reply to the message reaches Redial or its operator.
    pub reply: bool,
    /// Where to ask: an address, a number or a page of the operator; empty where there is none.
    pub help: String,
    /// The recipient's own one-click address; empty where there is none.
    pub unsubscribe: String,
    /// The recipient's own page with the card; empty where there is none.
    pub page: String,
    /// The card.
    pub card: CardWay,
    /// What the mailing is about, for List-Id: an owner's or group's id; empty where it is about nobody.
    pub list: String,
}

/// A text from outside, already fit to be shown; marked when it is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said(pub(super) String);

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&marked(&self.0))
    }
}

impl Said {
    pub(super) fn name(text: &str) -> Option<Self> {
        shown::name(text).map(Self)
    }

    /// Without marks.
    pub(super) fn bare(&self) -> &str {
        &self.0
    }

    /// In lower case, to look up.
    pub(super) fn key(&self) -> String {
        self.0.to_lowercase()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn line(text: &str) -> Self {
        Self(shown::one_line(text))
    }

    /// Not longer than so many UTF-16 units once it is folded.
    pub(super) fn within(&self, most: usize) -> Self {
        Self(shown::cut(&folded(&self.0), most))
    }
}

/// The variables that every notice has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Head {
    /// Who sends.
    pub(super) service: Said,
    /// Whether a reply is read.
    pub(super) reply: bool,
    /// Where to ask.
    pub(super) help: Option<Said>,
    /// How to stop by one click.
    pub(super) unsubscribe: String,
    /// The recipient's own page.
    pub(super) page: String,
    /// Whether the card goes with it.
    pub(super) attached: bool,
    /// Where the card is, where that was allowed.
    pub(super) card_link: String,
}

impl Head {
    pub(super) fn new(letterhead: &Letterhead) -> Self {
        Self {
            service: Said::line(&letterhead.service),
            reply: letterhead.reply,
            help: Some(Said::line(&letterhead.help)).filter(|help| !help.0.is_empty()),
            unsubscribe: letterhead.unsubscribe.clone(),
            page: letterhead.page.clone(),
            attached: letterhead.card == CardWay::Attached,
            card_link: match &letterhead.card {
                CardWay::Link(url) => url.clone(),
                CardWay::None | CardWay::Attached => String::new(),
            },
        }
    }

    /// No one-click address: an e-mail has it in its head, a text message its word.
    pub(super) fn for_sms(&self) -> Self {
        Self { unsubscribe: String::new(), page: String::new(), ..self.clone() }
    }
}

/// A moment that somebody is told, and the zone of their clock where they have chosen one.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When.
    pub at: Time,
    /// The reader's zone.
    pub zone: Option<TimeZone>,
}

impl From<Time> for Moment {
    fn from(at: Time) -> Self {
        Self { at, zone: None }
    }
}

/// A moment as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Date {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    /// By whose clock: `UTC`, `UTC+1`; none for the reader's own.
    zone: Option<String>,
}

impl Date {
    /// By UTC, for readers of whose clock nothing is known.
    pub(super) fn new(at: Time) -> Self {
        Self::there(at, &TimeZone::UTC)
    }

    /// By the reader's own clock.
    pub(super) fn here(at: Time, zone: &TimeZone) -> Self {
        Self { zone: None, ..Self::there(at, zone) }
    }

    /// By this clock, which is said.
    pub(super) fn there(at: Time, zone: &TimeZone) -> Self {
        let when = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default().to_zoned(zone.clone());
        let ahead = when.offset().seconds() / 60;
        let (hours, minutes) = (ahead.abs() / 60, ahead.abs() % 60);
        let sign = if ahead < 0 { '\u{2212}' } else { '+' };
        let said = match (hours, minutes) {
            (0, 0) => "UTC".to_owned(),
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
        };
        Self {
            year: when.year(),
            month: when.month(),
            day: when.day(),
            hour: when.hour(),
            minute: when.minute(),
            zone: Some(said),
        }
    }

    /// By the reader's clock where it is known, else by UTC.
    pub(super) fn read_at(moment: &Moment) -> Self {
        match &moment.zone {
            Some(zone) => Self::here(moment.at, zone),
            None => Self::new(moment.at),
        }
    }
}

/// A name in a text message is cut to so many UTF-16 units.
pub(super) const SMS_NAME_MOST: usize = 40;
/// A longer value is told as changed, without the value.
pub(super) const SMS_VALUE_MOST: usize = 100;

/// The last four digits of a number.
pub(super) fn ending(number: &str) -> Said {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    Said(digits[digits.len().saturating_sub(4)..].iter().collect())
}

/// Facts that are as short as they get: only the form for text messages differs.
macro_rules! short_facts {
    ($kind:ty, $text:expr, |$given:ident| $short:expr) => {
        impl Facts for $kind {
            fn text(&self) -> Text {
                $text
            }

            fn value(&self) -> Value {
                Value::from(Serde(self))
            }

            fn shortened(&self, step: usize) -> Option<Box<dyn Facts>> {
                let $given = self;
                (step == 0).then(|| Box::new($short) as Box<dyn Facts>)
            }
        }
    };
}
pub(super) use short_facts;

/// A file name for the card of the owner called `name`: ASCII, at most 20 characters, no blanks, as phones like it.
pub fn card_file(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let shown = shown::name(name).unwrap_or_default();
    let mut stem = String::new();
    for c in shown.nfkd() {
        match c {
            c if c.is_ascii_alphanumeric() => stem.push(c),
            ' ' | '-' | '_' if !stem.ends_with('-') && !stem.is_empty() => stem.push('-'),
            // What has no ASCII form makes the rest meaningless.
            c if c.is_alphanumeric() => return "card.vcf".to_owned(),
            _ => {}
        }
    }
    stem.truncate(16);
    let stem = stem.trim_end_matches('-');
    if stem.is_empty() { "card.vcf".to_owned() } else { format!("{stem}.vcf") }
}

/// The longest name that is shown, made of this; for the check.
pub(super) fn longest(of: &str) -> String {
    of.repeat(NAME_MOST)
}
