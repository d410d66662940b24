//! An actor's timers: what is due is a function of the time; one alarm stands for the earliest.

use std::collections::{BTreeMap, HashMap};
use std::task::Waker;
use std::time::Duration;

use aqueduct_core::rt::Alarm;
use tokio::time::Instant;

/// A timer of an actor, to [cancel](crate::Cx::cancel_timer) it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId(u64);

/// What an interval does when the actor was too busy for one or more of its moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Drift {
    /// One message for all that were missed, and then the next moment of the old grid.
    #[default]
    Skip,
    /// One message, and the next a period after it: the grid moves.
    Delay,
    /// A message for each that was missed, one after the other.
    Burst,
}

enum Timer<M> {
    Once(M),
    Every {
        period: Duration,
        drift: Drift,
        make: Box<dyn FnMut() -> M + Send>,
    },
}

pub(super) struct Timers<M> {
    /// By moment, then by age.
    timers: BTreeMap<(Instant, u64), Timer<M>>,
    /// The moment of each, to find it by its age.
    moments: HashMap<u64, Instant>,
    next: u64,
    /// For the earliest, or for an earlier moment.
    alarm: Option<(Instant, Alarm)>,
}

impl<M> Timers<M> {
    pub(super) fn new() -> Self {
        Self {
            timers: BTreeMap::new(),
            moments: HashMap::new(),
            next: 0,
            alarm: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.timers.is_empty()
    }

    pub(super) fn once(&mut self, at: Instant, message: M) -> TimerId {
        self.insert(at, Timer::Once(message))
    }

    pub(super) fn every(
        &mut self,
        now: Instant,
        period: Duration,
        drift: Drift,
        make: Box<dyn FnMut() -> M + Send>,
    ) -> TimerId {
        let timer = Timer::Every {
            period,
            drift,
            make,
        };
        self.insert(after(now, period), timer)
    }

    fn insert(&mut self, at: Instant, timer: Timer<M>) -> TimerId {
        let id = self.next;
        self.next += 1;
        self.put(at, id, timer);
        TimerId(id)
    }

    fn put(&mut self, at: Instant, id: u64, timer: Timer<M>) {
        self.timers.insert((at, id), timer);
        self.moments.insert(id, at);
    }

    pub(super) fn cancel(&mut self, id: TimerId) -> bool {
        let at = self.moments.remove(&id.0);
        at.and_then(|at| self.timers.remove(&(at, id.0))).is_some()
    }

    /// The message of the earliest timer, if it is due by now; else an alarm is set for it.
    pub(super) fn due(&mut self, waker: &Waker) -> Option<M> {
        while let Some(&(at, _)) = self.timers.keys().next() {
            if let Some(message) = self.take_due(Instant::now()) {
                return Some(message);
            }
            if self.alarm.as_ref().is_some_and(|(set, _)| *set <= at)
                && self.alarm.as_mut()?.1.update(waker)
            {
                return None;
            }
            let alarm = Alarm::set_unless_past(at, waker.clone());
            self.alarm = alarm.map(|alarm| (at, alarm));
            if self.alarm.is_some() {
                return None;
            }
        }
        self.alarm = None;
        None
    }

    /// The message of the earliest timer that is due at `now`. An interval is set anew.
    fn take_due(&mut self, now: Instant) -> Option<M> {
        let earliest = self.timers.first_entry()?;
        let (at, id) = *earliest.key();
        if at > now {
            return None;
        }
        match earliest.remove() {
            Timer::Once(message) => {
                self.moments.remove(&id);
                Some(message)
            }
            Timer::Every {
                period,
                drift,
                mut make,
            } => {
                // Not there while this runs, which may panic.
                self.moments.remove(&id);
                let message = make();
                let timer = Timer::Every {
                    period,
                    drift,
                    make,
                };
                self.put(next(at, now, period, drift), id, timer);
                Some(message)
            }
        }
    }
}

/// When an interval that was set for `at`, and is seen at `now`, is due again.
fn next(at: Instant, now: Instant, period: Duration, drift: Drift) -> Instant {
    match drift {
        Drift::Burst => after(at, period),
        Drift::Delay => after(now, period),
        Drift::Skip => {
            let late = now.duration_since(at).as_nanos();
            let missed = late / period.as_nanos();
            let rest = Duration::from_nanos((late - missed * period.as_nanos()) as u64);
            // The grid's last moment is `rest` ago.
            after(now, period - rest)
        }
    }
}

/// A moment that the clock cannot show is as good as never.
pub(super) fn after(at: Instant, wait: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);
    at.checked_add(wait).unwrap_or_else(|| at + NEVER)
}

#[cfg(test)]
mod tests;
