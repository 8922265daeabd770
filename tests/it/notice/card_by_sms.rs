//! The card with a text message: as media, which the provider fetches, or by a link, where the operator wants that.

use super::world::{MOBILE, NEW, START, World, contact, group, post};
use crate::{
    far_end,
    spawn::{AccountOf, Setup, spawn},
    via::{FROM, client},
};
use bytes::Bytes;
use http::Request;
use redial::{
    domain::{group::Told, owner::Channel},
    usecase::{
        Live,
        carrier::{ByProvider, Cards, Carrier},
        deliver_notice::Post,
    },
    worker::{Settings, Worker},
};
use std::sync::Arc;

const BO: &str = "+14155550201";

#[tokio::test]
async fn n5_the_card_goes_with_a_text_message_as_the_operator_wants() {
    for cards in [Cards::None, Cards::Mms, Cards::Link] {
        let upstream = far_end::twilio().await;
        let running = spawn(Setup { now: START, ..Setup::default() }).await;
        let mut world = World::on(running.store.clone(), running.clock.clone()).await;
        let mut made = AccountOf::twilio(&running.base, &upstream.base);
        made.parameters.push(("from".to_owned(), vec![FROM.to_owned()]));
        let carrier: Arc<dyn Carrier> = Arc::new(ByProvider {
            account: Arc::new(made.make().provider),
            client: client(),
            callback: None,
            sender: FROM.into(),
            replies: true,
            repeats: false,
            cards,
            head: None,
            before_looking: ByProvider::BEFORE_LOOKING,
        });
        let sends = || Post { public_url: running.base.clone(), ..post(vec![(Channel::Sms, Arc::clone(&carrier))]) };
        running.gateway.sends_with(Live::new(sends()));
        world.worker = Worker::new(world.env.clone(), Arc::new(sends()), Settings::default(), None);
        world.contacts(&[contact(1, &[BO])]).await;
        world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
        world.change(MOBILE, NEW).await;
        world.after(120).await;

        let sent = upstream.wait(1).await.form();
        let page = format!("{}/c/", running.base);
        assert_eq!(sent["Body"].contains(&page), cards == Cards::Link, "{cards:?}: {}", sent["Body"]);
        assert!(!sent["Body"].contains("/stop"), "a text message has its word for that");
        let media = sent.get("MediaUrl");
        assert_eq!(media.is_some(), cards == Cards::Mms, "{cards:?}");
        if let Some(media) = media {
            assert!(
                media
                    .strip_prefix(&page)
                    .is_some_and(|token| token.split_once('.').is_some_and(|(_, kind)| kind == "vcf")),
                "{media}"
            );
            let card = client().send(Request::get(media).body(Bytes::new()).unwrap()).await.unwrap();
            assert_eq!(card.status(), 200);
            let card = String::from_utf8_lossy(card.body()).into_owned();
            assert!(card.starts_with("BEGIN:VCARD") && card.contains(NEW), "{card}");
        }
    }
}
