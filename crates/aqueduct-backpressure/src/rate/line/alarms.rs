//! The alarms of a line: one for each runtime on which somebody waits.
//!
//! A runtime may exist and not be driven: nobody blocks on a `current_thread` one, or its thread blocks in something
//! else. Its alarm then goes off late or never, and must not be what those on other runtimes rely on. So each has its own,
//! for when the first in line can be served or earlier, and whichever goes off first serves the line. An alarm of a
//! runtime that nobody drives keeps nobody waiting but those on it, who could do nothing with their permits either.
//!
//! When the first in line can be served earlier, as one before has left or the rate is another, all are brought forward,
//! from wherever that is noticed: an entry has its runtime's handle for that. It is removed when its alarm goes off, which
//! the end of its runtime makes it do, so that a line keeps no runtime's remains.

use std::sync::Weak;
use std::task::Waker;

use aqueduct_core::rt::{self, Alarm};
use aqueduct_core::sync::Lock;
use tokio::runtime::{Handle, Id};
use tokio::time::Instant;

use super::{Line, Tick};

#[derive(Debug)]
pub(super) struct Alarms {
    set: Lock<Vec<Armed>>,
    line: Weak<Line>,
}

#[derive(Debug)]
struct Armed {
    runtime: Handle,
    at: Instant,
    alarm: Alarm,
}

/// What became of it.
pub(super) enum Arm {
    /// There is one, for then or earlier.
    Set,
    Past,
    /// Here nobody tells time, and nobody else does.
    Impossible,
}

impl Alarms {
    pub(super) fn new(line: Weak<Line>) -> Self {
        Self {
            set: Lock::default(),
            line,
        }
    }

    /// Whether the current runtime has one. Outside of any, whether there is one at all.
    pub(super) fn is_set_here(&self) -> bool {
        let here = Handle::try_current().ok();
        let set = self.set.lock();
        match here {
            Some(here) => own(&set, here.id()).is_some(),
            None => !set.is_empty(),
        }
    }

    /// Sets one from a waiter's poll, on the current runtime; false if the moment has passed.
    ///
    /// # Panics
    ///
    /// Outside of a runtime that tells time: the waiter would wait for ever.
    pub(super) fn set_here(&self, at: Instant) -> bool {
        let runtime = Handle::current();
        let mut set = self.set.lock();
        self.bring_forward(&mut set, at);
        if let Some(own) = own(&set, runtime.id()) {
            return own.at <= at;
        }
        let alarm = Alarm::set_unless_past(at, self.waker(runtime.id()));
        let is_set = alarm.is_some();
        set.extend(alarm.map(|alarm| Armed { runtime, at, alarm }));
        is_set
    }

    /// Sets one from anywhere: on the current runtime, if there is one that tells time.
    pub(super) fn set(&self, at: Instant) -> Arm {
        let mut set = self.set.lock();
        self.bring_forward(&mut set, at);
        if self.try_set_here(&mut set, at) {
            return Arm::Set;
        }
        if Instant::now() >= at {
            return Arm::Past;
        }
        match set.iter().any(|armed| armed.at <= at) {
            true => Arm::Set,
            false => Arm::Impossible,
        }
    }

    fn try_set_here(&self, set: &mut Vec<Armed>, at: Instant) -> bool {
        let Ok(runtime) = Handle::try_current() else {
            return false;
        };
        if let Some(own) = own(set, runtime.id()) {
            return own.at <= at;
        }
        if !rt::drives_timers() {
            return false;
        }
        let alarm = Alarm::set_if_possible(at, self.waker(runtime.id()));
        let is_set = alarm.is_some();
        set.extend(alarm.map(|alarm| Armed { runtime, at, alarm }));
        is_set
    }

    /// The alarms of all runtimes, where they are later than `at`. One that would be late, or whose runtime is about to
    /// end, stays as it is: it goes off by itself.
    fn bring_forward(&self, set: &mut [Armed], at: Instant) {
        // A thread that ends has no place left to remember the runtime that it enters.
        let is_ending = Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed());
        for armed in set.iter_mut().filter(|armed| armed.at > at && !is_ending) {
            let _entered = armed.runtime.enter();
            if let Some(alarm) = Alarm::set_if_possible(at, self.waker(armed.runtime.id())) {
                armed.alarm = alarm;
                armed.at = at;
            }
        }
    }

    /// That of a runtime has gone off.
    pub(super) fn gone_off(&self, runtime: Id) {
        let mut set = self.set.lock();
        let place = set.iter().position(|armed| armed.runtime.id() == runtime);
        let gone_off = place.map(|place| set.swap_remove(place));
        // What is dropped with it is dropped after the lock.
        drop(set);
        drop(gone_off);
    }

    fn waker(&self, runtime: Id) -> Waker {
        let line = self.line.clone();
        Waker::from(std::sync::Arc::new(Tick { line, runtime }))
    }
}

fn own(set: &[Armed], runtime: Id) -> Option<&Armed> {
    set.iter().find(|armed| armed.runtime.id() == runtime)
}
