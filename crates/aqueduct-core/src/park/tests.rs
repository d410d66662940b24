use super::*;
use std::future::poll_fn;
use std::time::Duration;

#[test]
fn a_ready_future_needs_no_sleep() {
    assert_eq!(block_on(async { 7 }), 7);
}

#[test]
fn another_thread_wakes_it() {
    let mut polls = 0;
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 3 {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(2));
            waker.wake();
        });
        Poll::Pending
    }));
    assert_eq!(polls, 3);
}

#[test]
fn a_nested_call_does_not_eat_the_outer_wake() {
    let mut polls = 0;
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        block_on(poll_fn(|inner| {
            if polls == 1 {
                polls += 0;
            }
            inner.waker().wake_by_ref();
            Poll::Ready(())
        }));
        Poll::Pending
    }));
    assert_eq!(polls, 2);
}
