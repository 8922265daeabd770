//! One owner, Ann, with a book, groups and contacts; a clock that stands still; accounts that note what they were given.

use crate::{people, still::Still};
use async_trait::async_trait;
use redial::{
    clock::{ManualClock, SeededRandom, Time},
    domain::{
        address::Address,
        group::{Grant, Item, Member, Told},
        id::{BookId, ContactId, FanoutId, GroupId, NoticeId, OwnerId, PointId, RequestId},
        notice::{AttemptOutcome, Notice, NoticeState, Recipient},
        owner::{Book, Change, Channel, Contact, Group, Held, Membership, Owner, Point, Proof},
        schedule::Backoff,
    },
    store::{Commit, Effect, Fanout, SharedStore},
    template::Templates,
    transport::delivery::Delivery,
    usecase::{
        Env, Rules,
        carrier::{Carrier, Carriers, Content, Message},
        deliver_notice::Post,
    },
    worker::{Progress, Settings, Worker},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

pub(super) const ANN: OwnerId = OwnerId(1);
pub(super) const BOOK: BookId = BookId(1);
pub(super) const MOBILE: PointId = PointId(10);
pub(super) const WORK: PointId = PointId(11);
pub(super) const OLD: &str = "+14155550100";
pub(super) const NEW: &str = "+14155550123";
/// 2026-11-23T11:00:00Z, a Monday.
pub(super) const START: Time = Time(1_795_431_600_000_000);

/// What an account was given, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) account: String,
    pub(super) to: String,
    pub(super) reference: String,
    pub(super) text: String,
}

/// An account that notes what it is given and answers as it was told, with *sent* when it was told nothing.
pub(super) struct Scripted {
    pub(super) name: &'static str,
    pub(super) channel: Channel,
    pub(super) repeatable: bool,
    pub(super) answers: Mutex<VecDeque<Delivery>>,
    pub(super) given: Arc<Mutex<Vec<Given>>>,
    /// Done while a message is under way.
    pub(super) meanwhile: Mutex<Option<futures_util::future::BoxFuture<'static, ()>>>,
    /// What it answers when it is asked for a message; without a list it cannot be asked.
    pub(super) found: Mutex<Option<VecDeque<Option<Delivery>>>>,
    /// References that it was asked for.
    pub(super) asked: Mutex<Vec<String>>,
}

/// How long after a message began the scripted accounts can be asked for it.
pub(super) const ASKED_AFTER: Duration = Duration::from_secs(90);

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

#[async_trait]
impl Carrier for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn speaks(&self, channel: Channel) -> bool {
        channel == self.channel
    }

    fn repeatable(&self) -> bool {
        self.repeatable
    }

    /// One account is as providers are that know a repeat by its key for an hour.
    fn repeatable_for(&self) -> Option<Duration> {
        (self.name == "keyed").then_some(Duration::from_hours(1))
    }

    fn asked_after(&self) -> Option<Duration> {
        self.found.lock().unwrap().is_some().then_some(ASKED_AFTER)
    }

    async fn look_up(&self, _: &Address, reference: &str, _: Time) -> Option<Delivery> {
        self.asked.lock().unwrap().push(reference.to_owned());
        self.found.lock().unwrap().as_mut()?.pop_front().flatten()
    }

    fn replies(&self) -> bool {
        true
    }

    async fn deliver(&self, message: &Message<'_>) -> Delivery {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        let text = match message.content {
            Content::Sms(sms) => sms.text.clone(),
            Content::Push { push, place, collapse } => {
                format!("{}\n{}\n{}\n{collapse}", place.plain(), push.title, push.body)
            }
            Content::Email { email, card } => format!("{}\n{}", email.text, card.as_deref().unwrap_or_default()),
        };
        let (account, to) = (self.name.to_owned(), message.to.wire().to_owned());
        self.given.lock().unwrap().push(Given { account, to, reference: message.reference.to_owned(), text });
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| Delivery::new(AttemptOutcome::Sent, ""))
    }
}

pub(super) struct World {
    pub(super) env: Env,
    pub(super) clock: Arc<ManualClock>,
    pub(super) worker: Worker,
    pub(super) post: Arc<Post>,
    pub(super) given: Arc<Mutex<Vec<Given>>>,
    pub(super) sms: Arc<Scripted>,
    pub(super) mail: Arc<Scripted>,
    pub(super) push: Arc<Scripted>,
    ids: Mutex<u128>,
    still: Still,
}

/// On an embedded store.
pub(super) async fn on_sqlite() -> World {
    World::new().await
}

/// On a database of its own; none where there is no `PostgreSQL`.
pub(super) async fn on_postgres() -> Option<World> {
    Some(World::over(Still::database(START).await?).await)
}

pub(super) fn address(key: &str) -> Address {
    Address::stored(key, key)
}

pub(super) fn held(key: &str, from: Time) -> Held {
    Held { address: address(key), from, until: None, proof: Proof::Code, proved: from }
}

fn point(id: PointId, label: &str, value: &str) -> Point {
    people::point(id, label, vec![held(value, Time(0))])
}

pub(super) fn owner(id: OwnerId, name: &str, points: Vec<Point>) -> Owner {
    people::owner(id, name, points, Time(0))
}

pub(super) fn ann() -> Owner {
    owner(ANN, "Ann Lee", vec![point(MOBILE, "mobile", OLD), point(WORK, "work", "+14155550177")])
}

pub(super) fn bob(number: u128, value: &str) -> Owner {
    owner(OwnerId(number), "Bob Roy", vec![point(PointId(number), "", value)])
}

pub(super) fn group(id: u128, told: Told, channels: &[Channel], reveals: &[PointId]) -> Group {
    Group {
        introduce: false,
        id: GroupId(id),
        book: BOOK,
        owner: ANN,
        name: "Friends".into(),
        told,
        channels: channels.to_vec(),
        quiet: None,
        grants: reveals.iter().map(|&point| Grant::Reveal(Item::Point(point))).collect(),
    }
}

pub(super) fn contact(id: u128, addresses: &[&str]) -> Contact {
    Contact {
        id: ContactId(id),
        book: BOOK,
        owner: ANN,
        uid: id.to_string().into(),
        version: 1,
        card: Vec::new(),
        name: format!("Contact {id}").into(),
        names: Vec::new(),
        addresses: addresses.iter().map(|key| address(key)).collect(),
        linked: None,
        language: None,
    }
}

pub(super) fn env(store: SharedStore, clock: Arc<dyn redial::clock::Clock>, rules: Rules) -> Env {
    Env::new(store, clock, Arc::new(SeededRandom::new(1)), rules)
}

pub(crate) fn post(carriers: Carriers) -> Post {
    Post {
        templates: Templates::built_in(),
        carriers,
        service: "Redial".to_owned(),
        help: "help@example.com".to_owned(),
        public_url: String::new(),
        mailboxes: std::collections::HashMap::new(),
        language: "en".to_owned(),
        backoff: Backoff { steps: vec![Duration::from_secs(10), Duration::from_secs(100)], jitter: 0 },
        expiry: Post::USUAL_EXPIRY,
        caps: std::collections::HashMap::new(),
        governor: redial::usecase::governor::Governor::default(),
        zone: jiff::tz::TimeZone::UTC,
    }
}

impl World {
    /// Ann with a mobile and a work number, a book, and nobody in it; an SMS account whose messages cannot be repeated,
    /// and mail and push accounts whose can.
    pub(super) async fn new() -> Self {
        Self::over(Still::embedded(START)).await
    }

    /// Another world on such a store.
    pub(super) async fn anew(&self) -> Self {
        Self::over(self.still.anew(START).await).await
    }

    pub(super) async fn on(store: SharedStore, clock: Arc<ManualClock>) -> Self {
        Self::over(Still::over(store, clock)).await
    }

    pub(super) async fn over(still: Still) -> Self {
        let clock = Arc::clone(&still.clock);
        let env = env(Arc::clone(&still.store), Arc::clone(&clock) as _, Rules::default());
        let given = Arc::default();
        let scripted = |name, channel, repeatable| {
            let given = Arc::clone(&given);
            let (answers, meanwhile, found, asked) = Default::default();
            Arc::new(Scripted { name, channel, repeatable, answers, given, meanwhile, found, asked })
        };
        let (sms, mail) = (scripted("sms", Channel::Sms, false), scripted("mail", Channel::Email, true));
        let push = scripted("push", Channel::Push, true);
        let carriers: Carriers = vec![
            (Channel::Sms, sms.clone() as _),
            (Channel::Email, mail.clone() as _),
            (Channel::Push, push.clone() as _),
        ];
        let post = Arc::new(post(carriers));
        let worker = Worker::new(env.clone(), Arc::clone(&post), Settings::default(), None);
        let world = Self { env, clock, worker, post, given, sms, mail, push, ids: Mutex::new(1), still };
        let book = Book { id: BOOK, owner: ANN, name: "Private".into(), default_group: None };
        let ann = ann();
        let first = world.revision(&ann, Time(1));
        world.commit(vec![Effect::OwnerAdded(ann), first, Effect::BookSet(book)]).await;
        world
    }

    fn id(&self) -> u128 {
        let mut ids = self.ids.lock().unwrap();
        *ids += 1;
        *ids
    }

    pub(super) async fn commit(&self, effects: Vec<Effect>) {
        self.env.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    }

    fn revision(&self, owner: &Owner, at: Time) -> Effect {
        let snapshot = redial::domain::change::Snapshot::of(owner);
        let snapshot = serde_json::to_string(&snapshot).unwrap().into();
        Effect::Changed(Change {
            owner: owner.id,
            revision: owner.revision,
            at,
            request: RequestId(self.id()),
            snapshot,
        })
    }

    pub(super) fn now(&self) -> Time {
        redial::clock::Clock::now(&*self.clock)
    }

    /// A group with these members.
    pub(super) async fn group(&self, group: Group, members: &[u128]) {
        let member = |id: &u128| Membership { group: group.id, member: Member::Contact(ContactId(*id)) };
        let members: Vec<_> = members.iter().map(|id| Effect::MemberAdded(ANN, member(id))).collect();
        let mut effects = vec![Effect::GroupSet(group)];
        effects.extend(members);
        self.commit(effects).await;
    }

    pub(super) async fn contacts(&self, contacts: &[Contact]) {
        self.commit(contacts.iter().cloned().map(Effect::ContactSet).collect()).await;
    }

    pub(super) fn fanout(&self, only: Vec<Recipient>, silent: bool) -> Effect {
        Effect::FanoutDue(Fanout { id: FanoutId(self.id()), owner: ANN, at: self.now(), only, silent, cursor: None })
    }

    /// Ann's point has another value now: revision, history and fan-out in one commit (rule C6).
    pub(super) async fn change(&self, point: PointId, value: &str) {
        self.commit(self.changing(point, value).await).await;
    }

    pub(super) async fn changing(&self, point: PointId, value: &str) -> Vec<Effect> {
        let mut owner = self.env.store.owner(ANN).await.unwrap().unwrap();
        owner.revision += 1;
        let (at, new) = (self.now(), held(value, self.now()));
        for owned in owner.points.iter_mut().filter(|owned| owned.id == point) {
            owned.values.iter_mut().filter(|held| held.until.is_none()).for_each(|held| held.until = Some(at));
            owned.values.push(new.clone());
        }
        vec![
            Effect::ValueLeft(ANN, point, at),
            Effect::ValueHeld(ANN, point, new),
            Self::owner_set(&owner),
            self.revision(&owner, at),
            self.fanout(Vec::new(), false),
        ]
    }

    pub(super) fn owner_set(owner: &Owner) -> Effect {
        Effect::OwnerSet {
            id: owner.id,
            language: owner.language.clone(),
            profile: owner.profile.clone(),
            claimed: owner.claimed,
            silenced: owner.silenced,
            revision: owner.revision,
        }
    }

    /// Ann has another name.
    pub(super) async fn rename(&self, name: &str) {
        let mut owner = self.env.store.owner(ANN).await.unwrap().unwrap();
        owner.revision += 1;
        owner.profile.name = name.to_owned();
        self.commit(vec![Self::owner_set(&owner), self.revision(&owner, self.now()), self.fanout(Vec::new(), false)])
            .await;
    }

    pub(super) async fn idle(&self) -> Progress {
        self.worker.run_until_idle().await.unwrap()
    }

    /// Time passes, and nobody has looked yet at what then is due.
    pub(super) async fn passes(&self, span: Duration) {
        self.still.passes(span).await;
    }

    /// Everything that happens in so many seconds.
    pub(super) async fn after(&self, seconds: u64) -> Progress {
        self.idle().await;
        self.passes(Duration::from_secs(seconds)).await;
        self.idle().await
    }

    /// What was given to accounts since the last time: `account to: text`.
    pub(super) fn taken(&self) -> Vec<Given> {
        let mut given = std::mem::take(&mut *self.given.lock().unwrap());
        given.sort_by(|a, b| (&a.account, &a.to).cmp(&(&b.account, &b.to)));
        given
    }

    /// The same as `account to`.
    pub(super) fn told(&self) -> Vec<String> {
        self.taken().iter().map(|given| format!("{} {}", given.account, given.to)).collect()
    }

    pub(super) async fn notices(&self) -> Vec<Notice> {
        let page = self.env.store.notices(ANN, None, 1_000).await.unwrap();
        page.items.into_iter().rev().collect()
    }

    /// State and reason of every notice, oldest first.
    pub(super) async fn states(&self) -> Vec<(NoticeState, String)> {
        self.notices().await.into_iter().map(|notice| (notice.state, notice.reason.to_string())).collect()
    }

    pub(super) async fn attempts(&self, id: NoticeId) -> Vec<Option<AttemptOutcome>> {
        self.env.store.attempts(id).await.unwrap().into_iter().map(|attempt| attempt.outcome).collect()
    }
}

pub(super) fn friend(id: u128) -> Recipient {
    Recipient::Contact(ContactId(id))
}
