//! The program as its user meets it: the demonstration, signals, exit codes, and logs that name nobody.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_redial");

/// A folder with a configuration of its own, gone when dropped.
pub(crate) struct Home(pub(crate) PathBuf);

impl Home {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("redial-program-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let home = Self(path);
        let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml")).unwrap();
        // The stand-in must be known before it listens, so its port is looked for; the other listeners take any.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let text = shipped
            .replace("127.0.0.1:8081", &format!("127.0.0.1:{port}"))
            .replace("listen = \"127.0.0.1:8080\"", "listen = \"127.0.0.1:0\"")
            .replace("listen = \"127.0.0.1:9464\"", "listen = \"127.0.0.1:0\"")
            .replace("level = \"info\"", "level = \"trace\"");
        home.configure(&text);
        home
    }

    fn configure(&self, text: &str) {
        fs::write(self.0.join("config.toml"), text).unwrap();
    }

    fn configured(&self) -> String {
        fs::read_to_string(self.0.join("config.toml")).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(&self.0).env_remove("REDIAL_CONFIG");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Telephone numbers of the demonstration: eleven digits in a row that begin with 1 and have 55501.
fn numbers(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    for at in 0..bytes.len().saturating_sub(10) {
        let digits = &bytes[at..at + 11];
        if digits[0] == b'1' && digits.iter().all(u8::is_ascii_digit) && &digits[4..9] == b"55501" {
            found.push(&text[at..at + 11]);
        }
    }
    found
}

#[test]
fn the_demonstration_reaches_the_right_people_and_logs_nobody() {
    let home = Home::new("demo");
    let output = home.run(&["demo"]);
    let (said, logged) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}\n{logged}");

    let changed = said.lines().find(|line| line.contains(" becomes ")).expect("a number changes");
    let [old, new] = numbers(changed)[..] else { panic!("two numbers in {changed:?}") };
    let documents: Vec<&str> = said.lines().filter(|line| line.contains("<Number>")).collect();
    assert!(documents[0].contains(&format!("<Number>+{new}</Number>")), "{said}");
    assert!(!documents[1].contains(new), "a number that never moved is dialled as it is: {said}");
    let reply = said.lines().find(|line| line.contains("\"sid\"")).expect("the SDK's reply");
    assert!(reply.contains(old) && !reply.contains(new), "the sender sees the number that it used: {reply}");

    let files: Vec<(String, String)> = fs::read_dir(home.0.join("data/outbox"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    let named = |beginning: &str, ending: &str| {
        files.iter().filter(|(name, _)| name.starts_with(beginning) && name.ends_with(ending)).collect::<Vec<_>>()
    };
    assert_eq!((named("ntc_", ".sms").len(), named("ntc_", ".eml").len()), (2, 1), "{files:?}");
    assert!(named("ntc_", ".sms").iter().all(|(_, notice)| notice.contains(new)));
    let message = &named("message-", ".sms")[0].1;
    assert!(message.starts_with(&format!("To: +{new}\n")) && message.contains("Dinner at eight?"), "{message}");

    // By hand: who may know is told, who may not is not, and both can be explained.
    let asks: Vec<Vec<&str>> = said.lines().filter_map(|line| line.trim().strip_prefix("redial ")).map(words).collect();
    let carl = home.run(&asks[0]);
    assert!(carl.status.success() && text(&carl.stdout).contains(&format!("moved to +{new}")), "{carl:?}");
    let mallory = home.run(&asks[1]);
    assert_eq!(mallory.status.code(), Some(1));
    assert!(!text(&mallory.stdout).contains(new), "{mallory:?}");
    for explain in &asks[2..] {
        let explained = home.run(explain);
        assert!(explained.status.success(), "{explained:?}");
        assert_eq!(numbers(&text(&explained.stdout)), Vec::<&str>::new());
    }

    assert!(logged.contains("TRACE"), "everything is logged, so that the next line means something");
    assert_eq!(numbers(&logged), Vec::<&str>::new(), "a log names a number");
    for address in ["emil@example.com", "dora@example.com", "Dinner at eight"] {
        assert!(!logged.contains(address), "a log has {address}");
    }
}

/// Splits a line as a shell does, for words and words in double quotes.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('"').enumerate();
    parts.flat_map(|(at, part)| if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }).collect()
}

/// A server that runs, and what it has logged.
pub(crate) struct Serving {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    /// Where it listens, in words.
    pub(crate) said: String,
}

impl Serving {
    pub(crate) fn start(home: &Home) -> Self {
        let mut child = home.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut serving = Self { child, log, said: String::new() };
        serving.said = serving.wait_for("listens on");
        serving
    }

    /// Reads the log until a line has it.
    pub(crate) fn wait_for(&mut self, what: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "it ended before it said {what:?}");
            if line.contains(what) {
                return line;
            }
        }
    }

    /// From now on nobody reads the log.
    fn unread(&mut self) {
        let (nobody, closed) = std::io::pipe().unwrap();
        drop((closed, std::mem::replace(&mut self.log, BufReader::new(OwnedFd::from(nobody).into()))));
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[test]
fn a_bad_reload_changes_nothing_a_good_one_counts_and_a_stop_is_clean() {
    let home = Home::new("signals");
    let mut serving = Serving::start(&home);
    let good = home.configured();
    home.configure("[server]\nlitsen = 1\n");
    serving.signal("-HUP");
    serving.wait_for("config.toml:2:1: unknown field `litsen`");
    home.configure(&good);
    serving.signal("-HUP");
    serving.wait_for("the configuration was read again: all of it counts from now on");
    serving.signal("-TERM");
    serving.wait_for("stopped");
    let status = serving.child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    let mut rest = String::new();
    serving.log.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("panicked"), "{rest}");
}

/// Each part of the configuration that a running server can take, wrong in turn, and then right.
#[test]
fn a_reload_takes_everything_but_what_is_open_and_names_that() {
    let home = Home::new("reload");
    let mut serving = Serving::start(&home);
    let good = home.configured();
    let texts = home.0.join("texts");
    fs::create_dir_all(texts.join("spoken/en")).unwrap();
    fs::write(texts.join("spoken/en/moved.txt"), "Hello.\n{{ nobody }}\n").unwrap();
    let own_texts = good.replace("# templates = \"templates\"", "templates = \"texts\"");
    let list = |lists: &str| good.replace("bound_patterns = []", lists);
    for (wrong, said) in [
        (list("bound_patterns = [\n\"(\"]"), ": no regular expression"),
        (list("bound_patterns = []\nbound_senders = []"), "duplicate key"),
        (good.replace("level = \"trace\"", "level = \"redial=loud\""), "config.toml:"),
        (good.replace("sms = [\"outbox\"]", "sms = [\"demo2\"]"), "notices.sms names the account"),
        (own_texts.clone(), "spoken/en/moved.txt:2: undefined value"),
    ] {
        home.configure(&wrong);
        serving.signal("-HUP");
        let line = serving.wait_for("the configuration was not taken");
        assert!(line.contains(said), "{line:?} should contain {said:?}");
    }
    fs::write(texts.join("spoken/en/moved.txt"), "Hello.\n").unwrap();
    home.configure(
        &own_texts
            .replace("connections = 10000", "connections = 9")
            .replace("# key = { env = \"REDIAL_CODE_KEY\" }", "key = \"another\"")
            .replace("path = \"data/redial.db\"", "path = \"data/other.db\""),
    );
    for _ in 0..2 {
        serving.signal("-HUP");
        let line = serving.wait_for("these count from the next start");
        assert!(line.contains("server.connections, store, sign_in.key"), "{line}");
    }
    // Nothing of `redial` is logged below a warning any more, so the next words are those of the stop.
    home.configure(&good.replace("level = \"trace\"", "level = \"warn\""));
    serving.signal("-HUP");
    home.configure(&good.replace("litsen", "").replace("level = \"trace\"", "level = \"info,redial::nothing=trace\""));
    serving.signal("-TERM");
    let mut rest = String::new();
    serving.log.read_to_string(&mut rest).unwrap();
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    assert!(!rest.contains("panicked"), "{rest}");
}

#[test]
fn what_is_wrong_ends_with_two_and_says_where() {
    let home = Home::new("wrong");
    let good = home.configured();
    let own = "own_01j8z6m3t5k7v9x1b3d5f7h9jn";
    let stored = |line: &str| good.replace("path = \"data/redial.db\"", line);
    fs::write(home.0.join("no.db"), "a text of some length that no database begins with").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap().to_string();
    let listening = |key: &str| good.replacen("listen = \"127.0.0.1:0\"", &format!("listen = \"{key}\""), 1);
    let (no_db, no_url) = (stored("path = \"no.db\""), stored("url = \"postgres://x@127.0.0.1:1/x\""));
    let (no_port, no_address) = (listening(&place), listening("192.0.2.7:80"));
    let no_journal = stored("path = \"data/redial.db\"\njournal = \"none/redial.after\"");
    let cases: [(&str, &[&str], &str); 30] = [
        ("[store]\npaht = 1\n", &["serve"], "config.toml:2:1: unknown field `paht`, expected one of `path`"),
        ("[accounts.a]\nkind = \"nobody\"\n", &["serve"], "config.toml:2:8: there is no kind \"nobody\""),
        (&good, &["resolve", "12"], "what is asked about: a short code"),
        (
            &good,
            &["resolve", "+14155550101", "--as", "Ann"],
            "--as: a sender's name, not a number; a person's number has",
        ),
        (&good, &["resolve", "--name", " "], "--name: a name is needed, like"),
        (
            &good,
            &["keys", "create", "--label", "x", "--scope", "api"],
            "the scope `api` is for a key that acts for one owner",
        ),
        (&good, &["keys", "create", "--label", "x", "--scope", "carddav"], "not served over CardDAV yet"),
        (&good, &["keys", "create", "--label", "x", "--scope", "api", "--owner", own], "there is no owner own_01j8"),
        (&good, &["keys", "revoke", "app_01j8z6m3t5k7v9x1b3d5f7h9jn"], "`redial keys list` shows all"),
        (&good, &["erase", own, "--yes"], "there is no owner own_01j8"),
        (&good, &["export", "--owner", own], "ids of owners stand in"),
        (&good, &["import", "contacts", "a.vcf", "--owner", own], "a.vcf: No such file or directory"),
        (&good, &["import", "moves", "."], "a folder; name a file in it"),
        (&good, &["audit", "verify", "--owner", own], "there is no trail of own_01j8"),
        (&good, &["audit", "verify", "--save", "none/heads"], "there is no folder none"),
        (&good, &["audit", "operators", "--last", "0"], "0 is not in 1.."),
        (&good, &["notices", "list", "--owner", own], "there is no owner own_01j8"),
        (&good, &["notices", "show", "ntc_01j8z6m3t5k7v9x1b3d5f7h9jn"], "`redial notices list --state …` lists them"),
        (&good, &["notices", "replay", "--dry-run", "ntc_01j8z6m3t5k7v9x1b3d5f7h9jn"], "there is no notice"),
        (&good, &["notices", "replay", "ntc_01j8z6m3t5k7v9x1b3d5f7h9jn"], "there is no notice"),
        (&good, &["send-test", "--account", "x", "--to", "+14155550123"], "there are: outbox"),
        (&no_db, &["keys", "list"], "store.path names a file that Redial made, or none yet"),
        (&no_url, &["keys", "list"], "postgres://user:password@host/database"),
        (&no_port, &["serve"], "another program listens there: end it, or set server.listen to another port"),
        (&no_address, &["serve"], "set server.listen to an address that this machine has"),
        (&no_journal, &["keys", "list"], "name a file that can be, as store.journal"),
        (&good, &["explain", "x"], "qry_"),
        (&good, &["audit", "verify", "--against", "none.jsonl"], "none.jsonl: "),
        (&good, &["backup", "no-such-folder/copy.db"], "there is no folder no-such-folder"),
        (&good, &["keys", "create", "--label", "x", "--scope", "everything"], "no scope is called `everything`"),
    ];
    for (config, arguments, what) in cases {
        home.configure(config);
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(what), "{arguments:?}: {}", text(&output.stderr));
    }
    let missing = Command::new(PROGRAM).args(["serve", "--config", "/nowhere/config.toml"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("/nowhere/config.toml"));
}

#[test]
fn a_newer_schema_is_left_alone() {
    let home = Home::new("newer");
    assert!(home.run(&["migrate"]).status.success());
    let database = rusqlite::Connection::open(home.0.join("data/redial.db")).unwrap();
    database.pragma_update(None, "user_version", 9_999).unwrap();
    drop(database);
    let output = home.run(&["keys", "list"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("schema 9999") && said.contains("run that one, or restore a copy from before"), "{said}");
    assert!(!said.contains("store.path names"), "the file is the right one: {said}");
}

/// `redial … | head`, and a log whose reader died.
#[test]
fn where_nobody_reads_commands_end_quietly_and_the_server_goes_on() {
    let home = Home::new("unread");
    for arguments in [&["check"][..], &["resolve", "+14155550101"], &["export"], &["audit", "operators"], &["demo"]] {
        let mut child = home.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(141), "{arguments:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("redial: "), "{arguments:?}: {said}");
    }
    let mut serving = Serving::start(&home);
    let address = serving.said.split("http://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    serving.unread();
    for _ in 0..2 {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        serving.signal("-HUP");
    }
    serving.signal("-TERM");
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
}

#[test]
fn check_tells_what_is_wrong_without_starting() {
    let home = Home::new("check");
    let output = home.run(&["check"]);
    assert!(output.status.success(), "{}", text(&output.stdout));
    let good = home.configured();
    let account = |line: &str| good.replace("custody = \"operator\"", &format!("{line}\ncustody = \"operator\""));
    let other = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        good.replace(from, to)
    };
    for (wrong, said) in [
        (other("level = \"trace\"", "level = \"loud\""), "\"loud\" is no level; write error"),
        (other("# folder = \"providers\"", "folder = \"/nowhere\""), "providers.folder: there is no folder /nowhere"),
        (other("# templates = \"templates\"", "templates = \"/nowhere\""), "notices.templates: there is no folder"),
        (other("announce = \"never\"", "announce = \"always\"\nannounce_language = \"xx\""), "there are: ar, de, en"),
        (account("rate = \"1/fortnight\""), "\"1/fortnight\" is no rate"),
        (account("quiet = \"9-5\""), "quiet hours are written like"),
        (account("notice_countries = [\"XX\"]"), "no numbers are known for the region \"XX\""),
        (account("daily_to = { XX = 500 }"), "no numbers are known for the region \"XX\""),
        (account("bound_patterns = [\"(\"]"), "no regular expression"),
        (account("bound_senders = [\"\"]"), "a sender is a number"),
        (account("announce_text = \"{{ owner }}\""), "known are name and number"),
        (good.replace("zone = \"UTC\"", "zone = \"Mars/Base\""), "\"Mars/Base\" is no time zone"),
        (good.replace("level = \"trace\"", "level = \"redial=loud\""), "log level \"redial=loud\""),
        (good.replace("region = \"US\"", "region = \"ZZ\""), "no numbers are known for the region \"ZZ\""),
    ] {
        assert_ne!(wrong, good, "{said}");
        home.configure(&wrong);
        let output = home.run(&["check"]);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let found = text(&output.stdout);
        assert!(found.contains(said) && found.contains("config.toml:"), "{said}: {found}");
    }
    for (wrong, said) in [
        (good.replace("account_sid = \"AC0", "account_sid = \"XX0"), "account_sid"),
        (good.replace("# key = { env", "key = { env"), "REDIAL_CODE_KEY is not set"),
        (good.replace("# tls = ", "tls = "), "cert.pem"),
        (account("senders = [{ user = \"x\", secret = { env = \"REDIAL_NONE\" } }]\n#"), "duplicate key"),
        (
            good.replace("auth_token = \"demo-token\"", "auth_token = { file = \"none\" }"),
            "parameters.auth_token: none: No such",
        ),
        (good.replace("from_email = \"redial@example.com\"", "from_email = \"x\""), "account outbox: `from_email`"),
        (good.replace("kind = \"twilio\"", "kind = \"nobody\""), "there is no kind \"nobody\""),
        ("[server\n".to_owned(), "unclosed table"),
    ] {
        assert_ne!(wrong, good, "{said}");
        home.configure(&wrong);
        let output = home.run(&["check"]);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let found = text(&output.stdout);
        assert_eq!(found.matches(said).count(), 1, "said once: {found}");
        assert!(found.lines().any(|line| line.contains(said) && line.contains("config.toml:")), "{said}: {found}");
        assert!(!found.contains("config.toml:1:1: "), "at its own line: {found}");
        let lines = home.run(&["check", "--json"]);
        let wrong = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["wrong"] == true;
        assert!(text(&lines.stdout).lines().any(wrong), "{lines:?}");
    }
}
