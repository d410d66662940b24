//! Groups on their owner's own task.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_group::{
    AllOk, Collect, FailureKind, FirstOk, LocalSpawner, Panics, SendTask, TaskEnd, TaskKind,
    TrySpawnError, group, tree,
};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

type Numbers = AllOk<u32, String>;

/// Only compiles if its future is `Send`, although the tasks inside borrow.
fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test(start_paused = true)]
async fn tasks_borrow_from_the_stack_and_wait_together() {
    let started = Instant::now();
    let text = String::from("a bb ccc dddd");
    let seen = Mutex::new(Vec::new());
    let mut spawned = 0;
    let (words, seen_by_all, count) = (text.split(' '), &seen, &mut spawned);
    let lengths = is_send(
        group().run_local(AllOk::<_, Infallible>::new(), |tasks| async move {
            for word in words {
                let seen = seen_by_all;
                let task = async move {
                    sleep(SECOND * (5 - word.len() as u32)).await;
                    seen.lock().unwrap().push(word);
                    Ok(word.len())
                };
                tasks.task(word.to_owned()).spawn(task).await.unwrap();
                *count += 1;
            }
        }),
    )
    .await;
    assert_eq!(lengths.unwrap(), [1, 2, 3, 4]);
    assert_eq!(seen.into_inner().unwrap(), ["dddd", "ccc", "bb", "a"]);
    assert_eq!(spawned, 4);
    assert_eq!(started.elapsed(), 4 * SECOND);
}

#[tokio::test]
async fn the_future_can_be_spawned_as_a_whole() {
    let sum = tokio::spawn(async {
        let numbers = [1, 2, 3];
        let numbers = &numbers;
        let all = group().run_local(Numbers::new(), |tasks| async move {
            for number in numbers {
                tasks.spawn(async { Ok(*number) }).await.unwrap();
            }
        });
        all.await.unwrap().into_iter().sum::<u32>()
    });
    assert_eq!(sum.await.unwrap(), 6);
}

#[tokio::test]
async fn unsend_tasks_share_an_rc() {
    let total = Rc::new(Cell::new(0));
    let borrowed = RefCell::new(Vec::new());
    group()
        .run_local_unsend(Collect::new(), async |tasks| {
            for n in 1..=3 {
                let (total, borrowed) = (total.clone(), &borrowed);
                let task = async move {
                    borrowed.borrow_mut().push(n);
                    yield_now().await;
                    total.set(total.get() + n);
                };
                tasks.spawn(task).await.unwrap();
            }
        })
        .await;
    assert_eq!(total.get(), 6);
    assert_eq!(borrowed.into_inner(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_and_tasks_spawn_into_their_own_full_group() {
    let running = Cell::new(0);
    let most = Cell::new(0);
    let ends = group()
        .with_limit(2)
        .run_local_unsend(Collect::<u32>::new(), async |tasks| {
            let (running, most) = (&running, &most);
            for n in 0..4 {
                let spawner = tasks.clone();
                let task = async move {
                    running.set(running.get() + 1);
                    most.set(most.get().max(running.get()));
                    sleep(SECOND).await;
                    running.set(running.get() - 1);
                    spawner.spawn(async move { n }).await.unwrap();
                    10
                };
                tasks.spawn(task).await.unwrap();
            }
            // The group closes when the body returns.
            while !tasks.is_empty() {
                yield_now().await;
                sleep(SECOND).await;
            }
        })
        .await;
    assert_eq!(most.get(), 2);
    let sum: u32 = ends.into_iter().filter_map(TaskEnd::returned).sum();
    assert_eq!(sum, 46);
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_drops_the_others() {
    let dropped = Cell::new(false);
    let result = group()
        .run_local_unsend(Numbers::new(), async |tasks| {
            let guard = SetOnDrop(&dropped);
            let waits = async move {
                let _guard = guard;
                std::future::pending().await
            };
            tasks.spawn(waits).await.unwrap();
            let fails = async {
                sleep(SECOND).await;
                Err("no".to_owned())
            };
            tasks.task("failing").spawn(fails).await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
    let error = result.unwrap_err();
    assert_eq!(
        error.failures().unwrap().first().task.name(),
        Some("failing")
    );
    assert_eq!(error.failures().unwrap().kept(), 1);
    assert!(dropped.get());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_gives_grace_and_then_drops() {
    let started = Instant::now();
    let ends = group()
        .with_timeout(5 * SECOND)
        .with_grace(2 * SECOND)
        .run_local(Collect::new(), async |tasks| {
            let scope = tasks.scope().clone();
            let obeys = async move {
                scope.cancelled().await;
                1
            };
            tasks.spawn(obeys).await.unwrap();
            tasks.spawn(std::future::pending()).await.unwrap();
        })
        .await;
    assert!(
        matches!(ends[..], [TaskEnd::Returned(1), TaskEnd::Cancelled]),
        "{ends:?}"
    );
    assert_eq!(started.elapsed(), 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_scope_around_cancels_it() {
    let scope = CancelScope::new();
    let running = group()
        .with_scope(&scope)
        .run_local(Numbers::new(), async |tasks| {
            tasks.spawn(std::future::pending()).await.unwrap();
        });
    let cancels = async {
        sleep(SECOND).await;
        scope.cancel_because("enough");
    };
    let (result, ()) = tokio::join!(running, cancels);
    let error = result.unwrap_err();
    assert!(error.is_cancelled());
    assert!(error.to_string().contains("enough"), "{error}");
}

#[tokio::test]
async fn a_panic_is_a_failure_and_the_rest_is_dropped() {
    let result = group()
        .run_local(Numbers::new(), async |tasks| {
            tasks.spawn(std::future::pending()).await.unwrap();
            tasks.spawn(async { panic!("ouch") }).await.unwrap();
        })
        .await;
    let failures = result.unwrap_err();
    let failures = failures.failures().unwrap();
    assert_eq!(failures.kept(), 1);
    let FailureKind::Panic(panic) = &failures.first().kind else {
        panic!("{failures}");
    };
    assert_eq!(panic.message(), Some("ouch"));
    assert_eq!(failures.first().task.kind(), TaskKind::Inline);
}

#[tokio::test]
async fn a_panic_goes_on_if_the_group_is_told_so() {
    let dropped = Mutex::new(false);
    let running = tokio::spawn(async move {
        let result = group()
            .with_panics(Panics::Resume)
            .run_local(Numbers::new(), async |tasks| {
                tasks.spawn(async { panic!("ouch") }).await.unwrap();
            });
        let _ = result.await;
        *dropped.lock().unwrap() = true;
    });
    let payload = running.await.unwrap_err().into_panic();
    assert_eq!(payload.downcast_ref(), Some(&"ouch"));
}

#[tokio::test(start_paused = true)]
async fn a_panicking_body_waits_for_its_tasks_first() {
    let ended = std::sync::Arc::new(Mutex::new(false));
    let inner = ended.clone();
    let running = tokio::spawn(async move {
        let inner = &inner;
        group()
            .with_grace(9 * SECOND)
            .run_local(Collect::new(), |tasks| async move {
                let scope = tasks.scope().clone();
                let cleans_up = async move {
                    scope.cancelled().await;
                    sleep(SECOND).await;
                    *inner.lock().unwrap() = true;
                };
                tasks.spawn(cleans_up).await.unwrap();
                panic!("the body");
            })
            .await;
    });
    assert!(running.await.unwrap_err().is_panic());
    assert!(*ended.lock().unwrap());
}

#[tokio::test]
async fn a_spawner_that_escapes_hands_the_future_back() {
    let text = String::from("kept");
    let mut escaped: Option<LocalSpawner<_, SendTask<'_>>> = None;
    let result = group()
        .run_local(Collect::<String>::new(), async |tasks| {
            escaped = Some(tasks);
        })
        .await;
    assert!(result.is_empty());
    let spawner = escaped.unwrap();
    let refused = spawner.spawn(async { text.clone() }).await.unwrap_err();
    assert_eq!(refused.into_inner().await, "kept");
    let refused = spawner.try_spawn(async { text.clone() }).unwrap_err();
    assert!(matches!(refused, TrySpawnError::Closed(_)));
    assert_eq!(refused.into_inner().await, "kept");
}

#[tokio::test]
async fn dropping_it_midway_drops_the_tasks_and_closes() {
    let dropped = Cell::new(false);
    let mut escaped = None;
    {
        let running = group().run_local_unsend(Collect::<()>::new(), async |tasks| {
            let guard = SetOnDrop(&dropped);
            let (spawner, scope) = (tasks.clone(), tasks.scope().clone());
            let waits = async move {
                let _cancelled_first = OnDrop(|| assert!(scope.is_cancelled()));
                let _guard = guard;
                std::future::pending::<()>().await;
                // Keeps a spawner of its own group.
                drop(spawner);
            };
            tasks.spawn(waits).await.unwrap();
            escaped = Some(tasks);
            std::future::pending().await
        });
        let mut running = std::pin::pin!(running);
        assert!(futures_util::poll!(running.as_mut()).is_pending());
        assert!(!dropped.get());
    }
    assert!(dropped.get());
    let spawner = escaped.unwrap();
    assert!(spawner.is_empty());
    assert!(spawner.scope().is_cancelled());
    assert!(spawner.spawn(async {}).await.is_err());
}

#[tokio::test]
async fn tasks_have_nodes_and_are_in_the_tree() {
    group()
        .with_name("here")
        .run_local(Collect::new(), async |tasks| {
            let id = tasks.id();
            let looks = async move {
                let inner = group().open(Collect::<()>::new());
                let all = tree();
                let here = all.groups.iter().find(|group| group.id == id).unwrap();
                assert_eq!(here.name.as_deref(), Some("here"));
                let [me] = &here.tasks[..] else {
                    panic!("{all}");
                };
                assert_eq!(me.kind, TaskKind::Inline);
                assert_eq!(me.name.as_deref(), Some("looks"));
                assert_eq!(me.parent, Some(id));
                let inner_seen = all.groups.iter().find(|group| group.id == inner.id());
                assert_eq!(inner_seen.unwrap().parent, Some(me.id));
                inner.join().await;
            };
            tasks.task("looks").spawn(looks).await.unwrap();
        })
        .await
        .into_iter()
        .for_each(|end| assert!(end.returned().is_some()));
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_a_group_that_a_task_left_behind() {
    let (left, has_left) = std::sync::mpsc::channel();
    group()
        .run_local(Collect::new(), async |tasks| {
            let leaves = async move {
                let inner = group().open(Collect::<()>::new());
                let guard = OnDrop(move || left.send(()).unwrap());
                let waits = async move {
                    let _guard = guard;
                    std::future::pending().await
                };
                inner.spawn(waits).await.unwrap();
                yield_now().await;
            };
            tasks.spawn(leaves).await.unwrap();
        })
        .await;
    assert!(has_left.try_recv().is_ok());
}

#[tokio::test]
async fn the_first_success_drops_the_rest_and_the_body() {
    let value = group()
        .run_local(FirstOk::<u32, ()>::new(), async |tasks| {
            tasks.spawn(async { Err(()) }).await.unwrap();
            tasks.spawn(async { Ok(7) }).await.unwrap();
            std::future::pending().await
        })
        .await;
    assert_eq!(value.unwrap(), Some(7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawning_from_another_thread_wakes_it() {
    let ends = group()
        .run_local(Collect::new(), async |tasks| {
            // The group is static, and so is its spawner.
            let (done, is_done) = tokio::sync::oneshot::channel();
            let spawner = tasks.clone();
            tokio::spawn(async move {
                for n in 0..1000_u32 {
                    yield_now().await;
                    spawner.spawn(async move { n }).await.unwrap();
                }
                done.send(()).unwrap();
            });
            is_done.await.unwrap();
        })
        .await;
    let sum: u32 = ends.into_iter().filter_map(TaskEnd::returned).sum();
    assert_eq!(sum, 999 * 500);
}

struct SetOnDrop<'a>(&'a Cell<bool>);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_alone_is_dropped_when_its_grace_is_over() {
    let started = Instant::now();
    let limits = || group().with_timeout(SECOND).with_grace(SECOND);
    let never = || std::future::pending::<()>();
    let here = limits().run_local(Collect::<()>::new(), |_| never());
    assert!(here.await.is_empty());
    assert_eq!(started.elapsed(), 2 * SECOND);
    let there = limits().run(Collect::<()>::new(), async |_| never().await);
    assert!(there.await.is_empty());
    assert_eq!(started.elapsed(), 4 * SECOND);
}
