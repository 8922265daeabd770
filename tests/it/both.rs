//! Scenarios that run on both stores.

/// Makes two tests of each `async fn(world)`, one on each store. The module has `on_sqlite()`, which makes a world, and
/// `on_postgres()`, which makes none where that engine is not there.
macro_rules! both {
    ($($case:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::on_sqlite().await).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(world) = super::on_postgres().await {
                        super::$case(world).await;
                    }
                }
            )*
        }
    };
}
pub(crate) use both;
