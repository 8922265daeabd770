//! Whether the trails are what was written: each owner's lines are a chain of hashes ([`crate::store::chain`]), and so are
//! those of the operation's trails; here they are looked through.
//!
//! What it cannot see: somebody who can write to the database and makes all hashes anew. Against them the ends of the
//! chains are kept elsewhere ([`Look::ends`]) and compared later ([`Look::against`]).

mod walk;

use super::Env;
use crate::{
    domain::id::{AuditId, OwnerId},
    store::{
        Page, Result, Trail,
        chain::{Chain, Hash, Head},
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
    /// It is blank, though nobody was erased.
    Blank,
    /// There is no trail at all.
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
            Fault::Blank => "is blank, though nobody was erased",
            Fault::NoTrail => "should be there: there is no trail at all",
            Fault::Replaced => "is not the line that stood here when the ends were kept",
        }
    }
}

/// The first broken line of a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Whose.
    pub chain: Chain,
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
    /// How many owners' chains.
    pub owners: u64,
    /// How many lines, those of the operation's trails included.
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
    pub against: Option<&'a BTreeMap<Chain, (u64, Hash)>>,
    /// Called with each chain that holds, and its end.
    pub ends: Option<&'a mut (dyn FnMut(Chain, Head) + Send)>,
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
            if walk.as_ref().is_none_or(|walk| walk.chain != Chain::Owner(owner)) {
                head = end(&mut looked, &mut look, &mut suspects, (walk.take(), head), &mut heads).await?;
                // Ends of chains of which no line is there.
                while let Some((of, _)) = head.filter(|(of, _)| *of < owner) {
                    suspects.push(of);
                    head = heads.next().await?;
                }
                walk = Some(Walk::new(Chain::Owner(owner), kept(&look, Chain::Owner(owner))));
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
        let chain = Chain::Owner(owner);
        let found = one(env, chain, kept(&look, chain)).await?;
        if let (None, Some(ends), Some(head)) = (found, &mut look.ends, head_of(env, chain).await?) {
            ends(chain, head);
        }
        looked.broken.extend(found);
    }
    if look.of.is_none() {
        for trail in Trail::ALL {
            trail_of_operation(env, trail, &mut look, &mut looked).await?;
        }
    }
    looked.broken.extend(outside(env, &look).await?);
    looked.broken.sort_unstable_by_key(|broken| (broken.chain, broken.number));
    looked.broken.dedup_by_key(|broken| broken.chain);
    Ok(looked)
}

/// Looks through one of the operation's trails.
async fn trail_of_operation(env: &Env, trail: Trail, look: &mut Look<'_>, looked: &mut Looked) -> Result<()> {
    let chain = Chain::Trail(trail);
    let Some(head) = head_of(env, chain).await? else {
        looked.broken.push(Broken { chain, number: 1, id: None, fault: Fault::NoTrail });
        return Ok(());
    };
    looked.lines += head.number;
    match one(env, chain, kept(look, chain)).await? {
        Some(found) => looked.broken.push(found),
        None => {
            if let Some(ends) = &mut look.ends {
                ends(chain, head);
            }
        }
    }
    Ok(())
}

fn kept(look: &Look<'_>, chain: Chain) -> Option<(u64, Hash)> {
    look.against.and_then(|ends| ends.get(&chain)).copied()
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
    let Chain::Owner(owner) = walk.chain else { return Ok(head) };
    let own = head.filter(|(of, _)| *of == owner).map(|(_, head)| head);
    // One with blank lines is looked at once more: whether that owner was erased is asked there.
    match (walk.end(own), own) {
        (None, Some(own)) if walk.blank == 0 => {
            if let Some(ends) = &mut look.ends {
                ends(walk.chain, own);
            }
        }
        _ => suspects.push(owner),
    }
    if own.is_some() { heads.next().await } else { Ok(head) }
}

/// One trail: the first broken line. The end is read after the lines, with which it is written, so it is never behind them;
/// where it is ahead, lines were added meanwhile, and are looked at too.
async fn one(env: &Env, chain: Chain, kept: Option<(u64, Hash)>) -> Result<Option<Broken>> {
    let mut walk = Walk::new(chain, kept);
    let (mut reached, mut promised) = (0, 0);
    loop {
        let more = step(env, &mut walk, &mut reached).await?;
        if more {
            continue;
        }
        let head = head_of(env, chain).await?;
        let written = head.map_or(0, |head| head.number);
        if written <= reached || reached < promised {
            let found = walk.end(head);
            return Ok(if found.is_none() { unerased(env, &walk).await? } else { found });
        }
        promised = written;
    }
}

/// Walks along the next page; whether there is another one.
async fn step(env: &Env, walk: &mut Walk, reached: &mut u64) -> Result<bool> {
    match walk.chain {
        Chain::Owner(owner) => {
            let Page { items, more } = env.store.links(Some(owner), Some((owner, *reached)), PAGE).await?;
            for link in &items {
                walk.step(link);
            }
            *reached = items.last().map_or(*reached, |link| link.seal.number);
            Ok(more)
        }
        Chain::Trail(trail) => {
            let Page { items, more } = env.store.trail_links(trail, *reached, PAGE).await?;
            for link in &items {
                walk.step(link);
            }
            *reached = items.last().map_or(*reached, |link| link.seal.number);
            Ok(more)
        }
    }
}

/// A chain whose lines are blank is that of an owner who was erased and is no more, else somebody has wiped them.
async fn unerased(env: &Env, walk: &Walk) -> Result<Option<Broken>> {
    let (Some((number, id)), Chain::Owner(owner)) = (walk.first_blank, walk.chain) else { return Ok(None) };
    let gone = env.store.erased(owner).await?.is_some() && env.store.owner(owner).await?.is_none();
    Ok((!gone).then_some(Broken { chain: walk.chain, number, id: Some(id), fault: Fault::Blank }))
}

async fn head_of(env: &Env, chain: Chain) -> Result<Option<Head>> {
    match chain {
        Chain::Owner(owner) => Ok(env.store.heads(Some(owner), None, 1).await?.items.first().map(|(_, head)| *head)),
        Chain::Trail(trail) => env.store.trail_head(trail).await,
    }
}

/// What is in no chain, and who has none.
async fn outside(env: &Env, look: &Look<'_>) -> Result<Vec<Broken>> {
    let mut broken = Vec::new();
    let mut found = |chain, number, id, fault| broken.push(Broken { chain, number, id, fault });
    for line in env.store.unchained(look.of, NAMED).await? {
        found(Chain::Owner(line.owner), 0, Some(line.id), Fault::Outside);
    }
    if look.of.is_none() {
        for trail in Trail::ALL {
            for id in env.store.trail_unchained(trail, NAMED).await? {
                found(Chain::Trail(trail), 0, Some(id), Fault::Outside);
            }
        }
    }
    let asked = |chain: Chain| look.of.is_none_or(|of| Chain::Owner(of) == chain);
    for owner in env.store.without_chain(NAMED).await? {
        if asked(Chain::Owner(owner)) {
            found(Chain::Owner(owner), 1, None, Fault::NoTrail);
        }
    }
    for &chain in look.against.into_iter().flat_map(BTreeMap::keys).filter(|chain| asked(**chain)) {
        if head_of(env, chain).await?.is_none() {
            found(chain, 1, None, Fault::Cut);
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
