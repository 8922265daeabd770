//! What a text can speak of, with everything already fit to stand in a message (rule N5).

use super::{
    Text,
    mark::marked,
    shown::{self, NAME_MOST},
    sms::folded,
};
use crate::{
    clock::Time,
    domain::notice::{Difference, Line, News},
};
use minijinja::{Value, value::Serde};
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
pub(super) struct Said(String);

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
    fn within(&self, most: usize) -> Self {
        Self(shown::cut(&folded(&self.0), most))
    }
}

/// What a text about changed details is rendered from. Each of its parts is a variable of the templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    #[serde(skip)]
    text: Text,
    #[serde(skip)]
    letterhead: Letterhead,
    #[serde(flatten)]
    head: Head,
    #[serde(flatten)]
    person: Person,
}

/// The variables that every notice has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Head {
    /// Who sends.
    service: Said,
    /// Whether a reply is read.
    reply: bool,
    /// Where to ask.
    help: Option<Said>,
    /// How to stop by one click.
    unsubscribe: String,
    /// The recipient's own page.
    page: String,
    /// Whether the card goes with it.
    attached: bool,
    /// Where the card is, where that was allowed.
    card_link: String,
}

impl Head {
    fn new(letterhead: &Letterhead) -> Self {
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
    fn for_sms(&self) -> Self {
        Self { unsubscribe: String::new(), page: String::new(), ..self.clone() }
    }
}

/// Whose details, and what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Person {
    /// Nothing where the name cannot be shown.
    name: Option<Said>,
    /// The name before, where it changed.
    former_name: Option<Said>,
    /// What changed.
    changes: Vec<Change>,
    /// How many changes are left out.
    more: usize,
    /// Since when.
    when: Date,
}

/// One changed detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Change {
    /// `phone`, `email`, `title` …
    kind: String,
    /// The owner's own word for it, where it can be shown.
    label: Option<Said>,
    /// The same in lower case, to look up; empty where there is none.
    label_key: String,
    /// What its reader was shown before, where there was something.
    old: Option<Said>,
    /// The last four digits of the number before.
    ends: Option<Said>,
    /// What it is now, where it can be shown.
    new: Option<Said>,
    /// The last four digits of a number now, for a screen that others can see.
    new_ends: Option<Said>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Date {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
}

impl Date {
    pub(super) fn new(at: Time) -> Self {
        let stamp = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
        let when = stamp.to_zoned(jiff::tz::TimeZone::UTC);
        Self { year: when.year(), month: when.month(), day: when.day(), hour: when.hour(), minute: when.minute() }
    }
}

/// A name in a text message is cut to so many UTF-16 units.
pub(super) const SMS_NAME_MOST: usize = 40;
/// The owner's own word for a point.
const SMS_LABEL_MOST: usize = 20;
/// A longer value is told as changed, without the value.
const SMS_VALUE_MOST: usize = 100;

impl Changed {
    /// What is told by `difference` about the owner called `name` now, in force since `at`.
    pub fn new(difference: &Difference, name: &str, at: Time, letterhead: &Letterhead) -> Self {
        Self {
            text: Text::Changed,
            letterhead: letterhead.clone(),
            head: Head::new(letterhead),
            person: Person {
                name: Said::name(name),
                former_name: difference.name.as_ref().and_then(|(old, _)| Said::name(old)),
                changes: difference.news.iter().map(Change::new).collect(),
                more: 0,
                when: Date::new(at),
            },
        }
    }

    /// As the introduction of an owner to somebody whom they added (rule E1): nothing was shown before.
    #[must_use]
    pub fn introducing(mut self) -> Self {
        self.text = Text::Introduced;
        self.person.former_name = None;
        for change in &mut self.person.changes {
            change.old = None;
            change.ends = None;
        }
        self
    }

    /// As word to an owner that the entry in their own book was brought up to date (rule E3).
    #[must_use]
    pub fn in_their_book(self) -> Self {
        Self { text: Text::Updated, ..self }
    }
}

impl Facts for Changed {
    fn text(&self) -> Text {
        self.text
    }

    fn value(&self) -> Value {
        Value::from(Serde(self))
    }

    fn shortened(&self, step: usize) -> Option<Box<dyn Facts>> {
        let most = [3, 2, 1].get(step)?;
        Some(Box::new(Self { head: self.head.for_sms(), person: self.person.for_sms(*most, step < 2), ..self.clone() }))
    }

    fn letterhead(&self) -> Option<&Letterhead> {
        Some(&self.letterhead)
    }

    fn left_out(&self) -> usize {
        self.person.more
    }

    fn card_file(&self) -> Option<String> {
        Some(card_file(self.person.name.as_ref().map_or("", |name| &name.0)))
    }
}

impl Person {
    /// At most so many changes, the most important ones, which come first.
    fn for_sms(&self, most: usize, labels: bool) -> Self {
        let cut = |name: &Option<Said>| name.as_ref().map(|name| name.within(SMS_NAME_MOST));
        Self {
            name: cut(&self.name),
            former_name: cut(&self.former_name),
            changes: self.changes.iter().take(most).map(|change| change.for_sms(labels)).collect(),
            more: self.more + self.changes.len().saturating_sub(most),
            when: self.when,
        }
    }
}

impl Change {
    fn new(news: &News) -> Self {
        let old = news.old.as_ref();
        let phone = |line: &Line| (&*line.kind == "phone").then(|| ending(&line.value));
        let label = Said::name(&news.now.label);
        Self {
            kind: news.now.kind.to_string(),
            label_key: label.as_ref().map(|label| label.0.to_lowercase()).unwrap_or_default(),
            label,
            ends: old.and_then(phone),
            old: old.and_then(value),
            new: value(&news.now),
            new_ends: phone(&news.now),
        }
    }

    fn for_sms(&self, labels: bool) -> Self {
        let short = |value: &Option<Said>| {
            value.clone().filter(|value| folded(&value.0).encode_utf16().count() <= SMS_VALUE_MOST)
        };
        Self {
            label: self.label.as_ref().filter(|_| labels).map(|label| label.within(SMS_LABEL_MOST)),
            old: short(&self.old),
            new: short(&self.new),
            ..self.clone()
        }
    }
}

/// The value of an address as it is; any other text only where it could be a name: an owner's job title is no place
/// for links and numbers either. It stands in the attached card in full.
pub(super) fn value(line: &Line) -> Option<Said> {
    match &*line.kind {
        "phone" | "email" => Some(shown::one_line(&line.value)),
        "birthday" => Some(line.value.chars().filter(|c| c.is_ascii_digit() || *c == '-').take(10).collect()),
        _ => shown::name(&line.value),
    }
    .filter(|value| !value.is_empty())
    .map(Said)
}

fn ending(number: &str) -> Said {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    Said(digits[digits.len().saturating_sub(4)..].iter().collect())
}

/// What a text about several owners is rendered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Digest {
    #[serde(skip)]
    letterhead: Letterhead,
    #[serde(flatten)]
    head: Head,
    /// Each with what changed.
    people: Vec<Person>,
    /// How many of them are left out.
    more_people: usize,
}

impl Digest {
    /// One message of several. The letterhead is that of the digest, not of its parts.
    pub fn new(parts: &[Changed], letterhead: &Letterhead) -> Self {
        Self {
            letterhead: letterhead.clone(),
            head: Head::new(letterhead),
            people: parts.iter().map(|part| part.person.clone()).collect(),
            more_people: 0,
        }
    }
}

impl Facts for Digest {
    fn text(&self) -> Text {
        Text::Digest
    }

    fn value(&self) -> Value {
        Value::from(Serde(self))
    }

    fn shortened(&self, step: usize) -> Option<Box<dyn Facts>> {
        let (people, changes) = *[(3, 2), (3, 1), (2, 1), (1, 1)].get(step)?;
        Some(Box::new(Self {
            head: self.head.for_sms(),
            people: self.people.iter().take(people).map(|person| person.for_sms(changes, false)).collect(),
            more_people: self.people.len().saturating_sub(people),
            letterhead: self.letterhead.clone(),
        }))
    }

    fn left_out(&self) -> usize {
        self.more_people + self.people.iter().map(|person| person.more).sum::<usize>()
    }

    fn letterhead(&self) -> Option<&Letterhead> {
        Some(&self.letterhead)
    }
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

/// What the message to an owner's points is rendered from while a change waits (rule C3). It names nothing new: it may
/// go to a number that is somebody else's by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    service: Said,
    /// The word and the code that stop the change; no provider takes them for an opt-out.
    answer: Said,
    /// The code alone.
    code: Said,
    /// When the change takes effect.
    until: Date,
    /// The reader's own page for it, in an e-mail; empty where there is none.
    page: String,
    reply: bool,
    help: Option<Said>,
}

/// The word that stops a wanted change (rule C3), for the reader of replies.
pub const KEEP: &str = "KEEP";

impl Hold {
    /// `code` is what stops the change that takes effect at `until`.
    pub fn new(letterhead: &Letterhead, code: &str, until: Time) -> Self {
        let Head { service, reply, help, .. } = Head::new(letterhead);
        let code = Said::line(code);
        Self {
            service,
            answer: Said(format!("{KEEP} {}", code.0)),
            code,
            until: Date::new(until),
            page: String::new(),
            reply,
            help,
        }
    }

    /// With the page on which the reader of an e-mail says so.
    #[must_use]
    pub fn with_page(self, page: String) -> Self {
        Self { page, ..self }
    }
}
short_facts!(Hold, Text::Hold, |hold| Hold { page: String::new(), ..hold.clone() });

/// What the answer to the word and code is rendered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    service: Said,
    /// Until when the change is delayed; none where it is cancelled.
    until: Option<Date>,
    help: Option<Said>,
}

impl Kept {
    /// With `until` for a veto that only delays.
    pub fn new(letterhead: &Letterhead, until: Option<Time>) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        Self { service, until: until.map(Date::new), help }
    }
}
short_facts!(Kept, Text::Kept, |kept| kept.clone());

/// What the word to an owner is rendered from whose address was proved by somebody else (rule C9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unproved {
    service: Said,
    /// `phone` or `email`.
    kind: &'static str,
    /// The end of the number, or the address.
    which: Said,
    help: Option<Said>,
}

impl Unproved {
    /// About this address of the reader.
    pub fn new(letterhead: &Letterhead, address: &crate::domain::address::Address) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        let (kind, which) = which(address);
        Self { service, kind, which, help }
    }
}

/// `phone` or `email`, and the end of the number or the address.
fn which(address: &crate::domain::address::Address) -> (&'static str, Said) {
    match address.kind() {
        crate::domain::address::Kind::Phone => ("phone", ending(address.wire())),
        crate::domain::address::Kind::Email | crate::domain::address::Kind::Device => {
            ("email", Said::line(address.wire()))
        }
    }
}
short_facts!(Unproved, Text::Unproved, |it| Unproved { which: it.which.within(SMS_VALUE_MOST), ..it.clone() });

/// What the word to an owner is rendered from who has proved an address that was somebody else's (rule C9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Won {
    service: Said,
    /// `phone` or `email`.
    kind: &'static str,
    /// The end of the number, or the address.
    which: Said,
    help: Option<Said>,
}

impl Won {
    /// About this address, now the reader's.
    pub fn new(letterhead: &Letterhead, address: &crate::domain::address::Address) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        let (kind, which) = which(address);
        Self { service, kind, which, help }
    }
}
short_facts!(Won, Text::Won, |it| Won { which: it.which.within(SMS_VALUE_MOST), ..it.clone() });

/// What the question is rendered from whether a former number is still its owner's (rule Q3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lapsing {
    service: Said,
    /// The end of the number.
    which: Said,
    /// Until when it is answered for.
    until: Date,
    help: Option<Said>,
}

impl Lapsing {
    /// About this former number of the reader.
    pub fn new(letterhead: &Letterhead, number: &crate::domain::address::Address, until: Time) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        Self { service, which: ending(number.wire()), until: Date::new(until), help }
    }
}
short_facts!(Lapsing, Text::Lapsing, |it| it.clone());

/// What a message with a one-time code is rendered from (rule C1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    service: Said,
    /// What is typed in.
    #[serde(rename = "code")]
    digits: Said,
    /// How long it counts.
    minutes: u32,
    help: Option<Said>,
}

impl Code {
    /// A code that counts for so many minutes.
    pub fn new(letterhead: &Letterhead, code: &str, minutes: u32) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        Self { service, digits: Said::line(code), minutes, help }
    }
}
short_facts!(Code, Text::Code, |code| code.clone());

/// What the answers to STOP, START and HELP are rendered from (rule N6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    #[serde(skip)]
    text: Text,
    service: Said,
    /// Whose news stopped or began again; none where it is everything.
    name: Option<Said>,
    help: Option<Said>,
}

impl Answer {
    /// To STOP: no more about the owner called `about`, or about anybody.
    pub fn stopped(letterhead: &Letterhead, about: Option<&str>) -> Self {
        Self::new(Text::Stopped, letterhead, about)
    }

    /// To START.
    pub fn started(letterhead: &Letterhead, about: Option<&str>) -> Self {
        Self::new(Text::Started, letterhead, about)
    }

    /// To HELP.
    pub fn help(letterhead: &Letterhead) -> Self {
        Self::new(Text::Help, letterhead, None)
    }

    fn new(text: Text, letterhead: &Letterhead, about: Option<&str>) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        Self { text, service, name: about.and_then(Said::name), help }
    }
}

impl Facts for Answer {
    fn text(&self) -> Text {
        self.text
    }

    fn value(&self) -> Value {
        Value::from(Serde(self))
    }

    fn shortened(&self, step: usize) -> Option<Box<dyn Facts>> {
        let name = self.name.as_ref().map(|name| name.within(SMS_NAME_MOST));
        (step == 0).then(|| Box::new(Self { name, ..self.clone() }) as Box<dyn Facts>)
    }
}

/// What the page behind a recipient's link is rendered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StopPage {
    service: Said,
    /// Whom the messages are about.
    name: Option<Said>,
    /// `ask`, `stopped_owner`, `stopped_all`, `started` or `gone`.
    state: &'static str,
    help: Option<Said>,
}

/// Where a recipient stands on that page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopState {
    /// Nothing is done yet: opening a link changes nothing, mail scanners do it too.
    Ask,
    /// No more about this owner.
    StoppedOwner,
    /// No more about anybody.
    StoppedAll,
    /// Messages come again.
    Started,
    /// The link counts no longer, or never did.
    Gone,
}

impl StopPage {
    /// `name` is the owner's.
    pub fn new(letterhead: &Letterhead, name: &str, state: StopState) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        let state = match state {
            StopState::Ask => "ask",
            StopState::StoppedOwner => "stopped_owner",
            StopState::StoppedAll => "stopped_all",
            StopState::Started => "started",
            StopState::Gone => "gone",
        };
        Self { service, name: Said::name(name), state, help }
    }
}
short_facts!(StopPage, Text::Stop, |page| page.clone());

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
