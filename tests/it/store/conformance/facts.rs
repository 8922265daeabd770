//! The number index: who holds or held an address, and what one viewer may do.

use crate::store::sample::*;
use redial::{
    domain::{
        asleep::{Asleep, Cause},
        group::{Grant, Identity, Item, Member, Rights, Viewer},
        id::{AppId, ContactId, GroupId, OwnerId, PointId},
        opt_out::{Said, Tenure},
        owner::{Contact, Field, Held, Owner, Point, Profile, Proof},
        query::Holder,
    },
    store::{Effect, OptOut, SharedStore, StoreError},
};

const OLD: &str = "+14155550101";
const NEW: &str = "+14155550102";
const FRIEND: &str = "+14155550199";

/// Owner 1, who went from `OLD` to `NEW` and reveals that to contact 1 in group 1.
pub(crate) async fn moved(store: &SharedStore) {
    write(
        store,
        vec![
            Effect::OwnerAdded(owner(1, "Ann Example", &[OLD])),
            Effect::NamesSet(OwnerId(1), names(&["Ann Example", "Annie"])),
            Effect::BookSet(book(1, 1)),
            Effect::GroupSet(group(1, 1, 1, vec![Grant::Reveal(Item::Point(PointId(10)))])),
            Effect::ContactSet(contact(1, 1, 1, "Friend", &[FRIEND])),
            member(1, 1, Member::Contact(ContactId(1))),
            Effect::ValueLeft(OwnerId(1), PointId(10), at(100)),
            Effect::ValueHeld(OwnerId(1), PointId(10), held(NEW, 100)),
        ],
    )
    .await;
}

pub(crate) async fn moved_number_has_its_former_holder(store: &SharedStore) {
    assert!(!store.may_be_former(OLD));
    moved(store).await;
    assert!(store.may_be_former(OLD) && !store.may_be_former(NEW));

    let facts = store.facts(OLD, &Viewer::proved(Identity::Address(address(FRIEND)))).await.unwrap();
    let [holder] = &facts.holders[..] else { panic!("one holder, not {facts:?}") };
    assert_eq!((holder.owner, holder.point), (OwnerId(1), PointId(10)));
    assert_eq!((holder.from, holder.until, holder.proved), (at(0), Some(at(100)), at(0)));
    assert_eq!(holder.current, Some(address(NEW)));
    assert!(holder.believed && !holder.silenced && !holder.blocked && !holder.proved_by_another);
    assert_eq!((&*holder.name, holder.revision), ("Ann Example", 1));
    let mut bears = holder.names.clone();
    bears.sort();
    let mut expected = names(&["Ann Example", "Annie"]);
    expected.sort();
    assert_eq!(bears, expected);
    assert!(holder.rights.forwards(PointId(10)) && holder.rights.reveals(Item::Point(PointId(10))));
    assert_eq!(holder.groups, [GroupId(1)]);
    assert!(facts.book_names.is_empty() && facts.opt_outs.is_empty());
}

fn viewer(key: &str) -> Viewer {
    Viewer::proved(Identity::Address(address(key)))
}

fn claims(key: &str) -> Viewer {
    Viewer { proved: Vec::new(), claimed: Some(Identity::Address(address(key))) }
}

async fn only_holder(store: &SharedStore, key: &str, viewer: &Viewer) -> Holder {
    let facts = store.facts(key, viewer).await.unwrap();
    let [holder] = &facts.holders[..] else { panic!("one holder, not {facts:?}") };
    holder.clone()
}

pub(crate) async fn claimed_identity_only_adds_to_forward(store: &SharedStore) {
    moved(store).await;
    let fields = vec![Grant::Reveal(Item::Field(Field::Name))];
    write(store, vec![Effect::GroupSet(group(1, 1, 2, fields)), member(1, 2, Member::Contact(ContactId(1)))]).await;
    let holder = only_holder(store, OLD, &claims(FRIEND)).await;
    assert!(holder.rights.forwards(PointId(10)));
    assert_eq!(holder.rights.reveal, [].into());
    assert_eq!(holder.groups, [GroupId(1)], "a group that reveals only a field gives a claim nothing");

    let holder = only_holder(store, OLD, &viewer(FRIEND)).await;
    assert!(holder.rights.reveals(Item::Field(Field::Name)));
    assert_eq!(holder.groups, [GroupId(1), GroupId(2)]);

    let stranger = only_holder(store, OLD, &viewer("+14155550000")).await;
    assert_eq!((stranger.rights, stranger.groups, stranger.blocked), (Rights::default(), vec![], false));
}

pub(crate) async fn everyone_and_applications_are_viewers(store: &SharedStore) {
    moved(store).await;
    write(
        store,
        vec![
            Effect::GroupSet(group(1, 1, 2, vec![Grant::Forward(PointId(10))])),
            Effect::GroupSet(group(1, 1, 3, vec![Grant::Reveal(Item::Point(PointId(10)))])),
            member(1, 2, Member::Everyone),
            member(1, 3, Member::Application(AppId(5))),
        ],
    )
    .await;
    let anybody = only_holder(store, OLD, &Viewer::default()).await;
    assert!(anybody.rights.forwards(PointId(10)) && !anybody.rights.reveals(Item::Point(PointId(10))));
    assert_eq!(anybody.groups, [GroupId(2)]);
    let application = only_holder(store, OLD, &Viewer::proved(Identity::Application(AppId(5)))).await;
    assert!(application.rights.reveals(Item::Point(PointId(10))));
    assert_eq!(application.groups, [GroupId(2), GroupId(3)]);

    write(store, vec![Effect::GroupRemoved(OwnerId(1), GroupId(2))]).await;
    assert_eq!(only_holder(store, OLD, &Viewer::default()).await.rights, Rights::default());
}

/// The friend is owner 2, contact 1 is linked to them, and they go from `FRIEND` to another number.
pub(crate) async fn address_stands_for_its_present_owner(store: &SharedStore) {
    moved(store).await;
    let linked = Contact { linked: Some(OwnerId(2)), ..contact(1, 1, 1, "Friend", &[FRIEND]) };
    write(store, vec![Effect::ContactSet(linked)]).await;
    let rights = async |viewer: &Viewer| only_holder(store, OLD, viewer).await.rights;
    assert_eq!(rights(&viewer(FRIEND)).await, Rights::default(), "a linked contact is known by its owner alone");

    write(store, vec![Effect::OwnerAdded(owner(2, "Friend", &[FRIEND]))]).await;
    assert!(rights(&viewer(FRIEND)).await.reveals(Item::Point(PointId(10))));
    assert!(rights(&Viewer::proved(Identity::Owner(OwnerId(2)))).await.reveals(Item::Point(PointId(10))));
    let claimed = rights(&claims(FRIEND)).await;
    assert!(claimed.forwards(PointId(10)) && claimed.reveal.is_empty());

    let other = "+14155550198";
    write(
        store,
        vec![
            Effect::ValueLeft(OwnerId(2), PointId(20), at(50)),
            Effect::ValueHeld(OwnerId(2), PointId(20), Held { proof: Proof::None, ..held(other, 50) }),
        ],
    )
    .await;
    assert_eq!(rights(&viewer(FRIEND)).await, Rights::default(), "the number is theirs no more");
    assert_eq!(rights(&viewer(other)).await, Rights::default(), "and this one was not shown to be");
    let proved = Effect::ValueProved {
        owner: OwnerId(2),
        point: PointId(20),
        key: other.into(),
        proof: Proof::Code,
        at: at(60),
    };
    write(store, vec![proved]).await;
    assert!(rights(&viewer(other)).await.reveals(Item::Point(PointId(10))), "rights follow the owner");
}

pub(crate) async fn block_on_any_identity_leaves_nothing(store: &SharedStore) {
    moved(store).await;
    write(
        store,
        vec![
            Effect::OwnerAdded(owner(2, "Friend", &[FRIEND])),
            Effect::Blocked(OwnerId(1), OwnerId(2).to_string().into()),
            Effect::Blocked(OwnerId(1), "x@example.com".into()),
            Effect::Blocked(OwnerId(1), "x@example.com".into()),
        ],
    )
    .await;
    let both = Viewer { claimed: Some(Identity::Address(address("x@example.com"))), ..viewer(FRIEND) };
    for blocked in [viewer(FRIEND), claims(FRIEND), both] {
        let holder = only_holder(store, OLD, &blocked).await;
        assert!(holder.blocked, "{blocked:?}");
        assert_eq!((holder.rights, holder.groups), (Rights::default(), vec![]));
    }
    write(store, vec![Effect::Unblocked(OwnerId(1), OwnerId(2).to_string().into())]).await;
    assert!(only_holder(store, OLD, &viewer(FRIEND)).await.rights.forwards(PointId(10)));
    assert_eq!(store.blocks(OwnerId(1)).await.unwrap(), ["x@example.com".into()]);

    // The friend's other number is blocked, or the one by which they are known as somebody who is registered.
    let other = "+14155550198";
    let linked = Contact { linked: Some(OwnerId(2)), ..contact(1, 1, 1, "Friend", &[FRIEND]) };
    let two = Point { id: PointId(21), ..point(210, vec![held(other, 0)]) };
    write(
        store,
        vec![
            Effect::ContactSet(linked),
            Effect::PointSet(OwnerId(2), Point { values: Vec::new(), ..two.clone() }),
            Effect::ValueHeld(OwnerId(2), PointId(21), held(other, 0)),
        ],
    )
    .await;
    let signed_in = Viewer::proved(Identity::Owner(OwnerId(2)));
    for number in [FRIEND, other] {
        assert!(only_holder(store, OLD, &signed_in).await.rights.reveals(Item::Point(PointId(10))));
        write(store, vec![Effect::Blocked(OwnerId(1), number.into())]).await;
        for blocked in [&signed_in, &viewer(FRIEND), &claims(FRIEND)] {
            let holder = only_holder(store, OLD, blocked).await;
            assert_eq!((holder.blocked, holder.rights), (true, Rights::default()), "{number}: {blocked:?}");
        }
        write(store, vec![Effect::Unblocked(OwnerId(1), number.into())]).await;
    }
    // What they have left is somebody else's by now.
    write(store, vec![Effect::ValueLeft(OwnerId(2), PointId(21), at(50)), Effect::Blocked(OwnerId(1), other.into())])
        .await;
    assert!(!only_holder(store, OLD, &signed_in).await.blocked);
}

pub(crate) async fn former_holders_stand_in_order_with_who_proved_since(store: &SharedStore) {
    let left = |proof, until: i64| Held { until: Some(at(until)), proof, ..held(OLD, 0) };
    let with = |number, values| {
        let person = owner(number, "Somebody", &[]);
        Effect::OwnerAdded(Owner { points: vec![point(number * 10, values)], ..person })
    };
    let later = |proof, proved| Held { proof, proved: at(proved), from: at(5), until: Some(at(90)), ..held(OLD, 0) };
    write(store, vec![with(2, vec![left(Proof::Code, 20)]), with(1, vec![left(proof(), 10)])]).await;
    let since = async || {
        let facts = store.facts(OLD, &Viewer::default()).await.unwrap();
        facts.holders.iter().map(|holder| (holder.owner.0, holder.proved_by_another)).collect::<Vec<_>>()
    };
    assert_eq!(since().await, [(1, false), (2, false)]);
    write(store, vec![with(3, vec![later(Proof::Imported("list".into()), 50)])]).await;
    assert_eq!(since().await, [(1, false), (2, false), (3, false)], "an import proves nothing");
    write(store, vec![with(4, vec![later(Proof::Code, 15)])]).await;
    assert_eq!(since().await, [(1, true), (2, false), (3, false), (4, false)]);
    write(store, vec![with(5, vec![later(proof(), 20)])]).await;
    assert_eq!(since().await, [(1, true), (2, true), (3, false), (4, false), (5, false)], "from that very moment on");
    assert!(store.may_be_former(OLD), "a value can be former from the start");
}

pub(crate) async fn present_value_is_current_only_when_believed(store: &SharedStore) {
    moved(store).await;
    let current = async || only_holder(store, OLD, &Viewer::default()).await.current;
    assert_eq!(current().await, Some(address(NEW)));
    let believed = |proof, when| Effect::ValueProved {
        owner: OwnerId(1),
        point: PointId(10),
        key: NEW.into(),
        proof,
        at: at(when),
    };
    write(store, vec![believed(Proof::None, 101)]).await;
    assert_eq!(current().await, None, "nobody believes it");
    let holder = only_holder(store, NEW, &Viewer::default()).await;
    assert_eq!((holder.believed, holder.until, holder.proved), (false, None, at(101)));

    write(store, vec![believed(Proof::Code, 102)]).await;
    assert_eq!(current().await, Some(address(NEW)));
    let removed = Point { removed: Some(at(103)), ..point(10, vec![]) };
    write(store, vec![Effect::PointSet(OwnerId(1), removed)]).await;
    assert_eq!(current().await, None, "the point was removed");
    write(store, vec![Effect::PointSet(OwnerId(1), point(10, vec![]))]).await;
    write(store, vec![Effect::ValueLeft(OwnerId(1), PointId(10), at(104))]).await;
    assert_eq!(current().await, None, "it has no value");
    assert!(store.may_be_former(NEW));

    write(store, vec![Effect::ValueHeld(OwnerId(1), PointId(10), held(OLD, 105))]).await;
    let facts = store.facts(OLD, &Viewer::default()).await.unwrap();
    let times: Vec<_> = facts.holders.iter().map(|holder| (holder.from, holder.until)).collect();
    assert_eq!(times, [(at(0), Some(at(100))), (at(105), None)], "a return is a second value of the same point");
}

pub(crate) async fn believed_present_value_is_one_points(store: &SharedStore) {
    let unproved = Held { proof: Proof::None, ..held(OLD, 0) };
    let doubted =
        |number| Owner { points: vec![point(number * 10, vec![unproved.clone()])], ..owner(number, "N", &[]) };
    write(store, vec![Effect::OwnerAdded(doubted(1)), Effect::OwnerAdded(doubted(2))]).await;
    let prove = |number, proof| Effect::ValueProved {
        owner: OwnerId(number),
        point: PointId(number * 10),
        key: OLD.into(),
        proof,
        at: at(1),
    };
    write(store, vec![prove(1, Proof::Imported("list".into()))]).await;
    for taken in [
        vec![prove(2, Proof::Code)],
        vec![Effect::OwnerAdded(owner(3, "N", &[OLD]))],
        vec![Effect::PointSet(OwnerId(1), point(11, vec![])), Effect::ValueHeld(OwnerId(1), PointId(11), held(OLD, 2))],
    ] {
        match refused(store, taken).await {
            StoreError::Taken(which) => assert_eq!(which, address(OLD)),
            other => panic!("taken, not {other}"),
        }
    }
    assert!(store.owner(OwnerId(3)).await.unwrap().is_none());
    // The newest proof wins when the other is given up in the same commit (rule C9).
    write(store, vec![prove(1, Proof::None), prove(2, Proof::Code)]).await;
    let facts = store.facts(OLD, &Viewer::default()).await.unwrap();
    assert_eq!(facts.holders.iter().map(|holder| holder.believed).collect::<Vec<_>>(), [false, true]);
    write(store, vec![Effect::ValueLeft(OwnerId(2), PointId(20), at(3)), prove(1, Proof::Code)]).await;
}

pub(crate) async fn book_names_come_from_the_viewers_books(store: &SharedStore) {
    moved(store).await;
    write(
        store,
        vec![
            Effect::OwnerAdded(owner(2, "Friend", &[FRIEND])),
            Effect::BookSet(book(2, 2)),
            Effect::BookSet(book(2, 3)),
            Effect::ContactSet(contact(2, 2, 21, "Ann", &["ann@example.com", OLD])),
            Effect::ContactSet(contact(2, 3, 22, "Annie Example", &[OLD])),
            Effect::ContactSet(contact(2, 3, 23, "Somebody else", &[NEW])),
        ],
    )
    .await;
    let mut expected = names(&["Ann", "Annie Example"]);
    expected.sort();
    for viewer in [viewer(FRIEND), claims(FRIEND), Viewer::proved(Identity::Owner(OwnerId(2)))] {
        let mut found = store.facts(OLD, &viewer).await.unwrap().book_names;
        found.sort();
        assert_eq!(found, expected, "{viewer:?}");
    }
    assert!(store.facts(OLD, &Viewer::proved(Identity::Owner(OwnerId(1)))).await.unwrap().book_names.is_empty());
}

pub(crate) async fn opt_out_counts_for_whom_it_is(store: &SharedStore) {
    moved(store).await;
    let out = |owner| OptOut { address: address(OLD), owner, at: at(1), way: "STOP".into() };
    let opted_out = async |viewer: &Viewer| !store.facts(OLD, viewer).await.unwrap().opt_outs.is_empty();
    let second = Viewer::proved(Identity::Owner(OwnerId(2)));
    write(store, vec![Effect::OptedOut(out(Some(OwnerId(2))))]).await;
    assert!(opted_out(&second).await && !opted_out(&viewer(FRIEND)).await);
    write(store, vec![Effect::OptedOut(out(None))]).await;
    assert!(opted_out(&second).await && opted_out(&viewer(FRIEND)).await);
    write(store, vec![Effect::OptedIn { key: OLD.into(), owner: Some(OwnerId(2)) }]).await;
    assert_eq!(store.opt_outs(&[OLD.into(), NEW.into()]).await.unwrap(), [out(None)]);
    write(store, vec![Effect::OptedOut(out(Some(OwnerId(2)))), Effect::OptedIn { key: OLD.into(), owner: None }]).await;
    assert!(store.opt_outs(&[OLD.into()]).await.unwrap().is_empty());
}

pub(crate) async fn opt_outs_come_from_all_numbers_of_a_holder(store: &SharedStore) {
    moved(store).await;
    let out = |key: &str, owner, when| OptOut { address: address(key), owner, at: at(when), way: "STOP".into() };
    let third = "+14155550188";
    write(
        store,
        vec![
            Effect::OptedOut(out(NEW, None, 120)),
            Effect::OptedOut(out(OLD, None, 50)),
            Effect::OptedOut(out(OLD, Some(OwnerId(2)), 60)),
            Effect::OptedOut(out(OLD, Some(OwnerId(9)), 70)),
            Effect::OptedOut(out(third, None, 50)),
            Effect::OwnerAdded(owner(3, "Next", &[OLD])),
        ],
    )
    .await;
    let tenure =
        |owner, from, until: Option<i64>| Tenure { owner: OwnerId(owner), from: at(from), until: until.map(at) };
    let said = |key: &str, when, tenures: Vec<Tenure>| Said { address: address(key), at: at(when), tenures };
    let found = async |viewer: &Viewer| {
        let mut said = store.facts(OLD, viewer).await.unwrap().opt_outs;
        for said in &mut said {
            said.tenures.sort_by_key(|tenure| tenure.owner);
        }
        said.sort_by(|a, b| (a.address.key(), a.at).cmp(&(b.address.key(), b.at)));
        said.dedup();
        said
    };
    let of_old = vec![tenure(1, 0, Some(100)), tenure(3, 0, None)];
    let mut expected = vec![said(OLD, 50, of_old.clone()), said(NEW, 120, vec![tenure(1, 100, None)])];
    expected.sort_by(|a, b| a.address.key().cmp(b.address.key()));
    assert_eq!(found(&viewer(FRIEND)).await, expected);
    let second = Viewer::proved(Identity::Owner(OwnerId(2)));
    expected.push(said(OLD, 60, of_old));
    expected.sort_by(|a, b| (a.address.key(), a.at).cmp(&(b.address.key(), b.at)));
    assert_eq!(found(&second).await, expected, "what was said to one of the viewer's owners too");
}

pub(crate) async fn name_alone_finds_who_put_the_viewer_in_a_group(store: &SharedStore) {
    moved(store).await;
    let name = &names(&["annie"])[0];
    write(
        store,
        vec![
            Effect::OwnerAdded(owner(2, "Annie", &["+14155550120", "annie@example.com"])),
            Effect::NamesSet(OwnerId(2), names(&["Annie"])),
            Effect::BookSet(book(2, 2)),
            Effect::GroupSet(group(2, 2, 2, vec![Grant::Reveal(Item::Point(PointId(20)))])),
            member(2, 2, Member::Everyone),
        ],
    )
    .await;
    let found = async |viewer: &Viewer| {
        let found = store.facts_by_name(name, viewer).await.unwrap();
        found.iter().map(|holder| holder.point.0).collect::<Vec<_>>()
    };
    assert_eq!(found(&viewer(FRIEND)).await, [10], "not by everyone");
    assert_eq!(found(&claims(FRIEND)).await, [], "not by a claim");
    assert_eq!(found(&Viewer::default()).await, []);

    write(
        store,
        vec![
            Effect::GroupSet(group(2, 2, 3, vec![Grant::Forward(PointId(21))])),
            Effect::ContactSet(contact(2, 2, 21, "Friend", &[FRIEND])),
            member(2, 3, Member::Contact(ContactId(21))),
        ],
    )
    .await;
    let both = store.facts_by_name(name, &viewer(FRIEND)).await.unwrap();
    assert_eq!(both.iter().map(|holder| holder.point.0).collect::<Vec<_>>(), [10, 20, 21]);
    let [first, phone, mail] = &both[..] else { panic!() };
    assert_eq!((&first.current, first.until, first.from), (&Some(address(NEW)), None, at(100)));
    assert!(phone.rights.reveals(Item::Point(PointId(20))), "everyone counts once the viewer is known");
    assert!(mail.rights.forwards(PointId(21)) && mail.groups == [GroupId(2), GroupId(3)]);

    let unproved = Effect::ValueProved {
        owner: OwnerId(2),
        point: PointId(21),
        key: "annie@example.com".into(),
        proof: Proof::None,
        at: at(1),
    };
    write(store, vec![unproved, Effect::NamesSet(OwnerId(1), names(&["Ann"]))]).await;
    assert_eq!(found(&viewer(FRIEND)).await, [20], "names were replaced, and only believed values are told");
}

pub(crate) async fn holders_of_many_keys(store: &SharedStore) {
    moved(store).await;
    write(store, vec![Effect::OwnerAdded(owner(2, "Bob", &["bob@example.com"]))]).await;
    let keys: Vec<Box<str>> = [NEW, "nobody@example.com", OLD, "bob@example.com"].map(Into::into).into();
    let mut found = store.holders(&keys).await.unwrap();
    found.sort_by_key(|(key, _)| key.clone());
    let short: Vec<_> = found.iter().map(|(key, holder)| (&**key, holder.owner.0, holder.until)).collect();
    assert_eq!(short, [(OLD, 1, Some(at(100))), (NEW, 1, None), ("bob@example.com", 2, None)]);
    let mut expected = names(&["Ann Example", "Annie"]);
    expected.sort();
    let mut bears = found[0].1.names.clone();
    bears.sort();
    assert_eq!(bears, expected);
    assert_eq!(found[0].1.current, Some(address(NEW)));
    assert!(store.holders(&[]).await.unwrap().is_empty());
}

pub(crate) async fn panic_and_revision_are_facts(store: &SharedStore) {
    moved(store).await;
    let person = store.owner(OwnerId(1)).await.unwrap().unwrap();
    let set = Effect::OwnerSet {
        id: OwnerId(1),
        language: "de".into(),
        profile: Profile { name: "Ann Other".into(), ..person.profile },
        claimed: false,
        silenced: true,
        revision: 9,
    };
    write(store, vec![set]).await;
    let holder = only_holder(store, OLD, &Viewer::default()).await;
    assert_eq!((holder.silenced, holder.revision, &*holder.name), (true, 9, "Ann Other"));
}

pub(crate) async fn rights_through_an_address_sleep_and_wake(store: &SharedStore) {
    moved(store).await;
    let asleep = |key: &str, cause| Asleep { owner: OwnerId(1), address: address(key), since: at(200), cause };
    let fall = |asleep: &Asleep| Effect::FellAsleep(asleep.clone());
    let (first, other) = (asleep(FRIEND, Cause::Dead), asleep("bo@example.org", Cause::Proved));
    write(store, vec![fall(&first), fall(&other), fall(&asleep(FRIEND, Cause::Proved))]).await;
    assert_eq!(
        store.asleep_at(OwnerId(1), &[FRIEND.into(), OLD.into()]).await.unwrap(),
        std::slice::from_ref(&first),
        "the first one stays"
    );
    assert!(store.asleep_at(OwnerId(2), &[FRIEND.into()]).await.unwrap().is_empty());
    let page = store.asleep(OwnerId(1), None, 1).await.unwrap();
    assert_eq!((page.items, page.more), (vec![first], true));
    let page = store.asleep(OwnerId(1), Some(FRIEND), 1).await.unwrap();
    assert_eq!((page.items, page.more), (vec![other], false));
    for who in [viewer(FRIEND), claims(FRIEND)] {
        assert_eq!(only_holder(store, OLD, &who).await.rights, Rights::default());
    }
    write(store, vec![Effect::Blocked(OwnerId(1), FRIEND.into())]).await;
    assert!(only_holder(store, OLD, &viewer(FRIEND)).await.blocked, "a block does not sleep");
    write(
        store,
        vec![Effect::Unblocked(OwnerId(1), FRIEND.into()), Effect::Awoke { owner: OwnerId(1), key: FRIEND.into() }],
    )
    .await;
    assert!(only_holder(store, OLD, &viewer(FRIEND)).await.rights.reveals(Item::Point(PointId(10))));
}
