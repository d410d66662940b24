use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;
use crate::barrier::tests::was_sleepers_heavy;
use crate::pad::Padded;
use crate::testing::{Probe, Random, block_on, spin_on, spin_until, two_cores};

/// Arms the cell as its only waiter.
fn arm(cell: &WaitCell, waker: &Waker) {
    let mut cx = Context::from_waker(waker);
    let polled = cell.poll_wait(&mut cx, &mut Pace::new(0), 0, || None::<()>);
    assert!(polled.is_pending());
}

fn word(cell: &WaitCell) -> usize {
    cell.state.load(Ordering::SeqCst)
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Notify,
    ArmSame,
    ArmOther,
    Disarm,
    Retire,
    Mark,
    Done,
}

/// What an event makes of a word: the word after it, and how often the cell's and the newcomer's waker are called.
///
/// BUSY is held by a notifier that is at work elsewhere, and comes back only with [`Event::Done`].
fn expected(state: usize, event: Event) -> Option<(usize, usize, usize)> {
    let (armed, busy, again) = (state & ARMED != 0, state & BUSY != 0, state & AGAIN != 0);
    Some(match event {
        Event::Notify if armed && busy => (state | AGAIN, 0, 0),
        Event::Notify if armed => (state & !ARMED, 1, 0),
        Event::Notify => (state, 0, 0),
        Event::ArmSame => (state | ARMED, 0, 0),
        Event::ArmOther if busy => (state, 0, 1),
        Event::ArmOther => (state | ARMED, 0, 0),
        Event::Disarm | Event::Retire => (state & !ARMED, 0, 0),
        Event::Mark => (state | MARK, 0, 0),
        Event::Done if !busy => return None,
        Event::Done if again => (state & !(ARMED | AGAIN), 0, 0),
        Event::Done => (state & !BUSY, 0, 0),
    })
}

#[test]
fn every_event_in_every_state() {
    use Event::*;
    let states = [
        0,
        ARMED,
        BUSY,
        BUSY | ARMED,
        BUSY | ARMED | AGAIN,
        BUSY | AGAIN,
    ];
    for state in states.into_iter().flat_map(|state| [state, state | MARK]) {
        for event in [Notify, ArmSame, ArmOther, Disarm, Retire, Mark, Done] {
            let state = state | BOTH;
            let Some((after, calls, other_calls)) = expected(state, event) else {
                continue;
            };
            let (mine, other) = (Probe::new(), Probe::new());
            let cell = WaitCell::new(Payer::Both);
            arm(&cell, &mine.waker());
            cell.state.store(state, Ordering::SeqCst);
            match event {
                Notify => assert_eq!(cell.notify(), state & MARK != 0),
                ArmSame => arm(&cell, &mine.waker()),
                ArmOther => arm(&cell, &other.waker()),
                Disarm => cell.disarm(),
                // SAFETY: there is one thread.
                Retire => unsafe { cell.retire() },
                Mark => cell.mark(),
                Done => {
                    let turn = Turn { cell: &cell };
                    assert_eq!(turn.done(), state & AGAIN == 0);
                    std::mem::forget(turn);
                }
            }
            let case = format!("{event:?} in {state:#b}");
            assert_eq!(word(&cell), after, "{case}");
            assert_eq!(
                (mine.wakes(), other.wakes()),
                (calls, other_calls),
                "{case}"
            );
            let other_is_in = matches!(event, ArmOther) && state & BUSY == 0;
            let retired = matches!(event, Retire) && state & BUSY == 0;
            assert_eq!(other.alive(), usize::from(other_is_in), "{case}");
            assert_eq!(
                mine.alive(),
                usize::from(!other_is_in && !retired),
                "{case}"
            );
        }
    }
}

#[test]
fn a_look_that_finds_something_disarms() {
    let (cell, probe) = (WaitCell::new(Payer::Both), Probe::new());
    let waker = probe.waker();
    let mut cx = Context::from_waker(&waker);
    let polled = cell.poll_wait(&mut cx, &mut Pace::new(0), 0, || Some(7));
    assert_eq!(polled, Poll::Ready(7));
    assert!(!cell.is_waiting());
    cell.notify();
    assert_eq!(probe.wakes(), 0);
}

#[test]
fn the_look_comes_after_arming() {
    let (cell, probe) = (WaitCell::new(Payer::Both), Probe::new());
    let waker = probe.waker();
    let mut cx = Context::from_waker(&waker);
    let polled = cell.poll_wait(&mut cx, &mut Pace::new(0), 0, || {
        assert!(cell.is_waiting());
        cell.notify();
        None::<()>
    });
    assert!(polled.is_pending());
    assert_eq!(probe.wakes(), 1, "who publishes during the look wakes");
}

#[test]
fn a_cell_at_rest_is_quiet_whoever_pays() {
    let cell = WaitCell::new(Payer::Both);
    assert!(!cell.notify());
    let waker = Waker::noop();
    let mut cx = Context::from_waker(waker);
    let mut pace = Pace::new(0);
    let _ = cell.poll_wait(&mut cx, &mut pace, u64::MAX, || None::<()>);
    cell.notify();
    let both = usize::from(pace.payer() == Payer::Both) * BOTH;
    assert_eq!(word(&cell), both);
    cell.mark();
    assert!(cell.is_marked());
    assert!(cell.notify(), "the mark stays");
    assert!(cell.notify());
    arm(&cell, waker);
    assert!(cell.is_marked(), "arming keeps the mark");
}

/// Who polls without having been woken, as one branch of a `select!` does, would else pay for a barrier of the kernel each
/// time.
#[test]
fn an_armed_cell_follows_the_pace() {
    let mut pace = Pace::new(usize::MAX);
    let (cell, probe) = (WaitCell::new(pace.payer()), Probe::new());
    let waker = probe.waker();
    let mut cx = Context::from_waker(&waker);
    let mut poll = |messages| {
        let _ = cell.poll_wait(&mut cx, &mut pace, messages, || None::<()>);
        (payer(word(&cell)), pace.payer())
    };
    for _ in 0..10 {
        poll(0);
    }
    assert_eq!(poll(0), (Payer::Both, Payer::Both));
    for _ in 0..10 {
        poll(u64::MAX);
    }
    let (paying, paced) = poll(u64::MAX);
    assert_eq!(paying, Payer::Both, "it gets lighter when it is armed anew");
    cell.notify();
    assert_eq!(poll(u64::MAX), (paced, paced));
}

/// A plain fence of the sleeper is enough only if whoever publishes fences, too: that is what the word told before, and tells
/// from then on.
#[test]
fn an_armed_cell_fences_as_its_word_says() {
    let words = [
        0,
        ARMED,
        BUSY,
        BUSY | ARMED,
        BUSY | ARMED | AGAIN,
        BUSY | AGAIN,
    ];
    let (mine, other) = (Probe::new(), Probe::new());
    let wakers = [mine.waker(), other.waker()];
    let mut plain = 0;
    for before in words.into_iter().flat_map(|word| [word, word | BOTH]) {
        for (waker, now) in [
            (0, Payer::Both),
            (0, Payer::Sleeper),
            (1, Payer::Both),
            (1, Payer::Sleeper),
        ] {
            let cell = WaitCell::new(Payer::Both);
            arm(&cell, &wakers[0]);
            cell.state.store(before, Ordering::SeqCst);
            // SAFETY: nobody else waits here, and no notifier is at the waker, whatever the word says.
            unsafe { cell.arm(&wakers[waker], now) };
            let (after, is_heavy) = (word(&cell), was_sleepers_heavy());
            let case = format!("{before:b}, {waker}, {now:?}: {after:b}");
            assert!(is_heavy || before & after & BOTH != 0, "{case}");
            let is_armed = waker == 0 || before & BUSY == 0;
            let as_paced = payer(after) == now || payer(after) == Payer::Both;
            assert!(!is_armed || as_paced, "{case}");
            plain += usize::from(!is_heavy);
        }
    }
    assert!(plain > 0, "where all pay, a plain fence is enough");
}

#[test]
fn a_waker_is_cloned_only_when_it_changed() {
    let (cell, first, second) = (WaitCell::new(Payer::Both), Probe::new(), Probe::new());
    let (a, b) = (first.waker(), second.waker());
    for _ in 0..100 {
        arm(&cell, &a);
        arm(&cell, &a);
        cell.notify();
        arm(&cell, &a);
        cell.disarm();
    }
    assert_eq!((first.clones(), first.wakes()), (1, 100));
    for round in 1..=10 {
        arm(&cell, &b);
        assert_eq!(second.clones(), round);
        assert_eq!(
            (first.alive(), second.alive()),
            (1, 2),
            "the old one is dropped"
        );
        arm(&cell, &a);
        assert_eq!(first.clones(), 1 + round);
        assert_eq!((first.alive(), second.alive()), (2, 1));
    }
    drop(cell);
    assert_eq!((first.alive(), second.alive()), (1, 1));
}

#[test]
fn a_waker_that_panics_leaves_the_cell_in_order() {
    let (cell, probe) = (WaitCell::new(Payer::Both), Probe::new());
    let waker = probe.waker();
    for _ in 0..2 {
        probe.on_wake(|| panic!("waker"));
        arm(&cell, &waker);
        assert!(catch_unwind(AssertUnwindSafe(|| cell.notify())).is_err());
        assert_eq!(word(&cell), BOTH);
    }
    arm(&cell, &waker);
    cell.notify();
    assert_eq!(probe.wakes(), 3);
}

#[test]
fn a_waker_that_panics_does_not_lose_the_wake_of_another_notifier() {
    let (cell, probe) = (Arc::new(WaitCell::new(Payer::Both)), Probe::new());
    probe.on_wake({
        let (cell, waker) = (cell.clone(), probe.waker());
        move || {
            // The waiter arms again and another notifier comes by, and leaves AGAIN.
            arm(&cell, &waker);
            cell.notify();
            panic!("waker");
        }
    });
    arm(&cell, &probe.waker());
    assert!(catch_unwind(AssertUnwindSafe(|| cell.notify())).is_err());
    assert_eq!(probe.wakes(), 2);
    assert_eq!(word(&cell), BOTH);
}

#[test]
fn a_waker_that_polls_at_once_is_called_again_and_not_within_itself() {
    let (cell, probe) = (Arc::new(WaitCell::new(Payer::Both)), Probe::new());
    let inside = Arc::new(AtomicBool::new(false));
    let mut rounds = 0;
    probe.on_wake({
        let (cell, waker) = (cell.clone(), probe.waker());
        move || {
            assert!(!inside.swap(true, Ordering::SeqCst), "called within itself");
            rounds += 1;
            if rounds < 5 {
                arm(&cell, &waker);
                cell.notify();
            }
            inside.store(false, Ordering::SeqCst);
        }
    });
    arm(&cell, &probe.waker());
    cell.notify();
    assert_eq!(probe.wakes(), 5);
    assert_eq!(word(&cell), BOTH);
    probe.clear();
}

#[test]
fn a_waker_that_panics_on_clone_or_drop_leaves_the_cell_in_order() {
    let (cell, first, second) = (WaitCell::new(Payer::Both), Probe::new(), Probe::new());
    let (a, b) = (first.waker(), second.waker());
    arm(&cell, &a);
    second.on_clone(|| panic!("clone"));
    assert!(catch_unwind(AssertUnwindSafe(|| arm(&cell, &b))).is_err());
    assert_eq!(word(&cell), BOTH, "quiet, and not held");
    arm(&cell, &a);
    first.on_drop(|| panic!("drop"));
    assert!(catch_unwind(AssertUnwindSafe(|| arm(&cell, &b))).is_err());
    assert_eq!(word(&cell), BOTH);
    arm(&cell, &b);
    cell.notify();
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
}

#[test]
fn wakers_may_use_the_cell_while_they_are_cloned_and_dropped() {
    let (cell, first, second) = (
        Arc::new(WaitCell::new(Payer::Both)),
        Probe::new(),
        Probe::new(),
    );
    let uses = |cell: &Arc<WaitCell>| {
        let cell = cell.clone();
        move || {
            cell.notify();
            // The cell is held: this waiter is turned away, and woken.
            let turned_away = Probe::new();
            arm(&cell, &turned_away.waker());
            assert_eq!(turned_away.wakes(), 1);
        }
    };
    arm(&cell, &first.waker());
    first.on_drop(uses(&cell));
    second.on_clone(uses(&cell));
    arm(&cell, &second.waker());
    assert_eq!(first.alive(), 0);
    cell.notify();
    assert_eq!(second.wakes(), 1);
}

#[test]
fn retiring_lets_go_of_the_waker() {
    let (cell, probe) = (WaitCell::new(Payer::Both), Probe::new());
    arm(&cell, &probe.waker());
    // SAFETY: there is one thread.
    unsafe { cell.retire() };
    assert_eq!(probe.alive(), 0);
    cell.notify();
    assert_eq!(probe.wakes(), 0);
}

/// Many notifiers, one waiter that changes its waker, arms anew while notifiers are at it, leaves, and changes who pays.
#[test]
fn nothing_is_lost_under_stress() {
    const NOTIFIERS: usize = 3;
    const EACH: usize = if cfg!(miri) { 20 } else { 200_000 };
    let cell = WaitCell::new(Payer::Both);
    let published = AtomicUsize::new(0);
    let wait = |random: &mut Random, pace: &mut Pace, seen: usize| {
        let messages = [0, 0, 4096][random.below(3) as usize];
        let changed = || Some(published.load(Ordering::Acquire)).filter(|now| *now != seen);
        if random.below(4) == 0 {
            // Another task's poll, which goes away again.
            let probe = Probe::new();
            let waker = probe.waker();
            let _ = cell.poll_wait(&mut Context::from_waker(&waker), pace, messages, changed);
            if random.below(2) == 0 {
                cell.disarm();
            }
        }
        block_on(poll_fn(|cx| cell.poll_wait(cx, pace, messages, changed)))
    };
    thread::scope(|scope| {
        for _ in 0..NOTIFIERS {
            scope.spawn(|| {
                for round in 0..EACH {
                    published.fetch_add(1, Ordering::Release);
                    cell.notify();
                    if round % 64 == 0 {
                        thread::yield_now();
                    }
                }
            });
        }
        let (mut random, mut pace, mut seen) = (Random::new(1), Pace::new(0), 0);
        while seen < NOTIFIERS * EACH {
            seen = wait(&mut random, &mut pace, seen);
        }
    });
    assert!(!cell.is_waiting());
}

/// One notifier and one waiter in lock step, so that a wake that is lost is not made good by the next one. What is
/// published is a plain store: it stays in the core's store buffer unless somebody pays for a barrier.
///
/// Guards `heavy` on the way from `Payer::Sleeper` to `Payer::Both`, which loom cannot tell from a fence.
#[test]
fn in_lock_step_no_wake_is_lost_whoever_pays() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 40_000 };
    let _both_cores = two_cores();
    // Never asymmetric, always, and changing both ways every dozen rounds.
    for many_in in [usize::MAX, 1, 12] {
        let mut pace = Pace::new(if many_in == 1 { 4096 } else { 0 });
        let cell = Padded(WaitCell::new(pace.payer()));
        let [published, taken] = [0, 0].map(|start| Padded(AtomicUsize::new(start)));
        let jitter =
            |random: &mut Random| (0..random.below(64)).for_each(|_| std::hint::spin_loop());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut random = Random::new(1);
                for round in 1..=ROUNDS {
                    jitter(&mut random);
                    published.store(round, Ordering::Release);
                    cell.notify();
                    spin_until(|| taken.load(Ordering::Acquire) == round);
                }
            });
            let mut random = Random::new(2);
            for round in 1..=ROUNDS {
                jitter(&mut random);
                let messages = if round % many_in == 0 { 4096 } else { 0 };
                let ready = || (published.load(Ordering::Acquire) == round).then_some(());
                spin_on(poll_fn(|cx| {
                    // SAFETY: this thread is the only waiter.
                    unsafe { cell.poll_wait_unchecked(cx, &mut pace, messages, ready) }
                }));
                taken.store(round, Ordering::Release);
            }
        });
    }
}
