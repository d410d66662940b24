//! How many retries there may be, for all callers together.
//!
//! ```text
//!            deposit                      try_withdraw
//!               │                               │   yes, if  retries + 1 ≤ reserve + ratio · requests
//!               ▼                               ▼
//!   ┌────┬────┬────┬────┬────┐   requests and retries by slot; ten slots are the window
//!   └────┴────┴────┴────┴────┘
//!    oldest            newest
//! ```
//!
//! It is that of Twitter's Finagle (`RetryBudget`): retries are a share of requests, plus a reserve for who makes few.
//!
//! 1. Both counts are whole numbers and the rule is evaluated as a whole, so that any ratio is what it says. To give each
//!    retry a whole price in requests instead makes 0.6 to a price of one, which is a ratio of one.
//! 2. Asking and taking is one step under one lock, which is held for a few loads and stores and in which nothing of the
//!    user's runs. Two that ask at once do not both get the last retry.
//! 3. A retry is in the slot in which it was granted, and leaves the window with it, as requests do.
//! 4. Time does not go backwards: a `now` older than one that was seen counts as that one.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use self::window::{Rule, SLOTS, Window};

mod window;

/// A limit on retries as a share of requests, shared by all that call one service.
///
/// When a service is down, retries multiply the load on it by the number of tries, just when it can bear it least. A budget
/// bounds that factor: with a ratio of 0.2, load grows by a fifth at most, whatever each caller does.
///
/// Each request [deposits](Self::deposit), each retry [withdraws](Self::try_withdraw); a retry that gets nothing is not made.
/// [`Retry`](crate::Retry) does both. It is a handle: its clones are the same budget. Make one for each service, and not one
/// for each call.
///
/// ```
/// use std::time::Duration;
/// use aqueduct_resilience::RetryBudget;
/// use tokio::time::Instant;
///
/// // No reserve, and three retries for ten requests of the last ten seconds.
/// let budget = RetryBudget::new(Duration::from_secs(10), 0, 0.3);
/// let now = Instant::now();
/// for _ in 0..10 {
///     budget.deposit(now);
/// }
/// let granted = (0..10).filter(|_| budget.try_withdraw(now)).count();
/// assert_eq!(granted, 3);
/// ```
#[derive(Clone)]
pub struct RetryBudget {
    shared: Arc<Shared>,
}

struct Shared {
    rule: Rule,
    /// Where the numbers of slots begin.
    origin: Instant,
    /// How long each is, in nanoseconds, and not zero.
    slot: u64,
    window: Mutex<Window>,
}

/// What a [`RetryBudget`] holds, and what it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetStats {
    /// Requests in the window.
    pub requests: u64,
    /// Retries granted in the window.
    pub retries: u64,
    /// Retries that would be granted now.
    pub available: u64,
    /// Retries granted since the beginning, without those given back.
    pub granted_total: u64,
    /// Retries refused since the beginning.
    pub refused_total: u64,
}

impl RetryBudget {
    /// A budget of `reserve_per_second` retries a second, and `ratio` retries for each request, over the last `window`.
    ///
    /// The window is of ten slots: a request counts for nine to ten tenths of it. The reserve is for the window as a whole
    /// and may be used up at once.
    ///
    /// # Panics
    ///
    /// If the window is shorter than ten nanoseconds, or the ratio is negative, infinite or not a number.
    #[must_use]
    pub fn new(window: Duration, reserve_per_second: u32, ratio: f64) -> Self {
        let slot = nanos(window / SLOTS as u32);
        assert!(slot > 0, "the window of a budget is of some length");
        let possible = ratio >= 0.0 && ratio.is_finite();
        assert!(
            possible,
            "the ratio of a budget is a finite number, and not negative"
        );
        let reserve = f64::from(reserve_per_second) * window.as_secs_f64();
        Self {
            shared: Arc::new(Shared {
                rule: Rule { reserve, ratio },
                origin: Instant::now(),
                slot,
                window: Mutex::default(),
            }),
        }
    }

    /// Counts a request: the first try of a call, not its retries.
    pub fn deposit(&self, now: Instant) {
        self.window(now).deposit();
    }

    /// Takes a retry, if there is one left. When it says no, do not retry.
    #[must_use = "where it says no, there is to be no retry"]
    pub fn try_withdraw(&self, now: Instant) -> bool {
        self.window(now).try_withdraw(self.shared.rule)
    }

    /// As [`try_withdraw`](Self::try_withdraw), for a retry that may come to nothing.
    pub(crate) fn try_hold(&self, now: Instant) -> Option<Held> {
        let mut window = self.window(now);
        window.try_withdraw(self.shared.rule).then(|| Held {
            slot: window.newest(),
            budget: Some(self.clone()),
        })
    }

    /// What is in the window at `now`.
    #[must_use]
    pub fn stats(&self, now: Instant) -> BudgetStats {
        self.window(now).stats(self.shared.rule)
    }

    /// The window, brought up to `now`.
    fn window(&self, now: Instant) -> MutexGuard<'_, Window> {
        let shared = &*self.shared;
        let slot = nanos(now.saturating_duration_since(shared.origin)) / shared.slot;
        let mut window = shared.lock();
        window.advance(slot);
        window
    }
}

/// Up to 584 years. (A division of 128 bits costs more than all else that is done for a request.)
fn nanos(duration: Duration) -> u64 {
    let whole = duration.as_secs().saturating_mul(1_000_000_000);
    whole.saturating_add(duration.subsec_nanos().into())
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Window> {
        // Nothing in there panics; and were it so, counts are counts.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As Finagle's: ten retries a second and a fifth of the requests, over ten seconds.
impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(Duration::from_secs(10), 10, 0.2)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = self.shared.lock().stats(self.shared.rule);
        f.debug_struct("RetryBudget")
            .field("reserve", &self.shared.rule.reserve)
            .field("ratio", &self.shared.rule.ratio)
            .field("stats", &stats)
            .finish_non_exhaustive()
    }
}

/// A retry that was granted and not made yet. It goes back if it is not.
#[derive(Debug)]
pub(crate) struct Held {
    slot: u64,
    budget: Option<RetryBudget>,
}

impl Held {
    /// The retry is made.
    pub(crate) fn spend(mut self) {
        self.budget = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.shared.lock().give_back(self.slot);
        }
    }
}

#[cfg(test)]
mod tests;
