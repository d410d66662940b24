//! Who gets in, without a clock or a runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering as StdOrdering};
use std::task::Wake;

use proptest::prelude::*;

use super::*;
use crate::limit::Order;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A waker that counts.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, StdOrdering::Relaxed);
    }
}

struct Waiter {
    key: Key,
    woken: Arc<Count>,
}

impl Waiter {
    fn join(gate: &Gate, entry: Entry) -> Result<Self, Rejected> {
        let key = gate.join(entry)?;
        gate.serve(entry.since);
        Ok(Self {
            key,
            woken: Arc::default(),
        })
    }

    fn poll(&self, gate: &Gate) -> Poll<Result<(), Rejected>> {
        let waker = Waker::from(self.woken.clone());
        gate.poll(self.key, &mut Context::from_waker(&waker))
    }

    fn woken(&self) -> usize {
        self.woken.0.load(StdOrdering::Relaxed)
    }
}

fn entry(partition: usize, priority: Priority, since: u64) -> Entry {
    Entry {
        partition,
        priority,
        deadline: None,
        since: ms(since),
    }
}

fn normal(since: u64) -> Entry {
    entry(0, Priority::Normal, since)
}

fn full(queue: Queue) -> Gate {
    let gate = Gate::new(1, queue, &[]);
    assert!(gate.take(0));
    gate
}

const SERVED: Poll<Result<(), Rejected>> = Poll::Ready(Ok(()));

#[test]
fn a_permit_goes_to_the_first_in_line_and_not_to_who_comes_by() {
    let gate = full(Queue::fifo(9));
    let first = Waiter::join(&gate, normal(1)).unwrap();
    let second = Waiter::join(&gate, normal(2)).unwrap();
    assert!(first.poll(&gate).is_pending() && second.poll(&gate).is_pending());
    assert_eq!(gate.queued(), 2);
    gate.give_back(0, || ms(3));
    assert_eq!((first.woken(), second.woken()), (1, 0));
    assert!(!gate.take(0), "it is the first's");
    assert_eq!(first.poll(&gate), SERVED);
    assert!(second.poll(&gate).is_pending());
    gate.give_back(0, || ms(4));
    assert_eq!(second.poll(&gate), SERVED);
    gate.give_back(0, || ms(5));
    assert!(gate.take(0), "nobody waits any more");
}

#[test]
fn lifo_serves_the_newest_and_displaces_the_oldest() {
    let gate = full(Queue::lifo(2));
    let waiters: Vec<_> = (1..=3)
        .map(|since| Waiter::join(&gate, normal(since)).unwrap())
        .collect();
    assert_eq!(
        waiters[0].poll(&gate),
        Poll::Ready(Err(Rejected::Displaced))
    );
    gate.give_back(0, || ms(4));
    assert!(waiters[1].poll(&gate).is_pending());
    assert_eq!(waiters[2].poll(&gate), SERVED);
    assert_eq!(gate.rejected.get().displaced, 1);
}

#[test]
fn a_full_fifo_rejects_the_newcomer() {
    let gate = full(Queue::fifo(1));
    let _first = Waiter::join(&gate, normal(1)).unwrap();
    assert_eq!(gate.join(normal(2)).unwrap_err(), Rejected::QueueFull);
    assert_eq!(
        full(Queue::none()).join(normal(1)).unwrap_err(),
        Rejected::Full
    );
}

#[test]
fn the_important_go_first_and_displace_the_newest_of_the_least_important() {
    let gate = full(Queue::fifo(3));
    let join = |priority, since| Waiter::join(&gate, entry(0, priority, since)).unwrap();
    let low = [join(Priority::Low, 1), join(Priority::Low, 2)];
    let normal = join(Priority::Normal, 3);
    let high = join(Priority::High, 4);
    assert!(low[0].poll(&gate).is_pending());
    assert_eq!(low[1].poll(&gate), Poll::Ready(Err(Rejected::Displaced)));
    let refused = gate.join(entry(0, Priority::Low, 5));
    assert_eq!(refused.unwrap_err(), Rejected::QueueFull);
    for next in [high, normal] {
        gate.give_back(0, || ms(6));
        assert_eq!(next.poll(&gate), SERVED);
    }
    assert!(low[0].poll(&gate).is_pending());
}

#[test]
fn codel_rejects_who_waited_too_long_in_a_line_that_stands() {
    let order = Order::Codel {
        target: ms(5),
        interval: ms(100),
    };
    let gate = full(Queue::new(order, 100));
    let waiters: Vec<_> = (0..20)
        .map(|since| Waiter::join(&gate, normal(since)).unwrap())
        .collect();
    for (round, waiter) in waiters[..2].iter().enumerate() {
        gate.give_back(0, || ms(50 + 50 * round as u64));
        assert_eq!(waiter.poll(&gate), SERVED, "the first interval");
    }
    gate.give_back(0, || ms(160));
    for waiter in &waiters[2..] {
        assert_eq!(waiter.poll(&gate), Poll::Ready(Err(Rejected::Delayed)));
    }
    assert_eq!(gate.rejected.get().delayed, 18);
    assert!(gate.take(0), "nobody was left to have it");
}

#[test]
fn nobody_is_served_after_its_deadline() {
    let gate = full(Queue::fifo(9));
    let late = Entry {
        deadline: Some(ms(10)),
        ..normal(1)
    };
    let late = Waiter::join(&gate, late).unwrap();
    let next = Waiter::join(&gate, normal(2)).unwrap();
    gate.give_back(0, || ms(10));
    assert_eq!(late.poll(&gate), Poll::Ready(Err(Rejected::Elapsed)));
    assert_eq!(next.poll(&gate), SERVED);
}

#[test]
fn who_leaves_hands_on() {
    let gate = full(Queue::fifo(9));
    let first = Waiter::join(&gate, normal(1)).unwrap();
    let second = Waiter::join(&gate, normal(2)).unwrap();
    assert!(second.poll(&gate).is_pending());
    gate.give_back(0, || ms(3));
    gate.leave(first.key, || ms(4));
    assert_eq!(second.woken(), 1);
    assert_eq!(second.poll(&gate), SERVED);
    assert_eq!(gate.state().in_flight(), 1);
}

#[test]
fn a_shrunken_limit_is_worked_off_by_returns() {
    let gate = Gate::new(3, Queue::fifo(9), &[]);
    assert!(gate.take(0) && gate.take(0) && gate.take(0));
    gate.set_limit(1, || ms(0));
    let waiter = Waiter::join(&gate, normal(1)).unwrap();
    for _ in 0..2 {
        gate.give_back(0, || ms(2));
        assert!(waiter.poll(&gate).is_pending());
    }
    gate.give_back(0, || ms(3));
    assert_eq!(waiter.poll(&gate), SERVED);
    assert_eq!(gate.state().in_flight(), 1);
}

#[test]
fn a_raised_limit_serves_many_at_once() {
    let gate = full(Queue::fifo(100));
    let join = |since| Waiter::join(&gate, normal(since)).unwrap();
    let waiters: Vec<_> = (0..40).map(join).collect();
    assert!(waiters.iter().all(|waiter| waiter.poll(&gate).is_pending()));
    gate.set_limit(38, || ms(50));
    let served = |waiter: &&Waiter| waiter.poll(&gate) == SERVED;
    assert_eq!(waiters.iter().take_while(served).count(), 37);
}

#[test]
fn an_idle_share_is_lent_and_had_back_at_once() {
    let gate = Gate::new(4, Queue::fifo(9), &[0.5, 0.5]);
    assert!((0..4).all(|_| gate.take(1)), "nobody else wants it");
    assert!(!gate.take(1));
    assert!(gate.take(0) && gate.take(0), "its share, beyond the limit");
    assert!(!gate.take(0), "and no more");
    assert_eq!(gate.state().in_flight(), 6);
    gate.give_back(1, || ms(0));
    assert!(!gate.take(1), "the limit is exceeded still");
    assert_eq!((gate.in_flight_of(0), gate.in_flight_of(1)), (2, 3));
}

#[test]
fn a_limit_smaller_than_the_number_of_partitions_holds() {
    let gate = Gate::new(1, Queue::fifo(9), &[0.25; 4]);
    let inside = (0..4).filter(|partition| gate.take(*partition)).count();
    assert_eq!(inside, 1);
    // Who waits gets in by turns nevertheless.
    let waiters: Vec<_> = (1..4)
        .map(|partition| {
            let entry = entry(partition, Priority::Normal, partition as u64);
            Waiter::join(&gate, entry).unwrap()
        })
        .collect();
    for (held, waiter) in waiters.iter().enumerate() {
        assert!(waiter.poll(&gate).is_pending());
        gate.give_back(held, || ms(9));
        assert_eq!(waiter.poll(&gate), SERVED);
        assert_eq!(gate.state().in_flight(), 1);
    }
}

#[test]
fn what_is_free_beyond_shares_goes_to_the_important_then_to_who_uses_least() {
    let gate = Gate::new(4, Queue::fifo(9), &[0.25, 0.5]);
    assert!(gate.take(0) && gate.take(1) && gate.take(1) && gate.take(1));
    let of_0 = Waiter::join(&gate, normal(1)).unwrap();
    let of_1 = Waiter::join(&gate, entry(1, Priority::Normal, 2)).unwrap();
    let high = Waiter::join(&gate, entry(1, Priority::High, 3)).unwrap();
    assert!(
        [&of_0, &of_1, &high]
            .iter()
            .all(|waiter| waiter.poll(&gate).is_pending())
    );
    gate.give_back(1, || ms(4));
    assert_eq!(high.poll(&gate), SERVED);
    gate.give_back(1, || ms(5));
    assert_eq!(
        of_0.poll(&gate),
        SERVED,
        "4 of its share are used, of the other's 4 as well: the first"
    );
}

proptest! {
    /// Against counts in whole percents: who is let in, and that each partition has its share.
    #[test]
    fn shares_are_kept(
        percents in proptest::array::uniform3(1usize..34),
        limit in 1usize..60,
        steps in proptest::collection::vec((0usize..4, any::<bool>(), 1usize..60), 1..200),
    ) {
        let shares = percents.map(|percent| percent as f64 / 100.0 + 1e-12);
        let gate = Gate::new(limit, Queue::none(), &shares);
        let (mut limit, mut inside) = (limit, [0usize; 3]);
        for (partition, takes, resize) in steps {
            if partition == 3 {
                limit = resize;
                gate.set_limit(limit, || ms(0));
                continue;
            }
            if takes {
                let in_share = 100 * (inside[partition] + 1) <= percents[partition] * limit;
                let may = in_share || inside.iter().sum::<usize>() < limit;
                prop_assert_eq!(gate.take(partition), may);
                inside[partition] += usize::from(may);
            } else if inside[partition] > 0 {
                gate.give_back(partition, || ms(0));
                inside[partition] -= 1;
            }
            prop_assert_eq!(gate.state().in_flight(), inside.iter().sum::<usize>());
            prop_assert_eq!(gate.in_flight_of(partition), inside[partition]);
        }
    }

    /// Where each takes its share first, all together are let in up to the limit and no further, however small it is.
    #[test]
    fn busy_partitions_fill_the_limit_and_no_more(
        percents in proptest::collection::vec(1usize..13, 1..9),
        limit in 1usize..40,
    ) {
        let shares: Vec<_> = percents.iter().map(|percent| *percent as f64 / 100.0).collect();
        let gate = Gate::new(limit, Queue::none(), &shares);
        for (partition, percent) in percents.iter().enumerate() {
            let share = percent * limit / 100;
            prop_assert!((0..share).all(|_| gate.take(partition)));
        }
        for partition in (0..shares.len()).cycle().take(40 * shares.len()) {
            gate.take(partition);
        }
        prop_assert_eq!(gate.state().in_flight(), limit);
    }

    /// Whatever comes and goes, in any order of line, permits are conserved, and nobody waits while there is one.
    #[test]
    fn permits_are_conserved(
        order in 0usize..3,
        steps in proptest::collection::vec((0usize..5, 0usize..8, 0usize..4), 1..300),
    ) {
        let queue = [Queue::fifo(4), Queue::lifo(4), Queue::codel(4)][order];
        let gate = Gate::new(2, queue, &[]);
        let (mut held, mut waiting) = (0usize, Vec::<Waiter>::new());
        for (now, (step, which, priority)) in steps.into_iter().enumerate() {
            let now = 3 * now as u64;
            match step {
                0 | 1 => match gate.take(0) {
                    true => held += 1,
                    false => {
                        let joined = Waiter::join(&gate, entry(0, Priority::LEAST_FIRST[priority], now));
                        waiting.extend(joined.ok());
                    }
                },
                2 if held > 0 => {
                    gate.give_back(0, || ms(now));
                    held -= 1;
                }
                3 if !waiting.is_empty() => {
                    let gone = waiting.swap_remove(which % waiting.len());
                    gate.leave(gone.key, || ms(now));
                }
                4 => gate.set_limit(which.max(1), || ms(now)),
                _ => {}
            }
            waiting.retain(|waiter| match waiter.poll(&gate) {
                Poll::Pending => true,
                Poll::Ready(got) => {
                    held += usize::from(got.is_ok());
                    false
                }
            });
            let state = gate.state();
            prop_assert_eq!(state.in_flight(), held);
            prop_assert_eq!(gate.queued(), waiting.len());
            prop_assert_eq!(state.is_waited_on(), !waiting.is_empty());
            prop_assert!(waiting.is_empty() || held >= state.limit());
        }
    }
}
