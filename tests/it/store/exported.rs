//! An export (rule C7) and what the stores have of an owner: nothing is forgotten in it.

use super::{
    chains::{World, on_postgres, on_sqlite},
    erasure::{eve, fill},
    sample::*,
};
use crate::both::both;
use redial::{
    domain::{
        exchange::{BookUpdate, Introduction, Replaced, Stand, TrayCard, TrayState},
        id::{ContactId, OwnerId, UpdateId},
    },
    store::{Effect, Exchanged, Preference, Returned},
    usecase::export::{Sink, export},
};
use serde_json::Value;
use std::io;

both! {
    c7_everything_that_stands_for_an_owner_is_in_an_export_or_said_why_not
}

/// A line of its own, by its kind; or where it stands, or why it is none of the owner's.
enum In {
    Line(&'static str),
    Elsewhere(&'static str),
}
use In::{Elsewhere, Line};

/// Whoever adds a table says here what an export has of it.
const HOLDINGS: [(&str, In); 35] = [
    ("points", Line("owner")),
    ("values", Line("owner")),
    ("names", Elsewhere("keys made of the names in the line `owner`")),
    ("changes", Line("change")),
    ("requests", Line("request")),
    ("queries", Line("query")),
    ("books", Line("book")),
    ("groups", Line("group")),
    ("grants", Line("group")),
    ("contacts", Line("contact")),
    ("contact_addresses", Elsewhere("made of the vCard in the line `contact`")),
    ("contact_names", Elsewhere("made of the vCard in the line `contact`")),
    ("members", Line("member")),
    ("audience", Elsewhere("made of contacts and members")),
    ("blocks", Line("block")),
    ("fanouts", Elsewhere("work that is to be done, of which notices tell")),
    ("notices", Line("notice")),
    ("attempts", Line("notice")),
    ("ledger", Line("shown")),
    ("opt_outs_from_them", Line("opt_out")),
    ("substitutions", Elsewhere("in the line `query` of the query that it answered")),
    ("keys", Line("key")),
    ("sessions", Line("session")),
    ("passkeys", Line("passkey")),
    ("devices", Line("device")),
    ("card_links", Line("card_link")),
    ("asleep", Line("asleep")),
    ("introductions", Line("introduction")),
    ("introduced", Line("introduced")),
    ("cards_received", Line("tray")),
    ("cards_sent", Elsewhere("in the trays of others, of which notices tell")),
    ("book_updates", Line("book_update")),
    ("updates_in_others_books", Elsewhere("of those whose books they are")),
    ("linkings", Elsewhere("work that is to be done")),
    ("audit_lines", Line("audit")),
];

#[derive(Default)]
struct Lines(Vec<Value>);

impl Sink for Lines {
    fn line(&mut self, object: &Value) -> io::Result<()> {
        self.0.push(object.clone());
        Ok(())
    }

    fn own_card(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn contact(&mut self, _: OwnerId, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// What `fill` has not.
fn exchanged() -> Vec<Effect> {
    let introduction = Introduction { owner: eve(), contact: ContactId(9), at: at(1), stand: Stand::Goes, due: at(2) };
    let card = TrayCard { holder: eve(), from: OwnerId(1), at: at(1), state: TrayState::Waiting };
    let update = BookUpdate {
        id: UpdateId(5),
        viewer: eve(),
        contact: ContactId(9),
        from: OwnerId(2),
        at: at(1),
        before: vec![],
        after: vec![],
        lines: vec![Replaced { old: None, new: address("+14155550173") }],
        undone: None,
    };
    let said = [
        Exchanged::Introduced(introduction, vec!["+14155550173".into()]),
        Exchanged::Trayed(card),
        Exchanged::BookUpdated(update),
    ];
    said.into_iter().map(Effect::Exchanged).collect()
}

async fn c7_everything_that_stands_for_an_owner_is_in_an_export_or_said_why_not(world: World) {
    let store = &world.env.store;
    fill(store).await;
    write(store, exchanged()).await;
    let own = Preference { address: address("eve.example@example.com"), first: None, language: "de".into(), at: at(1) };
    write(store, vec![Effect::Returned(Returned::Preferred(own))]).await;
    let mut lines = Lines::default();
    export(&world.env, Some(eve()), &mut lines, &mut |_| {}).await.unwrap();
    let has = |kind: &str| lines.0.iter().any(|line| line["kind"] == kind);
    for (what, rows) in store.holdings(eve()).await.unwrap() {
        let known = HOLDINGS.iter().find(|(known, _)| *known == what);
        let Some((_, place)) = known else { panic!("say what an export has of {what}") };
        match place {
            Line(kind) => {
                // The one that `fill` leaves out is an attempt.
                assert!(rows > 0 || what == "attempts", "there is none of {what}");
                assert!(has(kind), "{what} is in no line `{kind}`");
            }
            Elsewhere(why) => assert!(!why.is_empty()),
        }
    }
    assert!(has("preference") && has("audit"));
    // No secret by which somebody could act or read in the owner's place.
    let text = lines.0.iter().map(Value::to_string).collect::<String>();
    for secret in ["token-of-eve", "\"tok\"", "\"hash\"", "\"public\""] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
