//! Runs a future on the calling thread, which sleeps between polls.
//!
//! The blocking forms of async operations are the async ones run by this, so that a thread waits in the same queues
//! as tasks do. Each thread keeps one waker; a nested call gets a fresh one, since sharing it would let the inner
//! call eat the outer one's wake-up.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release pairs with the Acquire swap in `run`: what happened before the wake is seen by the next poll.
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

impl Parker {
    fn new() -> (Arc<Self>, Waker) {
        let parker = Arc::new(Self {
            thread: thread::current(),
            woken: AtomicBool::new(false),
        });
        let waker = Waker::from(parker.clone());
        (parker, waker)
    }
}

/// Runs `future` to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static PARKER: Cell<Option<(Arc<Parker>, Waker)>> = const { Cell::new(None) };
    }
    // Taken while in use, so that a nested call makes its own. So does one in a destructor of the thread's own data.
    let cached = PARKER.try_with(Cell::take).ok().flatten();
    let (parker, waker) = cached.unwrap_or_else(Parker::new);
    let output = run(future, &parker, &waker);
    let _ = PARKER.try_with(|cached| cached.set(Some((parker, waker))));
    output
}

fn run<F: Future>(future: F, parker: &Parker, waker: &Waker) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        // Acquire pairs with the Release swap in `wake_by_ref`.
        while !parker.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
