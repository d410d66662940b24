//! Wakers that panic, wherever a supervisor calls one: what else there was to tell is told, and nobody else ends.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use aqueduct_cancel::CancelScope;
use aqueduct_supervision::error::{NotRunning, TerminateChildError};
use aqueduct_supervision::{
    ChildContext, ChildCount, ChildRef, ChildSpec, Exit, Failure, Supervisor, SupervisorRef,
};

use crate::support::{boxed, paused, throws};

/// More than there is room for in a supervisor's lane.
const MANY: usize = 70;

fn poll<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

async fn others_run() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

fn waits(id: &str) -> ChildSpec {
    ChildSpec::worker(id, |cx: ChildContext| async move {
        cx.scope().cancelled().await;
    })
}

/// Its supervisor is run in place, by somebody whose waker panics.
#[test]
fn a_child_has_ended_as_it_did_whatever_its_supervisors_waker_does() {
    paused(async {
        let it = Arc::new(Mutex::new(None::<ChildRef>));
        let place = it.clone();
        let spec = ChildSpec::worker("it", move |cx: ChildContext| {
            *place.lock().unwrap() = Some(cx.child());
            async move {
                cx.scope().cancelled().await;
                Err::<(), _>(Failure::msg("boom"))
            }
        });
        let scope = CancelScope::new();
        let spec = Supervisor::one_for_one().with_child(spec.temporary());
        let mut run = pin!(spec.run(&scope));
        assert!(poll(run.as_mut(), &throws()).is_pending());
        let it = it.lock().unwrap().take().expect("it was started");
        let (monitor, mut downs) = (it.monitor(), it.downs());
        it.ask_to_stop("it is told to");
        assert_eq!(monitor.await.exit.to_string(), "failed: boom");
        let down = downs.next().await.unwrap();
        assert_eq!(down.exit.to_string(), "failed: boom");
        // And the supervisor has it, too.
        assert!(poll(run.as_mut(), Waker::noop()).is_pending());
        assert!(downs.next().await.is_none(), "it is gone");
        scope.cancel();
        assert!(run.await.is_orderly());
    });
}

#[test]
fn a_child_is_ready_whatever_its_supervisors_waker_does() {
    paused(async {
        let it = Arc::new(Mutex::new(None::<ChildRef>));
        let place = it.clone();
        let spec = ChildSpec::acknowledged("it", move |cx: ChildContext| {
            *place.lock().unwrap() = Some(cx.child());
            async move {
                cx.ready();
                cx.scope().cancelled().await;
            }
        });
        let scope = CancelScope::new();
        let spec = Supervisor::one_for_one().with_child(spec);
        let mut run = pin!(spec.run(&scope));
        assert!(poll(run.as_mut(), &throws()).is_pending());
        others_run().await;
        assert!(poll(run.as_mut(), Waker::noop()).is_pending());
        others_run().await;
        let it = it.lock().unwrap().take().expect("it was started");
        assert!(it.is_alive());
        assert_eq!(it.incarnation(), 1);
        scope.cancel();
        assert!(run.await.is_orderly());
    });
}

#[test]
fn a_supervisor_goes_on_whatever_who_started_it_does() {
    paused(async {
        let start = Supervisor::one_for_one().with_child(waits("it")).start();
        let mut start = pin!(start);
        assert!(poll(start.as_mut(), &throws()).is_pending());
        others_run().await;
        let supervisor = start.await.unwrap();
        assert_eq!(supervisor.count_children().await.unwrap().active, 1);
        assert!(supervisor.shutdown().await.is_clean());

        // And one that fails to start.
        let fails = ChildSpec::acknowledged("it", |_| async { Err::<(), _>(Failure::msg("boom")) });
        let spec = Supervisor::one_for_one().with_child(fails);
        let mut events = spec.events();
        let mut start = pin!(spec.start());
        assert!(poll(start.as_mut(), &throws()).is_pending());
        while events.recv().await.is_ok() {}
        assert!(start.await.is_err());
    });
}

#[test]
fn a_supervisor_goes_on_whatever_who_was_answered_does() {
    paused(async {
        let supervisor = Supervisor::one_for_one().with_child(waits("it"));
        let supervisor = supervisor.start().await.unwrap();
        let other = Supervisor::one_for_one().start().await.unwrap();
        let stranger = other.start_child(waits("stranger")).await.unwrap();
        let reference = supervisor.reference();
        // The one is answered at once, the other by the decision.
        let mut not_found = pin!(reference.terminate_child(&stranger));
        let mut count = pin!(reference.count_children());
        assert!(poll(not_found.as_mut(), &throws()).is_pending());
        assert!(poll(count.as_mut(), &throws()).is_pending());
        others_run().await;
        let error = not_found.await.unwrap_err();
        assert!(matches!(error, TerminateChildError::NotFound), "{error}");
        assert_eq!(count.await.unwrap().active, 1);
        assert!(supervisor.shutdown().await.is_clean());
        assert!(other.shutdown().await.is_clean());
    });
}

type Count = Pin<Box<dyn Future<Output = Result<ChildCount, NotRunning>> + Send>>;

/// So many calls that have been made, or wait for room; every other one by a waker that panics.
fn calls(supervisor: &SupervisorRef, many: usize) -> Vec<Count> {
    let call = |n: usize| {
        let supervisor = supervisor.clone();
        let mut count: Count = boxed(async move { supervisor.count_children().await });
        let throws = throws();
        let waker = if n.is_multiple_of(2) {
            &throws
        } else {
            Waker::noop()
        };
        assert!(poll(count.as_mut(), waker).is_pending());
        count
    };
    (0..many).map(call).collect()
}

#[test]
fn a_supervisor_goes_on_whatever_who_waits_for_room_does() {
    paused(async {
        let supervisor = Supervisor::one_for_one().with_child(waits("it"));
        let supervisor = supervisor.start().await.unwrap();
        let mut calls = calls(&supervisor, MANY);
        others_run().await;
        let mut answered = 0;
        for call in &mut calls {
            answered += usize::from(call.await.is_ok());
        }
        // But for those that were taken as room was made for who waits so.
        assert_eq!(answered, MANY - (MANY - 64) / 2);
        assert_eq!(supervisor.count_children().await.unwrap().active, 1);
        assert!(supervisor.shutdown().await.is_clean());
    });
}

#[test]
fn a_supervisor_ends_as_it_did_whatever_who_is_refused_does() {
    paused(async {
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        let (reference, monitor) = (supervisor.reference(), supervisor.monitor());
        let calls = calls(&reference, MANY);
        drop(supervisor);
        let exit = monitor.await.exit;
        assert!(matches!(exit, Exit::Shutdown(None)), "{exit}");
        for call in calls {
            assert!(call.await.is_err());
        }
    });
}

#[test]
fn all_are_refused_by_a_supervisor_that_is_dropped_whatever_one_of_them_does() {
    paused(async {
        let hangs = ChildSpec::acknowledged("hangs", |_| std::future::pending::<()>());
        let scope = CancelScope::new();
        let reference = RefCell::new(None);
        let spec = Supervisor::one_for_one().with_child(hangs);
        let run = spec.run_with_report(&scope, |supervisor| {
            drop(reference.replace(Some(supervisor)))
        });
        let mut run = Box::pin(run);
        assert!(poll(run.as_mut(), Waker::noop()).is_pending());
        let taken = calls(&reference.take().expect("it has begun"), 20);
        // They wait for the start, and what waits in the lane is there besides.
        assert!(poll(run.as_mut(), Waker::noop()).is_pending());
        drop(run);
        for mut call in taken {
            let Poll::Ready(answer) = poll(call.as_mut(), Waker::noop()) else {
                panic!("nobody answers it any more");
            };
            assert!(answer.is_err());
        }
    });
}
