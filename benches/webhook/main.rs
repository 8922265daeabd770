//! The answer to a signed call webhook, as CPU time of the server for each request, against a bare hyper server that
//! reads the same form, checks the same signature and answers a document of the same size.
//!
//! Each server is a process of its own; this one sends the load and reads the other's CPU time from `/proc`. Rounds
//! run in random order, with the bare server under two labels, so that the noise of the machine can be seen: no gap
//! smaller than the one between the two is an effect.
//!
//! `cargo bench --bench webhook [-- ROUNDS [REQUESTS [NUMBERS]]]`

mod bare;
#[path = "../filled.rs"]
mod filled;
mod gateway;
mod load;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.first().map(String::as_str) {
        Some("serve-bare") => bare::serve(),
        Some("serve-gateway") => gateway::serve(number(&words, 1, 100_000)),
        // `cargo test` runs benches once with this; starting servers there proves nothing.
        Some("--test") => {}
        _ => compare(number(&words, 0, 8), number(&words, 1, 100_000), number(&words, 2, 100_000)),
    }
}

fn number(words: &[String], at: usize, default: usize) -> usize {
    words.get(at).and_then(|word| word.parse().ok()).unwrap_or(default)
}

/// A server in a process of its own, stopped when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process can be started");
        let out = child.stdout.take().expect("its output is a pipe");
        let mut address = String::new();
        BufReader::new(out).read_line(&mut address).expect("it says where it listens");
        Self { child, address: address.trim().to_owned() }
    }

    /// User and system time so far, in clock ticks.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        let after = stat.rsplit_once(')').expect("the form of proc(5)").1;
        let fields: Vec<u64> = after.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect();
        fields[10] + fields[11]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
        let _none = std::fs::remove_dir_all(filled::folder(self.child.id(), 0));
    }
}

/// One line of the result.
struct Label {
    name: &'static str,
    server: usize,
    path: load::Path,
    micros: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

fn compare(rounds: usize, requests: usize, numbers: usize) {
    const TICKS_A_SECOND: f64 = 100.0;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let servers = [Server::start(&["serve-bare"]), Server::start(&["serve-gateway", &numbers.to_string()])];
    let label = |name, server, path| Label { name, server, path, micros: vec![], p50: vec![], p99: vec![] };
    let mut labels = [
        label("bare hyper", 0, load::Path::Miss),
        label("bare hyper again", 0, load::Path::Miss),
        label("redial, never moved", 1, load::Path::Miss),
        label("redial, moved", 1, load::Path::Hit),
    ];
    for label in &labels {
        // Warm caches, connections and branch predictors before anything counts.
        runtime.block_on(load::run(&servers[label.server].address, label.path, numbers, requests / 10 + 1));
    }
    let mut order = load::Order::new(0x5eed);
    for _ in 0..rounds {
        for at in order.shuffled(labels.len()) {
            let label = &mut labels[at];
            let server = &servers[label.server];
            let before = server.ticks();
            let latency = runtime.block_on(load::run(&server.address, label.path, numbers, requests));
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            let micros = (server.ticks() - before) as f64 / TICKS_A_SECOND * 1e6 / requests as f64;
            label.micros.push(micros);
            label.p50.push(latency.p50);
            label.p99.push(latency.p99);
        }
    }
    let base = filled::median(&labels[0].micros);
    println!("{rounds} rounds of {requests} requests, {numbers} former numbers, medians");
    println!("{:22} {:>10} {:>7} {:>9} {:>9}", "", "CPU µs", "ratio", "p50 µs", "p99 µs");
    for label in &labels {
        let micros = filled::median(&label.micros);
        println!(
            "{:22} {micros:>10.2} {:>7.2} {:>9.0} {:>9.0}",
            label.name,
            micros / base,
            filled::median(&label.p50),
            filled::median(&label.p99)
        );
    }
}
