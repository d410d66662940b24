//! What is said when nothing comes.

use std::time::Duration;

use aqueduct_stream::op::Elapsed;

use super::TICK;
use crate::kit::{Mark, marbles};

impl Mark for Elapsed {
    fn mark(&self) -> String {
        assert_eq!(self.limit, 3 * TICK);
        "X".to_owned()
    }
}

#[test]
fn timeout() {
    marbles(
        |s| s.timeout(3 * TICK),
        &[
            ("|", "|"),
            ("ab-c|", "ab-c|"),
            // One for each silence.
            ("a--------b----|", "a--!X-----b--!X-|"),
            ("----|", "---!X|"),
            // What comes with the end of the time is given instead, and so is the end.
            ("a--b--(cd)--|", "a--b--(cd)--|"),
            ("---|", "---|"),
            ("(ab)----|", "(ab)--!X-|"),
            ("a", "a--!X"),
        ],
    );
    marbles(
        |s| s.timeout(Duration::MAX),
        &[("a", "a"), ("a---b|", "a---b|")],
    );
}

#[test]
fn timeout_that_ends_the_stream() {
    marbles(
        |s| s.timeout(3 * TICK).take_while(Result::is_ok),
        &[("a--b----c|", "a--b--|"), ("ab|", "ab|")],
    );
}

#[test]
fn keep_alive() {
    marbles(
        |s| s.keep_alive(3 * TICK, || '.'),
        &[
            ("|", "|"),
            ("ab-c|", "ab-c|"),
            // Again and again.
            ("a--------b----|", "a--.--.--b--.-|"),
            ("----|", "---.|"),
            ("a--b--(cd)--|", "a--b--(cd)--|"),
            ("(ab)----|", "(ab)--.-|"),
        ],
    );
    marbles(
        |s| s.keep_alive(Duration::MAX, || '.'),
        &[("a---b|", "a---b|")],
    );
}
