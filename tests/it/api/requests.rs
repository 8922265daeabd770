//! What becomes of requests: proofs, grants that come with them, restoring, who gives way (C1, C2, C9, C10, C11).

use super::world::{World, number, on_postgres, on_sqlite};
use crate::{both::both, people};
use http::Method;
use redial::{
    clock::Time,
    domain::{
        address::phone,
        id::{OwnerId, PointId},
        name,
        owner::{Held, Owner, Proof},
    },
    store::Effect,
    usecase::keys::Scope,
};
use serde_json::{Value, json};

both! {
    without_vouch_a_value_waits_for_its_proof_and_the_rest_does_not
    an_answer_does_not_tell_whether_a_value_is_somebody_elses_until_it_is_proved
    a_cancelled_request_changes_nothing_and_stays_cancelled
    a_passkey_comes_by_its_ceremony_and_by_no_request
    a_time_zone_is_chosen_and_is_no_part_of_a_revision
    c2_a_request_and_its_grants_take_effect_together_or_not_at_all
    an_earlier_revision_is_shown_and_restored_by_a_new_request
    c9_a_keys_word_does_not_beat_another_owners_proof
    c6_revision_history_fanout_and_trail_are_there_together
    c11_every_way_of_making_a_value_former_forwards_it
    c10_an_imported_move_ends_at_the_first_proof_of_either_number
}

fn points(owner: &Value) -> Vec<(String, Value)> {
    let one = |point: &Value| (point["label"].as_str().unwrap().to_owned(), point["value"].clone());
    owner["points"].as_array().unwrap().iter().map(one).collect()
}

async fn without_vouch_a_value_waits_for_its_proof_and_the_rest_does_not(world: World) {
    let plain = world.key(&[Scope::OwnersRead, Scope::OwnersWrite], None).await;
    let new = json!({"profile": {"name": "Ann Lee"}, "points": [{"label": "mobile", "value": number(1)}]});
    let made = world.send(&plain, Method::POST, "/v1/owners", &[], new.to_string()).await.ok(202);
    assert_eq!(made.body["request"]["state"], "awaiting_proof");
    assert_eq!(made.body["owner"]["points"], json!([]));
    let ann = format!("/v1/owners/{}", made.body["owner"]["id"].as_str().unwrap());
    let request = format!("{ann}/requests/{}", made.body["request"]["id"].as_str().unwrap());
    let profile = world.send(&plain, Method::PATCH, &ann, &[], r#"{"profile": {"title": "Dr"}}"#).await.ok(200);
    assert_eq!(profile.body["request"]["state"], "accepted");
    assert_eq!(world.send(&plain, Method::POST, &format!("{request}/accept"), &[], "").await.status, 403);
    let accepted = world.post(&format!("{request}/accept"), &json!(null)).await.ok(200);
    assert_eq!(points(&accepted.body["owner"]), [("mobile".to_owned(), json!(number(1)))]);
    assert_eq!(accepted.body["owner"]["points"][0]["history"][0]["proof"], "vouched");
    assert_eq!(accepted.body["owner"]["profile"]["title"], "Dr");
    assert_eq!(accepted.body["owner"]["revision"], 3);
    let again = world.post(&format!("{request}/accept"), &json!(null)).await;
    assert_eq!((again.status, again.problem().as_str()), (409, "conflict"));
}

async fn an_answer_does_not_tell_whether_a_value_is_somebody_elses_until_it_is_proved(world: World) {
    world.owner("Bob Ray", &[("mobile", &number(1))]).await;
    let ann = world.owner("Ann Lee", &[]).await;
    let plain = world.key(&[Scope::OwnersWrite], None).await;
    let mut faces = Vec::new();
    for value in [number(1), number(2)] {
        let body = json!({"label": "mobile", "value": value}).to_string();
        let asked = world.send(&plain, Method::POST, &format!("{ann}/points"), &[], body).await.ok(202);
        faces.push((asked.body["request"]["state"].clone(), asked.body["owner"]["points"].clone()));
    }
    assert_eq!(faces[0], faces[1]);
}

/// Rule C3: a key that nobody has shown to have would sign its writer in once the owner proves what looks like their own request.
async fn a_passkey_comes_by_its_ceremony_and_by_no_request(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(1))]).await;
    let plain = world.key(&[Scope::OwnersWrite], None).await;
    let key = json!({"id": "AAAA", "algorithm": -7, "public": "AAAA", "count": 0, "label": "mine"});
    for passkeys in [json!([{"add": key}]), json!([{"remove": "AAAA"}])] {
        for also in [json!({}), json!({"points": [{"add": {"label": "work", "value": number(2)}}]})] {
            let mut wanted = also;
            wanted["passkeys"] = passkeys.clone();
            for key in [&plain, &world.root] {
                let path = format!("{ann}/requests");
                let refused = world.send(key, Method::POST, &path, &[], wanted.to_string()).await.ok(422);
                assert_eq!(refused.body["errors"][0]["pointer"], "/passkeys", "{}", refused.body);
            }
        }
    }
    let requests = world.get(&format!("{ann}/requests")).await.ok(200);
    assert_eq!(requests.body["items"].as_array().unwrap().len(), 1, "the one by which she was registered");
}

async fn a_time_zone_is_chosen_and_is_no_part_of_a_revision(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(1))]).await;
    let set =
        async |zone: &str| world.send(&world.root, Method::PATCH, &ann, &[], json!({ "zone": zone }).to_string()).await;
    let before = world.get(&ann).await.ok(200).body;
    assert!(before["zone"].is_null());
    let after = set("Europe/Berlin").await.ok(200).body;
    assert_eq!(after["owner"]["zone"], "Europe/Berlin");
    assert_eq!(after["owner"]["revision"], before["revision"], "nothing that anybody sees is different");
    for wrong in ["Berlin", "+01:00", "europe berlin", "../../etc/passwd"] {
        let refused = set(wrong).await.ok(422).body;
        assert_eq!(refused["errors"][0]["pointer"], "/zone", "{refused}");
    }
    assert_eq!(world.get(&ann).await.ok(200).body["zone"], "Europe/Berlin");
    // An earlier state has other points, and the same clock.
    world.send(&world.root, Method::PATCH, &ann, &[], r#"{"profile": {"title": "Dr"}}"#).await.ok(200);
    world.post(&format!("{ann}/requests"), &json!({"restore": 1})).await.ok(201);
    assert_eq!(world.get(&ann).await.ok(200).body["zone"], "Europe/Berlin");
    set("").await.ok(200);
    assert!(world.get(&ann).await.ok(200).body["zone"].is_null());
}

async fn a_cancelled_request_changes_nothing_and_stays_cancelled(world: World) {
    let plain = world.key(&[Scope::OwnersWrite, Scope::OwnersRead], None).await;
    let ann = world.owner("Ann Lee", &[("mobile", &number(1))]).await;
    let body = json!({"points": [{"replace": {"point": "mobile", "value": number(2)}}]}).to_string();
    let made = world.send(&plain, Method::POST, &format!("{ann}/requests"), &[], body).await.ok(202);
    let request = format!("{ann}/requests/{}", made.body["request"]["id"].as_str().unwrap());
    let cancelled = world.send(&plain, Method::POST, &format!("{request}/cancel"), &[], "").await.ok(200);
    assert_eq!(cancelled.body["request"]["state"], "cancelled");
    assert_eq!(points(&cancelled.body["owner"]), [("mobile".to_owned(), json!(number(1)))]);
    assert_eq!(world.post(&format!("{request}/accept"), &json!(null)).await.status, 409);
    assert_eq!(world.get(&request).await.ok(200).body["state"], "cancelled");
}

async fn c2_a_request_and_its_grants_take_effect_together_or_not_at_all(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let book = world.book(&ann, "all").await;
    let group = world.group(&ann, &book, &[], &[]).await;
    world.contact(&ann, &book, "Bob", &number(1), &[&group]).await;
    let wanted = |group: &str, field: &str| {
        json!({
            "points": [
                {"replace": {"point": "mobile", "value": number(11)}},
                {"add": {"label": "work", "value": number(20)}},
            ],
            "profile": {"organisation": "Lee Ltd"},
            "grants": [{"group": group, "reveal": ["mobile", "work"], "fields": [field]}],
        })
    };
    let requests = format!("{ann}/requests");
    let nowhere = world.post(&requests, &wanted("grp_00000000000000000000000001", "organisation")).await.ok(422);
    assert_eq!(nowhere.body["errors"][0]["pointer"], "/grants/0/group");
    assert_eq!(world.post(&requests, &wanted(&group, "salary")).await.status, 422);
    assert_eq!(world.get(&ann).await.body["revision"], 1, "nothing of it happened");
    let plain = world.key(&[Scope::OwnersWrite], None).await;
    let waits = world.send(&plain, Method::POST, &requests, &[], wanted(&group, "organisation").to_string()).await;
    let waiting = waits.ok(202).body["request"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        world.get(&format!("{ann}/groups/{group}")).await.body["reveal"],
        json!([]),
        "no grant without the rest"
    );
    assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, "no_result");
    world.post(&format!("{requests}/{waiting}/accept"), &json!(null)).await.ok(200);
    let granted = world.get(&format!("{ann}/groups/{group}")).await.ok(200);
    assert_eq!(granted.body["reveal"].as_array().unwrap().len(), 2);
    assert_eq!(granted.body["fields"], json!(["organisation"]));
    assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, number(11));
    assert_eq!(world.asks(&number(1), &number(20), "Ann Lee").await, "current");
}

async fn c11_every_way_of_making_a_value_former_forwards_it(first: World) {
    // the request, and where the old number then leads
    let mobile = || json!("mobile");
    for (wanted, leads) in [
        (json!([{"replace": {"point": mobile(), "value": number(11)}}]), number(11)),
        (json!([{"remove": mobile()}, {"add": {"label": "mobile", "value": number(11)}}]), number(11)),
        (json!([{"remove": mobile()}, {"relabel": {"point": "home", "label": "mobile"}}]), number(20)),
        (json!([{"remove": mobile()}]), "no_result".to_owned()),
        (json!([{"remove": mobile()}, {"add": {"label": "other", "value": number(11)}}]), "no_result".to_owned()),
    ] {
        let world = first.another().await;
        let ann = world.owner("Ann Lee", &[("mobile", &number(10)), ("home", &number(20))]).await;
        let book = world.book(&ann, "all").await;
        let group = world.group(&ann, &book, &["mobile"], &[]).await;
        world.contact(&ann, &book, "Bob", &number(1), &[&group]).await;
        world.post(&format!("{ann}/requests"), &json!({"points": wanted})).await.ok(201);
        assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, leads, "{wanted}");
    }
}

async fn an_earlier_revision_is_shown_and_restored_by_a_new_request(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let book = world.book(&ann, "all").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    world.contact(&ann, &book, "Bob", &number(1), &[&group]).await;
    world.change(&ann, "mobile", &number(11)).await;
    world.patch(&ann, &json!({"profile": {"name": "Ann Ray"}, "language": "de"})).await.ok(200);
    let changes = world.get(&format!("{ann}/changes")).await.ok(200);
    let revisions: Vec<_> =
        changes.body["items"].as_array().unwrap().iter().map(|one| one["revision"].clone()).collect();
    assert_eq!(revisions, [1, 2, 3]);
    let first = world.get(&format!("{ann}/changes/1")).await.ok(200);
    assert_eq!(first.body["points"][0]["value"], number(10));
    assert_eq!(world.get(&format!("{ann}/changes/9")).await.status, 404);
    let restored = world.post(&format!("{ann}/requests"), &json!({"restore": 1})).await.ok(201);
    assert_eq!(points(&restored.body["owner"]), [("mobile".to_owned(), json!(number(10)))]);
    assert_eq!(
        (&restored.body["owner"]["profile"]["name"], &restored.body["owner"]["language"]),
        (&json!("Ann Lee"), &json!("en"))
    );
    assert_eq!(restored.body["owner"]["revision"], 4);
    assert_eq!(world.asks(&number(1), &number(11), "Ann Lee").await, number(10), "a return needs no special case");
    let nothing = world.post(&format!("{ann}/requests"), &json!({"restore": 7})).await.ok(422);
    assert_eq!(nothing.body["errors"][0]["pointer"], "/restore");
}

async fn c9_a_keys_word_does_not_beat_another_owners_proof(world: World) {
    let bob = world.owner("Bob Ray", &[("mobile", &number(1))]).await;
    let new = json!({"profile": {"name": "Ann Lee"}, "points": [{"label": "mobile", "value": number(1)}]});
    let taken = world.post("/v1/owners", &new).await;
    assert_eq!((taken.status, taken.problem().as_str()), (409, "taken"));
    let ann = world.owner("Ann Lee", &[("mobile", &number(2))]).await;
    let taken = world.patch(&format!("{ann}/points/{}", point(&world, &ann).await), &json!({"value": number(1)})).await;
    assert_eq!((taken.status, taken.problem().as_str()), (409, "taken"));
    assert_eq!(world.get(&ann).await.body["points"][0]["value"], number(2));
    // Once Bob has left it, it is free.
    world.change(&bob, "mobile", &number(3)).await;
    world.change(&ann, "mobile", &number(1)).await;
    assert_eq!(world.get(&ann).await.body["points"][0]["value"], number(1));
}

async fn point(world: &World, owner: &str) -> String {
    world.get(owner).await.ok(200).body["points"][0]["id"].as_str().unwrap().to_owned()
}

async fn c10_an_imported_move_ends_at_the_first_proof_of_either_number(first: World) {
    for proved in [10, 11] {
        let world = first.another().await;
        let imported = imported(&world, &number(10), &number(11)).await;
        let path = format!("/v1/owners/{imported}");
        assert_eq!(world.get(&path).await.ok(200).body["claimed"], false);
        world.owner("Zoe Fox", &[("mobile", &number(proved))]).await;
        let after = world.get(&path).await.ok(200);
        assert_eq!(after.body["points"], json!([]), "it forwards nowhere from that commit on");
        assert_eq!(after.body["revision"], 2);
        let trail = world.get(&format!("{path}/audit")).await.ok(200);
        let last = trail.body["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["by"], &last["what"]), (&json!("system"), &json!("number_changed")));
    }
}

async fn imported(world: &World, old: &str, new: &str) -> OwnerId {
    let now = world.running.clock.as_ref() as &dyn redial::clock::Clock;
    let now: Time = now.now();
    let id = OwnerId(7);
    let held = |text: &str, until| Held {
        address: phone::parse(text, None).unwrap(),
        from: now,
        until,
        proof: Proof::Imported("crm".into()),
        proved: now,
    };
    let point = people::point(PointId(7), "phone", vec![held(old, Some(now)), held(new, None)]);
    let owner = Owner { claimed: false, ..people::owner(id, "Zoe Fox", vec![point], now) };
    let names = name::keys(&owner.profile);
    world.running.commit(vec![Effect::OwnerAdded(owner), Effect::NamesSet(id, names)]).await;
    id
}

async fn c6_revision_history_fanout_and_trail_are_there_together(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    assert_eq!(world.fanouts().await, [], "nobody is in a group yet");
    world.change(&ann, "mobile", &number(11)).await;
    assert_eq!(world.fanouts().await, [(0, false)]);
    let owner = world.get(&ann).await.ok(200);
    let history = owner.body["points"][0]["history"].as_array().unwrap();
    assert_eq!((&history[0]["value"], history[0]["until"].is_string()), (&json!(number(10)), true));
    assert_eq!((&history[1]["value"], history[1]["until"].is_string()), (&json!(number(11)), false));
    let trail = world.get(&format!("{ann}/audit")).await.ok(200);
    let last = trail.body["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["what"], "number_changed");
    assert!(!last["detail"].to_string().contains(&number(11)), "numbers in the trail are masked");
    assert_eq!(world.get(&format!("{ann}/requests")).await.body["items"].as_array().unwrap().len(), 2);
}
