//! The latest of several.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use aqueduct_stream::{Source, interval};

use super::{LONG, TICK};
use crate::kit::{marbles, paused};

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

#[test]
fn the_hint_of_what_never_ends_is_one() {
    paused(async {
        let mut flow = interval(TICK).debounce(LONG);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut flow).poll_item(&mut cx).is_pending());
        assert_eq!(Source::size_hint(&flow), (1, None));
    });
}
