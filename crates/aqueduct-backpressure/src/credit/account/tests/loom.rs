//! Models of the line. Each names the line whose removal makes it fail. A lost wake shows as a deadlock.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Waker;

use aqueduct_core::model::{block_on, race, race_bounded, spawn, spawn_both};

use super::*;

fn account(credits: u64) -> Arc<Account> {
    Arc::new(Account::new(credits, Box::new(|| 0)))
}

fn take(account: &Account, amount: u64) -> Result<u64, Closed> {
    let mut seat = pin!(Seat::new());
    block_on(poll_fn(|cx| account.poll_take(seat.as_mut(), cx, amount)))
}

/// Guards `serve` in `grant`.
#[test]
fn who_waits_gets_what_is_granted() {
    race(|| {
        let account = account(0);
        let granted = account.clone();
        let grantor = spawn(move || {
            granted.grant(1);
            granted.grant(1);
        });
        assert_eq!(take(&account, 2), Ok(0));
        grantor.join().unwrap();
        assert_eq!(account.stats().outstanding, 2);
    });
}

/// Guards `serve` in `close`.
#[test]
fn who_waits_is_told_of_the_close() {
    race(|| {
        let account = account(0);
        let closed = account.clone();
        let closer = spawn(move || closed.close());
        assert_eq!(take(&account, 1), Err(Closed));
        closer.join().unwrap();
    });
}

/// Guards `serve` in `give_back`: what one returns the other gets.
#[test]
fn what_is_returned_goes_to_who_waits() {
    race_bounded(3, || {
        let account = account(1);
        let other = account.clone();
        let uses = |account: &Account| {
            let term = take(account, 1).unwrap();
            account.give_back(1, term);
        };
        let other = spawn(move || uses(&other));
        uses(&account);
        other.join().unwrap();
        assert_eq!(account.stats().available, 1);
    });
}

/// Guards `leave`: what a waiter that goes away was given, and the place that it had.
#[test]
fn who_goes_away_leaves_all_to_the_next() {
    race_bounded(2, || {
        let account = account(0);
        let [granted, waited] = [account.clone(), account.clone()];
        let (grantor, other) = spawn_both(
            move || granted.grant(1),
            move || take(&waited, 1).map(|_| ()).unwrap(),
        );
        {
            let mut seat = pin!(Seat::new());
            let mut cx = Context::from_waker(Waker::noop());
            match account.poll_take(seat.as_mut(), &mut cx, 1) {
                Poll::Ready(term) => account.give_back(1, term.unwrap()),
                Poll::Pending => account.leave(seat.as_mut()),
            }
        }
        grantor.join().unwrap();
        other.join().unwrap();
        let stats = account.stats();
        assert_eq!((stats.available, stats.outstanding), (0, 1));
    });
}
