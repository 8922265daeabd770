//! Several nodes on one `PostgreSQL`: they follow each other, share the work, and lose nothing when connections break.

use super::{
    cluster,
    proxy::{Lose, Proxy},
    sample::*,
};
use crate::peer::left_out;
use redial::{
    clock::{Random as _, SystemRandom, Time},
    domain::{
        id::{AuditId, ContactId, NoticeId, OwnerId, PointId},
        notice::{NoticeState, Recipient, Shown},
    },
    store::{
        Audit, Claimed, Commit, Effect, Numbers as _, Outbox as _, Owners as _, Store as _, StoreError,
        postgres::Postgres,
    },
};
use std::{
    collections::BTreeSet,
    future::{Future as _, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

const OLD: &str = "+14155550101";
const NEW: &str = "+14155550102";
const MINUTE: Duration = Duration::from_mins(1);

/// One that has looked for former numbers.
async fn node(url: &str) -> Arc<Postgres> {
    let node = Postgres::connect(url, 4, None).await.expect("the database is there");
    node.follow().await.expect("it can look");
    Arc::new(node)
}

fn effects(effects: Vec<Effect>) -> Commit {
    Commit { effects, ..Commit::default() }
}

fn line(id: u128) -> Effect {
    let (by, what, detail) = ("system".into(), "tested".into(), "{}".into());
    Effect::Audited(Audit { id: AuditId(id), owner: OwnerId(1), at: EARLY, by, what, detail })
}

/// All ids of owner 1's audit trail.
async fn lines(store: &Postgres) -> Vec<u128> {
    let page = store.audit(OwnerId(1), None, 1_000_000).await.expect("it can be read");
    page.items.into_iter().map(|line| line.id.0).collect()
}

#[tokio::test]
async fn nodes_that_start_together_make_one_schema_and_an_older_program_refuses_a_newer_one() {
    let Some(url) = cluster::empty_database().await else { return };
    let starts = (0..6).map(|_| Postgres::connect(&url, 2, None));
    for store in futures_util::future::join_all(starts).await {
        store.unwrap().now().await.unwrap();
    }
    cluster::run(&url, "UPDATE redial_schema SET number = number + 1").await;
    match Postgres::connect(&url, 2, None).await {
        Err(StoreError::Newer { found, known }) => assert_eq!(found, known + 1),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_node_stops_working_when_a_newer_program_brings_the_schema_forward() {
    let Some(url) = cluster::database().await else { return };
    let (writes, follows) = (node(&url).await, node(&url).await);
    writes.commit(effects(vec![Effect::OwnerAdded(owner(1, "Ann Example", &[OLD])), line(1)])).await.unwrap();
    cluster::run(&url, "UPDATE redial_schema SET number = number + 1").await;
    let newer = |error: &StoreError| matches!(error, StoreError::Newer { found, known } if *found == known + 1);
    // The first write meets it, and nothing of it is done; so does whoever follows. Then nothing else is done either.
    let refused = writes.commit(effects(vec![line(2)])).await.unwrap_err();
    assert!(newer(&refused), "{refused}");
    assert!(newer(&follows.follow().await.unwrap_err()));
    for store in [&writes, &follows] {
        assert!(newer(&store.now().await.unwrap_err()), "it is not ready");
        assert!(newer(&store.claim(false, 1, MINUTE).await.unwrap_err()), "it sends nothing");
        assert!(newer(&store.audit(OwnerId(1), None, 9).await.unwrap_err()));
    }
    cluster::run(&url, "UPDATE redial_schema SET number = number - 1").await;
    assert_eq!(lines(&*node(&url).await).await, [1], "nothing was written");
}

#[tokio::test]
async fn a_node_learns_former_numbers_from_its_own_commits_at_once_and_from_others_by_following() {
    let Some(url) = cluster::database().await else { return };
    let (one, other) = (node(&url).await, node(&url).await);
    let moved = vec![
        Effect::OwnerAdded(owner(1, "Ann Example", &[OLD])),
        Effect::ValueLeft(OwnerId(1), PointId(10), at(100)),
        Effect::ValueHeld(OwnerId(1), PointId(10), held(NEW, 100)),
    ];
    one.commit(effects(moved)).await.unwrap();
    assert!(one.may_be_former(OLD) && !one.may_be_former(NEW));
    assert!(!other.may_be_former(OLD));
    other.follow().await.unwrap();
    assert!(other.may_be_former(OLD) && !other.may_be_former(NEW));
    assert!(node(&url).await.may_be_former(OLD), "a node that starts later reads them all");
    let fresh = Postgres::connect(&url, 4, None).await.unwrap();
    assert!(fresh.may_be_former(OLD) && fresh.may_be_former(NEW), "until it has looked, any number may be one");
    fresh.follow().await.unwrap();
    assert!(fresh.may_be_former(OLD) && !fresh.may_be_former(NEW));
}

#[tokio::test]
async fn a_node_finds_what_was_written_before_it_looked_and_committed_after() {
    let Some(url) = cluster::database().await else { return };
    let (one, other) = (node(&url).await, node(&url).await);
    one.commit(effects(vec![Effect::OwnerAdded(owner(1, "Ann Example", &[OLD]))])).await.unwrap();
    let slow = cluster::connect(&url).await;
    let clock = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";
    let sql = format!("BEGIN; UPDATE held SET until = {clock}, left_at = {clock} WHERE key = '{OLD}'");
    slow.batch_execute(&sql).await.unwrap();
    other.follow().await.unwrap();
    assert!(!other.may_be_former(OLD));
    slow.batch_execute("COMMIT").await.unwrap();
    other.follow().await.unwrap();
    assert!(other.may_be_former(OLD), "the second look reaches back");
}

#[tokio::test]
async fn a_filter_that_is_rebuilt_beside_commits_forgets_nothing() {
    let Some(url) = cluster::database().await else { return };
    let store = node(&url).await;
    // More than the smallest generation takes, in the table alone, so that following fills the filter.
    let sql = "INSERT INTO held (key, owner, point, number, since, until, wire, proof, proved, left_at)
        SELECT '+1999' || n, '\\x01', '\\x02', n, 1, 2, '', 'code', 1,
            CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)
        FROM generate_series(1, 70000) n";
    cluster::run(&url, sql).await;
    let follow = async { store.follow().await.unwrap() };
    let move_on = async {
        for number in 1..=20 {
            let key = format!("+1415555{:04}", 1_000 + number);
            let point = PointId(number * 10);
            let added = Effect::OwnerAdded(owner(number, "Ann", &[&key]));
            let left = Effect::ValueLeft(OwnerId(number), point, at(100));
            store.commit(effects(vec![added, left])).await.unwrap();
        }
    };
    tokio::join!(follow, move_on);
    for number in 1..=20 {
        assert!(store.may_be_former(&format!("+1415555{:04}", 1_000 + number)));
    }
    assert!((1..=70_000).all(|number| store.may_be_former(&format!("+1999{number}"))));
    let wrong = (0..1_000).filter(|number| store.may_be_former(&format!("+3312345{number:04}"))).count();
    assert!(wrong < 50, "{wrong} of 1000 numbers that never moved seem to have");
}

/// Notices of owner 1 to contacts, all due.
async fn with_notices(store: &Postgres, count: u128) {
    let mut all = vec![Effect::OwnerAdded(owner(1, "Ann Example", &[OLD]))];
    all.extend((1..=count).map(|number| Effect::NoticeDue(notice(number, 1, number, EARLY))));
    store.commit(effects(all)).await.expect("they are written");
}

fn settle(claimed: &Claimed) -> Commit {
    effects(vec![Effect::NoticeSet {
        id: claimed.notice.id,
        fence: claimed.fence,
        seen: claimed.notice.due,
        state: NoticeState::Sent,
        due: claimed.notice.due,
        attempts: 1,
        reason: "sent".into(),
    }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_compete_for_claims_never_get_the_same_one() {
    const COUNT: u128 = 300;
    let Some(url) = cluster::database().await else { return };
    let nodes = [node(&url).await, node(&url).await];
    with_notices(&nodes[0], COUNT).await;
    let mut workers = Vec::new();
    for number in 0..6 {
        let node = Arc::clone(&nodes[number % 2]);
        workers.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = node.claim(false, 7, MINUTE).await.unwrap();
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed);
            }
        }));
    }
    let mut all: Vec<NoticeId> = Vec::new();
    for worker in workers {
        let mine = worker.await.unwrap();
        assert!(mine.iter().all(|claimed| claimed.fence == 1));
        all.extend(mine.iter().map(|claimed| claimed.notice.id));
    }
    // What somebody passed over while another one was looking at it is claimed by the next who comes.
    all.extend(nodes[1].claim(false, 1_000, MINUTE).await.unwrap().iter().map(|claimed| claimed.notice.id));
    assert_eq!(all.len(), usize::try_from(COUNT).unwrap());
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "each was claimed once");
}

#[tokio::test]
async fn a_claim_that_ran_out_is_taken_over_and_its_late_holder_refused() {
    let Some(url) = cluster::database().await else { return };
    let (one, other) = (node(&url).await, node(&url).await);
    with_notices(&one, 1).await;
    let late = one.claim(false, 1, Duration::ZERO).await.unwrap().remove(0);
    let next = loop {
        if let Some(claimed) = other.claim(false, 1, MINUTE).await.unwrap().pop() {
            break claimed;
        }
    };
    assert!(next.fence > late.fence);
    assert!(!one.heartbeat(late.notice.id, late.fence, MINUTE).await.unwrap());
    assert!(other.heartbeat(next.notice.id, next.fence, MINUTE).await.unwrap());
    let refused = one.commit(settle(&late)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    other.commit(settle(&next)).await.unwrap();
    let kept = one.notice(next.notice.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.attempts), (NoticeState::Sent, 1));
    assert!(kept.settled.is_some_and(|settled| settled > EARLY));
}

/// Commits lines until `count` are in, with the owner's version expected; the ids that were said to be in.
async fn write_lines(store: Arc<Postgres>, done: Arc<AtomicUsize>, worker: u128, count: u128) -> Vec<u128> {
    let mut written = Vec::new();
    for number in 0..count {
        let id = worker * 1_000_000 + number;
        loop {
            let version = match store.owner(OwnerId(1)).await {
                Ok(owner) => owner.expect("it was added").version,
                Err(StoreError::Unavailable(_)) => continue,
                Err(error) => panic!("{error}"),
            };
            let commit = Commit { expect: vec![(OwnerId(1), version)], once: None, effects: vec![line(id)] };
            match store.commit(commit).await {
                Ok(_) => {
                    done.fetch_add(1, Ordering::SeqCst);
                    break written.push(id);
                }
                Err(StoreError::Conflict) => {}
                Err(StoreError::Unavailable(error)) => {
                    assert!(!error.to_string().contains("not known"), "{error}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_ended_at_random_lose_nothing_and_repeat_nothing() {
    const WORKERS: u128 = 4;
    const EACH: u128 = 60;
    let Some(url) = cluster::database().await else { return };
    let nodes = [node(&url).await, node(&url).await];
    nodes[0].commit(effects(vec![Effect::OwnerAdded(owner(1, "Ann Example", &[OLD]))])).await.unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let mut workers = Vec::new();
    for worker in 1..=WORKERS {
        let node = &nodes[usize::from(worker % 2 == 0)];
        workers.push(tokio::spawn(write_lines(Arc::clone(node), Arc::clone(&done), worker, EACH)));
    }
    let killer = cluster::connect(&url).await;
    let random = SystemRandom::new();
    let (mut ended, mut seen) = (0, 0);
    while workers.iter().any(|worker| !worker.is_finished()) {
        // One for each commit, a little later: so it goes on, however slow this machine is.
        if std::mem::replace(&mut seen, done.load(Ordering::SeqCst)) == seen {
            tokio::task::yield_now().await;
            continue;
        }
        for _ in 0..random.bits() % 200 {
            tokio::task::yield_now().await;
        }
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'redial' ORDER BY random() LIMIT 1";
        ended += killer.query(sql, &[]).await.unwrap().len();
    }
    let mut said = Vec::new();
    for worker in workers {
        said.extend(worker.await.unwrap());
    }
    said.sort_unstable();
    println!("{ended} connections ended, {} commits", said.len());
    assert!(ended > 20, "only {ended} connections were ended");
    assert_eq!(lines(&nodes[0]).await, said);
    let version = nodes[0].owner(OwnerId(1)).await.unwrap().unwrap().version;
    assert_eq!(u128::from(version), 1 + WORKERS * EACH, "each commit raised the version once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_takes_effect_once() {
    let Some(url) = cluster::database().await else { return };
    let proxy = Proxy::start(&url).await;
    let store = node(&proxy.url).await;
    store.commit(effects(vec![Effect::OwnerAdded(owner(1, "Ann Example", &[OLD]))])).await.unwrap();
    for (version, how) in (1..).zip([Lose::Before, Lose::After, Lose::Late]) {
        proxy.lose(how);
        let commit = Commit { expect: vec![(OwnerId(1), version)], once: None, effects: vec![line(version.into())] };
        let committed = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.commit(commit).await }
        });
        if how == Lose::Late {
            // The second try stands behind the first one's marker: now let the first one through.
            let watch = cluster::connect(&url).await;
            let sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
                AND application_name = 'redial' AND wait_event_type = 'Lock'";
            while watch.query(sql, &[]).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            proxy.release();
        }
        let at = committed.await.unwrap().unwrap_or_else(|error| panic!("{how:?}: {error}"));
        assert!(at > EARLY);
        assert_eq!(lines(&store).await.last(), Some(&version.into()), "{how:?}");
        let now = store.owner(OwnerId(1)).await.unwrap().unwrap().version;
        assert_eq!(now, version + 1, "{how:?}: the version was raised once");
    }
    assert_eq!((proxy.lost(), lines(&store).await.len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_between_any_two_messages_costs_nothing_but_time() {
    let Some(url) = cluster::database().await else { return };
    let proxy = Proxy::start(&url).await;
    let store = node(&proxy.url).await;
    store.commit(effects(vec![Effect::OwnerAdded(owner(1, "Ann Example", &[OLD]))])).await.unwrap();
    let mut version = 1;
    // Until the cut comes after the end: then it was between all of them.
    for messages in 1.. {
        let before = proxy.cut();
        proxy.cut_before(messages);
        let id = u128::from(messages);
        let effects = vec![line(2 * id), Effect::ShownTo(shown(messages)), line(2 * id + 1)];
        store.commit(Commit { expect: vec![(OwnerId(1), version)], once: None, effects }).await.unwrap();
        version += 1;
        assert_eq!(store.owner(OwnerId(1)).await.unwrap().unwrap().version, version);
        proxy.cut_before(0);
        if proxy.cut() == before {
            break;
        }
    }
    assert!(proxy.cut() > 20, "{}", proxy.cut());
    let all = lines(&store).await;
    assert_eq!(all, (2..2 * u128::from(version)).collect::<Vec<_>>(), "every line once");
}

fn shown(revision: u32) -> Shown {
    let recipient = Recipient::Contact(ContactId(1));
    Shown { owner: OwnerId(1), recipient, revision: revision.into(), rights: 1, card: "{}".into(), at: EARLY }
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_all_or_nothing_and_a_clean_connection() {
    let Some(url) = cluster::database().await else { return };
    let store = Postgres::connect(&url, 1, None).await.unwrap();
    store.commit(effects(vec![Effect::OwnerAdded(owner(1, "Ann Example", &[OLD]))])).await.unwrap();
    let mut finished = 0;
    for number in 0..60_u128 {
        let both = vec![line(2 * number), line(2 * number + 1)];
        {
            let mut commit = pin!(store.commit(effects(both)));
            let mut left = number;
            // Gives up when it has been woken so many times.
            let outcome = poll_fn(|cx| match commit.as_mut().poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending if left == 0 => Poll::Ready(None),
                Poll::Pending => {
                    left -= 1;
                    Poll::Pending
                }
            });
            finished += usize::from(outcome.await.transpose().unwrap().is_some());
        }
        let _reads_too = {
            let mut facts = pin!(store.owner(OwnerId(1)));
            poll_fn(|cx| Poll::Ready(facts.as_mut().poll(cx).is_ready())).await
        };
        let there: BTreeSet<u128> = lines(&store).await.into_iter().collect();
        assert_eq!(there.contains(&(2 * number)), there.contains(&(2 * number + 1)), "all or nothing");
    }
    assert!(finished > 0, "the last ones had the time");
}

#[tokio::test]
async fn texts_from_outside_may_be_long_and_hold_any_character() {
    let Some(url) = cluster::database().await else { return };
    let store: redial::store::SharedStore = node(&url).await;
    let mut long = contact(1, 1, 1, "Long", &["+14155550199"]);
    long.uid = "0123456789abcdef\u{e9}".repeat(1_000).into();
    let mut nul = contact(1, 1, 2, "A\0B", &["+14155550198"]);
    nul.uid = "a\0b".into();
    let all = vec![
        Effect::OwnerAdded(owner(1, "Ann Example", &[OLD])),
        Effect::BookSet(book(1, 1)),
        Effect::ContactSet(long.clone()),
        Effect::ContactSet(nul.clone()),
    ];
    write(&store, all).await;
    let found = store.contact_by_uid(OwnerId(1), long.book, &long.uid).await.unwrap();
    assert_eq!(found.map(|contact| contact.id), Some(long.id));
    let found = store.contact_by_uid(OwnerId(1), nul.book, &nul.uid).await.unwrap().unwrap();
    assert_eq!((found.id, &*found.name), (nul.id, "A\u{fffd}B"));
}

/// Connections of the stores in this database: under TLS or not.
async fn encrypted(url: &str) -> Vec<bool> {
    let sql = "SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a ON a.pid = s.pid
        WHERE a.datname = current_database() AND a.application_name = 'redial'";
    cluster::connect(url).await.query(sql, &[]).await.expect("it can be asked").iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn tls_follows_the_sslmode() {
    let Some(url) = cluster::database().await else { return };
    let settings = cluster::connect(&url).await;
    let row =
        settings.query_one("SELECT current_setting('ssl'), current_setting('data_directory')", &[]).await.unwrap();
    if row.get::<_, &str>(0) != "on" {
        return left_out("TLS to PostgreSQL", "openssl, with which tests/postgres-cluster makes a certificate");
    }
    let with = |mode: &str| url.replace("sslmode=disable", &format!("sslmode={mode}"));
    let plain = Postgres::connect(&with("disable"), 1, None).await.unwrap();
    assert_eq!(encrypted(&url).await, [false]);
    plain.close().await;
    drop(plain);
    let preferred = Postgres::connect(&with("prefer"), 1, None).await.unwrap();
    assert!(encrypted(&url).await.contains(&true), "offered, so used");
    drop(preferred);
    let refused = Postgres::connect(&with("require"), 1, None).await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "nobody vouches for the cluster's certificate: {refused}");
    // In a process that trusts it.
    let certificate = format!("{}/server.crt", row.get::<_, &str>(1));
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "store::nodes::connects_with_the_address_given"])
        .env("SSL_CERT_FILE", certificate)
        .env("REDIAL_TEST_POSTGRES_TLS", with("require"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "run by `tls_follows_the_sslmode` in a process that trusts the cluster's certificate"]
async fn connects_with_the_address_given() {
    let url = std::env::var("REDIAL_TEST_POSTGRES_TLS").unwrap();
    let store = Postgres::connect(&url, 1, None).await.unwrap();
    assert!(store.now().await.unwrap() > Time(0));
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_without_the_password() {
    for url in [
        "postgres://ann:hunter2@127.0.0.1:1/nothing",
        "postgres://ann:hunter2@",
        "hunter2",
        "postgres://ann:hunter2@h/d?x=y",
    ] {
        let error = Postgres::connect(url, 1, None).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}
