//! What every store does alike. Each case is a function over a fresh, empty store; [`suite`] makes tests of them.

pub(crate) mod books;
pub(crate) mod facts;
pub(crate) mod outbox;
pub(crate) mod owners;
pub(crate) mod rest;

/// Makes a test of each case. `fresh` is an `async fn() -> Option<SharedStore>`: a new empty store, or none where the
/// engine is not there.
macro_rules! suite {
    ($fresh:path: $($area:ident { $($case:ident)* })*) => {$(
        mod $area {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(store) = $fresh().await {
                        crate::store::conformance::$area::$case(&store).await;
                        store.close().await;
                    }
                }
            )*
        }
    )*};
    ($fresh:path) => {
        crate::store::conformance::suite! { $fresh:
            facts {
                moved_number_has_its_former_holder
            }
        }
    };
}
pub(crate) use suite;
