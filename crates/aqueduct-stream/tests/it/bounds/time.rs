//! Operators of time.

use std::time::Duration;

use aqueduct_backpressure::rate::{Quota, RateLimiter};
use aqueduct_cancel::CancelScope;
use tokio::time::sleep;

use crate::kit::{TICK, holds};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn batches_hold_less_than_a_batch() {
    for size in [1, 2, 4, 7] {
        holds(size - 1, |s| s.chunks(size));
        holds(size - 1, |s| s.batch(size, LONG));
        holds(size - 1, |s| s.session(LONG, size));
        holds(size - 1, |s| s.window(LONG, size));
        holds(size - 1, |s| s.batch(size, LONG).with_weight(100, |_| 1));
    }
    holds(0, |s| s.batch(4, Duration::ZERO).with_weight(100, |_| 1));
    // Two of three by weight, then by time.
    holds(2, |s| s.batch(9, LONG).with_weight(6, |_| 2));
    holds(1, |s| {
        s.batch(9, LONG)
            .with_weight(6, |item| 1 + 6 * (item.number % 2))
    });
    // What comes in two of the three polls that its time takes.
    holds(10, |s| s.batch(100, 2 * TICK));
}

#[test]
fn the_latest_is_held() {
    holds(1, |s| s.debounce(LONG));
    holds(1, |s| s.sample(LONG));
}

#[test]
fn windows_that_overlap_hold_less_than_one() {
    for size in [1, 3, 6] {
        for step in [1, 2, 8] {
            holds(size - 1, |s| s.sliding(size, step));
        }
    }
}

#[test]
fn windows_by_time_hold_what_the_next_can_have() {
    holds(4, |s| s.sliding_by_time(LONG, 2 * TICK, 4));
    holds(20, |s| s.sliding_by_time(LONG, LONG, 100));
}

#[test]
fn a_delay_holds_its_capacity() {
    holds(7, |s| s.delay(3 * TICK, 7));
    holds(0, |s| s.delay(Duration::ZERO, 1));
}

#[test]
fn nothing_is_held_by_what_lets_wait_drops_or_stops() {
    holds(0, |s| s.throttle(2 * TICK));
    holds(0, |s| s.throttle_first(2 * TICK));
    holds(0, |s| s.timeout(TICK));
    holds(0, |s| s.map(drop).keep_alive(TICK, || ()));
    let quota = Quota::new(1, TICK).with_burst(3);
    holds(0, |s| s.rate_limit(RateLimiter::new(quota)));
    holds(0, |s| s.take_until(sleep(7 * TICK)));
    holds(0, |s| s.skip_until(sleep(7 * TICK)));
    holds(0, |s| s.take_until_cancelled(&CancelScope::new()));
    holds(0, |s| s.take_until_draining(&CancelScope::new()));
}
