//! Wakers, destructors and payloads that panic: who made them is told by the panic hook, and nobody else suffers.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use aqueduct_group::{AsCompleted, Discard, group};
use tokio::time::{sleep, timeout};

use crate::support::{Census, both, millis, quiet, secs, soon, threads};

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("meant: a waker");
    }
}

fn panics() -> Waker {
    quiet();
    Waker::from(Arc::new(Panics))
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_woken() {
    threads(async {
        let group = group().open(Discard::<()>::new());
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let task = async move { assert!(ended.await.is_err()) };
        group.spawn(task).await.unwrap();
        let spawner = group.spawner();
        let mut bad = Box::pin(spawner.wait_closed());
        let polled = bad.as_mut().poll(&mut Context::from_waker(&panics()));
        assert!(polled.is_pending());
        let spawner = group.spawner();
        let good = tokio::spawn(async move { spawner.wait_closed().await });
        sleep(millis(50)).await;
        drop(end);
        timeout(secs(10), good).await.expect("woken").unwrap();
        timeout(secs(10), group.join()).await.unwrap().unwrap();
    });
}

#[test]
fn an_owner_whose_waker_panics_has_its_tasks_aborted() {
    both(|| async {
        let mut group = group().open(AsCompleted::<()>::new());
        group.spawn(pending()).await.unwrap();
        let polled = group.poll_next(&mut Context::from_waker(&panics()));
        assert!(polled.is_pending());
        group.abort_all();
        assert_eq!(timeout(secs(10), group.join()).await.unwrap().len(), 1);
    });
}

/// Who waits on the scope panics; the tasks are aborted nevertheless, and waited for further out.
#[test]
fn a_group_whose_scope_wakes_a_panic_is_handed_over() {
    let census = Census::default();
    let guard = census.guard();
    threads(async move {
        let outer = group().open(Discard::<()>::new());
        let task = async move {
            let inner = group().with_grace(secs(60)).open(Discard::<()>::new());
            let (begin, begun) = tokio::sync::oneshot::channel();
            let busy = async move {
                let _guard = guard;
                begin.send(()).unwrap();
                std::thread::sleep(millis(300));
                pending().await
            };
            inner.spawn(busy).await.unwrap();
            begun.await.unwrap();
            let mut bad = Box::pin(inner.scope().cancelled_owned());
            let polled = bad.as_mut().poll(&mut Context::from_waker(&panics()));
            assert!(polled.is_pending());
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(inner)));
            assert!(dropped.is_err());
        };
        outer.spawn(task).await.unwrap();
        timeout(secs(10), outer.join()).await.unwrap().unwrap();
        assert_eq!(census.alive(), 0);
    });
}

/// What it panics with, panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        struct Payload;
        impl Drop for Payload {
            fn drop(&mut self) {
                panic!("meant: a payload");
            }
        }
        panic_any(Payload);
    }
}

#[test]
fn an_output_that_panics_twice_keeps_nobody_waiting() {
    quiet();
    both(|| async {
        let group = group().open(Discard::new());
        for _ in 0..3 {
            group.spawn(async { Bomb }).await.unwrap();
        }
        soon("all have ended", || group.is_empty()).await;
        assert!(timeout(secs(10), group.join()).await.unwrap().is_ok());
    });
}
