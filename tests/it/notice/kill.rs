//! Kill -9 at random moments, two hundred times: no notice is lost, and none is repeated as its recipient sees it.

use super::world::{ANN, BOOK, MOBILE, ann, contact, env, group, held, post};
use redial::{
    clock::{Clock as _, Random as _, SeededRandom, SystemClock},
    domain::{
        address::phone::Region,
        change::Snapshot,
        group::{Member, Told},
        id::{ContactId, FanoutId, GroupId, RequestId},
        notice::{Notice, NoticeState, Recipient},
        owner::{Book, Change, Channel, Membership},
        schedule::Backoff,
    },
    provider::{Account, AccountSettings, Custody, Provider},
    store::{Commit, Effect, Fanout, SharedStore, sqlite::Sqlite},
    transport::{
        folder::Folder,
        http::{Client, Settings, reach::Reach},
    },
    usecase::{
        Env, Rules,
        carrier::{ByFolder, ByProvider, Cards, Carrier, MailHead},
        deliver_notice::Post,
        governor::Caps,
    },
    worker::{self, Worker},
};
use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

const KILLS: u32 = 200;
/// Accounts for text messages: of a provider that cannot be asked what became of one, and of one that can.
const PLAIN: &str = "twilio";
const ASKED: &str = "infobip";
/// A third of them each is written to by an account that cannot be asked, by one that can, and by e-mail.
const CONTACTS: u128 = 300;
const LEASE: Duration = Duration::from_millis(400);

fn open(home: &Path) -> Env {
    let store: SharedStore = Arc::new(Sqlite::open(&home.join("redial.db"), Arc::new(SystemClock), 2).unwrap());
    let rules = Rules { debounce: Duration::ZERO, debounce_most: Duration::ZERO, ..Rules::default() };
    let mut env = env(store, Arc::new(SystemClock), rules);
    env.random = Arc::new(redial::clock::SystemRandom::new());
    env
}

/// An account for text messages; of one kind that cannot be asked for a message, or of one that can.
fn texts(kind: &str, upstream: &str) -> Arc<dyn Carrier> {
    let (text, given) = if kind == ASKED {
        (
            include_str!("../../../providers/infobip.toml"),
            vec![("host", "a.api.infobip.com"), ("api_key", "not-a-secret")],
        )
    } else {
        let sid = ("account_sid", "AC00000000000000000000000000000000");
        (include_str!("../../../providers/twilio.toml"), vec![sid, ("auth_token", "not-a-secret")])
    };
    let provider = Arc::new(Provider::load(text, kind).unwrap());
    let given = given.into_iter().chain([("from", "+14155550199")]);
    let parameters =
        provider.parameters(given.map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).collect());
    let account = Account::new(AccountSettings {
        name: kind.into(),
        parameters: parameters.unwrap(),
        provider,
        custody: Custody::Operator,
        senders: Vec::new(),
        public_urls: Vec::new(),
        upstream: Some(upstream.into()),
        application: None,
    });
    let settings = Settings { reach: Reach::Anywhere, ..Settings::default() };
    Arc::new(ByProvider {
        cards: Cards::None,
        head: None,
        account: Arc::new(account.unwrap()),
        client: Client::new(&settings).unwrap(),
        callback: None,
        sender: "".into(),
        replies: true,
        repeats: false,
        // Shorter than a lease: the dead process' request is there long before anybody asks.
        before_looking: LEASE / 2,
    })
}

fn the_worker(home: &Path, upstream: &str) -> Worker {
    let mails = ByFolder {
        name: "outbox".into(),
        folder: Folder::new(home.join("outbox")),
        from: "Redial".into(),
        head: MailHead { from: "Redial <notices@example.com>".into(), reply_to: None, bounces: None },
    };
    let texts = |kind| (Channel::Sms, texts(kind, upstream));
    let carriers = vec![texts(PLAIN), texts(ASKED), (Channel::Email, Arc::new(mails) as _)];
    let only = |account: &str, country| {
        let country = Region::new(country).unwrap();
        (account.into(), Caps { countries: Some(vec![country]), ..Caps::default() })
    };
    let caps = HashMap::from([only(PLAIN, "US"), only(ASKED, "DE")]);
    let backoff = Backoff { steps: vec![Duration::from_millis(50); 100], jitter: 20 };
    let post = Arc::new(Post { backoff, caps, ..post(carriers) });
    let settings = worker::Settings { lease: LEASE, poll: Duration::from_millis(20), ..worker::Settings::default() };
    Worker::new(open(home), post, settings, None)
}

/// The process that is killed; only the test below starts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of two_hundred_kills_lose_and_repeat_nothing"]
async fn victim() {
    let Ok(home) = std::env::var("REDIAL_KILL_HOME") else { return };
    let upstream = std::env::var("REDIAL_KILL_UPSTREAM").unwrap();
    let worker = the_worker(Path::new(&home), &upstream);
    println!("\nat work");
    worker.run(CancellationToken::new()).await;
}

/// What a provider was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Text {
    to: String,
    /// Our name of it, where the provider takes one.
    reference: String,
    says: String,
}

/// How often each of them was.
type Texts = Arc<Mutex<HashMap<Text, u32>>>;

/// A provider that takes everything, sometimes slowly.
async fn upstream() -> (String, Texts) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let texts = Texts::default();
    let taken = Arc::clone(&texts);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream, Arc::clone(&taken)));
        }
    });
    (url, texts)
}

async fn take(mut stream: TcpStream, texts: Texts) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let lower = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
        let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
        let length: usize = length.unwrap_or(0);
        while bytes.len() < head + length {
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
        let answer = answer(lower.lines().next()?, &bytes[head..head + length], &texts)?;
        bytes.drain(..head + length);
        // The message is taken; the answer may come too late for a sender that is killed meanwhile.
        tokio::time::sleep(answer.after).await;
        let reply = format!(
            "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
            answer.status,
            answer.body.len(),
            answer.body
        );
        stream.write_all(reply.as_bytes()).await.ok()?;
    }
}

struct Answer {
    status: &'static str,
    body: String,
    after: Duration,
}

/// As Twilio answers to a form, and Infobip to JSON and to questions.
fn answer(line: &str, body: &[u8], texts: &Texts) -> Option<Answer> {
    let mut texts = texts.lock().unwrap();
    if line.starts_with("get ") {
        let id = line.split("messageid=").nth(1)?.split([' ', '&']).next()?;
        let known = texts.keys().any(|text| text.reference.eq_ignore_ascii_case(id));
        let results = if known { serde_json::json!([{ "messageId": id }]) } else { serde_json::json!([]) };
        let body = serde_json::json!({ "results": results }).to_string();
        return Some(Answer { status: "200 OK", body, after: Duration::ZERO });
    }
    let text = if let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) {
        let at = |pointer: &str| Some(json.pointer(pointer)?.as_str()?.to_owned());
        let to = at("/messages/0/destinations/0/to")?;
        let reference = at("/messages/0/destinations/0/messageId")?;
        Text { to: format!("+{to}"), reference, says: at("/messages/0/content/text")? }
    } else {
        let mut form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        Text { to: form.remove("To")?, reference: String::new(), says: form.remove("Body")? }
    };
    *texts.entry(text.clone()).or_default() += 1;
    let count = texts.len() as u64;
    let body = if text.reference.is_empty() {
        serde_json::json!({ "sid": format!("SM{count:032x}"), "status": "queued" })
    } else {
        let status = serde_json::json!({ "groupName": "PENDING", "name": "PENDING_ACCEPTED" });
        serde_json::json!({ "messages": [{ "messageId": text.reference, "status": status }] })
    };
    Some(Answer { status: "201 Created", body: body.to_string(), after: Duration::from_millis(count % 12) })
}

fn value(round: usize) -> String {
    format!("+1415557{round:04}")
}

async fn commit(env: &Env, effects: Vec<Effect>) {
    env.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
}

async fn begin(env: &Env) {
    let book = Book { id: BOOK, owner: ANN, name: "Private".into(), default_group: None };
    let mut effects = vec![Effect::OwnerAdded(ann()), Effect::BookSet(book)];
    effects.push(Effect::GroupSet(group(1, Told::AtOnce, &[], &[MOBILE])));
    for id in 1..=CONTACTS {
        effects.push(Effect::ContactSet(contact(id, &[&address(id)])));
        let member = Member::Contact(ContactId(id));
        effects.push(Effect::MemberAdded(ANN, Membership { group: GroupId(1), member }));
    }
    commit(env, effects).await;
}

/// Every third is in a country of its own, and so has an account of its own.
fn address(contact: u128) -> String {
    match contact % 3 {
        0 => format!("+1415{:07}", 2_000_000 + contact),
        1 => format!("+49151{:08}", 10_000_000 + contact),
        _ => format!("c{contact}@example.org"),
    }
}

/// The number changes: one commit, as rule C6 says.
async fn change(env: &Env, round: usize) {
    let mut owner = env.store.owner(ANN).await.unwrap().unwrap();
    owner.revision += 1;
    let at = SystemClock.now();
    let snapshot = serde_json::to_string(&Snapshot::of(&owner)).unwrap().into();
    let request = RequestId(round as u128);
    let effects = vec![
        Effect::ValueLeft(ANN, MOBILE, at),
        Effect::ValueHeld(ANN, MOBILE, held(&value(round), at)),
        Effect::OwnerSet {
            id: ANN,
            language: owner.language.clone(),
            profile: owner.profile.clone(),
            claimed: true,
            silenced: false,
            revision: owner.revision,
        },
        Effect::Changed(Change { owner: ANN, revision: owner.revision, at, request, snapshot }),
        Effect::FanoutDue(Fanout {
            id: FanoutId(round as u128),
            owner: ANN,
            at,
            only: vec![],
            silent: false,
            cursor: None,
        }),
    ];
    commit(env, effects).await;
}

/// What a start takes where nothing else runs.
const START: Duration = Duration::from_millis(60);

/// Starts one and kills it `after` it is at work; later where starting took longer than it should, since then sending
/// does too.
fn kill_one(home: &Path, upstream: &str, after: Duration) {
    let begun = tokio::time::Instant::now();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["notice::kill::victim", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env("REDIAL_KILL_HOME", home)
        .env("REDIAL_KILL_UPSTREAM", upstream)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "at work"), "the victim could not start");
    // The one wait that is about no event: the moment of the kill is to be any.
    std::thread::sleep(after.mul_f64((begun.elapsed().as_secs_f64() / START.as_secs_f64()).clamp(1.0, 10.0)));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_lose_and_repeat_nothing() {
    let home = std::env::temp_dir().join(format!("redial-kill-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).unwrap();
    let (url, texts) = upstream().await;
    begin(&open(&home)).await;
    let random = SeededRandom::new(7);
    let mut rounds = 0;
    for _ in 0..KILLS {
        let env = open(&home);
        if env.store.next_due().await.unwrap().is_none() {
            rounds += 1;
            change(&env, rounds).await;
        }
        env.store.close().await;
        drop(env);
        let after = Duration::from_micros(u64::try_from(random.bits() % 240_000).unwrap());
        let (home, url) = (home.clone(), url.clone());
        tokio::task::spawn_blocking(move || kill_one(&home, &url, after)).await.unwrap();
    }
    // Whoever comes next ends what was begun; what is not due yet comes when it is.
    let worker = the_worker(&home, &url);
    while let Some(due) = worker.next_due().await.unwrap() {
        tokio::time::sleep(due.since(SystemClock.now()) + Duration::from_millis(1)).await;
        worker.run_until_idle().await.unwrap();
    }
    let taken = texts.lock().unwrap().clone();
    let counts = verify(&open(&home), &home, rounds, &taken).await;
    // Past the test's capture: these counts are for the reader of every run.
    writeln!(std::io::stderr(), "{KILLS} kills, {rounds} changes, {CONTACTS} contacts: {counts}").unwrap();
    std::fs::remove_dir_all(&home).unwrap();
}

async fn all(env: &Env) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    loop {
        let page = env.store.notices(ANN, notices.last().map(|notice| notice.id), 500).await.unwrap();
        notices.extend(page.items);
        if !page.more {
            notices.reverse();
            return notices;
        }
    }
}

/// Every contact has one notice a change; a file one each, a text message at most one each.
async fn verify(env: &Env, home: &Path, rounds: usize, texts: &HashMap<Text, u32>) -> String {
    let notices = all(env).await;
    let mut of: BTreeMap<u128, Vec<&Notice>> = BTreeMap::new();
    for notice in &notices {
        let Recipient::Contact(id) = notice.recipient else { panic!("{notice:?}") };
        of.entry(id.0).or_default().push(notice);
    }
    assert_eq!(of.len() as u128, CONTACTS, "everybody has notices");
    let files: Vec<PathBuf> = std::fs::read_dir(home.join("outbox"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'))
        .collect();
    let (mut sent, mut unknown, mut arrived, mut again, mut found) = (0_u32, 0_u32, 0_u32, 0_usize, 0_usize);
    for (id, notices) in &of {
        assert_eq!(notices.len(), rounds, "contact {id} has a notice for every change: {notices:?}");
        for (place, notice) in notices.iter().enumerate() {
            let number = value(place + 1);
            let attempts = env.store.attempts(notice.id).await.unwrap();
            again += usize::from(attempts.len() > 1);
            let to = address(*id);
            if to.starts_with('+') {
                let requests: u32 = texts
                    .iter()
                    .filter(|(text, _)| text.to == to && text.says.contains(&format!("is now {number}")))
                    .map(|(_, count)| count)
                    .sum();
                let asked = &*attempts[0].account == ASKED;
                found += usize::from(attempts[0].detail.ends_with("found at the provider"));
                match notice.state {
                    NoticeState::Sent => assert_eq!(requests, 1, "{notice:?}"),
                    NoticeState::Unknown if asked => assert_eq!(requests, 0, "it has it, and was asked: {notice:?}"),
                    NoticeState::Unknown => assert!(requests <= 1, "repeated: {notice:?}"),
                    other => panic!("{other:?}: {notice:?}"),
                }
                unknown += u32::from(notice.state == NoticeState::Unknown);
                arrived += u32::from(notice.state == NoticeState::Unknown && requests == 1);
            } else {
                assert_eq!(notice.state, NoticeState::Sent, "{notice:?}");
                let name = notice.id.to_string();
                let of_notice = |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(&name);
                let found: Vec<_> = files.iter().filter(of_notice).collect();
                assert_eq!(found.len(), 1, "{notice:?}");
                assert!(std::fs::read_to_string(found[0]).unwrap().contains(&number));
            }
            sent += u32::from(notice.state == NoticeState::Sent);
        }
    }
    assert!(unknown > 0 && again > 0 && found > 0, "the kills met messages on their way");
    format!(
        "{} notices, {sent} sent, 0 lost, 0 repeated; {found} text messages of killed processes found at the provider, \
         {unknown} unknown, of which {arrived} had arrived; {again} files written again in place",
        notices.len()
    )
}
