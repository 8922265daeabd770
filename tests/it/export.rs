//! `redial export`: what was put in comes back.

use crate::{
    both::both,
    import::{START, env, env_over, load_contacts, load_moves, registered},
    still::Still,
};
use redial::{
    domain::id::OwnerId,
    usecase::{
        export::{Exported, Sink, export},
        panic,
        write::{Actor, carry_out},
    },
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    future::{Ready, ready},
    io,
    time::Duration,
};

both! {
    c7_the_export_of_one_owner_hides_the_history_while_a_panic_lasts
}

fn on_sqlite() -> Ready<Still> {
    ready(Still::embedded(START))
}

async fn on_postgres() -> Option<Still> {
    Still::database(START).await
}

#[derive(Default)]
struct Taken {
    lines: Vec<Value>,
    own: String,
    contacts: BTreeMap<OwnerId, Vec<u8>>,
}

impl Sink for Taken {
    fn line(&mut self, object: &Value) -> io::Result<()> {
        self.lines.push(object.clone());
        Ok(())
    }

    fn own_card(&mut self, card: &str) -> io::Result<()> {
        self.own.push_str(card);
        Ok(())
    }

    fn contact(&mut self, owner: OwnerId, card: &[u8]) -> io::Result<()> {
        self.contacts.entry(owner).or_default().extend_from_slice(card);
        Ok(())
    }
}

impl Taken {
    fn count(&self) -> BTreeMap<&str, usize> {
        let mut count = BTreeMap::new();
        for line in &self.lines {
            *count.entry(line["kind"].as_str().expect("a kind")).or_default() += 1;
        }
        count
    }
}

const CARDS: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob Lee\r\nX-Pet;kind=Dog:Rex\r\nTEL:+14155552671\r\nUID:b\r\nEND:VCARD\r\n\
    BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=ISO-8859-1:J\u{f6}rg\nEND:VCARD\n";

#[tokio::test]
async fn contacts_come_back_byte_for_byte() {
    let env = registered(env()).await;
    load_contacts(&env, CARDS).await;
    let mut taken = Taken::default();
    let mut heard = Vec::new();
    let exported = export(&env, None, &mut taken, &mut |done| heard.push(done.owners)).await.expect("exported");
    // Contacts made within one millisecond come in the order of their random bits.
    let sorted = |cards: &str| {
        let mut each: Vec<String> =
            cards.split_inclusive("END:VCARD").map(|card| card.trim_start().to_owned()).collect();
        each.sort();
        each
    };
    let [cards] = &taken.contacts.into_values().collect::<Vec<_>>()[..] else { panic!("one owner has contacts") };
    assert_eq!(cards.len(), CARDS.len());
    assert_eq!(sorted(std::str::from_utf8(cards).expect("UTF-8")), sorted(CARDS));
    assert_eq!((exported.owners, exported.contacts, heard), (2, 2, vec![1, 2]));
}

#[tokio::test]
async fn every_kind_of_thing_is_a_line() {
    let env = registered(env()).await;
    load_contacts(&env, CARDS).await;
    let mut taken = Taken::default();
    let exported = export(&env, None, &mut taken, &mut |_| {}).await.expect("exported");
    assert_eq!(exported.lines, taken.lines.len() as u64);
    let expected =
        [("audit", 1), ("book", 1), ("contact", 2), ("export", 1), ("group", 2), ("member", 2), ("owner", 2)];
    assert_eq!(taken.count().into_iter().collect::<Vec<_>>(), expected);
    let first = taken.lines.iter().find(|line| line["kind"] == "contact" && line["uid"] == "b").expect("the contact");
    assert!(CARDS.starts_with(first["vcard"].as_str().expect("text")));
}

#[tokio::test]
async fn an_owner_comes_with_the_whole_history_and_only_theirs() {
    let env = env();
    load_moves(
        &env,
        "Bob Lee,+14155552671,+442079460018,2026-03-01,reveal\n\
         Ann Ray,+14155552672,+442079460020,2026-03-01,forward\n\
         Bob Lee,+442079460018,+442079460019,2026-04-01,reveal\n",
    )
    .await;
    let owners = env.store.owners(None, 10).await.expect("owners").items;
    let bob = owners.iter().find(|owner| owner.profile.name == "Bob Lee").expect("Bob");
    let mut taken = Taken::default();
    let exported = export(&env, Some(bob.id), &mut taken, &mut |_| {}).await.expect("exported");
    assert_eq!(exported, Exported { owners: 1, contacts: 0, lines: taken.lines.len() as u64 });
    let expected = [
        ("audit", 2),
        ("book", 1),
        ("change", 1),
        ("export", 1),
        ("group", 1),
        ("member", 1),
        ("owner", 1),
        ("request", 1),
    ];
    assert_eq!(taken.count().into_iter().collect::<Vec<_>>(), expected);
    let owner = taken.lines.iter().find(|line| line["kind"] == "owner").expect("the owner");
    let values = owner["points"][0]["values"].as_array().expect("values");
    let wires: Vec<_> = values.iter().map(|value| value["value"].as_str().expect("text")).collect();
    assert_eq!(wires, ["+14155552671", "+442079460018", "+442079460019"]);
    assert_eq!(values[0]["proof"], serde_json::json!({"by": "import", "source": "crm.csv"}));
    assert!(taken.own.contains("TEL;TYPE=VOICE:+442079460019\r\n") && !taken.own.contains("2671"), "{}", taken.own);
    let group = taken.lines.iter().find(|line| line["kind"] == "group").expect("the group");
    assert_eq!(group["grants"], serde_json::json!([{"reveal": owner["points"][0]["id"]}]));
    let text = taken.lines.iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains("Ann Ray") && !text.contains("+14155552672"));

    let failed = export(&env, Some(OwnerId(7)), &mut Taken::default(), &mut |_| {}).await.expect_err("nobody");
    assert_eq!(failed.to_string(), "no such owner");
}

async fn c7_the_export_of_one_owner_hides_the_history_while_a_panic_lasts(still: Still) {
    const FORMER: &str = "+14155552671";
    let env = env_over(&still);
    let moves = format!(
        "Bob Lee,{FORMER},+442079460018,2026-03-01,reveal\nBob Lee,+442079460018,+442079460019,2026-04-01,reveal\n"
    );
    load_moves(&env, &moves).await;
    let bob = env.store.owners(None, 10).await.expect("owners").items.remove(0);
    let taken = async |only| {
        let mut taken = Taken::default();
        export(&env, only, &mut taken, &mut |_| {}).await.expect("exported");
        taken
    };
    let tells = |taken: &Taken| taken.lines.iter().any(|line| line.to_string().contains(FORMER));
    let before = taken(Some(bob.id)).await;
    assert!(tells(&before) && before.count().contains_key("change"));

    // Lines of one moment have no order.
    still.passes(Duration::from_secs(1)).await;
    let operator = Actor { by: "operator".into(), ..Actor::system() };
    carry_out(&env, || panic::panic(&env, &operator, bob.id, None)).await.expect("silenced");
    let hidden = taken(Some(bob.id)).await;
    let expected =
        [("audit", 1), ("book", 1), ("export", 1), ("group", 1), ("left_out", 1), ("member", 1), ("owner", 1)];
    assert_eq!(hidden.count().into_iter().collect::<Vec<_>>(), expected);
    assert!(!tells(&hidden) && !hidden.own.contains("2671"));
    let of_kind = |kind| hidden.lines.iter().find(|line| line["kind"] == kind).expect("it is there");
    assert_eq!(of_kind("left_out")["what"], "history");
    assert_eq!(of_kind("audit")["what"], "panicked", "what happened is seen");
    assert!(hidden.own.contains("+442079460019"), "and what there is now: {}", hidden.own);
    assert!(tells(&taken(None).await), "everything is the operator's own");
}
