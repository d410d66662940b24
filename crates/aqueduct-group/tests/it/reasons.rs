//! Why a group says that its tasks are to end: by whom, and where that is.

use std::future::pending;
use std::sync::{Arc, Mutex};

use aqueduct_cancel::{Reason, ReasonKind};
use aqueduct_group::policy::{Ending, Next, Verdict};
use aqueduct_group::{AllOk, Discard, FirstOk, Panicked, Policy, Quorum, Race, TaskRef, group};
use tokio::time::sleep;

use crate::support::{paused, quiet, secs};

/// What a task that waits is told, and where the other one, named "other", was spawned.
async fn told<P, F>(policy: P, other: F) -> (Reason, String)
where
    P: Policy + 'static,
    F: Future<Output = P::Output> + Send + 'static,
{
    let told = Arc::new(Mutex::new(None));
    let note = told.clone();
    let named = group().with_name("x").with_grace(secs(1));
    let group = named.open(policy);
    let scope = group.scope().clone();
    let waits = async move {
        let reason = scope.cancelled().await;
        *note.lock().unwrap() = Some(reason);
        pending().await
    };
    group.task("waits").spawn(waits).await.unwrap();
    let line = line!() + 1;
    group.task("other").spawn(other).await.unwrap();
    group.wait_closed().await;
    let reason = told.lock().unwrap().take();
    let place = format!("{}:{line}:11", file!());
    (reason.expect("it was cancelled"), place)
}

fn check((reason, place): (Reason, String), kind: ReasonKind, message: &str) {
    let message = message.replace("{}", &place);
    assert_eq!((reason.kind(), reason.message()), (kind, &*message));
    assert_eq!(reason.location().unwrap().to_string(), place);
    assert_eq!(
        reason.to_string(),
        format!("{message} (scope \"x\", at {place})")
    );
}

#[test]
fn a_failure_that_cancels_the_rest_says_which_task_it_was() {
    quiet();
    paused(async {
        let all = told(AllOk::<(), &str>::new(), async { Err("no") }).await;
        check(all, ReasonKind::Failed, "task 'other' ({}) failed");
        let all = told(AllOk::<(), &str>::new(), async { panic!("meant") }).await;
        check(all, ReasonKind::Failed, "task 'other' ({}) panicked");
    });
}

#[test]
fn enough_successes_are_no_failure() {
    let enough = "its group has what it needs";
    paused(async {
        let first = told(FirstOk::<u32, &str>::new(), async { Ok(1) }).await;
        check(first, ReasonKind::Requested, enough);
        let race = told(Race::<u32>::new(), async { 1 }).await;
        check(race, ReasonKind::Requested, enough);
        let one = told(Quorum::<u32, &str>::new(1), async { Ok(1) }).await;
        check(one, ReasonKind::Requested, enough);
    });
}

struct Broken;

impl Policy for Broken {
    type Output = ();
    type Error = ();
    type Value = ();

    fn returned(&mut self, _: TaskRef<'_>, (): ()) -> Verdict<()> {
        panic!("meant: the policy")
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
        Next::Continue
    }

    fn finish(self, _: Ending<()>) {}
}

#[test]
fn a_policy_that_panics_says_at_which_task() {
    quiet();
    paused(async {
        let broken = told(Broken, async {}).await;
        check(broken, ReasonKind::Failed, "its group's policy panicked");
    });
}

#[test]
fn whoever_spawns_can_cancel_and_say_why() {
    paused(async {
        let jobs = group().open(Discard::<()>::new());
        jobs.spawn(pending()).await.unwrap();
        let line = line!() + 1;
        assert!(jobs.spawner().cancel_because("no more"));
        assert!(!jobs.cancel());
        let reason = jobs.scope().reason().unwrap();
        let place = reason.location().unwrap();
        assert_eq!((place.file(), place.line()), (file!(), line));
        assert_eq!(reason.message(), "no more");
        assert!(jobs.join().await.unwrap_err().is_cancelled());

        let line = line!() + 2;
        let local = group().run_local(Discard::<()>::new(), async |tasks| {
            assert!(tasks.cancel() && !tasks.cancel_because("again"));
            assert!(tasks.spawn(async {}).await.is_err());
            let reason = tasks.scope().reason().unwrap();
            let place = reason.location().unwrap();
            assert_eq!((place.file(), place.line()), (file!(), line));
        });
        local.await.unwrap();
    });
}

/// Nobody calls `cancel` there. The place is that of the group.
#[test]
fn a_dropped_group_says_where_it_was_opened() {
    paused(async {
        let line = line!() + 1;
        let dropped = group().open(Discard::<()>::new());
        let scope = dropped.scope().clone();
        drop(dropped);
        let reason = scope.reason().unwrap();
        assert_eq!(reason.kind(), ReasonKind::Dropped);
        let place = reason.location().unwrap();
        assert_eq!((place.file(), place.line()), (file!(), line));

        let (give, given) = tokio::sync::oneshot::channel();
        let line = line!() + 1;
        let local = group().run_local(Discard::<()>::new(), async |tasks| {
            let _ = tasks.spawn(pending()).await;
            give.send(tasks.scope().clone()).unwrap();
        });
        tokio::select! {
            _ = local => panic!("it does not end"),
            () = sleep(secs(1)) => {}
        }
        let reason = given.await.unwrap().reason().unwrap();
        assert_eq!(reason.kind(), ReasonKind::Dropped);
        let place = reason.location().unwrap();
        assert_eq!((place.file(), place.line()), (file!(), line));
    });
}
