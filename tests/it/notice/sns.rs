//! Amazon SNS over HTTP: subscriptions are confirmed, and what SES reports counts where Amazon's certificate vouches for it.

use super::world::{MOBILE, START, World, contact, group};
use crate::{
    spawn::{AccountOf, Running, Setup, spawn},
    via::client,
};
use async_trait::async_trait;
use bytes::Bytes;
use redial::{
    domain::{
        group::Told,
        notice::{AttemptOutcome, Reported},
    },
    provider::{BUILT_IN, Custody},
    transport::delivery::Delivery,
    usecase::certificates::Fetch,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

/// What Amazon's own hosts hold.
#[derive(Debug)]
struct Amazon {
    certificate: String,
    is_down: AtomicBool,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Fetch for Amazon {
    async fn get(&self, url: &str) -> Result<Bytes, String> {
        self.asked.lock().unwrap().push(url.to_owned());
        if self.is_down.load(Ordering::SeqCst) {
            return Err("no connection".to_owned());
        }
        let confirmed = "<ConfirmSubscriptionResponse/>";
        Ok(if url.contains("/SimpleNotificationService-") { self.certificate.clone() } else { confirmed.to_owned() }
            .into())
    }
}

/// The provider file's own samples.
fn samples() -> toml::Table {
    let ses = BUILT_IN.iter().find(|built_in| built_in.name == "ses").unwrap();
    let hooks = ses.samples.iter().find(|(name, _)| name.contains("hooks")).unwrap();
    hooks.1.parse().unwrap()
}

fn body(samples: &toml::Table, name: &str) -> String {
    let all = samples["signature"].as_array().unwrap();
    let found = all.iter().find(|sample| sample["name"].as_str() == Some(name)).unwrap();
    found["request"]["body"].as_str().unwrap().to_owned()
}

async fn hook(running: &Running, body: String) -> u16 {
    let request = http::Request::post(format!("{}/hooks/mail/status", running.base))
        .header("content-type", "text/plain; charset=UTF-8")
        .header("x-amz-sns-message-type", "Notification")
        .body(body.into())
        .unwrap();
    client().send(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn w1_what_sns_brings_counts_where_amazons_certificate_vouches_for_it() {
    let samples = samples();
    let certificate = samples["account"]["certificate"].as_str().unwrap().to_owned();
    let amazon = Arc::new(Amazon { certificate, is_down: true.into(), asked: Mutex::default() });
    let accounts = |base: &str| {
        let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        let topic = "arn:aws:sns:eu-west-1:123456789012:redial";
        let parameters =
            vec![one("access_key", "A"), one("secret_key", "S"), one("region", "eu-west-1"), one("topic_arn", topic)];
        let (name, kind, custody, upstream) = ("mail", "ses", Custody::Operator, "http://127.0.0.1:9");
        vec![AccountOf { name, kind, parameters, custody, upstream, base, sender: None }.make()]
    };
    let fetch = Arc::clone(&amazon) as Arc<dyn Fetch>;
    let running = spawn(Setup { accounts: Box::new(accounts), now: START, fetch, ..Setup::default() }).await;
    let world = World::on(running.store.clone(), running.clock.clone()).await;
    world.contacts(&[contact(1, &["bo@example.org"])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    let answer = Delivery { foreign_id: Some("0100-1".into()), ..Delivery::new(AttemptOutcome::Sent, "") };
    world.mail.answers.lock().unwrap().push_back(answer);
    world.change(MOBILE, "+14155550111").await;
    world.after(120).await;
    let id = world.notices().await[0].id;
    let reported = async || world.env.store.attempts(id).await.unwrap()[0].reported;
    let asked = || std::mem::take(&mut *amazon.asked.lock().unwrap());

    for name in ["somebody else's topic", "a certificate elsewhere", "no JSON"] {
        assert_eq!(hook(&running, body(&samples, name)).await, 403, "{name}");
        assert!(asked().is_empty(), "{name}: nobody is asked for a certificate");
    }
    assert_eq!(hook(&running, body(&samples, "SHA-256, without one")).await, 503, "Amazon comes again");
    assert_eq!((asked().len(), reported().await), (1, None));
    amazon.is_down.store(false, Ordering::SeqCst);
    assert_eq!(hook(&running, body(&samples, "something in it was changed")).await, 403);
    assert_eq!((asked().len(), reported().await), (1, None));
    assert_eq!(hook(&running, body(&samples, "SHA-256, without one")).await, 200);
    assert_eq!((asked().len(), reported().await), (0, Some(Reported::Delivered)), "the certificate is kept");

    assert_eq!(hook(&running, body(&samples, "a subscription is to be confirmed")).await, 200);
    running.gateway.tasks.close();
    running.gateway.tasks.wait().await;
    let confirmed = asked();
    assert_eq!(confirmed.len(), 1);
    assert!(
        confirmed[0].starts_with("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&"),
        "{confirmed:?}"
    );
}
