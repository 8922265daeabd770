//! Texts about one thing, which are as short as they get: held changes, numbers that were won or lost, codes, answers.

use super::{
    Text,
    context::{Date, Facts, Head, Letterhead, Moment, SMS_NAME_MOST, SMS_VALUE_MOST, Said, ending, short_facts},
};
use crate::{
    clock::Time,
    domain::address::{Address, Kind},
};
use minijinja::{Value, value::Serde};
use serde::Serialize;

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
    pub fn new(letterhead: &Letterhead, code: &str, until: impl Into<Moment>) -> Self {
        let Head { service, reply, help, .. } = Head::new(letterhead);
        let code = Said::line(code);
        Self {
            service,
            answer: Said(format!("{KEEP} {}", code.0)),
            code,
            until: Date::read_at(&until.into()),
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
    pub fn new(letterhead: &Letterhead, until: Option<Moment>) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        Self { service, until: until.map(|until| Date::read_at(&until)), help }
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
    pub fn new(letterhead: &Letterhead, address: &Address) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        let (kind, which) = which(address);
        Self { service, kind, which, help }
    }
}

/// `phone` or `email`, and the end of the number or the address.
fn which(address: &Address) -> (&'static str, Said) {
    match address.kind() {
        Kind::Phone => ("phone", ending(address.wire())),
        Kind::Email | Kind::Device => ("email", Said::line(address.wire())),
    }
}
short_facts!(Unproved, Text::Unproved, |it| Unproved { which: it.which.within(SMS_VALUE_MOST), ..it.clone() });

/// What the warning to an owner is rendered from whose address somebody else has proved for a change that is held (rule C9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contested {
    service: Said,
    /// `phone` or `email`.
    kind: &'static str,
    /// The end of the number, or the address.
    which: Said,
    /// From when on it is theirs.
    until: Date,
    help: Option<Said>,
}

impl Contested {
    /// About this address of the reader.
    pub fn new(letterhead: &Letterhead, address: &Address, until: Time) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        let (kind, which) = which(address);
        Self { service, kind, which, until: Date::new(until), help }
    }
}
short_facts!(Contested, Text::Contested, |it| Contested { which: it.which.within(SMS_VALUE_MOST), ..it.clone() });

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
    pub fn new(letterhead: &Letterhead, address: &Address) -> Self {
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
    pub fn new(letterhead: &Letterhead, number: &Address, until: impl Into<Moment>) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        Self { service, which: ending(number.wire()), until: Date::read_at(&until.into()), help }
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
