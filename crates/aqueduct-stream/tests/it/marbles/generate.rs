//! Sources that are made of closures, and of what others have.

use aqueduct_channel::mpsc;
use aqueduct_stream::{
    Flow, Source, empty, from_fn, from_stream, generate, iter, once, receive, repeat, repeat_with,
    try_generate, unfold,
};
use tokio::time::sleep;

use crate::kit::{TICK, marbles, paused, play, timeline};

async fn played<S: Source<Item = char>>(source: impl FnOnce() -> Flow<S>) -> String {
    play(source()).await
}

#[test]
fn what_is_there_is_given_at_once() {
    assert_eq!(paused(played(empty)), "|");
    assert_eq!(paused(played(|| once('a'))), "(a|)");
    assert_eq!(paused(played(|| iter("abc".chars()))), "(abc|)");
    assert_eq!(paused(played(|| iter("".chars()))), "|");
    assert_eq!(paused(played(|| repeat('a').take(3))), "(aaa|)");
    assert_eq!(paused(played(|| repeat_with(|| 'a').take(2))), "(aa|)");
    let mut left = "ab".chars();
    assert_eq!(
        paused(played(move || from_fn(move || left.next()))),
        "(ab|)"
    );
}

/// What a timeline yields, is yielded.
#[test]
fn generators() {
    let table = [
        ("|", "|"),
        ("ab-(cd)-|", "ab-(cd)-|"),
        ("(ab|)", "(ab|)"),
        ("--a", "--a"),
        ("", ""),
    ];
    marbles(
        |mut s| {
            generate(async move |mut yielder| {
                while let Some(c) = s.next().await {
                    yielder.give(c).await;
                }
            })
        },
        &table,
    );
    marbles(
        |s| {
            unfold(s, async |mut s| {
                let c = s.next().await?;
                Some((c, s))
            })
        },
        &table,
    );
    marbles(
        |mut s| {
            try_generate(async move |mut yielder| {
                while let Some(c) = s.next().await {
                    if c == 'X' {
                        return Err(c);
                    }
                    yielder.give(c).await;
                }
                Ok(())
            })
        },
        &[
            ("|", "|"),
            ("a-(bc)-|", "a-(bc)-|"),
            ("a-X-b|", "a-(!X|)"),
            ("(abXc)|", "(ab!X|)"),
            ("X", "(!X|)"),
        ],
    );
}

/// Items that come without waiting in between are a chunk, whatever gives them.
#[test]
fn streams_of_others() {
    let table = [
        ("|", "|"),
        ("ab-(cd)-|", "ab-(cd)-|"),
        ("(ab|)", "(ab|)"),
        ("--a", "--a"),
    ];
    marbles(from_stream, &table);
    marbles(|s| s.boxed(), &table);
    marbles(|s| s.boxed_local(), &table);
    marbles(
        |s| {
            let (tx, rx) = mpsc::channel(8);
            tokio::spawn(s.send_into(tx));
            receive(rx)
        },
        &table,
    );
}

/// A stream that is lent goes on where it was.
#[test]
fn by_ref() {
    let played = paused(async {
        let mut flow = timeline("(ab)-c--d|");
        let first = play(flow.by_ref().take(1)).await;
        sleep(TICK).await;
        [first, play(flow).await]
    });
    assert_eq!(played, ["(a|)", "bc--d|"]);
}
