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
    let done = call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
        // A child of fork(2) may have to register anew.
        || (register() && call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED));
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
