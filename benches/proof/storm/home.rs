//! The `redial` program as its operator runs it: a folder, a configuration, a process.

use super::{far_end::FarEnd, reports};
use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_redial");

/// Each provider's file, and the countries to which its account writes.
const PROVIDERS: [(&str, &str, &str); 4] = [
    ("keyed", include_str!("providers/keyed.toml"), r#"["US"]"#),
    ("late", include_str!("providers/late.toml"), r#"["DE"]"#),
    ("asked", include_str!("providers/asked.toml"), r#"["FR"]"#),
    // The last resort for those of `late`.
    ("plain", include_str!("providers/plain.toml"), r#"["GB", "DE"]"#),
];

/// A folder of its own, gone when dropped, and what runs in it.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    port: u16,
    child: Mutex<Option<Child>>,
}

impl Home {
    /// Writes the configuration. `store` is a PostgreSQL URL; without it the database is a file.
    pub(crate) fn new(far_ends: &[Arc<FarEnd>], store: Option<&str>, settings: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("redial-proof-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(folder.join("providers")).expect("a folder");
        // Reports are sent to it, so it must be the same in every life.
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it is bound").port();
        let store = store.map_or_else(|| "path = \"redial.db\"".to_owned(), |url| format!("url = \"{url}\""));
        let mut text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
             [metrics]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"warn\"\n[store]\n{store}\n\
             [notices]\ndebounce = \"0 s\"\ndebounce_at_most = \"0 s\"\nsms = [\"keyed\", \"late\", \"asked\", \"plain\"]\n\
             email = []\nquiet = \"none\"\n{settings}\n[providers]\nfolder = \"providers\"\n"
        );
        for (name, file, countries) in PROVIDERS {
            fs::write(folder.join(format!("providers/{name}.toml")), file).expect("room for it");
            let far_end = far_ends.iter().find(|far_end| far_end.name == name).expect("each is played");
            text.push_str(&account(name, &far_end.url, countries));
        }
        fs::write(folder.join("config.toml"), text).expect("room for it");
        Self { folder, port, child: Mutex::default() }
    }

    /// Where it answers.
    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A file of the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("room for it");
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(&self.folder).env_remove("REDIAL_CONFIG").stdin(Stdio::null());
        command
    }

    /// What a command prints.
    pub(crate) async fn run(self: &Arc<Self>, arguments: &[&str]) -> String {
        let mut command = self.command(arguments);
        let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("it does not panic");
        let output = ran.expect("the program can be started");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints text")
    }

    /// Starts the server; it answers a little later.
    pub(crate) fn start(&self) {
        let log = File::options().create(true).append(true).open(self.folder.join("log")).expect("a file");
        let mut command = self.command(&["serve"]);
        let child = command.stdout(Stdio::null()).stderr(log).spawn().expect("the program can be started");
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
    }

    /// SIGKILL: it ends between any two instructions.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap_or_else(PoisonError::into_inner).take() {
            child.kill().expect("it is ours");
            child.wait().expect("it is ours");
        }
    }

    /// Its resident memory at most, in MiB; 0 where the system does not tell.
    pub(crate) fn memory(&self) -> u64 {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let status = child.as_ref().and_then(|child| fs::read_to_string(format!("/proc/{}/status", child.id())).ok());
        let line = status.as_deref().and_then(|status| status.lines().find(|line| line.starts_with("VmHWM:")));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1_024
    }

    /// Its processor time so far, of all threads, as the scheduler counts it; nothing where the system does not tell.
    pub(crate) fn worked(&self) -> Duration {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let threads = child.as_ref().and_then(|child| fs::read_dir(format!("/proc/{}/task", child.id())).ok());
        let of = |thread: std::io::Result<fs::DirEntry>| {
            let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
        };
        threads.into_iter().flatten().filter_map(of).sum()
    }

    /// What it had to say, warnings and errors: each kind of line once with how often, digits and ids left out.
    pub(crate) fn said(&self) -> Vec<(String, usize)> {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let mut kinds = std::collections::BTreeMap::<String, usize>::new();
        for line in log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")) {
            let words = line.split_whitespace().skip(1).filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
            *kinds.entry(words.collect::<Vec<_>>().join(" ")).or_default() += 1;
        }
        kinds.into_iter().collect()
    }

    /// Waits until it is there.
    pub(crate) async fn ready(&self) {
        for _ in 0..1_000 {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("it does not start: {}", log.lines().rev().take(5).collect::<Vec<_>>().join("\n"));
    }
}

fn account(name: &str, url: &str, countries: &str) -> String {
    // Of the two that know no repeat and cannot be asked one is asked to have none rather than two, the other the other way round.
    let unknown = if name == "plain" { "repeat" } else { "wait" };
    let parameters = match name {
        "plain" => "user = \"redial\"\npassword = \"not-a-secret\"\n".to_owned(),
        "late" => format!("token = \"not-a-secret\"\nhook_token = \"{}\"\n", reports::TOKEN),
        _ => "token = \"not-a-secret\"\n".to_owned(),
    };
    format!(
        "[accounts.{name}]\nkind = \"{name}\"\nbase_url = \"{url}\"\nnotice_countries = {countries}\nunknown = \"{unknown}\"\n\
         [accounts.{name}.parameters]\nfrom = \"+14155550199\"\n{parameters}"
    )
}

impl Drop for Home {
    fn drop(&mut self) {
        self.kill();
        if std::env::var_os("REDIAL_PROOF_KEEP").is_none() {
            let _gone = fs::remove_dir_all(&self.folder);
        }
    }
}
