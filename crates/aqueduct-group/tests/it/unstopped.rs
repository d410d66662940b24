//! Groups that end before a task of theirs, which nothing could stop.

use std::sync::mpsc;

use aqueduct_group::{AllOk, Collect, GroupError, Policy, Report, TaskEnd, TaskGroup, group};
use tokio::time::sleep;

use crate::support::{millis, soon, threads};

/// Joins a group of two tasks: one that returns, and a closure that goes on for longer than the group waits.
async fn join_before_the_second<P: Policy + 'static>(
    group: TaskGroup<P>,
    outputs: [P::Output; 2],
) -> (P::Value, Report)
where
    P::Output: 'static,
{
    let (go, wait) = mpsc::channel::<()>();
    let [first, second] = outputs;
    group.spawn(async { first }).await.unwrap();
    let closure = move || {
        assert!(wait.recv().is_err());
        second
    };
    group.unnamed().spawn_blocking(closure).await.unwrap();
    soon("the first has ended", || group.len() == 1).await;
    sleep(millis(50)).await;
    group.scope().cancel();
    let joined = group.join_with_report().await;
    drop(go);
    joined
}

/// A value is missing, so not all are there.
#[test]
fn a_group_without_the_value_of_a_task_it_could_not_stop_is_no_success() {
    threads(async {
        let group = group().open(AllOk::<u8, &str>::new());
        let (values, report) = join_before_the_second(group, [Ok(1), Ok(2)]).await;
        assert!(
            matches!(values, Err(GroupError::Cancelled(_))),
            "{values:?}"
        );
        assert_eq!((report.spawned, report.unstopped.len()), (2, 1));
    });
}

/// What became of each, in the order of spawning, is for each.
#[test]
fn a_task_that_could_not_be_stopped_has_its_place_among_the_others() {
    threads(async {
        let (ends, _) = join_before_the_second(group().open(Collect::new()), [1, 2]).await;
        assert!(
            matches!(ends[..], [TaskEnd::Returned(1), TaskEnd::Cancelled]),
            "{ends:?}"
        );
    });
}
