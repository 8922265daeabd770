//! `/v1/owners/{owner}/notices`: who was told, when, by which channel and account, and whether it arrived (rule Q10).

use super::world::{World, number, on_postgres, on_sqlite};
use crate::{
    both::both,
    notes::{self, Given},
};
use redial::{
    domain::notice::Reported,
    usecase::{
        Rules,
        receipts::{OwnMessage, Report, receive},
    },
    worker::{Settings, Worker},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

both! {
    q10_who_was_told_by_which_channel_and_whether_it_arrived
}

async fn q10_who_was_told_by_which_channel_and_whether_it_arrived(world: World) {
    let env = &world.running.env;
    env.live.replace(Rules { debounce: Duration::ZERO, ..(*env.live.kept()).clone() });
    let post = notes::post(&Given::default(), &world.running.base);
    let worker = Worker::new(env.clone(), Arc::new(post), Settings::default(), None);
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let book = world.book(&ann, "all").await;
    let told = world.group(&ann, &book, &["mobile"], &[]).await;
    let bo = world.contact(&ann, &book, "Bo", &number(1), &[&told]).await;
    let cy = world.contact(&ann, &book, "Cy", "cy@example.org", &[&told]).await;
    world.change(&ann, "mobile", &number(11)).await;
    worker.run_until_idle().await.unwrap();

    let list = world.get(&format!("{ann}/notices")).await.ok(200).body["items"].clone();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 2, "{list:?}");
    let of = |contact: &str| list.iter().find(|notice| notice["recipient"] == contact).unwrap();
    let read = async |notice: &Value| {
        let id = notice["id"].as_str().unwrap();
        world.get(&format!("{ann}/notices/{id}")).await.ok(200).body
    };
    for (contact, channel, account, to) in
        [(&bo, "sms", "sms", number(1)), (&cy, "email", "mail", "cy@example.org".into())]
    {
        let notice = of(contact);
        assert_eq!((&notice["state"], &notice["attempts"]), (&json!("sent"), &json!(1)));
        assert!(notice["settled"].is_string(), "when: {notice}");
        let tried = read(notice).await["tried"][0].clone();
        assert_eq!(
            (&tried["channel"], &tried["account"], &tried["address"]),
            (&json!(channel), &json!(account), &json!(to))
        );
        assert_eq!((&tried["outcome"], tried.get("reported")), (&json!("sent"), None));
        assert!(tried["at"].is_string());
    }
    for (reported, word, state) in [(Reported::Delivered, "delivered", "sent"), (Reported::Bounced, "bounced", "dead")]
    {
        let own = OwnMessage { notice: of(&bo)["id"].as_str().unwrap().parse().unwrap(), number: 1 };
        let report = Report { foreign_id: "m".into(), reported, code: "".into(), dead: false, stopped: false };
        assert!(receive(env, "sms", Some(own), &report).await.unwrap());
        worker.run_until_idle().await.unwrap();
        let notice = read(of(&bo)).await;
        assert_eq!((&notice["tried"][0]["reported"], &notice["state"]), (&json!(word), &json!(state)));
    }
}
