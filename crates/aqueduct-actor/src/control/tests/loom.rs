//! Models of the control lane. Each says which invariant of [`control`](super) it guards, and names changes that make it
//! fail. A lost wake shows as a deadlock.

use std::future::poll_fn;
use std::task::{Context, Poll};

use aqueduct_channel::mpsc;
use aqueduct_core::model::{block_on, race, race_bounded, spawn, spawn_both};
use aqueduct_core::sync::Arc;

use super::*;

type Lane = Control<u8, u8>;

/// What an actor's task does: it reads the word, and before it sleeps leaves its waker and reads it again.
fn wait_for<R>(control: &Lane, mut ready: impl FnMut(Bits) -> Option<R>) -> R {
    block_on(poll_fn(|cx| {
        if let Some(value) = ready(control.bits()) {
            return Poll::Ready(value);
        }
        before_sleep(control, cx);
        Poll::Pending
    }))
}

fn before_sleep(control: &Lane, cx: &Context<'_>) {
    if control.bits().has(Bits::ABSENT) && control.register(cx.waker().clone()) {
        cx.waker().wake_by_ref();
    }
}

/// C1, C2: a stop that comes while the loop goes to sleep is heard, with its reason.
///
/// Fails if `register` does not say that something was told; if `raise_locked` sets no `ABSENT`.
#[test]
fn stop_against_sleep() {
    race(|| {
        let control = Arc::new(Lane::new());
        let other = control.clone();
        let stops = spawn(move || assert!(other.stop(7, To::Incarnation)));
        wait_for(&control, |bits| bits.has(Bits::STOP).then_some(()));
        assert_eq!(control.take_stop(), Some(7));
        stops.join().unwrap();
        control.retire();
    });
}

/// C1: a kill is heard by a loop that sleeps for a signal, whichever of the two takes its waker.
///
/// Fails if `register` clears `ABSENT` before it has the lock.
#[test]
fn kill_and_signal_against_sleep() {
    race_bounded(3, || {
        let control = Arc::new(Lane::new());
        let (one, two) = (control.clone(), control.clone());
        let (kills, signals) = spawn_both(
            move || drop(one.raise(Bits::KILL)),
            move || assert!(two.signal(0, 1).is_ok()),
        );
        let mut taken = None;
        wait_for(&control, |bits| {
            if bits.has(Bits::SIGNALS) {
                taken = taken.or(control.take_signal());
            }
            (taken.is_some() && bits.has(Bits::KILL)).then_some(())
        });
        kills.join().unwrap();
        signals.join().unwrap();
        assert!(!control.bits().has(Bits::SIGNALS));
        control.retire();
    });
}

/// C3: signals of two threads are each taken once.
///
/// Fails if `take_signal` clears the bit after its lock.
#[test]
fn signals_are_taken_once() {
    race_bounded(3, || {
        let control = Arc::new(Lane::new());
        let (one, two) = (control.clone(), control.clone());
        let (first, second) = spawn_both(
            move || assert!(one.signal(0, 1).is_ok()),
            move || assert!(two.signal(0, 2).is_ok()),
        );
        let mut sum = 0;
        wait_for(&control, |bits| {
            if bits.has(Bits::SIGNALS) {
                sum += control.take_signal().expect("the bit says so");
                sum += control.take_signal().unwrap_or(0);
            }
            (sum == 3).then_some(())
        });
        first.join().unwrap();
        second.join().unwrap();
        assert!(!control.bits().has(Bits::SIGNALS));
        control.retire();
    });
}

/// C5: a stop of an incarnation, told while that ends and another one begins, does not stop the other one.
///
/// Fails if `stop` looks at the turn before it has the lock; if `renew` keeps the turn.
#[test]
fn stop_against_renewal() {
    race(|| {
        let control = Arc::new(Lane::new());
        let (other, turn) = (control.clone(), control.turn());
        let stops = spawn(move || other.stop(7, To::Turn(turn)));
        drop(control.renew(false));
        // Whether it came in time.
        let _ = stops.join().unwrap();
        assert!(!control.bits().has(Bits::STOP));
        assert_eq!(control.take_stop(), None);
        assert!(control.stop(8, To::Child(control.turn())));
    });
}

/// C5: the stop of a link that is told while the first incarnation begins is for that one, whichever of the two comes first,
/// and not for the one after it.
///
/// Fails if `renew` forgets what was told early; if `stop` says before it has the lock that nothing has begun.
#[test]
fn stop_against_the_first_beginning() {
    race(|| {
        let control = Arc::new(Lane::new());
        let (other, turn) = (control.clone(), control.turn());
        let stops = spawn(move || assert!(other.stop(7, To::Turn(turn))));
        drop(control.renew(true));
        stops.join().unwrap();
        assert!(control.bits().has(Bits::STOP));
        assert_eq!(control.held(), None, "it is the incarnation's");
        assert_eq!(control.take_stop(), Some(7));
        drop(control.renew(false));
        assert!(!control.bits().has(Bits::STOP));
    });
}

/// C6: a request for the address, made while one incarnation fails and another one begins, is told to the other one.
///
/// Fails if `forget` does not tell what is held; if it clears `CLOSE`.
#[test]
fn request_against_renewal() {
    race(|| {
        let control = Arc::new(Lane::new());
        let other = control.clone();
        let requests = spawn(move || {
            other.stop(7, To::Address);
            other.close();
        });
        drop(control.renew(false));
        requests.join().unwrap();
        assert!(control.bits().has(Bits::STOP) && control.bits().has(Bits::CLOSE));
        assert_eq!((control.held(), control.take_stop()), (Some(7), Some(7)));
    });
}

/// C6: of two requests against a failure one is held, and the incarnation after it is told that one.
///
/// Fails if `forget` does not go on holding it; if it takes that out by a lock of its own.
#[test]
fn requests_against_renewal() {
    race_bounded(3, || {
        let control = Arc::new(Lane::new());
        let (one, two) = (control.clone(), control.clone());
        let (stops, kills) =
            spawn_both(move || one.stop(7, To::Address), move || two.kill(8, true));
        drop(control.renew(false));
        stops.join().unwrap();
        kills.join().unwrap();
        let held = control.held().expect("nothing has answered it");
        drop(control.renew(false));
        assert!(control.bits().has(Bits::STOP) && !control.bits().has(Bits::KILL));
        assert_eq!(control.take_stop(), Some(held));
    });
}

/// C6: a request against an orderly end is answered by it, or holds for the next incarnation. That is told to end if and
/// only if it holds.
///
/// Fails if `answered` clears `CLOSE` by a lock of its own, before it takes what is held.
#[test]
fn request_against_answer() {
    race(|| {
        let control = Arc::new(Lane::new());
        let other = control.clone();
        let requests = spawn(move || {
            other.close();
            other.stop(7, To::Address);
        });
        control.answered();
        drop(control.renew(false));
        requests.join().unwrap();
        let holds = control.held() == Some(7);
        assert_eq!(control.bits().has(Bits::STOP), holds);
        // It closed before it was stopped: what came in time for the stop did so for the close.
        assert!(holds || !control.bits().has(Bits::CLOSE));
    });
}

/// C6: what rests has ended: no request holds for whoever is started after it, whichever came first.
///
/// Fails if `stop` or `close` asks for `RESTING` before it has the lock; if `rest` raises it after it has forgiven, by two locks.
#[test]
fn request_against_rest() {
    race_bounded(3, || {
        let control = Arc::new(Lane::new());
        let (one, two) = (control.clone(), control.clone());
        let (stops, closes) =
            spawn_both(move || drop(one.stop(7, To::Address)), move || two.close());
        control.rest();
        stops.join().unwrap();
        closes.join().unwrap();
        assert_eq!(control.held(), None);
        control.clear(Bits::RESTING);
        drop(control.renew(false));
        assert!(!control.bits().has(Bits::STOP) && !control.bits().has(Bits::CLOSE));
    });
}

/// C4: a signal against the end is queued, and dropped with the lane, or handed back. None stays.
///
/// Fails if `signal` looks at the word before it has the lock.
#[test]
fn signal_against_end() {
    race(|| {
        let control = Arc::new(Lane::new());
        let other = control.clone();
        let signals = spawn(move || drop(other.signal(0, 1)));
        control.end();
        signals.join().unwrap();
        assert_eq!(control.take_signal(), None);
        assert_eq!(control.signal(0, 2), Err(2));
    });
}

/// Thawing wakes a loop that sleeps because it is frozen.
///
/// Fails if `lower` wakes nobody; if `before_sleep` looks for bits instead of `TOLD`, since the thaw has left none.
#[test]
fn thaw_against_sleep() {
    race(|| {
        let control = Arc::new(Lane::new());
        control.raise(Bits::FREEZE);
        let other = control.clone();
        let thaws = spawn(move || other.lower(Bits::FREEZE));
        wait_for(&control, |bits| (!bits.has(Bits::FREEZE)).then_some(()));
        thaws.join().unwrap();
        control.retire();
    });
}

/// Closing against telling: what was taken is handled, what was not comes back, and the loop ends.
///
/// Fails if the loop ends by the bit, without closing the mailbox.
#[test]
fn close_against_tell() {
    race_bounded(2, || {
        let control = Arc::new(Lane::new());
        let (tx, mut rx) = mpsc::channel(2);
        let (one, two) = (control.clone(), control.clone());
        let keeps_it_open = tx.clone();
        let (tells, closes) = spawn_both(
            move || !one.is_refusing() && tx.try_send(1).is_ok(),
            move || drop(two.raise(Bits::CLOSE)),
        );
        let mut handled = 0;
        block_on(poll_fn(|cx| {
            if control.bits().has(Bits::CLOSE) {
                rx.close();
            }
            loop {
                match rx.poll_recv(cx) {
                    Poll::Ready(Some(n)) => handled += n,
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending => {
                        before_sleep(&control, cx);
                        return Poll::Pending;
                    }
                }
            }
        }));
        assert_eq!(handled, u32::from(tells.join().unwrap()));
        closes.join().unwrap();
        control.retire();
        drop(keeps_it_open);
    });
}
