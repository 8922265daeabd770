//! Who may do what: keys, scopes, keys that are bound to one owner.

use super::world::{World, number, on_postgres, on_sqlite};
use crate::both::both;
use http::Method;
use redial::{
    domain::{address::Address, id::ContactId, notice::Recipient},
    http::api::{Route, TABLE},
    store::{CardLink, Commit, Effect, Returned},
    usecase::{
        card_link,
        keys::{self, Scope},
        write::carry_out,
    },
};

both! {
    a_request_without_a_good_key_is_refused_everywhere_alike
    each_route_needs_its_own_scope_and_no_other
    a_key_for_one_owner_finds_no_other
    a_key_that_is_only_a_hash_in_the_store_is_shown_once
    c7_panic_ends_the_links_to_the_card_for_good
    c7_panic_hides_the_history_until_it_ends
}

/// A path of a route that names nothing that there is.
fn path(route: &Route) -> String {
    let fill = |part: &str| match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        None => part.to_owned(),
        Some("revision") => "1".to_owned(),
        Some("identity" | "address") => "+14155550199".to_owned(),
        Some("member") => "everyone".to_owned(),
        Some(name) => {
            let prefix = match name {
                "owner" => "own",
                "point" => "pt",
                "request" => "req",
                "book" => "bk",
                "group" => "grp",
                "contact" => "con",
                "notice" => "ntc",
                _ => "qry",
            };
            format!("{prefix}_00000000000000000000000001")
        }
    };
    route.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

async fn a_request_without_a_good_key_is_refused_everywhere_alike(world: World) {
    let revoked = world.key(&World::all(), None).await;
    let hash = keys::digest(revoked.as_bytes());
    let stored = world.running.store.key(&hash).await.unwrap().unwrap();
    carry_out(&world.running.env, || keys::revoke(&world.running.env, stored.id)).await.unwrap();
    let mut unknown = revoked.clone();
    unknown.replace_range(4..5, if unknown.as_bytes()[4] == b'0' { "1" } else { "0" });
    for route in TABLE {
        let mut faces = Vec::new();
        for key in ["", "rdl_x", &unknown, &revoked] {
            let answer = world.send(key, route.method.clone(), &path(route), &[], "{}").await;
            assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"), "{route:?} {}", answer.text);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            faces.push(answer.text);
        }
        faces.dedup();
        assert_eq!(faces.len(), 1, "{route:?}: an unknown key and a revoked one look alike");
    }
    let basic = [("authorization", "Basic cm9vdDpyb290")];
    assert_eq!(world.send("", Method::GET, "/v1/owners", &basic, "").await.status, 401);
}

async fn each_route_needs_its_own_scope_and_no_other(world: World) {
    for wanted in World::all() {
        let only = world.key(&[wanted], None).await;
        let rest: Vec<Scope> = World::all().into_iter().filter(|scope| *scope != wanted).collect();
        let without = world.key(&rest, None).await;
        for route in TABLE {
            let with = world.send(&only, route.method.clone(), &path(route), &[], "{}").await;
            let without = world.send(&without, route.method.clone(), &path(route), &[], "{}").await;
            if route.scope == wanted {
                assert!(!matches!(with.status, 401 | 403 | 500..), "{route:?} with {wanted}: {}", with.text);
                assert_eq!((without.status, without.problem().as_str()), (403, "forbidden"), "{route:?}");
                assert!(without.body["detail"].as_str().unwrap().contains(wanted.as_str()));
            } else {
                assert_eq!(with.status, 403, "{route:?} with {wanted} alone");
            }
        }
    }
}

async fn a_key_for_one_owner_finds_no_other(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let bob = world.owner("Bob Ray", &[]).await;
    let key = world.key(&[World::all(), vec![Scope::Api]].concat(), Some(World::id_of(&ann))).await;
    let own = world.send(&key, Method::GET, "/v1/owners/me", &[], "").await.ok(200);
    assert_eq!(own.body["profile"]["name"], "Ann Lee");
    assert_eq!(world.send(&key, Method::GET, &ann, &[], "").await.status, 200);
    let other = world.send(&key, Method::GET, &bob, &[], "").await.ok(404);
    let nobody = world.send(&key, Method::GET, "/v1/owners/own_00000000000000000000000001", &[], "").await.ok(404);
    assert_eq!(other.text, nobody.text, "an owner of somebody else looks like none");
    // What ends the owner, and the key with them, comes last.
    let ends = |route: &&Route| (&route.method, route.path) == (&Method::DELETE, "/v1/owners/{owner}");
    for route in TABLE.iter().filter(|route| !ends(route)).chain(TABLE.iter().filter(ends)) {
        let own = path(route).replace("own_00000000000000000000000001", "me");
        let answer = world.send(&key, route.method.clone(), &own, &[], "{}").await;
        assert_eq!(answer.status == 403, !route.bound, "{route:?}: {}", answer.text);
    }
    let unbound = world.get("/v1/owners/me").await;
    assert_eq!((unbound.status, unbound.problem().as_str()), (404, "not-found"));
}

async fn a_key_that_is_only_a_hash_in_the_store_is_shown_once(world: World) {
    let secret = world.key(&[Scope::Resolve], None).await;
    assert!(secret.starts_with("rdl_") && secret.len() == 43);
    let key = world.running.store.key(&keys::digest(secret.as_bytes())).await.unwrap().unwrap();
    assert!(keys::list(&world.running.env).await.unwrap().contains(&key));
    assert_eq!(key.scopes, ["resolve".into()]);
    assert!(!format!("{key:?}").contains(&secret[4..]));
}

async fn c7_panic_ends_the_links_to_the_card_for_good(world: World) {
    let (ann, bob) =
        (world.owner("Ann", &[("mobile", &number(1))]).await, world.owner("Bob", &[("mobile", &number(2))]).await);
    let store = &world.running.store;
    let at = store.now().await.unwrap();
    let until = at.after(card_link::LIFE);
    for (token, owner) in [("a", &ann), ("b", &bob)] {
        let link = CardLink {
            token: token.repeat(32).into(),
            owner: World::id_of(owner),
            recipient: Some(Recipient::Contact(ContactId(1))),
            address: Address::stored("di@example.org", "di@example.org"),
            language: "en".into(),
            at,
            until,
        };
        let effects = vec![Effect::Returned(Returned::CardLinked(link))];
        store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    }
    let ends = async |token: &str| store.card_link(&token.repeat(32)).await.unwrap().unwrap().until;
    assert_eq!((ends("a").await, ends("b").await), (until, until));
    let owner = world.post(&format!("{ann}/panic"), &serde_json::json!({})).await.ok(200);
    assert_eq!(owner.body["silenced"], true, "{}", owner.text);
    assert_eq!((ends("a").await, ends("b").await), (at, until), "hers, and nobody else's");
}

async fn c7_panic_hides_the_history_until_it_ends(world: World) {
    let ann = world.owner("Ann", &[("mobile", &number(1))]).await;
    world.change(&ann, "mobile", &number(2)).await;
    let own = world.key(&[Scope::OwnersRead, Scope::OwnersWrite, Scope::NoticesRead], Some(World::id_of(&ann))).await;
    let read = async |key: &str, path: &str| world.send(key, Method::GET, &format!("{ann}{path}"), &[], "").await;
    let before = read(&own, "").await.ok(200).body;
    let first = read(&own, "/requests").await.ok(200).body["items"][0]["id"].as_str().unwrap().to_owned();
    let records = ["/changes", "/changes/1", "/notices", "/queries"];
    let points = |owner: &serde_json::Value| owner["points"][0]["history"].as_array().unwrap().len();
    assert_eq!(points(&before), 2);
    let open = async |status: u16| {
        for key in [&own, &world.root] {
            for path in records {
                assert_eq!(read(key, path).await.status, status, "{path}");
            }
        }
    };
    open(200).await;
    let trail = async || {
        let lines = read(&own, "/audit").await.ok(200).body["items"].clone();
        let what = |line: &serde_json::Value| line["what"].as_str().unwrap().to_owned();
        lines.as_array().unwrap().iter().map(what).collect::<Vec<_>>()
    };
    let whole = trail().await;

    // Lines of one moment have no order.
    world.running.clock.advance(std::time::Duration::from_secs(1));
    let silenced = world.send(&own, Method::POST, &format!("{ann}/panic"), &[], "{}").await.ok(200);
    open(409).await;
    let shown =
        [silenced, read(&own, "").await.ok(200), read(&world.root, "").await.ok(200), read(&own, "/points").await];
    for answer in shown {
        assert!(answer.text.contains(&number(2)) && !answer.text.contains(&number(1)), "{}", answer.text);
    }
    assert_eq!(read(&own, "/requests").await.ok(200).body["items"], serde_json::json!([]));
    assert_eq!(read(&own, &format!("/requests/{first}")).await.status, 404);
    assert_eq!(trail().await, ["panicked"], "what happened is seen");
    // An earlier state would tell what was before.
    let restore = world.send(&own, Method::POST, &format!("{ann}/requests"), &[], r#"{"restore": 1}"#).await;
    assert_eq!(restore.status, 409, "{}", restore.text);
    let wanted = r#"{"end_panic": true}"#;
    let asked = world.send(&own, Method::POST, &format!("{ann}/requests"), &[], wanted).await.ok(202);
    let end = asked.body["request"]["id"].as_str().unwrap().to_owned();
    let listed = read(&own, "/requests").await.ok(200).body["items"].clone();
    assert_eq!((listed.as_array().unwrap().len(), listed[0]["id"].as_str()), (1, Some(&*end)), "what ends it is seen");
    read(&own, &format!("/requests/{end}")).await.ok(200);

    world.post(&format!("{ann}/requests/{end}/accept"), &serde_json::json!(null)).await.ok(200);
    open(200).await;
    assert_eq!(points(&read(&own, "").await.body), 2, "it is all there again");
    read(&own, &format!("/requests/{first}")).await.ok(200);
    assert_eq!(trail().await[..whole.len()], whole);
}
