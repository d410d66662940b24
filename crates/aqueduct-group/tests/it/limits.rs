//! Limits: how many run at once, and who waits for whom.

use aqueduct_group::{Collect, Discard, Spawner, TaskEnd, group};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Crowd, both, millis, paused, secs, soon, threads};

#[test]
fn no_more_than_the_limit_run_and_all_do() {
    for limit in [1, 2, 7] {
        both(move || async move {
            let crowd = Crowd::default();
            let run = group()
                .with_limit(limit)
                .run(Collect::new(), async |group| {
                    for id in 0..50_u64 {
                        let crowd = crowd.clone();
                        let task = async move {
                            let _inside = crowd.enter();
                            sleep(millis(id % 3)).await;
                        };
                        group.spawn(task).await.unwrap();
                    }
                });
            assert_eq!(run.await.len(), 50);
            assert_eq!(crowd.most(), limit);
        });
    }
}

#[test]
fn who_waits_first_is_served_first() {
    paused(async {
        let group = group().with_limit(1).open(Collect::new());
        group.spawn(sleep(secs(1))).await.unwrap();
        let spawns = (0..5).map(|_| group.spawn(sleep(secs(1))));
        let ids = futures_util::future::join_all(spawns).await;
        let mut ids: Vec<_> = ids.into_iter().map(Result::unwrap).collect();
        assert_eq!(ids.len(), 5);
        let in_order = ids.clone();
        ids.sort_unstable();
        assert_eq!(ids, in_order);
        group.join().await;
    });
}

/// Each task spawns two more into its own group, some levels deep, and waits for room each time.
fn family(
    spawner: Spawner<Discard>,
    crowd: Crowd,
    depth: u32,
) -> futures_util::future::BoxFuture<'static, ()> {
    Box::pin(async move {
        for _ in 0..if depth == 0 { 0 } else { 2 } {
            let child = family(spawner.clone(), crowd.clone(), depth - 1);
            spawner.spawn(child).await.unwrap();
        }
        let _inside = crowd.enter();
        yield_now().await;
    })
}

#[test]
fn a_family_fits_through_a_narrow_door() {
    for limit in [1, 2, 3] {
        both(move || async move {
            let crowd = Crowd::default();
            let group = group().with_limit(limit).open(Discard::new());
            let first = family(group.spawner(), crowd.clone(), 6);
            group.spawn(first).await.unwrap();
            soon("all of them have ended", || group.is_empty()).await;
            let (result, report) = group.join_with_report().await;
            result.unwrap();
            assert_eq!(report.returned, 127);
            assert!(crowd.most() <= limit, "{} at once", crowd.most());
        });
    }
}

/// A limit is its group's own: what is nested in it has another, or none.
#[test]
fn limits_are_not_inherited() {
    both(|| async {
        let crowd = Crowd::default();
        let outer = group().with_limit(1).open(Collect::new());
        let inside = crowd.clone();
        let task = async move {
            let nested = group().run(Collect::new(), async |nested| {
                for _ in 0..3 {
                    let crowd = inside.clone();
                    let task = async move {
                        let _inside = crowd.enter();
                        sleep(millis(50)).await;
                    };
                    nested.spawn(task).await.unwrap();
                }
            });
            nested.await.len()
        };
        outer.spawn(task).await.unwrap();
        assert!(matches!(outer.join().await[..], [TaskEnd::Returned(3)]));
        assert_eq!(crowd.most(), 3);
    });
}

/// Three groups deep, each full, each task spawns into all groups around it.
#[test]
fn nested_full_groups_do_not_wait_for_each_other() {
    both(|| async {
        let outer = group().with_limit(1).open(Discard::new());
        let spawner = outer.spawner();
        let task = async move {
            let middle = group().with_limit(1).open(Discard::new());
            let (to_outer, to_middle) = (spawner.clone(), middle.spawner());
            let task = async move {
                let inner = group().with_limit(1).open(Discard::<()>::new());
                for spawner in [&to_outer, &to_middle, &inner.spawner()] {
                    spawner.spawn(async {}).await.unwrap();
                }
                inner.join().await.unwrap();
                to_outer.spawn(async {}).await.unwrap();
            };
            middle.spawn(task).await.unwrap();
            soon("the middle one is empty", || middle.is_empty()).await;
            middle.join().await.unwrap();
            spawner.spawn(async {}).await.unwrap();
        };
        outer.spawn(task).await.unwrap();
        let all = soon("the outer one is empty", || outer.is_empty());
        timeout(secs(20), all).await.expect("no deadlock");
        let (result, report) = outer.join_with_report().await;
        result.unwrap();
        assert_eq!(report.returned, 4);
    });
}

#[test]
fn a_group_that_is_left_to_a_full_one_takes_no_room_there() {
    // A paused clock does not go on by itself while a closure runs.
    threads(async {
        let outer = group()
            .with_limit(1)
            .with_grace(secs(5))
            .open(Collect::new());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let task = async move {
            let inner = group().open(Collect::<()>::new());
            let closure = move || assert!(wait.recv().is_err());
            inner.unnamed().spawn_blocking(closure).await.unwrap();
            sleep(millis(50)).await;
            drop(inner);
        };
        outer.spawn(task).await.unwrap();
        soon("the task has ended, and left a group", || outer.len() == 1).await;
        for _ in 0..3 {
            let spawned = timeout(secs(10), outer.spawn(sleep(millis(60)))).await;
            spawned.unwrap().unwrap();
        }
        assert!(outer.try_spawn(async {}).unwrap_err().is_full());
        drop(go);
        assert_eq!(outer.join().await.len(), 4);
    });
}

/// It becomes one larger by each group that it takes in.
#[test]
fn no_limit_is_too_large() {
    threads(async {
        let outer = group().with_limit(usize::MAX).open(Discard::<()>::new());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let task = async move {
            let inner = group().open(Discard::<()>::new());
            let closure = move || assert!(wait.recv().is_err());
            inner.unnamed().spawn_blocking(closure).await.unwrap();
            sleep(millis(50)).await;
            drop(inner);
        };
        outer.spawn(task).await.unwrap();
        // The task and then, once it has ended, the group that it leaves.
        sleep(millis(150)).await;
        assert!(outer.try_spawn(async {}).is_ok());
        drop(go);
        outer.join().await.unwrap();
    });
}

/// As the docs of `start` say: the member goes on when it has its place back.
#[test]
fn a_member_that_starts_another_in_a_full_group_waits_until_that_has_ended() {
    paused(async {
        for limit in [1, 2] {
            let group = group().with_limit(limit).open(Collect::new());
            let spawner = group.spawner();
            let parent = async move {
                let began = Instant::now();
                let started = spawner.unnamed().start(|ready| async move {
                    ready.ready(());
                    sleep(secs(60)).await;
                    None
                });
                started.await.unwrap();
                Some(began.elapsed())
            };
            group.spawn(parent).await.unwrap();
            // Closing it would give the place back.
            sleep(secs(100)).await;
            let ends = group.join().await;
            let waited = ends.into_iter().find_map(|end| end.returned()?);
            assert_eq!(waited, Some(secs(if limit == 1 { 60 } else { 0 })));
        }
    });
}

/// As the docs of `with_limit` say.
#[test]
fn a_member_that_works_beside_its_spawn_makes_one_more_than_the_limit() {
    paused(async {
        let group = group().with_limit(1).open(Collect::new());
        let (spawner, crowd) = (group.spawner(), Crowd::default());
        let (parents, childs) = (crowd.clone(), crowd.clone());
        let parent = async move {
            let child = spawner.spawn(async move {
                let _inside = childs.enter();
                sleep(secs(1)).await;
            });
            let work = async {
                let _inside = parents.enter();
                sleep(secs(3)).await;
            };
            let (spawned, ()) = tokio::join!(child, work);
            spawned.unwrap();
        };
        group.spawn(parent).await.unwrap();
        sleep(millis(100)).await;
        group.join().await;
        assert_eq!(crowd.most(), 2);
    });
}
