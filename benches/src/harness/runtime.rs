//! The runtimes that cases run on.

use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

static MULTI_THREAD: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime starts")
});

static WITH_TIMER: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime starts")
});

static CURRENT_THREAD: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .build()
        .expect("a runtime starts")
});

static CURRENT_WITH_TIMER: LazyLock<Runtime> = LazyLock::new(current_with_timer);

/// A runtime of the calling thread and of one round, with a timer.
pub(crate) fn current_with_timer() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime starts")
}

/// A task with its type erased: one call through a table per *poll*, not per message, for which all entrants' tasks
/// share the runtime's machinery, which would else be the larger part of what is compiled.
pub(crate) type Task<R> = Pin<Box<dyn Future<Output = R> + Send>>;

pub(crate) fn task<R>(future: impl Future<Output = R> + Send + 'static) -> Task<R> {
    Box::pin(future)
}

/// Which runtime a case runs on. One of each lives as long as the program, so that no round pays for starting threads.
/// They have no timer and no I/O driver, which they would look at now and then, but for the one named after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rt {
    /// Two worker threads.
    MultiThread,
    CurrentThread,
    /// Two worker threads, and a timer for cases that sleep.
    WithTimer,
    /// The current thread, and a timer.
    CurrentWithTimer,
}

impl Rt {
    /// Those that nearly every group is run on.
    pub(crate) const BOTH: [Rt; 2] = [Rt::MultiThread, Rt::CurrentThread];

    /// The same two, for groups in which somebody sets a deadline.
    pub(crate) const BOTH_TIMED: [Rt; 2] = [Rt::WithTimer, Rt::CurrentWithTimer];

    /// Runs `main` as a **spawned** task and waits for it. A future given to `block_on` itself is polled by the calling
    /// thread, outside of the workers, and each of its wakes crosses threads.
    ///
    /// # Panics
    ///
    /// With the panic of `main`.
    pub(crate) fn run<R: Send + 'static>(self, main: Task<R>) -> R {
        let runtime = match self {
            Rt::MultiThread => &*MULTI_THREAD,
            Rt::CurrentThread => &*CURRENT_THREAD,
            Rt::WithTimer => &*WITH_TIMER,
            Rt::CurrentWithTimer => &*CURRENT_WITH_TIMER,
        };
        match runtime.block_on(runtime.spawn(main)) {
            Ok(result) => result,
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
}

/// The end of a group's name.
impl fmt::Display for Rt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rt::MultiThread | Rt::WithTimer => "mt",
            Rt::CurrentThread | Rt::CurrentWithTimer => "ct",
        })
    }
}
