//! The proof in small: `benches/proof` with fewer notices and fewer kills, the program itself and its real database.

#[path = "../../../benches/proof/storm/mod.rs"]
mod storm;

use std::io::Write as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_that_fail_and_a_process_that_dies_lose_and_repeat_nothing() {
    let settings = storm::Settings {
        notices: 300,
        owners: 3,
        kills: 4,
        seed: 7,
        faults: true,
        dead: None,
        pace: None,
        store: None,
        talk: false,
    };
    let run = storm::run(&settings).await;
    // Past the test's capture: these counts are for the reader of every run.
    writeln!(std::io::stderr(), "{run}").unwrap();
    assert!(run.good(), "{run}");
    assert_eq!((run.outcome.notices, run.kills), (settings.notices, settings.kills));
}
