//! Items by the batch.

use std::time::Duration;

use crate::kit::{TICK, marbles};

const EMPTY: (&str, &str) = ("|", "|");

#[test]
fn chunks() {
    marbles(
        |s| s.chunks(2),
        &[
            EMPTY,
            ("a|", "-([a]|)"),
            ("(abcde)|", "([ab][cd])([e]|)"),
            ("a--b-c-----|", "---[ab]-------([c]|)"),
            ("(ab|)", "([ab]|)"),
            ("(abc|)", "([ab][c]|)"),
            ("a---", ""),
        ],
    );
}

#[test]
fn batch_by_count_and_time() {
    marbles(
        |s| s.batch(3, 3 * TICK),
        &[
            EMPTY,
            ("---|", "---|"),
            // Full before its time.
            ("abcdef|", "--[abc]--[def]|"),
            ("(abcdefg)----|", "([abc][def])--[g]-|"),
            // Its time counts from the first item.
            ("a-b-----|", "---[ab]----|"),
            ("-a-----b----c-|", "----[a]-----[b]---([c]|)"),
            // What comes with the end of the time is in the batch, and does not wait for another.
            ("a--b--|", "---[ab]--|"),
            ("a--(bcde)--|", "---[abc]--([de]|)"),
            // The end gives what there is.
            ("a|", "-([a]|)"),
            ("(ab|)", "([ab]|)"),
            ("a-", "---[a]"),
            // A batch that was full begins its time anew.
            ("ab(cd)-e-----|", "--[abc]--[de]----|"),
        ],
    );
}

#[test]
fn batch_without_waiting() {
    marbles(
        |s| s.batch(3, Duration::ZERO),
        &[("ab-(cd)(efghi)|", "[a][b]-[cd]([efg][hi])|"), ("a", "[a]")],
    );
}

#[test]
fn batch_that_waits_for_ever() {
    marbles(
        |s| s.batch(3, Duration::MAX),
        &[("a", ""), ("a-----bc-d|", "-------[abc]--([d]|)")],
    );
}

/// A letter weighs its place in the alphabet.
fn weigh(c: &char) -> usize {
    *c as usize - 'a' as usize + 1
}

#[test]
fn batch_by_count_time_and_weight() {
    marbles(
        |s| s.batch(4, 3 * TICK).with_weight(5, weigh),
        &[
            EMPTY,
            // By count, by weight, by time.
            ("(aaaa)a---|", "[aaaa]---[a]|"),
            ("(abba)----|", "[abb]--[a]-|"),
            // What would be too heavy begins the next, whose time counts from there.
            ("a-d-c----|", "--[ad]----[c]-|"),
            ("b-d------|", "--[b]--[d]---|"),
            // An item that is too heavy goes alone, and at once.
            ("z-|", "[z]-|"),
            ("aza-|", "-([a][z])--([a]|)"),
            ("(azz|)", "([a][z][z]|)"),
            ("(eabz|)", "([e][ab][z]|)"),
        ],
    );
    // Without a weight nothing is too heavy.
    marbles(
        |s| s.batch(2, TICK).with_weight(0, |_| 0),
        &[("(abc|)", "([a][b][c]|)")],
    );
}

#[test]
fn window() {
    marbles(
        |s| s.window(3 * TICK, 4),
        &[
            EMPTY,
            // The periods end at 3, 6, 9, whenever items come; empty ones give nothing.
            ("ab-----c-----d|", "---[ab]-----[c]----([d]|)"),
            // What comes at the end of a period is in it.
            ("---a-b-|", "---[a]--[b]|"),
            ("a--b--c--|", "---[ab]--[c]--|"),
            // Too many: the rest of the period is another window, which ends with it.
            ("(abcde)f--|", "[abcd]--[ef]|"),
            ("-(abcd)e--|", "-[abcd]-[e]-|"),
            ("a-", "---[a]"),
            ("(ab|)", "([ab]|)"),
        ],
    );
}

#[test]
fn session() {
    marbles(
        |s| s.session(3 * TICK, 4),
        &[
            EMPTY,
            // As long as there are pauses of less than the gap, it is one.
            ("a-b--c----d-|", "--------[abc]---([d]|)"),
            ("a---b---|", "---[a]---[b]|"),
            // An item that comes with the end of the gap belongs to the session.
            ("a--b--c---|", "---------[abc]|"),
            // Too many are given at once, and the session goes on in another.
            ("(abcde)f---|", "[abcd]---[ef]|"),
            ("(abcdefghi|)", "([abcd][efgh][i]|)"),
            ("a", "---[a]"),
        ],
    );
}
