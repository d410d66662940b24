use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::*;

#[test]
fn it_is_polled_when_woken_and_once_more_if_woken_meanwhile() {
    let polls = Arc::new(AtomicUsize::new(0));
    let seen = polls.clone();
    let driven = Driven::start(poll_fn(move |cx| {
        match seen.fetch_add(1, Ordering::Relaxed) {
            0 => Poll::Pending,
            1 => {
                // Both while it is polled: one more poll.
                cx.waker().wake_by_ref();
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }));
    assert_eq!(polls.load(Ordering::Relaxed), 1);
    driven.waker.wake_by_ref();
    assert_eq!(polls.load(Ordering::Relaxed), 3);
    driven.waker.wake_by_ref();
    assert_eq!(polls.load(Ordering::Relaxed), 3, "it is over");
    assert_eq!(Arc::strong_count(&polls), 1, "what is over is dropped");
}

#[test]
fn its_waker_does_not_keep_it() {
    let inside = Arc::new(());
    let held = inside.clone();
    let driven = Driven::start(async move {
        std::future::pending::<()>().await;
        drop(held);
    });
    let waker = driven.waker.clone();
    drop(driven);
    assert_eq!(Arc::strong_count(&inside), 1);
    waker.wake();
}
