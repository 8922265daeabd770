//! The process is killed while it writes: what was returned is there, and nothing is there by halves.

use super::{sample::*, sqlite::Folder};
use redial::{
    clock::SystemClock,
    domain::id::{NoticeId, OwnerId},
    store::{Commit, Effect, Numbers as _, Outbox as _, Owners as _, SharedStore, Store as _, sqlite::Sqlite},
};
use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

const FILE: &str = "REDIAL_TEST_KILLED_STORE";
const ROUNDS: u128 = 8;
const EACH: u128 = 1_000_000;

fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, Arc::new(SystemClock), 1).unwrap()
}

fn former(number: u128) -> String {
    format!("+1415{number:010}")
}

fn effects(number: u128) -> Vec<Effect> {
    let old = former(number);
    vec![
        Effect::OwnerAdded(owner(number, "N", &[&old])),
        Effect::NoticeDue(notice(number, number, 1, EARLY)),
        Effect::ValueLeft(OwnerId(number), owner(number, "N", &[&old]).points[0].id, EARLY),
        Effect::FanoutDue(fanout(number, number, EARLY)),
    ]
}

/// Not a test of its own: the process that is killed. Four tasks write and say what was returned for.
#[tokio::test]
async fn child() {
    let Ok(path) = std::env::var(FILE) else { return };
    let (path, first) = path.split_once('=').unwrap();
    let first: u128 = first.parse().unwrap();
    let store: SharedStore = Arc::new(open(Path::new(path)));
    let write = async |lane: u128| {
        for number in (first + lane..first + EACH).step_by(4) {
            store.commit(Commit { effects: effects(number), ..Commit::default() }).await.unwrap();
            println!("\nwrote {number}");
        }
    };
    tokio::join!(write(0), write(1), write(2), write(3));
}

/// Kills a child after it has said `count` times that something was written.
fn written_before_death(path: &Path, first: u128, count: usize) -> Vec<u128> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::kill::child", "--nocapture", "--test-threads=1"])
        .env(FILE, format!("{}={first}", path.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut written = Vec::new();
    for line in lines.map_while(Result::ok) {
        let Some(number) = line.strip_prefix("wrote ").and_then(|number| number.parse().ok()) else { continue };
        written.push(number);
        if written.len() == count {
            // SIGKILL; what it has still said before it is gone counts too.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    written
}

#[tokio::test]
async fn what_was_returned_survives_and_nothing_is_torn() {
    let folder = Folder::new("kill");
    let path = folder.join("redial.db");
    let mut written = Vec::new();
    for round in 0..ROUNDS {
        let count = 1 + usize::try_from(round * 37 % 101).unwrap();
        let new = written_before_death(&path, round * EACH, count);
        assert!(new.len() >= count, "the child ended by itself");
        written.extend(new);

        let store = open(&path);
        for &number in &written {
            assert!(store.owner(OwnerId(number)).await.unwrap().is_some(), "owner {number} was written");
        }
        let mut found = 0;
        let mut after = None;
        loop {
            let page = store.owners(after, 1_000).await.unwrap();
            for owner in &page.items {
                let number = owner.id.0;
                assert!(owner.points[0].values[0].until.is_some(), "{number} is torn");
                assert!(store.notice(NoticeId(number)).await.unwrap().is_some(), "{number} is torn");
                assert!(store.may_be_former(&former(number)), "{number} is not in the filter");
                found += 1;
            }
            after = page.items.last().map(|owner| owner.id);
            if !page.more {
                break;
            }
        }
        assert!(found >= written.len());
        println!("round {round}: {} said to be written, {found} found", written.len());
        store.close().await;
    }
}
