//! Windows that overlap.

use super::TICK;
use crate::kit::marbles;

#[test]
fn sliding() {
    marbles(
        |s| s.sliding(3, 1),
        &[
            ("|", "|"),
            ("ab|", "--|"),
            ("abcde|", "--[abc][bcd][cde]|"),
            ("(abcde|)", "([abc][bcd][cde]|)"),
            ("(ab)--c--d", "---[abc]--[bcd]"),
        ],
    );
    marbles(
        |s| s.sliding(3, 2),
        &[
            ("abcdef|", "--[abc]-[cde]-|"),
            ("(abcdefg|)", "([abc][cde][efg]|)"),
        ],
    );
    // One after the other, and with a gap.
    marbles(
        |s| s.sliding(2, 2),
        &[("(abcde|)", "([ab][cd]|)"), ("a-b|", "--[ab]|")],
    );
    marbles(
        |s| s.sliding(2, 3),
        &[("(abcdefgh|)", "([ab][de][gh]|)"), ("abcd|", "-[ab]--|")],
    );
    marbles(|s| s.sliding(1, 1), &[("a-(bc)|", "[a]-([b][c])|")]);
}

#[test]
fn sliding_asks_for_no_more_than_it_gives() {
    marbles(
        |s| s.sliding(3, 2).take(2),
        &[("abcdef-", "--[abc]-([cde]|)")],
    );
}

#[test]
fn sliding_by_time() {
    // Windows of 4 ticks, at 2, 4, 6, of 3 items at most.
    marbles(
        |s| s.sliding_by_time(4 * TICK, 2 * TICK, 3),
        &[
            ("|", "|"),
            ("-a-------|", "--[a]-[a]----|"),
            ("-a-b-c-----|", "--[a]-[ab]-[bc]-[c]--|"),
            // Of what comes at 0, the window at 4 has nothing any more.
            ("a-----|", "--[a]---|"),
            // The latest 3.
            ("-(abcde)----|", "--[cde]-[cde]-|"),
            // What comes at the end of a period is in its window.
            ("--a-----|", "--[a]-[a]---|"),
            // The end gives what came since the last window, with what is still in its span.
            ("-a-b|", "--[a]-([ab]|)"),
            ("-a-|", "--[a]|"),
            ("(ab|)", "([ab]|)"),
        ],
    );
}

#[test]
fn sliding_by_time_with_windows_that_touch() {
    // Each item is in one, also what came with the first pull.
    marbles(
        |s| s.sliding_by_time(2 * TICK, 2 * TICK, 9),
        &[
            ("a-----|", "--[a]---|"),
            ("(ab)c-d---|", "--[abc]-[d]--|"),
            ("ab-c----|", "--[ab]-[c]---|"),
            ("--a----|", "--[a]----|"),
        ],
    );
    // What is between two of them is in none.
    marbles(
        |s| s.sliding_by_time(TICK, 3 * TICK, 9),
        &[
            ("ab-c-----|", "---[c]-----|"),
            ("a-----(bc)-|", "------[bc]-|"),
            ("-a-|", "---|"),
        ],
    );
}
