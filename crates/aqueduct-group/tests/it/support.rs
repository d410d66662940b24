//! What the tests share: runtimes, guards that count what is alive, and the look at what is left.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aqueduct_cancel::WeakScope;
use aqueduct_group::{Policy, Spawner, TaskId, tree};
use tokio::runtime::Builder;

/// A future whose type is forgotten. Tokio's and our code for a task is compiled for each type of future anew, which here, with
/// every policy, is most of what there is to compile.
pub(crate) fn boxed<F>(future: F) -> Pin<Box<dyn Future<Output = F::Output> + Send>>
where
    F: Future + Send + 'static,
{
    Box::pin(future)
}

/// Runs on one thread, under a clock that stands still and jumps to the next timer.
pub(crate) fn paused<F: Future>(test: F) -> F::Output {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(pin!(test) as Pin<&mut dyn Future<Output = F::Output>>)
}

/// Runs on two workers, as a task of one of them.
pub(crate) fn threads<F>(test: F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let task = runtime.spawn(boxed(test));
    runtime.block_on(task).unwrap()
}

/// Runs on both.
pub(crate) fn both<F>(test: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    paused(test());
    threads(test());
}

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Counts what is alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census(Arc<AtomicUsize>);

impl Census {
    /// One more is alive until this is dropped.
    pub(crate) fn guard(&self) -> Guard {
        self.0.fetch_add(1, Ordering::SeqCst);
        Guard(self.0.clone())
    }

    pub(crate) fn alive(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
pub(crate) struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How many run at once, and how many did at most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crowd {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Crowd {
    pub(crate) fn enter(&self) -> Guard {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Guard(self.now.clone())
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// What must be gone once a group has ended and its handles are dropped.
#[derive(Debug)]
pub(crate) struct Traces {
    group: TaskId,
    scope: WeakScope,
}

impl Traces {
    pub(crate) fn of<P: Policy>(group: &Spawner<P>) -> Self {
        Self {
            group: group.id(),
            scope: group.scope().downgrade(),
        }
    }

    fn left(&self) -> Option<&'static str> {
        if tree().groups.iter().any(|group| group.id == self.group) {
            return Some("the group is in the tree");
        }
        self.scope.upgrade().map(|_| "its scope is alive")
    }

    /// The last task lets go of its group just after it has told the owner, on its own thread.
    pub(crate) fn assert_gone(&self, about: &str) {
        eventually(about, || self.left().is_none());
    }
}

/// Waits on this thread until something is true.
pub(crate) fn eventually(about: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < secs(10), "not within 10 s: {about}");
        std::thread::sleep(millis(1));
    }
}

/// Waits until something is true, and lets others run meanwhile.
pub(crate) async fn soon(about: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < secs(10), "not within 10 s: {about}");
        tokio::time::sleep(millis(1)).await;
    }
}

/// Does not print the panics of tasks, which are meant.
pub(crate) fn quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let message = info.payload().downcast_ref::<&str>();
            if !message.is_some_and(|message| message.starts_with("meant")) {
                print(info);
            }
        }));
    });
}
