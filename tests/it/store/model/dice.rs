//! What happens next, from a seed.

mod traces;

use super::{of, state::State};
use crate::store::sample::*;
use redial::{
    clock::{Random as _, SeededRandom, Time},
    domain::{
        change::{
            Request, RequestState,
            hold::{By, Course},
        },
        group::{Grant, Item, Member},
        id::{AppId, ContactId, FanoutId, GroupId, LetterId, NoticeId, OwnerId, PointId, RequestId},
        imported::{ForEveryone, Moved},
        notice::{NoticeState, Recipient, Shown},
        owner::{Contact, Held, Membership, Proof},
    },
    store::{Commit, Effect, Letter, Once, Posted},
};
use std::time::Duration;

/// Few, so that they meet.
pub(crate) const KEYS: [&str; 6] =
    ["+14155550100", "+14155550101", "+14155550102", "+14155550103", "ann@example.com", "bob@example.com"];
const OWNERS: usize = 4;
/// The first owner's id: one that is found in a row. With a digit after it, it still fits.
const FIRST: u128 = 0x004e_5e4e_5e4e_5e4e_5e4e_5e4e_5e4e_0000;

pub(crate) struct Dice {
    random: SeededRandom,
    /// Who is written about; an id that was erased never comes again.
    pub(crate) owners: [u128; OWNERS],
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: SeededRandom::new(seed), owners: std::array::from_fn(|number| FIRST + number as u128) }
    }

    /// One of 0, 1 … below `end`.
    pub(crate) fn below(&self, end: usize) -> usize {
        usize::try_from(self.random.bits() % end as u128).expect("it is below a usize")
    }

    pub(crate) fn one_in(&self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn random_id(&self) -> u128 {
        self.random.bits()
    }

    fn number(&self, end: usize) -> u128 {
        self.below(end) as u128
    }

    fn when(&self) -> Time {
        at(i64::try_from(self.below(1_000)).expect("it is small"))
    }

    /// Over at once, or not while this test runs.
    pub(crate) fn lease(&self) -> Duration {
        if self.one_in(2) { Duration::ZERO } else { Duration::from_hours(1) }
    }

    pub(crate) fn owner(&self) -> u128 {
        self.owners[self.below(OWNERS)]
    }

    /// This owner was erased: somebody else comes.
    pub(crate) fn erased(&mut self, owner: OwnerId) {
        for known in self.owners.iter_mut().filter(|known| **known == owner.0) {
            *known += OWNERS as u128;
        }
    }

    fn key(&self) -> &'static str {
        KEYS[self.below(KEYS.len())]
    }

    fn proof(&self) -> Proof {
        match self.below(4) {
            0 => Proof::None,
            1 => Proof::Code,
            2 => Proof::Vouched(AppId(self.number(3))),
            _ => Proof::Imported("list".into()),
        }
    }

    fn held(&self) -> Held {
        let from = self.when();
        Held { address: address(self.key()), from, until: None, proof: self.proof(), proved: self.when() }
    }

    fn recipient(&self) -> Recipient {
        if self.one_in(3) {
            Recipient::Owner(OwnerId(self.owner()))
        } else {
            Recipient::Contact(ContactId(self.owner() * 10 + self.number(3)))
        }
    }

    /// A claim that was made at some time, and whether it is the present one.
    pub(crate) fn claim(&self, state: &State) -> Option<(NoticeId, u64, bool)> {
        let claims = &state.claims;
        let &(id, fence, _) = claims.get(self.below(claims.len().max(1)))?;
        Some((id, fence, state.holds(id, fence)))
    }

    pub(crate) fn commit(&self, state: &State) -> Commit {
        let mut after = state.clone();
        let mut effects = Vec::new();
        for _ in 0..=self.below(5) {
            // What is refused undoes all before it, so most of it is thrown again.
            let again = (0..6).map(|_| self.effect(&after)).find(|effect| {
                let works = after.clone().commit(&of(vec![effect.clone()])).is_ok();
                works || self.one_in(15)
            });
            let effect = again.unwrap_or_else(|| self.effect(&after));
            let _refused = after.commit(&of(vec![effect.clone()]));
            effects.push(effect);
        }
        let mut commit = of(effects);
        if self.one_in(3) {
            let owner = self.owner();
            let known = state.owners.get(&owner).map_or(0, |owner| owner.version);
            commit.expect = vec![(OwnerId(owner), if self.one_in(4) { known + 1 } else { known })];
        }
        if self.one_in(10) {
            let key = format!("k{}", self.below(10)).into();
            commit.once = Some(Once {
                caller: AppId(1),
                path: "p".into(),
                key,
                digest: [0; 32],
                status: 200,
                body: self.about(),
            });
        }
        commit
    }

    fn effect(&self, state: &State) -> Effect {
        let number = self.owner();
        let owner = OwnerId(number);
        // An imported owner's point and group have its own number: no number of a group below is an owner's.
        let imported = state.owners.get(&number).is_some_and(|owner| owner.points.iter().any(|one| one.id.0 == number));
        let (mut point, mut group) = (number * 10 + self.number(2), number * 10 + 4 + self.number(2));
        if imported && self.one_in(2) {
            (point, group) = (number, number);
        }
        let (point, group) = (PointId(point), GroupId(group));
        let contact = ContactId(number * 10 + self.number(3));
        let member = match self.below(6) {
            0 => Member::Everyone,
            1 => Member::Application(AppId(1)),
            _ => Member::Contact(contact),
        };
        match self.below(46) {
            38 => self.silence(state, owner),
            39..=45 => traces::effect(self, state, owner),
            32 | 33 => self.letter(),
            34 => self.posted(state).unwrap_or_else(|| self.letter()),
            35..=37 => self.request(state, owner),
            0..=3 => self.new_owner(state, number),
            4 => Effect::PointSet(owner, super::state::point(point, self.one_in(5).then(|| self.when()))),
            5..=8 => Effect::ValueHeld(owner, point, self.held()),
            9..=11 => Effect::ValueLeft(owner, point, self.when()),
            12 | 13 => {
                Effect::ValueProved { owner, point, key: self.key().into(), proof: self.proof(), at: self.when() }
            }
            14 => Effect::GroupSet(group_of(number, group, self.grants(point))),
            15 => Effect::GroupRemoved(owner, group),
            16..=18 => Effect::ContactSet(self.contact(number, contact)),
            19 => Effect::ContactRemoved(owner, contact),
            20..=22 => Effect::MemberAdded(owner, Membership { group, member }),
            23 => Effect::MemberRemoved(owner, Membership { group, member }),
            24 => self.block(state, owner),
            25..=27 => self.notice(owner),
            28 | 29 => self.settle(state).unwrap_or(Effect::Unblocked(owner, self.key().into())),
            30 => self.fanout(state, owner),
            _ => self.show(owner),
        }
    }

    fn letter(&self) -> Effect {
        let due = if self.one_in(5) { Time(i64::MAX / 2) } else { self.when() };
        Effect::Posted(Posted::Due(Letter {
            id: LetterId(self.random.bits()),
            to: address(self.key()),
            what: self.about(),
            language: self.one_in(2).then(|| "de".into()),
            urgent: self.one_in(2),
            due,
            expires: self.when(),
            attempts: 0,
            account: None,
        }))
    }

    /// A text that names an owner, or nobody.
    fn about(&self) -> Box<str> {
        if self.one_in(2) { format!("{{\"owner\":\"{}\"}}", OwnerId(self.owner())).into() } else { "{}".into() }
    }

    /// An owner's panic begins or ends, or what they are called is another.
    fn silence(&self, state: &State, owner: OwnerId) -> Effect {
        let Some(known) = state.owners.get(&owner.0) else { return Effect::Unblocked(owner, self.key().into()) };
        if self.one_in(2) {
            return Effect::NamesSet(owner, names(&["Somebody"]));
        }
        Effect::OwnerSet {
            id: owner,
            language: known.language.clone(),
            profile: known.profile.clone(),
            claimed: true,
            silenced: self.one_in(2),
            revision: known.revision + 1,
        }
    }

    /// What becomes of a letter, by a claim that was made at some time.
    fn posted(&self, state: &State) -> Option<Effect> {
        let claims = &state.waiting.claims;
        let &(id, fence) = claims.get(self.below(claims.len().max(1)))?;
        Some(Effect::Posted(match self.below(4) {
            0 => Posted::Begun { id, fence, account: "sms".into() },
            1 => Posted::Ended { id, fence },
            _ => {
                let attempts = u32::try_from(self.below(3)).expect("it is small");
                let account = self.one_in(2).then(|| "mail".into());
                Posted::Later { id, fence, due: self.when(), attempts, account }
            }
        }))
    }

    /// A request of a known owner that is new, goes on, or is over.
    fn request(&self, state: &State, owner: OwnerId) -> Effect {
        if !state.owners.contains_key(&owner.0) {
            return self.letter();
        }
        let states = [RequestState::AwaitingProof, RequestState::Held, RequestState::Accepted, RequestState::Cancelled];
        let stands = states[self.below(4)];
        let far = self.one_in(5);
        let due = if far { Time(i64::MAX / 2) } else { self.when() };
        let mut course = Course::default();
        if self.one_in(2) {
            course.show(By::Code(self.key().into()), self.when());
        }
        Effect::RequestSet(Request {
            id: RequestId(owner.0 * 10 + self.number(3)),
            owner,
            state: stands,
            wanted: "{}".into(),
            by: "owner".into(),
            created: self.when(),
            decided: (!stands.is_open()).then(|| self.when()),
            course,
            due: stands.is_open().then_some(due),
        })
    }

    fn new_owner(&self, state: &State, number: u128) -> Effect {
        if state.owners.contains_key(&number) && !self.one_in(10) {
            return Effect::BookSet(book(number, number));
        }
        if self.one_in(2) {
            return Effect::OwnersImported(vec![self.moved(number)]);
        }
        let mut new = owner(number, "Somebody", &[]);
        let past = Held { until: Some(self.when()), ..self.held() };
        new.points = vec![point(number * 10, vec![past, self.held()])];
        new.points[0].kind = redial::domain::address::Kind::Phone;
        Effect::OwnerAdded(new)
    }

    fn moved(&self, number: u128) -> Moved {
        let grant = [ForEveryone::None, ForEveryone::Forward, ForEveryone::Reveal][self.below(3)];
        Moved { grant, ..moved(number, self.key(), self.key(), self.when()) }
    }

    fn grants(&self, point: PointId) -> Vec<Grant> {
        match self.below(3) {
            0 => vec![Grant::Forward(point)],
            1 => vec![Grant::Reveal(Item::Point(point))],
            _ => vec![Grant::Reveal(Item::Field(redial::domain::owner::Field::Photo))],
        }
    }

    fn contact(&self, owner: u128, id: ContactId) -> Contact {
        let addresses: Vec<_> = (0..self.below(3)).map(|_| self.key()).collect();
        let mut contact = contact(owner, owner, id.0, "Friend", &addresses);
        contact.linked = self.one_in(3).then(|| OwnerId(self.owner()));
        contact.version = u64::try_from(self.random.bits() >> 65).expect("63 bits are left");
        if self.one_in(4) {
            contact.uid = "the same".into();
        }
        contact
    }

    fn block(&self, state: &State, owner: OwnerId) -> Effect {
        let identity = if self.one_in(2) { self.key().into() } else { OwnerId(self.owner()).to_string().into() };
        let known = state.owners.contains_key(&owner.0);
        if known && self.one_in(2) { Effect::Blocked(owner, identity) } else { Effect::Unblocked(owner, identity) }
    }

    fn notice(&self, owner: OwnerId) -> Effect {
        let mut new = notice(self.random.bits(), owner.0, 0, self.when());
        new.recipient = self.recipient();
        if self.one_in(5) {
            new.due = Time(i64::MAX / 2);
        }
        Effect::NoticeDue(new)
    }

    fn settle(&self, state: &State) -> Option<Effect> {
        let (id, fence, seen) = *state.claims.get(self.below(state.claims.len().max(1)))?;
        let states = [NoticeState::Open, NoticeState::Sent, NoticeState::Unknown, NoticeState::Dead];
        let given = states[self.below(4)];
        if self.one_in(5) {
            let from = states[self.below(4)];
            let to = states[1 + self.below(3)];
            return Some(Effect::NoticeMarked { id, from, state: to, reason: "marked".into() });
        }
        let attempts = u32::try_from(self.below(3)).expect("it is small");
        Some(Effect::NoticeSet { id, fence, seen, state: given, due: self.when(), attempts, reason: "set".into() })
    }

    fn fanout(&self, state: &State, owner: OwnerId) -> Effect {
        let id = FanoutId(self.number(state.fanouts.len() + 2));
        match self.below(3) {
            0 => Effect::FanoutMoved(id, None),
            1 => Effect::FanoutMoved(id, Some(self.recipient())),
            _ => Effect::FanoutDue(fanout(id.0, owner.0, self.when())),
        }
    }

    fn show(&self, owner: OwnerId) -> Effect {
        let rights = u64::try_from(self.random.bits() >> 64).expect("64 bits are left");
        let recipient = self.recipient();
        Effect::ShownTo(Shown { owner, recipient, revision: 3, rights, card: "{}".into(), at: self.when() })
    }
}

/// A group in the owner's one book.
fn group_of(owner: u128, id: GroupId, grants: Vec<Grant>) -> redial::domain::owner::Group {
    group(owner, owner, id.0, grants)
}
