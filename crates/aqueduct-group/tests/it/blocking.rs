//! Closures that wait for a thread of the pool.

use std::sync::mpsc;

use aqueduct_group::{AllOk, Collect, TaskEnd, group};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::support::{Census, eventually, secs};

/// With one thread for what blocks.
fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()].map(|mut builder| {
        let builder = builder.worker_threads(2).max_blocking_threads(1);
        builder.enable_all().build().unwrap()
    })
}

#[test]
fn what_waits_for_a_thread_when_the_group_is_aborted_was_stopped() {
    for runtime in runtimes() {
        let census = Census::default();
        let (release, released) = mpsc::channel::<()>();
        runtime.block_on(async {
            let (began, begins) = oneshot::channel();
            let group = group().with_linger(secs(100)).open(Collect::new());
            let guard = census.guard();
            let runs = move || {
                let _guard = guard;
                let _ = began.send(());
                let _ = released.recv();
            };
            group.task("runs").spawn_blocking(runs).await.unwrap();
            begins.await.unwrap();
            for _ in 0..3 {
                let guard = census.guard();
                let queued = move || drop(guard);
                group.task("queued").spawn_blocking(queued).await.unwrap();
            }
            group.abort_all();
            assert_eq!(census.alive(), 1, "they are dropped here and now");
            let joined = timeout(secs(10), group.join_with_report()).await;
            let (ends, report) = joined.expect("it does not wait");
            let cancelled = |end: &TaskEnd<()>| matches!(end, TaskEnd::Cancelled);
            assert!(ends.len() == 4 && ends.iter().all(cancelled));
            let names: Vec<_> = report.unstopped.iter().map(|task| task.name()).collect();
            assert_eq!(names, [Some("runs")]);
            assert_eq!((report.spawned, report.cancelled), (4, 3));
        });
        drop(release);
        eventually("it ends", || census.alive() == 0);
    }
}

/// A runtime that shuts down drops what it has not begun.
#[test]
fn what_waits_for_a_thread_when_the_runtime_goes_has_left() {
    for runtime in runtimes() {
        let census = Census::default();
        let group = group().open(AllOk::<(), ()>::new());
        let (release, released) = mpsc::channel::<()>();
        runtime.block_on(async {
            let (began, begins) = oneshot::channel();
            let runs = move || {
                let _ = began.send(());
                let _ = released.recv();
                Ok(())
            };
            group.unnamed().spawn_blocking(runs).await.unwrap();
            begins.await.unwrap();
            let guard = census.guard();
            let queued = move || {
                drop(guard);
                Ok(())
            };
            group.unnamed().spawn_blocking(queued).await.unwrap();
        });
        runtime.shutdown_background();
        drop(release);
        eventually("both have left", || group.is_empty());
        assert_eq!(census.alive(), 0);
    }
}
