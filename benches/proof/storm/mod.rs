//! Notices through four played providers, with faults, while the process is killed; and what came of each of them.
//!
//! The `redial` program is a process of its own and is spoken to as its operator and its users do: by its configuration, its
//! commands and `/v1`. The providers are played by this one and count what they take. Everything that is chosen follows
//! from the seed; what the machine does in which order does not.

mod api;
mod check;
mod far_end;
mod home;
mod people;
mod print;
mod reports;
mod script;
#[path = "../../share.rs"]
mod share;

use api::{Api, V1};
use check::Outcome;
use far_end::FarEnd;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use home::Home;
use people::Owner;
use reports::Desk;
use script::Script;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// What is done.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// People who are told.
    pub(crate) notices: usize,
    /// By so many owners.
    pub(crate) owners: usize,
    /// How often the process is killed.
    pub(crate) kills: usize,
    /// From which all choices follow.
    pub(crate) seed: u64,
    /// Whether providers fail.
    pub(crate) faults: bool,
    /// This one takes connections and never answers.
    pub(crate) dead: Option<&'static str>,
    /// Between two changes; without it there are always some thousand notices waiting.
    pub(crate) pace: Option<Duration>,
    /// A database instead of a file: `postgres://…`, empty.
    pub(crate) store: Option<String>,
    /// Says on stderr how far it is.
    pub(crate) talk: bool,
}

/// What a run is remembered by, beside the notices themselves.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// What became of the notices.
    pub(crate) outcome: Outcome,
    /// How often the process was killed.
    pub(crate) kills: usize,
    /// From the first change until nothing was open.
    pub(crate) took: Duration,
    /// Messages taken in that time while a process was there, and how long that was.
    pub(crate) alive: Duration,
    /// Answers by provider and kind.
    pub(crate) answers: BTreeMap<(&'static str, &'static str), u64>,
    /// Delivery reports that were taken.
    pub(crate) reports: usize,
    /// The last process' memory at most, in MiB.
    pub(crate) memory: u64,
    /// Processor time of the last process since the first change.
    pub(crate) worked: Duration,
    /// What the processes had to say.
    pub(crate) said: Vec<(String, usize)>,
}

/// Notices that wait at most, where there is no pace.
const WINDOW: usize = 10_000;
/// How Redial is configured beside its accounts.
const CONFIGURED: &str = "concurrency = 64\nlease = \"3 s\"";
/// Without anything happening for so long it is over, or stuck.
const STUCK: Duration = Duration::from_secs(150);

/// One run, from an empty store to its last notice.
pub(crate) async fn run(settings: &Settings) -> Run {
    let progress = Arc::new(AtomicUsize::new(0));
    let script = Script { seed: settings.seed, faults: settings.faults };
    let desk = Desk::new(Api::new());
    let mut far_ends = Vec::new();
    for name in ["keyed", "plain", "late", "asked"] {
        let desk = Some(desk.clone()).filter(|_| name == "late");
        let far_end = FarEnd::start(name, script, &progress, desk).await;
        far_end.dead.store(settings.dead == Some(name), Ordering::Relaxed);
        far_ends.push(far_end);
    }
    let home = Arc::new(Home::new(&far_ends, settings.store.as_deref(), CONFIGURED));
    let v1 = V1 { api: Api::new(), base: home.base(), key: key(&home).await };
    home.start();
    home.ready().await;
    let mut owners = people(settings, &home, &v1).await;

    let (begun, worked) = (Instant::now(), home.worked());
    let killer = tokio::spawn(kill(settings.clone(), Arc::clone(&home), Arc::clone(&progress), script));
    change(settings, &v1, &mut owners, &progress).await;
    let (kills, down) = killer.await.expect("it does not panic");
    let notices = quiet(settings, &home, &v1, &owners, &desk, &progress).await;
    let took = begun.elapsed();
    // Of a later life all of it.
    let worked = if kills == 0 { home.worked().saturating_sub(worked) } else { home.worked() };

    let outcome = check::compare(&v1, &owners, &notices, &far_ends, settings.dead.is_some()).await;
    let mut answers = BTreeMap::new();
    for far_end in &far_ends {
        answers.extend(far_end.seen().answers.iter().map(|(kind, count)| ((far_end.name, *kind), *count)));
    }
    let (memory, said) = (home.memory(), home.said());
    Run { outcome, kills, took, alive: took.saturating_sub(down), answers, reports: desk.sent(), memory, worked, said }
}

/// A key that may do all that is done here.
async fn key(home: &Arc<Home>) -> String {
    let mut words = vec!["keys", "create", "--label", "proof"];
    for scope in ["owners:read", "owners:write", "vouch", "notices:read"] {
        words.extend(["--scope", scope]);
    }
    home.run(&words).await.trim().to_owned()
}

async fn people(settings: &Settings, home: &Arc<Home>, v1: &V1) -> Vec<Owner> {
    let each = settings.notices / settings.owners;
    let owners = (0..settings.owners).map(|index| async move {
        let more = if index + 1 == settings.owners { settings.notices % settings.owners } else { 0 };
        Ok::<_, std::convert::Infallible>(people::owner(home, v1, index, index * each, each + more).await)
    });
    let owners: Result<Vec<_>, _> = stream::iter(owners).buffered(2).try_collect().await;
    let Ok(owners) = owners;
    if settings.talk {
        eprintln!("{} owners with {} contacts are loaded", owners.len(), settings.notices);
    }
    owners
}

/// All numbers change: by the clock, or whenever few notices are left.
async fn change(settings: &Settings, v1: &V1, owners: &mut [Owner], progress: &AtomicUsize) {
    let mut told = 0;
    for owner in owners {
        if let Some(pace) = settings.pace {
            tokio::time::sleep(pace).await;
        } else {
            let (mut before, mut since) = (0, Instant::now());
            // What never arrives is not waited for.
            while told > progress.load(Ordering::Relaxed) + WINDOW && since.elapsed() < Duration::from_secs(5) {
                let now = progress.load(Ordering::Relaxed);
                if now > before {
                    (before, since) = (now, Instant::now());
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        owner.change(v1).await;
        told += owner.contacts;
    }
}

/// Kills the process at moments that lie anywhere in the run, and starts the next; how often, and how long none was there.
async fn kill(settings: Settings, home: Arc<Home>, progress: Arc<AtomicUsize>, script: Script) -> (usize, Duration) {
    // Faults or none: when it dies follows from the seed.
    let dice = |nth: usize, what: &str| script.dice(&[what, &nth.to_string()]);
    let most = u64::try_from(settings.notices).unwrap_or(u64::MAX).max(1);
    let mut moments: Vec<u64> = (0..settings.kills).map(|nth| dice(nth, "kill") % (most * 95 / 100).max(1)).collect();
    moments.sort_unstable();
    let mut down = Duration::ZERO;
    for (nth, moment) in moments.into_iter().enumerate() {
        let (mut before, mut since) = (0, Instant::now());
        while (progress.load(Ordering::Relaxed) as u64) < moment && since.elapsed() < Duration::from_secs(10) {
            let now = progress.load(Ordering::Relaxed);
            if now > before {
                (before, since) = (now, Instant::now());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(dice(nth, "delay") % 40_000)).await;
        home.kill();
        let dead = Instant::now();
        home.start();
        // One in five dies again while it starts.
        if nth % 5 != 0 {
            home.ready().await;
        }
        down += dead.elapsed();
        if settings.talk {
            eprintln!("kill {} after {} messages", nth + 1, progress.load(Ordering::Relaxed));
        }
    }
    home.ready().await;
    (settings.kills, down)
}

/// Waits until nothing is open and no report is left; all notices then.
async fn quiet(
    settings: &Settings,
    home: &Arc<Home>,
    v1: &V1,
    owners: &[Owner],
    desk: &Desk,
    progress: &AtomicUsize,
) -> Vec<check::Notice> {
    let (mut before, mut since) = ((0, 0), Instant::now());
    loop {
        let now = (progress.load(Ordering::Relaxed), desk.left());
        if now != before {
            (before, since) = (now, Instant::now());
        }
        if settings.dead.is_some() && since.elapsed() > Duration::from_secs(5) {
            return check::notices(v1, owners).await;
        }
        let open = home.run(&["notices", "list", "--state", "open", "--limit", "1", "--json"]).await;
        let over = open.trim().is_empty() && desk.left() == 0;
        if over || since.elapsed() > STUCK {
            let notices = check::notices(v1, owners).await;
            let waiting = notices.iter().any(|notice| notice.state == "open");
            if (notices.len() >= settings.notices && !waiting) || since.elapsed() > STUCK {
                return notices;
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
