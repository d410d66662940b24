//! What may cross threads, be moved and be unwound through.

use std::cell::Cell;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use aqueduct_resilience::{
    Backoff, BudgetStats, Decision, Delays, Failure, HintOverMax, Jitter, Retry, RetryBudget,
    RetryError, RetryErrorKind, RetryEvent, RetrySuccess,
};

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

macro_rules! all {
    ($($type:ty),+ $(,)?) => { $( send::<$type>(); sync::<$type>(); unpin::<$type>(); unwind_safe::<$type>(); )+ };
}

#[test]
fn values_go_anywhere() {
    all!(
        Backoff,
        Jitter,
        Decision,
        HintOverMax,
        RetryBudget,
        BudgetStats,
        RetrySuccess
    );
    all!(
        RetryErrorKind,
        RetryError<u8>,
        Failure<u8>,
        RetryEvent<'static, u8>
    );
    send::<Delays>();
    sync::<Delays>();
    unpin::<Delays>();
    fn copy<T: Copy>() {}
    copy::<Backoff>();
    copy::<Decision>();
}

/// A policy holds no error, so that it does not matter what that is.
#[test]
fn a_policy_goes_anywhere_whatever_its_error() {
    send::<Retry<Rc<u8>>>();
    sync::<Retry<Rc<u8>>>();
    unpin::<Retry<Rc<u8>>>();
    fn clone<T: Clone>() {}
    clone::<Retry<Rc<u8>>>();
    // An error that comes back is what it is.
    send::<RetryError<Cell<u8>>>();
}
