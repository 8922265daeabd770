//! What is not needed any more is forgotten.

use super::world::World;
use redial::{
    domain::id::AppId,
    store::{Commit, Once},
};

#[tokio::test]
async fn an_answer_is_given_again_for_a_day_and_then_forgotten() {
    let world = World::new().await;
    let path = "POST /v1/owners";
    let once = |key: &str| Once {
        caller: AppId(1),
        path: path.into(),
        key: key.into(),
        digest: [1; 32],
        status: 201,
        body: "{}".into(),
    };
    let known = async |key: &str| world.env.store.once(AppId(1), path, key).await.unwrap().is_some();
    world.env.store.commit(Commit { once: Some(once("first")), ..Commit::default() }).await.unwrap();
    world.after(3_600).await;
    world.env.store.commit(Commit { once: Some(once("second")), ..Commit::default() }).await.unwrap();
    world.after(23 * 3_600 - 1).await;
    assert!(known("first").await && known("second").await);
    world.after(600).await;
    assert!(!known("first").await && known("second").await);
    world.after(3_600).await;
    assert!(!known("second").await);
}
