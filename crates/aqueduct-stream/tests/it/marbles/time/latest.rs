//! The latest of several.

use std::time::Duration;

use super::{LONG, TICK};
use crate::kit::marbles;

#[test]
fn debounce() {
    marbles(
        |s| s.debounce(3 * TICK),
        &[
            ("|", "|"),
            ("---|", "---|"),
            ("a-----|", "---a--|"),
            // Each item begins the time anew, and takes the place of the one before.
            ("abc-----|", "-----c--|"),
            ("a--b--c----|", "---a--b--c-|"),
            ("a-b-c-----|", "-------c--|"),
            ("(abc)----|", "---c-|"),
            // The end does not wait.
            ("a-|", "--(a|)"),
            ("(ab|)", "(b|)"),
            ("a--|", "---(a|)"),
            ("a", "---a"),
        ],
    );
    marbles(
        |s| s.debounce(Duration::ZERO),
        &[("a-(bcd)e|", "a-de|"), ("(ab|)", "(b|)")],
    );
    marbles(|s| s.debounce(Duration::MAX), &[("a--b|", "----(b|)")]);
}

#[test]
fn sample() {
    marbles(
        |s| s.sample(3 * TICK),
        &[
            ("|", "|"),
            // The periods end at 3, 6, 9.
            ("abcdefghij-|", "---d--g--j-|"),
            ("a--------b--|", "---a-----b--|"),
            ("-(abc)-----|", "---c---|"),
            // What comes with the end of a period is its latest, also if it is the only one.
            ("---a--|", "---a--|"),
            ("---ab---|", "---a--b-|"),
            // The end does not wait.
            ("a-|", "--(a|)"),
            ("(ab|)", "(b|)"),
            ("a", "---a"),
        ],
    );
    marbles(|s| s.sample(LONG), &[("a--b|", "----(b|)")]);
}
