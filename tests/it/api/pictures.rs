//! The four pictures of the seed: how points, books and groups combine.

use super::world::{World, number, on_postgres, on_sqlite};
use crate::both::both;

both! {
    figure_2_one_point_one_book_one_group
    figure_3_several_points_in_one_book
    figure_4_several_books_with_their_own_groups
    figure_5_points_shared_between_books_and_groups
}

/// One point, one book, one group.
async fn figure_2_one_point_one_book_one_group(world: World) {
    let (friend, stranger) = (number(1), number(2));
    let ann = world.owner("Ann Lee", &[("mobile", &number(10))]).await;
    let book = world.book(&ann, "all").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    world.contact(&ann, &book, "Bob", &friend, &[&group]).await;
    world.contact(&ann, &book, "Cid", &stranger, &[]).await;
    assert_eq!(world.asks(&friend, &number(10), "Ann Lee").await, "current");
    world.change(&ann, "mobile", &number(11)).await;
    assert_eq!(world.asks(&friend, &number(10), "Ann Lee").await, number(11));
    assert_eq!(world.asks(&friend, &number(10), "Lee, Ann").await, number(11));
    assert_eq!(world.asks(&friend, &number(10), "Ann Smith").await, "no_result", "a namesake is somebody else");
    assert_eq!(world.asks(&stranger, &number(10), "Ann Lee").await, "no_result", "in the book, but in no group");
    assert_eq!(world.asks(&number(3), &number(10), "Ann Lee").await, "no_result");
}

/// Several points in one book: a group for each, and one for both.
async fn figure_3_several_points_in_one_book(world: World) {
    let (family, firm, both) = (number(1), number(2), number(3));
    let ann = world.owner("Ann Lee", &[("home", &number(10)), ("work", &number(20))]).await;
    let book = world.book(&ann, "all").await;
    let private = world.group(&ann, &book, &["home"], &[]).await;
    let work = world.group(&ann, &book, &["work"], &[]).await;
    world.contact(&ann, &book, "Mum", &family, &[&private]).await;
    world.contact(&ann, &book, "Boss", &firm, &[&work]).await;
    world.contact(&ann, &book, "Twin", &both, &[&private, &work]).await;
    world.change(&ann, "home", &number(11)).await;
    world.change(&ann, "work", &number(21)).await;
    let (home, office) = (number(10), number(20));
    for (who, home_is, work_is) in [
        (&family, number(11), "no_result".to_owned()),
        (&firm, "no_result".to_owned(), number(21)),
        (&both, number(11), number(21)),
    ] {
        assert_eq!(world.asks(who, &home, "Ann Lee").await, home_is);
        assert_eq!(world.asks(who, &office, "Ann Lee").await, work_is);
    }
}

/// Several books, each with groups of its own; a group takes members of its own book only.
async fn figure_4_several_books_with_their_own_groups(world: World) {
    let (friend, customer) = (number(1), number(2));
    let ann = world.owner("Ann Lee", &[("mobile", &number(10)), ("shop", &number(20))]).await;
    let (private, business) = (world.book(&ann, "private").await, world.book(&ann, "business").await);
    let friends = world.group(&ann, &private, &["mobile"], &[]).await;
    let customers = world.group(&ann, &business, &["shop"], &[]).await;
    world.contact(&ann, &private, "Bob", &friend, &[&friends]).await;
    let outsider = world.contact(&ann, &business, "Cid", &customer, &[&customers]).await;
    let crossing = world.put(&format!("{ann}/groups/{friends}/members/{outsider}")).await;
    assert_eq!((crossing.status, crossing.problem().as_str()), (409, "conflict"), "{}", crossing.text);
    world.change(&ann, "mobile", &number(11)).await;
    world.change(&ann, "shop", &number(21)).await;
    assert_eq!(world.asks(&friend, &number(10), "Ann Lee").await, number(11));
    assert_eq!(world.asks(&friend, &number(20), "Ann Lee").await, "no_result");
    assert_eq!(world.asks(&customer, &number(10), "Ann Lee").await, "no_result");
    assert_eq!(world.asks(&customer, &number(20), "Ann Lee").await, number(21));
    world.delete(&format!("{ann}/books/{business}")).await.ok(204);
    assert_eq!(world.asks(&customer, &number(20), "Ann Lee").await, "no_result", "a book's groups go with it");
    assert_eq!(world.asks(&friend, &number(10), "Ann Lee").await, number(11));
}

/// Points shared between books and groups: one point in groups of two books, one group with two points, one person in
/// both books, and a group that connects without telling.
async fn figure_5_points_shared_between_books_and_groups(world: World) {
    let (friend, colleague, both, caller) = (number(1), number(2), number(3), number(4));
    let ann = world.owner("Ann Lee", &[("mobile", &number(10)), ("work", &number(20))]).await;
    let (private, business) = (world.book(&ann, "private").await, world.book(&ann, "business").await);
    let friends = world.group(&ann, &private, &["mobile"], &[]).await;
    let colleagues = world.group(&ann, &business, &["mobile", "work"], &[]).await;
    let callers = world.group(&ann, &business, &[], &["work"]).await;
    world.contact(&ann, &private, "Bob", &friend, &[&friends]).await;
    world.contact(&ann, &business, "Cid", &colleague, &[&colleagues]).await;
    world.contact(&ann, &private, "Dee", &both, &[&friends]).await;
    world.contact(&ann, &business, "Dee", &both, &[&callers]).await;
    world.contact(&ann, &business, "Eve", &caller, &[&callers]).await;
    world.change(&ann, "mobile", &number(11)).await;
    world.change(&ann, "work", &number(21)).await;
    let no = || "no_result".to_owned();
    for (who, mobile_is, work_is) in [
        (&friend, number(11), no()),
        (&colleague, number(11), number(21)),
        (&both, number(11), no()),
        (&caller, no(), no()),
    ] {
        assert_eq!(world.asks(who, &number(10), "Ann Lee").await, mobile_is);
        assert_eq!(world.asks(who, &number(20), "Ann Lee").await, work_is);
    }
    // Who may only be connected was connected, which the owner can see.
    let queries = world.get(&format!("{ann}/queries?limit=200")).await.ok(200);
    let connected = |query: &&serde_json::Value| query["connected"] == true && query["told"] == false;
    let unseen: Vec<_> = queries.body["items"].as_array().unwrap().iter().filter(connected).collect();
    assert_eq!(unseen.len(), 2, "Dee and Eve at work: {}", queries.text);
    assert!(unseen.iter().all(|query| query["asked"] == number(20).as_str() && query["because"] == "granted"));
}
