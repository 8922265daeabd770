//! Ann and Bob, who proved their numbers long ago; accounts that note what they were given; a clock that is moved by hand,
//! the database's too.

use crate::{
    notes::{self, Given},
    people,
    still::Still,
    store::Proxy,
};
use redial::{
    clock::{SeededRandom, Time},
    domain::{
        address::Address,
        change::{Request, RequestState},
        code::Caps,
        id::{OwnerId, PointId, RequestId},
        name,
        owner::{Held, Owner, Point, Proof},
    },
    store::{Commit, Effect, Session},
    usecase::{
        Env, Rules,
        codes::{Issued, Requester},
        course,
        deliver_notice::Post,
        requests,
        sessions::Token,
        sign_in::{self, SignedIn},
        wanted::{NewPoint, NewValue, Wanted, WantedPoint},
        write::{Actor, Refused, carry_out},
    },
    worker::{Settings, Worker},
};
use std::{sync::Arc, time::Duration};

pub(super) const ANN: OwnerId = OwnerId(1);
pub(super) const BOB: OwnerId = OwnerId(2);
pub(super) const MOBILE: &str = "+14155550100";
pub(super) const WORK: &str = "+14155550177";
pub(super) const MAIL: &str = "ann@example.com";
pub(super) const NEW: &str = "+14155550123";
pub(super) const BOBS: &str = "+14155550150";
pub(super) const BOBS_MAIL: &str = "bob@example.com";

pub(super) const DAY: Duration = Duration::from_hours(24);
/// 2026-11-23T11:00:00Z.
const START: Time = Time(1_795_431_600_000_000);

pub(super) struct World {
    pub(super) env: Env,
    still: Still,
    proxy: Option<Arc<Proxy>>,
    pub(super) worker: Worker,
    pub(super) post: Arc<Post>,
    given: Given,
}

pub(super) fn address(text: &str) -> Address {
    Address::parse(text, None).unwrap()
}

fn point(id: u128, label: &str, value: &str, from: Time) -> Point {
    let held = Held { address: address(value), from, until: None, proof: Proof::Code, proved: from };
    people::point(PointId(id), label, vec![held])
}

/// Rules whose codes are not limited: that is a test of its own.
pub(super) fn rules() -> Rules {
    let many = Caps { again: 99, address: 99, address_day: 99, prefix: 999, domain: 999, country: 999, requester: 999 };
    Rules { codes: many, ..Rules::default() }
}

pub(super) async fn on_sqlite() -> World {
    World::on(Still::embedded(START), rules()).await
}

pub(super) async fn on_postgres() -> Option<World> {
    Some(World::on(Still::database(START).await?, rules()).await)
}

impl World {
    /// On a database behind a proxy that hears what is asked of it, one after the other; none where that engine is not there.
    pub(super) async fn on_proxy() -> Option<Self> {
        let still = Still::database(START).await?;
        let proxy = Proxy::start(still.url().expect("it is a database")).await;
        let world = Self::on(still.by_way_of(&proxy.url, 1).await, rules()).await;
        Some(Self { proxy: Some(proxy), ..world })
    }

    /// The statements that reached the database since the last time.
    pub(super) fn heard(&self) -> Vec<String> {
        self.proxy.as_ref().expect("the world is on a proxy").heard()
    }

    /// Another world on such a store.
    pub(super) async fn anew(&self) -> Self {
        self.anew_with(rules()).await
    }

    pub(super) async fn anew_with(&self, rules: Rules) -> Self {
        Self::on(self.still.anew(START).await, rules).await
    }

    /// What a second node works with: a process of its own on the same database. With the embedded store another task.
    pub(super) async fn second_node(&self) -> Env {
        let (store, random) = (self.still.of_a_second_node().await, Arc::new(SeededRandom::new(8)));
        Env::new(store, Arc::clone(&self.still.clock) as _, random, Rules::clone(&self.env.rules()))
    }

    async fn on(still: Still, rules: Rules) -> Self {
        let (store, clock) = (Arc::clone(&still.store), Arc::clone(&still.clock));
        let env = Env::new(store, clock, Arc::new(SeededRandom::new(7)), rules);
        let given = Given::default();
        let post = Arc::new(notes::post(&given, "https://redial.example"));
        let worker = Worker::new(env.clone(), Arc::clone(&post), Settings::default(), None);
        let world = Self { env, still, proxy: None, worker, post, given };
        let ago = world.now().await.before(DAY * 400);
        let ann = people::owner(
            ANN,
            "Ann Lee",
            vec![point(10, "mobile", MOBILE, ago), point(11, "work", WORK, ago), point(12, "mail", MAIL, ago)],
            ago,
        );
        let bob =
            people::owner(BOB, "Bob Roy", vec![point(20, "mobile", BOBS, ago), point(21, "mail", BOBS_MAIL, ago)], ago);
        let mut effects = Vec::new();
        for one in [ann, bob] {
            let names = name::keys(&one.profile);
            let id = one.id;
            effects.extend([Effect::OwnerAdded(one), Effect::NamesSet(id, names)]);
        }
        world.commit(effects).await;
        world
    }

    pub(super) async fn commit(&self, effects: Vec<Effect>) {
        self.env.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    }

    pub(super) async fn now(&self) -> Time {
        self.env.store.now().await.unwrap()
    }

    /// Time passes, and everything happens that then is due.
    pub(super) async fn after(&self, span: Duration) {
        self.passes(span).await;
        self.idle().await;
    }

    /// Time passes, and nobody has looked yet at what then is due.
    pub(super) async fn passes(&self, span: Duration) {
        self.still.passes(span).await;
    }

    pub(super) async fn idle(&self) {
        self.worker.run_until_idle().await.unwrap();
    }

    /// The messages since the last time, as `(to, text)`, in the order of addresses.
    pub(super) async fn mail(&self) -> Vec<(String, String)> {
        self.idle().await;
        let mut given = std::mem::take(&mut *self.given.lock().unwrap());
        given.sort();
        given
    }

    /// To whom there were messages.
    pub(super) async fn told(&self) -> Vec<String> {
        self.mail().await.into_iter().map(|(to, _)| to).collect()
    }

    /// The one-time code in the last message of that kind to this address; it is taken.
    pub(super) async fn code_at(&self, to: &str) -> String {
        self.last(to, "is your Redial code").await
    }

    /// The code that stops a change, in the last message of that kind to this address; it is taken.
    pub(super) async fn keep_at(&self, to: &str) -> String {
        self.last(to, "KEEP ").await
    }

    async fn last(&self, to: &str, words: &str) -> String {
        self.idle().await;
        let mut given = self.given.lock().unwrap();
        let at = given.iter().rposition(|(known, text)| known == to && text.contains(words));
        digits(&given.remove(at.unwrap_or_else(|| panic!("no message to {to}"))).1)
    }

    pub(super) async fn owner(&self, id: OwnerId) -> Owner {
        self.env.store.owner(id).await.unwrap().unwrap()
    }

    /// The believed present values of an owner, as they are written.
    pub(super) async fn values(&self, id: OwnerId) -> Vec<String> {
        let owner = self.owner(id).await;
        let held = owner.points.iter().filter_map(Point::current).filter(|held| held.proof != Proof::None);
        held.map(|held| held.address.wire().to_owned()).collect()
    }

    pub(super) async fn request(&self, id: RequestId) -> Request {
        self.env.store.request(ANN, id).await.unwrap().unwrap()
    }

    pub(super) async fn state(&self, id: RequestId) -> RequestState {
        self.request(id).await.state
    }

    pub(super) async fn begin(&self, to: &str) -> Result<Issued, Refused> {
        sign_in::begin(&self.env, &address(to), Requester { who: "ip 192.0.2.1", language: None }).await
    }

    /// Signed in with a code to this address.
    pub(super) async fn sign_in(&self, to: &str) -> (Session, Token) {
        let issued = self.begin(to).await.unwrap();
        let code = self.code_at(to).await;
        match sign_in::finish(&self.env, issued.challenge, &code, "a phone", None).await.unwrap() {
            SignedIn::As { session, token } => (session, token),
            SignedIn::Newcomer => panic!("{to} is nobody's"),
        }
    }

    /// Somebody who has just signed in with this address.
    pub(super) async fn person(&self, to: &str) -> Actor {
        Actor::person(self.sign_in(to).await.0.evidence)
    }

    pub(super) async fn wants(&self, actor: &Actor, wanted: Wanted) -> Result<Request, Refused> {
        self.wants_of(ANN, actor, wanted).await
    }

    pub(super) async fn wants_of(&self, owner: OwnerId, actor: &Actor, wanted: Wanted) -> Result<Request, Refused> {
        let made = carry_out(&self.env, || requests::make(&self.env, actor, owner, None, &wanted)).await?;
        Ok(made.request)
    }

    /// Answers a code to this address for a request of Ann's.
    pub(super) async fn proves(&self, request: RequestId, to: &str) -> Result<Request, Refused> {
        self.proves_of(ANN, request, to).await
    }

    pub(super) async fn proves_of(&self, owner: OwnerId, request: RequestId, to: &str) -> Result<Request, Refused> {
        let requester = Requester { who: "owner", language: None };
        let issued = course::code(&self.env, owner, request, &address(to), requester).await?;
        let typed = self.code_at(address(to).wire()).await;
        self.answers_of(owner, request, issued, &typed).await
    }

    pub(super) async fn answers(&self, request: RequestId, issued: Issued, typed: &str) -> Result<Request, Refused> {
        self.answers_of(ANN, request, issued, typed).await
    }

    async fn answers_of(
        &self,
        owner: OwnerId,
        request: RequestId,
        issued: Issued,
        typed: &str,
    ) -> Result<Request, Refused> {
        let code = course::answered(&self.env, owner, request, issued.challenge, typed).await?;
        let (shown, used) = course::shown_by(&code, self.now().await);
        let actor = Actor::person(Vec::new());
        let plan = || course::prove(&self.env, &actor, owner, request, shown.clone(), Some(used.clone()));
        Ok(carry_out(&self.env, plan).await?.request)
    }

    /// A change of Ann's mobile to `NEW`, signed in with her mobile, proved by a code to the new number, and held.
    pub(super) async fn held(&self) -> Request {
        let ann = self.person(MOBILE).await;
        let request = self.wants(&ann, replace("mobile", NEW)).await.unwrap();
        assert_eq!(request.state, RequestState::AwaitingProof);
        self.proves(request.id, NEW).await.unwrap()
    }
}

/// The six digits in a text.
pub(super) fn digits(text: &str) -> String {
    let runs = text.split(|letter: char| !letter.is_ascii_digit());
    runs.into_iter().find(|run| run.len() == 6).unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}

pub(super) fn replace(point: &str, value: &str) -> Wanted {
    let new = NewValue { point: point.into(), value: value.into() };
    Wanted { points: vec![WantedPoint::Replace(new)], ..Wanted::default() }
}

pub(super) fn add(label: &str, value: &str) -> Wanted {
    let new = NewPoint { label: label.into(), value: value.into() };
    Wanted { points: vec![WantedPoint::Add(new)], ..Wanted::default() }
}

pub(super) fn remove(point: &str) -> Wanted {
    Wanted { points: vec![WantedPoint::Remove(point.into())], ..Wanted::default() }
}
