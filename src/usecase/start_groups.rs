//! The groups that people begin with: what each may see is a start, and nobody is in them yet. `everyone` is connected and
//! learns nothing.

use super::{
    Env,
    groups::{self, NewGroup},
    members,
    write::{Actor, Refused, carry_out, read_owner},
};
use crate::domain::{
    group::{Member, Told},
    id::{BookId, OwnerId},
    owner::Point,
};

/// What they are called, in the owner's own language.
#[derive(Clone, Debug)]
pub struct Names {
    /// See everything.
    pub family: String,
    /// See everything.
    pub friends: String,
    /// See the points for work, or all where there is one only.
    pub work: String,
    /// Anybody at all: connected, and told nothing.
    pub everyone: String,
}

/// Makes them, for an owner who has no groups yet; for another one nothing.
///
/// # Errors
/// Where a name cannot be one, or the store fails.
pub async fn start(env: &Env, actor: &Actor, owner: OwnerId, book: BookId, names: Names) -> Result<(), Refused> {
    if !env.store.groups(owner).await?.is_empty() {
        return Ok(());
    }
    let owner = read_owner(env, owner, None).await?;
    let points: Vec<&Point> = owner.points.iter().filter(|point| point.current().is_some()).collect();
    let ids = |for_work: bool| {
        let some = points.iter().filter(|point| !for_work || *point.label == *"work" || points.len() == 1);
        some.map(|point| point.id.to_string()).collect::<Vec<_>>()
    };
    let sees = |name, reveal| NewGroup { told: Told::AtOnce, reveal, ..NewGroup::named(book, name) };
    let connected = NewGroup { forward: ids(false), ..NewGroup::named(book, names.everyone) };
    for new in [sees(names.family, ids(false)), sees(names.friends, ids(false)), sees(names.work, ids(true))] {
        carry_out(env, || groups::create(env, actor, owner.id, None, &new)).await?;
    }
    let group = carry_out(env, || groups::create(env, actor, owner.id, None, &connected)).await?;
    carry_out(env, || members::add(env, actor, owner.id, None, group.id, Member::Everyone)).await
}
