//! What the chain of an owner's audit trail costs: changes of number as `/v1` makes them, committed as they are, without the
//! line of the trail, and with a plain row of as many bytes in its place. All in one run and in turn, so that only the ratios
//! mean anything; the first is run twice, and no gap smaller than the one between the two is an effect.
//!
//! `cargo bench --bench change [-- ROUNDS [CHANGES [OWNERS]]]`; with `REDIAL_BENCH_POSTGRES=postgres://…` of an empty
//! database on that, else on an `SQLite` file. Last it says how fast `redial audit verify` looks through what there is then.

#[path = "../filled.rs"]
mod filled;
#[path = "../share.rs"]
mod share;

use redial::{
    clock::{Clock, SystemClock, SystemRandom},
    domain::{
        address::phone::Region,
        id::{OwnerId, PointId, QueryId},
        query::Reason,
    },
    store::{Audit, Commit, Effect, QueryRecord, SharedStore, postgres::Postgres, sqlite::Sqlite},
    usecase::{
        Env, Rules,
        audit_trail::{self, Look},
        requests,
        wanted::{NewValue, Wanted, WantedPoint},
        write::Actor,
    },
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::time::Instant;

/// Changes that are committed at once, as many callers do.
const AT_ONCE: usize = 64;
/// What a line of the trail takes beside what it says: its place, salt and two hashes; and the chain's end.
const SEALED: usize = 8 + 16 + 32 + 32 + 16 + 8 + 32;

/// What stands in the place of a change's line in the trail.
#[derive(Clone, Copy)]
enum Line {
    None,
    Plain,
    Chained,
}

const RUNS: [(&str, Line); 4] = [
    ("without a line", Line::None),
    ("without a line, again", Line::None),
    ("a plain row of its size", Line::Plain),
    ("the line in its chain", Line::Chained),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == "--test") {
        return;
    }
    let number = |at: usize, default: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(default);
    let (rounds, changes, owners) = (number(0, 7), number(1, 2_048), number(2, 1_024));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(compare(rounds, changes, owners));
}

async fn compare(rounds: usize, changes: usize, owners: usize) {
    let bench = Bench::new(owners).await;
    let mut found: [(Vec<f64>, Vec<f64>); 4] = Default::default();
    for round in 0..rounds {
        for at in 0..RUNS.len() {
            // Each comes first once in a while.
            let at = (at + round) % RUNS.len();
            let (wall, cpu) = bench.run(RUNS[at].1, changes).await;
            found[at].0.push(wall);
            found[at].1.push(cpu);
        }
    }
    println!("{rounds} rounds of {changes} changes of {owners} owners, {AT_ONCE} at once, medians");
    println!("{:26} {:>9} {:>7} {:>9} {:>7}", "a commit", "µs", "ratio", "µs CPU", "ratio");
    let [(wall, cpu), ..] = &found;
    let (wall, cpu) = (median(wall), median(cpu));
    for ((name, _), (walls, cpus)) in RUNS.iter().zip(&found) {
        let (own, used) = (median(walls), median(cpus));
        println!("{name:26} {own:>9.1} {:>7.2} {used:>9.1} {:>7.2}", own / wall, used / cpu);
    }
    let start = Instant::now();
    let looked = audit_trail::verify(&bench.env, Look::default()).await.expect("the store answers");
    assert_eq!(looked.broken, [], "every chain holds");
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let a_second = looked.lines as f64 / start.elapsed().as_secs_f64();
    println!("looked through {} lines, {a_second:.0} a second", looked.lines);
    bench.env.store.close().await;
    let _none = std::fs::remove_dir_all(filled::folder(std::process::id(), owners));
}

fn median(values: &[f64]) -> f64 {
    share::share(values.iter().copied(), 0.5)
}

struct Bench {
    env: Env,
    owners: Vec<(OwnerId, PointId)>,
    /// The next new number.
    next: AtomicUsize,
}

impl Bench {
    async fn new(owners: usize) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store: SharedStore = if let Ok(url) = std::env::var("REDIAL_BENCH_POSTGRES") {
            Arc::new(Postgres::connect(&url, 8, None).await.expect("an empty database"))
        } else {
            let folder = filled::folder(std::process::id(), owners);
            std::fs::create_dir_all(&folder).expect("a folder for the database");
            Arc::new(Sqlite::open(&folder.join("redial.db"), Arc::clone(&clock), 1).expect("an empty store"))
        };
        filled::fill(&store, &*clock, owners).await;
        let (mut all, mut after) = (Vec::with_capacity(owners), None);
        loop {
            let page = store.owners(after, 1_000).await.expect("the store answers");
            after = page.items.last().map(|owner| owner.id);
            all.extend(page.items.iter().map(|owner| (owner.id, owner.points[0].id)));
            if !page.more {
                break;
            }
        }
        let rules = Rules { region: Region::new("US"), ..Rules::default() };
        let env = Env::new(store, clock, Arc::new(SystemRandom::new()), rules);
        // Whoever has a chain has one from its first line on.
        let registered = all.iter().map(|&(owner, _)| audited(&env, owner)).collect();
        env.store.commit(Commit { effects: registered, ..Commit::default() }).await.expect("room for it");
        Self { env, owners: all, next: AtomicUsize::new(0) }
    }

    /// Wall and CPU time of a commit, in microseconds; what leads to it is not counted.
    async fn run(&self, line: Line, changes: usize) -> (f64, f64) {
        let (mut wall, mut used) = (0.0, 0.0);
        for start in (0..changes).step_by(AT_ONCE) {
            let mut commits = Vec::with_capacity(AT_ONCE);
            for _ in start..changes.min(start + AT_ONCE) {
                commits.push(self.change(line).await);
            }
            let (began, before) = (Instant::now(), cpu());
            let writes = commits.into_iter().map(|commit| self.env.store.commit(commit));
            for written in futures_util::future::join_all(writes).await {
                written.expect("nobody else writes to it");
            }
            wall += began.elapsed().as_secs_f64();
            used += cpu() - before;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let each = |seconds: f64| seconds * 1e6 / changes as f64;
        (each(wall), each(used))
    }

    /// The next owner's number becomes another, by the word of a key that may vouch for it.
    async fn change(&self, line: Line) -> Commit {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let (owner, point) = self.owners[next % self.owners.len()];
        let value = NewValue { point: point.to_string(), value: format!("+1646{:07}", 2_000_000 + next) };
        let wanted = Wanted { points: vec![WantedPoint::Replace(value)], ..Wanted::default() };
        let key = Actor { vouches: true, ..Actor::system() };
        let plan = requests::make(&self.env, &key, owner, None, &wanted).await.expect("it can be carried out");
        let mut commit = plan.commit;
        commit.effects = commit.effects.into_iter().filter_map(|effect| self.lined(effect, line)).collect();
        commit
    }

    fn lined(&self, effect: Effect, line: Line) -> Option<Effect> {
        match (effect, line) {
            (Effect::Audited(_), Line::None) => None,
            (Effect::Audited(audit), Line::Plain) => Some(Effect::Queried(vec![self.plain(&audit)])),
            (effect, _) => Some(effect),
        }
    }

    /// A row of another table that is read by owner and time too, and has no chain.
    fn plain(&self, audit: &Audit) -> QueryRecord {
        QueryRecord {
            id: QueryId::fresh(audit.at, &*self.env.random),
            owner: audit.owner,
            at: audit.at,
            way: audit.by.clone(),
            asked: None,
            viewer: audit.what.clone(),
            because: Reason::Granted,
            detail: format!("{}{}", audit.detail, "x".repeat(SEALED)).into(),
            told: false,
            connected: false,
            revision: 1,
            groups: Vec::new(),
        }
    }
}

fn audited(env: &Env, owner: OwnerId) -> Effect {
    let at = env.clock.now();
    let id = redial::domain::id::AuditId::fresh(at, &*env.random);
    Effect::Audited(Audit { id, owner, at, by: "bench".into(), what: "registered".into(), detail: "{}".into() })
}

/// CPU seconds of all threads of this process, to the nanosecond as the scheduler counts them.
fn cpu() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
    let spent = tasks.filter_map(|task| {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<f64>().ok()
    });
    spent.sum::<f64>() / 1e9
}
