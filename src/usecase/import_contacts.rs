//! Loading an owner's contacts from a file of vCards or a CSV export.
//!
//! The vCard is stored byte for byte; a CSV row becomes one. A contact is known again by its UID, and one without a UID
//! by its content, so the same file may be loaded again. An import tells nobody anything (rule E2);
//! introductions that follow from it wait until the owner confirms them.

mod columns;
mod load;
mod rows;

use super::{
    Env,
    import::{ImportFailed, Imported, Listener},
    write::{Actor, Plan, Refused, audited, carry_out, read_owner},
};
use crate::{
    domain::{
        card::Document,
        id::{BookId, GroupId, OwnerId},
        owner::Book,
    },
    store::Effect,
};
use serde_json::json;
use std::{collections::HashMap, io::Read, path::Path};
use tokio::sync::mpsc;

/// Batches that wait while one is committed.
const AHEAD: usize = 2;

/// What the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// vCards, any number of them.
    VCard,
    /// Rows with a header.
    Csv,
}

impl Format {
    /// From how the file's name ends: `.vcf`, `.vcard` or `.csv`.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "vcf" | "vcard" => Some(Self::VCard),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// Where the contacts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whose they are.
    pub owner: OwnerId,
    /// Into which book; without it the group's, or the owner's only one, which is made where there is none.
    pub book: Option<BookId>,
    /// A group that they join, beside the book's default group.
    pub group: Option<GroupId>,
}

/// A contact as the file has it.
struct Entry {
    /// Where it begins in the file.
    line: u64,
    uid: Box<str>,
    card: Vec<u8>,
    read: Document,
}

/// Entries in the order of the file.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    bad: Vec<(u64, String)>,
    bytes: u64,
}

/// Loads a file of contacts.
///
/// # Errors
/// Where owner, book or group are not as asked for, the file has no header that can be used, cannot be read to its end,
/// or the store fails. Bad rows are no error: the listener hears of them and the rest is loaded.
pub async fn import(
    env: &Env,
    file: impl Read + Send + 'static,
    format: Format,
    target: &Target,
    listener: &mut dyn Listener,
) -> Result<Imported, ImportFailed> {
    let actor = Actor { by: "import".into(), ..Actor::system() };
    let (book, group) = resolve(env, &actor, target).await?;
    let groups: Vec<GroupId> = book.default_group.into_iter().chain(group).collect();
    let loader = load::Loader { env, actor, owner: target.owner, book: book.id, groups, wanted: group };
    let (sender, mut batches) = mpsc::channel(AHEAD);
    let reader = tokio::task::spawn_blocking(move || match format {
        Format::VCard => rows::cards(file, &sender),
        Format::Csv => rows::table(file, &sender),
    });
    let (mut imported, mut seen) = (Imported::default(), HashMap::new());
    while let Some(Batch { mut entries, mut bad, bytes }) = batches.recv().await {
        entries.retain(|entry| distinct(entry, &mut seen, &mut imported, &mut bad));
        loader.load(&entries, &mut imported).await?;
        imported.bad += bad.len() as u64;
        for (line, why) in &bad {
            listener.bad(*line, why);
        }
        listener.read(bytes);
    }
    match reader.await {
        Ok(read) => read.map(|()| imported),
        Err(panicked) => Err(ImportFailed::Unreadable(std::io::Error::other(panicked))),
    }
}

/// Whether the entry's UID comes for the first time in this file. The same content again is nothing new; another content
/// would take turns with the first at every load.
fn distinct(
    entry: &Entry,
    seen: &mut HashMap<u128, (u64, u128)>,
    imported: &mut Imported,
    bad: &mut Vec<(u64, String)>,
) -> bool {
    let content = rows::digest(&entry.card);
    let (line, first) = *seen.entry(rows::digest(entry.uid.as_bytes())).or_insert((entry.line, content));
    if line == entry.line {
        return true;
    }
    if first == content {
        imported.same += 1;
    } else {
        bad.push((entry.line, format!("the UID of this contact is that of the one at line {line}")));
    }
    false
}

/// The book and the group that are meant.
async fn resolve(env: &Env, actor: &Actor, target: &Target) -> Result<(Book, Option<GroupId>), Refused> {
    let owner = target.owner;
    read_owner(env, owner, None).await?;
    let group = match target.group {
        Some(id) => {
            let groups = env.store.groups(owner).await?;
            Some(groups.into_iter().find(|group| group.id == id).ok_or(Refused::NotFound("group of this owner"))?)
        }
        None => None,
    };
    let books = env.store.books(owner).await?;
    let wanted = target.book.or(group.as_ref().map(|group| group.book));
    let book = match (wanted, &books[..]) {
        (Some(id), _) => books.into_iter().find(|book| book.id == id).ok_or(Refused::NotFound("book of this owner"))?,
        (None, [one]) => one.clone(),
        (None, []) => made(env, actor, owner).await?,
        (None, several) => {
            let list: Vec<_> = several.iter().map(|book| format!("{} ({})", book.id, book.name)).collect();
            return Err(Refused::Conflict(
                format!("the owner has several books, name one: {}", list.join(", ")).into(),
            ));
        }
    };
    if let Some(group) = &group
        && group.book != book.id
    {
        return Err(Refused::Conflict("the group is in another book".into()));
    }
    Ok((book, group.map(|group| group.id)))
}

/// The first book of an owner who has none.
async fn made(env: &Env, actor: &Actor, owner: OwnerId) -> Result<Book, Refused> {
    carry_out(env, async || {
        let owner = read_owner(env, owner, None).await?;
        let now = env.store.now().await?;
        let id = BookId::fresh(now, &*env.random);
        let book = Book { id, owner: owner.id, name: "contacts".into(), default_group: None };
        let audit = audited(env, owner.id, &actor.by, now, "book_added", &json!({"book": id}));
        Ok(Plan::on(&owner, vec![Effect::BookSet(book.clone()), audit], book))
    })
    .await
}
