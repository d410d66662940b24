//! What loom models share, here and in the crates above.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Wake, Waker};

use loom::model::Builder;
use loom::sync::{Condvar, Mutex};
use loom::thread;

thread_local! {
    // Not loom's: all threads of a model run on the one that called `loom::model`.
    static ASYMMETRIC: Cell<bool> = const { Cell::new(false) };
    static ORDER: Cell<Order> = const { Cell::new(Order::Written) };
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
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// In which order the threads of a model begin.
///
/// Loom takes the last access of an atomic for the only one that a write can come before. Where a thread looks at a word
/// before it changes it, that is its own look, and a reader that began earlier may never be tried after it. Begun the
/// other way round, it is. Two orders, one the reverse of the other, have each two threads in both: all orders of three
/// threads would have nothing more for a pair, and take three times as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Who spawns goes on, and then the others in the order in which they were spawned.
    Written,
    /// The last of the others first, who spawned them last.
    Reversed,
}

/// As `loom::model`, with the threads that [`spawn`] and [`spawn_both`] begin begun in both [orders](Order).
pub fn race(model: impl Fn() + Sync + Send + 'static) {
    race_in(Builder::new, model);
}

/// As [`race`], with at most so many preemptions.
pub fn race_bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let builder = move || {
        let mut builder = Builder::new();
        builder.preemption_bound = Some(preemptions);
        builder
    };
    race_in(builder, model);
}

/// As [`race`], with a builder for each order.
pub fn race_in(builder: impl Fn() -> Builder, model: impl Fn() + Sync + Send + 'static) {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            ORDER.set(Order::Written);
        }
    }
    let _reset = Reset;
    let model = std::sync::Arc::new(model);
    for order in [Order::Written, Order::Reversed] {
        ORDER.set(order);
        let model = model.clone();
        builder().check(move || model());
    }
}

/// As loom's, for a model that is a [`race`]. Two threads that do not do the same are [spawned together](spawn_both).
pub fn spawn<T: 'static>(run: impl FnOnce() -> T + 'static) -> thread::JoinHandle<T> {
    let spawned = thread::spawn(run);
    if ORDER.get() == Order::Reversed {
        // Until it waits or ends, if it is not preempted: who has yielded least is who goes on. No access to anything,
        // so that it orders nothing.
        thread::yield_now();
    }
    spawned
}

/// Spawns two that do not do the same.
pub fn spawn_both<T: 'static, U: 'static>(
    first: impl FnOnce() -> T + 'static,
    second: impl FnOnce() -> U + 'static,
) -> (thread::JoinHandle<T>, thread::JoinHandle<U>) {
    if ORDER.get() == Order::Reversed {
        let second = spawn(second);
        return (spawn(first), second);
    }
    (spawn(first), spawn(second))
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

#[cfg(test)]
mod tests;
