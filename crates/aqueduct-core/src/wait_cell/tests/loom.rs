//! Models of the wait cell. Each names the line whose removal makes it fail.
//!
//! A lost wake shows as a deadlock, a race for the waker as loom's causality violation.

use std::future::poll_fn;
use std::task::{Context, Poll, Wake, Waker};

use ::loom::thread;

use super::*;
use crate::model::{self, block_on, race, race_bounded, spawn};
use crate::sync::Arc;

/// Messages since the last sleep after which the sleeper pays, and after which both do.
const MANY: u64 = Pace::LIGHT_FROM as u64;
const FEW: u64 = 0;

/// A counter that one task waits on.
struct Counter {
    count: AtomicUsize,
    cell: WaitCell,
}

impl Counter {
    fn new() -> Arc<Self> {
        Self::with_payer(Payer::Both)
    }

    fn with_payer(payer: Payer) -> Arc<Self> {
        Arc::new(Self {
            count: AtomicUsize::new(0),
            cell: WaitCell::new(payer),
        })
    }

    fn add(&self) -> bool {
        // Release pairs with the Acquire in `reached`.
        self.count.fetch_add(1, Ordering::Release);
        self.cell.notify()
    }

    fn reached(&self, count: usize) -> Option<()> {
        (self.count.load(Ordering::Acquire) >= count).then_some(())
    }

    fn poll(&self, cx: &mut Context<'_>, pace: &mut Pace, messages: u64, count: usize) -> Poll<()> {
        // SAFETY: every model has one waiter, and hands it over by joining threads.
        unsafe {
            self.cell
                .poll_wait_unchecked(cx, pace, messages, || self.reached(count))
        }
    }

    fn wait(&self, pace: &mut Pace, messages: u64, count: usize) {
        block_on(poll_fn(|cx| self.poll(cx, pace, messages, count)));
    }
}

fn adder(counter: &Arc<Counter>, times: usize) -> thread::JoinHandle<()> {
    let counter = counter.clone();
    spawn(move || {
        for _ in 0..times {
            counter.add();
        }
    })
}

/// A waker that counts, and wakes nobody.
#[derive(Default)]
struct Tally(std::sync::atomic::AtomicUsize);

impl Wake for Tally {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Guards `barrier::full` in `notify_slow` and the barrier in `arm`.
#[test]
fn publish_and_arm_never_both_miss_where_both_pay() {
    race(|| {
        let counter = Counter::new();
        let other = adder(&counter, 1);
        counter.wait(&mut Pace::new(0), FEW, 1);
        other.join().unwrap();
    });
}

/// Guards `barrier::light` in `notify` and the barrier in `arm`.
#[test]
fn publish_and_arm_never_both_miss_where_the_sleeper_pays() {
    for before in [Payer::Both, Payer::Sleeper] {
        model::asymmetric(|| {
            race(move || {
                let counter = Counter::with_payer(before);
                let other = adder(&counter, 1);
                counter.wait(&mut Pace::new(0), MANY, 1);
                other.join().unwrap();
            });
        });
    }
}

/// Guards the re-reading of the word after `barrier::full`, and that the payer is read from the word.
#[test]
fn the_payer_changes_both_ways() {
    for (first, second) in [(FEW, MANY), (MANY, FEW)] {
        model::asymmetric(|| {
            race_bounded(3, move || {
                let counter = Counter::new();
                let other = adder(&counter, 2);
                let mut pace = Pace::new(0);
                counter.wait(&mut pace, first, 1);
                counter.wait(&mut pace, second, 2);
                other.join().unwrap();
            });
        });
    }
}

/// Guards the barrier, and the arming, of a cell that is armed already. (Which barrier it is loom cannot tell:
/// `an_armed_cell_fences_as_its_word_says` does.)
#[test]
fn the_payer_changes_while_it_is_armed() {
    for (before, paces) in [
        (Payer::Sleeper, [MANY, FEW, FEW]),
        (Payer::Both, [FEW, MANY, FEW]),
    ] {
        model::asymmetric(|| {
            race_bounded(3, move || {
                let counter = Counter::with_payer(before);
                let other = adder(&counter, 1);
                let (mut pace, mut polls) = (Pace::new(0), paces.into_iter());
                block_on(poll_fn(|cx| {
                    // Polls without a wake in between.
                    for messages in polls.by_ref() {
                        if counter.poll(cx, &mut pace, messages, 1).is_ready() {
                            return Poll::Ready(());
                        }
                    }
                    counter.poll(cx, &mut pace, FEW, 1)
                }));
                other.join().unwrap();
            });
        });
    }
}

/// Guards AGAIN: the second notifier finds the first one calling the waker that was armed anew.
#[test]
fn two_notifiers_and_a_waiter_that_arms_again() {
    race_bounded(2, || {
        let counter = Counter::new();
        let others = [adder(&counter, 1), adder(&counter, 1)];
        counter.wait(&mut Pace::new(0), FEW, 2);
        for other in others {
            other.join().unwrap();
        }
    });
}

/// As above, with AGAIN left by a waiter that disarms. Nothing may be lost for the wait that follows.
#[test]
fn a_waiter_that_disarms_under_a_notifier() {
    race_bounded(2, || {
        let counter = Counter::new();
        let others = [adder(&counter, 1), adder(&counter, 1)];
        let (mut pace, tally) = (
            Pace::new(0),
            Waker::from(std::sync::Arc::<Tally>::default()),
        );
        let mut cx = Context::from_waker(&tally);
        if counter.poll(&mut cx, &mut pace, FEW, 2).is_pending() {
            counter.cell.disarm();
            counter.wait(&mut pace, FEW, 2);
        }
        for other in others {
            other.join().unwrap();
        }
    });
}

/// Guards the Release of `set_armed` and of `Turn::done`, the Acquire of `wake`, `arm` and `calm`, and `calm`'s look at
/// BUSY: without any of them the waker is written while it is read. And the call of the waker that could not be put in.
#[test]
fn the_waker_is_replaced_while_a_notifier_is_at_it() {
    race_bounded(3, || {
        let counter = Counter::new();
        let other = adder(&counter, 2);
        let mut pace = Pace::new(0);
        for _ in 0..2 {
            let waker = Waker::from(std::sync::Arc::<Tally>::default());
            let _ = counter.poll(&mut Context::from_waker(&waker), &mut pace, FEW, 2);
        }
        counter.wait(&mut pace, FEW, 2);
        other.join().unwrap();
    });
}

/// Guards the barrier in `mark`: who publishes learns of the mark, or who marks sees what was published.
#[test]
fn mark_and_notify_never_both_miss() {
    for messages in [FEW, MANY] {
        model::asymmetric(|| {
            race(move || {
                let counter = Counter::new();
                let other = {
                    let counter = counter.clone();
                    spawn(move || counter.add())
                };
                let waker = Waker::noop();
                let mut cx = Context::from_waker(waker);
                let seen = counter
                    .poll(&mut cx, &mut Pace::new(0), messages, 1)
                    .is_ready();
                counter.cell.disarm();
                counter.cell.mark();
                let seen = seen || counter.reached(1).is_some();
                assert!(other.join().unwrap() || seen);
                assert!(counter.cell.is_marked());
            });
        });
    }
}

/// The default payer's mark, where `light` is nothing: guards `barrier::full` in `notify_slow`.
#[test]
fn mark_and_notify_never_both_miss_where_both_pay() {
    race(|| {
        let counter = Counter::new();
        let other = {
            let counter = counter.clone();
            spawn(move || counter.add())
        };
        counter.cell.mark();
        let seen = counter.reached(1).is_some();
        assert!(other.join().unwrap() || seen);
    });
}

/// Guards `calm` in `retire`, and that the cell frees its waker.
#[test]
fn the_waiter_goes_away_while_a_notifier_is_at_it() {
    race(|| {
        let counter = Counter::new();
        let other = adder(&counter, 1);
        let tally = std::sync::Arc::<Tally>::default();
        let waker = Waker::from(tally.clone());
        let mut cx = Context::from_waker(&waker);
        let _ = counter.poll(&mut cx, &mut Pace::new(0), FEW, 1);
        // SAFETY: this thread is the waiter.
        unsafe { counter.cell.retire() };
        drop(counter);
        other.join().unwrap();
        drop(waker);
        assert_eq!(
            std::sync::Arc::strong_count(&tally),
            1,
            "a waker was kept or freed twice"
        );
        let woken = tally.0.load(Ordering::Relaxed);
        assert!(woken <= 1);
    });
}

/// Guards HELD: two waiters come through the safe door at one time, and one of them is turned away with a wake, or takes
/// the cell over. (HELD's orderings are covered by the barrier in `arm`, unless a waker panics on being cloned.)
#[test]
fn the_safe_door_lets_one_in() {
    race_bounded(3, || {
        let cell = Arc::new(WaitCell::new(Payer::Both));
        let poll = |cell: &WaitCell, times: usize| {
            let tally = std::sync::Arc::<Tally>::default();
            let waker = Waker::from(tally.clone());
            let mut cx = Context::from_waker(&waker);
            for _ in 0..times {
                let polled = cell.poll_wait(&mut cx, &mut Pace::new(0), FEW, || None::<()>);
                assert!(polled.is_pending());
            }
            tally
        };
        let other = {
            let cell = cell.clone();
            spawn(move || poll(&cell, 2))
        };
        let mine = poll(&cell, 1);
        let theirs = other.join().unwrap();
        cell.notify();
        let woken = |tally: &Tally| tally.0.load(Ordering::Relaxed);
        assert!(woken(&mine) + woken(&theirs) >= 1);
    });
}

/// Guards the Acquire of `Turn::done`: a call on behalf of another notifier comes after what that one published. (The
/// Release in `wake` is its partner where `light` is no fence, which loom cannot show.)
#[test]
fn a_wake_passed_on_comes_after_what_was_published() {
    /// Looks at what was published when it is called for the second time.
    struct Look {
        calls: AtomicUsize,
        published: Arc<AtomicUsize>,
    }

    impl Wake for Look {
        fn wake(self: std::sync::Arc<Self>) {
            if self.calls.fetch_add(1, Ordering::AcqRel) == 1 {
                assert_eq!(self.published.load(Ordering::Relaxed), 2);
            }
        }
    }

    race(|| {
        let cell = Arc::new(WaitCell::new(Payer::Both));
        let published = Arc::new(AtomicUsize::new(0));
        let waker = Waker::from(std::sync::Arc::new(Look {
            calls: AtomicUsize::new(0),
            published: published.clone(),
        }));
        let mut cx = Context::from_waker(&waker);
        let mut arm = || {
            let polled = cell.poll_wait(&mut cx, &mut Pace::new(0), FEW, || None::<()>);
            assert!(polled.is_pending());
        };
        arm();
        let other = {
            let (cell, published) = (cell.clone(), published.clone());
            spawn(move || {
                published.fetch_add(1, Ordering::Relaxed);
                cell.notify();
            })
        };
        arm();
        published.fetch_add(1, Ordering::Relaxed);
        cell.notify();
        other.join().unwrap();
    });
}
