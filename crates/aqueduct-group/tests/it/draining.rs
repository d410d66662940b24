//! Groups that drain before they are cancelled, and groups inside of them.

use std::future::pending;

use aqueduct_cancel::{CancelScope, ReasonKind};
use aqueduct_group::{Discard, GroupPhase, Spawner, TaskId, group, tree};
use tokio::time::{Instant, sleep};

use crate::support::{millis, paused, secs};

/// What cancels a group cancels those inside of it, and one that was given no grace has none, whatever there is around. To
/// drain is asked of all, and cancels nobody.
#[test]
fn a_group_inside_has_no_grace_but_its_own_and_drains_with_the_one_around() {
    paused(async {
        // How long the outer one drains, whether it is asked to or cancelled, the inner grace, and when all is over.
        for (drain, drains, inner_grace, ends_after) in [
            (10, false, 0, 0),
            (10, false, 60, 5),
            (10, true, 0, 5),
            (10, true, 60, 5),
            (3, true, 0, 3),
            (3, true, 60, 5),
        ] {
            let start = Instant::now();
            let builder = group().with_drain(secs(drain)).with_grace(secs(60));
            let outer = builder.open(Discard::new());
            let opener = async move {
                let body = async |inner: Spawner<Discard>| {
                    let scope = inner.scope().clone();
                    let slow = async move {
                        scope.draining().await;
                        sleep(secs(5)).await;
                    };
                    inner.spawn(slow).await.unwrap();
                };
                let inner = group().with_grace(secs(inner_grace));
                let _ = inner.run(Discard::new(), body).await;
            };
            outer.spawn(opener).await.unwrap();
            sleep(millis(1)).await;
            match drains {
                true => outer.scope().drain(),
                false => outer.scope().cancel(),
            };
            outer.wait_closed().await;
            let case = format!("{drain} s, drains: {drains}, {inner_grace} s inside");
            assert_eq!(start.elapsed(), millis(1) + secs(ends_after), "{case}");
            let _ = outer.join().await;
        }
    });
}

/// (time to drain, how long the work takes, when the group ends): work that is not done by the end of that time is told by
/// the scope, and then has the grace of 2 s.
#[test]
fn a_time_to_drain_ends_in_cancellation() {
    paused(async {
        for (drain, work, ends_after) in [(10, 3, 3), (10, 11, 11), (10, 20, 12), (0, 20, 2)] {
            let start = Instant::now();
            let builder = group().with_drain(secs(drain)).with_grace(secs(2));
            let group = builder.open(Discard::new());
            let scope = group.scope().clone();
            let worker = async move {
                scope.draining().await;
                sleep(secs(work)).await;
            };
            group.spawn(worker).await.unwrap();
            sleep(millis(1)).await;
            assert_eq!(phase_of(group.id()), Some(GroupPhase::Running));
            group.scope().drain();
            let next = if drain > 0 {
                GroupPhase::Draining
            } else {
                GroupPhase::Grace
            };
            assert_eq!(phase_of(group.id()), Some(next));
            group.wait_closed().await;
            let case = format!("{drain} s to drain, {work} s of work");
            assert_eq!(start.elapsed(), millis(1) + secs(ends_after), "{case}");
            let reason = group.scope().reason().map(|reason| reason.kind());
            assert_eq!(
                reason,
                (work > drain).then_some(ReasonKind::Deadline),
                "{case}"
            );
            let _ = group.join().await;
        }
    });
}

fn phase_of(group: TaskId) -> Option<GroupPhase> {
    let tree = tree();
    let group = tree.groups.iter().find(|it| it.id == group);
    group.map(|group| group.phase)
}

/// Without it draining stays without an end, also where the clock goes on for long.
#[test]
fn without_a_time_to_drain_nothing_follows_from_draining() {
    paused(async {
        let group = group().open(Discard::<()>::new());
        group.spawn(sleep(secs(100_000))).await.unwrap();
        group.scope().drain();
        group.wait_closed().await;
        assert!(!group.scope().is_cancelled());
        let _ = group.join().await;
    });
}

/// A scope that drains when the group is opened, or before it is first used.
#[test]
fn a_group_in_a_scope_that_drains_has_its_time_from_its_first_use() {
    paused(async {
        let scope = CancelScope::new();
        scope.drain();
        let builder = group().with_scope(&scope).with_drain(secs(5));
        let group = builder.open(Discard::<()>::new());
        sleep(secs(1)).await;
        let start = Instant::now();
        group.spawn(pending()).await.unwrap();
        let _ = group.join().await;
        assert_eq!(start.elapsed(), secs(5));
    });
}

/// Nothing runs in it when it is asked to drain, but it takes tasks, and these have no more time than others.
#[test]
fn a_group_that_was_idle_when_it_was_to_drain_is_cancelled_in_time() {
    paused(async {
        // Before it was ever used, after a task has ended, and with one that comes late or in time.
        for (is_used, comes_after) in [(true, 1), (true, 9), (true, 15), (false, 1)] {
            let group = group().with_drain(secs(10)).open(Discard::<()>::new());
            if is_used {
                group.spawn(async {}).await.unwrap();
                sleep(secs(1)).await;
            }
            let mut start = Instant::now();
            group.scope().drain();
            sleep(secs(comes_after)).await;
            if !is_used {
                start = Instant::now();
            }
            assert_eq!(group.spawn(pending()).await.is_ok(), comes_after < 10);
            let ended = tokio::time::timeout(secs(3600), group.wait_closed()).await;
            assert!(ended.is_ok(), "a task that came after {comes_after} s");
            let ends_after = comes_after.max(10);
            assert_eq!(start.elapsed(), secs(ends_after));
            let _ = group.join().await;
        }
    });
}

/// Nobody can come any more, so there is nothing to cancel.
#[test]
fn a_group_that_is_over_is_not_cancelled_for_the_time_to_drain() {
    paused(async {
        let group = group().with_drain(secs(10)).open(Discard::<()>::new());
        group.spawn(async {}).await.unwrap();
        sleep(secs(1)).await;
        group.close();
        group.scope().drain();
        sleep(secs(20)).await;
        assert!(!group.scope().is_cancelled());
        let _ = group.join().await;
    });
}
