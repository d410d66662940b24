//! Whom one watches: incarnations and places.

use std::collections::HashSet;

use aqueduct_cancel::CancelScope;
use aqueduct_resilience::{Backoff, Jitter};
use aqueduct_supervision::{ChildContext, ChildSpec, Downs, Exit, Supervisor, link};
use tokio::time::{sleep, timeout};

use crate::support::{Census, Log, boom, both, both_beside, boxed, child, millis, paused, secs};

/// Between two incarnations there is the last one: with one number, which is not the next one's.
#[test]
fn between_two_incarnations_it_is_the_last_one_that_is_watched() {
    for was_watched in [true, false] {
        paused(async move {
            let (spec, trigger) = child("it", &Log::new(), &Census::default());
            let backoff = Backoff::constant(secs(10)).with_jitter(Jitter::None);
            let supervisor = Supervisor::one_for_one()
                .with_child(spec.with_backoff(backoff))
                .start()
                .await
                .unwrap();
            let it = supervisor.which_child("it").await.unwrap().child;
            let before = was_watched.then(|| it.watch());
            trigger.pull(boom());
            sleep(secs(1)).await;
            assert!(!it.is_alive());
            let between = it.watch();
            assert_eq!(*before.as_ref().unwrap_or(&between), between);
            assert_eq!(before.map_or(between.id(), |it| it.id()), between.id());
            for down in [it.monitor().await, it.monitor().await] {
                assert_eq!(down.id, between.id());
                assert!(matches!(down.exit, Exit::Failed(_)));
            }
            sleep(secs(10)).await;
            assert!(it.is_alive());
            let next = it.watch();
            assert_ne!(next.id(), between.id());
            assert_ne!(next, between);
            supervisor.shutdown().await;
            assert_eq!(it.watch(), next, "also when there is no next one");
        });
    }
}

/// So with a supervisor, by its own reference.
#[test]
fn between_two_incarnations_of_a_supervisor_it_is_the_last_one_that_is_watched() {
    paused(async {
        let (spec, trigger) = child("it", &Log::new(), &Census::default());
        let below = Supervisor::one_for_one()
            .with_intensity(0, secs(1))
            .with_child(spec);
        let (spec, below) = below.child("below");
        let backoff = Backoff::constant(secs(10)).with_jitter(Jitter::None);
        let top = Supervisor::one_for_one()
            .with_child(spec.with_backoff(backoff))
            .start()
            .await
            .unwrap();
        let before = below.watch();
        trigger.pull(boom());
        sleep(millis(10)).await;
        assert!(!below.is_alive());
        assert_eq!(below.watch(), before);
        assert_eq!(below.monitor().await.id, before.id());
        sleep(secs(10)).await;
        assert_ne!(below.watch().id(), before.id());
        top.shutdown().await;
    });
}

/// What was not started yet has not lived, so that it is linked to nobody: it starts whatever has become of the other one, and
/// ends alone.
#[test]
fn a_supervisor_that_was_not_started_yet_is_not_linked() {
    both(|| async {
        let top = Supervisor::one_for_one().start().await.unwrap();
        let log = Log::new();
        let [(dies, on_dies), (lives, _on_lives)] =
            ["dies", "lives"].map(|id| child(id, &log, &Census::default()));
        let dies = top.start_child(dies.temporary()).await.unwrap();
        let lives = top.start_child(lives.temporary()).await.unwrap();
        let (spec, below) = Supervisor::one_for_one().child("below");
        for other in [&dies, &lives] {
            link(&below, other).keep();
            link(other, &below).keep();
        }
        on_dies.pull(boom());
        dies.watch_all().monitor().await;
        let child = top.start_child(spec.temporary()).await.unwrap();
        assert!(below.is_alive());
        child.kill();
        assert!(matches!(below.monitor().await.exit, Exit::Killed));
        child.watch_all().monitor().await;
        assert!(lives.is_alive());
        top.shutdown().await;
        let exit = lives.watch().exit().unwrap();
        assert!(matches!(exit, Exit::Shutdown(None)), "{exit}");
    });
}

/// How they ended, until there are no more.
async fn until_none(downs: &mut Downs) -> Vec<String> {
    let mut all = Vec::new();
    let read = async {
        while let Some(down) = downs.next().await {
            all.push(down.exit.to_string());
        }
    };
    timeout(secs(60), read).await.expect("it ends");
    all
}

/// From the present one on, or the last one; to who comes for each at once, and to who comes for all in the end.
#[test]
fn downs_are_of_each_incarnation_once() {
    paused(async {
        let (spec, trigger) = child("it", &Log::new(), &Census::default());
        let backoff = Backoff::constant(secs(10)).with_jitter(Jitter::None);
        let supervisor = Supervisor::one_for_one()
            .with_child(spec.with_backoff(backoff))
            .start()
            .await
            .unwrap();
        let it = supervisor.which_child("it").await.unwrap().child;
        let (mut each, mut all) = (it.downs(), it.downs());
        assert!(timeout(secs(1), each.next()).await.is_err());
        let mut ids = Vec::new();
        for _ in 0..3 {
            let monitor = it.monitor();
            trigger.pull(boom());
            let (down, monitored) = (each.next().await.unwrap(), monitor.await);
            assert_eq!((down.id, down.monitor), (monitored.id, each.id()));
            ids.push(down.id);
            assert!(timeout(secs(1), each.next()).await.is_err(), "once");
            sleep(secs(10)).await;
        }
        assert_eq!(HashSet::<_>::from_iter(&ids).len(), 3);
        trigger.pull(boom());
        sleep(secs(1)).await;
        let mut between = it.downs();
        assert_eq!(between.next().await.unwrap().id, it.watch().id());
        supervisor.terminate_child("it").await.unwrap();
        assert!(timeout(secs(1), between.next()).await.is_err(), "it rests");
        supervisor.restart_child("it").await.unwrap();
        drop(supervisor.shutdown().await);
        let boom = "failed: boom";
        assert_eq!(until_none(&mut each).await, [boom, "shutdown"]);
        assert_eq!(
            until_none(&mut all).await,
            [boom, boom, boom, boom, "shutdown"]
        );
        assert_eq!(until_none(&mut between).await, ["shutdown"]);
        assert_eq!(until_none(&mut it.downs()).await, ["shutdown"]);
    });
}

/// By its own reference: who watches it for good, and who is told of each end; and a shutdown by that, which is of one.
#[test]
fn downs_of_a_supervisor_are_of_each_incarnation_once() {
    both(|| async {
        let (spec, _trigger) = child("it", &Log::new(), &Census::default());
        let (spec, below) = Supervisor::one_for_one().with_child(spec).child("below");
        let mut early = below.downs();
        let top = Supervisor::one_for_one().with_intensity(9, secs(5));
        let top = top.with_child(spec).start().await.unwrap();
        let (mut downs, all) = (below.downs(), below.watch_all());
        let mut ids = Vec::new();
        for _ in 0..2 {
            let watch = below.watch();
            let report = below.shutdown().await;
            assert!(report.is_clean() && matches!(report.exit, Exit::Shutdown(None)));
            assert_eq!(downs.next().await.unwrap().id, watch.id());
            ids.push(watch.id());
            let next = async {
                while below.watch() == watch || !below.is_alive() {
                    sleep(millis(1)).await
                }
            };
            timeout(secs(60), next).await.expect("it is started again");
        }
        assert!(ids[0] != ids[1] && all.is_alive());
        top.which_child("below").await.unwrap().child.kill();
        assert!(matches!(downs.next().await.unwrap().exit, Exit::Killed));
        drop(top.shutdown().await);
        assert!(matches!(
            all.exit(),
            Some(Exit::Shutdown(None) | Exit::Killed)
        ));
        let last = all.exit().unwrap().to_string();
        assert_eq!(until_none(&mut below.downs()).await, [last]);
        let told = until_none(&mut early).await;
        assert_eq!(told[..3], ["shutdown", "shutdown", "killed"]);
        // It tells how the last one went.
        assert_eq!(
            below.shutdown().await.exit.to_string(),
            *told.last().unwrap()
        );
    });
}

#[test]
fn downs_of_a_root_end_with_it() {
    both(|| async {
        let root = Supervisor::one_for_one().start().await.unwrap();
        let reference = root.reference();
        let (mut downs, all) = (reference.downs(), reference.watch_all());
        let report = reference.shutdown().await;
        assert!(report.is_clean());
        assert_eq!(until_none(&mut downs).await, ["shutdown"]);
        assert_eq!(all.monitor().await.exit.to_string(), "shutdown");
        // The owner is told as well.
        assert!(root.shutdown().await.is_clean());
    });
    both_beside(|| async {
        // One that is cut short.
        let (tell, told) = tokio::sync::oneshot::channel();
        let scope = CancelScope::new();
        let run = Supervisor::one_for_one().run_with_report(&scope, |it| drop(tell.send(it)));
        let mut downs = tokio::select! {
            biased;
            _ = run => unreachable!("nobody stops it"),
            it = told => it.unwrap().downs(),
        };
        assert_eq!(until_none(&mut downs).await, ["killed"]);
    });
}

#[test]
fn downs_of_a_supervisor_that_never_starts_end_with_its_spec() {
    paused(async {
        let (spec, below) = Supervisor::one_for_one().child("below");
        let mut downs = below.downs();
        assert!(below.shutdown().await.exit.is_normal());
        assert!(timeout(secs(1), downs.next()).await.is_err());
        assert!(below.watch_all().is_alive());
        drop(spec);
        assert!(downs.next().await.is_none());
        assert!(below.watch_all().exit().unwrap().is_normal());
    });
}

/// Several wait for one end, and all have the report of it.
#[test]
fn a_shutdown_by_reference_tells_each_who_waits_how_it_went() {
    paused(async {
        let stubborn = ChildSpec::worker("it", |_| std::future::pending::<()>());
        let below = Supervisor::one_for_one().with_child(stubborn);
        let (spec, below) = below.child("below");
        let top = Supervisor::one_for_one().with_name("top").with_child(spec);
        let top = top.start().await.unwrap();
        let (one, other) = tokio::join!(below.shutdown(), below.shutdown());
        for report in [one, other] {
            assert_eq!(Vec::from_iter(report.killed.paths()), ["top/below/it"]);
        }
        drop(top.shutdown().await);
    });
}

/// What was never started has no end to tell.
#[test]
fn downs_of_a_child_that_goes() {
    both(|| async {
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        let nothing = ChildSpec::acknowledged("nothing", |_| async {});
        let (spec, _) = child("it", &Log::new(), &Census::default());
        let it = supervisor.start_child(spec).await.unwrap();
        let mut downs = it.downs();
        supervisor.terminate_child(&it).await.unwrap();
        supervisor.delete_child(&it).await.unwrap();
        assert_eq!(until_none(&mut downs).await, ["shutdown"]);
        let nothing = supervisor.start_child(nothing).await.unwrap();
        let mut downs = nothing.downs();
        supervisor.delete_child(&nothing).await.unwrap();
        assert_eq!(until_none(&mut downs).await, ["normal"]);
        drop(supervisor.shutdown().await);
    });
}

/// A supervisor that is cut short goes before its children do: an end that comes then is told as well.
#[test]
fn downs_of_who_is_left_behind_have_its_end() {
    both_beside(|| async {
        // It does not look at its scope: who is amid a poll then may end in an orderly way.
        let spec = ChildSpec::worker("it", |_| std::future::pending::<()>());
        let (tell, told) = tokio::sync::oneshot::channel();
        let scope = CancelScope::new();
        let run = Supervisor::one_for_one()
            .with_child(spec)
            .run_with_report(&scope, |it| drop(tell.send(it)));
        let downs = async {
            let it = told.await.unwrap().which_child("it").await.unwrap().child;
            it.downs()
        };
        let mut downs = tokio::select! {
            _ = run => unreachable!("nobody stops it"),
            downs = downs => downs,
        };
        assert_eq!(until_none(&mut downs).await, ["killed"]);
    });
}

/// Where threads race: what dies, and who listens from some time on. None is told twice, and none is left out.
#[test]
fn downs_race_with_restarts() {
    const RUNS: u64 = 200;
    both(|| async {
        let dies = ChildSpec::worker("it", |cx: ChildContext| async move {
            if cx.incarnation() < RUNS {
                return boom();
            }
            cx.scope().cancelled().await;
            Exit::Normal
        });
        let supervisor = Supervisor::one_for_one()
            .with_intensity(u32::MAX, secs(1))
            .with_child(dies)
            .start()
            .await
            .unwrap();
        let it = supervisor.which_child("it").await.unwrap().child;
        let mut tasks = Vec::new();
        while it.incarnation() < RUNS {
            let before = it.incarnation();
            let downs = it.downs();
            let first = before..=it.incarnation();
            tasks.push(tokio::spawn(boxed(counted(downs, first))));
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
        drop(supervisor.shutdown().await);
        for task in tasks {
            let (told, first) = task.await.unwrap();
            assert!(first.contains(&(RUNS + 1 - told)), "{first:?}, {told}");
        }
    });
}

/// How many there were, with those that were missed.
async fn counted(
    mut downs: Downs,
    first: std::ops::RangeInclusive<u64>,
) -> (u64, std::ops::RangeInclusive<u64>) {
    let (mut ids, mut told) = (HashSet::new(), 0);
    while let Some(down) = downs.next().await {
        assert!(ids.insert(down.id), "each once");
        told += 1;
    }
    (told + downs.missed(), first)
}
