//! Groups on runtimes that drive no timers: there is no grace, no limit to waiting, and no panic.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aqueduct_group::{AllOk, Collect, Discard, TaskEnd, TaskGroup, group};
use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

use crate::support::{Census, Traces, millis, quiet, secs};

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap(),
    ]
}

/// Runs a test as a task of each.
fn on_both<F>(test: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    quiet();
    for runtime in runtimes() {
        let test = test();
        runtime.block_on(async { tokio::spawn(test).await.unwrap() });
    }
}

/// Whose tasks take no notice.
async fn deaf(grace: Duration, census: &Census) -> TaskGroup<Collect<()>> {
    let group = group()
        .with_grace(grace)
        .with_linger(millis(1))
        .open(Collect::new());
    for _ in 0..3 {
        let guard = census.guard();
        let deaf = async move {
            let _guard = guard;
            std::future::pending().await
        };
        group.spawn(deaf).await.unwrap();
    }
    group
}

#[test]
fn a_group_that_is_cancelled_is_aborted_at_once() {
    for grace in [Duration::ZERO, secs(3600)] {
        on_both(|| async move {
            let census = Census::default();
            let group = deaf(grace, &census).await;
            group.scope().cancel();
            let (ends, report) = group.join_with_report().await;
            assert!(ends.iter().all(|end| matches!(end, TaskEnd::Cancelled)));
            assert_eq!((ends.len(), report.cancelled, census.alive()), (3, 3, 0));
            assert!(report.aborted_at.is_some() && report.unstopped.is_empty());
        });
    }
}

#[test]
fn a_group_that_is_dropped_is_waited_for_by_the_one_around() {
    for grace in [Duration::ZERO, secs(3600)] {
        on_both(|| async move {
            let census = Census::default();
            let inner_census = census.clone();
            let outer = group().with_grace(grace).open(Collect::new());
            let owner = async move {
                let group = deaf(grace, &inner_census).await;
                yield_now().await;
                let traces = Traces::of(&group);
                drop(group);
                traces
            };
            outer.spawn(owner).await.unwrap();
            let end = outer.join().await.remove(0);
            assert_eq!(census.alive(), 0);
            end.returned().unwrap().assert_gone("without timers");
        });
    }
}

#[test]
fn a_failure_and_a_body_end_it() {
    on_both(|| async {
        let run = group()
            .with_grace(secs(3600))
            .run(AllOk::<(), u32>::new(), async |group| {
                group.spawn(async { Err(7) }).await.unwrap();
                group.spawn(std::future::pending()).await.unwrap();
                std::future::pending().await
            });
        assert_eq!(run.await.unwrap_err().into_first_error(), Some(7));
    });
}

/// The linger has no end, so what takes long to end is waited for.
#[test]
fn who_ends_slowly_is_not_given_up() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let slow = async {
        let census = Census::default();
        let guard = census.guard();
        let group = group().with_linger(millis(1)).open(Discard::new());
        let (began, begins) = std::sync::mpsc::channel();
        let slow = async move {
            let _guard = guard;
            let _ = began.send(());
            std::thread::sleep(millis(100));
        };
        group.spawn(slow).await.unwrap();
        // Blocks this thread, which is no worker: the task runs on one meanwhile.
        begins.recv().unwrap();
        group.abort_all();
        let (_, report) = group.join_with_report().await;
        assert_eq!((report.unstopped.len(), census.alive()), (0, 0));
    };
    runtime.block_on(slow);
}

/// As with any timer there; but only where it is asked for.
#[test]
fn a_deadline_panics_when_it_is_first_needed() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for runtime in runtimes() {
        runtime.block_on(async {
            let group = group().with_timeout(secs(1)).open(Discard::<()>::new());
            let spawn = group.spawn(async {});
            assert!(AssertUnwindSafe(spawn).catch_unwind().await.is_err());
            // It goes without another panic.
            drop(group);
        });
    }
    std::panic::set_hook(hook);
}

/// Nobody tells when the time to drain is over: what was begun is finished, and who is asked to end it cancels.
#[test]
fn draining_has_no_end_but_that_of_the_work() {
    for is_cancelled in [false, true] {
        on_both(|| async move {
            let builder = group().with_drain(millis(1)).with_grace(secs(3600));
            let group = builder.open(Collect::new());
            let scope = group.scope().clone();
            let (ended, mut end) = tokio::sync::oneshot::channel::<()>();
            let work = async move {
                scope.draining().await;
                if is_cancelled {
                    std::future::pending::<()>().await;
                }
                for _ in 0..20 {
                    yield_now().await;
                }
                let _ = ended.send(());
            };
            group.spawn(work).await.unwrap();
            yield_now().await;
            group.scope().drain();
            std::thread::sleep(millis(5));
            assert!(!group.scope().is_cancelled());
            if is_cancelled {
                group.scope().cancel();
            }
            let (ends, report) = group.join_with_report().await;
            assert_eq!(matches!(ends[..], [TaskEnd::Cancelled]), is_cancelled);
            assert_eq!(report.cancelled_at.is_some(), is_cancelled);
            assert_eq!(end.try_recv().is_ok(), !is_cancelled);
        });
    }
}

/// Who gave it none has none there, either.
#[test]
fn no_time_to_drain_is_none() {
    on_both(|| async {
        let group = group().with_drain(Duration::ZERO).open(Collect::new());
        group.spawn(std::future::pending::<()>()).await.unwrap();
        group.scope().drain();
        let ends = group.join().await;
        assert!(matches!(ends[..], [TaskEnd::Cancelled]));
    });
}
