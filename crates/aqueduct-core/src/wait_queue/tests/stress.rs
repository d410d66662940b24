//! The queue on several threads.

use std::future::poll_fn;
use std::thread;

use super::*;
use crate::pad::Padded;
use crate::testing::{Random, block_on, spin_on, spin_until, two_cores};

/// Waiters that come and go on several threads, give up at random, change wakers and change who pays.
#[test]
fn permits_are_neither_lost_nor_made_under_stress() {
    const THREADS: u64 = 4;
    const PERMITS: usize = 3;
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 50_000 };
    let semaphore = Semaphore::new();
    let taken = AtomicUsize::new(0);
    let position = AtomicUsize::new(0);
    semaphore.give(PERMITS);
    let round = |random: &mut Random| {
        let far = if random.below(2) == 0 { 4096 } else { 1 };
        let position = position.fetch_add(far, Ordering::Relaxed) as u64;
        // At the front, one at a time: two that hold a part each would wait for each other.
        let (wants, place) = match random.below(8) {
            0 => (1, Place::Front),
            dice => (1 + (dice % 2) as usize, Place::Back),
        };
        let mut wait = pin!(semaphore.wait());
        let mut patience = random.below(3);
        if random.below(2) == 0 {
            let mut cx = Context::from_waker(Waker::noop());
            if poll(wait.as_mut(), &mut cx, place, wants, position).is_ready() {
                semaphore.give(wants);
                return;
            }
            thread::yield_now();
        }
        let got = block_on(poll_fn(|cx| {
            let polled = poll(wait.as_mut(), cx, place, wants, position);
            if polled.is_pending() && patience == 0 {
                return Poll::Ready(None);
            }
            patience = patience.saturating_sub(1);
            if patience > 0 && polled.is_pending() {
                cx.waker().wake_by_ref();
            }
            polled.map(Some)
        }));
        if got.is_some() {
            assert!(taken.fetch_add(wants, Ordering::SeqCst) + wants <= PERMITS);
            taken.fetch_sub(wants, Ordering::SeqCst);
            semaphore.give(wants);
        }
    };
    thread::scope(|scope| {
        for seed in 0..THREADS {
            scope.spawn(move || {
                let mut random = Random::new(seed);
                for _ in 0..ROUNDS {
                    round(&mut random);
                }
            });
        }
    });
    assert_eq!(semaphore.permits(), PERMITS);
    assert_eq!(semaphore.queue.len(), 0);
}

/// One server and one waiter in lock step, as in the test of that name of the wait cell.
///
/// Guards `heavy` on the way from `Payer::Sleeper` to `Payer::Both`.
#[test]
fn in_lock_step_no_wake_is_lost_whoever_pays() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 40_000 };
    let _both_cores = two_cores();
    for many_in in [usize::MAX, 1, 12] {
        let queue = Padded(WaitQueue::<usize>::new(0));
        let [published, taken] = [0, 0].map(|start| Padded(AtomicUsize::new(start)));
        let fulfil = |wanted: &mut usize| published.load(Ordering::Acquire) == *wanted;
        let jitter =
            |random: &mut Random| (0..random.below(64)).for_each(|_| std::hint::spin_loop());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut random = Random::new(1);
                for round in 1..=ROUNDS {
                    jitter(&mut random);
                    published.store(round, Ordering::Release);
                    if queue.is_waited_on() {
                        queue.serve(fulfil);
                    }
                    spin_until(|| taken.load(Ordering::Acquire) == round);
                }
            });
            let (mut random, mut position) = (Random::new(2), 0);
            let mut wait = pin!(Wait::new(&*queue));
            for round in 1..=ROUNDS {
                jitter(&mut random);
                position += if round % many_in == 0 { 4096 } else { 0 };
                spin_on(poll_fn(|cx| {
                    let place = Place::Back;
                    wait.as_mut()
                        .poll_wait(cx, place, position, || round, fulfil, || {})
                }));
                taken.store(round, Ordering::Release);
            }
        });
    }
}

impl PassOn for usize {
    fn pass_on(self, _: &WaitQueue<Self>) {}
}
