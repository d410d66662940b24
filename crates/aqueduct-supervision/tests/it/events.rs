//! What supervisors tell.

use aqueduct_cancel::CancelScope;
use aqueduct_supervision::{ChildSpec, Event, EventKind, Events, Exit, Supervisor, SupervisorSpec};
use tokio::time::timeout;

use crate::support::{Census, Log, boom, both, both_beside, child, paused, secs, soon};

/// Until the supervisor of this path has ended.
async fn until_end(events: &mut aqueduct_supervision::Events, path: &str) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let event = events.recv().await.unwrap();
        let is_last = matches!(event.kind, EventKind::Ended(_)) && &*event.supervisor == path;
        all.push(event);
        if is_last {
            return all;
        }
    }
}

#[test]
fn all_that_happens_is_an_event() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (spec, trigger) = child("it", &log, &census);
        let top = Supervisor::one_for_one()
            .with_name("top")
            .start()
            .await
            .unwrap();
        let mut events = top.events();
        top.start_child(spec).await.unwrap();
        trigger.pull(boom());
        // Until it was started again.
        let mut first = Vec::new();
        while first.len() < 4 {
            first.push(events.recv().await.unwrap());
        }
        let lines = Vec::from_iter(first.iter().map(Event::to_string));
        assert_eq!(
            lines,
            [
                "top/it: started",
                "top/it: ended: failed: boom",
                "top/it: is started again",
                "top/it: started",
            ]
        );
        assert_eq!(
            Vec::from_iter(first.iter().map(|it| it.incarnation)),
            [1, 1, 1, 2]
        );
        drop(top.shutdown().await);
        let last = until_end(&mut events, "top").await;
        let lines = Vec::from_iter(last.iter().map(Event::to_string));
        assert_eq!(
            lines,
            [
                "top/it: was asked to stop",
                "top/it: was stopped: shutdown",
                "top: the supervisor has ended: shutdown",
            ]
        );
    });
}

#[test]
fn who_listens_above_hears_what_is_below() {
    paused(async {
        let (log, census) = (Log::new(), Census::default());
        let (spec, _trigger) = child("it", &log, &census);
        let (below, below_ref) = Supervisor::one_for_one().child("below");
        let top = Supervisor::one_for_one()
            .with_name("top")
            .with_child(below)
            .start()
            .await
            .unwrap();
        let (mut at_top, mut at_below) = (top.events(), below_ref.events());
        below_ref.start_child(spec).await.unwrap();
        for events in [&mut at_top, &mut at_below] {
            let event = events.recv().await.unwrap();
            assert_eq!(event.to_string(), "top/below/it: started");
        }
        drop(top.shutdown().await);
        let at_top = until_end(&mut at_top, "top").await;
        let at_below = until_end(&mut at_below, "top/below").await;
        assert!(at_top.len() > at_below.len());
        assert!(
            at_below
                .iter()
                .all(|event| &*event.supervisor == "top/below")
        );
    });
}

#[test]
fn who_does_not_listen_keeps_nobody_waiting_and_is_told_what_it_lost() {
    both(|| async {
        let top = Supervisor::dynamic(|n: usize| {
            let spec =
                ChildSpec::worker("it", move |_| async move { Exit::shutdown(n.to_string()) });
            (spec.temporary(), ())
        });
        let top = top.start().await.unwrap();
        let mut events = top.events();
        for n in 0..2_000 {
            top.start_child(n).await.unwrap();
        }
        drop(top.shutdown().await);
        let error = events.recv().await.unwrap_err();
        assert!(error.to_string().contains("lag"), "{error}");
        assert!(!until_end(&mut events, "supervisor").await.is_empty());
    });
}

/// Who subscribes to the spec misses nothing.
#[test]
fn events_begin_before_the_first_start() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (a, _) = child("a", &log, &census);
        let (b, _) = child("b", &log, &census);
        let (below, below_ref) = Supervisor::one_for_one().with_child(b).child("below");
        let spec = Supervisor::one_for_one().with_name("top");
        let spec = spec.with_child(a).with_child(below);
        let mut below_events = below_ref.events();
        let mut events = spec.events();
        let top = spec.start().await.unwrap();
        drop(top.shutdown().await);
        let all = until_end(&mut events, "top").await;
        let lines = Vec::from_iter(all.iter().take(5).map(Event::to_string));
        let expected = [
            "top/a: started",
            "top/below/b: started",
            "top/below: all children are started",
            "top/below: started",
            "top: all children are started",
        ];
        assert_eq!(lines, expected);
        let first = below_events.recv().await.unwrap();
        assert_eq!(first.to_string(), expected[1]);
    });
}

/// Also of a dynamic one, and of one whose start fails.
#[test]
fn events_of_any_supervisor_begin_before_it() {
    both(|| async {
        let none = |id: &'static str| (ChildSpec::worker(id, |_| async {}).temporary(), ());
        let spec = Supervisor::dynamic(none).with_name("top");
        let mut events = spec.events();
        drop(spec.start().await.unwrap().shutdown().await);
        let all = until_end(&mut events, "top").await;
        assert_eq!(all[0].to_string(), "top: all children are started");
        let fails = ChildSpec::acknowledged("fails", |_| async { boom() });
        let spec = Supervisor::one_for_one().with_name("top").with_child(fails);
        let mut events = spec.events();
        assert!(spec.start().await.is_err());
        let first = events.recv().await.unwrap();
        assert!(matches!(first.kind, EventKind::StartFailed(_)), "{first}");
    });
}

/// All that there is, until the subscription is closed.
async fn until_closed(events: &mut Events) -> Vec<String> {
    let mut all = Vec::new();
    let read = async {
        while let Ok(event) = events.recv().await {
            all.push(event.to_string());
        }
    };
    timeout(secs(60), read).await.expect("it is closed");
    all
}

/// top ── below ── it
fn two_levels() -> (SupervisorSpec, aqueduct_supervision::SupervisorRef) {
    let (spec, _) = child("it", &Log::new(), &Census::default());
    let (below, below_ref) = Supervisor::one_for_one().with_child(spec).child("below");
    let top = Supervisor::one_for_one().with_name("top").with_child(below);
    (top, below_ref)
}

/// Whatever refers to it, and whoever is behind: it has read all before it is told.
#[test]
fn a_subscription_is_closed_after_the_last_event() {
    both(|| async {
        let (spec, below) = two_levels();
        let (mut from_the_first, mut of_below) = (spec.events(), below.events());
        let top = spec.start().await.unwrap();
        let (mut events, reference) = (top.events(), top.reference());
        let it = below.which_child("it").await.unwrap().child;
        drop(top.shutdown().await);
        let all = until_closed(&mut events).await;
        let last = "top: the supervisor has ended: shutdown";
        assert_eq!(all.last().unwrap(), last);
        assert!(until_closed(&mut from_the_first).await.ends_with(&all));
        let of_below = until_closed(&mut of_below).await;
        let last = "top/below: the supervisor has ended: shutdown";
        assert_eq!(of_below.last().unwrap(), last);
        for late in [&reference, &below, &it.supervisor()] {
            assert!(until_closed(&mut late.events()).await.is_empty());
        }
    });
}

/// One that may be started again goes on, until it is forgotten.
#[test]
fn a_subscription_below_lasts_over_restarts() {
    both(|| async {
        let (spec, below) = two_levels();
        let top = spec.start().await.unwrap();
        let mut events = below.events();
        let child = top.which_child("below").await.unwrap().child;
        child.kill();
        soon("it is started again", || {
            child.incarnation() == 2 && below.is_alive()
        })
        .await;
        top.terminate_child("below").await.unwrap();
        top.restart_child("below").await.unwrap();
        top.terminate_child("below").await.unwrap();
        let mut seen = Vec::new();
        while let Ok(event) = events.try_recv() {
            seen.push(event.to_string());
        }
        let of = |what: &str| seen.iter().filter(|it| it.contains(what)).count();
        assert_eq!(of("below: the supervisor has ended: killed"), 1);
        assert_eq!(of("below: the supervisor has ended: shutdown"), 2);
        top.delete_child("below").await.unwrap();
        assert!(until_closed(&mut events).await.is_empty());
        drop(top.shutdown().await);
    });
}

/// A supervisor whose future is dropped has an end as well, and so have its events.
#[test]
fn a_subscription_is_closed_by_a_run_that_is_dropped() {
    both_beside(|| async {
        let (spec, below) = two_levels();
        let (mut events, mut of_below) = (spec.events(), below.events());
        let (scope, mut reference) = (CancelScope::new(), None);
        let run = spec.run_with_report(&scope, |it| reference = Some(it));
        tokio::select! {
            biased;
            _ = run => unreachable!("nobody stops it"),
            () = soon("all are started", || below.is_alive()) => {}
        }
        let all = until_closed(&mut events).await;
        assert_eq!(all.last().unwrap(), "top: the supervisor has ended: killed");
        until_closed(&mut of_below).await;
        soon("below has ended", || !below.is_alive()).await;
    });
}

/// What is never started has none.
#[test]
fn a_subscription_is_closed_when_a_spec_is_dropped() {
    paused(async {
        let (spec, below) = two_levels();
        let (mut events, mut of_below) = (spec.events(), below.events());
        drop(spec);
        assert!(until_closed(&mut events).await.is_empty());
        assert!(until_closed(&mut of_below).await.is_empty());
    });
}
