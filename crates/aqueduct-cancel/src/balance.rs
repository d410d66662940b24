//! How many shields were raised less how many were lowered on this thread, since whenever.
//!
//! Only differences mean something: who reads this before and after it polls a future knows by how many more shields
//! are up inside of that future. A future that is polled here now and there later, or in part, is accounted for where
//! it is polled; the sum over its polls is what is up.

use std::cell::Cell;

thread_local! {
    static BALANCE: Cell<isize> = const { Cell::new(0) };
}

#[inline(always)]
pub(crate) fn read() -> isize {
    BALANCE.get()
}

#[cfg(not(aqueduct_loom))]
pub(crate) fn change(by: isize) {
    BALANCE.set(BALANCE.get().wrapping_add(by));
}
