//! While sending is held nothing leaves (rule C7).

use crate::{clock::Time, store::Result, usecase::Env};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

/// How old an answer may be.
const FRESH: Duration = Duration::from_millis(500);

/// Whether it is, asked of the store now and then. Clones share what they know.
#[derive(Clone)]
pub(super) struct Hold(Arc<(AtomicBool, AtomicI64)>);

impl Default for Hold {
    fn default() -> Self {
        Self(Arc::new((AtomicBool::new(false), AtomicI64::new(i64::MIN))))
    }
}

impl Hold {
    pub(super) async fn is_on(&self, env: &Env) -> Result<bool> {
        let (on, asked) = &*self.0;
        let now = env.clock.now();
        // A clock that went back knows nothing; while it is held every look counts.
        let last = Time(asked.load(Ordering::Acquire));
        if on.load(Ordering::Acquire) || last > now || now.since(last) >= FRESH {
            on.store(env.store.sending_held().await?.is_some(), Ordering::Release);
            asked.store(now.0, Ordering::Release);
        }
        Ok(on.load(Ordering::Acquire))
    }
}
