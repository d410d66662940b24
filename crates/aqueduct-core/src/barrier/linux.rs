//! Linux's `membarrier(2)`, private and expedited.
//!
//! I1. `membarrier` takes three integers and touches no memory of ours.

use std::sync::atomic::{AtomicU8, Ordering};

const UNKNOWN: u8 = 0;
const MISSING: u8 = 1;
const PRESENT: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);

#[inline]
pub(super) fn is_available() -> bool {
    match STATE.load(Ordering::Relaxed) {
        UNKNOWN => register(),
        state => state == PRESENT,
    }
}

/// Registers the process, which the kernel demands once; registering twice does no harm.
#[cold]
fn register() -> bool {
    let present = call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    STATE.store(if present { PRESENT } else { MISSING }, Ordering::Relaxed);
    present
}

pub(super) fn barrier() {
    barrier_by(call);
}

/// Says so each time that it is refused. `STATE` stays what it was: were it `MISSING` from then on, a fence would be run
/// here in place of this, and whoever was told before to run [`light`](super::light) would go on with that: they would
/// miss each other, and nobody would say so.
fn barrier_by(call: impl Fn(libc::c_int) -> bool) {
    let done = call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
        // A child of fork(2) may have to register anew.
        || (call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
            && call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    assert!(
        done,
        "the kernel refused membarrier(2), which it had granted before; \
         install seccomp filters before the first channel is used, or allow the call"
    );
}

fn call(command: libc::c_int) -> bool {
    // SAFETY: by I1, any arguments are sound.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_refusal_is_told_each_time_and_changes_nobody_s_part() {
        let before = is_available();
        for _ in 0..2 {
            let refused = catch_unwind(|| barrier_by(|_| false));
            assert!(refused.is_err());
            assert_eq!(is_available(), before);
        }
    }

    #[test]
    fn who_is_not_registered_any_more_registers_anew() {
        let calls = Cell::new(0);
        let child = |command| {
            calls.set(calls.get() + 1);
            calls.get() > 1 || command == libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
        };
        assert!(catch_unwind(AssertUnwindSafe(|| barrier_by(child))).is_ok());
        assert_eq!(calls.get(), 3);
    }
}
