//! Stopped, and let go, by something else.

use std::future::{pending, ready};

use aqueduct_cancel::CancelScope;
use aqueduct_stream::{Flow, Source, iter};
use tokio::time::sleep;

use super::TICK;
use crate::kit::{Input, marbles};

#[test]
fn take_until() {
    marbles(
        |s| s.take_until(sleep(3 * TICK)),
        &[
            ("|", "|"),
            ("ab|", "ab|"),
            ("abcdef|", "abc|"),
            ("(ab)---(cd)|", "(ab)--|"),
            ("-", "---|"),
            // What comes with the future stays in the source.
            ("---a", "---|"),
        ],
    );
    marbles(|s| s.take_until(ready(())), &[("(abc)|", "|")]);
    marbles(|s| s.take_until(pending::<()>()), &[("(abc)|", "(abc)|")]);
}

/// Cancels or drains a scope after three ticks.
fn after_3_ticks(end: fn(&CancelScope) -> bool) -> CancelScope {
    let scope = CancelScope::new();
    let ended = scope.clone();
    tokio::spawn(async move {
        sleep(3 * TICK).await;
        end(&ended);
    });
    scope
}

fn same_for_both<S: Source<Item = char>>(operator: impl Fn(Input) -> Flow<S>) {
    marbles(
        operator,
        &[
            ("|", "|"),
            ("ab|", "ab|"),
            ("ab--ef|", "ab-|"),
            ("(ab)---(cd)|", "(ab)--|"),
            ("-", "---|"),
        ],
    );
}

#[test]
fn take_until_cancelled() {
    same_for_both(|s| s.take_until_cancelled(&after_3_ticks(CancelScope::cancel)));
    let cancelled = CancelScope::new();
    cancelled.cancel();
    marbles(|s| s.take_until_cancelled(&cancelled), &[("(abc)|", "|")]);
}

#[test]
fn take_until_draining() {
    same_for_both(|s| s.take_until_draining(&after_3_ticks(CancelScope::drain)));
    same_for_both(|s| s.take_until_draining(&after_3_ticks(CancelScope::cancel)));
}

#[test]
fn skip_until() {
    marbles(
        |s| s.skip_until(sleep(3 * TICK)),
        &[
            ("|", "|"),
            ("ab|", "--|"),
            ("abcdef|", "---def|"),
            ("(ab)--(cd)|", "---(cd)|"),
            ("ab-", ""),
        ],
    );
    marbles(|s| s.skip_until(ready(())), &[("(abc)|", "(abc)|")]);
    marbles(|s| s.skip_until(pending::<()>()), &[("(abc)-d|", "---|")]);
}

#[tokio::test]
async fn a_source_that_never_waits_is_stopped() {
    let scope = CancelScope::new();
    let seen = scope.clone();
    let stopped = iter(0..)
        .take_until_cancelled(&scope)
        .inspect(|n| {
            if *n == 1000 {
                seen.cancel();
            }
        })
        .count();
    // To the end of the chunk that was on its way.
    assert_eq!(stopped.await, 1024);
}

#[tokio::test]
async fn what_was_not_given_is_in_the_source() {
    let scope = CancelScope::new();
    let mut flow = iter(0..);
    let mut first = Vec::new();
    let mut until = flow.by_ref().take_until_cancelled(&scope);
    until.next_many(&mut first, 3).await;
    scope.cancel();
    assert_eq!(until.next().await, None);
    assert_eq!(first, [0, 1, 2]);
    assert_eq!(flow.next().await, Some(3));
}
