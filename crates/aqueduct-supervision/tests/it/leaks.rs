//! Nothing is left of what the user gave: closures, what they hold, what children held.

use aqueduct_cancel::CancelScope;
use aqueduct_supervision::{ChildContext, ChildSpec, Supervisor, SupervisorSpec};

use crate::support::{Census, both, soon};

/// The spec itself holds a guard, and so does each incarnation.
fn held(id: &str, census: &Census) -> ChildSpec {
    let (census, own) = (census.clone(), census.guard());
    ChildSpec::worker(id, move |cx: ChildContext| {
        let _own = &own;
        let guard = census.guard();
        async move {
            let _guard = guard;
            cx.scope().cancelled().await;
        }
    })
}

fn tree(census: &Census) -> SupervisorSpec {
    let deeper = Supervisor::one_for_all().with_child(held("d", census));
    let below = Supervisor::one_for_one()
        .with_child(held("b", census))
        .with_child(ChildSpec::supervisor("deeper", deeper))
        .with_child(held("c", census));
    Supervisor::one_for_one()
        .with_child(held("a", census))
        .with_child(ChildSpec::supervisor("below", below))
}

#[test]
fn a_spec_that_is_never_started() {
    let census = Census::default();
    drop(tree(&census));
    assert_eq!(census.alive(), 0);
}

/// References to what has ended keep nothing of it.
#[test]
fn a_tree_that_was_shut_down() {
    both(|| async {
        let census = Census::default();
        let top = tree(&census).start().await.unwrap();
        assert_eq!(census.alive(), 8);
        let reference = top.reference();
        let below = top.which_child("below").await.unwrap().child;
        let deep = below.as_supervisor().unwrap();
        let b = deep.which_child("b").await.unwrap().child;
        let events = top.events();
        b.kill();
        soon("it is back", || b.incarnation() == 2 && b.is_alive()).await;
        assert!(top.shutdown().await.is_clean());
        // The task of the supervisor may be about to end.
        soon("nothing is left", || census.alive() == 0).await;
        drop((reference, below, deep, b, events));
    });
}

#[test]
fn a_tree_whose_future_was_dropped() {
    both(|| async {
        let census = Census::default();
        let scope = CancelScope::new();
        let run = tree(&census).run(&scope);
        tokio::select! {
            biased;
            _ = run => unreachable!("nobody stops it"),
            () = soon("all are started", || census.alive() == 8) => {}
        }
        soon("nothing is left", || census.alive() == 0).await;
    });
}

#[test]
fn children_that_were_deleted_or_refused() {
    both(|| async {
        let census = Census::default();
        let top = Supervisor::one_for_one().start().await.unwrap();
        let a = top.start_child(held("a", &census)).await.unwrap();
        assert!(top.start_child(held("a", &census)).await.is_err());
        assert_eq!(census.alive(), 2);
        top.terminate_child(&a).await.unwrap();
        assert_eq!(census.alive(), 1);
        top.delete_child(&a).await.unwrap();
        assert_eq!(census.alive(), 0);
        top.start_child(held("b", &census).temporary())
            .await
            .unwrap();
        top.terminate_child("b").await.unwrap();
        assert_eq!(census.alive(), 0);
        let reference = top.reference();
        assert!(top.shutdown().await.is_clean());
        assert!(reference.start_child(held("c", &census)).await.is_err());
        assert_eq!(census.alive(), 0);
    });
}

/// One that was asked to stop before it began starts nothing.
#[test]
fn a_run_whose_scope_is_cancelled() {
    both(|| async {
        let census = Census::default();
        let scope = CancelScope::new();
        scope.cancel();
        let started = census.clone();
        let spec = ChildSpec::worker("it", move |_| {
            let guard = started.guard();
            std::mem::forget(guard);
            async {}
        });
        let exit = Supervisor::one_for_one().with_child(spec).run(&scope).await;
        assert!(exit.is_orderly(), "{exit}");
        assert_eq!(census.alive(), 0);
    });
}
