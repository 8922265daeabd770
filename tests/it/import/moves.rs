//! `redial import moves`.

use super::{Heard, on_postgres, on_sqlite};
use crate::{both::both, people};
use redial::{
    clock::Time,
    domain::{
        address::{Address, phone::Region},
        group::{Item, Viewer},
        id::{OwnerId, PointId},
        owner::{Held, Owner, Proof},
    },
    store::{Commit, Effect},
    usecase::{
        Env,
        import::{ImportFailed, Imported},
        import_moves::{Source, import},
    },
};

both! {
    a_row_makes_an_unclaimed_owner_that_everyone_may_follow
    a_grant_is_what_the_row_says
    the_same_file_again_writes_nothing
    a_row_sees_what_batches_before_it_did
    a_number_that_somebody_only_claims_may_be_imported
    another_grant_is_the_only_change
    bad_rows_are_told_with_their_lines_and_the_rest_is_loaded
    an_owner_who_has_come_is_never_touched
    a_file_that_is_another_is_refused
    more_rows_than_one_batch_see_each_other
    the_last_row_continues_what_the_first_batch_began
    a_later_row_continues_the_history
    a_row_of_a_later_file_continues_the_history
}

const HEADER: &str = "name,old,new,changed_at,grant\n";

async fn load(env: &Env, rows: &str) -> (Imported, Heard) {
    let mut heard = Heard::default();
    let file = std::io::Cursor::new(format!("{HEADER}{rows}").into_bytes());
    let source = Source { name: "crm.csv".into(), region: Region::new("US") };
    let imported = import(env, file, &source, &mut heard).await.expect("the file is read to its end");
    (imported, heard)
}

/// Loads rows without their header.
pub(crate) async fn load_moves(env: &Env, rows: &str) {
    load(env, rows).await;
}

async fn owners(env: &Env) -> Vec<Owner> {
    env.store.owners(None, 100).await.expect("owners").items
}

fn key(text: &str) -> Box<str> {
    Address::parse(text, None).expect("an address").key().into()
}

async fn a_row_makes_an_unclaimed_owner_that_everyone_may_follow(env: Env) {
    let (imported, heard) = load(&env, "Bob Lee,(415) 555-2671,+442079460018,2026-03-01,reveal\n").await;
    assert_eq!((imported, heard.bad), (Imported { added: 1, ..Imported::default() }, Vec::new()));
    assert!(heard.bytes > 80);

    let [bob] = &owners(&env).await[..] else { panic!("one owner") };
    assert!(!bob.claimed);
    assert_eq!((bob.profile.name.as_str(), bob.points.len(), bob.revision), ("Bob Lee", 1, 0));
    let values = &bob.points[0].values;
    assert_eq!(values.iter().map(|held| held.address.wire()).collect::<Vec<_>>(), ["+14155552671", "+442079460018"]);
    assert_eq!((values[0].until, values[0].proved), (Some(values[1].from), values[1].from));
    assert_eq!(values[1].from.to_string(), "2026-03-01T00:00:00Z");
    assert!(values.iter().all(|held| held.proof == Proof::Imported("crm.csv".into())));

    assert!(env.store.may_be_former(&key("+14155552671")));
    let facts = env.store.facts(&key("+14155552671"), &Viewer::default()).await.expect("facts");
    let [holder] = &facts.holders[..] else { panic!("one holder") };
    assert!(holder.believed && holder.rights.reveals(Item::Point(bob.points[0].id)));
    assert_eq!(holder.current.as_ref().map(Address::wire), Some("+442079460018"));
    let audit = env.store.audit(bob.id, None, 10).await.expect("audit").items;
    assert_eq!(audit.iter().map(|line| (&*line.by, &*line.what)).collect::<Vec<_>>(), [("import", "imported")]);
}

async fn a_grant_is_what_the_row_says(env: Env) {
    load(
        &env,
        "A,+14155552671,+442079460018,2026-03-01,reveal\nB,+14155552672,+442079460019,2026-03-01,forward\nC,+14155552673,+442079460020,2026-03-01,none\n",
    )
    .await;
    for (old, forwards, reveals) in
        [("+14155552671", true, true), ("+14155552672", true, false), ("+14155552673", false, false)]
    {
        let facts = env.store.facts(&key(old), &Viewer::default()).await.expect("facts");
        let holder = &facts.holders[0];
        let rights = (holder.rights.forwards(holder.point), holder.rights.reveals(Item::Point(holder.point)));
        assert_eq!(rights, (forwards, reveals), "{old}");
    }
}

async fn the_same_file_again_writes_nothing(env: Env) {
    let rows = "Bob Lee,+14155552671,+442079460018,2026-03-01,reveal\n\
        Bob Lee,+442079460018,+442079460019,2026-04-01,reveal\n\
        Ann Ray,+14155552672,+442079460020,2026-03-01,none\n";
    let (first, _) = load(&env, rows).await;
    assert_eq!(first, Imported { added: 2, changed: 1, ..Imported::default() });
    let before = owners(&env).await;
    let (again, heard) = load(&env, rows).await;
    assert_eq!((again, heard.bad), (Imported { same: 3, ..Imported::default() }, Vec::new()));
    assert_eq!(owners(&env).await, before);
}

async fn a_row_sees_what_batches_before_it_did(env: Env) {
    use std::fmt::Write as _;
    let mut rows = String::new();
    for number in 0..10_002 {
        writeln!(rows, "Bob Lee,+1415{},+1917{0},2026-03-01,reveal", 5_000_000 + number).expect("text");
    }
    // The first goes on, the second is told again, the third for less, and the fourth's numbers are somebody else's.
    rows.push_str("Bob Lee,+19175000000,+19185000000,2026-04-01,reveal\n");
    rows.push_str("Bob Lee,+14155000001,+19175000001,2026-03-01,reveal\n");
    rows.push_str("Bob Lee,+14155000002,+19175000002,2026-03-01,none\n");
    rows.push_str("Ann Ray,+14155000003,+19175000003,2026-03-01,none\n");
    let (first, heard) = load(&env, &rows).await;
    assert_eq!(first, Imported { added: 10_002, changed: 2, same: 1, bad: 1, unreadable: 0 });
    assert_eq!(heard.lines(), [10_007]);
    let facts = async |number: &str| {
        let facts = env.store.facts(&key(number), &Viewer::default()).await.expect("facts");
        let [holder] = &facts.holders[..] else { panic!("one holder") };
        (holder.current.clone().map(|address| address.wire().to_owned()), holder.rights.forwards(holder.point))
    };
    assert_eq!(facts("+14155000000").await, (Some("+19185000000".to_owned()), true));
    assert_eq!(facts("+14155000002").await, (Some("+19175000002".to_owned()), false));
    let (again, _) = load(&env, &rows).await;
    // The first of the two rows about the third's grant gives it again, the second takes it away.
    assert_eq!(again, Imported { added: 0, changed: 2, same: 10_003, bad: 1, unreadable: 0 });
}

async fn a_number_that_somebody_only_claims_may_be_imported(env: Env) {
    let address = Address::parse("+14155552671", None).expect("a number");
    let at = Time::parse("2026-01-01").expect("a date");
    let value = Held { address, from: at, until: None, proof: Proof::None, proved: at };
    let claims = people::owner(OwnerId(1), "", vec![people::point(PointId(1), "mobile", vec![value])], at);
    let effects = vec![Effect::OwnerAdded(claims)];
    env.store.commit(Commit { effects, ..Commit::default() }).await.expect("it is written");
    let rows = "Bob Lee,+14155552671,+442079460018,2026-03-01,reveal\n\
        Ann Ray,+14155552672,+442079460019,2026-03-01,reveal\n";
    let (imported, heard) = load(&env, rows).await;
    assert_eq!((imported, heard.bad), (Imported { added: 2, ..Imported::default() }, Vec::new()));
    let facts = env.store.facts(&key("+14155552671"), &Viewer::default()).await.expect("facts");
    assert_eq!(facts.holders.iter().filter(|holder| holder.believed).count(), 1);
    let (again, _) = load(&env, rows).await;
    assert_eq!(again, Imported { same: 2, ..Imported::default() });
}

async fn another_grant_is_the_only_change(env: Env) {
    load(&env, "Bob Lee,+14155552671,+442079460018,2026-03-01,reveal\n").await;
    let (again, _) = load(&env, "Bob Lee,+14155552671,+442079460018,2026-03-01,forward\n").await;
    assert_eq!(again, Imported { changed: 1, ..Imported::default() });
    let facts = env.store.facts(&key("+14155552671"), &Viewer::default()).await.expect("facts");
    assert!(facts.holders[0].rights.reveal.is_empty() && facts.holders[0].rights.forwards(facts.holders[0].point));
}

async fn a_later_row_continues_the_history(env: Env) {
    continued(&env, false).await;
}

async fn a_row_of_a_later_file_continues_the_history(env: Env) {
    continued(&env, true).await;
}

/// Three rows of one person, in one file or three.
async fn continued(env: &Env, split: bool) {
    let first = "Bob Lee,+14155552671,+442079460018,2026-03-01,forward\n";
    let second = "Lee Bob,+442079460018,+442079460019,2026-04-01,forward\n";
    let third = "Bob Lee,+442079460019,+14155552671,2026-05-01,reveal\n";
    if split {
        for row in [first, second, third] {
            load(env, row).await;
        }
    } else {
        load(env, &format!("{first}{second}{third}")).await;
    }
    let [bob] = &owners(env).await[..] else { panic!("one owner") };
    let values = &bob.points[0].values;
    let wires: Vec<_> = values.iter().map(|held| held.address.wire()).collect();
    assert_eq!(wires, ["+14155552671", "+442079460018", "+442079460019", "+14155552671"]);
    assert_eq!(bob.points[0].current().map(|held| held.address.wire()), Some("+14155552671"));
    assert_eq!(values[1].until.map(|at| at.to_string()).as_deref(), Some("2026-04-01T00:00:00Z"));
    assert_eq!(values[1].proved, values[1].until.expect("it was left"));
    assert_eq!(bob.revision, 2);
    assert_eq!(env.store.changes(bob.id, 0, 10).await.expect("changes").items.len(), 2);
    let facts = env.store.facts(&key("+442079460018"), &Viewer::default()).await.expect("facts");
    assert_eq!(facts.holders[0].current.as_ref().map(Address::wire), Some("+14155552671"));
    assert!(facts.holders[0].rights.reveals(Item::Point(bob.points[0].id)), "the last row's grant holds");
}

async fn bad_rows_are_told_with_their_lines_and_the_rest_is_loaded(env: Env) {
    let (imported, heard) = load(
        &env,
        "Bob Lee,+14155552671,+442079460018,2026-03-01,reveal\n\
         ,+14155552672,+442079460019,2026-03-01,reveal\n\
         Ann,hello,+442079460019,2026-03-01,reveal\n\
         \"Two\nlines\",1,2\n\
         Ann,+14155552672,+442079460018,2026-03-01,reveal\n\
         Ann,+14155552672,+442079460019,2026-03-01,all\n\
         \n\
         Ann \u{e9},+14155552672,+442079460019,2026-03-01,reveal\n",
    )
    .await;
    assert_eq!(imported, Imported { added: 2, bad: 5, ..Imported::default() });
    assert_eq!(heard.lines(), [3, 4, 5, 7, 8]);
    for ((_, reason), expected) in heard.bad.iter().zip([
        "name: ",
        "old: ",
        "5 columns are needed, 3 are there",
        "new: this number is held",
        "grant: ",
    ]) {
        assert!(reason.starts_with(expected), "{reason}");
    }
}

async fn an_owner_who_has_come_is_never_touched(env: Env) {
    load(&env, "Bob Lee,+14155552671,+442079460018,2026-03-01,reveal\n").await;
    let bob = owners(&env).await.remove(0);
    let claim = Effect::OwnerSet {
        id: bob.id,
        language: bob.language.clone(),
        profile: bob.profile.clone(),
        claimed: true,
        silenced: false,
        revision: bob.revision,
    };
    env.store
        .commit(Commit { expect: vec![(bob.id, bob.version)], once: None, effects: vec![claim] })
        .await
        .expect("claimed");
    let before = owners(&env).await;
    let (imported, heard) = load(
        &env,
        "Bob Lee,+442079460018,+442079460019,2026-04-01,reveal\n\
         Ann Ray,+14155552671,+442079460020,2026-04-01,reveal\n\
         Ann Ray,+14155552672,+442079460018,2026-04-01,reveal\n\
         Bob Lee,+14155552671,+442079460018,2026-03-01,none\n\
         Bob Lee,+14155552671,+442079460018,2026-03-01,reveal\n",
    )
    .await;
    assert_eq!((imported, heard.lines()), (Imported { same: 1, bad: 4, ..Imported::default() }, vec![2, 3, 4, 5]));
    assert!(heard.bad.iter().all(|(_, reason)| reason.contains("has claimed")), "{:?}", heard.bad);
    assert_eq!(owners(&env).await, before);
}

async fn a_file_that_is_another_is_refused(env: Env) {
    let source = Source { name: "x".into(), region: None };
    for (file, expected) in [
        ("", "the file is empty; the header name,old,new,changed_at,grant is needed"),
        ("name,old,new\n", "found name,old,new; the header"),
        ("name,phone,new,changed_at,grant\n", "found name,phone,new,changed_at,grant; the header"),
        ("name;old;new;changed_at;grant\n", "found name;old"),
    ] {
        let file = std::io::Cursor::new(file.as_bytes().to_vec());
        let failed = import(&env, file, &source, &mut Heard::default()).await.expect_err("another file");
        assert!(failed.to_string().contains(expected), "{failed}");
    }
    let endless = format!("{HEADER}A,+14155552671,+442079460018,2026-03-01,reveal\n\"{}", "x,\n".repeat(1_000_000));
    let failed = import(&env, std::io::Cursor::new(endless.into_bytes()), &source, &mut Heard::default()).await;
    assert!(matches!(failed, Err(ImportFailed::Endless { line: 3 })), "{failed:?}");
    let columns = "\u{feff}Grant,Changed_At,NEW,old,name\nreveal,2026-03-01,+442079460018,+14155552671,Bob\n";
    let loaded = import(&env, std::io::Cursor::new(columns.as_bytes()), &source, &mut Heard::default()).await;
    assert_eq!(loaded.expect("any order").added, 1);
}

async fn more_rows_than_one_batch_see_each_other(env: Env) {
    let number = |n: u32| format!("+1415555{:04}", 2_000 + n);
    let row = |n: u32| {
        let time = format!("2026-01-01T{:02}:{:02}:{:02}Z", n / 3_600, n / 60 % 60, n % 60);
        format!("Bob Lee,{},{},{time},forward", number(n), number(n + 1))
    };
    let rows = (0..4_500).map(row).collect::<Vec<_>>().join("\n");
    let (imported, heard) = load(&env, &rows).await;
    assert_eq!(heard.bad.first(), None);
    assert_eq!(imported, Imported { added: 1, changed: 4_499, ..Imported::default() });
    let [bob] = &owners(&env).await[..] else { panic!("one owner") };
    assert_eq!(bob.points[0].values.len(), 4_501);
}

async fn the_last_row_continues_what_the_first_batch_began(env: Env) {
    let size = env.store.load_size();
    let row = |n: usize| format!("Bob Lee,+1212{:07},+1917{:07},2026-01-01,forward", 2_000_000 + n, 2_000_000 + n);
    let mut rows: Vec<String> = (0..size).map(row).collect();
    rows.push("Bob Lee,+19172000000,+14155552671,2026-02-01,forward".to_owned());
    let (imported, heard) = load(&env, &rows.join("\n")).await;
    assert_eq!(heard.bad.first(), None);
    assert_eq!(imported, Imported { added: size as u64, changed: 1, ..Imported::default() });
    let facts = env.store.holders(&[key("+12122000000")]).await.expect("holders");
    let [(_, bob)] = &facts[..] else { panic!("one holder") };
    assert_eq!(bob.current.as_ref().map(Address::wire), Some("+14155552671"));
}
