//! How long a connection may keep us waiting: for the next request's head, for the rest of a body.
//!
//! One timer for each connection, which only moves on when it fires, and a moment to compare it with. A timer for each
//! request is set and taken away again under the lock of the runtime's timers, and nearly none of them ever fires.

use hyper::body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Nobody is waited for: the answer is being made or sent.
const BUSY: u64 = 0;
/// The body did not come in time.
const LATE: u64 = u64::MAX;
/// Marks a moment until which a body is waited for; without it, a head.
const BODY: u64 = 1 << 63;

/// For whom a connection waits, and until when. Only the connection's own task uses it, which hyper's `Send` hides.
pub(super) struct Waiting {
    begun: Instant,
    head: Duration,
    /// The shortest time that the timer has to notice.
    step: Duration,
    /// [`BUSY`], [`LATE`], or microseconds after `begun`, with [`BODY`] or without.
    until: AtomicU64,
}

impl Waiting {
    /// A connection that has just begun waits for a head. No body is given less time than `shortest_body`.
    pub(super) fn new(head: Duration, shortest_body: Duration) -> Self {
        let new = Self { begun: Instant::now(), head, step: head.min(shortest_body), until: AtomicU64::new(BUSY) };
        new.for_head();
        new
    }

    fn set(&self, limit: Duration, mark: u64) {
        let until = u64::try_from((self.begun.elapsed() + limit).as_micros()).unwrap_or(BODY - 1).clamp(1, BODY - 1);
        self.until.store(until | mark, Ordering::Relaxed);
    }

    /// The answer has been handed over: the next head is waited for.
    pub(super) fn for_head(&self) {
        self.set(self.head, 0);
    }

    /// Something of a body is missing.
    pub(super) fn for_body(&self, limit: Duration) {
        self.set(limit, BODY);
    }

    /// What was waited for is here.
    pub(super) fn busy(&self) {
        self.until.store(BUSY, Ordering::Relaxed);
    }

    /// Whether the body did not come in time.
    pub(super) fn is_late(&self) -> bool {
        self.until.load(Ordering::Relaxed) == LATE
    }

    /// What a timer that fired means: when to look again, or `None` where the head did not come in time. A body that did
    /// not is [`Waiting::is_late`] from now on.
    fn look(&self) -> Option<Instant> {
        let now = Instant::now();
        let until = self.until.load(Ordering::Relaxed);
        if until == BUSY || until == LATE {
            return Some(now + self.step);
        }
        let end = self.begun + Duration::from_micros(until & !BODY);
        if now < end {
            return Some(end.min(now + self.step));
        }
        if until & BODY == 0 {
            return None;
        }
        self.until.store(LATE, Ordering::Relaxed);
        Some(now + self.step)
    }
}

/// The connection's timer.
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    set: bool,
}

impl Timer {
    pub(super) fn new(waiting: &Waiting) -> Self {
        Self { sleep: Box::pin(tokio::time::sleep(waiting.step)), set: false }
    }

    /// To be called first in each poll of the connection's task. Ready: the head did not come in time.
    pub(super) fn poll(&mut self, waiting: &Waiting, context: &mut Context<'_>) -> Poll<()> {
        // Once it is set it wakes this task by itself.
        while !self.set || self.sleep.is_elapsed() {
            self.set = self.sleep.as_mut().poll(context).is_pending();
            if self.set {
                break;
            }
            match waiting.look() {
                None => return Poll::Ready(()),
                Some(again) => self.sleep.as_mut().reset(again),
            }
        }
        Poll::Pending
    }
}

/// An answer's body: when it has been handed over, the next head is waited for.
pub(super) struct Answering<B> {
    body: B,
    waiting: Arc<Waiting>,
}

impl<B> Answering<B> {
    pub(super) fn new(body: B, waiting: Arc<Waiting>) -> Self {
        Self { body, waiting }
    }
}

impl<B> Drop for Answering<B> {
    fn drop(&mut self) {
        self.waiting.for_head();
    }
}

impl<B: Body + Unpin> Body for Answering<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    const HEAD: Duration = Duration::from_secs(10);
    const BODY_LIMIT: Duration = Duration::from_secs(4);

    /// Seconds until the timer says that the head did not come, or the body became late.
    async fn ended(waiting: &Waiting, begun: Instant) -> (f64, bool) {
        let mut timer = Timer::new(waiting);
        std::future::poll_fn(|context| match timer.poll(waiting, context) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending if waiting.is_late() => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        })
        .await;
        (begun.elapsed().as_secs_f64(), waiting.is_late())
    }

    #[tokio::test(start_paused = true)]
    async fn heads_and_bodies_have_their_time_and_answers_as_much_as_they_take() {
        let waiting = Waiting::new(HEAD, BODY_LIMIT);
        let (after, late) = ended(&waiting, Instant::now()).await;
        assert!((10.0..10.1).contains(&after) && !late, "a head that never came: {after}");

        let waiting = Waiting::new(HEAD, BODY_LIMIT);
        tokio::time::advance(Duration::from_secs(7)).await;
        waiting.for_body(BODY_LIMIT);
        let (after, late) = ended(&waiting, Instant::now()).await;
        assert!((4.0..4.1).contains(&after) && late, "a body that never came: {after}");

        let waiting = Arc::new(Waiting::new(HEAD, BODY_LIMIT));
        waiting.busy();
        let mut timer = Timer::new(&waiting);
        for _ in 0..100 {
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(std::future::poll_fn(|context| timer.poll(&waiting, context)).now_or_never().is_none());
        }
        drop(Answering::new(http_body_util::Empty::<bytes::Bytes>::new(), Arc::clone(&waiting)));
        let (after, late) = ended(&waiting, Instant::now()).await;
        assert!((10.0..10.1).contains(&after) && !late, "no head after the answer: {after}");
    }
}
