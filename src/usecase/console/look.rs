//! What an operator looks at, and the two things that they can do: replay and search.

use super::{Console, Plot, Reload, Role, Session, Step};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{NoticeId, OwnerId},
        notice::{Notice, NoticeState, Recipient},
    },
    store::{Commit, StoreError},
    usecase::{
        explain::{self, Explained},
        replay_notice::{NotReplayed, replay_notice},
        write::{Refused, audited},
    },
};
use serde::Serialize;
use std::sync::PoisonError;

/// So many notices are listed; more are not counted either.
const LISTED: usize = 100;

/// How many notices are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InState {
    /// Its word.
    pub state: &'static str,
    /// At most a hundred.
    pub count: usize,
    /// Whether there are more.
    pub more: bool,
}

/// A row of what was counted by two labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The first label.
    pub what: String,
    /// The second.
    pub which: String,
    /// In the last hour.
    pub count: f64,
}

/// The first page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// Of this process.
    pub started: String,
    /// When it was looked at.
    pub now: String,
    /// By the minute.
    pub plots: Vec<Plot>,
    /// How long things take.
    pub steps: Vec<Step>,
    /// Notices that wait, are unknown or dead.
    pub notices: Vec<InState>,
    /// Requests that were refused: surface and reason.
    pub refused: Vec<Row>,
    /// Latest first.
    pub reloads: Vec<Reload>,
}

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
    fn new(notice: &Notice) -> Self {
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
            reason: notice.reason.to_string(),
            can_replay: notice.state.may_be_replayed(),
        }
    }
}

/// What is known of an id: names and values, numbers masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// In words.
    pub facts: Vec<(&'static str, String)>,
    /// Attempts of a notice, one a row.
    pub tried: Vec<String>,
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
    /// What is going on.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let mut notices = Vec::new();
        for state in [NoticeState::Open, NoticeState::Unknown, NoticeState::Dead] {
            let page = self.env.store.notices_in(state, None, LISTED).await?;
            notices.push(InState { state: state.word(), count: page.items.len(), more: page.more });
        }
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = history.table("redial_refused_total", ["surface", "reason"]);
        Ok(Overview {
            started: self.started.to_string(),
            now: self.env.clock.now().to_string(),
            plots: vec![
                history.plot("Queries by verdict", "redial_queries_total", "verdict"),
                history.plot("Connected elsewhere", "redial_substitutions_total", "kind"),
                history.plot("Notices by final state", "redial_notices_total", "kind"),
                history.plot("Attempts by outcome", "redial_attempts_total", "kind"),
                history.plot("Went on unchanged: Redial was slow or broken", "redial_failed_open_total", "kind"),
                history.plot("Answers by class", "redial_requests_total", "class"),
            ],
            steps: vec![
                history.step("Webhook answered, number moved", "redial_hook_time_seconds"),
                history.step("Change to notice sent", "redial_notice_delay_seconds"),
            ],
            notices,
            refused: refused.into_iter().map(|(what, which, count)| Row { what, which, count }).collect(),
            reloads: self.reloads.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect(),
        })
    }

    /// Notices in a state, oldest first, and whether there are more; `None` for no such state.
    pub async fn notices(&self, state: &str) -> Result<Option<(Vec<NoticeLine>, bool)>, StoreError> {
        let Some(state) = NoticeState::read(state) else { return Ok(None) };
        let page = self.env.store.notices_in(state, None, LISTED).await?;
        Ok(Some((page.items.iter().map(NoticeLine::new).collect(), page.more)))
    }

    /// What is known of `qry_…`, `sub_…` or `ntc_…`. Its owner's trail says who looked.
    pub async fn explain(&self, session: &Session, id: &str) -> Result<Found, Refused> {
        let explained = explain::explain(&self.env, id).await?;
        let owner = match &explained {
            Explained::Query(record, _) => Some(record.owner),
            Explained::Substitution(found, _) => Some(found.owner),
            Explained::Notice(found, _) => Some(found.owner),
            Explained::Unrecorded(_) => None,
        };
        if let Some(owner) = owner {
            self.audit(session, owner, "looked_at", id).await?;
        }
        Ok(found(&explained))
    }

    /// Tries a dead or unknown notice once more.
    pub async fn replay(&self, session: &Session, id: NoticeId) -> Result<NoticeId, NotReplayed> {
        replay_notice(&self.env, id, &by(session)).await
    }

    /// Who holds or held a number. Their trails say who searched; the number itself is kept nowhere.
    pub async fn search(&self, session: &Session, number: &str) -> Result<Vec<Searched>, Refused> {
        let address = Address::parse(number, self.env.rules().region)
            .map_err(|why| Refused::invalid("/number", why.to_string()))?;
        tracing::info!(operator = &*session.name, number = %address, "searched by number on the console");
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

fn found(explained: &Explained) -> Found {
    let mut found = Found::default();
    let (query, substitution) = match explained {
        Explained::Query(record, substitution) => (Some(record), substitution.as_ref()),
        Explained::Substitution(substitution, record) => (record.as_ref(), Some(substitution)),
        Explained::Unrecorded(id) => {
            let words = "not recorded: no owner's former address was involved, so it was only counted";
            found.facts.push(("query", format!("{id}: {words}")));
            (None, None)
        }
        Explained::Notice(notice, attempts) => {
            found.facts = vec![
                ("notice", notice.id.to_string()),
                ("about", notice.owner.to_string()),
                ("state", notice.state.word().to_owned()),
                ("reason", notice.reason.to_string()),
                ("first change", notice.first.to_string()),
                ("due", notice.due.to_string()),
            ];
            found.tried = attempts
                .iter()
                .map(|attempt| {
                    let outcome = attempt.outcome.map_or("under way".to_owned(), |outcome| format!("{outcome:?}"));
                    let (number, at, channel) = (attempt.number, attempt.at, attempt.channel);
                    let (account, address, detail) = (&attempt.account, &attempt.address, &attempt.detail);
                    format!("{number}. {at} by {channel:?} over {account} to {address}: {outcome} {detail}")
                })
                .collect();
            found.notice = Some(NoticeLine::new(notice));
            (None, None)
        }
    };
    if let Some(record) = query {
        let (rule, sentence) = explain::sentence(record.because);
        let groups: Vec<String> = record.groups.iter().map(ToString::to_string).collect();
        found.facts.extend([
            ("query", record.id.to_string()),
            ("at", record.at.to_string()),
            ("way", record.way.to_string()),
            ("asked for", record.asked.to_string()),
            ("owner", format!("{}, revision {}", record.owner, record.revision)),
            ("rule", format!("{rule}: {sentence}")),
            ("since", record.detail.to_string()),
            ("connected", if record.connected { "elsewhere" } else { "unchanged" }.to_owned()),
            ("told", if record.told { "yes" } else { "nothing" }.to_owned()),
            ("by groups", groups.join(", ")),
        ]);
    }
    if let Some(substitution) = substitution {
        let foreign = substitution.foreign_id.as_deref().unwrap_or("not known yet");
        found.facts.extend([
            ("substitution", substitution.id.to_string()),
            ("at", substitution.at.to_string()),
            ("what", format!("{} over account {}", substitution.channel, substitution.account)),
            ("used", substitution.used.to_string()),
            ("connected to", substitution.connected.to_string()),
            ("provider's id", foreign.to_owned()),
        ]);
    }
    found.facts.retain(|(_, value)| !value.is_empty());
    found
}
