//! What is asked of a supervisor, and what it answers.

use aqueduct_supervision::error::*;
use aqueduct_supervision::{
    AutoShutdown, ChildContext, ChildKind, ChildSpec, ChildStatus, Exit, Supervisor,
};

use crate::support::{Census, Log, boom, both, child, secs, soon};

#[test]
fn start_child_and_its_errors() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let spec = || child("it", &log, &census).0;
        let top = Supervisor::one_for_one().start().await.unwrap();
        let started = top.start_child(spec()).await.unwrap();
        assert!(started.is_alive() && started.incarnation() == 1);
        assert_eq!(started.supervisor(), top.reference());
        assert!(matches!(
            top.start_child(spec()).await,
            Err(StartChildError::AlreadyStarted(child)) if child == started
        ));
        top.terminate_child("it").await.unwrap();
        assert!(matches!(
            top.start_child(spec()).await,
            Err(StartChildError::AlreadyPresent(child)) if child == started
        ));
        let error = top
            .start_child(child("", &log, &census).0)
            .await
            .unwrap_err();
        assert!(matches!(&error, StartChildError::Invalid(_)), "{error}");
        let error = top
            .start_child(child("x", &log, &census).0.significant())
            .await;
        assert!(matches!(error, Err(StartChildError::Invalid(_))));
        assert!(top.shutdown().await.is_clean());
    });
}

#[test]
fn nothing_to_start_is_no_error() {
    both(|| async {
        let ignore = |id: &str| ChildSpec::acknowledged(id, |_| async {});
        let top = Supervisor::one_for_one()
            .with_child(ignore("a"))
            .with_child(ignore("b").temporary())
            .start()
            .await
            .unwrap();
        let rows = top.which_children().await.unwrap();
        assert_eq!(rows.len(), 1, "a temporary one is not kept");
        assert_eq!(
            (rows[0].status, rows[0].kind),
            (ChildStatus::Resting, ChildKind::Worker)
        );
        let child = top.start_child(ignore("c")).await.unwrap();
        assert!(!child.is_alive());
        assert!(top.shutdown().await.is_clean());
    });
}

#[test]
fn terminate_restart_and_delete() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (spec, _trigger) = child("it", &log, &census);
        let top = Supervisor::one_for_one()
            .with_child(spec)
            .start()
            .await
            .unwrap();
        assert!(matches!(
            top.terminate_child("no").await,
            Err(TerminateChildError::NotFound)
        ));
        assert!(matches!(
            top.restart_child("no").await,
            Err(RestartChildError::NotFound)
        ));
        assert!(matches!(
            top.delete_child("no").await,
            Err(DeleteChildError::NotFound)
        ));
        assert!(matches!(
            top.which_child("no").await,
            Err(WhichChildError::NotFound)
        ));

        let it = top.which_child("it").await.unwrap().child;
        assert!(matches!(
            top.restart_child("it").await,
            Err(RestartChildError::Running(_))
        ));
        assert!(matches!(
            top.delete_child(&it).await,
            Err(DeleteChildError::Running(_))
        ));
        top.terminate_child(&it).await.unwrap();
        top.terminate_child("it").await.unwrap();
        assert_eq!(census.alive(), 0);
        let again = top.restart_child("it").await.unwrap();
        assert!(again == it && it.incarnation() == 2);
        top.terminate_child("it").await.unwrap();
        top.delete_child("it").await.unwrap();
        assert!(matches!(
            top.terminate_child(&it).await,
            Err(TerminateChildError::NotFound)
        ));
        assert_eq!(top.count_children().await.unwrap().specs, 0);
        assert!(top.shutdown().await.is_clean());
    });
}

#[test]
fn a_reference_to_a_child_that_is_no_more_means_no_other() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let spec = || child("it", &log, &census).0;
        let top = Supervisor::one_for_one()
            .with_child(spec())
            .start()
            .await
            .unwrap();
        let old = top.which_child("it").await.unwrap().child;
        top.terminate_child("it").await.unwrap();
        top.delete_child("it").await.unwrap();
        let new = top.start_child(spec()).await.unwrap();
        assert!(old != new);
        assert!(matches!(
            top.terminate_child(&old).await,
            Err(TerminateChildError::NotFound)
        ));
        let other = Supervisor::one_for_one()
            .with_child(spec())
            .start()
            .await
            .unwrap();
        assert!(matches!(
            other.terminate_child(&new).await,
            Err(TerminateChildError::NotFound)
        ));
        assert_eq!(census.alive(), 2);
        assert!(top.shutdown().await.is_clean() && other.shutdown().await.is_clean());
    });
}

#[test]
fn dynamic_children_are_known_by_reference() {
    both(|| async {
        let census = Census::default();
        let counted = census.clone();
        let top = Supervisor::dynamic(move |n: u32| {
            let counted = counted.clone();
            let spec = ChildSpec::worker("same", move |cx: ChildContext| {
                let guard = counted.guard();
                async move {
                    let _guard = guard;
                    cx.scope().cancelled().await;
                }
            });
            (spec, n * 2)
        });
        let top = top.start().await.unwrap();
        let (a, twice) = top.start_child(1).await.unwrap();
        let (b, _) = top.start_child(2).await.unwrap();
        assert_eq!((twice, a.id() == b.id(), a == b), (2, true, false));
        assert!(matches!(
            top.terminate_child("same").await,
            Err(TerminateChildError::Dynamic)
        ));
        assert!(matches!(
            top.restart_child("same").await,
            Err(RestartChildError::Dynamic)
        ));
        assert!(matches!(
            top.delete_child("same").await,
            Err(DeleteChildError::Dynamic)
        ));
        assert!(matches!(
            top.which_child("same").await,
            Err(WhichChildError::Dynamic)
        ));
        assert_eq!(top.which_child(&b).await.unwrap().child, b);
        top.terminate_child(&a).await.unwrap();
        // As OTP says of a pid that is dead.
        top.terminate_child(&a).await.unwrap();
        assert_eq!((census.alive(), top.tree().len()), (1, 1));
        assert!(top.shutdown().await.is_clean());
    });
}

#[test]
fn specs_that_cannot_be_followed_name_the_field() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let spec = || child("it", &log, &census).0;
        let twice = Supervisor::one_for_one()
            .with_child(spec())
            .with_child(spec());
        let error = twice.start().await.unwrap_err();
        assert!(error.to_string().contains("\"it\", field id"), "{error}");
        let never = Supervisor::one_for_one().with_child(spec().significant());
        let error = never.start().await.unwrap_err();
        assert!(error.to_string().contains("significant"), "{error}");
        let below = Supervisor::one_for_one().with_intensity(1, secs(0));
        let top = Supervisor::one_for_one().with_child(ChildSpec::supervisor("below", below));
        let error = top.start().await.unwrap_err();
        let StartError::Child { id, failure } = error else {
            panic!("{error}");
        };
        assert_eq!(id.as_str(), "below");
        assert!(
            failure.to_string().contains("intensity.period"),
            "{failure}"
        );
        assert!(log.take().is_empty());
    });
}

#[test]
fn a_failed_start_stops_those_before_it_in_reverse() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let fails = ChildSpec::acknowledged("fails", |_| async { boom() });
        let error = Supervisor::one_for_one()
            .with_child(child("a", &log, &census).0)
            .with_child(child("b", &log, &census).0)
            .with_child(fails)
            .with_child(child("c", &log, &census).0)
            .start()
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "child 'fails' ended before it was ready: failed: boom"
        );
        assert_eq!(log.take(), ["+a", "+b", "-b", "-a"]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn significant_children_end_the_supervisor() {
    both(|| async {
        for (auto, pulls) in [(AutoShutdown::Any, 1), (AutoShutdown::All, 2)] {
            let (log, census) = (Log::new(), Census::default());
            let (a, on_a) = child("a", &log, &census);
            let (b, on_b) = child("b", &log, &census);
            let (c, _on_c) = child("c", &log, &census);
            let top = Supervisor::one_for_one()
                .with_auto_shutdown(auto)
                .with_child(a.transient().significant())
                .with_child(b.temporary().significant())
                .with_child(c)
                .start()
                .await
                .unwrap();
            let watch = top.which_child("a").await.unwrap().child.watch();
            on_a.pull(Exit::Normal);
            watch.monitor().await;
            if pulls == 2 {
                assert_eq!(top.count_children().await.unwrap().active, 2);
                on_b.pull(boom());
            }
            let exit = top.wait().await;
            assert!(exit.is_orderly() && exit.to_string().contains("significant"));
            assert_eq!(census.alive(), 0);
        }
    });
}

#[test]
fn a_transient_child_is_restarted_by_how_it_ended() {
    both(|| async {
        for (exit, incarnation) in [
            (Exit::Normal, 1),
            (Exit::Shutdown(None), 1),
            (Exit::shutdown("done"), 1),
            (boom(), 2),
            (Exit::Killed, 2),
        ] {
            let (log, census) = (Log::new(), Census::default());
            let (spec, trigger) = child("it", &log, &census);
            let top = Supervisor::one_for_one()
                .with_child(spec.transient())
                .start()
                .await
                .unwrap();
            let it = top.which_child("it").await.unwrap().child;
            let watch = it.watch();
            trigger.pull(exit);
            watch.monitor().await;
            // Answered after what was in line before.
            while top.which_child("it").await.unwrap().status == ChildStatus::Restarting {}
            assert_eq!(it.incarnation(), incarnation);
            assert!(top.shutdown().await.is_clean());
        }
    });
}

/// A restart is a death of the incarnation, and not of the child.
#[test]
fn the_watch_of_all_incarnations_ends_with_the_last() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (spec, trigger) = child("it", &log, &census);
        let (other, _other) = child("other", &log, &census);
        let top = Supervisor::one_for_one()
            .with_child(spec)
            .with_child(other)
            .start()
            .await
            .unwrap();
        let it = top.which_child("it").await.unwrap().child;
        let other = top.which_child("other").await.unwrap().child;
        let (one, all, all_of_other) = (it.watch(), it.watch_all(), other.watch_all());
        trigger.pull(boom());
        one.monitor().await;
        soon("it is back", || it.incarnation() == 2 && it.is_alive()).await;
        assert!(all.is_alive() && !one.is_alive() && it.watch().is_alive());
        top.terminate_child("it").await.unwrap();
        assert!(all.is_alive(), "it could be started again");
        top.delete_child("it").await.unwrap();
        assert!(matches!(all.monitor().await.exit, Exit::Shutdown(None)));
        assert_eq!(it.watch_all(), all);
        assert!(all_of_other.is_alive());
        assert!(top.shutdown().await.is_clean());
        assert!(matches!(all_of_other.exit(), Some(Exit::Shutdown(None))));
    });
}
