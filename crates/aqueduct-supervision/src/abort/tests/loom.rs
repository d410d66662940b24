//! Models of an abort. Each says which claim of [`abort`](super) it guards, and names changes that make it fail.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use ::loom::thread;
use aqueduct_core::model::block_on;

use super::*;

/// A child that waits for nothing but its abort.
fn run(abort: &Abort, run: u64) {
    block_on(poll_fn(|cx| {
        if abort.is_asked(run) {
            abort.leave(run);
            return Poll::Ready(());
        }
        abort.arm(run, cx.waker().clone());
        Poll::Pending
    }));
}

/// A child that begins to wait while it is aborted is woken. A wake that is lost shows as a deadlock.
///
/// Fails if `arm` does not look under the lock; if `ask` takes the waker before it says so.
#[test]
fn wait_against_abort() {
    ::loom::model(|| {
        let abort = Arc::new(Abort::new());
        let aborts = thread::spawn({
            let abort = abort.clone();
            move || abort.ask(1)
        });
        run(&abort, 1);
        aborts.join().unwrap();
    });
}

/// A1: two abort, one of them a run that is over, while the next run begins to wait: it is stopped by its own abort alone.
///
/// Fails if `take` takes whatever waker is there: the abort of the old run then takes that of the new one away.
#[test]
fn a_late_abort_of_an_old_run() {
    ::loom::model(|| {
        let abort = Arc::new(Abort::new());
        let [late, now] = [1, 2].map(|run| {
            let abort = abort.clone();
            thread::spawn(move || abort.ask(run))
        });
        run(&abort, 2);
        late.join().unwrap();
        now.join().unwrap();
    });
}
