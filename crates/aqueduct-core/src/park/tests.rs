use super::*;
use std::future::poll_fn;
use std::sync::mpsc::{self, RecvTimeoutError};
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

/// Runs a test that would hang where it fails.
fn within_a_minute(test: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    // An error that is not a timeout is the test's own panic, which `join` hands on.
    let timed_out = is_done.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout);
    assert!(!timed_out, "a wake was lost");
    thread.join().unwrap();
}

#[test]
fn a_nested_call_does_not_eat_the_outer_wake() {
    within_a_minute(|| {
        // From here on the thread has a waker of its own, which the two calls could share.
        block_on(async {});
        let (mut outer_polls, mut inner_polls) = (0, 0);
        block_on(poll_fn(|outer| {
            outer_polls += 1;
            if outer_polls == 2 {
                return Poll::Ready(());
            }
            outer.waker().wake_by_ref();
            block_on(poll_fn(|inner| {
                assert!(!inner.waker().will_wake(outer.waker()));
                inner_polls += 1;
                if inner_polls == 2 {
                    return Poll::Ready(());
                }
                // Woken from outside, so that the inner call sleeps with the outer one's wake pending.
                let waker = inner.waker().clone();
                thread::spawn(move || waker.wake());
                Poll::Pending
            }));
            // The wake of before the inner call must still be there.
            Poll::Pending
        }));
        assert_eq!((outer_polls, inner_polls), (2, 2));
    });
}

#[test]
fn a_late_wake_of_one_call_does_the_next_no_harm() {
    within_a_minute(|| {
        let mut late = None;
        block_on(poll_fn(|cx| {
            late = Some(cx.waker().clone());
            Poll::Ready(())
        }));
        late.unwrap().wake();
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 3 {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        }));
        assert_eq!(polls, 3);
    });
}

#[test]
fn a_panic_leaves_the_thread_able_to_block_again() {
    for _ in 0..2 {
        let panic = std::panic::catch_unwind(|| block_on(async { panic!("within") }));
        assert!(panic.is_err());
    }
    assert_eq!(block_on(async { 7 }), 7);
}

#[test]
fn blocking_works_while_the_thread_is_being_torn_down() {
    struct Blocks;
    impl Drop for Blocks {
        fn drop(&mut self) {
            assert_eq!(block_on(async { 7 }), 7);
        }
    }
    thread_local! {
        static BLOCKS: Blocks = const { Blocks };
    }
    // Whichever of the two thread-locals goes first.
    for blocks_first in [true, false] {
        thread::spawn(move || {
            if blocks_first {
                block_on(async {});
            }
            BLOCKS.with(|_| ());
            block_on(async {});
        })
        .join()
        .unwrap();
    }
}
