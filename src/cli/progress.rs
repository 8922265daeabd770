//! A bar on the terminal for what takes long.

use crate::clock::{Clock, Time};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{io::IsTerminal as _, sync::Arc, time::Duration};

/// After so long a bar is shown.
const PATIENCE: Duration = Duration::from_secs(2);

/// A bar that shows itself where the work takes longer than two seconds, and goes with the end of it. It is drawn on standard
/// error, and only where that is a terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    clock: Arc<dyn Clock>,
    begun: Time,
}

impl Progress {
    /// With the number of steps, where it is known; `template` is indicatif's.
    pub(super) fn new(clock: &Arc<dyn Clock>, steps: Option<u64>, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden()).with_style(style);
        Self { bar, clock: Arc::clone(clock), begun: clock.now() }
    }

    /// So many steps are done.
    pub(super) fn reached(&self, steps: u64) {
        self.show();
        self.bar.set_position(steps);
    }

    /// What is done, in words.
    pub(super) fn says(&self, words: String) {
        self.show();
        self.bar.set_message(words);
        self.bar.tick();
    }

    fn show(&self) {
        let long = self.clock.now().since(self.begun) > PATIENCE;
        if long && self.bar.is_hidden() && std::io::stderr().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
