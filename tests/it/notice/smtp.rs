//! E-mail to a real Postfix, which hands it on to Postfix's own `smtp-sink`.

use super::world::{MOBILE, NEW, START, World, contact, group, post};
use crate::peer::{found, free_ports, left_out};
use crate::spawn::{Setup, spawn};
use redial::{
    domain::{
        group::Told,
        notice::{NoticeState, Reported},
        owner::Channel,
    },
    transport::smtp::{Settings, Smtp},
    usecase::{
        Live,
        carrier::{BySmtp, MailHead},
        deliver_notice::Post,
    },
    worker::{self, Worker},
};
use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

/// A throw-away Postfix that accepts mail from this machine and hands everything on to a sink which writes files.
pub(crate) struct Postfix {
    config: PathBuf,
    home: PathBuf,
    sink: Child,
    pub(crate) port: u16,
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/lib/postfix/sbin")]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

impl Postfix {
    /// `None` where there is no Postfix, or no right to start one: its master gives its rights away and needs some. What
    /// comes to `bounces+…@example.com` is handed in at `hook`, as docs/delivery-reports.md tells an operator to do it.
    pub(crate) fn start(hook: &str) -> Option<Self> {
        let (Some(postfix), Some(sink), true) = (program("postfix"), program("smtp-sink"), is_root()) else {
            left_out("e-mail through Postfix", "Debian's package postfix, and root");
            return None;
        };
        let [port, sink_port] = free_ports();
        let home = std::env::temp_dir().join(format!("redial-postfix-{}-{port}", std::process::id()));
        let (config, queue, data, received) =
            (home.join("config"), home.join("queue"), home.join("data"), home.join("received"));
        for folder in [&home, &config, &queue, &data, &received] {
            fs::create_dir_all(folder).unwrap();
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for (owner, folder) in [("postfix", &data), ("nobody", &received)] {
            assert!(Command::new("chown").arg(owner).arg(folder).status().unwrap().success());
        }
        fs::write(config.join("main.cf"), main_cf(&queue, &data, sink_port)).unwrap();
        fs::write(config.join("master.cf"), master_cf(port, hook)).unwrap();
        let sink = Command::new(sink)
            .args(["-u", "nobody", "-R"])
            .arg(&received)
            .args(["-d", "%M.", &format!("127.0.0.1:{sink_port}"), "64"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Command::new(postfix).arg("-c").arg(&config).arg("start").output().unwrap();
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        Some(Self { config, home, sink, port })
    }

    /// The messages that came out behind it, once there are so many.
    async fn received(&self, count: usize) -> Vec<String> {
        let what = format!("the mail did not come through Postfix; see {}", self.home.display());
        found(&what, async || {
            let texts: Vec<String> = self.files().into_iter().map(|(_, text)| text).collect();
            (texts.len() >= count).then_some(texts)
        })
        .await
    }

    /// What has come out so far, by the names of the sink's files.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let files = fs::read_dir(self.home.join("received")).unwrap();
        files
            .map(|file| file.unwrap())
            .filter_map(|file| Some((file.file_name().into_string().ok()?, fs::read(file.path()).ok()?)))
            .map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned()))
            // A file is whole once the last boundary is there; letters have no card, and so only the inner one.
            .filter(|(_, text)| text.contains(".mail--") || (text.contains(".letter--") && !text.contains(".mail\"")))
            .collect()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let postfix = program("postfix").unwrap_or_else(|| PathBuf::from("postfix"));
        let _ = Command::new(postfix).arg("-c").arg(&self.config).arg("stop").stderr(Stdio::null()).status();
        let _ = self.sink.kill();
        let _ = self.sink.wait();
        let _ = fs::remove_dir_all(&self.home);
    }
}

fn main_cf(queue: &Path, data: &Path, sink: u16) -> String {
    format!(
        "compatibility_level = 3.6\nqueue_directory = {}\ndata_directory = {}\nmyhostname = mail.example.com\n\
         mydestination =\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
         default_transport = smtp:[127.0.0.1]:{sink}\n\
         recipient_delimiter = +\nredial_destination_recipient_limit = 1\n\
         transport_maps = inline:{{{{bounces@example.com = redial:}}, {{gone@example.org = refuse:5.1.1}},\n  \
         {{full@example.org = refuse:5.2.2}}}}\nsmtp_host_lookup = native\nmaillog_file = {}/log\n\
         maillog_file_prefixes = {}\nalias_maps =\nalias_database =\nlocal_recipient_maps =\nsmtpd_tls_security_level = none\n\
         smtpd_recipient_restrictions = check_recipient_access inline:{{{{nobody@example.org = 550 5.1.1 no such user}}}},\n  \
         permit_mynetworks, reject\n",
        queue.display(),
        data.display(),
        data.display(),
        data.display()
    )
}

fn master_cf(port: u16, hook: &str) -> String {
    let mut text = format!(
        "redial unix - n n - - pipe flags=DORq user=nobody argv=/usr/bin/curl -sf -H {{Authorization: Bearer sesame}} \
         -H {{Content-Type: message/rfc822}} --data-binary @- {hook}\n\
         refuse unix - n n - - pipe flags=q user=nobody argv=/bin/sh -c {{echo $nexthop refused; exit 69}}\n127.0.0.1:{port} inet n - n - - smtpd\npostlog unix-dgram n - n - 1 postlogd\n"
    );
    for (name, kind, private, wakeup, limit, command) in [
        ("pickup", "unix", "n", "60", "1", "pickup"),
        ("cleanup", "unix", "n", "-", "0", "cleanup"),
        ("qmgr", "unix", "n", "300", "1", "qmgr"),
        ("rewrite", "unix", "-", "-", "-", "trivial-rewrite"),
        ("bounce", "unix", "-", "-", "0", "bounce"),
        ("defer", "unix", "-", "-", "0", "bounce"),
        ("trace", "unix", "-", "-", "0", "bounce"),
        ("verify", "unix", "-", "-", "1", "verify"),
        ("flush", "unix", "n", "1000?", "0", "flush"),
        ("proxymap", "unix", "-", "-", "-", "proxymap"),
        ("smtp", "unix", "-", "-", "-", "smtp"),
        ("error", "unix", "-", "-", "-", "error"),
        ("retry", "unix", "-", "-", "-", "error"),
        ("anvil", "unix", "-", "-", "1", "anvil"),
        ("scache", "unix", "-", "-", "1", "scache"),
    ] {
        writeln!(text, "{name} {kind} {private} - n {wakeup} {limit} {command}").unwrap();
    }
    text
}

#[tokio::test]
async fn n3_n5_email_through_a_real_postfix() {
    let Some(postfix) = Postfix::start("http://127.0.0.1:9/") else { return };
    let world = World::new().await;
    let mut zoe = contact(2, &["zoe@example.org"]);
    zoe.language = Some("zh".into());
    world.contacts(&[contact(1, &["bo@example.org"]), zoe, contact(3, &["nobody@example.org"])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1, 2, 3]).await;
    let settings = Settings { url: format!("smtp://127.0.0.1:{}", postfix.port), ..Settings::default() };
    let carrier = BySmtp {
        name: "mail".into(),
        smtp: Smtp::new(&settings).unwrap(),
        head: MailHead { from: "Redial <notices@example.com>".into(), reply_to: None, bounces: None },
    };
    let post = Arc::new(post(vec![(Channel::Email, Arc::new(carrier))]));
    let worker = Worker::new(world.env.clone(), post, worker::Settings::default(), None);
    world.change(MOBILE, NEW).await;
    worker.run_until_idle().await.unwrap();
    world.clock.advance(Duration::from_mins(2));
    let progress = worker.run_until_idle().await.unwrap();
    let states = world.states().await;
    assert_eq!((progress.sent, progress.dead), (2, 1), "Postfix refused nobody@: {states:?}");
    assert!(states.iter().any(|(_, reason)| reason.contains("5.1.1")), "{states:?}");
    let received = postfix.received(2).await;
    let of = |to: &str| received.iter().find(|text| text.contains(to)).unwrap_or_else(|| panic!("{received:?}"));
    let bo = of("To: bo@example.org");
    for expected in [
        "Subject: Ann Lee has a new phone number",
        "Auto-Submitted: auto-generated",
        "List-Id: <own-",
        "Message-ID: <ntc_",
        "multipart/mixed",
        "multipart/alternative",
        "text/vcard",
        NEW,
    ] {
        assert!(bo.contains(expected), "{expected}\n{bo}");
    }
    assert!(!bo.contains("List-Unsubscribe"), "nobody gave an address for it");
    assert!(of("To: zoe@example.org").contains("=?utf-8?"));
}

/// RFC 3464 by a mail system that is not ours: Postfix takes the mail, finds that it cannot deliver it, writes its report
/// to the mail's own return path, and hands it in with curl.
#[tokio::test]
async fn n6_bounces_come_back_through_a_real_postfix() {
    let running = spawn(Setup { now: START, ..Setup::default() }).await;
    let Some(postfix) = Postfix::start(&format!("{}/hooks/mail/inbound", running.base)) else { return };
    let world = World::on(running.store.clone(), running.clock.clone()).await;
    let (gone, full) = ("gone@example.org", "full@example.org");
    world.contacts(&[contact(1, &["bo@example.org"]), contact(2, &[gone]), contact(3, &[full])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1, 2, 3]).await;
    let settings = Settings { url: format!("smtp://127.0.0.1:{}", postfix.port), ..Settings::default() };
    let carrier = BySmtp {
        name: "mail".into(),
        smtp: Smtp::new(&settings).unwrap(),
        head: MailHead {
            from: "Redial <notices@example.com>".into(),
            reply_to: None,
            bounces: Some("bounces@example.com".into()),
        },
    };
    let mailboxes = [("mail".into(), "sesame".into())].into();
    let post = Arc::new(Post { mailboxes, ..post(vec![(Channel::Email, Arc::new(carrier))]) });
    running.gateway.sends_with(Live::new(Arc::clone(&post)));
    let worker = Worker::new(world.env.clone(), post, worker::Settings::default(), None);
    world.change(MOBILE, NEW).await;
    worker.run_until_idle().await.unwrap();
    world.clock.advance(Duration::from_mins(2));
    assert_eq!(worker.run_until_idle().await.unwrap().sent, 3, "Postfix took them all");
    let bo = postfix.received(1).await.pop().unwrap();
    assert!(bo.contains("bounces+ntc_"), "each mail has a return path of its own: {bo}");

    let reported = async |to: &str| {
        found(&format!("a report about {to}; see {}", postfix.home.display()), async || {
            for notice in world.notices().await {
                let attempts = world.env.store.attempts(notice.id).await.unwrap();
                let attempt = attempts.iter().find(|attempt| attempt.address.wire() == to);
                if let Some(reported) = attempt.and_then(|attempt| attempt.reported) {
                    return Some((reported, notice.id));
                }
            }
            None
        })
        .await
    };
    let ((gone_says, gone_notice), (full_says, full_notice)) = (reported(gone).await, reported(full).await);
    assert_eq!((gone_says, full_says), (Reported::Bounced, Reported::Failed));
    let dead = world.env.store.unreachable(&[gone.into(), full.into(), "bo@example.org".into()]).await.unwrap();
    assert_eq!(dead.iter().map(|dead| dead.address.wire()).collect::<Vec<_>>(), [gone], "5.1.1, and not 5.2.2");
    worker.run_until_idle().await.unwrap();
    let state = async |id| world.env.store.notice(id).await.unwrap().unwrap().state;
    assert_eq!(state(gone_notice).await, NoticeState::Dead);
    assert_eq!(state(full_notice).await, NoticeState::Open, "tried again in an hour");
}
