//! A portal whose messages really leave: text messages over HTTP to a far end that answers as Twilio does, e-mails by SMTP to a
//! Postfix. What came out at their ends is what a person would read.

use super::Journey;
use crate::{
    far_end,
    hooks::signed_form,
    notice::{smtp::Postfix, world::post},
    peer::{found, until},
    portal::many_codes,
    spawn::{AccountOf, Running, Setup, TWILIO_SID, TWILIO_TOKEN, spawn},
    upstream::Upstream,
    via::client,
};
use redial::{
    domain::{address::phone::Region, notice::AttemptOutcome, owner::Channel, schedule::Hours},
    transport::{
        delivery::Delivery,
        http::{Client, Settings, reach::Reach},
        smtp::{self, Smtp},
    },
    usecase::{
        Live, Rules,
        carrier::{ByProvider, BySmtp, Cards, Carrier, MailHead, Message},
        deliver_notice::Post,
        governor,
    },
    worker::{self, Worker},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::io::AsyncWriteExt as _;

/// Whose number messages come from.
const SENDER: &str = "+15550100100";

pub(super) struct Far {
    pub(super) running: Running,
    worker: Worker,
    texts: Upstream,
    mails: Postfix,
    /// How many requests of the provider's, and which files of the mail server's, somebody has read.
    read: Mutex<(usize, BTreeSet<String>)>,
    /// How many e-mails the mail server has taken.
    sent: Arc<AtomicUsize>,
}

/// A message that came out at a far end.
#[derive(Clone, Debug)]
struct Got {
    to: String,
    text: String,
    /// Where the provider is to report, with the message's id there; the vCard of an e-mail.
    report: Option<(String, String)>,
    card: Option<String>,
}

/// Counts what a mail server takes.
#[derive(Debug)]
struct Counted(BySmtp, Arc<AtomicUsize>);

#[async_trait::async_trait]
impl Carrier for Counted {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn speaks(&self, channel: Channel) -> bool {
        self.0.speaks(channel)
    }

    fn repeatable(&self) -> bool {
        self.0.repeatable()
    }

    fn replies(&self) -> bool {
        self.0.replies()
    }

    async fn deliver(&self, message: &Message<'_>) -> Delivery {
        let delivery = self.0.deliver(message).await;
        self.1.fetch_add(usize::from(delivery.outcome == AttemptOutcome::Sent), Ordering::SeqCst);
        delivery
    }
}

impl Far {
    /// `None`, said loudly, where there is no Postfix.
    pub(super) async fn new() -> Option<Self> {
        let texts = far_end::twilio().await;
        let rules = Rules { registration: true, codes: many_codes(), region: Region::new("US"), ..Rules::default() };
        let upstream = texts.base.clone();
        let accounts = move |base: &str| vec![AccountOf::twilio(base, &upstream).make()];
        let running = spawn(Setup { rules, accounts: Box::new(accounts), ..Setup::default() }).await;
        let mails = Postfix::start(&format!("{}/hooks/mail/inbound", running.base))?;
        let by_text = || {
            let settings = Settings { reach: Reach::Anywhere, ..Settings::default() };
            Arc::new(ByProvider {
                cards: Cards::None,
                head: None,
                account: Arc::new(AccountOf::twilio(&running.base, &texts.base).make().provider),
                client: Client::new(&settings).unwrap(),
                callback: Some(format!("{}/hooks/main/status", running.base).into()),
                sender: SENDER.into(),
                replies: true,
                repeats: false,
                before_looking: ByProvider::BEFORE_LOOKING,
            }) as Arc<dyn Carrier>
        };
        let sent: Arc<AtomicUsize> = Arc::default();
        let by_mail = || {
            let settings =
                smtp::Settings { url: format!("smtp://127.0.0.1:{}", mails.port), ..smtp::Settings::default() };
            let head = MailHead {
                from: "Redial <notices@example.com>".into(),
                reply_to: None,
                bounces: Some("bounces@example.com".into()),
            };
            let by = BySmtp { name: "mail".into(), smtp: Smtp::new(&settings).unwrap(), head };
            Arc::new(Counted(by, Arc::clone(&sent))) as Arc<dyn Carrier>
        };
        // Whoever runs the tests at night would wait for the morning.
        let awake = |name: &str| (name.into(), governor::Caps { quiet: Hours::NONE, ..governor::Caps::default() });
        let post = || Post {
            public_url: running.base.clone(),
            caps: HashMap::from([awake("main"), awake("mail")]),
            ..post(vec![(Channel::Sms, by_text()), (Channel::Email, by_mail())])
        };
        running.gateway.sends_with(Live::new(post()));
        let worker = Worker::new(running.env.clone(), Arc::new(post()), worker::Settings::default(), None);
        Some(Self { running, worker, texts, mails, read: Mutex::default(), sent })
    }

    async fn idle(&self) {
        self.worker.run_until_idle().await.unwrap();
    }

    /// Text messages that nobody has read yet.
    fn texts(&self) -> Vec<Got> {
        let all = self.texts.seen();
        let mut read = self.read.lock().unwrap();
        let new = all[read.0..].iter().filter(|seen| seen.method == "POST");
        let got = new.map(|seen| {
            let form = seen.form();
            let at = all.iter().filter(|one| one.method == "POST").position(|one| std::ptr::eq(one, seen)).unwrap();
            let report = form.get("StatusCallback").map(|url| (url.clone(), format!("SM{at:032x}")));
            Got { to: form["To"].clone(), text: form["Body"].clone(), report, card: None }
        });
        let got = got.collect();
        read.0 = all.len();
        got
    }

    /// E-mails that nobody has read yet, as Python's library reads them.
    async fn mails(&self) -> Vec<Got> {
        let new: Vec<(String, String)> = {
            let mut read = self.read.lock().unwrap();
            self.mails.files().into_iter().filter(|(name, _)| read.1.insert(name.clone())).collect()
        };
        let mut all = Vec::new();
        for (_, raw) in new {
            all.push(read_mail(&raw).await);
        }
        all
    }

    /// The newest message to this address that is of this kind, once it is there; the others are read with it.
    async fn to(&self, to: &str, what: &str, is: impl Fn(&str) -> bool) -> Got {
        self.idle().await;
        found(&format!("{what} to {to}"), async || {
            let all = if to.contains('@') { self.mails().await } else { self.texts() };
            all.into_iter().rev().find(|got| got.to == to && is(&got.text))
        })
        .await
    }

    /// All messages since the last time, once there are so many e-mails among them as the mail server took.
    async fn told(&self) -> Vec<Got> {
        self.idle().await;
        let mut all = self.texts();
        let sent = self.sent.load(Ordering::SeqCst);
        until("every e-mail that was handed over has come out", async || self.mails.files().len() >= sent).await;
        all.extend(self.mails().await);
        all
    }

    /// The provider says that this message has arrived.
    async fn delivered(&self, got: &Got) {
        let (url, id) = got.report.as_ref().expect("the provider was told where to report");
        let fields = [
            ("AccountSid", TWILIO_SID),
            ("MessageSid", &**id),
            ("MessageStatus", "delivered"),
            ("From", SENDER),
            ("To", &*got.to),
        ];
        let answer = client().send(signed_form(url, TWILIO_TOKEN, &fields)).await.unwrap();
        assert_eq!(answer.status(), 204, "{url}");
        self.idle().await;
    }

    /// Somebody answers a text message.
    async fn answers(&self, from: &str, text: &str) {
        let url = format!("{}/hooks/main/inbound", self.running.base);
        let id = format!("SM{:032x}", self.texts.seen().len() + 0x0001_0000);
        let fields = [("AccountSid", TWILIO_SID), ("MessageSid", &*id), ("From", from), ("To", SENDER), ("Body", text)];
        let answer = client().send(signed_form(&url, TWILIO_TOKEN, &fields)).await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.body());
        self.idle().await;
    }

    /// Answers what a journey asks until it ends.
    pub(super) async fn serve(&self, mut journey: Journey) {
        let mut kept: Vec<Got> = Vec::new();
        while let Some((asked, of)) = journey.asks().await {
            let answer = match asked.as_str() {
                "code" => {
                    let is = |text: &str| six(text).is_some() && !text.contains("KEEP");
                    json!(six(&self.to(of.as_str().unwrap(), "a code", is).await.text))
                }
                "after" => {
                    self.idle().await;
                    self.running.clock.advance(Duration::from_secs(of.as_u64().unwrap()));
                    self.idle().await;
                    Value::Null
                }
                "told" => {
                    kept = self.told().await;
                    json!(kept.iter().map(|got| got.to.clone()).collect::<Vec<_>>())
                }
                "delivered" => {
                    let got = kept.iter().find(|got| got.to == of.as_str().unwrap()).expect("it was told");
                    self.delivered(got).await;
                    Value::Null
                }
                "mail" => {
                    let got = kept.iter().find(|got| got.to == of.as_str().unwrap()).expect("it was told");
                    let page = format!("{}/c/", self.running.base);
                    let link = got.text.split_whitespace().find(|word| word.starts_with(&page));
                    json!({ "link": link.expect("a page"), "card": read_card(got.card.as_ref().expect("a card")) })
                }
                "keep" => {
                    let from = of.as_str().unwrap();
                    let held = self.to(from, "the word that stops it", |text| text.contains("KEEP ")).await;
                    self.answers(from, &format!("Keep {}", six(&held.text).expect("its code"))).await;
                    json!(self.to(from, "an answer", |_| true).await.text)
                }
                other => panic!("{other} is asked"),
            };
            journey.say(&answer).await;
        }
    }
}

/// The six digits in a text.
fn six(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_ascii_digit()).find(|run| run.len() == 6)
}

/// A card as another library reads it.
pub(super) fn read_card(card: &str) -> Value {
    use calcard::{
        Entry, Parser,
        vcard::{VCardProperty, VCardValue},
    };
    let Entry::VCard(read) = Parser::new(card).entry() else { panic!("no card: {card}") };
    let texts = |property: &VCardProperty| -> Vec<String> {
        let entries = read.entries.iter().filter(|entry| entry.name == *property);
        let values = entries.flat_map(|entry| &entry.values);
        values.filter_map(|value| if let VCardValue::Text(text) = value { Some(text.clone()) } else { None }).collect()
    };
    json!({ "fn": texts(&VCardProperty::Fn).first(), "tel": texts(&VCardProperty::Tel), "email": texts(&VCardProperty::Email) })
}

/// An e-mail as Python's library reads it.
async fn read_mail(raw: &str) -> Got {
    const READ: &str = "import sys, json, email, email.policy\n\
        mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)\n\
        card = next((part.get_content() for part in mail.walk() if part.get_content_type() == 'text/vcard'), None)\n\
        card = card.decode() if isinstance(card, bytes) else card\n\
        text = mail.get_body(('plain',)).get_content()\n\
        print(json.dumps({'to': mail['to'].addresses[0].addr_spec, 'text': text, 'card': card}))";
    let mut child = tokio::process::Command::new("python3")
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Debian has Python");
    child.stdin.take().unwrap().write_all(raw.as_bytes()).await.unwrap();
    let done = child.wait_with_output().await.unwrap();
    assert!(done.status.success(), "{raw}");
    let read: Value = serde_json::from_slice(&done.stdout).unwrap();
    let text = |name: &str| read[name].as_str().map(str::to_owned);
    Got { to: text("to").unwrap(), text: text("text").unwrap(), report: None, card: text("card") }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_provider_and_mail_server_from_the_first_visit_to_all_told() {
    let friends = json!([["Bob Roy", "+14155550150"], ["Cy Dee", "cy@example.org"]]);
    for (locale, script, dark) in [("en", true, false), ("de", true, true), ("ar", false, false), ("zh", true, false)] {
        let Some(far) = Far::new().await else { return };
        let given = json!({
            "old": "+14155550100", "fresh": "+14155550123", "locale": locale, "script": script, "dark": dark,
            "name": "Ann Lee", "friends": friends,
        });
        let Some(journey) = Journey::begin("portal_told.js", &far.running.base, given).await else { return };
        far.serve(journey).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_a_change_is_stopped_delayed_and_undone_and_everything_ended_and_begun_again() {
    let Some(far) = Far::new().await else { return };
    let given = json!({
        "old": "+14155550100", "mail": "ann@example.com", "fresh": "+14155550123",
    });
    let Some(journey) = Journey::begin("portal_stopped.js", &far.running.base, given).await else { return };
    far.serve(journey).await;
}
