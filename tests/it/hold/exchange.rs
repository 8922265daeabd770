//! Introductions, the tray and viewers' own books over the real parts of the program (rules E1 to E4): adding, resting,
//! the worker, messages, and what a stranger can make of it.

use super::world::{ANN, BOB, BOBS, MOBILE, NEW, World, address};
use crate::{both::both, people};
use redial::{
    clock::Time,
    domain::{
        exchange::{Limits, Why},
        group::{Grant, Identity, Item, Member, Told},
        id::{BookId, ContactId, GroupId, OwnerId, PointId},
        name,
        notice::Recipient,
        owner::{Book, Contact, Group, Held, Proof},
    },
    store::Effect,
    usecase::{
        Rules, blocks,
        contacts::{self, Entry, NewContact},
        exchange::{introductions, preview, tray, updates},
        import_contacts::{self, Format, Target},
        members, opt_outs, requests,
        wanted::{NewValue, Wanted, WantedPoint},
        write::{Actor, Refused, carry_out},
    },
};
use std::{sync::LazyLock, time::Duration};

both! {
    e1_whom_an_owner_adds_gets_their_card_once_for_ever
    e1_what_is_taken_back_while_it_rests_never_leaves
    e1_who_has_stopped_messages_or_is_blocked_gets_none_and_the_owner_sees_no_difference
    e2_more_than_five_in_ten_minutes_are_an_import_and_none_of_them_leaves_unconfirmed
    e2_a_file_sends_nothing_until_confirmed
    e2_caps_of_an_owners_day_and_of_one_address
    e1_an_address_that_a_contact_gets_later_is_introduced_to_once_too
    e4_a_registered_persons_card_lies_apart_until_they_accept_it
    e4_what_is_refused_does_not_come_again
    e3_a_viewers_own_entries_follow_and_are_taken_back_byte_for_byte
    e3_e4_a_stranger_called_mum_changes_nobodys_book
    e2_neither_introduction_nor_preview_tells_who_is_registered
}

const NEW_SHOWN: &str = "+1 415-555-0123";
const CARLS: &str = "+14155550160";
const MINUTE: Duration = Duration::from_mins(1);

async fn on_sqlite() -> World {
    with_books(super::world::on_sqlite().await).await
}

async fn on_postgres() -> Option<World> {
    Some(with_books(super::world::on_postgres().await?).await)
}

/// Ann's new contacts join a group that introduces her, Bob's do not.
async fn with_books(world: World) -> World {
    world.has_book(ANN, true).await;
    world.has_book(BOB, false).await;
    world
}

fn book_of(owner: OwnerId) -> BookId {
    BookId(owner.0 * 10)
}

fn group_of(owner: OwnerId) -> GroupId {
    GroupId(owner.0 * 10)
}

fn person() -> &'static Actor {
    static PERSON: LazyLock<Actor> = LazyLock::new(|| Actor::person(Vec::new()));
    &PERSON
}

impl World {
    /// A book whose new contacts join a group that may know the owner's first number.
    async fn has_book(&self, owner: OwnerId, introduce: bool) {
        let group = Group {
            id: group_of(owner),
            book: book_of(owner),
            owner,
            name: "Friends".into(),
            told: Told::AtOnce,
            channels: Vec::new(),
            grants: vec![Grant::Reveal(Item::Point(PointId(owner.0 * 10)))],
            introduce,
            quiet: None,
        };
        let book = Book { id: book_of(owner), owner, name: "Private".into(), default_group: Some(group.id) };
        let plain = Book { default_group: None, ..book.clone() };
        self.commit(vec![Effect::BookSet(plain), Effect::GroupSet(group)]).await;
        self.commit(vec![Effect::BookSet(book)]).await;
    }

    /// One more person with a number, and with a book that introduces them.
    async fn registers(&self, id: OwnerId, called: &str, number: &str) {
        let now = self.now().await;
        let held = Held { address: address(number), from: now, until: None, proof: Proof::Code, proved: now };
        let owner = people::owner(id, called, vec![people::point(PointId(id.0 * 10), "mobile", vec![held])], now);
        let names = Effect::NamesSet(id, name::keys(&owner.profile));
        self.commit(vec![Effect::OwnerAdded(owner), names]).await;
        self.has_book(id, true).await;
    }

    fn rules(&self, limits: Limits) {
        let rules = Rules { exchange: limits, ..(*self.env.live.kept()).clone() };
        self.env.live.replace(rules);
    }

    async fn add(&self, owner: OwnerId, called: &str, addresses: &[&str]) -> Contact {
        let addresses = addresses.iter().map(|text| (*text).to_owned()).collect();
        let entry = Entry::Plain(NewContact { book: None, name: called.to_owned(), addresses });
        carry_out(&self.env, || contacts::create(&self.env, person(), owner, book_of(owner), &entry)).await.unwrap()
    }

    async fn remove(&self, owner: OwnerId, id: ContactId) {
        carry_out(&self.env, || contacts::remove(&self.env, person(), owner, None, id)).await.unwrap();
    }

    async fn card(&self, owner: OwnerId, card: &str) -> Contact {
        let entry = Entry::VCard(card.as_bytes().to_vec());
        carry_out(&self.env, || contacts::create(&self.env, person(), owner, book_of(owner), &entry)).await.unwrap()
    }

    /// What goes out until so many minutes from now.
    async fn minutes(&self, minutes: u32) -> Vec<(String, String)> {
        let mut told = self.mail().await;
        self.passes(MINUTE * minutes).await;
        told.extend(self.mail().await);
        told
    }

    /// To whom.
    async fn numbers(&self, minutes: u32) -> Vec<String> {
        self.minutes(minutes).await.into_iter().map(|(to, _)| to).collect()
    }

    async fn change(&self, owner: OwnerId, value: &str) {
        let point = PointId(owner.0 * 10).to_string();
        let replace = WantedPoint::Replace(NewValue { point, value: value.to_owned() });
        let wanted = Wanted { points: vec![replace], ..Wanted::default() };
        let key = Actor { vouches: true, ..Actor::system() };
        carry_out(&self.env, || requests::make(&self.env, &key, owner, None, &wanted)).await.unwrap();
    }

    async fn read(&self, contact: &Contact) -> String {
        let now = self.env.store.contact(contact.owner, contact.id).await.unwrap().unwrap();
        String::from_utf8(now.card).unwrap()
    }

    async fn waiting(&self, owner: OwnerId) -> Vec<Why> {
        let page = introductions::held(&self.env, owner, None, 100).await.unwrap();
        page.items.iter().map(|held| held.because).collect()
    }

    async fn tray(&self, holder: OwnerId) -> Vec<(OwnerId, bool)> {
        let waiting = tray::list(&self.env, holder).await.unwrap();
        waiting.iter().map(|one| (one.tray.from, one.namesake)).collect()
    }
}

async fn e1_whom_an_owner_adds_gets_their_card_once_for_ever(world: World) {
    let carl = world.add(ANN, "Carl Dee", &[CARLS]).await;
    assert_eq!(world.minutes(9).await, [], "it rests, so that of an import nothing has left");
    let told = world.minutes(2).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0 == CARLS && told[0].1.contains("Ann Lee, who added you as a contact"), "{told:?}");
    assert!(told[0].1.contains(MOBILE), "{told:?}");
    assert_eq!(world.minutes(30).await, [], "once");
    // Deleted, added again, spelled otherwise, in another group: never again.
    world.remove(ANN, carl.id).await;
    for spelled in [CARLS, "+1 (415) 555-0160", "+1 415 555 01 60"] {
        let again = world.add(ANN, "Carl", &[spelled, "carl@example.org"]).await;
        assert_eq!(world.minutes(12).await, [], "{spelled}");
        world.remove(ANN, again.id).await;
    }
    // Who is never introduced.
    for (rule, called, addresses) in
        [("without an address", "Nobody", vec![]), ("the owner's own number", "Me", vec!["+1 415 555 0100"])]
    {
        world.add(ANN, called, &addresses).await;
        assert_eq!(world.minutes(12).await, [], "{rule}");
    }
    // By e-mail with the card.
    world.add(ANN, "Eve Fox", &["eve@example.org"]).await;
    assert_eq!(world.numbers(12).await, ["eve@example.org"]);
    // What is told later is the change alone.
    world.passes(Duration::from_hours(1)).await;
    world.change(ANN, NEW).await;
    let told = world.minutes(5).await;
    let eve = told.iter().find(|(to, _)| to == "eve@example.org").unwrap();
    assert!(eve.1.contains(NEW_SHOWN) && told.iter().all(|(_, said)| !said.contains("added you")), "{told:?}");
}

async fn e1_what_is_taken_back_while_it_rests_never_leaves(world: World) {
    let carl = world.add(ANN, "Carl Dee", &[CARLS]).await;
    world.remove(ANN, carl.id).await;
    assert_eq!(world.minutes(12).await, []);
    let carl = world.add(ANN, "Carl Dee", &[CARLS]).await;
    let member = Member::Contact(carl.id);
    carry_out(&world.env, || members::remove(&world.env, person(), ANN, None, group_of(ANN), member)).await.unwrap();
    assert_eq!(world.minutes(12).await, [], "out of the group");
    carry_out(&world.env, || members::add(&world.env, person(), ANN, None, group_of(ANN), member)).await.unwrap();
    assert_eq!(world.numbers(12).await, [CARLS], "and into it again: it had never left");
}

async fn e1_who_has_stopped_messages_or_is_blocked_gets_none_and_the_owner_sees_no_difference(world: World) {
    let stopped = address(CARLS);
    carry_out(&world.env, || opt_outs::add(&world.env, person(), &stopped, None)).await.unwrap();
    let blocked = Identity::Address(address("+14155550161"));
    carry_out(&world.env, || blocks::add(&world.env, person(), ANN, None, &blocked)).await.unwrap();
    world.add(ANN, "Carl Dee", &[CARLS]).await;
    world.add(ANN, "Dan Fox", &["+14155550161"]).await;
    assert_eq!(world.minutes(15).await, []);
}

async fn e2_more_than_five_in_ten_minutes_are_an_import_and_none_of_them_leaves_unconfirmed(world: World) {
    for n in 0..7 {
        world.add(ANN, &format!("Person {n}"), &[&format!("+1415555017{n}")]).await;
        world.passes(MINUTE).await;
    }
    assert_eq!(world.minutes(60).await, [], "not even the first five");
    assert_eq!(world.waiting(ANN).await, [Why::Import; 7]);
    let ceiling = preview::preview(&world.env, &world.post, ANN).await.unwrap();
    assert_eq!((ceiling.people, ceiling.nowhere, ceiling.cost.parts), (7, 0, 7));
    let text = ceiling.texts[0].sms.clone().unwrap();
    let held = introductions::held(&world.env, ANN, None, 100).await.unwrap();
    let unwanted = [held.items[6].contact.id];
    let dropped = carry_out(&world.env, || introductions::drop(&world.env, person(), ANN, &unwanted)).await.unwrap();
    assert_eq!(dropped, 1);
    let done = carry_out(&world.env, || introductions::confirm(&world.env, person(), ANN, &[])).await.unwrap();
    assert_eq!((done.go, done.wait), (6, 0));
    let told = world.minutes(1).await;
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(told.iter().all(|(_, said)| *said == text), "as previewed: {text} / {told:?}");
    assert_eq!(world.waiting(ANN).await, []);
}

struct Silent;

impl redial::usecase::import::Listener for Silent {
    fn bad(&mut self, _: u64, _: &str) {}
    fn read(&mut self, _: u64) {}
}

async fn e2_a_file_sends_nothing_until_confirmed(world: World) {
    let file = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Carl Dee\r\nTEL:{CARLS}\r\nEND:VCARD\r\n").repeat(2);
    let target = Target { owner: ANN, book: Some(book_of(ANN)), group: None };
    let file = std::io::Cursor::new(file.into_bytes());
    import_contacts::import(&world.env, file, Format::VCard, &target, &mut Silent).await.unwrap();
    assert_eq!(world.minutes(60).await, []);
    assert_eq!(world.waiting(ANN).await, [Why::Import]);
    carry_out(&world.env, || introductions::confirm(&world.env, person(), ANN, &[])).await.unwrap();
    assert_eq!(world.numbers(1).await, [CARLS]);
}

async fn e2_caps_of_an_owners_day_and_of_one_address(world: World) {
    world.rules(Limits { of_owner: 2, to_address: 1, ..Limits::default() });
    for n in 0..3 {
        world.add(ANN, &format!("Person {n}"), &[&format!("+1415555017{n}")]).await;
    }
    assert_eq!(world.numbers(12).await, ["+14155550170", "+14155550171"]);
    assert_eq!(world.waiting(ANN).await, [Why::Cap]);
    let confirm = || introductions::confirm(&world.env, person(), ANN, &[]);
    let done = carry_out(&world.env, confirm).await.unwrap();
    assert_eq!((done.go, done.wait), (0, 1), "not within the day");
    world.passes(Duration::from_hours(25)).await;
    let done = carry_out(&world.env, confirm).await.unwrap();
    assert_eq!((done.go, done.wait), (1, 0));
    assert_eq!(world.numbers(1).await, ["+14155550172"]);
    // Many owners have the same number: it gets one a day.
    for id in 5..8 {
        world.registers(OwnerId(id), &format!("Owner {id}"), &format!("+1415555018{id}")).await;
        world.add(OwnerId(id), "Carl Dee", &[CARLS]).await;
        world.passes(Duration::from_secs(1)).await;
    }
    assert_eq!(world.minutes(30).await.len(), 1);
    world.passes(Duration::from_hours(24)).await;
    assert_eq!(world.minutes(30).await.len(), 1, "the next day the next one");
}

/// Somebody is added under an address of a friend's, and gets another one while the card rests.
async fn e1_an_address_that_a_contact_gets_later_is_introduced_to_once_too(world: World) {
    world.rules(Limits { to_address: 1, ..Limits::default() });
    let readdressed = async |owner: OwnerId, n: u32| {
        let contact = world.add(owner, &format!("Person {n}"), &[&format!("+1415555017{n}")]).await;
        let entry = Entry::Plain(NewContact { book: None, name: "Carl".to_owned(), addresses: vec![CARLS.to_owned()] });
        let replace = || contacts::replace(&world.env, person(), owner, None, contact.id, &entry);
        carry_out(&world.env, replace).await.unwrap();
        world.numbers(11).await
    };
    assert_eq!(readdressed(ANN, 0).await, Vec::<String>::new(), "it rests anew");
    assert_eq!(world.numbers(11).await, [CARLS]);
    for n in 1..4 {
        assert_eq!(readdressed(ANN, n).await, Vec::<String>::new());
        assert_eq!(world.numbers(11).await, Vec::<String>::new(), "once for ever");
    }
    world.registers(OwnerId(5), "Eve Ode", "+14155550180").await;
    assert_eq!(readdressed(OwnerId(5), 4).await, Vec::<String>::new());
    assert_eq!(world.numbers(11).await, Vec::<String>::new(), "one a day to an address, from all owners together");
}

async fn e4_a_registered_persons_card_lies_apart_until_they_accept_it(world: World) {
    world.add(ANN, "Bob Roy", &[BOBS]).await;
    assert_eq!(world.minutes(12).await, [], "no message: the tray is the delivery");
    assert_eq!(world.tray(BOB).await, [(ANN, false)]);
    let books = world.env.store.contacts(BOB, book_of(BOB), None, 10).await.unwrap();
    assert_eq!(books.items, [], "apart from the book");
    assert!(world.env.store.shown(ANN, Recipient::Owner(BOB)).await.unwrap().is_some(), "the ledger's row");
    let accept = || tray::accept(&world.env, person(), BOB, ANN, (None, None));
    let contact = carry_out(&world.env, accept).await.unwrap();
    assert_eq!((&*contact.name, contact.linked), ("Ann Lee", Some(ANN)));
    assert_eq!(world.tray(BOB).await, []);
    assert!(matches!(carry_out(&world.env, accept).await, Err(Refused::NotFound(_))), "once");
    // From now on their book follows.
    world.passes(Duration::from_hours(1)).await;
    world.change(ANN, NEW).await;
    world.minutes(5).await;
    assert!(world.read(&contact).await.contains(NEW));
}

async fn e4_what_is_refused_does_not_come_again(world: World) {
    let bob = world.add(ANN, "Bob Roy", &[BOBS]).await;
    world.minutes(12).await;
    carry_out(&world.env, || tray::refuse(&world.env, person(), BOB, ANN, true)).await.unwrap();
    assert_eq!(world.tray(BOB).await, []);
    let blocks = world.env.store.blocks(BOB).await.unwrap();
    assert!(blocks.iter().any(|key| **key == *ANN.to_string()));
    world.remove(ANN, bob.id).await;
    world.add(ANN, "Bob Roy", &[BOBS]).await;
    assert_eq!(world.minutes(12).await, []);
    assert_eq!(world.tray(BOB).await, []);
}

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Lee\r\nX-Pet;kind=Dog:Rex\r\nTEL;TYPE=CELL:+1 (415) 555-0100\r\nNOTE:met in\r\n  Rome\r\nEND:VCARD\r\n";

async fn e3_a_viewers_own_entries_follow_and_are_taken_back_byte_for_byte(world: World) {
    world.add(ANN, "Bob Roy", &[BOBS]).await;
    let other = Book { id: BookId(77), owner: BOB, name: "Work".into(), default_group: None };
    world.commit(vec![Effect::BookSet(other)]).await;
    let first = world.card(BOB, CARD).await;
    let entry = Entry::VCard(CARD.as_bytes().to_vec());
    let second =
        carry_out(&world.env, || contacts::create(&world.env, person(), BOB, BookId(77), &entry)).await.unwrap();
    assert_eq!((first.linked, second.linked), (Some(ANN), Some(ANN)));
    world.minutes(15).await;
    assert_eq!(world.tray(BOB).await, [], "whom he has in his book is no stranger");
    world.change(ANN, NEW).await;
    let told = world.minutes(5).await;
    assert!(told.iter().any(|(to, said)| to == BOBS && said.contains("your address book is up to date")), "{told:?}");
    let expected = CARD.replace(
        "TEL;TYPE=CELL:+1 (415) 555-0100\r\n",
        "TEL;TYPE=CELL:+14155550123\r\nitem1.TEL:+14155550100\r\nitem1.X-ABLabel:former\r\n",
    );
    assert_eq!(world.read(&first).await, expected);
    assert_eq!(world.read(&second).await, expected, "in every book");
    let all = updates::list(&world.env, BOB, None, 10).await.unwrap().items;
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(updates::Updated::may_be_undone));
    let of_first = all.iter().find(|one| one.update.contact == first.id).unwrap().update.id;
    let undo = |id| updates::undo(&world.env, person(), BOB, id);
    carry_out(&world.env, || undo(of_first)).await.unwrap();
    assert_eq!(world.read(&first).await, CARD, "byte for byte");
    // It stays so, whatever else is told, until the next change.
    let fanout = redial::store::Fanout {
        id: redial::domain::id::FanoutId(9),
        owner: ANN,
        at: Time(0),
        only: Vec::new(),
        silent: false,
        cursor: None,
    };
    world.commit(vec![Effect::FanoutDue(fanout)]).await;
    world.minutes(5).await;
    assert_eq!(world.read(&first).await, CARD);
    world.change(ANN, "+14155550124").await;
    world.minutes(5).await;
    assert!(world.read(&first).await.contains("TEL;TYPE=CELL:+14155550124\r\n"));
    // An entry that its owner wrote to since is not clobbered.
    let written = Entry::VCard(CARD.replace("Rome", "Milan").into_bytes());
    carry_out(&world.env, || contacts::replace(&world.env, person(), BOB, None, second.id, &written)).await.unwrap();
    let newest = updates::list(&world.env, BOB, None, 10).await.unwrap().items;
    let of_second = newest.iter().find(|one| one.update.contact == second.id).unwrap();
    assert!(!of_second.may_be_undone());
    let id = of_second.update.id;
    assert!(matches!(carry_out(&world.env, || undo(id)).await, Err(Refused::Conflict(_))));
    assert!(world.read(&second).await.contains("Milan"));
}

async fn e3_e4_a_stranger_called_mum_changes_nobodys_book(world: World) {
    let mallory = OwnerId(9);
    world.registers(mallory, "Mum", "+14155550190").await;
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:mum\r\nFN:Mum\r\nTEL:+14155550170\r\nEND:VCARD\r\n";
    let mum = world.card(BOB, card).await;
    assert_eq!(mum.linked, None, "by name alone nothing is linked");
    world.add(mallory, "Bob Roy", &[BOBS]).await;
    world.minutes(12).await;
    assert_eq!(world.tray(BOB).await, [(mallory, true)], "a namesake of somebody in the book, and said to be one");
    world.change(mallory, "+14155550191").await;
    world.minutes(5).await;
    assert_eq!(world.read(&mum).await, card);
    // Nor by a number that she only says is hers.
    let claimed =
        Held { address: address("+14155550170"), from: Time(0), until: None, proof: Proof::None, proved: Time(0) };
    let point = people::point(PointId(999), "home", Vec::new());
    world.commit(vec![Effect::PointSet(mallory, point), Effect::ValueHeld(mallory, PointId(999), claimed)]).await;
    world.change(mallory, "+14155550192").await;
    world.minutes(5).await;
    assert_eq!(world.read(&mum).await, card);
    assert_eq!(updates::list(&world.env, BOB, None, 10).await.unwrap().items.len(), 0);
}

async fn e2_neither_introduction_nor_preview_tells_who_is_registered(world: World) {
    world.rules(Limits { alone: 0, ..Limits::default() });
    let mut seen = Vec::new();
    for number in [BOBS, CARLS] {
        world.add(ANN, "Bob Roy", &[number]).await;
        let held = introductions::held(&world.env, ANN, None, 10).await.unwrap();
        let ceiling = preview::preview(&world.env, &world.post, ANN).await.unwrap();
        seen.push((held.items.len(), held.items[0].because, ceiling));
        carry_out(&world.env, || introductions::drop(&world.env, person(), ANN, &[])).await.unwrap();
    }
    assert_eq!(seen[0], seen[1], "Bob is registered, whoever has the other number is not");
}
