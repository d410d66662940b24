//! Room that is reserved before there is a task for it.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use aqueduct_group::{Collect, Discard, TaskEnd, TryReserveError, group};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::support::{Census, Crowd, both, millis, paused, secs};

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_permit_is_room_that_is_used_or_given_back() {
    both(|| async {
        let group = group().with_limit(2).open(Collect::new());
        let first = group.reserve().await.unwrap();
        let second = group.try_reserve().unwrap();
        assert_eq!(group.try_reserve().unwrap_err(), TryReserveError::Full);
        assert!(group.try_spawn(async { 0 }).unwrap_err().is_full());
        assert_eq!(group.len(), 2);
        drop(first);
        assert_eq!(group.len(), 1);
        let third = group.reserve().await.unwrap();
        second.with_name("second").spawn(async { 2 });
        third.spawn_blocking(|| 3);
        let (ends, report) = group.join_with_report().await;
        let mut values: Vec<_> = ends.into_iter().filter_map(TaskEnd::returned).collect();
        values.sort_unstable();
        assert_eq!(values, [2, 3]);
        assert_eq!(
            (report.spawned, report.returned),
            (2, 2),
            "an unused permit is no task"
        );
    });
}

#[test]
fn what_runs_in_a_permit_has_its_name_and_place() {
    paused(async {
        let group = group().open(Discard::<()>::new());
        let permit = group.reserve().await.unwrap();
        let line = line!() + 1;
        permit.with_name("here").spawn(pending());
        let handle = group
            .reserve()
            .await
            .unwrap()
            .spawn_with_handle(async { "value" });
        assert_eq!(handle.await.unwrap(), "value");
        let tree = aqueduct_group::tree();
        let ours = tree.groups.iter().find(|it| it.id == group.id()).unwrap();
        let task = ours
            .tasks
            .iter()
            .find(|task| task.name.as_deref() == Some("here"));
        let location = task.unwrap().location;
        assert!(location.file().ends_with("reserve.rs"));
        assert_eq!(location.line(), line);
    });
}

#[test]
fn a_closed_group_has_no_room() {
    both(|| async {
        let group = group().with_limit(1).open(Discard::<()>::new());
        let permit = group.reserve().await.unwrap();
        let spawner = group.spawner();
        let waits = tokio::spawn(async move { spawner.reserve().await.is_err() });
        yield_now().await;
        group.close();
        assert!(timeout(secs(10), waits).await.unwrap().unwrap());
        assert!(group.reserve().await.is_err());
        assert_eq!(group.try_reserve().unwrap_err(), TryReserveError::Closed);
        // Who has room still has it, and is waited for.
        assert!(timeout(millis(20), group.wait_closed()).await.is_err());
        let census = Census::default();
        let guard = census.guard();
        permit.spawn(async move {
            sleep(millis(5)).await;
            drop(guard);
        });
        let (_, report) = group.join_with_report().await;
        assert_eq!((report.returned, census.alive()), (1, 0));
    });
}

#[test]
fn in_an_aborted_group_a_permit_is_of_no_use_and_does_no_harm() {
    both(|| async {
        let group = group().with_linger(secs(100)).open(Discard::<()>::new());
        let [used, dropped] = [group.try_reserve().unwrap(), group.try_reserve().unwrap()];
        group.abort_all();
        let census = Census::default();
        let guard = census.guard();
        used.spawn(async move {
            let _guard = guard;
            pending().await
        });
        drop(dropped);
        let joined = timeout(secs(10), group.join_with_report()).await;
        assert_eq!((joined.unwrap().1.cancelled, census.alive()), (1, 0));
    });
}

/// First come, first served, whether to spawn or to reserve.
#[test]
fn who_reserves_and_who_spawns_stand_in_one_line() {
    paused(async {
        let group = group().with_limit(1).open(Discard::new());
        let permit = group.reserve().await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waits = Vec::new();
        for n in 0..10 {
            let (spawner, order) = (group.spawner(), order.clone());
            waits.push(tokio::spawn(async move {
                let note = move || order.lock().unwrap().push(n);
                match n % 2 {
                    0 => drop(spawner.spawn(async move { note() }).await.unwrap()),
                    _ => {
                        let permit = spawner.reserve().await.unwrap();
                        note();
                        drop(permit);
                    }
                }
            }));
            yield_now().await;
        }
        drop(permit);
        for wait in waits {
            timeout(secs(10), wait).await.unwrap().unwrap();
        }
        group.join().await.unwrap();
        assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
    });
}

/// Nothing is lost by whoever goes away in line: the next are served, and the limit is what it was.
#[test]
fn a_reserve_dropped_at_every_poll_gives_its_place_to_the_next() {
    both(|| async {
        for polls in 0..6 {
            let group = group().with_limit(2).open(Discard::new());
            let crowd = Crowd::default();
            let work = |steps| {
                let crowd = crowd.clone();
                async move {
                    let _inside = crowd.enter();
                    for _ in 0..steps {
                        yield_now().await;
                    }
                }
            };
            group.spawn(work(3)).await.unwrap();
            group.spawn(work(1)).await.unwrap();
            {
                let mut dropped = pin!(group.reserve());
                let mut next = pin!(group.reserve());
                let mut got = None;
                for _ in 0..polls {
                    // Once it has room, that is dropped below, or not.
                    if let Poll::Ready(permit) =
                        poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx))).await
                    {
                        got = Some(permit.unwrap());
                        break;
                    }
                    yield_now().await;
                }
                let _ = poll_once(next.as_mut());
                drop(got);
                dropped.set(group.reserve());
                let permit = timeout(secs(20), next).await.expect("it is served");
                permit.unwrap().spawn(work(2));
            }
            let done = async {
                while !group.is_empty() {
                    yield_now().await;
                }
            };
            timeout(secs(20), done).await.expect("all room comes back");
            let both = [group.try_reserve().unwrap(), group.try_reserve().unwrap()];
            assert_eq!(group.try_reserve().unwrap_err(), TryReserveError::Full);
            drop(both);
            group.join().await.unwrap();
            assert!(crowd.most() <= 2);
        }
    });
}

/// By many at once, on two threads.
#[test]
fn the_limit_holds_for_permits() {
    both(|| async {
        let group = group().with_limit(3).open(Discard::new());
        let crowd = Crowd::default();
        let accepts = (0..4).map(|_| {
            let (spawner, crowd) = (group.spawner(), crowd.clone());
            tokio::spawn(async move {
                for _ in 0..200 {
                    let permit = spawner.reserve().await.unwrap();
                    let crowd = crowd.clone();
                    permit.spawn(async move {
                        let _inside = crowd.enter();
                        yield_now().await;
                    });
                }
            })
        });
        for accept in accepts.collect::<Vec<_>>() {
            timeout(secs(20), accept).await.unwrap().unwrap();
        }
        let (_, report) = group.join_with_report().await;
        assert_eq!(report.returned, 800);
        assert!(crowd.most() <= 3);
    });
}
