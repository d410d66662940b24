//! What is counted, and where chance comes from.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one round.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    made: AtomicU64,
    gone: AtomicU64,
    pub(crate) sent: Count,
    pub(crate) received: Count,
    pub(crate) overflowed: Count,
    /// Sends that were dropped before they said anything.
    pub(crate) withdrawn: Count,
}

impl Tally {
    /// To be called when every handle of the channel is gone.
    pub(crate) fn check(&self, dropped_is_unsent: bool, about: &str) {
        let ended = self.received.get() + self.overflowed.get();
        let sent = self.sent.get();
        let slack = match dropped_is_unsent {
            true => 0,
            false => self.withdrawn.get(),
        };
        assert!(
            (sent..=sent + slack).contains(&ended),
            "sent is not received + dropped: {about}"
        );
        let (made, gone) = (&self.made, &self.gone);
        let (made, gone) = (made.load(Ordering::Relaxed), gone.load(Ordering::Relaxed));
        assert_eq!(made, gone, "made is not dropped: {about}");
    }
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A message that counts itself, with memory of its own so that a double drop shows.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) sender: usize,
    pub(crate) number: Box<usize>,
    tally: Arc<Tally>,
}

impl Message {
    pub(crate) fn new(sender: usize, number: usize, tally: &Arc<Tally>) -> Self {
        tally.made.fetch_add(1, Ordering::Relaxed);
        Self {
            sender,
            number: Box::new(number),
            tally: tally.clone(),
        }
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.tally.gone.fetch_add(1, Ordering::Relaxed);
    }
}

/// Marsaglia's xorshift.
#[derive(Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn any_seed() -> u64 {
        RandomState::new().build_hasher().finish()
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 33) % n as u64) as usize
    }

    pub(crate) fn split(&mut self) -> Self {
        Self::new(self.next())
    }
}
