//! What loom models share, here and in the crates above.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::{Condvar, Mutex};
use loom::thread;

thread_local! {
    // Not loom's: all threads of a model run on the one that called `loom::model`.
    static ASYMMETRIC: Cell<bool> = const { Cell::new(false) };
}

/// Runs models in which the payer of barriers changes with the pace, as on Linux. See [`barrier`](crate::barrier).
pub fn asymmetric<R>(models: impl FnOnce() -> R) -> R {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            ASYMMETRIC.set(false);
        }
    }
    ASYMMETRIC.set(true);
    let _reset = Reset;
    models()
}

pub(crate) fn is_asymmetric() -> bool {
    ASYMMETRIC.get()
}

/// Explores every interleaving with at most so many preemptions, which keeps a model of three threads to seconds.
pub fn bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Runs a future to its end on this thread of the model. A lost wake shows as a deadlock.
///
/// Instead of loom's own, which prints a line at each wait, and takes a future that wakes itself for one that hangs.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let parker = std::sync::Arc::new(Parker {
        thread: thread::current().id(),
        woken: Mutex::new(Woken::No),
        changed: Condvar::new(),
    });
    let waker = Waker::from(parker.clone());
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        parker.park();
    }
}

struct Parker {
    thread: thread::ThreadId,
    woken: Mutex<Woken>,
    changed: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    No,
    ByItself,
    ByAnother,
}

impl Parker {
    fn park(&self) {
        let mut woken = self.woken.lock().unwrap();
        while *woken == Woken::No {
            woken = self.changed.wait(woken).unwrap();
        }
        let by_itself = *woken == Woken::ByItself;
        *woken = Woken::No;
        drop(woken);
        if by_itself {
            // It waits for something that another thread is in the middle of.
            thread::yield_now();
        }
    }
}

impl Wake for Parker {
    fn wake(self: std::sync::Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &std::sync::Arc<Self>) {
        let by_itself = thread::current().id() == self.thread;
        let mut woken = self.woken.lock().unwrap();
        if by_itself && *woken == Woken::No {
            *woken = Woken::ByItself;
        } else if !by_itself {
            *woken = Woken::ByAnother;
            self.changed.notify_one();
        }
    }
}
