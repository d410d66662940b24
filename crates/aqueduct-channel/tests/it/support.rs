//! Counted messages, futures that are dropped after a few polls, and a small random number generator.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

/// How many messages were made, and how many are gone.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    made: AtomicU64,
    gone: AtomicU64,
}

impl Ledger {
    pub(crate) fn message(self: &Arc<Self>) -> Message {
        self.made.fetch_add(1, Ordering::Relaxed);
        Message {
            ledger: Arc::clone(self),
            intact: 0x5eed,
        }
    }

    /// Every message was dropped exactly once.
    pub(crate) fn assert_balanced(&self, what: &str) {
        let (made, gone) = (
            self.made.load(Ordering::SeqCst),
            self.gone.load(Ordering::SeqCst),
        );
        assert_eq!(made, gone, "{what}: messages made, and messages dropped");
    }
}

/// A message that knows whether it was dropped twice.
#[derive(Debug)]
pub(crate) struct Message {
    ledger: Arc<Ledger>,
    intact: u32,
}

impl Drop for Message {
    fn drop(&mut self) {
        assert_eq!(
            self.intact, 0x5eed,
            "a message was dropped twice, or never made"
        );
        self.intact = 0;
        self.ledger.gone.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls a future a number of times at most, and then drops it.
pub(crate) async fn give_up_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Runs to the end, or says who is stuck.
pub(crate) async fn watched<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(Duration::from_secs(60), future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: somebody was left asleep"),
    }
}

/// A linear congruential generator (Knuth's MMIX constants): enough to mix operations, and repeatable.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What a failed batch hands back of what it had taken.
pub(crate) trait HandedBack {
    fn handed_back(&self) -> usize;
}

impl HandedBack for () {
    fn handed_back(&self) -> usize {
        0
    }
}

impl<T> HandedBack for Vec<T> {
    fn handed_back(&self) -> usize {
        self.len()
    }
}
