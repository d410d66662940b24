//! Children that cannot be made to end: told, and not waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use aqueduct_channel::broadcast::error::TryRecvError;
use aqueduct_supervision::child::Doing;
use aqueduct_supervision::error::{CannotReplace, TerminateChildError};
use aqueduct_supervision::{ChildContext, ChildSpec, EventKind, Exit, Shutdown, Supervisor};

use crate::support::{Census, Log, beside, boom, child, millis, secs, soon};

/// One that never comes to an await, until it is let go.
fn busy(id: &'static str, census: &Census) -> (ChildSpec, Arc<AtomicBool>, Arc<AtomicBool>) {
    let (runs, go) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let census = census.clone();
    let told = (runs.clone(), go.clone());
    let spec = ChildSpec::worker(id, move |_: ChildContext| {
        let (guard, (runs, go)) = (census.guard(), told.clone());
        async move {
            let _guard = guard;
            // A task that its worker has woken last would wait for as long as that is busy. By now there is none.
            tokio::time::sleep(millis(20)).await;
            runs.store(true, Ordering::SeqCst);
            while !go.load(Ordering::SeqCst) {
                std::thread::sleep(millis(1));
            }
        }
    });
    (spec.with_shutdown(Shutdown::Brutal), runs, go)
}

#[test]
fn a_shutdown_tells_of_it_and_goes_on() {
    beside(async {
        let census = Census::default();
        let (spec, runs, go) = busy("busy", &census);
        let (other, _other) = child("other", &Log::new(), &census);
        let supervisor = Supervisor::one_for_one()
            .with_name("top")
            .with_abort_patience(millis(50))
            .with_child(other)
            .with_child(spec)
            .start()
            .await
            .unwrap();
        soon("it is busy", || runs.load(Ordering::SeqCst)).await;
        let child = supervisor.which_child("busy").await.unwrap().child;
        let watch = child.watch();
        let reference = supervisor.reference();
        let began = Instant::now();
        let report = supervisor.shutdown().await;
        assert!(began.elapsed() < secs(5));
        assert_eq!(Vec::from_iter(report.unresponsive.paths()), ["top/busy"]);
        assert!(matches!(watch.exit(), Some(Exit::Unresponsive)));
        assert_eq!(census.alive(), 1, "the other was stopped");
        let tree = reference.tree();
        let left = Vec::from_iter(tree.children.iter().map(|it| (it.id.as_str(), it.doing)));
        assert_eq!(left, [("busy", Doing::Unresponsive)], "who looks finds it");
        go.store(true, Ordering::SeqCst);
        soon("it ends", || census.alive() == 0).await;
        soon("nothing is left", || reference.tree().is_empty()).await;
        // It was told, and there is one Down.
        assert!(matches!(watch.exit(), Some(Exit::Unresponsive)));
    });
}

/// Also at the bottom: the supervisors between have ended, and lead to it.
#[test]
fn the_tree_shows_who_is_left_below_what_has_ended() {
    beside(async {
        let census = Census::default();
        let (spec, runs, go) = busy("busy", &census);
        let patience = millis(50);
        let deep = Supervisor::one_for_one().with_abort_patience(patience);
        let below = Supervisor::one_for_one()
            .with_child(ChildSpec::supervisor("deep", deep.with_child(spec)));
        let top = Supervisor::one_for_one().with_name("top");
        let top = top.with_child(ChildSpec::supervisor("below", below));
        let top = top.start().await.unwrap();
        soon("it is busy", || runs.load(Ordering::SeqCst)).await;
        let reference = top.reference();
        let report = top.shutdown().await;
        let path = "top/below/deep/busy";
        assert_eq!(Vec::from_iter(report.unresponsive.paths()), [path]);
        let tree = reference.tree();
        assert_eq!(tree.len(), 3, "{tree}");
        let busy = "      └─ busy: unresponsive, incarnation 1, last: unresponsive";
        assert_eq!(tree.to_string().lines().last(), Some(busy));
        go.store(true, Ordering::SeqCst);
        soon("nothing is left", || reference.tree().is_empty()).await;
    });
}

/// Patience with each of them would be minutes, and a report of the first hundred would leave the others out.
#[test]
fn many_are_waited_for_together_and_each_is_named() {
    const MANY: usize = 1000;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    // Each blocks a thread.
    let builder = builder.worker_threads(2).max_blocking_threads(2 * MANY);
    let runtime = builder.enable_all().build().unwrap();
    let (census, gate) = (Census::default(), Arc::<std::sync::RwLock<()>>::default());
    let closed = gate.write().unwrap();
    let busy = |n: usize| {
        let (census, gate) = (census.clone(), gate.clone());
        let spec = ChildSpec::worker(format!("busy-{n}"), move |_: ChildContext| {
            let (census, gate) = (census.clone(), gate.clone());
            async move {
                tokio::task::block_in_place(|| {
                    let _guard = census.guard();
                    drop(gate.read());
                });
            }
        });
        spec.with_shutdown(Shutdown::Brutal)
    };
    let patience = millis(200);
    let spec = Supervisor::one_for_one().with_name("top");
    let spec = (0..MANY).fold(spec.with_abort_patience(patience), |spec, n| {
        spec.with_child(busy(n))
    });
    runtime.block_on(async {
        let supervisor = spec.start().await.unwrap();
        let mut events = supervisor.events();
        soon("all are busy", || census.alive() == MANY).await;
        let began = Instant::now();
        let report = supervisor.shutdown().await;
        // With each it would be more than three minutes. It is half a second, and the machine may be slow.
        assert!(began.elapsed() < secs(30), "{:?}", began.elapsed());
        let named = std::collections::HashSet::<&str>::from_iter(report.unresponsive.paths());
        assert_eq!((report.unresponsive.len(), named.len()), (MANY, MANY));
        let shown = report.to_string();
        assert!(shown.ends_with("and 900 more"), "{shown}");
        let mut told = 0;
        loop {
            match events.try_recv() {
                Ok(event) => told += usize::from(matches!(event.kind, EventKind::Unresponsive)),
                // Those before are more than are kept.
                Err(TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
        assert!(told > 900, "{told}");
    });
    drop(closed);
    runtime.block_on(soon("they end", || census.alive() == 0));
}

#[test]
fn terminate_says_so_and_it_is_at_rest_when_it_ends() {
    beside(async {
        let census = Census::default();
        let (spec, runs, go) = busy("busy", &census);
        let supervisor = Supervisor::one_for_one()
            .with_abort_patience(millis(50))
            .with_child(spec)
            .start()
            .await
            .unwrap();
        soon("it is busy", || runs.load(Ordering::SeqCst)).await;
        let error = supervisor.terminate_child("busy").await.unwrap_err();
        assert!(matches!(error, TerminateChildError::Unresponsive(_)));
        go.store(true, Ordering::SeqCst);
        soon("it ends", || census.alive() == 0).await;
        while supervisor.restart_child("busy").await.is_err() {
            tokio::task::yield_now().await;
        }
        assert!(supervisor.shutdown().await.unresponsive.is_empty());
    });
}

#[test]
fn one_that_would_have_to_be_replaced_ends_the_supervisor() {
    beside(async {
        let census = Census::default();
        let (spec, runs, go) = busy("busy", &census);
        let (other, trigger) = child("other", &Log::new(), &census);
        let supervisor = Supervisor::one_for_all()
            .with_name("top")
            .with_abort_patience(millis(50))
            .with_child(other)
            .with_child(spec)
            .start()
            .await
            .unwrap();
        soon("it is busy", || runs.load(Ordering::SeqCst)).await;
        trigger.pull(boom());
        let exit = supervisor.wait().await;
        let failure = exit.failure().expect("it failed");
        let cannot: &CannotReplace = failure.downcast_ref().expect("as it cannot replace it");
        assert_eq!(&*cannot.child, "top/busy");
        assert_eq!(census.alive(), 1);
        go.store(true, Ordering::SeqCst);
        soon("it ends", || census.alive() == 0).await;
    });
}
