//! What an operator looks at, and the two things that they can do: replay and search.

use super::{Console, Role, Session, overview::LISTED};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{NoticeId, OwnerId},
        notice::{Notice, NoticeState, Recipient},
    },
    store::{Commit, StoreError},
    usecase::{
        explain::{self, Explained, Found},
        replay_notice::{NotReplayed, replay_notice},
        write::{Refused, audited},
    },
};
use serde::Serialize;

/// A notice in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeLine {
    /// Its id.
    pub id: String,
    /// Whom it is about.
    pub owner: String,
    /// Whom it is for.
    pub recipient: String,
    /// Its state's word.
    pub state: &'static str,
    /// When its first change was made.
    pub first: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it is in its state.
    pub reason: String,
    /// Whether it can be replayed.
    pub can_replay: bool,
}

impl NoticeLine {
    pub(super) fn new(notice: &Notice) -> Self {
        Self {
            id: notice.id.to_string(),
            owner: notice.owner.to_string(),
            recipient: match notice.recipient {
                Recipient::Owner(id) => id.to_string(),
                Recipient::Contact(id) => id.to_string(),
            },
            state: notice.state.word(),
            first: notice.first.to_string(),
            attempts: notice.attempts,
            reason: notice.why(),
            can_replay: notice.state.may_be_replayed(),
        }
    }
}

/// What is known of an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LookedAt {
    /// In names and values.
    #[serde(flatten)]
    pub found: Found,
    /// The notice, where it is one.
    pub notice: Option<NoticeLine>,
}

/// An owner who holds or held the number that was searched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Searched {
    /// Their id.
    pub owner: String,
    /// Since when and until when they had it.
    pub held: String,
    /// Their newest notices.
    pub notices: Vec<NoticeLine>,
}

impl Console {
    /// Notices in a state, oldest first, and whether there are more; `None` for no such state.
    pub async fn notices(&self, state: &str) -> Result<Option<(Vec<NoticeLine>, bool)>, StoreError> {
        let Some(state) = NoticeState::read(state) else { return Ok(None) };
        let page = self.env.store.notices_in(state, None, LISTED).await?;
        Ok(Some((page.items.iter().map(NoticeLine::new).collect(), page.more)))
    }

    /// What is known of `qry_…`, `sub_…`, `psd_…`, `ntc_…`, or of a provider's id. Its owner's trail says who looked.
    pub async fn explain(&self, session: &Session, id: &str) -> Result<LookedAt, Refused> {
        let explained = explain::explain(&self.env, id, &self.account_names()).await?;
        // What was found, not what was typed: that could be anything.
        let seen = match &explained {
            Explained::Query(record, _) => record.id.to_string(),
            Explained::Substitution(found, _) => found.id.to_string(),
            Explained::Notice(found, _) => found.id.to_string(),
            Explained::Passed(found, _) => found.id.to_string(),
            Explained::Unrecorded(id) => id.to_string(),
        };
        self.did(session, "looked_at", &seen).await?;
        let owner = match &explained {
            Explained::Query(record, _) => Some(record.owner),
            Explained::Substitution(found, _) => Some(found.owner),
            Explained::Notice(found, _) => Some(found.owner),
            Explained::Passed(_, again) => again.as_ref().map(|again| again.owner),
            Explained::Unrecorded(_) => None,
        };
        if let Some(owner) = owner {
            self.audit(session, owner, "looked_at", &seen).await?;
        }
        let notice = match &explained {
            Explained::Notice(notice, _) => Some(NoticeLine::new(notice)),
            _ => None,
        };
        Ok(LookedAt { found: explain::found(&explained), notice })
    }

    /// Tries a dead or unknown notice once more.
    pub async fn replay(&self, session: &Session, id: NoticeId) -> Result<NoticeId, NotReplayed> {
        self.did(session, "replayed", &id.to_string()).await?;
        replay_notice(&self.env, id, &by(session)).await
    }

    /// Who holds or held a number. Their trails say who searched; the number itself is kept nowhere.
    pub async fn search(&self, session: &Session, number: &str) -> Result<Vec<Searched>, Refused> {
        let address = Address::parse(number, self.env.rules().region)
            .map_err(|why| Refused::invalid("/number", why.to_string()))?;
        tracing::info!(operator = &*session.name, number = %address, "searched by number on the console");
        self.did(session, "searched", &address.to_string()).await?;
        let mut found: Vec<Searched> = Vec::new();
        for (_, holder) in self.env.store.holders(&[address.key().into()]).await? {
            let id = holder.owner;
            if found.iter().any(|known| known.owner == id.to_string()) {
                continue;
            }
            let Some(owner) = self.env.store.owner(id).await? else { continue };
            let values = owner.points.iter().flat_map(|point| &point.values);
            let held = values.filter(|held| held.address.key() == address.key()).map(|held| match held.until {
                Some(until) => format!("{} to {until}", held.from),
                None => format!("since {}", held.from),
            });
            let held = held.collect::<Vec<_>>().join(", ");
            let notices = self.env.store.notices(id, None, 20).await?;
            self.audit(session, id, "found_by_number", "").await?;
            let notices = notices.items.iter().map(NoticeLine::new).collect();
            found.push(Searched { owner: id.to_string(), held, notices });
        }
        Ok(found)
    }

    async fn audit(&self, session: &Session, owner: OwnerId, what: &str, of: &str) -> Result<(), StoreError> {
        let at: Time = self.env.store.now().await?;
        let line = audited(&self.env, owner, &by(session), at, what, &serde_json::json!({ "of": of }));
        self.env.store.commit(Commit { effects: vec![line], ..Commit::default() }).await.map(|_| ())
    }
}

/// As the trail says it.
fn by(session: &Session) -> String {
    format!("operator {}", session.name)
}

impl Session {
    /// Whether replays and searches are allowed.
    pub fn may_act(&self) -> bool {
        self.role == Role::Act
    }
}
