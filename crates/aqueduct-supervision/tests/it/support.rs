//! What the tests share: runtimes, guards that count what is alive, logs of what happened.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use std::time::Duration;

use aqueduct_supervision::{ChildContext, ChildSpec, Exit};
use tokio::runtime::Builder;
use tokio::time::Instant;

/// A future whose type is forgotten, so that Tokio's code for tasks is compiled once.
pub(crate) fn boxed<F>(future: F) -> Pin<Box<dyn Future<Output = F::Output> + Send>>
where
    F: Future + Send + 'static,
{
    Box::pin(future)
}

/// Runs on one thread, under a clock that stands still and jumps to the next timer. All tasks are gone after it.
pub(crate) fn paused<F: Future>(test: F) -> F::Output {
    quiet();
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let output = (pin!(test) as Pin<&mut dyn Future<Output = F::Output>>).await;
        assert_no_tasks().await;
        output
    })
}

/// Runs on two workers, as a task of one of them.
pub(crate) fn threads<F>(test: F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    quiet();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let task = runtime.spawn(boxed(test));
    let output = runtime.block_on(task).unwrap();
    runtime.block_on(assert_no_tasks());
    output
}

/// Runs on both.
pub(crate) fn both<F>(test: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    paused(test());
    threads(test());
}

/// Runs on both, beside the workers: for what need not be `Send`.
pub(crate) fn both_beside<F: Future<Output = ()>>(test: impl Fn() -> F) {
    paused(test());
    beside(test());
}

/// Runs on this thread, beside two workers: also while one of them is busy, which keeps what it was to run next.
pub(crate) fn beside(test: impl Future<Output = ()>) {
    quiet();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
    runtime.block_on(assert_no_tasks());
}

/// Nothing that a test began runs on. (What tells of its end may be just about to end itself.)
async fn assert_no_tasks() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let start = std::time::Instant::now();
    while metrics.num_alive_tasks() > 0 {
        let alive = metrics.num_alive_tasks();
        assert!(start.elapsed() < secs(60), "{alive} tasks are left");
        tokio::task::yield_now().await;
    }
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

/// Waits until something is true, and lets others run meanwhile.
pub(crate) async fn soon(about: &str, mut is_true: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !is_true() {
        assert!(start.elapsed() < secs(60), "not within a minute: {about}");
        tokio::task::yield_now().await;
    }
}

/// What happened, and when, in milliseconds since the log was made.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<(u128, String)>>>,
    since: Instant,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            lines: Arc::default(),
            since: Instant::now(),
        }
    }

    pub(crate) fn say(&self, line: impl Into<String>) {
        let at = self.since.elapsed().as_millis();
        self.lines.lock().unwrap().push((at, line.into()));
    }

    /// Takes out what was said.
    pub(crate) fn take(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// As [`take`](Self::take), with the times.
    pub(crate) fn take_timed(&self) -> Vec<(u128, String)> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

/// By which a test ends children.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trigger(Arc<Mutex<Option<tokio::sync::oneshot::Sender<Exit>>>>);

impl Trigger {
    /// Ends the incarnation that lives.
    pub(crate) fn pull(&self, exit: Exit) {
        let sender = self.0.lock().unwrap().take().expect("one lives");
        sender.send(exit).expect("it waits");
    }

    fn arm(&self) -> tokio::sync::oneshot::Receiver<Exit> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        *self.0.lock().unwrap() = Some(sender);
        receiver
    }
}

/// A child that says when it starts and stops, ends when told, and waits for nothing else but its scope.
pub(crate) fn child(id: &'static str, log: &Log, census: &Census) -> (ChildSpec, Trigger) {
    let (log, census) = (log.clone(), census.clone());
    let trigger = Trigger::default();
    let armed = trigger.clone();
    let spec = ChildSpec::worker(id, move |cx: ChildContext| {
        let (log, guard) = (log.clone(), census.guard());
        let told = armed.arm();
        log.say(format!("+{id}"));
        async move {
            let _guard = guard;
            let exit = tokio::select! {
                exit = told => exit.unwrap_or_default(),
                _ = cx.scope().cancelled() => Exit::Normal,
            };
            log.say(format!("-{id}"));
            exit
        }
    });
    (spec, trigger)
}

/// A waker that panics.
pub(crate) fn throws() -> Waker {
    struct Throws;

    impl Wake for Throws {
        fn wake(self: Arc<Self>) {
            panic!("meant: in a waker");
        }
    }

    Waker::from(Arc::new(Throws))
}

pub(crate) fn boom() -> Exit {
    Exit::failed(aqueduct_supervision::Failure::msg("boom"))
}

/// Does not print panics that are meant. Before the crate chains its own hook, which would not be called otherwise.
fn quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let payload = info.payload();
            let message = payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            if !message.is_some_and(|message| message.starts_with("meant")) {
                print(info);
            }
        }));
    });
}
