//! Slower, and later.

use std::time::Duration;

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
