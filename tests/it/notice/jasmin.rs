//! A real Jasmin with its Redis and `RabbitMQ`, and an SMSC behind it: Redial's notices leave through its HTTP API, what
//! comes back settles them, and senders point at Redial instead of it.

use super::world::{ANN, MOBILE, START, World, contact, group, post};
use crate::{
    peer::{free_ports, installed, left_out, until},
    spawn::{AccountOf, Folder, Running, Setup, spawn},
    upstream::{Say, Upstream},
    via::{client, form},
};
use bytes::Bytes;
use redial::{
    domain::{
        group::{Member, Told},
        notice::Reported,
        owner::Channel,
    },
    provider::Custody,
    usecase::{
        carrier::{ByProvider, Cards},
        deliver_notice::Post,
        gateway::Account,
    },
    worker::{Settings, Worker},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The Jasmin user that Redial is.
const USER: &str = "redial";
const PASSWORD: &str = "test";
/// In the URLs that Jasmin calls.
const TOKEN: &str = "test-only-token";
/// What Redial's own senders show.
const SENDER: (&str, &str) = ("app", "senders-own");
/// The operator's number.
const OURS: &str = "12345";
const BO: &str = "+14155550201";
const FORMER: &str = "+14155550301";
const PRESENT: &str = "+14155550302";

/// The ports: epmd, Erlang's own, AMQP, Redis, HTTP, jCli, and those that Jasmin opens whether or not they are used.
type Ports = [u16; 10];

struct Jasmin {
    folder: Folder,
    children: Vec<Child>,
    smsc: Option<ChildStdin>,
    python: PathBuf,
    broker: PathBuf,
    ports: Ports,
}

/// `RabbitMQ`'s own starter: Debian's one changes to a user of its own.
fn rabbitmq() -> Option<PathBuf> {
    let all = fs::read_dir("/usr/lib/rabbitmq/lib").ok()?;
    all.filter_map(Result::ok).map(|entry| entry.path().join("sbin/rabbitmq-server")).find(|path| path.is_file())
}

impl Jasmin {
    /// Its ports are chosen before Redial stands, since each of the two is to know the other.
    fn prepare() -> Option<Self> {
        let python = installed("REDIAL_TEST_JASMIN", "a real Jasmin")?;
        let redis = Path::new("/usr/bin/redis-server").is_file();
        let (Some(broker), true) = (rabbitmq(), redis) else {
            left_out("a real Jasmin", "Debian's packages redis-server and rabbitmq-server");
            return None;
        };
        let folder = Folder::new();
        Some(Self { folder, children: Vec::new(), smsc: None, python, broker, ports: free_ports() })
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[4])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default()
    }

    /// Starts a program in a process group of its own, so that what it starts ends with it.
    fn run(&mut self, name: &str, command: &mut Command) -> &mut Child {
        let log = fs::File::create(self.path(&format!("{name}.log"))).unwrap();
        command.current_dir(&self.folder.0).env("HOME", &self.folder.0).process_group(0);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.children.push(command.spawn().unwrap());
        self.children.last_mut().unwrap()
    }

    /// Starts it all, with `redial` as the reader of messages from people.
    async fn start(&mut self, redial: &str) {
        let [epmd, erlang, amqp, redis, ..] = self.ports;
        self.broker(epmd, erlang, amqp);
        let redis = redis.to_string();
        let arguments = ["--bind", "127.0.0.1", "--port", &redis, "--save", "", "--appendonly", "no"];
        self.run("redis", Command::new("/usr/bin/redis-server").args(arguments));
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jasmin");
        let python = self.python.clone();
        let script = tests.join("smsc.py");
        self.smsc = self.run("smsc", Command::new(&python).arg(script).stdin(Stdio::piped())).stdin.take();
        until("the SMSC says its port", async || self.log("smsc").contains("port")).await;
        let open = async |port: u16| TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        until("RabbitMQ listens", async || open(amqp).await).await;
        self.configure(&python);
        let (gateway, config) = (tests.join("gateway.py"), self.path("jasmin.cfg"));
        let folder = self.folder.0.clone();
        let mut command = Command::new(&python);
        command.arg(gateway).arg(config).env("LOG_PATH", folder.join("log")).env("STORE_PATH", folder.join("store"));
        self.run("jasmin", &mut command);
        until("Jasmin is there", async || self.log("jasmin").contains("jCli Started")).await;
        self.connect(redial).await;
    }

    fn broker(&mut self, epmd: u16, erlang: u16, amqp: u16) {
        let (epmd, erlang) = (epmd.to_string(), erlang.to_string());
        self.run("epmd", Command::new("epmd").args(["-address", "127.0.0.1", "-port", &epmd]));
        let config = format!("listeners.tcp.1 = 127.0.0.1:{amqp}\nlog.file = false\nlog.console = true\n");
        fs::write(self.path("rabbit.conf"), config).unwrap();
        let mut command = Command::new(&self.broker);
        command.env("ERL_EPMD_ADDRESS", "127.0.0.1").env("ERL_EPMD_PORT", epmd).env("RABBITMQ_DIST_PORT", erlang);
        command.env("RABBITMQ_NODENAME", "redial@localhost");
        command.env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}");
        for (name, path) in [
            ("RABBITMQ_MNESIA_BASE", "rabbit"),
            ("RABBITMQ_LOG_BASE", "rabbit-log"),
            ("RABBITMQ_CONFIG_FILE", "rabbit.conf"),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", "plugins"),
            ("RABBITMQ_CONF_ENV_FILE", "none"),
        ] {
            command.env(name, self.path(path));
        }
        self.run("rabbit", &mut command);
    }

    fn configure(&self, python: &Path) {
        let [_, _, amqp, redis, http, jcli, router, clients, smpp, smpp_router] = self.ports;
        let specs = "import txamqp, os; print(os.path.dirname(txamqp.__file__))";
        let found = Command::new(python).args(["-c", specs]).output().unwrap();
        let spec = format!("{}/specs/standard/amqp0-9-1.stripped.xml", String::from_utf8(found.stdout).unwrap().trim());
        let bound = |section: &str, port: u16| format!("[{section}]\nbind = 127.0.0.1\nport = {port}\n");
        let config = [
            format!("[redis-client]\nport = {redis}\n[amqp-broker]\nport = {amqp}\nspec = {spec}\n"),
            "connection_failure_retry_delay = 1\n".to_owned(),
            "[dlr]\ndlr_lookup_retry_delay = 1\ndlr_lookup_max_retries = 20\n".to_owned(),
            "[dlr-thrower]\nretry_delay = 1\n[deliversm-thrower]\nretry_delay = 1\n".to_owned(),
            bound("http-api", http),
            bound("jcli", jcli),
            "authentication = False\n".to_owned(),
            bound("router", router),
            bound("client-management", clients),
            bound("smpp-server", smpp),
            bound("smpp-server-pb", smpp_router),
        ];
        fs::write(self.path("jasmin.cfg"), config.concat()).unwrap();
        fs::create_dir_all(self.path("store")).unwrap();
    }

    /// Tells Jasmin by its console of the user, the SMSC and Redial.
    async fn connect(&self, redial: &str) {
        let said: Value = serde_json::from_str(self.log("smsc").lines().next().unwrap()).unwrap();
        let orders = format!(
            "group -a|gid all|ok|user -a|uid {USER}|username {USER}|password {PASSWORD}|gid all|ok|\
             smppccm -a|cid far|host 127.0.0.1|port {}|username jasmin|password test|submit_throughput 0|\
             con_fail_delay 1|ok|smppccm -1 far|\
             httpccm -a|cid redial|url {redial}/hooks/jasmin/inbound?token={TOKEN}|method POST|ok|\
             morouter -a|type DefaultRoute|connector http(redial)|ok|\
             mtrouter -a|type DefaultRoute|connector smppc(far)|rate 0.0|ok",
            said["port"]
        );
        let mut console = TcpStream::connect(("127.0.0.1", self.ports[5])).await.unwrap();
        for order in orders.split('|') {
            let answer = tell(&mut console, order).await;
            assert!(order != "ok" || answer.contains("Successfully"), "{answer}");
        }
        let console = tokio::sync::Mutex::new(console);
        let bound = async || tell(&mut *console.lock().await, "smppccm -l").await.contains("BOUND_TRX");
        until("Jasmin is bound to the SMSC", bound).await;
    }

    /// A person writes to the operator's number.
    fn person_writes(&mut self, message: &Value) {
        writeln!(self.smsc.as_mut().unwrap(), "{message}").unwrap();
    }

    /// What the SMSC was given for this number, joined.
    fn taken(&self, to: &str) -> Vec<Value> {
        let lines = self.log("smsc");
        let read = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        read.filter(|line| line["target"].as_str().is_some_and(|target| target == to.trim_start_matches('+'))).collect()
    }

    /// The text of the message to this number that has `part` in it.
    async fn came_out(&self, to: &str, part: &str) -> String {
        let joined = || self.taken(to).iter().filter_map(|line| line["text"].as_str()).collect::<String>();
        until(&format!("the SMSC got {part:?}"), async || joined().contains(part)).await;
        joined()
    }
}

/// One line to the console, and what it says until it waits for the next.
async fn tell(console: &mut TcpStream, order: &str) -> String {
    console.write_all(format!("{order}\r\n").as_bytes()).await.unwrap();
    let mut said = Vec::new();
    loop {
        let read = console.read_buf(&mut said).await.unwrap();
        assert_ne!(read, 0, "the console has closed");
        let text = String::from_utf8_lossy(&said);
        let after = text.rfind(order).map(|at| &text[at + order.len()..]);
        if after.is_some_and(|after| after.trim_end().ends_with(['>', ':'])) {
            return text.into_owned();
        }
    }
}

impl Drop for Jasmin {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ended = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            for log in ["rabbit", "redis", "smsc", "jasmin", "log/messages", "log/http-api", "log/dlr-thrower"] {
                eprintln!("{log}\n{}", self.log(log));
            }
        }
    }
}

fn account(jasmin: &str, base: &str, inbound: Option<&str>) -> Account {
    let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let parameters =
        vec![one("username", USER), one("password", PASSWORD), one("hook_token", TOKEN), one("from", OURS)];
    let (name, custody, sender) = ("jasmin", Custody::Operator, Some(SENDER));
    let made = AccountOf { name, kind: "jasmin", parameters, custody, upstream: jasmin, base, sender }.make();
    Account { inbound_url: inbound.map(Into::into), ..made }
}

/// A worker that sends by Jasmin.
fn worker(running: &Running, world: &World, jasmin: &str) -> Worker {
    let carrier = ByProvider {
        account: Arc::new(account(jasmin, &running.base, None).provider),
        client: client(),
        callback: Some(format!("{}/hooks/jasmin/status", running.base).into()),
        replies: true,
        repeats: false,
        sender: OURS.into(),
        cards: Cards::None,
        head: None,
        before_looking: ByProvider::BEFORE_LOOKING,
    };
    let carrier: Arc<dyn redial::usecase::carrier::Carrier> = Arc::new(carrier);
    let sends = Post { public_url: running.base.clone(), ..post(vec![(Channel::Sms, carrier)]) };
    Worker::new(world.env.clone(), Arc::new(sends), Settings::default(), None)
}

async fn send(base: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let request = http::Request::post(format!("{base}/send"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form(fields)))
        .unwrap();
    let reply = client().send(request).await.unwrap();
    (reply.status().as_u16(), String::from_utf8_lossy(reply.body()).into_owned())
}

/// One Jasmin for all, since it takes seconds to stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_jasmin_carries_notices_and_is_redirected() {
    let Some(mut jasmin) = Jasmin::prepare() else { return };
    let app = Upstream::start(|_| Say::Reply(200, "text/plain", "ACK/Jasmin".to_owned())).await;
    let (far, inbound) = (jasmin.base(), format!("{}/inbound", app.base));
    let accounts = move |base: &str| vec![account(&far, base, Some(&inbound))];
    let running = spawn(Setup { accounts: Box::new(accounts), now: START, ..Setup::default() }).await;
    let world = World::on(running.store.clone(), running.clock.clone()).await;
    running.moved("Ada", FORMER, PRESENT, Member::Everyone, false).await;
    jasmin.start(&running.base).await;

    let worker = worker(&running, &world, &jasmin.base());
    notice(&world, &worker, &jasmin).await;
    person_stops(&world, &worker, &mut jasmin, &app).await;
    redirected(&running, &jasmin, &app).await;
}

/// A notice goes out, and its reports come back and settle it.
async fn notice(world: &World, worker: &Worker, jasmin: &Jasmin) {
    // A name beyond the default alphabet.
    world.rename("Анна Ли").await;
    world.contacts(&[contact(1, &[BO])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world.change(MOBILE, "+14155550111").await;
    worker.run_until_idle().await.unwrap();
    world.clock.advance(Duration::from_mins(2));
    worker.run_until_idle().await.unwrap();
    let text = jasmin.came_out(BO, "STOP").await;
    assert!(text.contains("Анна Ли") && text.contains("415") && text.contains("0111"), "{text}");
    assert_eq!(jasmin.taken(BO)[0]["source"], OURS);
    let id = world.notices().await[0].id;
    let reported = async || world.env.store.attempts(id).await.unwrap()[0].reported;
    until("the report of delivery came", async || reported().await == Some(Reported::Delivered)).await;
}

/// STOP comes in, in a text of several parts, is answered, and reaches the application behind Redial.
async fn person_stops(world: &World, worker: &Worker, jasmin: &mut Jasmin, app: &Upstream) {
    jasmin.person_writes(&json!({ "from": &BO[1..], "to": OURS, "text": "Merci à toi" }));
    let told = app.wait(1).await.form();
    assert_eq!([&*told["from"], &*told["to"], &*told["coding"]], [&BO[1..], OURS, "\0"]);
    let seen = app.seen()[0].clone();
    assert_eq!(seen.target, "/inbound", "Redial's secret is for Redial");
    let stopped = async || world.env.store.opt_outs(&[BO.into()]).await.unwrap();
    assert!(stopped().await.is_empty());
    jasmin.person_writes(&json!({ "from": &BO[1..], "to": OURS, "text": "Stop, please, Анна!", "chunks": 3 }));
    until("the opt-out is written", async || !stopped().await.is_empty()).await;
    assert_eq!(stopped().await[0].owner, Some(ANN));
    worker.run_until_idle().await.unwrap();
    let answer = jasmin.came_out(BO, "START").await;
    assert!(answer.contains("Анна Ли"), "{answer}");
}

/// A sender that points at Redial instead of Jasmin: the new number gets it, the reports go to the sender.
async fn redirected(running: &Running, jasmin: &Jasmin, app: &Upstream) {
    let via = format!("{}/via/jasmin", running.base);
    let (before, report) = (app.seen().len(), format!("{}/report?mine=7", app.base));
    let to = &FORMER[1..];
    let user = [("username", SENDER.0), ("password", SENDER.1)];
    let message = [("to", to), ("from", OURS), ("content", "Dinner at eight?"), ("coding", "0")];
    let wanted = [("dlr", "yes"), ("dlr-level", "3"), ("dlr-method", "POST"), ("dlr-url", &report)];
    let (status, said) = send(&via, &[&user[..], &message, &wanted].concat()).await;
    let id = said.strip_prefix("Success \"").and_then(|rest| rest.strip_suffix('"'));
    assert_eq!((status, id.is_some()), (200, true), "{said}");
    assert_eq!(jasmin.came_out(PRESENT, "Dinner at eight?").await, "Dinner at eight?");
    assert!(jasmin.taken(FORMER).is_empty());
    app.wait(before + 2).await;
    let reports = app.seen().split_off(before);
    // They come on connections of their own, in any order.
    let mut told: Vec<String> = reports.iter().map(|seen| seen.form()["message_status"].clone()).collect();
    told.sort();
    assert_eq!(told, ["DELIVRD", "ESME_ROK"]);
    for seen in &reports {
        assert_eq!((seen.target.as_str(), seen.form().get("id").map(String::as_str)), ("/report?mine=7", id));
        assert!(!String::from_utf8_lossy(&seen.body).contains(&PRESENT[1..]), "the new number is told");
    }

    // Who shows something else is told so in Jasmin's words, and nothing leaves.
    let wrong = [("username", SENDER.0), ("password", "wrong"), ("to", to), ("content", "no")];
    let (by_redial, by_jasmin) = (send(&via, &wrong).await, send(&jasmin.base(), &wrong).await);
    assert_eq!(by_redial.0, by_jasmin.0);
    let shape = |said: &str| said.split(':').next().unwrap_or_default().to_owned();
    assert_eq!(shape(&by_redial.1).trim_end_matches('"'), shape(&by_jasmin.1));
    // Reports on what was answered are taken too, or Jasmin would come again with them.
    assert!(!jasmin.log("log/dlr-thrower").contains("ERROR"));
}
