//! Books, groups, members, contacts, blocks: what they may hold, and the fan-out that each change leaves (N2).

use super::world::{World, number, on_postgres, on_sqlite};
use crate::both::both;
use http::Method;
use serde_json::json;

both! {
    n2_each_change_of_a_right_leaves_its_fanout_and_taking_away_is_silent
    q13_everyone_is_only_ever_told_on_query
    a_digest_is_a_five_field_cron
    a_block_beats_every_grant_on_any_identity
    a_linked_contact_keeps_its_rights_when_its_number_changes
    a_contact_is_a_vcard_byte_for_byte
    a_new_contact_joins_the_books_default_group
    q9_opt_outs_are_stated_for_everybody_or_for_one_owner
    who_registers_after_the_contact_was_written_is_linked_and_keeps_the_rights
    c8_rights_through_a_recycled_number_sleep_until_the_owner_confirms
}

async fn n2_each_change_of_a_right_leaves_its_fanout_and_taking_away_is_silent(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(10)), ("work", &number(20))]).await;
    let book = world.book(&ann, "all").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    let contact = world.contact(&ann, &book, "Bob", &number(1), &[]).await;
    assert_eq!(world.fanouts().await, [], "nobody can see more than before");
    let (group, contact) = (format!("{ann}/groups/{group}"), format!("{ann}/contacts/{contact}"));
    let member = format!("{group}/members/{}", contact.rsplit('/').next().unwrap());
    world.put(&member).await.ok(204);
    assert_eq!(world.fanouts().await, [(1, false)], "a new member, that one alone");
    world.put(&member).await.ok(204);
    assert_eq!(world.fanouts().await, [], "once is enough");
    world.patch(&group, &json!({"reveal": ["mobile", "work"]})).await.ok(200);
    assert_eq!(world.fanouts().await, [(0, false)], "a grant");
    world.patch(&group, &json!({"reveal": ["work"]})).await.ok(200);
    assert_eq!(world.fanouts().await, [(0, true)], "a lost grant");
    world.patch(&group, &json!({"name": "others"})).await.ok(200);
    assert_eq!(world.fanouts().await, [], "a name is nobody's news");
    world.put(&format!("{ann}/blocks/{}", number(1))).await.ok(204);
    assert_eq!(world.fanouts().await, [(0, true)], "a block");
    world.delete(&format!("{ann}/blocks/{}", number(1))).await.ok(204);
    assert_eq!(world.fanouts().await, [(0, false)], "a block that ends");
    world.delete(&member).await.ok(204);
    assert_eq!(world.fanouts().await, [(1, true)], "a member less");
    world.delete(&contact).await.ok(204);
    assert_eq!(world.fanouts().await, [(1, true)]);
    world.delete(&group).await.ok(204);
    assert_eq!(world.fanouts().await, [(0, true)]);
}

async fn q13_everyone_is_only_ever_told_on_query(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let book = world.book(&ann, "all").await;
    let group = format!("{ann}/groups/{}", world.group(&ann, &book, &["mobile"], &[]).await);
    assert_eq!(world.put(&format!("{group}/members/everyone")).await.ok(409).problem(), "conflict");
    world.patch(&group, &json!({"told": "on_query"})).await.ok(200);
    world.put(&format!("{group}/members/everyone")).await.ok(204);
    for told in [json!("at_once"), json!({"digest": "0 9 * * *"})] {
        let refused = world.patch(&group, &json!({"told": told})).await.ok(422);
        assert_eq!(refused.body["errors"][0]["pointer"], "/told");
    }
    world.change(&ann, "mobile", &number(11)).await;
    assert_eq!(world.asks(&number(5), &number(10), "Ann Lee").await, number(11));
}

async fn a_digest_is_a_five_field_cron(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let book = world.book(&ann, "all").await;
    let group = |told: serde_json::Value| json!({"book": book, "name": "group", "told": told});
    let groups = format!("{ann}/groups");
    let made = world.post(&groups, &group(json!({"digest": "30 9 * * 1-5"}))).await.ok(201);
    assert_eq!(made.body["told"], json!({"digest": "30 9 * * 1-5"}));
    for cron in ["", "* * * *", "0 0 9 * * *", "61 * * * *", "@daily", "0 0 30 2 *"] {
        let refused = world.post(&groups, &group(json!({"digest": cron}))).await.ok(422);
        assert_eq!(refused.body["errors"][0]["pointer"], "/told/digest", "{cron}");
    }
}

async fn a_block_beats_every_grant_on_any_identity(world: World) {
    let bob = world.owner("Bob Ray", &[("mobile", &number(1))]).await;
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let book = world.book(&ann, "all").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    world.contact(&ann, &book, "Bob Ray", &number(1), &[&group]).await;
    world.change(&ann, "mobile", &number(11)).await;
    assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, number(11));
    for identity in [number(1), World::id_of(&bob).to_string()] {
        let block = format!("{ann}/blocks/{identity}");
        world.put(&block).await.ok(204);
        assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, "no_result", "{identity}");
        assert_eq!(world.get(&format!("{ann}/blocks")).await.body["items"], json!([identity]));
        world.delete(&block).await.ok(204);
    }
    assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, number(11));
    assert_eq!(world.put(&format!("{ann}/blocks/nobody")).await.ok(422).body["errors"][0]["pointer"], "/identity");
}

async fn a_linked_contact_keeps_its_rights_when_its_number_changes(world: World) {
    let bob = world.owner("Bob Ray", &[("mobile", &number(1))]).await;
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let book = world.book(&ann, "all").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    let contact = world.contact(&ann, &book, "Ray, Bob", &number(1), &[&group]).await;
    let namesake = world.contact(&ann, &book, "Rob Ray", &number(1), &[]).await;
    assert_eq!(world.get(&format!("{ann}/contacts/{contact}")).await.body["linked"], true);
    assert_eq!(world.get(&format!("{ann}/contacts/{namesake}")).await.body["linked"], false);
    world.change(&ann, "mobile", &number(11)).await;
    world.change(&bob, "mobile", &number(2)).await;
    assert_eq!(world.asks(&number(2), &number(10), "Ann Lee").await, number(11), "grants follow the owner");
    assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, "no_result", "and not the number");
}

async fn a_contact_is_a_vcard_byte_for_byte(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let book = world.book(&ann, "all").await;
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:abc-1\r\nFN:Bob Ray\r\nN:Ray;Bob;;;\r\nitem1.TEL;TYPE=cell:{}\r\nX-ODD;Q=1:keep, me\r\nEND:VCARD\r\n",
        number(1)
    );
    let contacts = format!("{ann}/contacts");
    let vcard = [("content-type", "text/vcard; charset=utf-8")];
    let made =
        world.send(&world.root, Method::POST, &format!("{contacts}?book={book}"), &vcard, card.clone()).await.ok(201);
    assert_eq!(
        (&made.body["uid"], &made.body["name"], &made.body["addresses"]),
        (&json!("abc-1"), &json!("Bob Ray"), &json!([number(1)]))
    );
    let path = format!("{contacts}/{}", made.id());
    let read = world.send(&world.root, Method::GET, &path, &[("accept", "text/vcard")], "").await.ok(200);
    assert_eq!(
        (read.text.as_str(), read.headers["content-type"].to_str().unwrap()),
        (card.as_str(), "text/vcard; charset=utf-8")
    );
    let twice = world.send(&world.root, Method::POST, &format!("{contacts}?book={book}"), &vcard, card.clone()).await;
    assert_eq!((twice.status, twice.problem().as_str()), (409, "conflict"), "one UID in a book");
    let stale = [("content-type", "text/vcard"), ("if-match", "\"7\"")];
    assert_eq!(world.send(&world.root, Method::PUT, &path, &stale, card.clone()).await.ok(412).problem(), "stale");
    let tag = read.etag();
    let fresh = [("content-type", "text/vcard"), ("if-match", tag.as_str())];
    let renamed = card.replace("Bob Ray", "Bob Fox");
    let replaced = world.send(&world.root, Method::PUT, &path, &fresh, renamed).await.ok(200);
    assert_eq!((&replaced.body["name"], &replaced.body["version"]), (&json!("Bob Fox"), &json!(2)));
    let broken = world.send(&world.root, Method::PUT, &path, &vcard, "BEGIN:VCARD\r\nFN").await;
    assert_eq!((broken.status, broken.problem().as_str()), (422, "invalid"), "{}", broken.text);
}

async fn a_new_contact_joins_the_books_default_group(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let (book, other) = (world.book(&ann, "all").await, world.book(&ann, "other").await);
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    let path = |book: &str| format!("{ann}/books/{book}");
    let foreign = world.patch(&path(&other), &json!({"default_group": group})).await.ok(422);
    assert_eq!(foreign.body["errors"][0]["pointer"], "/default_group");
    world.patch(&path(&book), &json!({"default_group": group})).await.ok(200);
    let contact = world.contact(&ann, &book, "Bob", &number(1), &[]).await;
    let members = world.get(&format!("{ann}/groups/{group}/members")).await.ok(200);
    assert_eq!(members.body["items"], json!([{"id": contact}]));
    assert_eq!(world.fanouts().await, [(1, false)]);
    world.patch(&path(&book), &json!({"default_group": null})).await.ok(200);
    world.patch(&path(&book), &json!({"default_group": group})).await.ok(200);
    world.delete(&format!("{ann}/groups/{group}")).await.ok(204);
    assert_eq!(world.get(&path(&book)).await.body["default_group"], json!(null), "which goes with the group");
}

async fn q9_opt_outs_are_stated_for_everybody_or_for_one_owner(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let (all, one) = (format!("/v1/opt-outs/{}", number(1)), World::id_of(&ann));
    let from_one = format!("{all}?owner={one}");
    assert_eq!(world.get(&all).await.ok(200).body["items"], json!([]));
    world.put(&from_one).await.ok(200);
    let said = world.put(&all).await.ok(200);
    assert_eq!((&said.body["address"], &said.body["owner"]), (&json!(number(1)), &json!(null)));
    assert_eq!(world.put(&all).await.ok(200).body, said.body, "said twice it counts once");
    assert_eq!(world.get(&all).await.body["items"].as_array().unwrap().len(), 2);
    world.delete(&from_one).await.ok(204);
    assert_eq!(world.get(&all).await.body["items"].as_array().unwrap().len(), 1);
    world.delete(&all).await.ok(204);
    assert_eq!(world.get(&all).await.body["items"], json!([]));
    assert_eq!(world.put("/v1/opt-outs/nobody").await.ok(422).body["errors"][0]["pointer"], "/address");
    assert_eq!(world.put(&format!("{all}?owner=own_00000000000000000000000001")).await.status, 404);
}

async fn who_registers_after_the_contact_was_written_is_linked_and_keeps_the_rights(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(1))]).await;
    let book = world.book(&ann, "private").await;
    let friends = world.group(&ann, &book, &["mobile"], &[]).await;
    let contact = world.contact(&ann, &book, "Carl Dee", &number(20), &[&friends]).await;
    let carl = world.owner("Carl Dee", &[("mobile", &number(20))]).await;
    let lease = std::time::Duration::from_mins(1);
    let linked = redial::usecase::link_contacts::link_contacts(&world.running.env, lease).await.unwrap();
    assert!(linked.is_some());
    while redial::usecase::link_contacts::link_contacts(&world.running.env, lease).await.unwrap().is_some() {}
    let found = world.get(&format!("{ann}/contacts/{contact}")).await.ok(200);
    assert_eq!(found.body["linked"], true);
    assert_eq!(found.body["version"], 1, "a link is no edit");

    world.change(&carl, "mobile", &number(21)).await;
    world.change(&ann, "mobile", &number(2)).await;
    assert_eq!(world.asks(&number(21), &number(1), "Ann Lee").await, number(2), "from the number that Carl has now");
    assert_eq!(world.asks(&number(22), &number(1), "Ann Lee").await, "no_result");
}

async fn c8_rights_through_a_recycled_number_sleep_until_the_owner_confirms(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let book = world.book(&ann, "all").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    let carl = world.contact(&ann, &book, "Carl Dee", &number(1), &[&group]).await;
    world.contact(&ann, &book, "Dora Fox", &number(2), &[&group]).await;
    world.change(&ann, "mobile", &number(11)).await;
    assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, number(11));

    // Dora registers with her own number: she is the contact. Somebody else gets Carl's.
    world.owner("Dora Fox", &[("mobile", &number(2))]).await;
    world.owner("Bob Ray", &[("mobile", &number(1))]).await;
    assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, "no_result", "Carl's rights are not Bob's");
    let listed = world.get(&format!("{ann}/asleep")).await.ok(200).body;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{listed}");
    assert_eq!((&items[0]["address"], &items[0]["because"]), (&json!(number(1)), &json!("proved")));
    assert_eq!(items[0]["contacts"], json!([carl]));
    let trail = world.get(&format!("{ann}/audit")).await.ok(200).body.to_string();
    assert!(trail.contains("rights_asleep") && !trail.contains(&number(1)), "{trail}");

    world.fanouts().await;
    let confirm = format!("{ann}/contacts/{carl}/confirm");
    world.send(&world.root, Method::POST, &confirm, &[], "").await.ok(200);
    assert_eq!(world.asks(&number(1), &number(10), "Ann Lee").await, number(11), "the number is Carl's, says Ann");
    assert_eq!(world.get(&format!("{ann}/asleep")).await.ok(200).body["items"], json!([]));
    assert_eq!(world.get(&format!("{ann}/notices")).await.ok(200).body["items"].as_array().unwrap().len(), 1);
    world.send(&world.root, Method::POST, &confirm, &[], "").await.ok(200);
    let nobody = format!("{ann}/contacts/con_00000000000000000000000000/confirm");
    world.send(&world.root, Method::POST, &nobody, &[], "").await.ok(404);
}
