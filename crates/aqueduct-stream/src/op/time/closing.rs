//! When what an operator gathers is given.
//!
//! ```text
//!            items: a  b     c
//!   AfterFirst(4):  ├───────┤           batch
//!   AfterLast(4):            ├───────┤  session, debounce
//!   Each(4):      ┼───────┼───────┼───  window, sample: the same for all, whenever an item comes
//! ```
//!
//! The rules are functions of moments that are given to them; [`Closing`] has the timer.

use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_core::rt::Instant;

use crate::source::Pull;
use crate::timer::Timer;

/// The rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Closes {
    /// Only when full.
    Never,
    /// So long after the first item.
    AfterFirst(Duration),
    /// So long after the last item.
    AfterLast(Duration),
    /// At the next tick.
    Each(Grid),
}

/// Ticks at equal distances, from a moment on that is no tick itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    period: Duration,
    start: Option<Instant>,
    /// The last tick at which something was done.
    done: Option<Instant>,
}

impl Grid {
    /// # Panics
    ///
    /// If the period is zero.
    #[track_caller]
    pub(super) fn new(period: Duration) -> Self {
        assert!(!period.is_zero(), "a period of zero");
        Self {
            period,
            start: None,
            done: None,
        }
    }

    /// The first tick that is not before `now`, where nothing has been done yet. None if the clock does not go that far.
    pub(super) fn tick_from(&self, now: Instant) -> Option<Instant> {
        let start = self.start.unwrap_or(now);
        let period = self.period.as_nanos();
        let over = now.saturating_duration_since(start).as_nanos() % period;
        // A period's nanoseconds beyond u64 are 584 years: further than any clock goes.
        let left = u64::try_from(period - over).ok()?;
        let is_tick = over == 0 && now > start && self.done.is_none_or(|done| done < now);
        if is_tick {
            return Some(now);
        }
        now.checked_add(Duration::from_nanos(left))
    }

    /// The first tick after `now`.
    pub(super) fn tick_after(&self, now: Instant) -> Option<Instant> {
        let grid = Self {
            done: Some(now),
            ..*self
        };
        grid.tick_from(now)
    }

    pub(super) fn begin(&mut self) {
        if self.start.is_none() {
            self.start = Some(Instant::now());
        }
    }

    /// Something has been done at the tick, and is not done there again.
    pub(super) fn done_at(&mut self, tick: Option<Instant>) {
        self.done = tick;
    }
}

/// A rule and its clock.
#[derive(Debug)]
pub(super) struct Closing {
    rule: Closes,
    timer: Timer,
}

impl Closing {
    pub(super) fn new(rule: Closes) -> Self {
        Self {
            rule,
            timer: Timer::new(),
        }
    }

    /// To be called at each pull: time begins with the first.
    #[inline]
    pub(super) fn begin(&mut self) {
        if let Closes::Each(grid) = &mut self.rule {
            grid.begin();
        }
    }

    /// Whether it is each item that has to wait for its time, and not what is inside.
    pub(super) fn is_debounce(&self) -> bool {
        matches!(self.rule, Closes::AfterLast(_))
    }

    /// Whether it is time for what is inside, after a pull that did not say `End`; `came` says whether something came in it, and
    /// whether that was the first. If not, the task will be woken for it, or the source can go on.
    pub(super) fn is_time(
        &mut self,
        came: Option<bool>,
        pulled: Poll<Pull>,
        cx: &mut Context<'_>,
    ) -> bool {
        if matches!(self.rule, Closes::Never) {
            return false;
        }
        if came.is_some() || pulled.is_ready() {
            let now = Instant::now();
            if let Some(first) = came {
                self.came(first, now);
            }
            if pulled.is_ready() {
                return self.is_due(now);
            }
        }
        self.timer.poll(cx).is_ready()
    }

    /// Items came; `first` says that nothing had been inside before them, or has been given since.
    fn came(&mut self, first: bool, now: Instant) {
        match self.rule {
            Closes::AfterFirst(wait) if first => self.timer.set(now.checked_add(wait)),
            Closes::AfterLast(gap) => self.timer.set(now.checked_add(gap)),
            Closes::Each(grid) if first => self.timer.set(grid.tick_from(now)),
            _ => {}
        }
    }

    /// What was inside has been given, since it was full.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.timer.clear();
    }

    /// What was inside has been given, since it was time.
    pub(super) fn close(&mut self) {
        if let Closes::Each(grid) = &mut self.rule {
            grid.done_at(self.timer.at());
        }
        self.timer.clear();
    }

    #[inline]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.timer.is_due(now)
    }
}

#[cfg(test)]
mod tests;
