//! Our own URLs that stand in a substituted request in place of the sender's: `/hooks/{account}/status/{reference}` and
//! `/hooks/{account}/call/{reference}`. The reference names the substitutions and which of the sender's URLs is meant.

use super::gateway::Account;
use crate::{
    domain::id::{PassedId, SubstitutionId},
    provider::{Callback, SenderKey, Swap},
    store::Substitution,
};
use std::fmt::Write as _;

/// The most substitutions in one request.
const MOST: usize = 50;

/// A read reference. Unguessable, for a substitution's id is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The substitutions of the request.
    pub substitutions: Vec<SubstitutionId>,
    /// Position of the sender's URL in the request.
    pub callback: usize,
}

impl Reference {
    /// Reads the last segment of the path.
    pub fn read(text: &str) -> Option<Self> {
        let (ids, callback) = text.rsplit_once('-')?;
        let substitutions: Vec<_> = ids.split('.').take(MOST + 1).map(str::parse).collect::<Result<_, _>>().ok()?;
        let callback = callback.parse().ok()?;
        (substitutions.len() <= MOST).then_some(Self { substitutions, callback })
    }

    fn write(&self) -> String {
        let mut text = String::new();
        for (at, id) in self.substitutions.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            let _never_fails = write!(text, "{dot}{id}");
        }
        let _never_fails = write!(text, "-{}", self.callback);
        text
    }
}

/// A read reference to a message that went on unchanged: `psd_…-0`. Unguessable as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedReference {
    /// The message.
    pub passed: PassedId,
    /// Position of the sender's URL in the request.
    pub callback: usize,
}

impl PassedReference {
    /// Reads the last segment of the path.
    pub fn read(text: &str) -> Option<Self> {
        let (id, callback) = text.rsplit_once('-')?;
        let plain = callback == "0" || !callback.starts_with(['0', '+']);
        Some(Self { passed: id.parse().ok()?, callback: callback.parse().ok().filter(|_| plain)? })
    }

    /// Our URL for the sender's callback.
    pub(super) fn url(self, account: &Account) -> Box<str> {
        let Self { passed, callback } = self;
        format!("{}/hooks/{}/status/{passed}-{callback}", account.public_url, account.name()).into()
    }
}

/// What a substitution keeps of its sender, as JSON in [`Substitution::callback`].
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct SenderSide {
    /// Which of the account's sender keys, in the operator's custody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Box<str>>,
    /// The sender's own URLs, in the order of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<Box<str>>,
    /// Which of them get reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports: Option<usize>,
    /// The provider's id of the message in whose place this one was sent: the sender knows that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Box<str>>,
}

impl SenderSide {
    pub(super) fn of(key: Option<&SenderKey>, callbacks: &[Callback]) -> Self {
        Self {
            key: key.map(key_name),
            urls: callbacks.iter().map(|callback| callback.url.clone()).collect(),
            reports: None,
            first: None,
        }
    }

    pub(super) fn write(&self) -> Option<Box<str>> {
        if *self == Self::default() {
            return None;
        }
        serde_json::to_string(self).ok().map(Into::into)
    }

    pub(super) fn read(row: &Substitution) -> Self {
        Self::kept(row.callback.as_deref())
    }

    /// What stands in the column.
    pub(super) fn kept(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The sender's key, as long as the configuration still has it.
    pub(super) fn key_of<'a>(&self, account: &'a Account) -> Option<&'a SenderKey> {
        let name = self.key.as_deref()?;
        account.provider.settings().senders.iter().find(|key| &*key_name(key) == name)
    }
}

/// Senders of a provider with tokens only have no user name: a digest of the token stands for it.
fn key_name(key: &SenderKey) -> Box<str> {
    if !key.user.is_empty() {
        return key.user.clone();
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, key.secret.expose().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest.as_ref()[..8]);
    format!("{:016x}", u64::from_be_bytes(first)).into()
}

/// Our URL for the sender's callback at `index`.
pub(super) fn our_url(account: &Account, ids: &[SubstitutionId], index: usize, answers: bool) -> Box<str> {
    let hook = if answers { "call" } else { "status" };
    let reference = Reference { substitutions: ids.to_vec(), callback: index }.write();
    format!("{}/hooks/{}/{hook}/{reference}", account.public_url, account.name()).into()
}

/// What the sender is to see instead of what the provider has. `id` is given where only the item with this id is meant.
pub(super) fn swap(account: &Account, row: &Substitution, all: &[SubstitutionId], id: Option<&str>) -> Swap {
    let SenderSide { urls, first, .. } = SenderSide::read(row);
    // The message in its place has the first one's name.
    let named = row.foreign_id.clone().zip(first);
    let ours = |index: usize| [false, true].map(|answers| our_url(account, all, index, answers));
    Swap {
        id: id.map(Into::into),
        connected: row.connected.wire().into(),
        used: row.used_text.clone(),
        urls: urls
            .iter()
            .enumerate()
            .flat_map(|(index, theirs)| ours(index).map(|ours| (ours, theirs.clone())))
            .chain(named)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_and_nothing_else_reads() {
        let reference = Reference { substitutions: vec![SubstitutionId(7), SubstitutionId(8)], callback: 3 };
        assert_eq!(Reference::read(&reference.write()), Some(reference));
        let one = SubstitutionId(7).to_string();
        for wrong in ["", "-", "-0", "sub_x-0", &one, &format!("{one}-"), &format!("{one}.-1"), &format!("{one}--1")] {
            assert_eq!(Reference::read(wrong), None, "{wrong}");
        }
        let many = vec![one.as_str(); MOST + 1].join(".");
        assert_eq!(Reference::read(&format!("{many}-0")), None);
    }

    #[test]
    fn references_to_passed_messages_read_back_and_nothing_else_reads() {
        let id = PassedId(7);
        for callback in [0, 1, 12] {
            let reference = PassedReference { passed: id, callback };
            assert_eq!(PassedReference::read(&format!("{id}-{callback}")), Some(reference));
        }
        for wrong in ["", "-0", &format!("{id}"), &format!("{id}-"), &format!("{id}-+1"), &format!("{id}-01")] {
            assert_eq!(PassedReference::read(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_reads_is_what_was_written(ids in proptest::collection::vec(0_u128.., 1..MOST), callback in 0_usize..99, text in ".*") {
            let reference = Reference { substitutions: ids.into_iter().map(SubstitutionId).collect(), callback };
            proptest::prop_assert_eq!(Reference::read(&reference.write()), Some(reference));
            if let Some(read) = Reference::read(&text) {
                proptest::prop_assert_eq!(read.write(), text);
            }
        }
    }
}
