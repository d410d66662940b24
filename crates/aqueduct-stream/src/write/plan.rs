//! When a batch is due: a function of what is in it, and of the time.

use std::time::{Duration, Instant};

/// What a batch is made of, as far as its time matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Filling {
    pub(super) len: usize,
    /// Whether somebody waits for it to be written.
    pub(super) awaited: bool,
    /// When its first item came.
    pub(super) since: Option<Instant>,
}

/// What to do with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Write it.
    Write,
    /// Take what is in the queue, and write if there was nothing.
    Top,
    /// Wait for more, until a moment if there is one.
    Wait(Option<Instant>),
}

/// What limits a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) len_max: usize,
    pub(super) linger: Duration,
}

impl Limits {
    pub(super) fn step(&self, filling: Filling, now: Instant) -> Step {
        if filling.len >= self.len_max {
            return Step::Write;
        }
        if filling.awaited {
            return Step::Top;
        }
        // A linger that the clock cannot express is none.
        let due = filling.since.map(|since| since.checked_add(self.linger));
        match due {
            Some(Some(due)) if due <= now => Step::Top,
            Some(due) => Step::Wait(due),
            None => Step::Wait(None),
        }
    }
}

#[cfg(test)]
mod tests;
