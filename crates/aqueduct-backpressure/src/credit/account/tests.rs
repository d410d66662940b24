use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use proptest::prelude::*;

use super::*;

struct Bench {
    account: Account,
    now: Arc<AtomicU64>,
}

fn account(credits: u64) -> Bench {
    let now = Arc::new(AtomicU64::new(0));
    let clock = now.clone();
    Bench {
        account: Account::new(credits, Box::new(move || clock.load(Ordering::Relaxed))),
        now,
    }
}

#[derive(Clone, Debug)]
enum Step {
    Grant(u64),
    Lease(u64, u64),
    Take(u64),
    Wait(u64),
    PollFirst,
    DropWaiter(usize),
    Spend(usize),
    GiveBack(usize),
    Pass(u64),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u64..5).prop_map(Step::Grant),
        1 => Just(Step::Grant(u64::MAX)),
        2 => (0u64..5, 0u64..20).prop_map(|(credits, ttl)| Step::Lease(credits, ttl)),
        4 => (0u64..4).prop_map(Step::Take),
        4 => (0u64..4).prop_map(Step::Wait),
        4 => Just(Step::PollFirst),
        2 => (0usize..4).prop_map(Step::DropWaiter),
        3 => (0usize..6).prop_map(Step::Spend),
        3 => (0usize..6).prop_map(Step::GiveBack),
        3 => (0u64..10).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// P1, and that a waiter is not left where its credits are there; whatever is done in whatever order.
    #[test]
    fn each_credit_is_in_one_place(
        first in 0u64..5, mut steps in prop::collection::vec(step(), 1..80), closes: bool,
    ) {
        if closes {
            steps.push(Step::Close);
            steps.extend([Step::Grant(3), Step::GiveBack(0), Step::Take(1)]);
        }
        let Bench { account, now } = account(first);
        let mut cx = Context::from_waker(Waker::noop());
        let mut held = Vec::new();
        let mut waiters: Vec<(Pin<Box<Seat>>, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Grant(credits) => account.grant(credits),
                Step::Lease(credits, ttl) => account.lease(credits, ttl),
                Step::Take(credits) => {
                    let waited_for = account.stats().waiting > 0;
                    if let Ok(term) = account.take(credits) {
                        prop_assert!(!waited_for);
                        held.push((credits, term));
                    }
                }
                Step::Wait(credits) => {
                    let mut seat = Box::pin(Seat::new());
                    match account.poll_take(seat.as_mut(), &mut cx, credits) {
                        Poll::Ready(Ok(term)) => held.push((credits, term)),
                        Poll::Ready(Err(Closed)) => prop_assert!(account.stats().closed),
                        Poll::Pending => waiters.push((seat, credits)),
                    }
                }
                Step::PollFirst if !waiters.is_empty() => {
                    let (seat, credits) = &mut waiters[0];
                    if let Poll::Ready(taken) = account.poll_take(seat.as_mut(), &mut cx, *credits) {
                        held.extend(taken.map(|term| (*credits, term)));
                        waiters.remove(0);
                    }
                }
                Step::DropWaiter(which) if which < waiters.len() => {
                    let (mut seat, _) = waiters.remove(which);
                    account.leave(seat.as_mut());
                }
                Step::Spend(which) if which < held.len() => account.spend(held.remove(which).0),
                Step::GiveBack(which) if which < held.len() => {
                    let (credits, term) = held.remove(which);
                    account.give_back(credits, term);
                }
                Step::Pass(nanos) => {
                    now.fetch_add(nanos, Ordering::Relaxed);
                }
                Step::Close => account.close(),
                Step::PollFirst | Step::DropWaiter(_) | Step::Spend(_) | Step::GiveBack(_) => {}
            }
            let stats = account.stats();
            let sum = [stats.available, stats.outstanding, stats.spent, stats.expired];
            prop_assert_eq!(stats.granted, sum.iter().sum::<u64>(), "{:?}", stats);
            let out: u64 = held.iter().map(|(credits, _)| credits).sum();
            prop_assert!(stats.outstanding >= out);
            // The first in line waits for more than there is.
            if stats.waiting > 0 {
                let first = waiters.len() - stats.waiting;
                prop_assert!(waiters[first].1 > stats.available && !stats.closed);
            }
        }
        for (credits, term) in held {
            account.give_back(credits, term);
        }
        for (mut seat, _) in waiters {
            account.leave(seat.as_mut());
        }
        prop_assert_eq!(account.stats().outstanding, 0);
    }
}

#[test]
fn a_lease_ends_and_what_was_out_does_not_come_back_to_another() {
    let Bench { account, now } = account(5);
    let before = account.take(2).unwrap();
    account.lease(4, 10);
    assert_eq!(account.stats().available, 4);
    account.give_back(2, before);
    assert_eq!((account.stats().available, account.stats().expired), (4, 5));
    // What is returned while it runs is there again.
    let term = account.take(4).unwrap();
    account.give_back(1, term);
    account.grant(1);
    assert_eq!(account.stats().available, 2);
    now.store(10, Ordering::Relaxed);
    assert_eq!(account.take(1), Err(Denied::Empty));
    account.give_back(3, term);
    assert_eq!(account.stats().available, 0);
    // Without a lease what is granted stays.
    account.grant(1);
    now.store(1_000, Ordering::Relaxed);
    account.take(1).unwrap();
}

#[test]
fn closing_tells_who_waits_and_keeps_what_is_out() {
    let Bench { account, .. } = account(1);
    let mut cx = Context::from_waker(Waker::noop());
    account.take(1).unwrap();
    let mut seat = pin!(Seat::new());
    assert!(account.poll_take(seat.as_mut(), &mut cx, 1).is_pending());
    account.close();
    assert_eq!(
        account.poll_take(seat.as_mut(), &mut cx, 1),
        Poll::Ready(Err(Closed))
    );
    account.spend(1);
    account.grant(7);
    let stats = account.stats();
    assert_eq!(
        (stats.granted, stats.spent, stats.available, stats.closed),
        (1, 1, 0, true)
    );
}
