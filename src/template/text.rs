//! Which texts there are, and by which way each is sent.

/// A text that Redial sends or shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Text {
    /// A recipient is told what changed of one owner.
    Changed,
    /// The card of an owner who added the recipient (rule E1).
    Introduced,
    /// A recipient is told what changed of several owners.
    Digest,
    /// An owner is told that an entry in their own book was brought up to date (rule E3).
    Updated,
    /// An owner's points are told that a change is wanted, and how to stop it (rule C3).
    Hold,
    /// The answer to the word and code that stop it.
    Kept,
    /// An owner is warned that somebody else has proved one of their addresses for a change that is held (rule C9).
    Contested,
    /// An owner is told that somebody else has proved one of their addresses (rule C9).
    Unproved,
    /// An owner is told that an address that they have proved was somebody else's until then (rule C9).
    Won,
    /// An owner is asked to prove a former number once more, before it is answered for no longer (rule Q3).
    Lapsing,
    /// A one-time code (rule C1).
    Code,
    /// The answer to STOP (rule N6).
    Stopped,
    /// The answer to START.
    Started,
    /// The answer to HELP.
    Help,
    /// The page behind a recipient's link, on which they stop messages.
    Stop,
    /// The page with the card that a recipient may see.
    Card,
}

/// The way a text goes, and the name of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Medium {
    Sms,
    Email,
    Push,
    Page,
}

impl Medium {
    pub(super) const ALL: [Medium; 4] = [Medium::Sms, Medium::Email, Medium::Push, Medium::Page];

    /// The folder.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Push => "push",
            Self::Page => "pages",
        }
    }
}

impl Text {
    pub(super) const ALL: [Text; 16] = [
        Text::Changed,
        Text::Introduced,
        Text::Digest,
        Text::Updated,
        Text::Hold,
        Text::Kept,
        Text::Contested,
        Text::Unproved,
        Text::Won,
        Text::Lapsing,
        Text::Code,
        Text::Stopped,
        Text::Started,
        Text::Help,
        Text::Stop,
        Text::Card,
    ];

    /// The file's name without its ending.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Introduced => "introduced",
            Self::Digest => "digest",
            Self::Updated => "updated",
            Self::Hold => "hold",
            Self::Kept => "kept",
            Self::Contested => "contested",
            Self::Unproved => "unproved",
            Self::Won => "won",
            Self::Lapsing => "lapsing",
            Self::Code => "code",
            Self::Stopped => "stopped",
            Self::Started => "started",
            Self::Help => "help",
            Self::Stop => "stop",
            Self::Card => "card",
        }
    }

    /// The ways in which it is sent.
    pub(super) fn media(self) -> &'static [Medium] {
        use Medium::{Email, Page, Push, Sms};
        match self {
            Self::Changed | Self::Introduced | Self::Digest | Self::Updated | Self::Hold => &[Sms, Email, Push],
            Self::Kept | Self::Contested | Self::Unproved | Self::Won | Self::Lapsing | Self::Code => &[Sms, Email],
            Self::Stopped | Self::Started | Self::Help => &[Sms],
            Self::Stop | Self::Card => &[Page],
        }
    }

    /// The file in a folder of this medium. A page is one for all languages; its words come from `words/`.
    pub(super) fn file(self, medium: Medium, language: &str) -> String {
        match medium {
            Medium::Page => format!("pages/{}.html", self.name()),
            _ => format!("{}/{language}/{}.txt", medium.folder(), self.name()),
        }
    }
}
