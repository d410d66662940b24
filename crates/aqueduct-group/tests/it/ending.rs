//! Deadlines, grace, what does not stop, and runtimes that go away.

use std::future::pending;
use std::sync::mpsc;

use aqueduct_cancel::{ReasonKind, shield};
use aqueduct_group::{AllOk, Collect, Discard, GroupPhase, TaskEnd, TaskState, group, tree};
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Census, Traces, both, millis, paused, secs, soon, threads};

/// The nearest deadline counts, whichever group has it.
#[test]
fn nested_deadlines() {
    for (outer_secs, inner_secs, inner_ends) in [(10, 3, 3), (3, 10, 3), (5, 5, 5)] {
        paused(async move {
            let start = Instant::now();
            let outer = group().with_timeout(secs(outer_secs)).with_grace(secs(1));
            let outer = outer.run(Collect::new(), async move |outer| {
                let task = async move {
                    let inner = group()
                        .with_timeout(secs(inner_secs))
                        .open(Collect::<()>::new());
                    inner.spawn(pending()).await.unwrap();
                    let (ends, report) = inner.join_with_report().await;
                    assert!(matches!(ends[..], [TaskEnd::Cancelled]));
                    assert_eq!(start.elapsed(), secs(inner_ends));
                    assert_eq!(report.reason.unwrap().kind(), ReasonKind::Deadline);
                };
                outer.spawn(task).await.unwrap();
            });
            assert!(matches!(outer.await[..], [TaskEnd::Returned(())]));
            assert_eq!(start.elapsed(), secs(inner_ends));
        });
    }
}

#[test]
fn of_a_deadline_and_a_timeout_the_first_counts() {
    for (deadline, limit) in [(2, 9), (9, 2)] {
        paused(async move {
            let start = Instant::now();
            let group = group()
                .with_deadline(start + secs(deadline))
                .with_timeout(secs(limit));
            let group = group.open(Discard::<()>::new());
            group.spawn(pending()).await.unwrap();
            assert!(group.join().await.unwrap_err().is_cancelled());
            assert_eq!(start.elapsed(), secs(2));
        });
    }
}

/// A deadline that the clock cannot express is none, and so is such a grace.
#[test]
fn endless_times() {
    paused(async {
        let forever = std::time::Duration::MAX;
        let group = group()
            .with_timeout(forever)
            .with_grace(forever)
            .with_linger(forever);
        let group = group.open(Collect::new());
        let scope = group.scope().clone();
        group
            .spawn(async move { scope.cancelled().await.message().to_owned() })
            .await
            .unwrap();
        let slow = async {
            sleep(secs(100_000)).await;
            "slow".to_owned()
        };
        group.spawn(slow).await.unwrap();
        group.scope().cancel_because("enough");
        let ends = group.join().await;
        let texts: Vec<_> = ends.into_iter().filter_map(TaskEnd::returned).collect();
        assert_eq!(texts, ["enough", "slow"]);
    });
}

#[test]
fn a_shield_ends_within_the_grace_or_with_it() {
    for (work, returns) in [(2, true), (9, false)] {
        paused(async move {
            let start = Instant::now();
            let group = group()
                .with_timeout(secs(1))
                .with_grace(secs(5))
                .open(Collect::new());
            let scope = group.scope().clone();
            let task = async move {
                let protected = async {
                    let cleaned = shield(secs(20), sleep(secs(work))).await;
                    cleaned.unwrap();
                    pending::<()>().await;
                };
                scope.run(protected).await.unwrap_err();
            };
            group.spawn(task).await.unwrap();
            let ends = group.join().await;
            assert_eq!(matches!(ends[..], [TaskEnd::Returned(())]), returns);
            let end = if returns { work } else { 1 + 5 };
            assert_eq!(start.elapsed(), secs(end));
        });
    }
}

#[test]
fn phases_show_in_the_tree() {
    paused(async {
        let group = group()
            .with_name("phases")
            .with_grace(secs(5))
            .open(Discard::<()>::new());
        group.task("deaf").spawn(pending()).await.unwrap();
        let phase = || {
            let tree = tree();
            let mut groups = tree.groups.iter();
            let group = groups.find(|group| group.name.as_deref() == Some("phases"));
            group.map(|group| (group.phase, group.closed, group.tasks.len()))
        };
        assert_eq!(phase(), Some((GroupPhase::Running, false, 1)));
        group.scope().cancel();
        assert_eq!(phase(), Some((GroupPhase::Grace, true, 1)));
        assert!(group.try_spawn(async {}).is_err());
        sleep(millis(4999)).await;
        assert_eq!(phase().unwrap().0, GroupPhase::Grace);
        sleep(millis(2)).await;
        assert_eq!(phase(), Some((GroupPhase::Aborted, true, 0)));
        assert!(group.join().await.is_err());
        assert_eq!(phase(), None);
    });
}

/// Runs until it is told to stop, on a worker of its own, and never comes to an `.await`.
async fn busy(stop: mpsc::Receiver<()>) {
    let _ = stop.recv();
}

#[test]
fn a_task_that_never_yields_is_left_behind_and_told() {
    let census = Census::default();
    let guard = census.guard();
    threads(async move {
        let (stop, stopped) = mpsc::channel();
        let group = group().with_linger(millis(50)).open(AllOk::<(), ()>::new());
        let task = async move {
            let _guard = guard;
            busy(stopped).await;
            Ok(())
        };
        group.task("busy").spawn(task).await.unwrap();
        soon("it runs", || {
            let tree = tree();
            let mut tasks = tree.groups.iter().flat_map(|group| &group.tasks);
            tasks.any(|task| {
                task.name.as_deref() == Some("busy") && task.state == TaskState::Running
            })
        })
        .await;
        let traces = Traces::of(&group);
        let start = Instant::now();
        group.scope().cancel();
        let (result, report) = group.join_with_report().await;
        assert!(start.elapsed() >= millis(50));
        assert!(
            result.unwrap_err().is_cancelled(),
            "nobody failed, and its value is missing"
        );
        let names: Vec<_> = report.unstopped.iter().map(|task| task.name()).collect();
        assert_eq!((names, report.spawned), (vec![Some("busy")], 1));
        assert!(
            report.to_string().contains("not stopped: task 'busy' ("),
            "{report}"
        );
        drop(stop);
        traces.assert_gone("what was left behind has ended");
    });
    assert_eq!(census.alive(), 0);
}

#[test]
fn a_running_closure_is_told_and_waited_for_by_the_group_around() {
    let census = Census::default();
    let guard = census.guard();
    let watch = census.clone();
    threads(async move {
        let (stop, stopped) = mpsc::channel::<()>();
        let (running, runs) = tokio::sync::oneshot::channel();
        let (left, is_left) = tokio::sync::oneshot::channel();
        let outer = group().with_name("around").open(Collect::new());
        let task = async move {
            let inner = group().with_name("inner").open(Discard::<()>::new());
            let closure = move || {
                let _guard = guard;
                running.send(()).unwrap();
                let _ = stopped.recv();
            };
            inner.task("closure").spawn_blocking(closure).await.unwrap();
            runs.await.unwrap();
            inner.abort_all();
            let start = Instant::now();
            let (_, report) = inner.join_with_report().await;
            assert!(start.elapsed() < secs(4), "it is not lingered for");
            assert_eq!(report.unstopped[0].name(), Some("closure"));
            left.send(()).unwrap();
        };
        outer.spawn(task).await.unwrap();
        is_left.await.unwrap();
        assert_eq!(watch.alive(), 1);
        let mut join = Box::pin(outer.join());
        assert!(
            timeout(millis(100), &mut join).await.is_err(),
            "it waits for the closure"
        );
        drop(stop);
        let ends = timeout(secs(10), join).await.unwrap();
        assert_eq!(watch.alive(), 0);
        assert!(matches!(ends[..], [TaskEnd::Returned(())]));
    });
}

#[test]
fn a_closure_that_has_not_begun_never_runs() {
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let (stop, stopped) = mpsc::channel::<()>();
        let first = tokio::task::spawn_blocking(move || stopped.recv().is_ok());
        let group = group().open(Collect::<()>::new());
        let never = || panic!("the group was aborted before");
        group.unnamed().spawn_blocking(never).await.unwrap();
        group.abort_all();
        drop(stop);
        assert!(!first.await.unwrap());
        group.join().await;
    });
}

#[test]
fn closures_are_waited_for_while_nobody_cancels() {
    both(|| async {
        let group = group().open(AllOk::<_, ()>::new());
        for value in 0..3 {
            let closure = move || {
                std::thread::sleep(millis(20));
                Ok(value)
            };
            group.unnamed().spawn_blocking(closure).await.unwrap();
        }
        assert_eq!(group.join().await.unwrap(), [0, 1, 2]);
    });
}

#[test]
fn a_runtime_that_goes_away_cuts_its_tasks_short() {
    for workers in [0, 2] {
        let runtime = match workers {
            0 => Builder::new_current_thread().enable_all().build(),
            workers => Builder::new_multi_thread()
                .worker_threads(workers)
                .enable_all()
                .build(),
        };
        let runtime = runtime.unwrap();
        let census = Census::default();
        let group = runtime.block_on(async {
            let group = group().open(AllOk::<(), &str>::new());
            for _ in 0..3 {
                let guard = census.guard();
                let task = async move {
                    let _guard = guard;
                    pending().await
                };
                group.spawn(task).await.unwrap();
            }
            group
        });
        let traces = Traces::of(&group);
        drop(runtime);
        assert_eq!(census.alive(), 0);
        // What is spawned on it now is dropped at once.
        let guard = census.guard();
        let late = async move {
            let _guard = guard;
            Ok(())
        };
        group.try_spawn(late).unwrap();
        assert_eq!(census.alive(), 0);
        let (result, report) = paused(group.join_with_report());
        let error = result.unwrap_err();
        assert!(error.is_cancelled(), "{error}");
        assert!(
            error.to_string().contains("its runtime was shut down"),
            "{error}"
        );
        assert_eq!((report.cancelled, report.spawned), (4, 4));
        traces.assert_gone("a group without a runtime");
    }
}

/// Nobody waits at the root, but the tasks end.
#[test]
fn at_the_root_a_dropped_group_ends_by_itself() {
    both(|| async {
        let census = Census::default();
        let group = group().with_grace(secs(100)).open(Discard::<()>::new());
        for _ in 0..3 {
            let guard = census.guard();
            let task = async move {
                let _guard = guard;
                pending().await
            };
            group.spawn(task).await.unwrap();
        }
        let traces = Traces::of(&group);
        drop(group);
        while census.alive() > 0 {
            tokio::task::yield_now().await;
        }
        traces.assert_gone("a group dropped at the root");
    });
}

#[test]
fn shutdown_cancels_also_if_nobody_polls_it() {
    both(|| async {
        let group = group().with_grace(secs(1)).open(Collect::new());
        let scope = group.scope().clone();
        let obeys = async move {
            scope.cancelled().await;
            7
        };
        group.spawn(obeys).await.unwrap();
        let scope = group.scope().clone();
        let shutdown = group.shutdown();
        assert!(scope.is_cancelled());
        assert!(matches!(shutdown.await[..], [TaskEnd::Returned(7)]));
    });
}

/// The inner group's grace is longer, and of no use.
#[test]
fn an_outer_group_without_grace_cuts_an_inner_ones_short() {
    paused(async {
        for (outer_grace, ends_after) in [(0, 0), (2, 2), (60, 5)] {
            let start = Instant::now();
            let outer = group().with_grace(secs(outer_grace)).open(Discard::new());
            let census = Census::default();
            let guard = census.guard();
            let opener = async move {
                let inner = group().with_grace(secs(10)).open(Discard::new());
                let scope = inner.scope().clone();
                let slow = async move {
                    let _guard = guard;
                    scope.cancelled().await;
                    sleep(secs(5)).await;
                };
                inner.spawn(slow).await.unwrap();
                let _ = inner.join().await;
            };
            outer.spawn(opener).await.unwrap();
            sleep(millis(1)).await;
            outer.scope().cancel();
            let _ = outer.join().await;
            assert_eq!(start.elapsed(), millis(1) + secs(ends_after));
            assert_eq!(census.alive(), 0);
        }
    });
}

/// Draining asks tasks to finish, for which they may spawn; with `close`, not even that.
#[test]
fn a_group_that_drains_is_open_until_it_is_closed() {
    both(|| async {
        for closes in [false, true] {
            let group = group().open(Discard::new());
            let spawner = group.spawner();
            let finishes = async move {
                spawner.scope().draining().await;
                assert_eq!(spawner.spawn(async {}).await.is_err(), closes);
            };
            group.spawn(finishes).await.unwrap();
            if closes {
                group.close();
            }
            group.scope().drain();
            // To join it would close it.
            soon("both have ended", || group.is_empty()).await;
            let (result, report) = group.join_with_report().await;
            assert!(result.is_ok() && report.reason.is_none());
        }
    });
}
