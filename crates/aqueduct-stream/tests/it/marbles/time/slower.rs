//! Slower, and later.

use std::time::Duration;

use aqueduct_backpressure::rate::{Quota, RateLimiter};
use aqueduct_stream::iter;
use tokio::time::{Instant, sleep_until};

use super::TICK;
use crate::kit::marbles;

#[test]
fn throttle() {
    marbles(
        |s| s.throttle(3 * TICK),
        &[
            ("|", "|"),
            ("a|", "a--|"),
            ("a----b----c|", "a----b----c--|"),
            // Nothing is dropped; what waits is in the source.
            ("(abc)--|", "a--b--c--|"),
            ("abc-|", "a--b--c--|"),
            ("(ab|)", "a--b--|"),
            ("a-b--c", "a--b--c"),
        ],
    );
    marbles(|s| s.throttle(Duration::ZERO), &[("(abc)-d|", "(abc)-d|")]);
    marbles(|s| s.throttle(Duration::MAX), &[("(abc)-|", "a")]);
}

#[test]
fn throttle_first() {
    marbles(
        |s| s.throttle_first(3 * TICK),
        &[
            ("|", "|"),
            ("a|", "a|"),
            ("abcdefgh|", "a--d--g-|"),
            ("(abc)--(de)-|", "a--d-|"),
            ("a----b-c-d|", "a----b---d|"),
            ("(ab|)", "(a|)"),
            ("a-", "a"),
        ],
    );
    marbles(
        |s| s.throttle_first(Duration::ZERO),
        &[("(abc)-d|", "(abc)-d|")],
    );
    marbles(|s| s.throttle_first(Duration::MAX), &[("ab-c|", "a---|")]);
}

#[test]
fn delay() {
    marbles(
        |s| s.delay(3 * TICK, 3),
        &[
            ("|", "|"),
            ("--|", "--|"),
            ("a-b---|", "---a-b|"),
            // The end comes with the last.
            ("a-b|", "---a-(b|)"),
            ("(ab|)", "---(ab|)"),
            ("a-------b|", "---a-------(b|)"),
            // No more than 3 are taken; those after them come later.
            ("(abcde)-|", "---(abc)--(de|)"),
            ("abcde|", "---abcd(e|)"),
            ("a-", "---a"),
        ],
    );
    marbles(|s| s.delay(Duration::ZERO, 2), &[("(abc)-d|", "(abc)-d|")]);
    marbles(|s| s.delay(Duration::MAX, 2), &[("(abc)-d|", "")]);
}

#[test]
fn rate_limit() {
    let limiter = |burst| {
        let quota = Quota::new(1, 3 * TICK).with_burst(burst);
        RateLimiter::new(quota)
    };
    marbles(
        |s| s.rate_limit(limiter(1)),
        &[
            ("|", "|"),
            ("a|", "a--|"),
            ("(abc)----------|", "a--b--c----|"),
            ("a----b----c---|", "a----b----c---|"),
            // A permit that came while there was no item is no more than the burst.
            ("a--------(bc)------|", "a--------b--c---|"),
            ("(ab|)", "a--b--|"),
        ],
    );
    marbles(
        |s| s.rate_limit(limiter(3)),
        &[
            ("(abcde)----------|", "(abc)--d--e----|"),
            ("-----------(abcdefg)", "-----------(abc)--d--e--f--g"),
            ("a-b-c-d-e-f-g-h-i", "a-b-c-d-e-f-g--h--i"),
        ],
    );
}

/// At most one item for each permit leaves the source, also where there is room for more.
#[tokio::test(start_paused = true)]
async fn rate_limit_takes_nothing_that_it_may_not_give() {
    let mut taken = 0;
    let source = iter(0..100).inspect(|_| taken += 1);
    let quota = Quota::new(1, TICK).with_burst(7);
    let mut flow = source.rate_limit(RateLimiter::new(quota));
    let mut items = Vec::new();
    assert_eq!(flow.next_many(&mut items, 50).await, 7);
    assert_eq!(flow.next_many(&mut items, 50).await, 1);
    drop(flow);
    assert_eq!(taken, 8);
}

/// Two streams, each with work for the whole time, get half of the rate each, and both together not more than the rate.
#[tokio::test(start_paused = true)]
async fn rate_limit_is_shared() {
    let limiter = RateLimiter::new(Quota::new(1, TICK).with_burst(4));
    let end = Instant::now() + 100 * TICK - TICK / 2;
    let count = |limiter| {
        let flow = iter(0..).rate_limit(limiter);
        flow.take_until(sleep_until(end)).count()
    };
    let (one, other) = tokio::join!(count(limiter.clone()), count(limiter.clone()));
    assert_eq!(one + other, 4 + 99);
    // The burst goes to who asks first, and one of them has the last.
    assert!(one.abs_diff(other) <= 5, "{one} and {other}");
}
