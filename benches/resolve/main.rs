//! A query by `usecase::resolve` on an embedded database, with ten thousand and with a million former numbers: one that
//! never moved, which touches no table, and one that moved. The two sizes run in one process and in turn.
//!
//! `cargo bench --bench resolve [-- ROUNDS [QUERIES [LARGE]]]`

mod face;
#[path = "../filled.rs"]
mod filled;
#[path = "../share.rs"]
mod share;

use redial::{
    clock::{Clock, SystemClock, SystemRandom},
    domain::{
        address::{Address, phone::Region},
        group::{Identity, Viewer},
        id::AppId,
        query::Verdict,
        target::Targets,
    },
    store::{SharedStore, sqlite::Sqlite},
    usecase::{
        Env, Rules,
        resolve::{Ask, resolve},
    },
};
use std::sync::Arc;
use tokio::time::Instant;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == "--test") {
        return;
    }
    let number = |at: usize, default: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(default);
    let (rounds, queries, large) = (number(0, 7), number(1, 20_000), number(2, 1_000_000));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(compare(rounds, queries, large));
}

async fn compare(rounds: usize, queries: usize, large: usize) {
    let sizes = [10_000, large];
    let mut gateways = Vec::new();
    for size in sizes {
        gateways.push(gateway(size).await);
    }
    let mut found: [[Vec<f64>; 2]; 2] = Default::default();
    for _ in 0..rounds {
        for (at, env) in gateways.iter().enumerate() {
            for (way, moved) in [false, true].into_iter().enumerate() {
                found[at][way].push(run(env, moved, sizes[at], queries).await);
            }
        }
    }
    println!("{rounds} rounds of {queries} queries one after the other, medians");
    println!("{:24} {:>12} {:>12} {:>7}", "µs a query", sizes[0], sizes[1], "ratio");
    for (way, name) in ["never moved", "moved"].into_iter().enumerate() {
        let [small, large] = [0, 1].map(|size: usize| share::share(found[size][way].iter().copied(), 0.5));
        println!("{name:24} {small:>12.2} {large:>12.2} {:>7.2}", large / small);
    }
    face::compare(&gateways[0], 500).await;
    for size in sizes {
        let _none = std::fs::remove_dir_all(filled::folder(std::process::id(), size));
    }
}

async fn gateway(size: usize) -> Env {
    let folder = filled::folder(std::process::id(), size);
    std::fs::create_dir_all(&folder).expect("a folder for the database");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store: SharedStore =
        Arc::new(Sqlite::open(&folder.join("redial.db"), Arc::clone(&clock), 1).expect("an empty store"));
    let start = Instant::now();
    filled::fill(&store, &*clock, size).await;
    println!("{size} owners written in {:.1} s", start.elapsed().as_secs_f64());
    Env::new(store, clock, Arc::new(SystemRandom::new()), Rules { region: Region::new("US"), ..Rules::default() })
}

async fn run(env: &Env, moved: bool, size: usize, queries: usize) -> f64 {
    let targets = Targets::default();
    let start = Instant::now();
    for index in 0..queries {
        // A stride that is prime to every size visits the whole table and not one corner of it.
        let at = index * 7_919 % size;
        let number = if moved { filled::former(at) } else { format!("+1646{:07}", 2_000_000 + at) };
        let ask = Ask {
            to: Address::stored(number.as_str(), number.as_str()),
            name: None,
            viewer: Viewer::proved(Identity::Application(AppId(1))),
            sender: None,
            identity_bound: None,
            targets: &targets,
            asker: None,
            way: "bench",
        };
        let answer = resolve(env, ask).await.expect("the store answers");
        assert_eq!(matches!(answer.decision.say, Verdict::Moved(_)), moved);
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let each = start.elapsed().as_secs_f64() * 1e6 / queries as f64;
    each
}
