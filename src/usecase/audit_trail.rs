//! Whether the audit trails are what was written: each owner's lines are a chain of hashes ([`crate::store::chain`]), and
//! here they are looked through.
//!
//! What it cannot see: somebody who can write to the database and makes all hashes anew. Against them the ends of the
//! chains are kept elsewhere ([`Look::ends`]) and compared later ([`Look::against`]).

mod walk;

use super::Env;
use crate::{
    domain::id::{AuditId, OwnerId},
    store::{
        Page, Result,
        chain::{Hash, Head},
    },
};
use std::collections::BTreeMap;
use walk::Walk;

/// Lines in one page.
const PAGE: usize = 2_000;
/// How many of those without a chain are named.
const NAMED: usize = 100;
/// The line that tells that those before it were erased.
pub const ERASED: &str = "erased";

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not say what it said when it was written.
    Altered,
    /// It is not the line that followed the one before: it was put in, or changed places.
    OutOfPlace,
    /// It is not there, though later ones are.
    Missing,
    /// It and all after it are not there.
    Cut,
    /// It stands behind the end of the chain.
    Beyond,
    /// It stands outside the chain.
    Outside,
    /// It is blank, and no line after it says that the owner was erased.
    Blank,
    /// The owner has no trail at all.
    NoTrail,
    /// It is another one than when the ends were kept.
    Replaced,
}

impl Fault {
    /// A word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Altered => "altered",
            Fault::OutOfPlace => "out_of_place",
            Fault::Missing => "missing",
            Fault::Cut => "cut",
            Fault::Beyond => "beyond_the_end",
            Fault::Outside => "outside_the_chain",
            Fault::Blank => "blank",
            Fault::NoTrail => "no_trail",
            Fault::Replaced => "replaced",
        }
    }

    /// For a reader.
    pub fn says(self) -> &'static str {
        match self {
            Fault::Altered => "does not say what it said when it was written",
            Fault::OutOfPlace => "does not follow the line before it: it was put in, or lines changed places",
            Fault::Missing => "was taken out: later lines are there",
            Fault::Cut => "was cut off with all that followed",
            Fault::Beyond => "stands behind the end of the chain",
            Fault::Outside => "stands outside the chain",
            Fault::Blank => "is blank, and no later line says that the owner was erased",
            Fault::NoTrail => "should be there: the owner has no trail at all",
            Fault::Replaced => "is not the line that stood here when the ends were kept",
        }
    }
}

/// The first broken line of an owner's trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Whose trail.
    pub owner: OwnerId,
    /// The line's place, from 1.
    pub number: u64,
    /// The line, where one is there.
    pub id: Option<AuditId>,
    /// What is wrong.
    pub fault: Fault,
}

/// What came of looking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many chains.
    pub owners: u64,
    /// How many lines.
    pub lines: u64,
    /// How many of these were erased.
    pub erased: u64,
    /// The first broken line of each broken chain.
    pub broken: Vec<Broken>,
}

/// What is looked at.
#[derive(Default)]
pub struct Look<'a> {
    /// One owner's trail only.
    pub of: Option<OwnerId>,
    /// Ends of chains that were kept elsewhere.
    pub against: Option<&'a BTreeMap<OwnerId, (u64, Hash)>>,
    /// Called with each chain that holds, and its end.
    pub ends: Option<&'a mut (dyn FnMut(OwnerId, Head) + Send)>,
    /// Called now and then with the number of lines so far.
    pub progress: Option<&'a mut (dyn FnMut(u64) + Send)>,
}

/// Looks through one trail or all of them; what is written meanwhile disturbs nothing.
pub async fn verify(env: &Env, mut look: Look<'_>) -> Result<Looked> {
    let mut looked = Looked::default();
    let mut suspects = Vec::new();
    let mut heads = Heads { env, of: look.of, waiting: Vec::new().into_iter(), last: None, more: true };
    let mut head = heads.next().await?;
    let mut walk: Option<Walk> = None;
    let mut after = None;
    loop {
        let Page { items, more } = env.store.links(look.of, after, PAGE).await?;
        after = items.last().map(|link| (link.line.owner, link.seal.number));
        for link in &items {
            let owner = link.line.owner;
            if walk.as_ref().is_none_or(|walk| walk.owner != owner) {
                head = end(&mut looked, &mut look, &mut suspects, (walk.take(), head), &mut heads).await?;
                // Ends of chains of which no line is there.
                while let Some((of, _)) = head.filter(|(of, _)| *of < owner) {
                    suspects.push(of);
                    head = heads.next().await?;
                }
                walk = Some(Walk::new(owner, kept(&look, owner)));
            }
            if let Some(walk) = &mut walk {
                walk.step(link);
            }
        }
        looked.lines += u64::try_from(items.len()).unwrap_or(0);
        if let Some(progress) = &mut look.progress {
            progress(looked.lines);
        }
        if !more {
            break;
        }
    }
    head = end(&mut looked, &mut look, &mut suspects, (walk.take(), head), &mut heads).await?;
    while let Some((of, _)) = head {
        suspects.push(of);
        head = heads.next().await?;
    }
    for owner in suspects {
        let found = one(env, owner, kept(&look, owner)).await?;
        if let (None, Some(ends), Some(head)) = (found, &mut look.ends, head_of(env, owner).await?) {
            ends(owner, head);
        }
        looked.broken.extend(found);
    }
    looked.broken.extend(outside(env, &look).await?);
    looked.broken.sort_unstable_by_key(|broken| (broken.owner, broken.number));
    looked.broken.dedup_by_key(|broken| broken.owner);
    Ok(looked)
}

fn kept(look: &Look<'_>, owner: OwnerId) -> Option<(u64, Hash)> {
    look.against.and_then(|ends| ends.get(&owner)).copied()
}

/// Ends a walk at its head, and returns the head that is next.
async fn end(
    looked: &mut Looked,
    look: &mut Look<'_>,
    suspects: &mut Vec<OwnerId>,
    (walk, head): (Option<Walk>, Option<(OwnerId, Head)>),
    heads: &mut Heads<'_>,
) -> Result<Option<(OwnerId, Head)>> {
    let Some(walk) = walk else { return Ok(head) };
    looked.owners += 1;
    looked.erased += walk.blank;
    let own = head.filter(|(owner, _)| *owner == walk.owner).map(|(_, head)| head);
    match (walk.end(own), own) {
        (None, Some(own)) => {
            if let Some(ends) = &mut look.ends {
                ends(walk.owner, own);
            }
        }
        _ => suspects.push(walk.owner),
    }
    if own.is_some() { heads.next().await } else { Ok(head) }
}

/// One owner's trail: the first broken line. The end is read after the lines, with which it is written, so it is never
/// behind them; where it is ahead, lines were added meanwhile, and are looked at too.
async fn one(env: &Env, owner: OwnerId, kept: Option<(u64, Hash)>) -> Result<Option<Broken>> {
    let mut walk = Walk::new(owner, kept);
    let (mut reached, mut promised) = (0, 0);
    loop {
        let Page { items, more } = env.store.links(Some(owner), Some((owner, reached)), PAGE).await?;
        for link in &items {
            walk.step(link);
        }
        reached = items.last().map_or(reached, |link| link.seal.number);
        if more {
            continue;
        }
        let head = head_of(env, owner).await?;
        let written = head.map_or(0, |head| head.number);
        if written <= reached || reached < promised {
            return Ok(walk.end(head));
        }
        promised = written;
    }
}

async fn head_of(env: &Env, owner: OwnerId) -> Result<Option<Head>> {
    Ok(env.store.heads(Some(owner), None, 1).await?.items.first().map(|(_, head)| *head))
}

/// What is in no chain, and who has none.
async fn outside(env: &Env, look: &Look<'_>) -> Result<Vec<Broken>> {
    let lines = env.store.unchained(look.of, NAMED).await?;
    let mut broken: Vec<Broken> = lines
        .iter()
        .map(|line| Broken { owner: line.owner, number: 0, id: Some(line.id), fault: Fault::Outside })
        .collect();
    let without =
        env.store.without_chain(NAMED).await?.into_iter().filter(|owner| look.of.is_none_or(|of| of == *owner));
    broken.extend(without.map(|owner| Broken { owner, number: 1, id: None, fault: Fault::NoTrail }));
    for &owner in look.against.into_iter().flat_map(BTreeMap::keys) {
        let asked = look.of.is_none_or(|of| of == owner);
        if asked && head_of(env, owner).await?.is_none() {
            broken.push(Broken { owner, number: 1, id: None, fault: Fault::Cut });
        }
    }
    Ok(broken)
}

/// The ends of chains, one after the other.
struct Heads<'a> {
    env: &'a Env,
    of: Option<OwnerId>,
    waiting: std::vec::IntoIter<(OwnerId, Head)>,
    last: Option<OwnerId>,
    more: bool,
}

impl Heads<'_> {
    async fn next(&mut self) -> Result<Option<(OwnerId, Head)>> {
        if let Some(next) = self.waiting.next() {
            return Ok(Some(next));
        }
        if !self.more {
            return Ok(None);
        }
        let Page { items, more } = self.env.store.heads(self.of, self.last, PAGE).await?;
        self.last = items.last().map(|(owner, _)| *owner);
        self.more = more && self.of.is_none();
        self.waiting = items.into_iter();
        Ok(self.waiting.next())
    }
}
