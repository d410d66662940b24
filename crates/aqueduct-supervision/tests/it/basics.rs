//! Start, restart, stop, by each strategy.

use aqueduct_cancel::CancelScope;
use aqueduct_supervision::{
    ChildContext, ChildSpec, Exit, Shutdown, Supervisor, SupervisorRef, SupervisorSpec,
};

use crate::support::{Census, Log, Trigger, boom, both, child, millis, soon};

fn three(spec: SupervisorSpec, log: &Log, census: &Census) -> (SupervisorSpec, [Trigger; 3]) {
    let (a, on_a) = child("a", log, census);
    let (b, on_b) = child("b", log, census);
    let (c, on_c) = child("c", log, census);
    let spec = spec.with_child(a).with_child(b).with_child(c);
    (
        spec.with_intensity(10, crate::support::secs(5)),
        [on_a, on_b, on_c],
    )
}

async fn restarts(spec: SupervisorSpec, expected: &[&str]) {
    let (log, census) = (Log::new(), Census::default());
    let (spec, [_, on_b, _]) = three(spec, &log, &census);
    let supervisor = spec.start().await.unwrap();
    assert_eq!(log.take(), ["+a", "+b", "+c"]);
    assert_eq!(supervisor.count_children().await.unwrap().active, 3);
    let mut events = supervisor.events();
    on_b.pull(boom());
    let mut started = 0;
    while started < expected.iter().filter(|line| line.starts_with('+')).count() {
        let event = events.recv().await.unwrap();
        started += usize::from(matches!(
            event.kind,
            aqueduct_supervision::EventKind::Started
        ));
    }
    assert_eq!(log.take(), expected);
    assert_eq!(census.alive(), 3);
    let report = supervisor.shutdown().await;
    assert!(matches!(report.exit, Exit::Shutdown(None)), "{report}");
    assert!(report.is_clean());
    assert_eq!(log.take(), ["-c", "-b", "-a"]);
    assert_eq!(census.alive(), 0);
}

#[test]
fn one_for_one_restarts_the_one() {
    both(|| restarts(Supervisor::one_for_one(), &["-b", "+b"]));
}

#[test]
fn one_for_all_restarts_all_in_order() {
    both(|| {
        restarts(
            Supervisor::one_for_all(),
            &["-b", "-c", "-a", "+a", "+b", "+c"],
        )
    });
}

#[test]
fn rest_for_one_restarts_the_later_ones() {
    both(|| restarts(Supervisor::rest_for_one(), &["-b", "-c", "+b", "+c"]));
}

#[test]
fn a_dropped_owner_stops_the_tree_in_order() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (spec, _triggers) = three(Supervisor::one_for_one(), &log, &census);
        drop(spec.start().await.unwrap());
        soon("all are gone", || census.alive() == 0).await;
        assert_eq!(log.take(), ["+a", "+b", "+c", "-c", "-b", "-a"]);
    });
}

/// What never returns is work like any other.
#[test]
fn a_loop_without_end_is_a_child() {
    both(|| async {
        let endless = ChildSpec::worker("endless", |cx| async move {
            loop {
                cx.scope().cancelled().await;
                tokio::time::sleep(millis(1)).await;
            }
        });
        let top = Supervisor::one_for_one()
            .with_name("top")
            .with_child(endless.with_shutdown(Shutdown::Within(millis(20))))
            .start()
            .await
            .unwrap();
        let report = top.shutdown().await;
        assert_eq!(report.to_string(), "shutdown; killed: top/endless");
    });
}

/// It need not say in words that it did as it was told; before that, to return is a normal end.
#[test]
fn who_returns_when_told_to_stop_has_shut_down() {
    both(|| async {
        let obeys = ChildSpec::worker("obeys", |cx| async move {
            cx.scope().cancelled().await;
        });
        let returns = ChildSpec::worker("returns", |_| async {});
        let top = Supervisor::one_for_one()
            .with_child(obeys.transient())
            .with_child(returns.transient())
            .start()
            .await
            .unwrap();
        let obeys = top.which_child("obeys").await.unwrap().child.watch();
        let returns = top.which_child("returns").await.unwrap().child.watch();
        assert!(returns.monitor().await.exit.is_normal());
        top.terminate_child("obeys").await.unwrap();
        let exit = obeys.monitor().await.exit;
        assert!(matches!(exit, Exit::Shutdown(_)), "{exit}");
        assert!(top.shutdown().await.is_clean());
    });
}

/// Run in a body, others can use it meanwhile, and how its end went is told.
#[test]
fn what_is_run_is_referred_to_and_reports() {
    both(|| async {
        let census = Census::default();
        let (a, trigger) = child("a", &Log::new(), &census);
        let deaf = ChildSpec::worker("deaf", |_| std::future::pending::<()>());
        let scope = CancelScope::new();
        let mut user = None;
        let with = |supervisor: SupervisorRef| {
            let scope = scope.clone();
            user = Some(tokio::spawn(async move {
                let count = supervisor.count_children().await.unwrap();
                assert_eq!((count.specs, count.active), (2, 2));
                let a = supervisor.which_child("a").await.unwrap().child;
                let first = a.monitor();
                trigger.pull(boom());
                first.await;
                scope.cancel();
                supervisor.monitor().await.exit
            }));
        };
        let report = Supervisor::one_for_one()
            .with_name("top")
            .with_child(a)
            .with_child(deaf.with_shutdown(Shutdown::Within(millis(10))))
            .run_with_report(&scope, with)
            .await;
        assert!(report.exit.is_orderly());
        assert_eq!(Vec::from_iter(report.killed.paths()), ["top/deaf"]);
        assert!(user.unwrap().await.unwrap().is_orderly());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn what_is_run_of_children_at_run_time_is_referred_to() {
    both(|| async {
        let scope = CancelScope::new();
        let template = |id: &'static str| {
            let waits = |cx: ChildContext| async move { drop(cx.scope().cancelled().await) };
            (ChildSpec::worker(id, waits), id.len())
        };
        let mut user = None;
        let spec = Supervisor::dynamic(template);
        let run = spec.run_with_report(&scope, |supervisor| {
            let scope = scope.clone();
            user = Some(tokio::spawn(async move {
                let (child, beside) = supervisor.start_child("four").await.unwrap();
                assert!(child.is_alive());
                scope.cancel();
                beside
            }));
        });
        assert!(run.await.is_clean());
        assert_eq!(user.unwrap().await.unwrap(), 4);
    });
}
