//! Boundaries between tasks, and parallel stages.

use aqueduct_channel::{Overflow, mpmc};

use crate::kit::{Input, TICK, marbles};

#[test]
fn spawned() {
    marbles(
        |s| s.spawned(2),
        &[
            ("|", "|"),
            ("a-b|", "a-b|"),
            ("(abc)--(de|)", "(abc)--(de|)"),
            ("-a-", "-a"),
        ],
    );
}

#[test]
fn spawned_over() {
    // Nobody pulls while all five come in one chunk.
    marbles(
        |s| s.spawned_over(mpmc::Builder::new(2).overflow(Overflow::DropOldest)),
        &[("a-(bcde)-|", "a-(de)-|")],
    );
    marbles(
        |s| s.spawned_over(mpmc::Builder::new(2).overflow(Overflow::DropNewest)),
        &[("a-(bcde)-|", "a-(bc)-|")],
    );
    for overflow in [Overflow::Wait, Overflow::Reject] {
        marbles(
            |s| s.spawned_over(mpmc::Builder::new(2).overflow(overflow)),
            &[("a-(bcde)-|", "a-(bcde)-|")],
        );
    }
}

/// Takes as many ticks as a digit says.
async fn work(c: char) -> char {
    let ticks = c.to_digit(10).expect("a digit");
    tokio::time::sleep(TICK * ticks).await;
    c
}

#[test]
fn par_map() {
    marbles(
        |s| s.par_map(2, work),
        &[
            ("|", "|"),
            ("3|", "---(3|)"),
            // The second is done first, and waits for its turn.
            ("31---|", "---(31)-|"),
            // Two run at a time: the third begins with the end of the first, whose worker's turn it is.
            ("(222)-|", "--(22)-(2|)"),
            ("(313)-|", "---(31)--(3|)"),
        ],
    );
}

#[test]
fn par_map_unordered() {
    marbles(
        |s| s.par_map_unordered(2, work),
        &[
            ("|", "|"),
            ("31---|", "--13-|"),
            // The third begins as soon as one is done, whichever.
            ("(313)-|", "-1-3(3|)"),
            ("(222)-|", "--(22)-(2|)"),
        ],
    );
}

#[test]
fn par_map_by_key() {
    // All of one key: one after the other, as they came.
    marbles(
        |s| s.par_map_by_key(4, |_| (), work),
        &[("(312)-|", "---31-(2|)"), ("|", "|")],
    );
}

fn append(mut text: Vec<char>, c: char) -> Vec<char> {
    text.push(c);
    text
}

#[test]
fn conflate() {
    let text = |s: Input| s.conflate(|c| vec![c], append);
    marbles(
        text,
        &[
            ("|", "|"),
            ("a-b|", "[a]-[b]|"),
            ("a-(bcd)-|", "[a]-[bcd]-|"),
            ("(ab|)", "([ab]|)"),
        ],
    );
    // Whoever takes an item is busy with it for three ticks.
    let slow = async |text| {
        tokio::time::sleep(TICK * 3).await;
        text
    };
    marbles(
        |s| text(s).then(slow),
        &[
            ("abc----e|", "---[a]--[bc]---([e]|)"),
            ("ab|", "---[a]--([b]|)"),
        ],
    );
}

#[test]
fn prefetch() {
    marbles(
        |s| s.prefetch(3),
        &[
            ("|", "|"),
            ("a-b|", "a-b|"),
            ("(abcde)-(fg|)", "(abcde)-(fg|)"),
        ],
    );
}
