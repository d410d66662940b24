//! Models of the wait queue, by its simplest client: a semaphore. Each names the line whose removal makes it fail.
//!
//! A lost wake shows as a deadlock, a node touched by two at once as loom's causality violation, a permit that was lost
//! or given twice as a wrong count at the end.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Wake, Waker};

use ::loom::thread;

use super::semaphore::{Ask, Semaphore, poll};
use super::*;
use crate::barrier::Pace;
use crate::model::{self, block_on, race, race_bounded};

/// How far apart two sleeps are, that the sleeper pays after the second.
const FAR: u64 = Pace::LIGHT_FROM as u64;

fn acquire(semaphore: &Semaphore, position: u64) {
    let mut wait = pin!(semaphore.wait());
    block_on(poll_fn(|cx| {
        poll(wait.as_mut(), cx, Place::Back, 1, position)
    }));
}

fn spawn(semaphore: &Semaphore, run: impl FnOnce(Semaphore) + 'static) -> thread::JoinHandle<()> {
    let semaphore = semaphore.clone();
    model::spawn(move || run(semaphore))
}

fn spawn_both(
    semaphore: &Semaphore,
    first: impl FnOnce(Semaphore) + 'static,
    second: impl FnOnce(Semaphore) + 'static,
) -> [thread::JoinHandle<()>; 2] {
    let [one, two] = [semaphore.clone(), semaphore.clone()];
    model::spawn_both(move || first(one), move || second(two)).into()
}

/// Polls at the back of the line, with a waker that wakes nobody.
fn glance(wait: Pin<&mut Wait<Semaphore>>) -> Poll<Ask> {
    poll(
        wait,
        &mut Context::from_waker(Waker::noop()),
        Place::Back,
        1,
        0,
    )
}

/// Guards `barrier::full` in `is_waited_on_slow`, the barrier in `join`, and the newcomer's own serving.
#[test]
fn serve_and_join_never_both_miss_where_both_pay() {
    race(|| {
        let semaphore = Semaphore::new();
        let giver = spawn(&semaphore, |semaphore| semaphore.give(1));
        acquire(&semaphore, 0);
        giver.join().unwrap();
        assert_eq!(semaphore.permits(), 0);
    });
}

/// Guards `barrier::light` in `is_waited_on`, and the payer that is read from the pace under the lock.
#[test]
fn serve_and_join_never_both_miss_whoever_pays() {
    for (first, second) in [(FAR, 2 * FAR), (0, FAR), (FAR, FAR)] {
        model::asymmetric(|| {
            race_bounded(3, move || {
                let semaphore = Semaphore::new();
                let giver = spawn(&semaphore, |semaphore| {
                    semaphore.give(1);
                    semaphore.give(1);
                });
                acquire(&semaphore, first);
                acquire(&semaphore, second);
                giver.join().unwrap();
                assert_eq!(semaphore.permits(), 0);
            });
        });
    }
}

/// "Joining a line": of two who get in line only the first runs a barrier, whichever it is, and none stays behind.
///
/// Fails if nobody runs it, or if the first does so before it is in line.
#[test]
fn one_barrier_is_good_for_a_whole_line() {
    for positions in [(0, 0), (FAR, 2 * FAR)] {
        model::asymmetric(|| {
            race_bounded(2, move || {
                let semaphore = Semaphore::new();
                let gives = |semaphore: Semaphore| {
                    semaphore.give(1);
                    semaphore.give(1);
                };
                let waits = move |semaphore: Semaphore| acquire(&semaphore, positions.1);
                let [giver, other] = spawn_both(&semaphore, gives, waits);
                acquire(&semaphore, positions.0);
                other.join().unwrap();
                giver.join().unwrap();
                assert_eq!(semaphore.permits(), 0);
            });
        });
    }
}

/// Guards the lock around the list, and the Release and Acquire around SERVED: a waiter that is woken, or looks by
/// itself, takes its node back from the server.
#[test]
fn two_waiters_and_two_servers() {
    race_bounded(2, || {
        let semaphore = Semaphore::new();
        let [other, giver] = spawn_both(
            &semaphore,
            |semaphore| acquire(&semaphore, 0),
            |semaphore| semaphore.give(1),
        );
        semaphore.give(1);
        acquire(&semaphore, 0);
        other.join().unwrap();
        giver.join().unwrap();
        assert_eq!(semaphore.permits(), 0);
    });
}

/// Guards `Queue::left` for a waiter that was served, and the second look at the state under the lock in `leave_line`.
#[test]
fn a_waiter_that_is_dropped_passes_on() {
    race_bounded(2, || {
        let semaphore = Semaphore::new();
        let [giver, other] = spawn_both(
            &semaphore,
            |semaphore| semaphore.give(1),
            |semaphore| acquire(&semaphore, 0),
        );
        {
            let mut wait = pin!(semaphore.wait());
            if glance(wait.as_mut()).is_ready() {
                semaphore.give(1);
            }
        }
        giver.join().unwrap();
        other.join().unwrap();
        assert_eq!(semaphore.permits(), 0);
    });
}

/// Guards the verdict of `leave`.
#[test]
fn a_waiter_that_leaves_says_whether_it_was_served() {
    race(|| {
        let semaphore = Semaphore::new();
        let giver = spawn(&semaphore, |semaphore| semaphore.give(1));
        let mut wait = pin!(semaphore.wait());
        let mut got = glance(wait.as_mut()).is_ready();
        if !got {
            let (_, served) = wait.as_mut().leave().expect("it is in line");
            got = served;
        }
        assert!(!wait.is_waiting());
        giver.join().unwrap();
        assert_eq!(semaphore.permits() + usize::from(got), 1);
    });
}

/// Guards that a newcomer serves the queue, not itself: nobody overtakes who was in line before.
#[test]
fn first_come_first_served() {
    race_bounded(3, || {
        let semaphore = Semaphore::new();
        let giver = spawn(&semaphore, |semaphore| semaphore.give(1));
        let (mut first, mut second) = (pin!(semaphore.wait()), pin!(semaphore.wait()));
        let first_got = glance(first.as_mut()).is_ready();
        let second_got = glance(second.as_mut()).is_ready();
        let first_got = first_got || glance(first.as_mut()).is_ready();
        assert!(first_got || !second_got);
        giver.join().unwrap();
    });
}

/// Guards `Place::Front` in `link`.
#[test]
fn who_comes_to_the_front_goes_first() {
    race(|| {
        let semaphore = Semaphore::new();
        let (mut first, mut front) = (pin!(semaphore.wait()), pin!(semaphore.wait()));
        assert!(glance(first.as_mut()).is_pending());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(poll(front.as_mut(), &mut cx, Place::Front, 1, 0).is_pending());
        let giver = spawn(&semaphore, |semaphore| semaphore.give(1));
        let first_got = glance(first.as_mut()).is_ready();
        assert!(!first_got);
        giver.join().unwrap();
        assert!(glance(front.as_mut()).is_ready());
    });
}

/// Guards `renew`.
#[test]
fn a_waker_that_changes_is_the_one_that_is_called() {
    race_bounded(4, || {
        let semaphore = Semaphore::new();
        let giver = spawn(&semaphore, |semaphore| semaphore.give(1));
        let mut wait = pin!(semaphore.wait());
        if glance(wait.as_mut()).is_pending() {
            block_on(poll_fn(|cx| poll(wait.as_mut(), cx, Place::Back, 1, 0)));
        }
        giver.join().unwrap();
        assert_eq!(semaphore.permits(), 0);
    });
}

/// Guards the loop over batches (of two, here) in `serve_all_but`, and that the wakers are called without the lock.
#[test]
fn closing_wakes_all() {
    /// Asks the queue, which would deadlock under its lock.
    struct Asks(Semaphore);

    impl Wake for Asks {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.queue.len();
        }
    }

    race_bounded(3, || {
        let semaphore = Semaphore::new();
        let waker = Waker::from(std::sync::Arc::new(Asks(semaphore.clone())));
        let mut cx = Context::from_waker(&waker);
        let mut waits = [(); 3].map(|()| Box::pin(semaphore.wait()));
        let closer = spawn(&semaphore, |semaphore| semaphore.close());
        let ready = waits
            .each_mut()
            .map(|wait| poll(wait.as_mut(), &mut cx, Place::Back, 1, 0).is_ready());
        closer.join().unwrap();
        for (wait, ready) in waits.iter_mut().zip(ready) {
            assert!(ready || poll(wait.as_mut(), &mut cx, Place::Back, 1, 0).is_ready());
        }
    });
}

/// Guards I5: the flag follows the list, also when the last in line leaves while another joins.
#[test]
fn the_flag_follows_the_list() {
    race_bounded(3, || {
        let semaphore = Semaphore::new();
        let other = spawn(&semaphore, |semaphore| {
            let mut wait = pin!(semaphore.wait());
            let _ = glance(wait.as_mut());
        });
        let mut wait = pin!(semaphore.wait());
        assert!(glance(wait.as_mut()).is_pending());
        other.join().unwrap();
        assert!(!semaphore.queue.is_empty());
        assert!(semaphore.queue.is_waited_on());
        assert_eq!(semaphore.queue.len(), 1);
        wait.as_mut().leave();
        assert!(semaphore.queue.is_empty());
        assert!(!semaphore.queue.is_waited_on());
    });
}

/// Guards `Queue::left` for a waiter that was served in part: what it has goes to the next.
#[test]
fn a_waiter_that_leaves_half_served_passes_on() {
    race_bounded(2, || {
        let semaphore = Semaphore::new();
        let [giver, other] = spawn_both(
            &semaphore,
            |semaphore| semaphore.give(1),
            |semaphore| acquire(&semaphore, 0),
        );
        {
            let mut wait = pin!(semaphore.wait());
            let mut cx = Context::from_waker(Waker::noop());
            assert!(poll(wait.as_mut(), &mut cx, Place::Back, 2, 0).is_pending());
        }
        giver.join().unwrap();
        other.join().unwrap();
        assert_eq!(semaphore.permits(), 0);
    });
}
