//! Giving everything back (rule C7): JSON lines for machines, vCards for address books.
//!
//! Read page by page, so that any number of owners fits; what is written meanwhile may be in it or not. Secrets are not
//! in it: of an API key the export says that it exists. Nor is an owner's history while a panic lasts (rule C7), where that
//! owner alone is exported.

mod lines;

use super::{
    Env, history,
    write::{Refused, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        asleep::Asleep,
        card::{Form, project},
        change::Request,
        group::{Item, Rights},
        history::{History, visible},
        id::OwnerId,
        owner::{Field, Owner, Point},
    },
    store::{Page, StoreError},
};
use serde_json::{Value, json};
use std::{borrow::Cow, io};

/// Rows of one read.
const PAGE: usize = 500;

/// Most introductions of one owner that have left or are about to.
const INTRODUCTIONS_MOST: usize = 1_000_000;

/// The number in the first line; it grows when a reader has to change.
const SCHEMA: u32 = 1;

/// Takes what is exported.
pub trait Sink: Send {
    /// One JSON object.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn line(&mut self, object: &Value) -> io::Result<()>;

    /// An owner's own card, with everything in it.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn own_card(&mut self, card: &str) -> io::Result<()>;

    /// A contact of this owner, byte for byte.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn contact(&mut self, owner: OwnerId, card: &[u8]) -> io::Result<()>;
}

/// How much was exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Owners.
    pub owners: u64,
    /// Contacts.
    pub contacts: u64,
    /// JSON lines.
    pub lines: u64,
}

/// Why an export is not complete.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailed {
    /// It cannot be written where it should go.
    #[error("the export cannot be written")]
    Unwritable(#[from] io::Error),
    /// There is no such owner, or the store failed.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<StoreError> for ExportFailed {
    fn from(error: StoreError) -> Self {
        ExportFailed::Refused(error.into())
    }
}

/// Exports one owner, or everything. `progress` hears of each owner.
///
/// # Errors
/// Where there is no such owner, the store fails, or the sink does.
pub async fn export(
    env: &Env,
    only: Option<OwnerId>,
    sink: &mut dyn Sink,
    progress: &mut (dyn FnMut(Exported) + Send),
) -> Result<Exported, ExportFailed> {
    let mut writer = Writer { env, sink, done: Exported::default() };
    let at = env.store.now().await?;
    if let Some(id) = only {
        let owner = read_owner(env, id, None).await?;
        let history = history::of(env, &owner).await?;
        writer.line(&json!({"kind": "export", "schema": SCHEMA, "at": at, "owner": id}))?;
        writer.owner(&owner, history).await?;
        return Ok(writer.done);
    }
    writer.line(&json!({"kind": "export", "schema": SCHEMA, "at": at}))?;
    // An owner's own come with the owner.
    for key in env.store.keys().await?.iter().filter(|key| key.owner.is_none()) {
        writer.line(&lines::key(key))?;
    }
    let mut after = None;
    loop {
        let Page { items, more } = env.store.owners(after, PAGE).await?;
        after = items.last().map(|owner| owner.id);
        for owner in &items {
            writer.owner(owner, History::Whole).await?;
            progress(writer.done);
        }
        if !more {
            return Ok(writer.done);
        }
    }
}

struct Writer<'a> {
    env: &'a Env,
    sink: &'a mut dyn Sink,
    done: Exported,
}

/// Follows pages to their end: `read` reads the one behind a mark, `mark` takes it from the last item.
async fn pages<T, M, F>(
    read: impl Fn(Option<M>) -> F,
    mark: impl Fn(&T) -> M,
    mut each: impl FnMut(&T) -> io::Result<()>,
) -> Result<(), ExportFailed>
where
    F: Future<Output = Result<Page<T>, StoreError>>,
{
    let mut behind = None;
    loop {
        let page = read(behind).await?;
        page.items.iter().try_for_each(&mut each)?;
        behind = page.items.last().map(&mark);
        if !page.more || behind.is_none() {
            return Ok(());
        }
    }
}

impl Writer<'_> {
    fn line(&mut self, object: &Value) -> io::Result<()> {
        self.done.lines += 1;
        self.sink.line(object)
    }

    async fn owner(&mut self, owner: &Owner, history: History) -> Result<(), ExportFailed> {
        let (env, id) = (self.env, owner.id);
        let store = &env.store;
        self.done.owners += 1;
        let hidden = history != History::Whole;
        let shown = if hidden { visible(owner) } else { Cow::Borrowed(owner) };
        self.line(&lines::owner(&shown))?;
        if hidden {
            self.line(&json!({"kind": "left_out", "owner": id, "what": "history", "why": history::HIDDEN}))?;
        }
        let everything = Rights {
            forward: owner.points.iter().map(|point| point.id).collect(),
            reveal: owner.points.iter().map(|point| Item::Point(point.id)).chain(Field::ALL.map(Item::Field)).collect(),
        };
        self.sink.own_card(&project(owner, &everything).to_vcard(Form::V3))?;
        for key in store.blocks(id).await? {
            self.line(&json!({"kind": "block", "owner": id, "identity": key}))?;
        }
        for device in store.devices(id).await? {
            self.line(&lines::device(&device))?;
        }
        self.ways_in(id).await?;
        self.as_recipient(owner).await?;
        self.books(id).await?;
        self.exchanged(id, hidden).await?;
        if !hidden {
            let read = |mark: Option<u64>| store.changes(id, mark.unwrap_or(0), PAGE);
            pages(read, |change| change.revision, |change| self.line(&lines::change(change))).await?;
        }
        let read = |mark| store.requests(id, mark, PAGE);
        let each =
            |request: &Request| if history.shows(request) { self.line(&lines::request(request)) } else { Ok(()) };
        pages(read, |request| request.id, each).await?;
        if !hidden {
            self.told(id).await?;
            self.asked(id).await?;
        }
        let read = |mark| store.audit(id, history.trail_from(mark), PAGE);
        pages(read, |line| line.id, |line| self.line(&lines::audit(line))).await?;
        Ok(())
    }

    /// By what the owner gets in, without any secret.
    async fn ways_in(&mut self, id: OwnerId) -> Result<(), ExportFailed> {
        let env = self.env;
        let store = &env.store;
        for session in store.sessions(id).await? {
            self.line(&lines::session(&session))?;
        }
        for passkey in store.passkeys(id).await? {
            self.line(&lines::passkey(&passkey))?;
        }
        for key in store.keys_of(id).await? {
            self.line(&lines::key(&key))?;
        }
        Ok(())
    }

    /// What the owner has said as somebody to whom others' messages come.
    async fn as_recipient(&mut self, owner: &Owner) -> Result<(), ExportFailed> {
        let env = self.env;
        let held = owner.points.iter().filter_map(Point::current);
        let keys: Vec<Box<str>> = held.map(|held| held.address.key().into()).collect();
        for preference in env.store.preferences(&keys).await? {
            self.line(&lines::preference(owner.id, &preference))?;
        }
        for opt_out in env.store.opt_outs(&keys).await? {
            self.line(&lines::opt_out(owner.id, &opt_out))?;
        }
        Ok(())
    }

    /// Cards that were sent and that came, and what was written into the owner's own book.
    async fn exchanged(&mut self, id: OwnerId, hidden: bool) -> Result<(), ExportFailed> {
        let env = self.env;
        let store = &env.store;
        let read = |mark: Option<Box<str>>| async move { store.asleep(id, mark.as_deref(), PAGE).await };
        let mark = |asleep: &Asleep| asleep.address.key().into();
        pages(read, mark, |asleep| self.line(&lines::asleep(asleep))).await?;
        let read = |mark| store.introductions_held(id, mark, PAGE);
        pages(read, |held| held.contact, |held| self.line(&lines::introduction(held))).await?;
        for going in store.introductions_due(id, Time(0), INTRODUCTIONS_MOST).await? {
            self.line(&lines::introduction(&going))?;
        }
        let read = |mark| store.tray(id, mark, PAGE);
        pages(read, |card| card.from, |card| self.line(&lines::tray(card))).await?;
        if hidden {
            return Ok(());
        }
        for key in store.introduced_at(id).await? {
            self.line(&json!({"kind": "introduced", "owner": id, "address": key}))?;
        }
        for link in store.card_links(id).await? {
            self.line(&lines::card_link(&link))?;
        }
        let read = |mark| store.book_updates(id, mark, PAGE);
        pages(read, |update| update.id, |update| self.line(&lines::book_update(update))).await?;
        Ok(())
    }

    async fn books(&mut self, id: OwnerId) -> Result<(), ExportFailed> {
        let env = self.env;
        let store = &env.store;
        let books = store.books(id).await?;
        for book in &books {
            self.line(&lines::book(book))?;
        }
        let groups = store.groups(id).await?;
        for group in &groups {
            self.line(&lines::group(group))?;
        }
        for book in &books {
            let mut after = None;
            loop {
                let page = store.contacts(id, book.id, after, PAGE).await?;
                after = page.items.last().map(|contact| contact.id);
                let keys: Vec<Box<str>> =
                    page.items.iter().flat_map(|contact| &contact.addresses).map(|it| it.key().into()).collect();
                for contact in &page.items {
                    self.done.contacts += 1;
                    self.line(&lines::contact(contact))?;
                    self.sink.contact(id, &contact.card)?;
                }
                if !keys.is_empty() {
                    for opt_out in store.opt_outs(&keys).await? {
                        // One from another owner is that owner's.
                        if opt_out.owner.is_none_or(|owner| owner == id) {
                            self.line(&lines::opt_out(id, &opt_out))?;
                        }
                    }
                }
                if !page.more {
                    break;
                }
            }
        }
        for group in &groups {
            let read = |mark| store.members(id, group.id, mark, PAGE);
            pages(read, |member| *member, |member| self.line(&lines::member(id, group.id, *member))).await?;
        }
        Ok(())
    }

    /// Notices with their attempts, and the ledger.
    async fn told(&mut self, id: OwnerId) -> Result<(), ExportFailed> {
        let env = self.env;
        let store = &env.store;
        let mut before = None;
        loop {
            let page = store.notices(id, before, PAGE).await?;
            before = page.items.last().map(|notice| notice.id);
            for notice in &page.items {
                let attempts = store.attempts(notice.id).await?;
                self.line(&lines::notice(notice, &attempts))?;
            }
            if !page.more {
                break;
            }
        }
        let mut after = None;
        loop {
            let page = store.audience(id, after, PAGE).await?;
            after = page.items.last().map(|audience| audience.recipient);
            for audience in &page.items {
                if let Some(shown) = store.shown(id, audience.recipient).await? {
                    self.line(&lines::shown(&shown))?;
                }
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Queries that met the owner, with what was sent elsewhere because of them.
    async fn asked(&mut self, id: OwnerId) -> Result<(), ExportFailed> {
        let env = self.env;
        let store = &env.store;
        let mut before = None;
        loop {
            let page = store.queries(id, before, PAGE).await?;
            before = page.items.last().map(|query| query.id);
            for query in &page.items {
                let substitution = if query.connected { store.substitution_of(query.id).await? } else { None };
                self.line(&lines::query(query, substitution.as_ref()))?;
            }
            if !page.more {
                return Ok(());
            }
        }
    }
}
