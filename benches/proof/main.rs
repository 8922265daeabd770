//! The proof: notices through four providers that fail in every way that providers do, while the process that sends them
//! is killed at random moments. No notice may be lost, and none may reach a person twice whose first message is known to
//! have left; what it costs, and what one dead provider does to the others, is printed.
//!
//! `cargo bench --bench proof [-- --notices 100000 --kills 50 --seed 1 --postgres URL --storm --flat-out]`; with `--storm` only the run
//! with faults and kills, with `--flat-out` only one without, as fast as it goes. Calm runs use an embedded database always.

mod storm;

use std::{process::ExitCode, time::Duration};
use storm::{Run, Settings};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == "--test") {
        return ExitCode::SUCCESS;
    }
    let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let number = |name: &str, usual: usize| value(name).map_or(usual, |word| word.parse().expect("a number"));
    let notices = number("--notices", 100_000);
    let storm = Settings {
        notices,
        owners: notices.div_ceil(1_000),
        kills: number("--kills", 50),
        seed: number("--seed", 1) as u64,
        faults: true,
        dead: None,
        pace: None,
        store: value("--postgres").cloned(),
        talk: true,
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    println!("seed {}", storm.seed);
    // A fiftieth of them, a hundred each half second, so that nobody waits for long: what one message takes.
    let owners = (notices / 5_000).max(4);
    let calm = Settings {
        notices: owners * 100,
        owners,
        kills: 0,
        faults: false,
        pace: Some(Duration::from_millis(500)),
        store: None,
        ..storm.clone()
    };
    let mut good = true;
    if words.iter().any(|word| word == "--flat-out") {
        let flat = Settings { kills: 0, faults: false, ..storm.clone() };
        good &= show("flat out: no faults, no kills", &runtime.block_on(storm::run(&flat)));
        return if good { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if !words.iter().any(|word| word == "--storm") {
        good &= show("calm: no faults, no kills", &runtime.block_on(storm::run(&calm)));
        let dead = Settings { dead: Some("plain"), ..calm };
        good &= show("the same with one dead provider", &runtime.block_on(storm::run(&dead)));
    }
    let title = format!("{} notices, {} kills", storm.notices, storm.kills);
    good &= show(&title, &runtime.block_on(storm::run(&storm)));
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a run; whether nothing was lost or doubled that must not be.
fn show(title: &str, run: &Run) -> bool {
    println!("\n== {title}\n{run}");
    run.good()
}
