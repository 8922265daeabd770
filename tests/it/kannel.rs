//! A real Kannel: bearerbox, smsbox, and its own fake SMSC. Redial's notices leave through it, its senders point at
//! Redial, and it has Redial as an SMSC of its own.

use crate::{
    peer::{free_ports, get, left_out, until},
    spawn::{AccountOf, Folder, Running, Setup, spawn},
    upstream::{Say, Upstream},
    via::{NEW, OLD, client, form},
};
use redial::{
    clock::Time,
    domain::{address::Address, group::Member, id::NoticeId, notice::AttemptOutcome},
    provider::Custody,
    telemetry::metrics::Answered,
    template::Sms,
    usecase::{
        carrier::{ByProvider, Cards, Carrier as _, Content, Message},
        gateway::Account,
        receipts::OwnMessage,
    },
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

const USER: &str = "redial";
const PASSWORD: &str = "test-only";
/// In the URLs that Kannel calls.
const TOKEN: &str = "test-only-token";
/// What Redial's own senders show.
const SENDER: (&str, &str) = ("app", "senders-own");
const PERSON: &str = "+14155550111";

struct Kannel {
    folder: Folder,
    children: Vec<Child>,
    ports: [u16; 4],
}

fn program(name: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/usr/lib/kannel/test"].iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

impl Kannel {
    /// Its ports are chosen before Redial stands, since each of the two is to know the other.
    fn prepare() -> Option<Self> {
        if program("bearerbox").is_none() || program("fakesmsc").is_none() {
            left_out("a real Kannel", "Debian's packages kannel and kannel-extras");
            return None;
        }
        Some(Self { folder: Folder::new(), children: Vec::new(), ports: free_ports() })
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[3])
    }

    /// Starts it, with `redial` as its second SMSC and as the reader of messages from people.
    async fn start(&mut self, redial: &str) {
        let [admin, boxes, fake, sendsms] = self.ports;
        let config = format!(
            "group = core\nadmin-port = {admin}\nadmin-interface = 127.0.0.1\nadmin-password = {PASSWORD}\n\
             smsbox-port = {boxes}\nsmsbox-interface = 127.0.0.1\nbox-allow-ip = 127.0.0.1\n\n\
             group = smsc\nsmsc = fake\nsmsc-id = fake\nport = {fake}\nour-host = 127.0.0.1\nconnect-allow-ip = 127.0.0.1\n\
             allowed-smsc-id = fake\n\n\
             group = smsc\nsmsc = http\nsmsc-id = redial\nallowed-smsc-id = redial\nsystem-type = generic\n\
             send-url = \"{redial}/via/kannel/cgi-bin/sendsms?username={}&password={}&smsc=fake&from=%P&to=%p&text=%b\"\n\
             status-success-regex = \"Accepted\"\nstatus-permfail-regex = \"Authorization\"\n\
             status-tempfail-regex = \"Temporal\"\n\n\
             group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-interface = 127.0.0.1\nsendsms-port = {sendsms}\n\n\
             group = sendsms-user\nusername = {USER}\npassword = {PASSWORD}\nconcatenation = true\nmax-messages = 9\n\n\
             group = sms-service\nkeyword = default\nmax-messages = 0\n\
             get-url = \"{redial}/hooks/kannel/inbound?token={TOKEN}&id=%I&from=%p&to=%P&text=%a\"\n",
            SENDER.0, SENDER.1
        );
        let path = self.folder.0.join("kannel.conf");
        fs::write(&path, config).unwrap();
        let path = path.to_str().unwrap().to_owned();
        self.run("bearerbox", &["-v", "1", &path]);
        let status = format!("http://127.0.0.1:{admin}/status.txt?password={PASSWORD}");
        until("the bearerbox answers", async || get(&status).await.is_some()).await;
        self.run("smsbox", &["-v", "1", &path]);
        let person = format!("{PERSON} 12345 text I have moved");
        self.run("fakesmsc", &["-H", "127.0.0.1", "-r", &fake.to_string(), "-m", "0", &person]);
        let online = async || get(&status).await.is_some_and(|(_, text)| text.matches("online").count() >= 2);
        until("both SMSCs are there", online).await;
        until("the smsbox answers", async || get(&self.base()).await.is_some()).await;
    }

    fn run(&mut self, name: &str, arguments: &[&str]) -> usize {
        let at = self.children.len();
        let log = fs::File::create(self.folder.0.join(format!("{name}-{at}.log"))).unwrap();
        let mut command = Command::new(program(name).unwrap());
        command.args(arguments).current_dir(&self.folder.0).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.children.push(command.spawn().unwrap());
        at
    }

    /// The first line in which the fake SMSC got a message with this text.
    async fn came_out(&self, text: &str) -> String {
        let log = self.folder.0.join("fakesmsc-2.log");
        let found = || {
            let all = fs::read_to_string(&log).unwrap_or_default();
            all.lines().find(|line| line.contains("Got message") && line.contains(text)).map(str::to_owned)
        };
        until(&format!("the SMSC got {text:?}"), async || found().is_some()).await;
        found().unwrap()
    }

    fn sendsms(&self, fields: &[(&str, &str)]) -> String {
        let all = [&[("username", USER), ("password", PASSWORD)], fields].concat();
        format!("{}/cgi-bin/sendsms?{}", self.base(), form(&all))
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            for log in ["bearerbox-0.log", "smsbox-1.log", "fakesmsc-2.log"] {
                eprintln!("{log}\n{}", fs::read_to_string(self.folder.0.join(log)).unwrap_or_default());
            }
        }
    }
}

fn account(kannel: &str, base: &str) -> Account {
    let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let parameters = vec![
        one("username", USER),
        one("password", PASSWORD),
        one("hook_token", TOKEN),
        one("from", "12345"),
        one("smsc", "fake"),
    ];
    let (name, custody, upstream) = ("kannel", Custody::Operator, kannel);
    AccountOf { name, kind: "kannel", parameters, custody, upstream, base, sender: Some(SENDER) }.make()
}

async fn redial(kannel: &str, inbound: Option<&str>) -> Running {
    let (far, inbound) = (kannel.to_owned(), inbound.map(Box::from));
    let accounts = move |base: &str| vec![Account { inbound_url: inbound, ..account(&far, base) }];
    spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await
}

fn query(target: &str) -> BTreeMap<String, String> {
    let (_, query) = target.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// One Kannel for all, since it takes seconds to stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_kannel_carries_notices_and_is_redirected() {
    let Some(mut kannel) = Kannel::prepare() else { return };
    let app = Upstream::start(|_| Say::empty(200)).await;
    let running = redial(&kannel.base(), Some(&format!("{}/inbound", app.base))).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    kannel.start(&running.base).await;
    let hooks = || running.gateway.metrics.requests.get_or_create(&Answered { surface: "hook", class: "2xx" }).get();

    notice(&running, &kannel).await;
    until("the report of the notice came", async || hooks() > 0).await;

    // A sender that points at Redial instead of Kannel: the new number gets it, the report names the old one.
    let report = format!("{}/report?mine=7&state=%d&to=%p&from=%P", app.base);
    let fields = [
        ("username", SENDER.0),
        ("password", SENDER.1),
        ("smsc", "fake"),
        ("from", "12345"),
        ("to", OLD),
        ("text", "Dinner at eight?"),
        ("dlr-mask", "31"),
        ("dlr-url", &report),
    ];
    let via = |fields: &[(&str, &str)]| format!("{}/via/kannel/cgi-bin/sendsms?{}", running.base, form(fields));
    assert_eq!(get(&via(&fields)).await, Some((202, "0: Accepted for delivery".to_owned())));
    assert!(kannel.came_out("Dinner").await.contains(&format!("<12345 {NEW} text Dinner at eight?>")));
    app.wait(2).await;
    let mut states = Vec::new();
    for seen in app.seen() {
        assert_eq!((seen.method.as_str(), seen.path()), ("GET", "/report"));
        let told = query(&seen.target);
        let named = |name: &str| told.get(name).map(String::as_str);
        assert_eq!([named("mine"), named("to"), named("token")], [Some("7"), Some(OLD), None]);
        assert!(!seen.target.contains("4155550199"), "the new number is told: {}", seen.target);
        states.push(told["state"].clone());
    }
    // Taken by the SMSC and delivered: Kannel tells both at once, over connections of their own, so in any order.
    states.sort();
    assert_eq!(states, ["1", "8"]);

    // The same with the values in headers, for which Kannel has names of its own.
    let post = |password: &str| {
        let request = http::Request::post(format!("{}/via/kannel/cgi-bin/sendsms", running.base))
            .header("content-type", "text/plain; charset=utf-8")
            .header("x-kannel-username", SENDER.0)
            .header("x-kannel-password", password)
            .header("x-kannel-smsc", "fake")
            .header("x-kannel-from", "12345")
            .header("x-kannel-to", OLD);
        request.body(bytes::Bytes::from_static(b"Supper at nine?")).unwrap()
    };
    let taken = client().send(post(SENDER.1)).await.unwrap();
    assert_eq!((taken.status().as_u16(), &taken.body()[..]), (202, &b"0: Accepted for delivery"[..]));
    assert!(kannel.came_out("Supper").await.contains(&format!("<12345 {NEW} text Supper at nine?>")));
    assert_eq!(client().send(post(PASSWORD)).await.unwrap().status().as_u16(), 403);

    // And with all of it in an XML document.
    let report = format!("{}/xml?state=%d&amp;to=%p", app.base);
    let post = |password: &str| {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<message><submit>\
             <from><username>{}</username><password>{password}</password></from><smsc>fake</smsc>\
             <oa><number>12345</number></oa><da><number>{OLD}</number></da><ud>Tea%20at &lt;ten&gt;?</ud>\
             <statusrequest><dlr-mask>1</dlr-mask><dlr-url>{report}</dlr-url></statusrequest></submit></message>",
            SENDER.0
        );
        let request = http::Request::post(format!("{}/via/kannel/cgi-bin/sendsms", running.base));
        request.header("content-type", "text/xml; charset=utf-8").body(bytes::Bytes::from(body)).unwrap()
    };
    let taken = client().send(post(SENDER.1)).await.unwrap();
    assert_eq!(taken.status().as_u16(), 202, "{:?}", taken.body());
    assert!(kannel.came_out("Tea at").await.contains(&format!("<12345 {NEW} text Tea at <ten>?>")));
    let told = || app.seen().into_iter().find(|seen| seen.path() == "/xml");
    until("the report of it came", async || told().is_some()).await;
    let told = query(&told().unwrap().target);
    assert_eq!(told, BTreeMap::from([("state", "1"), ("to", OLD)].map(|(name, value)| (name.into(), value.into()))));
    assert_eq!(client().send(post(PASSWORD)).await.unwrap().status().as_u16(), 403);

    // Who shows something else is told so in Kannel's words, and nothing leaves.
    let other_names = [
        ("user", SENDER.0),
        ("pass", SENDER.1),
        ("smsc", "fake"),
        ("from", "12345"),
        ("to", OLD),
        ("text", "By other names"),
    ];
    assert_eq!(get(&via(&other_names)).await, Some((202, "0: Accepted for delivery".to_owned())));
    assert!(kannel.came_out("By other names").await.contains(NEW));
    let wrong = [("username", SENDER.0), ("password", PASSWORD), ("to", OLD), ("text", "no")];
    assert_eq!(get(&via(&wrong)).await, Some((403, "Authorization failed for sendsms".to_owned())));

    // A Kannel that has Redial as its SMSC: its own senders change nothing.
    let sent = kannel.sendsms(&[("smsc", "redial"), ("from", "12345"), ("to", OLD), ("text", "Through both")]);
    assert_eq!(get(&sent).await, Some((202, "0: Accepted for delivery".to_owned())));
    assert!(kannel.came_out("Through both").await.contains(&format!("<12345 {NEW} text Through both>")));

    // A message from a person reaches the application behind Redial.
    let person = format!("{PERSON} 12345 text I have moved");
    let fake = kannel.ports[2].to_string();
    // The fake SMSC has one connection at a time.
    kannel.children[2].kill().unwrap();
    kannel.run("fakesmsc", &["-H", "127.0.0.1", "-r", &fake, "-m", "1", &person]);
    let inbound = || app.seen().into_iter().find(|seen| seen.path() == "/inbound");
    until("the message of the person came", async || inbound().is_some()).await;
    let told = query(&inbound().unwrap().target);
    assert_eq!([&*told["from"], &*told["to"], &*told["text"]], [PERSON, "12345", "I have moved"]);
    assert!(!told.contains_key("token"), "Redial's secret is for Redial");
}

/// A notice goes out through `sendsms`.
async fn notice(running: &Running, kannel: &Kannel) {
    let carrier = ByProvider {
        account: Arc::new(account(&kannel.base(), &running.base).provider),
        client: client(),
        callback: Some(format!("{}/hooks/kannel/status", running.base).into()),
        replies: true,
        repeats: false,
        sender: "12345".into(),
        cards: Cards::None,
        head: None,
        before_looking: ByProvider::BEFORE_LOOKING,
    };
    let text = "Ann Lee hat eine neue Nummer";
    let content = Content::Sms(Sms::new(text));
    let to = Address::stored(PERSON, PERSON);
    let report = OwnMessage { notice: NoticeId(7), number: 1 }.write();
    let message = Message { reference: "ntc_1", report: &report, to: &to, content: &content, date: Time(0) };
    let delivery = carrier.deliver(&message).await;
    assert_eq!((delivery.outcome, delivery.foreign_id.as_deref()), (AttemptOutcome::Sent, Some("ntc_1")));
    let line = kannel.came_out("Ann Lee").await;
    assert!(line.contains(&format!("<12345 {PERSON} text {text}>")), "{line}");
}
