//! Names as keys: two spellings of one name have one key, two names never (rule Q2).

use std::fmt;

/// What is compared of a name; `Debug` is masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Box<str>);

impl NameKey {
    /// From what a store kept.
    pub fn stored(key: impl Into<Box<str>>) -> Self {
        Self(key.into())
    }

    /// As stored and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name of {} letters", self.0.chars().count())
    }
}

/// The key of one name as somebody wrote it; `None` when nothing of it can be compared.
pub fn key(name: &str) -> Option<NameKey> {
    let folded: String = name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    (!folded.is_empty()).then(|| NameKey(folded.into()))
}
