//! What tasks are and have: names, handles, context, and threads of their own.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use aqueduct_core::node::with_current;
use aqueduct_group::{
    Collect, Discard, StartError, TaskEnd, TaskId, TaskKind, TaskState, TrySpawnError, group, tree,
};
use futures_util::FutureExt;
use tokio::task::{LocalSet, yield_now};
use tokio::time::sleep;

use crate::support::{both, millis, paused, quiet, secs, soon};

#[test]
fn a_started_task_says_what_it_is_ready_with() {
    both(|| async {
        let group = group().with_grace(secs(9)).open(Collect::new());
        let scope = group.scope().clone();
        let port = group.task("server").start(|ready| async move {
            sleep(millis(10)).await;
            assert!(ready.ready(8080));
            scope.cancelled().await;
            7
        });
        assert_eq!(port.await, Ok(8080));
        assert!(matches!(group.shutdown().await[..], [TaskEnd::Returned(7)]));
    });
}

#[test]
fn a_task_that_does_not_start_is_told() {
    quiet();
    both(|| async {
        let group = group().open(Collect::new());
        let returns = group.unnamed().start::<u8, _, _>(|_| async {}).await;
        assert_eq!(returns, Err(StartError::Ended));
        let panics = group
            .unnamed()
            .start::<u8, _, _>(|_ready| async { panic!("meant") })
            .await;
        assert_eq!(panics, Err(StartError::Ended));
        // Who waits for it may go away; the task goes on, and is told so.
        let start = group.unnamed().start(|ready| async move {
            yield_now().await;
            yield_now().await;
            assert!(!ready.ready(1));
        });
        assert!(start.now_or_never().is_none());
        group.close();
        let late = group.unnamed().start::<u8, _, _>(|_| async {}).await;
        assert_eq!(late, Err(StartError::Closed));
        let ends = group.join().await;
        assert!(matches!(
            ends[..],
            [
                TaskEnd::Returned(()),
                TaskEnd::Panicked(_),
                TaskEnd::Returned(())
            ]
        ));
    });
}

#[test]
fn handles_give_values_of_other_types() {
    quiet();
    both(|| async {
        let group = group().open(Discard::<()>::new());
        let text = group
            .task("text")
            .spawn_with_handle(async { "text".to_owned() })
            .await
            .unwrap();
        let number = group
            .unnamed()
            .spawn_with_handle(async { 7 })
            .await
            .unwrap();
        assert_ne!(text.id(), number.id());
        let panics = group.unnamed().spawn_with_handle(async { panic!("meant") });
        let panics: aqueduct_group::TaskHandle<()> = panics.await.unwrap();
        let cut_short = group
            .unnamed()
            .spawn_with_handle(pending::<u8>())
            .await
            .unwrap();
        drop(group.unnamed().spawn_with_handle(async {}).await.unwrap());
        assert_eq!((number.await, text.await), (Ok(7), Ok("text".to_owned())));
        assert!(panics.await.is_err());
        group.abort_all();
        assert!(cut_short.await.is_err());
        let (result, report) = group.join_with_report().await;
        let failures = result.unwrap_err();
        assert_eq!(failures.failures().unwrap().kept(), 1);
        assert_eq!((report.panicked, report.spawned), (1, 5));
    });
}

#[test]
fn a_closed_group_hands_the_future_back() {
    paused(async {
        let group = group().with_limit(1).open(Collect::<u8>::new());
        group.spawn(async { 1 }).await.unwrap();
        let Err(TrySpawnError::Full(full)) = group.try_spawn(async { 2 }) else {
            panic!("it has one task, which has not run");
        };
        let waiting = group.spawn(full);
        let (waited, ()) = tokio::join!(waiting, async { group.close() });
        let handed_back = waited.unwrap_err().into_inner();
        let Err(TrySpawnError::Closed(again)) = group.try_spawn(handed_back) else {
            panic!("it is closed");
        };
        assert_eq!(again.await, 2);
        assert_eq!(group.join().await.len(), 1);
    });
}

#[test]
fn tasks_have_names_places_and_numbers() {
    paused(async {
        let group = group().with_name("named").open(Collect::<()>::new());
        let named = group.task("first").spawn(pending()).await.unwrap();
        let (unnamed, line) = (group.try_spawn(pending()).unwrap(), line!());
        group
            .task(format!("third {}", 3))
            .spawn_blocking(|| {})
            .await
            .unwrap();
        yield_now().await;
        let tree = tree();
        let seen = tree
            .groups
            .iter()
            .find(|seen| seen.id == group.id())
            .unwrap();
        assert_eq!((seen.name.as_deref(), seen.parent), (Some("named"), None));
        assert_eq!(group.name(), Some("named"));
        let tasks = &seen.tasks;
        let ids: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
        assert_eq!(ids[..2], [named, unnamed]);
        let names: Vec<_> = tasks.iter().map(|task| task.name.as_deref()).collect();
        assert_eq!(names[..2], [Some("first"), None]);
        assert!(
            tasks
                .iter()
                .all(|task| task.location.file().ends_with("tasks.rs"))
        );
        assert_eq!(tasks[1].location.line(), line);
        assert_eq!(
            (tasks[0].kind, tasks[0].state),
            (TaskKind::Async, TaskState::Waiting)
        );
        // By a body or task each is a child, by other code it is not.
        assert_eq!(tasks[0].parent, None);
        group.abort_all();
        group.join().await;
    });
}

#[test]
fn the_tree_is_drawn() {
    paused(async {
        let run = group()
            .with_name("drawn")
            .run(Collect::new(), async |outer| {
                let task = async {
                    let inner = group().with_name("within").open(Collect::<()>::new());
                    inner.spawn(pending()).await.unwrap();
                    sleep(secs(1)).await;
                    inner.abort_all();
                    inner.join().await;
                };
                outer.task("opener").spawn(task).await.unwrap();
                sleep(millis(1)).await;
                let drawn = tree().to_string();
                let lines: Vec<_> = drawn
                    .lines()
                    .skip_while(|l| !l.contains("group drawn"))
                    .collect();
                let begins = [
                    "group drawn [Running,",
                    "  task opener [Waiting,",
                    "    group within [",
                    "      task (unnamed) [",
                ];
                for (line, begin) in lines.iter().zip(begins) {
                    assert!(line.starts_with(begin), "{drawn}");
                    assert!(line.contains("tasks.rs:"), "{drawn}");
                }
                assert!(lines.len() >= begins.len() && tree().task_count() >= 2);
            });
        run.await;
    });
}

#[test]
fn children_inherit_the_word_of_context() {
    both(|| async {
        let word = || with_current(|node| node.unwrap().context().load(Ordering::Relaxed));
        let group = group().open(Collect::new());
        let spawner = group.spawner();
        let parent = async move {
            let set =
                |word| with_current(|own| own.unwrap().context().store(word, Ordering::Relaxed));
            set(7);
            spawner.spawn(async move { word() }).await.unwrap();
            let nested = aqueduct_group::group().run(Collect::new(), async |nested| {
                nested.spawn(async move { word() }).await.unwrap();
                assert_eq!(word(), 7, "of a body");
            });
            let ends = nested.await;
            set(8);
            let nested: u64 = ends.into_iter().filter_map(TaskEnd::returned).sum();
            100 * nested
        };
        group.spawn(parent).await.unwrap();
        soon("all ended", || group.is_empty()).await;
        assert!(with_current(|node| node.is_none()));
        let words: Vec<_> = group
            .join()
            .await
            .into_iter()
            .filter_map(TaskEnd::returned)
            .collect();
        assert_eq!(words, [700, 7]);
    });
}

#[test]
fn local_tasks_need_not_be_send() {
    paused(LocalSet::new().run_until(async {
        let group = group().open(Collect::new());
        let shared = Rc::new(5);
        let task = shared.clone();
        group
            .task("local")
            .spawn_local(async move { *task + 1 })
            .await
            .unwrap();
        let never = shared.clone();
        let stuck = async move {
            pending::<()>().await;
            *never
        };
        group.unnamed().spawn_local(stuck).await.unwrap();
        yield_now().await;
        group.abort_all();
        let ends = group.join().await;
        assert!(matches!(
            ends[..],
            [TaskEnd::Returned(6), TaskEnd::Cancelled]
        ));
        assert_eq!(Rc::strong_count(&shared), 1);
    }));
}

#[test]
fn a_local_task_without_a_place_for_it_is_not_counted() {
    quiet();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // Tokio panics outside of a local set, and the place is given back.
    runtime.block_on(async {
        let group = group().with_limit(1).open(Collect::<()>::new());
        let spawn = AssertUnwindSafe(group.unnamed().spawn_local(async {}));
        assert!(spawn.catch_unwind().await.is_err());
        assert_eq!(group.len(), 0);
        group.spawn(async {}).await.unwrap();
        let ends = group.join().await;
        assert!(matches!(
            ends[..],
            [TaskEnd::Cancelled, TaskEnd::Returned(())]
        ));
    });
}

#[test]
fn handles_of_closures_and_of_tasks_that_start() {
    quiet();
    both(|| async {
        let group = group().open(Discard::<()>::new());
        let blocking = group.task("computes").spawn_blocking_with_handle(|| 7);
        assert_eq!(blocking.await.unwrap().await, Ok(7));
        let panics = group
            .unnamed()
            .spawn_blocking_with_handle(|| -> u8 { panic!("meant") });
        assert!(panics.await.unwrap().await.is_err());
        let start = group.unnamed().start_with_handle(|ready| async move {
            ready.ready("ready");
            "done"
        });
        let (ready, handle) = start.await.unwrap();
        assert_eq!((ready, handle.await), ("ready", Ok("done")));
        let start = group
            .unnamed()
            .start_with_handle(|ready: aqueduct_group::Ready<()>| async {
                drop(ready);
            });
        assert_eq!(start.await.unwrap_err(), StartError::Ended);
        group.close();
        let late = group
            .unnamed()
            .start_with_handle(|_: aqueduct_group::Ready<()>| async {});
        assert_eq!(late.await.unwrap_err(), StartError::Closed);
        let (result, report) = group.join_with_report().await;
        let error = result.unwrap_err();
        assert_eq!(error.failures().unwrap().kept(), 1, "the panic");
        assert_eq!((report.returned, report.panicked), (3, 1));
    });
}

/// One that is dropped before it begins gives nothing.
#[test]
fn a_handle_of_a_closure_that_never_ran() {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (began, begins) = tokio::sync::oneshot::channel();
        let group = group().open(Discard::<()>::new());
        let blocks = move || {
            let _ = began.send(());
            let _ = released.recv();
        };
        group.unnamed().spawn_blocking(blocks).await.unwrap();
        begins.await.unwrap();
        let never = group
            .unnamed()
            .spawn_blocking_with_handle(|| 7)
            .await
            .unwrap();
        group.abort_all();
        assert!(never.await.is_err());
        drop(release);
        group.join().await.unwrap_err();
    });
}
