//! Panics, wherever the user's code runs: caught, told, and answered as any other end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Context;

use aqueduct_supervision::child::ChildFuture;
use aqueduct_supervision::error::{StartChildError, StartError, StartFailure};
use aqueduct_supervision::{
    ChildContext, ChildSpec, EventKind, Exit, Fate, StartChild, Supervisor,
};

use crate::support::{both, paused, secs, throws};

/// How often it was started, and a child that panics the first time.
fn once(
    how: impl Fn() -> Box<dyn FnOnce() + Send> + Send + 'static,
) -> (ChildSpec, Arc<AtomicUsize>) {
    let starts = Arc::new(AtomicUsize::new(0));
    let counted = starts.clone();
    let spec = ChildSpec::worker("it", move |cx: ChildContext| {
        let is_first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        let panics = is_first.then(&how);
        async move {
            tokio::task::yield_now().await;
            if let Some(panics) = panics {
                panics();
                return;
            }
            cx.scope().cancelled().await;
        }
    });
    (spec, starts)
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("meant: in a destructor");
    }
}

#[test]
fn a_panic_in_a_poll_has_its_message_and_place_and_the_child_is_restarted() {
    both(|| async {
        let (spec, starts) = once(|| Box::new(|| panic!("meant: in a poll")));
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        let mut events = supervisor.events();
        supervisor.start_child(spec).await.unwrap();
        let panicked = loop {
            if let EventKind::Exited(Exit::Panicked(panicked)) = events.recv().await.unwrap().kind {
                break panicked;
            }
        };
        assert_eq!(panicked.message(), Some("meant: in a poll"));
        let location = panicked.location().expect("the hook is chained");
        assert!(location.file().ends_with("panics.rs") && location.line() > 0);
        while !matches!(events.recv().await.unwrap().kind, EventKind::Started) {}
        assert_eq!(starts.load(Ordering::SeqCst), 2);
        assert!(supervisor.shutdown().await.is_clean());
    });
}

#[test]
fn a_panic_in_the_destructor_is_the_exit() {
    both(|| async {
        let spec = ChildSpec::worker("it", |_| {
            let bomb = Bomb;
            async move {
                let _bomb = &bomb;
                std::future::ready(()).await;
                std::mem::forget(bomb);
                let _later = Bomb;
            }
        });
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        let child = supervisor.start_child(spec.temporary()).await.unwrap();
        let down = child.watch().monitor().await;
        let panicked = down.exit.panicked().expect("it panicked").clone();
        assert_eq!(panicked.message(), Some("meant: in a destructor"));
        assert!(supervisor.shutdown().await.is_clean());
    });
}

/// Dropped at an await, what it held panics.
#[test]
fn a_panic_in_the_destructor_of_what_is_killed_is_the_exit() {
    both(|| async {
        let spec = ChildSpec::worker("it", |_| async {
            let _bomb = Bomb;
            std::future::pending::<()>().await;
        });
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        let child = supervisor.start_child(spec.temporary()).await.unwrap();
        tokio::task::yield_now().await;
        child.kill();
        let down = child.watch().monitor().await;
        assert!(down.exit.panicked().is_some() || matches!(down.exit, Exit::Killed));
        assert!(supervisor.shutdown().await.is_clean());
    });
}

#[test]
fn a_panic_in_the_start_closure_fails_the_start() {
    both(|| async {
        let spec = || {
            ChildSpec::worker("it", |_| {
                if true {
                    panic!("meant: in start");
                }
                async {}
            })
        };
        // A plain worker is started when it is spawned; then it has ended, and there are too many restarts.
        let supervisor = Supervisor::one_for_one().with_child(spec()).start().await;
        if let Ok(supervisor) = supervisor {
            assert!(supervisor.wait().await.is_orderly());
        }
        let acknowledged = ChildSpec::acknowledged("it", |_| {
            if true {
                panic!("meant: in start");
            }
            async {}
        });
        let error = Supervisor::one_for_one()
            .with_child(acknowledged)
            .start()
            .await
            .unwrap_err();
        let StartError::Child { failure, .. } = error else {
            panic!("{error}");
        };
        let panicked = failure.exit().and_then(Exit::panicked).unwrap().clone();
        assert_eq!(panicked.message(), Some("meant: in start"));
    });
}

/// Panics where it is told what becomes of it, and when it is dropped.
struct Rude {
    told: Arc<AtomicUsize>,
}

impl StartChild for Rude {
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        Box::pin(async move {
            cx.ready();
            cx.scope().cancelled().await;
            Exit::Normal
        })
    }

    fn settled(&mut self, _: &Exit, _: Fate) {
        self.told.fetch_add(1, Ordering::SeqCst);
        panic!("meant: in settled");
    }
}

impl Drop for Rude {
    fn drop(&mut self) {
        self.told.fetch_add(100, Ordering::SeqCst);
        panic!("meant: dropped");
    }
}

#[test]
fn panics_of_settled_and_of_destructors_are_told_and_end_nothing() {
    both(|| async {
        let told = Arc::new(AtomicUsize::new(0));
        let rude = |id: &'static str| ChildSpec::custom(id, Rude { told: told.clone() });
        let supervisor = Supervisor::one_for_one()
            .with_intensity(100, secs(5))
            .with_child(rude("a"))
            .with_child(rude("b"))
            .start()
            .await
            .unwrap();
        let mut events = supervisor.events();
        let child = supervisor.which_child("a").await.unwrap().child;
        child.kill();
        let panicked = loop {
            if let EventKind::CallbackPanicked(panicked) = events.recv().await.unwrap().kind {
                break panicked;
            }
        };
        assert_eq!(panicked.message(), Some("meant: in settled"));
        assert_eq!(told.load(Ordering::SeqCst), 1);
        // One that is refused is dropped, with the panic of that.
        let error = supervisor.start_child(rude("b")).await.unwrap_err();
        assert!(matches!(error, StartChildError::AlreadyStarted(_)));
        supervisor.terminate_child("b").await.unwrap();
        supervisor.delete_child("b").await.unwrap();
        assert_eq!(supervisor.which_children().await.unwrap().len(), 1);
        assert!(supervisor.shutdown().await.is_clean());
        assert_eq!(told.load(Ordering::SeqCst) / 100, 3);
    });
}

#[test]
fn a_start_that_panics_each_time_escalates() {
    both(|| async {
        let mut starts = 0;
        let spec = ChildSpec::acknowledged("it", move |cx: ChildContext| {
            starts += 1;
            assert!(starts == 1, "meant: not again");
            async move {
                cx.ready();
                tokio::task::yield_now().await;
                panic!("meant: and now this");
                #[expect(unreachable_code, reason = "it says what the block gives")]
                ()
            }
        });
        let supervisor = Supervisor::one_for_one()
            .with_intensity(3, secs(5))
            .with_child(spec)
            .start()
            .await
            .unwrap();
        let exit = supervisor.wait().await;
        assert!(exit.is_orderly(), "{exit}");
    });
}

#[test]
fn a_start_child_that_fails_says_why() {
    both(|| async {
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        let spec = ChildSpec::acknowledged("it", |_| async {
            Err::<(), _>(std::io::Error::other("no port"))
        });
        let error = supervisor.start_child(spec).await.unwrap_err();
        let StartChildError::Failed(StartFailure::Exited(exit)) = error else {
            panic!("{error}");
        };
        assert_eq!(exit.to_string(), "failed: no port");
        assert!(supervisor.shutdown().await.is_clean());
    });
}

/// A waker of who listens is no supervisor's to answer for.
#[test]
fn a_panic_of_a_waker_that_waits_for_events_ends_nothing() {
    paused(async {
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        let mut events = supervisor.events();
        for id in ["a", "b"] {
            let waker = throws();
            let mut context = Context::from_waker(&waker);
            while events.poll_recv(&mut context).is_ready() {}
            let waits = ChildSpec::worker(id, |cx: ChildContext| async move {
                cx.scope().cancelled().await;
            });
            supervisor.start_child(waits).await.unwrap();
        }
        assert!(supervisor.shutdown().await.is_clean());
    });
}
