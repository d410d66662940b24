//! Futures of groups, dropped at every poll.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use aqueduct_group::{AsCompleted, Closed, Collect, Discard, TaskEnd, group};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::support::{Census, Crowd, Traces, both, eventually, secs};

/// Polls a future so often, whenever its task is; says whether it ended.
async fn poll_times<F: Future>(mut future: Pin<&mut F>, times: usize) -> Option<F::Output> {
    for _ in 0..times {
        let polled = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        yield_now().await;
    }
    None
}

/// Polls for a task that does not exist.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// It was dropped between its first poll and its last. On two threads all else may have ended by the second poll, if this
/// one had to wait for its turn.
fn assert_dropped_midway(polls: usize) {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        assert!(polls > 3, "there were polls to drop it at");
    }
}

/// A task that goes on for some polls.
async fn steps(census: Census, steps: usize) {
    let _guard = census.guard();
    for _ in 0..steps {
        yield_now().await;
    }
}

async fn run_dropped_after(polls: usize, census: &Census) -> bool {
    let traces = Arc::new(Mutex::new(Vec::new()));
    let (inner_traces, inner_census) = (traces.clone(), census.clone());
    let outer = group().open(Collect::new());
    let task = async move {
        let note = |made: Traces| inner_traces.lock().unwrap().push(made);
        let run = group().with_limit(2).run(Discard::new(), async |group| {
            note(Traces::of(&group));
            for length in [2, 5, 3, 1] {
                group
                    .spawn(steps(inner_census.clone(), length))
                    .await
                    .unwrap();
            }
            let nested = aqueduct_group::group().run(Discard::new(), async |nested| {
                note(Traces::of(&nested));
                nested.spawn(steps(inner_census.clone(), 4)).await.unwrap();
            });
            nested.await.unwrap();
        });
        let mut run = Box::pin(run);
        poll_times(run.as_mut(), polls).await.is_some()
    };
    outer.spawn(task).await.unwrap();
    let ends = timeout(secs(20), outer.join())
        .await
        .expect("nothing hangs");
    // The group around has waited for what was left.
    assert_eq!(census.alive(), 0, "dropped after {polls} polls");
    for trace in traces.lock().unwrap().drain(..) {
        trace.assert_gone("dropped midway");
    }
    let [TaskEnd::Returned(done)] = ends[..] else {
        panic!("the task returns");
    };
    done
}

#[test]
fn a_run_dropped_at_every_poll_leaves_nothing() {
    both(|| async {
        let census = Census::default();
        for polls in 0..100_000 {
            if run_dropped_after(polls, &census).await {
                assert_dropped_midway(polls);
                return;
            }
        }
        panic!("it never ended");
    });
}

/// A body that stops by an error of its own, while its tasks have a grace.
#[test]
fn a_run_that_stops_early_dropped_at_every_poll_leaves_nothing() {
    both(|| async {
        for polls in 0..100_000 {
            let census = Census::default();
            let inner_census = census.clone();
            let outer = group().open(Collect::new());
            let task = async move {
                let limited = group().with_limit(2).with_grace(secs(20));
                let run = limited.run_try(Discard::new(), async |group| {
                    for length in [2, 5, 3] {
                        group.spawn(steps(inner_census.clone(), length)).await?;
                    }
                    Err(Closed::because("no more"))
                });
                let mut run = Box::pin(run);
                poll_times(run.as_mut(), polls).await
            };
            outer.spawn(task).await.unwrap();
            let joined = timeout(secs(20), outer.join());
            let ends = joined.await.expect("nothing hangs");
            assert_eq!(census.alive(), 0, "dropped after {polls} polls");
            let [TaskEnd::Returned(ended)] = &ends[..] else {
                panic!("the task returns");
            };
            if let Some(result) = ended {
                let error = result.as_ref().unwrap_err();
                assert!(error.is_cancelled() && error.to_string().contains("no more"));
                assert_dropped_midway(polls);
                return;
            }
        }
        panic!("it never ended");
    });
}

#[test]
fn a_join_dropped_at_every_poll_leaves_nothing() {
    both(|| async {
        for polls in 0.. {
            let census = Census::default();
            let (group_census, traces) = (census.clone(), Arc::new(Mutex::new(None)));
            let inner_traces = traces.clone();
            let outer = group().open(Collect::new());
            let task = async move {
                let group = group().open(Discard::new());
                *inner_traces.lock().unwrap() = Some(Traces::of(&group));
                for length in [1, 4, 2] {
                    group
                        .spawn(steps(group_census.clone(), length))
                        .await
                        .unwrap();
                }
                let mut join = pin!(group.join());
                poll_times(join.as_mut(), polls).await.is_some()
            };
            outer.spawn(task).await.unwrap();
            let ends = timeout(secs(20), outer.join())
                .await
                .expect("nothing hangs");
            assert_eq!(census.alive(), 0);
            traces
                .lock()
                .unwrap()
                .take()
                .unwrap()
                .assert_gone("dropped midway");
            if matches!(ends[..], [TaskEnd::Returned(true)]) {
                return;
            }
        }
    });
}

/// `wait_closed` and `next` can be dropped and called again: nothing is lost.
#[test]
fn waits_dropped_at_every_poll_lose_nothing() {
    both(|| async {
        let census = Census::default();
        let mut group = group().open(AsCompleted::new());
        for length in 0..6 {
            let steps = steps(census.clone(), length);
            let task = async move {
                steps.await;
                length
            };
            group.spawn(task).await.unwrap();
        }
        let mut seen = Vec::new();
        for polls in 0.. {
            let next = poll_times(pin!(group.next()), polls % 3).await;
            match next {
                Some(Some((_, end))) => seen.push(end.returned().unwrap()),
                Some(None) => break,
                None => yield_now().await,
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
        group.spawn(async { 6 }).await.unwrap();
        for polls in 0.. {
            if poll_times(pin!(group.wait_closed()), polls % 3)
                .await
                .is_some()
            {
                break;
            }
        }
        assert_eq!((group.len(), group.join().await.len()), (0, 1));
    });
}

/// Somebody in line goes away at any poll: the next are served, and the limit holds.
#[test]
fn a_spawn_dropped_at_every_poll_gives_its_place_to_the_next() {
    both(|| async {
        for polls in 0..6 {
            let group = group().with_limit(2).open(Discard::new());
            let (census, crowd) = (Census::default(), Crowd::default());
            let work = |length| {
                let (steps, crowd) = (steps(census.clone(), length), crowd.clone());
                async move {
                    let _inside = crowd.enter();
                    steps.await;
                }
            };
            group.spawn(work(3)).await.unwrap();
            group.spawn(work(1)).await.unwrap();
            let mut dropped = Box::pin(group.spawn(work(1)));
            let in_line = polls > 0 && poll_once(dropped.as_mut()).is_pending();
            let next = group.spawn(work(2));
            let mut next = Box::pin(next);
            // On two threads there may be room by now.
            let next_in_line = poll_once(next.as_mut()).is_pending();
            if in_line {
                let _ = poll_times(dropped.as_mut(), polls).await;
            }
            drop(dropped);
            if next_in_line {
                let served = timeout(secs(20), next).await;
                served.expect("it is served").unwrap();
            } else {
                drop(next);
            }
            let (result, report) = group.join_with_report().await;
            result.unwrap();
            assert!((3..=4).contains(&report.spawned));
            // On two threads one may be over before the next begins.
            assert!((1..=2).contains(&crowd.most()), "{}", crowd.most());
            assert_eq!(census.alive(), 0);
        }
    });
}

/// The same by a task that has lent its own place, which it has back at once.
#[test]
fn a_spawn_dropped_while_its_task_has_lent_its_place() {
    both(|| async {
        for polls in 0..8 {
            let group = group().with_limit(1).open(Collect::new());
            let census = Census::default();
            let (spawner, work) = (group.spawner(), census.clone());
            let parent = async move {
                let mut dropped = Box::pin(spawner.spawn(async move {
                    steps(work.clone(), 3).await;
                    1
                }));
                let spawned = poll_times(dropped.as_mut(), polls).await;
                drop(dropped);
                // The place is its own again: it can be lent again.
                let again = spawner.spawn(async { 10 });
                timeout(secs(20), again)
                    .await
                    .expect("it is served")
                    .unwrap();
                drop(spawned);
                100
            };
            group.spawn(parent).await.unwrap();
            let done = async {
                while !group.is_empty() {
                    yield_now().await;
                }
            };
            timeout(secs(20), done)
                .await
                .expect("nobody waits for ever");
            // The limit is what it was.
            group.try_spawn(pending()).unwrap();
            assert!(group.try_spawn(pending()).unwrap_err().is_full());
            group.abort_all();
            let ends = group.join().await;
            let sum: i32 = ends.into_iter().filter_map(TaskEnd::returned).sum();
            assert!(sum == 110 || sum == 111, "{sum}");
            assert_eq!(census.alive(), 0);
        }
    });
}

/// What is dropped there in a panic ends the program, so there would be no failure of this test to see.
#[test]
fn a_group_is_dropped_by_a_thread_that_has_no_runtime_any_more() {
    use std::cell::RefCell;
    thread_local! {
        static KEPT: RefCell<Option<aqueduct_group::TaskGroup<Discard>>> = const { RefCell::new(None) };
    }
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    let census = Census::default();
    let (handle, guard) = (runtime.handle().clone(), census.guard());
    let thread = std::thread::spawn(move || {
        // Used before Tokio's own variables, and so destroyed after them.
        KEPT.take();
        let _entered = handle.enter();
        let group = group().with_grace(secs(60)).open(Discard::new());
        let task = async move {
            let _guard = guard;
            pending().await
        };
        group.try_spawn(task).unwrap();
        KEPT.set(Some(group));
    });
    thread.join().unwrap();
    eventually("its task is aborted", || census.alive() == 0);
}
