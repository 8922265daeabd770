//! The answer to a signed call webhook, as CPU time of the server for each request, against a bare hyper server that
//! reads the same form, checks the same signature and answers a document of the same size; and a message through a
//! drop-in endpoint, against a bare hyper server that passes it on. *Marked* messages were substituted before, so that
//! nothing is looked up: what the looking costs is the difference.
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
mod proxy;
#[path = "../share.rs"]
mod share;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.first().map(String::as_str) {
        Some("serve-bare") => bare::serve(),
        Some("serve-gateway") => {
            gateway::serve(number(&words, 1, 100_000), words.get(2).map_or("127.0.0.1:9", |at| at));
        }
        Some("serve-upstream") => proxy::serve_upstream(),
        Some("serve-proxy") => proxy::serve_proxy(words.get(1).expect("where to")),
        Some("load") => load_only(&words),
        // `cargo test` runs benches once with this; starting servers there proves nothing.
        Some("--test") => {}
        _ => compare(number(&words, 0, 8), number(&words, 1, 100_000), number(&words, 2, 100_000)),
    }
}

fn number(words: &[String], at: usize, default: usize) -> usize {
    words.get(at).and_then(|word| word.parse().ok()).unwrap_or(default)
}

/// `load ADDRESS miss|hit|message|marked REQUESTS NUMBERS`: for a server that was started by hand, under `valgrind` say.
fn load_only(words: &[String]) {
    let path = match words.get(2).map(String::as_str) {
        Some("hit") => load::Path::Hit,
        Some("message") => load::Path::Message,
        Some("marked") => load::Path::Marked,
        _ => load::Path::Miss,
    };
    let address = words.get(1).expect("an address");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let latency = runtime.block_on(load::run(address, path, number(words, 4, 1_000), number(words, 3, 1_000)));
    println!("p50 {:.0} µs, p99 {:.0} µs", latency.p50, latency.p99);
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

    /// Time on a processor so far, user and system, of all threads that are there, in microseconds.
    fn micros(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it runs");
        let spent = tasks.flatten().filter_map(|task| {
            let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            stat.split_whitespace().next()?.parse::<f64>().ok()
        });
        spent.sum::<f64>() / 1_000.0
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let upstream = Server::start(&["serve-upstream"]);
    let servers = [
        Server::start(&["serve-bare"]),
        Server::start(&["serve-gateway", &numbers.to_string(), &upstream.address]),
        Server::start(&["serve-proxy", &upstream.address]),
    ];
    let label = |name, server, path| Label { name, server, path, micros: vec![], p50: vec![], p99: vec![] };
    let mut labels = [
        label("bare hyper", 0, load::Path::Miss),
        label("bare hyper again", 0, load::Path::Miss),
        label("redial, never moved", 1, load::Path::Miss),
        label("redial, moved", 1, load::Path::Hit),
        label("bare proxy", 2, load::Path::Message),
        label("bare proxy again", 2, load::Path::Message),
        label("redial, a message", 1, load::Path::Message),
        label("redial, a marked one", 1, load::Path::Marked),
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
            // What a round left to be done in the background is not the next one's.
            std::thread::sleep(std::time::Duration::from_millis(500));
            let before = server.micros();
            let latency = runtime.block_on(load::run(&server.address, label.path, numbers, requests));
            // And what this one left is.
            std::thread::sleep(std::time::Duration::from_millis(500));
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            let micros = (server.micros() - before) / requests as f64;
            label.micros.push(micros);
            label.p50.push(latency.p50);
            label.p99.push(latency.p99);
        }
    }
    let median = |values: &[f64]| share::share(values.iter().copied(), 0.5);
    let bases = [&labels[0], &labels[4]].map(|bare| median(&bare.micros));
    println!("{rounds} rounds of {requests} requests, {numbers} former numbers, medians");
    println!("{:22} {:>10} {:>7} {:>9} {:>9}", "", "CPU µs", "ratio", "p50 µs", "p99 µs");
    for (at, label) in labels.iter().enumerate() {
        let micros = median(&label.micros);
        println!(
            "{:22} {micros:>10.2} {:>7.2} {:>9.0} {:>9.0}",
            label.name,
            micros / bases[at / 4],
            median(&label.p50),
            median(&label.p99)
        );
    }
}
