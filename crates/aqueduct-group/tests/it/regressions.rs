//! What was wrong once.

use std::future::{pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aqueduct_group::policy::{Ending, Next, Triage, Verdict};
use aqueduct_group::{
    AllOk, AsCompleted, Collect, Discard, GroupError, Panicked, Panics, Policy, TaskEnd, TaskRef,
    group,
};
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Census, both, eventually, millis, paused, quiet, secs, threads};

#[test]
fn a_body_without_tasks_is_cut_short_after_the_grace() {
    paused(async {
        let start = Instant::now();
        let group = group().with_timeout(secs(1)).with_grace(secs(2));
        let run = group.run_with(Collect::<()>::new(), async |_| pending::<()>().await);
        let (returned, ends) = timeout(secs(60), run).await.unwrap();
        assert!(returned.is_none() && ends.is_empty());
        assert_eq!(start.elapsed(), secs(3));
    });
}

#[test]
fn a_body_whose_tasks_have_ended_is_cut_short_after_the_grace() {
    paused(async {
        let start = Instant::now();
        let group = group().with_timeout(secs(1)).with_grace(secs(2));
        let run = group.run(Collect::new(), async |group| {
            group.spawn(sleep(millis(500))).await.unwrap();
            group.spawn(sleep(millis(1500))).await.unwrap();
            pending::<()>().await;
        });
        let ends = timeout(secs(60), run).await.unwrap();
        assert!(matches!(
            ends[..],
            [TaskEnd::Returned(()), TaskEnd::Returned(())]
        ));
        assert_eq!(start.elapsed(), secs(3));
    });
}

/// All tasks were good, but not all were spawned.
#[test]
fn a_body_cut_short_is_not_a_success() {
    paused(async {
        let builder = || group().with_timeout(secs(1)).with_grace(millis(100));
        let run = builder().run_with(AllOk::<u8, &str>::new(), async |group| {
            group.spawn(async { Ok(1) }).await.unwrap();
            sleep(secs(10)).await;
            group.spawn(async { Ok(2) }).await.unwrap();
        });
        let (returned, values) = run.await;
        assert!(returned.is_none());
        assert!(
            matches!(values, Err(GroupError::Cancelled(_))),
            "{values:?}"
        );

        let nothing = builder().run(Discard::<()>::new(), async |_| sleep(secs(10)).await);
        assert!(nothing.await.unwrap_err().is_cancelled());
        // A body that returned in time has spawned what it wanted to.
        let values = builder().run(AllOk::<u8, &str>::new(), async |group| {
            group.spawn(async { Ok(1) }).await.unwrap();
            group.scope().cancel();
        });
        assert_eq!(values.await.unwrap(), [1]);
    });
}

#[test]
fn a_policy_that_needs_no_more_of_the_body_is_content() {
    paused(async {
        let race = group().run(aqueduct_group::Race::new(), async |group| {
            group.spawn(async { 7 }).await.unwrap();
            pending::<()>().await;
        });
        assert_eq!(race.await.unwrap(), Some(7));
    });
}

#[test]
fn next_tells_of_tasks_that_were_cancelled() {
    both(|| async {
        let mut group = group().open(AsCompleted::<()>::new());
        for _ in 0..3 {
            group.spawn(pending()).await.unwrap();
        }
        group.abort_all();
        for _ in 0..3 {
            let (_, end) = group.next().await.unwrap();
            assert!(matches!(end, TaskEnd::Cancelled));
        }
        assert!(group.next().await.is_none());
    });
}

#[test]
fn next_ends_when_the_last_task_has_nothing_to_tell() {
    both(|| async {
        let mut group = group().open(AsCompleted::<()>::new());
        let handed = group.unnamed().spawn_with_handle(sleep(millis(5)));
        let handle = handed.await.unwrap();
        assert!(timeout(secs(10), group.next()).await.unwrap().is_none());
        assert!(handle.await.is_ok());
    });
}

#[test]
fn a_panic_beyond_the_failures_kept_goes_on() {
    quiet();
    paused(async {
        let group = group()
            .with_failures_kept_max(1)
            .with_panics(Panics::Resume)
            .with_grace(secs(9));
        let run = group.run(AllOk::<(), &str>::new(), async |group| {
            group.spawn(async { Err("first") }).await.unwrap();
            let panics = async {
                sleep(secs(1)).await;
                panic!("meant to go on")
            };
            group.spawn(panics).await.unwrap();
        });
        let payload = AssertUnwindSafe(run).catch_unwind().await.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"meant to go on"));
    });
}

#[test]
fn two_may_wait_for_the_same_group() {
    threads(async {
        let group = Arc::new(group().open(Discard::<()>::new()));
        group.spawn(sleep(millis(50))).await.unwrap();
        let waiters = [(); 3].map(|()| {
            let group = group.clone();
            tokio::spawn(async move { group.wait_closed().await })
        });
        for waiter in waiters {
            timeout(secs(10), waiter).await.unwrap().unwrap();
        }
    });
}

/// The body's own waker is not the one by which it waits.
#[test]
fn a_body_waits_for_its_group_within_a_set() {
    both(|| async {
        let run = group().run_with(Discard::<()>::new(), async |group| {
            group.spawn(sleep(millis(50))).await.unwrap();
            let mut set = FuturesUnordered::new();
            set.push(group.wait_closed());
            set.next().await
        });
        let (waited, result) = timeout(secs(10), run).await.unwrap();
        assert!(waited.flatten().is_some() && result.is_ok());
    });
}

/// Ends with a panic in `triage`.
struct BrokenTriage;

impl Policy for BrokenTriage {
    type Output = ();
    type Error = ();
    type Value = ();

    fn returned(&mut self, _: TaskRef<'_>, (): ()) -> Verdict<()> {
        Verdict::Continue
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
        Next::Continue
    }

    fn finish(self, _: Ending<()>) {}

    fn triage((): &()) -> Triage {
        panic!("meant: triage")
    }
}

#[test]
fn a_triage_that_panics_is_told_to_who_joins() {
    quiet();
    both(|| async {
        let group = group().open(BrokenTriage);
        group.spawn(async {}).await.unwrap();
        let joined = AssertUnwindSafe(timeout(secs(10), group.join()));
        let payload = joined.catch_unwind().await.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"meant: triage"));
    });
}

#[test]
fn an_output_whose_destructor_panics_keeps_nobody_waiting() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("meant: a destructor");
        }
    }
    quiet();
    both(|| async {
        let group = group().open(Discard::new());
        group.spawn(async { Bomb }).await.unwrap();
        assert!(timeout(secs(10), group.join()).await.unwrap().is_ok());
    });
}

#[test]
fn a_runtime_that_shuts_down_under_a_blocking_task_panics_nowhere() {
    let builder = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
    };
    let runtime = builder().unwrap();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let group = runtime.block_on(async {
        let group = group().with_grace(secs(60)).open(Discard::<()>::new());
        let blocks = group.task("blocks").spawn_blocking(move || {
            let _ = wait.recv();
        });
        blocks.await.unwrap();
        group
    });
    eventually("it runs", || {
        let tree = aqueduct_group::tree();
        let mut tasks = tree.groups.iter().flat_map(|group| &group.tasks);
        tasks.any(|task| {
            task.name.as_deref() == Some("blocks")
                && task.state == aqueduct_group::TaskState::Running
        })
    });
    group.scope().cancel();
    runtime.shutdown_background();
    // Without a runtime there is no time to give: it is aborted, and what cannot be is told.
    let report = builder().unwrap().block_on(async {
        let joined = timeout(secs(10), group.join_with_report()).await;
        joined.unwrap().1
    });
    assert_eq!(report.unstopped.len(), 1);
    drop(go);
}

/// A task that waits to spawn several at once has one seat to lend, not as many.
#[test]
fn a_task_that_spawns_many_at_once_keeps_to_the_limit() {
    both(|| async {
        let group = group().with_limit(1).open(Discard::<()>::new());
        let crowd = crate::support::Crowd::default();
        let (spawner, inner) = (group.spawner(), crowd.clone());
        let parent = async move {
            let spawns = (0..10).map(|_| {
                let crowd = inner.clone();
                spawner.spawn(async move {
                    let _inside = crowd.enter();
                    tokio::task::yield_now().await;
                })
            });
            for spawned in futures_util::future::join_all(spawns).await {
                spawned.unwrap();
            }
        };
        group.spawn(parent).await.unwrap();
        while !group.is_empty() {
            sleep(millis(1)).await;
        }
        assert_eq!(crowd.most(), 1);
        group.join().await.unwrap();
    });
}

/// A task of a nested group waits for room in the outer one, which is held by the task that waits for the nested group.
#[test]
fn a_nested_group_spawns_into_the_full_group_around() {
    both(|| async {
        let outer = group().with_limit(1).open(Collect::new());
        let spawner = outer.spawner();
        let parent = async move {
            let inner = group().with_limit(1).run(Collect::new(), async |inner| {
                let outer = spawner.clone();
                let child = async move {
                    let spawned = outer.spawn(async { 1 }).await;
                    spawned.map(drop).map_err(drop)
                };
                inner.spawn(child).await.unwrap();
                // The body is in the same position.
                spawner.spawn(async { 2 }).await.unwrap();
            });
            let ends = inner.await;
            assert!(matches!(ends[..], [TaskEnd::Returned(Ok(()))]), "{ends:?}");
            4
        };
        outer.spawn(parent).await.unwrap();
        let done = poll_fn(|cx| {
            cx.waker().wake_by_ref();
            match outer.is_empty() {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        });
        timeout(secs(10), done).await.expect("no deadlock");
        let ends = outer.join().await;
        let sum: u32 = ends.into_iter().filter_map(TaskEnd::returned).sum();
        assert_eq!(sum, 7);
    });
}

#[test]
fn a_group_of_a_body_that_is_cut_short_is_waited_for() {
    let census = Census::default();
    let guard = census.guard();
    threads(async move {
        let outer = group().with_timeout(millis(100));
        let run = outer.run(Discard::<()>::new(), async |_| {
            let inner = group().open(Discard::new());
            let busy = async move {
                let _guard = guard;
                std::thread::sleep(millis(400));
            };
            inner.spawn(busy).await.unwrap();
            pending::<()>().await;
        });
        let _ = run.await;
        assert_eq!(census.alive(), 0);
    });
}

/// The deadline passes while the only thread computes, so that nobody has told the group when it is joined.
#[test]
fn a_group_that_is_joined_late_meets_no_lock_of_its_own() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let group = group().with_timeout(millis(20)).open(Collect::new());
        group.spawn(async {}).await.unwrap();
        while !group.is_empty() {
            tokio::task::yield_now().await;
        }
        std::thread::sleep(millis(40));
        let (ends, report) = group.join_with_report().await;
        assert!(matches!(ends[..], [TaskEnd::Returned(())]));
        assert_eq!(report.returned, 1);
    });
}
