//! The books: how many credits are where. Pure; the moment is an argument, and is asked for only while a lease runs.
//!
//! # Invariants
//!
//! P1. `granted = available + outstanding + spent + expired`, always. `granted` does not overflow, so nothing does.
//! P2. Credits of an earlier term do not become available again. A term ends with its lease, with the next lease, and
//!     with the close.

/// What [`Grantor::stats`](super::Grantor::stats) tells. `granted` is the sum of the next four, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// All that were ever granted.
    pub granted: u64,
    /// There to be taken.
    pub available: u64,
    /// Taken, and neither spent nor returned yet.
    pub outstanding: u64,
    /// Used for good.
    pub spent: u64,
    /// Not taken, or not returned, before their lease was over or all was closed.
    pub expired: u64,
    /// How many wait for credits.
    pub waiting: usize,
    /// Whether there will be no more.
    pub closed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Pot {
    stats: Stats,
    /// When the lease is over that runs, if one does.
    until: Option<u64>,
    term: u64,
}

/// Why nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    Empty,
    Closed,
}

impl Pot {
    /// Grants so many more, or as many as can be counted. Those that are there, and the lease that runs, stay.
    pub(super) fn grant(&mut self, amount: u64, now: impl FnOnce() -> u64) {
        self.settle(now);
        self.add(amount);
    }

    /// Begins a lease: what is there expires, and so does what is out when it comes back.
    pub(super) fn lease(&mut self, amount: u64, until: u64) {
        self.end_term();
        self.until = Some(until);
        self.add(amount);
    }

    pub(super) fn take(&mut self, amount: u64, now: impl FnOnce() -> u64) -> Result<u64, Denied> {
        self.settle(now);
        if self.stats.closed {
            return Err(Denied::Closed);
        }
        if amount > self.stats.available {
            return Err(Denied::Empty);
        }
        self.stats.available -= amount;
        self.stats.outstanding += amount;
        Ok(self.term)
    }

    /// What somebody is told who may not take any.
    pub(super) fn denied(&self) -> Denied {
        if self.stats.closed {
            Denied::Closed
        } else {
            Denied::Empty
        }
    }

    /// Returns what was taken in a term; true if it is there to be taken again.
    pub(super) fn give_back(&mut self, amount: u64, term: u64, now: impl FnOnce() -> u64) -> bool {
        self.settle(now);
        self.stats.outstanding -= amount;
        let lives = term == self.term && !self.stats.closed;
        if lives {
            self.stats.available += amount;
        } else {
            self.stats.expired += amount;
        }
        lives && amount > 0
    }

    pub(super) fn spend(&mut self, amount: u64) {
        self.stats.outstanding -= amount;
        self.stats.spent += amount;
    }

    /// True the first time.
    pub(super) fn close(&mut self) -> bool {
        self.end_term();
        !std::mem::replace(&mut self.stats.closed, true)
    }

    pub(super) fn stats(&mut self, now: impl FnOnce() -> u64) -> Stats {
        self.settle(now);
        self.stats
    }

    fn add(&mut self, amount: u64) {
        if self.stats.closed {
            return;
        }
        let amount = amount.min(u64::MAX - self.stats.granted);
        self.stats.granted += amount;
        self.stats.available += amount;
    }

    fn settle(&mut self, now: impl FnOnce() -> u64) {
        if let Some(until) = self.until
            && now() >= until
        {
            self.end_term();
        }
    }

    fn end_term(&mut self) {
        self.until = None;
        self.term += 1;
        self.stats.expired += self.stats.available;
        self.stats.available = 0;
    }
}
