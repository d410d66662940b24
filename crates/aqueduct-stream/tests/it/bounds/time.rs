//! Operators of time.

use std::time::Duration;

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
