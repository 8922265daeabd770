use super::*;
use crate::{
    clock::ManualClock,
    domain::{
        address::{Address, Kind},
        group::{Identity, Member, Told, Viewer},
        id::{AppId, BookId, GroupId, OwnerId, PointId},
        imported::{ForEveryone, Moved},
        name,
        owner::{Book, Group, Held, Membership, Owner, Point, Profile, Proof},
    },
    store::{Effect, Owners as _},
};
use statements::Prepares;
use std::cell::RefCell;

fn owner(number: u128, size: usize) -> Commit {
    let owner = Owner {
        id: OwnerId(number),
        version: 1,
        revision: 1,
        claimed: true,
        silenced: false,
        language: "en".into(),
        zone: None,
        profile: Profile { photo: "A".repeat(size), ..Profile::default() },
        points: Vec::new(),
        created: Time(0),
    };
    Commit { effects: vec![Effect::OwnerAdded(owner)], ..Commit::default() }
}

/// Sets how many pages the database may have; in memory the one connection both reads and writes.
async fn limit(store: &Sqlite, pages: u32) {
    let set = move |statements: &Statements<'_>| {
        statements
            .connection()
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .map_err(row::unavailable)
    };
    store.read(set).await.unwrap();
}

#[tokio::test]
async fn full_disk_refuses_and_the_store_goes_on() {
    let store = Sqlite::in_memory(Arc::new(ManualClock::at(Time(0)))).unwrap();
    store.commit(owner(1, 10)).await.unwrap();
    limit(&store, 1).await;
    let full = store.commit(owner(2, 1_000_000)).await;
    assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
    limit(&store, 1_000_000).await;
    store.commit(owner(3, 1_000_000)).await.unwrap();
    let ids: Vec<_> = store.owners(None, 9).await.unwrap().items.iter().map(|owner| owner.id).collect();
    assert_eq!(ids, [OwnerId(1), OwnerId(3)]);
}

#[tokio::test]
async fn what_is_refused_is_undone_and_the_others_of_its_group_are_kept() {
    let store = Sqlite::in_memory(Arc::new(ManualClock::at(Time(0)))).unwrap();
    store.commit(owner(1, 10)).await.unwrap();
    let (go, wait) = mpsc::channel();
    // Until all of them wait for the writer.
    let before = store.write(move |_| {
        let _again = wait.recv();
        Ok(())
    });
    let refused = Commit { effects: [owner(3, 10), owner(1, 10)].map(|one| one.effects).concat(), ..Commit::default() };
    let (held, second, refused, fourth, ()) = tokio::join!(
        before,
        store.commit(owner(2, 10)),
        store.commit(refused),
        store.commit(owner(4, 10)),
        async move {
            go.send(()).unwrap();
        }
    );
    assert!(held.is_ok() && second.is_ok() && fourth.is_ok());
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    let ids: Vec<_> = store.owners(None, 9).await.unwrap().items.iter().map(|owner| owner.id).collect();
    assert_eq!(ids, [OwnerId(1), OwnerId(2), OwnerId(4)]);
}

/// Notes each statement that is run.
struct Noted<'a, 'c>(&'a Statements<'c>, RefCell<Vec<&'static str>>);

impl Prepares for Noted<'_, '_> {
    fn lend(&self, text: &'static str, work: &mut dyn FnMut(&mut rusqlite::Statement<'_>)) -> rusqlite::Result<()> {
        self.1.borrow_mut().push(text);
        self.0.lend(text, work)
    }

    fn connection(&self) -> &rusqlite::Connection {
        self.0.connection()
    }
}

const ANNS: &str = "+14155550100";
const LEFT: &str = "+14155550101";
const SHARED: &str = "+14155550102";
const FOLDED: &str = "+14155550103";
const BOBS: &str = "+14155550104";
const NOBODYS: &str = "+14155550199";

fn held(value: &str, until: Option<Time>) -> Held {
    let address = Address::parse(value, None).unwrap();
    Held { address, from: Time(1), until, proof: Proof::Code, proved: Time(1) }
}

fn person(number: u128, values: Vec<Held>) -> Vec<Effect> {
    let mut commit = owner(number, 10);
    if let Effect::OwnerAdded(owner) = &mut commit.effects[0] {
        let id = PointId(number);
        owner.points.push(Point { id, kind: Kind::Phone, label: "mobile".into(), removed: None, values });
    }
    let name = name::key(&format!("Owner {number}")).unwrap();
    commit.effects.push(Effect::NamesSet(OwnerId(number), vec![name]));
    commit.effects
}

/// Ann, who has left a number, and one that Bob has left too; Bob; somebody of whom only an imported move is known. The asker,
/// an application, is in a group of Ann's that grants nothing and in one of Bob's, who has blocked them.
async fn people() -> Sqlite {
    let store = Sqlite::in_memory(Arc::new(ManualClock::at(Time(9)))).unwrap();
    let was = Some(Time(5));
    let moved = Moved {
        owner: OwnerId(3),
        name: "Moved".into(),
        key: name::key("Moved").unwrap(),
        old: Address::parse(FOLDED, None).unwrap(),
        new: Address::parse("+14155550105", None).unwrap(),
        at: Time(5),
        grant: ForEveryone::None,
        source: "list".into(),
        created: Time(1),
    };
    let mut effects = person(1, vec![held(LEFT, was), held(SHARED, was), held(ANNS, None)]);
    effects.extend(person(2, vec![held(SHARED, was), held(BOBS, None)]));
    effects.push(Effect::OwnersImported(vec![moved]));
    for number in [1, 2] {
        let (owner, book, group) = (OwnerId(number), BookId(number), GroupId(number));
        effects.push(Effect::BookSet(Book { id: book, owner, name: "Private".into(), default_group: None }));
        effects.push(Effect::GroupSet(Group {
            introduce: false,
            id: group,
            book,
            owner,
            name: "Friends".into(),
            told: Told::AtOnce,
            channels: vec![],
            quiet: None,
            grants: vec![],
        }));
        effects.push(Effect::MemberAdded(owner, Membership { group, member: Member::Application(AppId(7)) }));
    }
    effects.push(Effect::Blocked(OwnerId(2), AppId(7).to_string().into()));
    store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    store
}

/// The statements of one read, in no order, and what it found.
async fn noted<T: Send + 'static>(
    store: &Sqlite,
    read: impl FnOnce(&Noted<'_, '_>) -> Result<T> + Send + 'static,
) -> (T, Vec<&'static str>) {
    let noted = move |statements: &Statements<'_>| {
        let noted = Noted(statements, RefCell::default());
        let found = read(&noted)?;
        let mut texts = noted.1.into_inner();
        texts.sort_unstable();
        Ok((found, texts))
    };
    store.read(noted).await.unwrap()
}

#[tokio::test]
async fn c1_the_same_is_asked_about_a_number_whoever_has_it() {
    let store = people().await;
    let asked = async |keys: &[&str]| {
        let keys: Vec<Box<str>> = keys.iter().map(|key| (*key).into()).collect();
        noted(&store, move |noted| facts::of_keys(noted, &keys).map(|found| found.len())).await
    };
    let (found, nobodys) = asked(&[NOBODYS]).await;
    assert_eq!(found, 0);
    for (key, holders) in [(ANNS, 1), (LEFT, 1), (SHARED, 2), (FOLDED, 1)] {
        assert_eq!(asked(&[key]).await, (holders, nobodys.clone()), "{key}");
    }
    let (_, nobodys) = asked(&["+14155550198", NOBODYS]).await;
    assert_eq!(asked(&[ANNS, NOBODYS]).await, (1, nobodys.clone()));
    assert_eq!(asked(&[ANNS, BOBS]).await, (2, nobodys));
}

#[tokio::test]
async fn q4_the_same_is_asked_for_every_query_whoever_it_meets() {
    let store = people().await;
    let viewer = |app: u128| Viewer::proved(Identity::Application(AppId(app)));
    let asked = async |key: &'static str, app: u128| {
        noted(&store, move |noted| facts::of_address(noted, key, &viewer(app)).map(|facts| facts.holders.len())).await
    };
    let (found, nobodys) = asked(NOBODYS, 7).await;
    assert_eq!(found, 0);
    for (rule, key, app, holders) in [
        ("of somebody who has it", ANNS, 7, 1),
        ("of somebody who has left it", LEFT, 7, 1),
        ("of somebody who has the asker in no group", LEFT, 8, 1),
        ("of two who have left it", SHARED, 7, 2),
        ("of somebody who has blocked the asker", BOBS, 7, 1),
        ("of an imported move", FOLDED, 7, 1),
    ] {
        assert_eq!(asked(key, app).await, (holders, nobodys.clone()), "a number {rule}");
    }
    let named = async |name: &str, app: u128| {
        let key = name::key(name).unwrap();
        noted(&store, move |noted| facts::of_name(noted, &key, &viewer(app)).map(|found| found.len())).await
    };
    let (found, nobodys) = named("Nobody At All", 7).await;
    assert_eq!(found, 0);
    for (rule, name, app, holders) in [
        ("of somebody who has the asker in a group", "Owner 1", 7, 1),
        ("of somebody who has not", "Owner 1", 8, 0),
        ("of somebody who has blocked the asker", "Owner 2", 7, 1),
        ("of an imported move", "Moved", 7, 0),
    ] {
        assert_eq!(named(name, app).await, (holders, nobodys.clone()), "the name {rule}");
    }
}
