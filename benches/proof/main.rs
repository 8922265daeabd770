//! The proof: notices through three providers that fail in every way that providers do, while the process that sends them
//! is killed at random moments. No notice may be lost, and none may reach a person twice whose first message is known to
//! have left; what it costs, and what one dead provider does to the others, is printed.
//!
//! `cargo bench --bench proof [-- --notices 100000 --kills 50 --seed 1 --postgres URL --storm]`; with `--storm` only the run
//! with faults and kills. Calm runs use an embedded database always.

mod storm;

use std::{process::ExitCode, time::Duration};
use storm::{CONFIGURED, Run, Settings};

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
    println!("seed {}, configured with {}", storm.seed, CONFIGURED.replace('\n', ", "));
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
    let outcome = &run.outcome;
    println!("\n== {title}");
    println!(
        "{} notices, {} requests for messages, {} reports, {} kills; {:.1} s, {:.0} notices/s while a process was there; \
         {} MiB at most in the last life",
        outcome.notices,
        outcome.requests,
        run.reports,
        run.kills,
        run.took.as_secs_f64(),
        rate(outcome.notices, run.alive),
        run.memory
    );
    for ((provider, state), count) in &outcome.counts {
        println!("  by {provider:6} {state:9} {count:>8}");
    }
    for (provider, delays) in &outcome.delays {
        let [p50, p99] = [0.5, 0.99].map(|share| at(delays, share));
        println!("  by {provider:6} from change to message: p50 {p50:.1} ms, p99 {p99:.1} ms");
    }
    for ((provider, kind), count) in &run.answers {
        println!("  {provider:6} answered {count:>8} times: {kind}");
    }
    for (line, times) in &run.said {
        println!("  said {times:>6} times: {line}");
    }
    let doubled: usize = outcome.doubled.values().sum();
    println!(
        "lost {}; doubled {doubled} {:?}, of them although known {}; unknown to Redial {} (arrived {}, not arrived {})",
        outcome.lost,
        outcome.doubled,
        outcome.repeated_blindly,
        outcome.unknown.0 + outcome.unknown.1,
        outcome.unknown.0,
        outcome.unknown.1
    );
    for wrong in outcome.wrong.iter().take(20) {
        println!("WRONG: {wrong}");
    }
    outcome.lost == 0 && outcome.repeated_blindly == 0 && outcome.wrong.is_empty()
}

fn rate(count: usize, time: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let count = count as f64;
    count / time.as_secs_f64().max(0.001)
}

/// The value below which this share lies, in milliseconds.
fn at(delays: &[Duration], share: f64) -> f64 {
    let mut sorted = delays.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).map_or(f64::NAN, |delay| delay.as_secs_f64() * 1e3)
}
