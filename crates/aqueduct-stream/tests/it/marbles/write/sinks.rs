//! Into sinks of other libraries, and into channels.

use std::future::pending;

use aqueduct_channel::{mpmc, mpsc, spmc, spsc};
use aqueduct_stream::{Accept, Receive, receive};

use crate::kit::io::{CharSink, Log, play_into};
use crate::kit::{TICK, paused, play, timeline};

#[test]
fn forward() {
    // What is given, when the sink is ready, and what it is given; `f` is a flush, and `s` is when it is closed.
    let table = [
        ("|", "", "(s|)"),
        ("a-b|", "", "(af)-(bf)(s|)"),
        ("(abc)-|", "", "(abcf)-(s|)"),
        ("(ab|)", "", "(abs|)"),
        ("a--", "", "(af)"),
        // An item leaves the source when the sink is ready for it.
        ("(abc)-|", "1--1-1", "a--b-(cs|)"),
        ("a-b|", "----1", "----(abs|)"),
        ("|", "---1", "---(s|)"),
        ("(ab)-c|", "1-X", "a-!"),
        ("a", "X", "!"),
    ];
    for (input, sink, output) in table {
        let played = paused(async {
            let log = Log::default();
            let sink = CharSink::new(sink, &log);
            play_into(log, timeline(input).forward(sink)).await
        });
        assert_eq!(played, output, "of {input} into {sink}");
    }
}

/// What comes out of a channel that a timeline is sent into, if each item takes its receiver so many ticks.
async fn through<A, R>(input: &str, (sender, receiver): (A, R), busy: u32) -> String
where
    A: Accept<Message = char>,
    R: Receive<Message = char>,
{
    let sending = timeline(input).send_into(sender);
    let received = receive(receiver).then(|c| async move {
        tokio::time::sleep(TICK * busy).await;
        c
    });
    tokio::select! {
        played = play(received) => played,
        () = async { drop(sending.await); pending().await } => unreachable!(),
    }
}

#[test]
fn send_into() {
    let table = [
        (0, "|", "|"),
        (0, "ab-(cd)-|", "ab-(cd)-|"),
        (0, "(abcd|)", "(abcd|)"),
        (0, "--a", "--a"),
        (0, "", ""),
        // A receiver that is busy holds the source up.
        (2, "a|", "--(a|)"),
        (2, "(abcd|)", "--a-b-c-(d|)"),
        (2, "ab----c-", "--a-b---c"),
    ];
    for (busy, input, output) in table {
        for capacity in [1, 2, 100] {
            let played = [
                paused(through(input, spsc::channel(capacity), busy)),
                paused(through(input, mpsc::channel(capacity), busy)),
                paused(through(input, spmc::channel(capacity), busy)),
                paused(through(input, mpmc::channel(capacity), busy)),
            ];
            assert_eq!(played, [output; 4], "of {input} through {capacity}");
        }
        let played = [
            paused(through(input, mpsc::unbounded_channel(), busy)),
            paused(through(input, mpmc::unbounded_channel(), busy)),
            paused(through(input, mpmc::rendezvous(), busy)),
        ];
        assert_eq!(played, [output; 3], "of {input}");
    }
}
