//! What can be sent, shared and moved.

use std::cell::Cell;
use std::future::ready;
use std::marker::PhantomPinned;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use aqueduct_backpressure::rate::{Quota, RateLimiter};
use aqueduct_cancel::CancelScope;
use aqueduct_resilience::Backoff;
use aqueduct_stream::{Flow, interval, iter, retry};

fn is_all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>(_: &T) {}
fn is_send<T: Send>(_: &T) {}
fn is_unpin<T: Unpin>(_: &T) {}

#[test]
fn streams_are_what_their_parts_are() {
    is_all(&iter([1]));
    is_all(&iter([1]).map(|n| n + 1).filter(|n| *n > 1).take(1).dedup());
    is_all(&iter([1]).chain(iter([2])));
    is_all(&iter([1]).merge(iter([2])).interleave(iter([3])));
    is_all(&iter([1]).zip(iter([2])));
    is_all(&iter([1]).combine_latest(iter([2])));
    is_all(&iter([1]).with_latest_from(iter([2])));
    is_all(&iter([1]).flat_map(|n| iter([n])));
    is_all(&iter([1]).switch_map(|n| iter([n])));
    is_all(&iter([1]).flat_map_iter(|n| [n]).cycle());
    is_send(&iter([1]).flat_map_merge(2, |n| iter([n])));
    is_send(&iter([1]).then(|n| async move { n }));
    is_send(&iter([1]).partition(|_| true));
    is_send(&iter([1]).group_by(2, |n| *n));
    is_send(&iter([1]).broadcast::<2>());
    is_unpin(&iter([1]).then(|n| async move { n }).partition(|_| true));
    is_all(&iter([Ok::<_, ()>(1)]).map_ok(|n| n + 1).take_while_ok());
    is_all(&iter([Ok::<_, ()>(1)]).recover_with(|()| iter([Ok(2)])));
    is_all(&retry(Backoff::none(), 1, || iter([Ok::<_, ()>(1)])));
    is_send(&iter([Ok::<_, ()>(1)]).try_collect::<Vec<_>>());
    // The items need not be Sync, nor a closure.
    is_send(&iter([1]).map(Cell::new).filter(|_| true));
    // Nothing but a source may pin.
    is_unpin(&iter([1]).map(|_| PhantomPinned));
    is_unpin(&iter([1]).flat_map_merge(2, |_| iter([1]).then(|n| async move { n })));
    is_send(&iter([1]).boxed());
    is_send(&iter([1]).map(|n| n + 1).fold(0, |a, b| a + b));
}

#[test]
fn streams_can_be_spawned() {
    fn spawnable<F: Future + Send + 'static>(_: F) {}
    spawnable(async {
        let mut flow: Flow<_> = iter(["a".to_owned()]).map(|s| s + "b");
        let first = flow.next().await;
        let mut rest = Vec::new();
        flow.next_many(&mut rest, 10).await;
        flow.by_ref().for_each(drop).await;
        first
    });
    spawnable(async {
        let text = String::from("x");
        iter(0..3)
            .for_each_async(|n| {
                let text = text.clone();
                async move { drop(format!("{text}{n}")) }
            })
            .await;
    });
}

#[test]
fn streams_of_time_are_what_their_parts_are() {
    let wait = Duration::from_secs(1);
    is_all(&iter([1]).batch(2, wait));
    is_all(&iter([1]).chunks(2).map(|batch| batch.len()));
    is_all(&iter([1]).batch(2, wait).with_weight(2, |_| 1));
    is_all(&iter([1]).window(wait, 2));
    is_all(&iter([1]).session(wait, 2));
    is_all(&iter([1]).debounce(wait).sample(wait));
    is_all(&iter([1]).throttle(wait).throttle_first(wait));
    is_all(&iter([1]).delay(wait, 2).timeout(wait));
    is_all(&iter([1]).keep_alive(wait, || 1));
    is_all(&iter([1]).sliding(2, 1));
    is_all(&iter([1]).sliding_by_time(wait, wait, 1));
    is_all(&interval(wait));
    is_all(&iter([1]).take_until(ready(())).skip_until(ready(())));
    let scope = CancelScope::new();
    let limiter = RateLimiter::new(Quota::per_second(1));
    let flow = iter([1]).rate_limit(limiter).take_until_cancelled(&scope);
    is_send(&flow);
    is_unpin(&flow);
    // The items need not be Sync.
    is_send(&iter([1]).map(Cell::new).batch(2, wait));
    is_send(&iter([1]).map(Cell::new).delay(wait, 1).debounce(wait));
}
