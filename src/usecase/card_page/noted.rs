//! What is done with a recipient's link stands in its owner's record (rule Q10): who, when, by which way, what was shown.
//!
//! That somebody read a page cannot be known. A program that looks through mail opens links too, some in a real browser, and
//! says of itself what it likes. So the record says no more than what was seen: the page was opened, the card was taken,
//! or something was chosen, which only a POST does and which therefore tells of a person. What announces itself as a look
//! ahead, and a `HEAD`, shows nobody anything and is not recorded.

use super::Opened;
use crate::{
    clock::Time,
    domain::{card::Card, id::QueryId, notice::Recipient, query::Reason},
    store::QueryRecord,
    usecase::Env,
};
use ring::digest::{Context, SHA256};
use std::time::Duration;

/// The way that such a line names.
pub const WAY: &str = "card";

/// The same done again by the same link within this is one line, so that nobody fills a record by opening a page.
const AGAIN: Duration = Duration::from_mins(10);

/// What was done with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Its page was opened, by whomever or whatever.
    Opened,
    /// Its card was taken as a file.
    Taken,
    /// Something was chosen on its page.
    Chosen,
}

impl Deed {
    fn word(self) -> &'static str {
        match self {
            Deed::Opened => "opened",
            Deed::Taken => "taken",
            Deed::Chosen => "chosen",
        }
    }
}

/// Records it, in the batches in which queries are recorded.
pub async fn note(env: &Env, opened: &Opened, deed: Deed) {
    let at = env.clock.now();
    // A registered recipient's address at present is not the owner's to learn from this.
    let viewer = match opened.recipient {
        Recipient::Owner(id) => id.to_string().into(),
        Recipient::Contact(_) => opened.link.address.key().into(),
    };
    env.records
        .record(QueryRecord {
            id: id(&opened.link.token, deed, at),
            owner: opened.link.owner,
            at,
            way: WAY.into(),
            asked: None,
            viewer,
            because: Reason::Granted,
            detail: format!("{}: {}", deed.word(), shown(&opened.card)).into(),
            told: true,
            connected: false,
            revision: opened.revision,
            groups: opened.groups.clone(),
        })
        .await;
}

/// The same for the same deed within [`AGAIN`]: what was written is left as it is.
fn id(token: &str, deed: Deed, at: Time) -> QueryId {
    let span = i64::try_from(AGAIN.as_micros()).unwrap_or(i64::MAX);
    let from = Time(at.0 - at.0.rem_euclid(span));
    let mut digest = Context::new(&SHA256);
    for part in [token, deed.word()] {
        digest.update(part.as_bytes());
        digest.update(&[0]);
    }
    let digest = digest.finish();
    let bytes = digest.as_ref().first_chunk().copied().unwrap_or_default();
    QueryId(QueryId::since(from).0 | (u128::from_be_bytes(bytes) >> 58))
}

/// The points on the card, by their labels: their values of that revision are in the owner's history.
fn shown(card: &Card) -> String {
    card.points.iter().map(|point| &*point.label).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_for_each_link_deed_and_span() {
        let at = |minutes: i64| Time(minutes * 60_000_000 + 7);
        let first = id("token", Deed::Opened, at(20));
        assert_eq!(id("token", Deed::Opened, at(29)), first);
        let others =
            [id("token", Deed::Opened, at(30)), id("token", Deed::Chosen, at(20)), id("other", Deed::Opened, at(20))];
        assert!(others.iter().all(|other| *other != first));
        let span = QueryId::since(Time(20 * 60_000_000))..QueryId::since(at(20));
        assert!(span.contains(&first), "in the order of time, about");
    }
}
