//! The key of codes and links that are kept nowhere: what is sent is made of an id and this key, and made again to compare.

use crate::{
    clock::Random,
    store::{Admitted, Commit, Effect, Result, SharedStore, StoreError},
};
use ring::hmac;
use std::{fmt, sync::Arc};
use tokio::sync::OnceCell;

/// The service's own key: the operator's, or one that the store was given at the first need. Clones share it.
#[derive(Clone, Default)]
pub struct Seal(Arc<OnceCell<hmac::Key>>);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// With the operator's secret, the same on all nodes.
    pub fn of(secret: &str) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
        Self(Arc::new(OnceCell::new_with(Some(hmac::Key::new(hmac::HMAC_SHA256, digest.as_ref())))))
    }

    /// A code over what is given: what it is for, and of what. No two lists of parts are one.
    pub(super) async fn mac(&self, store: &SharedStore, random: &dyn Random, parts: &[&[u8]]) -> Result<[u8; 32]> {
        let key = self.0.get_or_try_init(|| made(store, random)).await?;
        let mut context = hmac::Context::with_key(key);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        Ok(mac)
    }
}

/// The store's own key. Of two processes that make one at once the first one's counts for both.
async fn made(store: &SharedStore, random: &dyn Random) -> Result<hmac::Key> {
    if store.secret().await?.is_none() {
        let mut fresh = [0; 32];
        random.fill(&mut fresh);
        let effects = vec![Effect::Admitted(Admitted::SecretMade(fresh))];
        store.commit(Commit { effects, ..Commit::default() }).await?;
    }
    let key = store.secret().await?.ok_or_else(|| StoreError::Damaged("the key of codes".into()))?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
}

/// Whether two texts are one, in a time that does not tell where they differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
    one.len() == other.len() && differences == 0
}
