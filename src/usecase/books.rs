//! Books: made, renamed, removed.

use super::{
    Env,
    write::{Actor, Fault, Plan, Refused, audited, fanout, read_owner},
};
use crate::{
    domain::{
        id::{BookId, GroupId, OwnerId},
        owner::Book,
    },
    store::Effect,
};
use serde::Deserialize;
use serde_json::json;

/// Most books of one owner.
const MOST_BOOKS: usize = 100;

/// Longest name of a book or group, in letters.
const LONGEST_NAME: usize = 100;

/// A book that is to be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBook {
    /// The owner's own word for it.
    pub name: String,
}

/// What of a book is to be different; what is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BookPatch {
    /// The owner's own word for it.
    pub name: Option<String>,
    /// The group of this book that new contacts join; `null` for none.
    #[serde(deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub default_group: Option<Option<GroupId>>,
}

/// Tells `null` from a field that is not there.
pub fn named<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A name of a book or group, without blanks around it.
pub fn name_of(text: &str, faults: &mut Vec<Fault>) -> Box<str> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        faults.push(Fault::at("/name", format!("a name of 1 to {LONGEST_NAME} letters without control characters")));
    }
    name.into()
}

/// A book of an owner.
pub async fn read(env: &Env, owner: OwnerId, id: BookId) -> Result<Book, Refused> {
    env.store.books(owner).await?.into_iter().find(|book| book.id == id).ok_or(Refused::NotFound("book"))
}

/// Makes a book.
pub async fn create(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    new: &NewBook,
) -> Result<Plan<Book>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let mut faults = Vec::new();
    let name = name_of(&new.name, &mut faults);
    if env.store.books(owner.id).await?.len() >= MOST_BOOKS {
        faults.push(Fault::at("", format!("an owner has at most {MOST_BOOKS} books")));
    }
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults));
    }
    let now = env.store.now().await?;
    let book = Book { id: BookId::fresh(now, &*env.random), owner: owner.id, name, default_group: None };
    let effects = vec![
        Effect::BookSet(book.clone()),
        audited(env, owner.id, &actor.by, now, "book_created", &json!({"book": book.id})),
    ];
    Ok(Plan::on(&owner, effects, book))
}

/// Renames a book or gives it another default group.
pub async fn change(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    id: BookId,
    patch: &BookPatch,
) -> Result<Plan<Book>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let mut book = read(env, owner.id, id).await?;
    let mut faults = Vec::new();
    if let Some(name) = &patch.name {
        book.name = name_of(name, &mut faults);
    }
    if let Some(group) = patch.default_group {
        let groups = env.store.groups(owner.id).await?;
        let inside = |id: GroupId| groups.iter().any(|group| group.id == id && group.book == book.id);
        if group.is_some_and(|id| !inside(id)) {
            faults.push(Fault::at("/default_group", "the book has no such group"));
        }
        book.default_group = group;
    }
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults));
    }
    let now = env.store.now().await?;
    let effects = vec![
        Effect::BookSet(book.clone()),
        audited(env, owner.id, &actor.by, now, "book_changed", &json!({"book": book.id})),
    ];
    Ok(Plan::on(&owner, effects, book))
}

/// Removes a book with its groups, contacts and memberships. What its members could see is taken away in silence.
pub async fn remove(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    id: BookId,
) -> Result<Plan<()>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let book = read(env, owner.id, id).await?;
    let now = env.store.now().await?;
    let effects = vec![
        Effect::BookRemoved(owner.id, book.id),
        fanout(env, owner.id, now, Vec::new(), true),
        audited(env, owner.id, &actor.by, now, "book_removed", &json!({"book": book.id})),
    ];
    Ok(Plan::on(&owner, effects, ()))
}
