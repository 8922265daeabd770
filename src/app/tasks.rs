//! What runs for as long as the gateway does.

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Tasks that end with the gateway. One that panics ends it: what it did would be done by nobody, and nobody would know.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    tracker: TaskTracker,
    crashed: CancellationToken,
}

impl Tasks {
    /// Runs one.
    pub(super) fn spawn(&self, task: &'static str, run: impl Future<Output = ()> + Send + 'static) {
        let running = tokio::spawn(run);
        let crashed = self.crashed.clone();
        self.tracker.spawn(async move {
            if running.await.is_err_and(|error| error.is_panic()) {
                // The panic itself stands on standard error.
                tracing::error!(task, "a task crashed: the gateway stops");
                crashed.cancel();
            }
        });
    }

    /// Waits until one has crashed.
    pub(super) async fn crashed(&self) {
        self.crashed.cancelled().await;
    }

    /// Waits until all have ended.
    pub(super) async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_that_panics_is_noticed_and_one_that_ends_is_not() {
        let tasks = Tasks::default();
        tasks.spawn("ends", async {});
        tasks.ended().await;
        assert!(!tasks.crashed.is_cancelled());

        let tasks = Tasks::default();
        tasks.spawn("panics", async { panic!("for this test") });
        tasks.crashed().await;
        tasks.ended().await;
    }
}
