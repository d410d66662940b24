//! Panics of tasks and bodies, and the policies that judge: ours, the user's, and such as panic.

use std::panic::AssertUnwindSafe;

use aqueduct_group::policy::{Ending, Next, Verdict};
use aqueduct_group::{
    AllOk, Collect, Failures, FirstOk, GroupError, Panicked, Panics, Policy, Supervise, TaskEnd,
    TaskRef, group,
};
use futures_util::FutureExt;
use tokio::time::{Instant, sleep};

use crate::support::{both, millis, paused, quiet, secs, soon};

#[test]
fn panics_are_kept_or_go_on_once_all_have_ended() {
    quiet();
    paused(async {
        let make = || {
            async |group: aqueduct_group::Spawner<Collect<u64>>| {
                for id in 0..3 {
                    let task = async move {
                        sleep(secs(id)).await;
                        assert_ne!(id, 1, "meant");
                        id
                    };
                    group.spawn(task).await.unwrap();
                }
            }
        };
        let ends = group().run(Collect::new(), make()).await;
        assert!(matches!(ends[1], TaskEnd::Panicked(_)));
        let start = Instant::now();
        let resumes = group()
            .with_panics(Panics::Resume)
            .run(Collect::new(), make());
        assert!(AssertUnwindSafe(resumes).catch_unwind().await.is_err());
        assert_eq!(start.elapsed(), secs(2));
    });
}

#[test]
fn a_body_that_panics_cancels_its_tasks_and_goes_on_when_they_have_ended() {
    quiet();
    paused(async {
        let start = Instant::now();
        let run = group()
            .with_grace(secs(5))
            .run(Collect::new(), async |group| {
                let scope = group.scope().clone();
                let task = async move {
                    let reason = scope.cancelled().await;
                    assert_eq!(reason.message(), "the body of its group panicked");
                    sleep(secs(3)).await;
                };
                group.spawn(task).await.unwrap();
                panic!("meant: a body");
            });
        let payload = AssertUnwindSafe(run).catch_unwind().await.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"meant: a body"));
        assert_eq!(start.elapsed(), secs(3));
    });
}

#[test]
fn failures_come_in_order_with_names_up_to_the_cap() {
    paused(async {
        let run = group()
            .with_failures_kept_max(3)
            .run(FirstOk::<(), u64>::new(), async |group| {
                for id in 0..5_u64 {
                    let task = async move {
                        sleep(secs(10 - id)).await;
                        Err(id)
                    };
                    group.task(format!("t{id}")).spawn(task).await.unwrap();
                }
            });
        let Err(GroupError::Failed(failures)) = run.await else {
            panic!("all failed");
        };
        assert_eq!((failures.kept(), failures.dropped()), (3, 2));
        let names: Vec<_> = failures
            .iter()
            .map(|failure| failure.task.name().unwrap())
            .collect();
        assert_eq!(names, ["t4", "t3", "t2"]);
        assert!(
            failures
                .iter()
                .all(|f| f.task.location().file().ends_with("policies.rs"))
        );
        assert!(
            failures
                .to_string()
                .ends_with("failed: 4 (and 4 more failures)"),
            "{failures}"
        );
    });
}

/// Adds what tasks give until it is enough, and forgives one panic.
struct SumUpTo {
    sum: u32,
    enough: u32,
    panics: u32,
    cut_short: u32,
}

impl Policy for SumUpTo {
    type Output = u32;
    type Error = String;
    type Value = (u32, u32, u32, Option<Failures<String>>);

    fn returned(&mut self, task: TaskRef<'_>, output: u32) -> Verdict<String> {
        if output == 0 {
            return Verdict::Failed(format!("{:?} gave nothing", task.name()));
        }
        self.sum += output;
        match self.sum >= self.enough {
            true => Verdict::Enough,
            false => Verdict::Continue,
        }
    }

    fn panicked(&mut self, _: TaskRef<'_>, panic: &Panicked) -> Next {
        assert_eq!(panic.message(), Some("meant"));
        self.panics += 1;
        match self.panics {
            1 => Next::Continue,
            _ => Next::CancelRest,
        }
    }

    fn cut_short(&mut self, _: TaskRef<'_>) {
        self.cut_short += 1;
    }

    fn finish(self, ending: Ending<String>) -> Self::Value {
        assert!(ending.cancelled.is_none(), "only the policy has cancelled");
        assert_eq!(ending.cut_short, self.cut_short as usize);
        (self.sum, self.panics, self.cut_short, ending.failures)
    }
}

#[test]
fn a_policy_of_the_users() {
    quiet();
    both(|| async {
        let policy = SumUpTo {
            sum: 0,
            enough: 6,
            panics: 0,
            cut_short: 0,
        };
        let group = group().open(policy);
        let add = |value| {
            let task = async move {
                sleep(millis(if value == 9 { 100_000 } else { 5 })).await;
                value
            };
            group.task("adds").spawn(task)
        };
        add(9).await.unwrap();
        add(0).await.unwrap();
        group.spawn(async { panic!("meant") }).await.unwrap();
        // Before there is enough: after that they might be cut short.
        soon("the failures", || group.len() == 1).await;
        for value in [2, 3, 2] {
            add(value).await.unwrap();
        }
        let (sum, panics, cut_short, failures) = group.join().await;
        assert_eq!((sum, panics, cut_short), (7, 1, 1));
        assert_eq!(failures.unwrap().kept(), 2);
    });
}

#[test]
fn a_policy_that_panics_is_told_to_who_joins_after_all_have_ended() {
    quiet();
    both(|| async {
        let policy = Supervise::<String>::new(|_, _| panic!("meant: a policy"));
        let group = group().with_grace(secs(1)).open(policy);
        let census = crate::support::Census::default();
        let guard = census.guard();
        let scope = group.scope().clone();
        let other = async move {
            let _guard = guard;
            scope.cancelled().await;
            Ok(())
        };
        group.spawn(other).await.unwrap();
        group
            .spawn(async { Err("asked".to_owned()) })
            .await
            .unwrap();
        let joined = AssertUnwindSafe(group.join()).catch_unwind().await;
        let payload = joined.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"meant: a policy"));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn empty_groups() {
    both(|| async {
        let none = group().open(AllOk::<u8, ()>::new()).join().await;
        assert!(none.unwrap().is_empty());
        assert_eq!(
            group().open(FirstOk::<u8, ()>::new()).join().await.unwrap(),
            None
        );
        assert!(group().open(Collect::<u8>::new()).join().await.is_empty());
        let mut group = group().open(aqueduct_group::AsCompleted::<u8>::new());
        assert!(group.next().await.is_none());
        group.close();
        assert!(group.next().await.is_none());
    });
}
