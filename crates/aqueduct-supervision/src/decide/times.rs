//! What the decision remembers of times: which restarts still count, and whose back-off ends when.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::interface::Key;
use crate::spec::Intensity;

/// With how many aborted children the patience was at an end, as the supervisor stops one after the other to end; the one
/// counts, too, with which it had patience already when it came to end, or for which it does.
///
/// Patience with each would add up: with a hundred thousand that block, to a day. So the first has all of it, each further
/// one a quarter of what the one before had, and soon none: together a third more than one. Who was not given all of it is
/// left `Aborting`, the next one is stopped, and when all have been told, all that are left are waited for together, as
/// long as one is. So nobody is said to be unresponsive who was not waited for, and the whole takes less than two and a half
/// times the patience: a third more than one, and once more where one that all are waited for together ends just in time. As
/// long as none is overdue, and almost always then, each has ended before the next is told.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    times: u32,
    /// Those that are `Aborting`, and not waited for one by one any more.
    pub(super) left: usize,
    /// Until when those are waited for.
    pub(super) until: Option<Instant>,
}

impl Overdue {
    /// Shorter than what a clock tells is not waited for.
    const SHORTEST: Duration = Duration::from_millis(1);

    /// With the next one. None is none at all.
    pub(super) fn patience(&self, whole: Duration) -> Option<Duration> {
        if self.times == 0 {
            return Some(whole);
        }
        let part = whole / 4_u32.pow(self.times.min(15));
        (part >= Self::SHORTEST).then_some(part)
    }

    /// It was at an end with one that was aborted. True if that had all of it.
    pub(super) fn add(&mut self) -> bool {
        self.times = self.times.saturating_add(1);
        self.times == 1
    }
}

/// The restarts that still count, the oldest first.
#[derive(Debug)]
pub(super) struct Window {
    intensity: Intensity,
    restarts: VecDeque<Instant>,
}

impl Window {
    pub(super) fn new(intensity: Intensity) -> Self {
        Self {
            intensity,
            restarts: VecDeque::new(),
        }
    }

    pub(super) fn period(&self) -> Duration {
        self.intensity.period
    }

    /// Counts a restart. Were there too many with it? One that is exactly a period old still counts.
    #[must_use]
    pub(super) fn count(&mut self, now: Instant) -> Verdict {
        if self.intensity.restarts == u32::MAX {
            // No limit, and nothing to remember: what restarts for years shall not grow.
            return Verdict::Within;
        }
        while let Some(oldest) = self.restarts.front() {
            if now.saturating_duration_since(*oldest) <= self.intensity.period {
                break;
            }
            self.restarts.pop_front();
        }
        self.restarts.push_back(now);
        if self.restarts.len() > self.intensity.restarts as usize {
            Verdict::TooMany
        } else {
            Verdict::Within
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Within,
    TooMany,
}

/// A try to start a child again. It is void if the child waits for another one, or for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Retry {
    pub(super) token: u64,
    pub(super) key: Key,
}

/// The tries whose time has not come, the next one first; of those at one time the one that was drawn first.
///
/// One that was called off stays until its time or until half of all are void: to take it out of the middle would need
/// its place in the heap to be known by the child, for what happens seldom.
#[derive(Debug, Default)]
pub(super) struct Waits {
    heap: BinaryHeap<Reverse<(Instant, Retry)>>,
}

impl Waits {
    pub(super) fn push(&mut self, at: Instant, retry: Retry) {
        self.heap.push(Reverse((at, retry)));
    }

    /// The next one whose time has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Retry> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, retry))| retry)
    }

    /// When the next one is due that is not void.
    pub(super) fn next(
        &mut self,
        is_valid: impl Fn(Retry) -> bool,
        valid: usize,
    ) -> Option<Instant> {
        if self.heap.len() > 2 * valid + 64 {
            self.heap.retain(|Reverse((_, retry))| is_valid(*retry));
        }
        loop {
            let Reverse((at, retry)) = self.heap.peek()?;
            if is_valid(*retry) {
                return Some(*at);
            }
            self.heap.pop();
        }
    }

    pub(super) fn clear(&mut self) {
        self.heap.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_nothing_is_remembered() {
        let mut window = Window::new(Intensity {
            restarts: u32::MAX,
            period: Duration::MAX,
        });
        let now = Instant::now();
        for _ in 0..1000 {
            assert_eq!(window.count(now), Verdict::Within);
        }
        assert_eq!(window.restarts.capacity(), 0);
    }
}
