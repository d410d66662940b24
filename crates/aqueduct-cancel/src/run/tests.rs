use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use super::*;
use crate::CancelScope;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

#[test]
fn what_is_ready_is_never_lost() {
    let scope = CancelScope::new();
    scope.cancel();
    let done = pin!(scope.run(ready(1)));
    assert!(matches!(poll(done, Waker::noop()), Poll::Ready(Ok(1))));
}

#[test]
fn it_registers_once_and_anew_for_another_waker() {
    let scope = CancelScope::new().child();
    let (one, two) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let (waker, other) = (Waker::from(one.clone()), Waker::from(two.clone()));
    let mut run = pin!(scope.run(pending::<()>()));
    for _ in 0..3 {
        assert!(poll(run.as_mut(), &waker).is_pending());
        assert_eq!(Arc::strong_count(&one), 3, "one clone is registered");
    }
    assert!(poll(run.as_mut(), &other).is_pending());
    assert_eq!((Arc::strong_count(&one), Arc::strong_count(&two)), (2, 3));
    assert_eq!(scope.stats().waiters, 1);
    scope.cancel();
    assert_eq!(one.0.load(Ordering::Relaxed), 0);
    assert_eq!(two.0.load(Ordering::Relaxed), 1);
    assert!(matches!(poll(run.as_mut(), &other), Poll::Ready(Err(_))));
}

#[test]
fn what_ends_is_dropped_at_once() {
    let scope = CancelScope::new();
    let inside = Arc::new(());
    let held = inside.clone();
    let mut run = pin!(scope.run(poll_fn(move |_| {
        let _ = &held;
        Poll::<()>::Pending
    })));
    assert!(poll(run.as_mut(), Waker::noop()).is_pending());
    assert_eq!(Arc::strong_count(&inside), 2);
    scope.cancel();
    assert!(poll(run.as_mut(), Waker::noop()).is_ready());
    assert_eq!(Arc::strong_count(&inside), 1);
}

#[test]
fn dropped_after_any_number_of_polls_it_leaves_nothing() {
    for polls in 0..4 {
        for depth in 0..6 {
            let mut scope = CancelScope::new();
            for _ in 0..depth {
                scope = scope.child();
            }
            let count = Arc::new(Count::default());
            let waker = Waker::from(count.clone());
            {
                let mut run = pin!(scope.run(pending::<()>()));
                for _ in 0..polls {
                    assert!(poll(run.as_mut(), &waker).is_pending());
                }
            }
            assert_eq!(scope.stats().waiters, 0);
            assert_eq!(Arc::strong_count(&count), 2);
            scope.cancel();
            assert_eq!(count.0.load(Ordering::Relaxed), 0);
        }
    }
}

#[test]
fn runs_inside_runs_stop_at_their_own_scope() {
    let outer = CancelScope::new();
    let inner = CancelScope::new();
    let mut run = pin!(outer.run(async {
        assert!(inner.run(pending::<()>()).await.is_err());
        pending::<()>().await;
    }));
    assert!(poll(run.as_mut(), Waker::noop()).is_pending());
    inner.cancel();
    assert!(poll(run.as_mut(), Waker::noop()).is_pending());
    outer.cancel();
    assert!(matches!(
        poll(run.as_mut(), Waker::noop()),
        Poll::Ready(Err(_))
    ));
}

#[test]
fn it_owns_what_it_is_told_to() {
    let scope = CancelScope::new();
    let weak = scope.downgrade();
    let mut run = Box::pin(scope.run_owned(pending::<()>()));
    let mut until = Box::pin(scope.cancelled_owned());
    drop(scope);
    assert!(poll(run.as_mut(), Waker::noop()).is_pending());
    assert!(poll(until.as_mut(), Waker::noop()).is_pending());
    weak.upgrade().unwrap().cancel();
    assert!(poll(run.as_mut(), Waker::noop()).is_ready());
    assert!(poll(until.as_mut(), Waker::noop()).is_ready());
    drop((run, until));
    assert!(weak.upgrade().is_none());
}
