//! Whether the server was asked as it should have been: what a polite crawler does, seen from the other side.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aqueduct_backpressure::rate::Quota;
use aqueduct_examples::format::{counted, grouped};

/// How much later than it was meant a question may come: what is held up on its way comes together with the next.
const SLACK: Duration = Duration::from_millis(100);

/// Sees all questions.
#[derive(Debug)]
pub(crate) struct Witness {
    quota: Quota,
    start: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    told: Testimony,
    hosts: HashMap<String, Arrivals>,
    /// Host and path of who was put off, how often, and until when.
    put_off: HashMap<(String, String), (u32, Option<Instant>)>,
}

/// What was seen in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Testimony {
    pub(crate) asked: u64,
    /// Above the rate of the host.
    pub(crate) too_often: u64,
    /// Before the time that `Retry-After` had named.
    pub(crate) too_early: u64,
    /// For what robots.txt disallows.
    pub(crate) disallowed: u64,
}

impl Witness {
    /// Of hosts that may be asked so often each.
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            quota,
            start: Instant::now(),
            seen: Mutex::default(),
        }
    }

    /// A question, which came now.
    pub(crate) fn asked(&self, host: &str, path: &str, allowed: bool) {
        let now = Instant::now();
        let mut seen = self.seen();
        let seen = &mut *seen;
        seen.told.asked += 1;
        seen.told.disallowed += u64::from(!allowed);
        let arrivals = seen.hosts.entry(host.to_owned()).or_default();
        let in_rate = arrivals.arrive(now - self.start, &self.quota, SLACK);
        seen.told.too_often += u64::from(!in_rate);
        let place = (host.to_owned(), path.to_owned());
        if let Some((_, Some(until))) = seen.put_off.get(&place) {
            seen.told.too_early += u64::from(now < *until);
        }
    }

    /// How often somebody was put off at a place, who is now put off again if that was less often than `times`: then
    /// `until` says for how long.
    pub(crate) fn put_off(
        &self,
        host: &str,
        path: &str,
        times: u32,
        until: Option<Instant>,
    ) -> bool {
        let mut seen = self.seen();
        let place = (host.to_owned(), path.to_owned());
        let (before, not_before) = seen.put_off.entry(place).or_default();
        let again = *before < times;
        *before += u32::from(again);
        *not_before = until.filter(|_| again);
        again
    }

    pub(crate) fn testimony(&self) -> Testimony {
        self.seen().told
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Testimony {
    /// Whether there is nothing to complain of.
    pub(crate) fn is_polite(&self) -> bool {
        self.too_often + self.too_early + self.disallowed == 0
    }
}

impl fmt::Display for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = counted(self.asked, "question", "questions");
        write!(
            f,
            "{asked}, {} too often for the rate, {} before Retry-After, {} against robots.txt",
            grouped(self.too_often),
            grouped(self.too_early),
            grouped(self.disallowed)
        )
    }
}

/// The questions that came to a host.
///
/// Of each run of them, from the i-th to the j-th, there may be no more than `burst + (tⱼ − tᵢ) / interval`. That is
/// `xⱼ − xᵢ < burst` with `x = number − t / interval`; so the least `x` until now is all that has to be kept.
#[derive(Clone, Copy, Debug, Default)]
struct Arrivals {
    number: u64,
    least: f64,
}

impl Arrivals {
    /// Whether one at this time is within the quota, if those before were.
    fn arrive(&mut self, at: Duration, quota: &Quota, slack: Duration) -> bool {
        let interval = quota.interval().as_secs_f64();
        let x = self.number as f64 - at.as_secs_f64() / interval;
        self.least = match self.number {
            0 => x,
            _ => self.least.min(x),
        };
        self.number += 1;
        let most = f64::from(quota.burst()) + slack.as_secs_f64() / interval;
        x - self.least + 1.0 <= most + 1e-6
    }
}

#[cfg(test)]
mod tests;
