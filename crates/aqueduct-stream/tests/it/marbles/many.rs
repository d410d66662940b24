//! Operators over several streams.

use std::future::ready;

use aqueduct_stream::{Boxed, Flow, empty, iter, merge_all};

use crate::kit::{Input, TICK, marbles, marbles2, timeline};

fn upper(c: char) -> char {
    c.to_ascii_uppercase()
}

/// What an item stands for where streams are made of items: it, and two ticks later its capital and the end.
fn twice(c: char) -> Input {
    timeline(&format!("{c}-({}|)", upper(c)))
}

#[test]
fn merge() {
    marbles2(
        |a, b| a.merge(b),
        &[
            ("|", "|", "|"),
            ("|", "a-b|", "a-b|"),
            ("a-b|", "|", "a-b|"),
            ("a-c-|", "-b-d-|", "abcd-|"),
            ("a-c|", "x-y|", "(ax)-(cy)|"),
            ("(abc)-|", "(xyz)|", "(abcxyz)-|"),
            ("a--|", "-b", "ab"),
            ("-", "a-b|", "a-b"),
            ("ab|", "--c(d|)", "abc(d|)"),
        ],
    );
}

#[test]
fn merge_by_priority() {
    marbles2(
        |a, b| a.merge_by_priority(b),
        &[
            ("|", "|", "|"),
            ("|", "a-b|", "a-b|"),
            ("a-c-|", "-b-d-|", "abcd-|"),
            ("a-(bc)|", "x-y|", "(ax)-(bcy)|"),
            ("a--|", "-b", "ab"),
        ],
    );
}

#[test]
fn merge_all_of_many() {
    let of = |inputs: &'static [&'static str]| {
        move |_: Input| merge_all(inputs.iter().map(|text| timeline(text)))
    };
    marbles(of(&[]), &[("", "|")]);
    marbles(of(&["|", "|", "|"]), &[("", "|")]);
    marbles(of(&["a--d|", "-b-e-|", "--(cx)|"]), &[("", "ab(cx)(de)-|")]);
    marbles(of(&["(ab)|", "(cd)|", "(ef)-|"]), &[("", "(abcdef)-|")]);
    marbles(of(&["-", "a|"]), &[("", "a")]);
}

#[test]
fn zip() {
    marbles2(
        |a, b| a.zip(b),
        &[
            ("|", "|", "|"),
            ("ab|", "|", "|"),
            ("|", "ab|", "|"),
            ("a-b-|", "xy-z|", "<ax>-<by>-|"),
            ("xy-z|", "a-b-|", "<xa>-<yb>-|"),
            // It ends as soon as no other pair can come.
            ("abc-", "--x|", "--<ax>|"),
            ("--x|", "abc-", "--<xa>|"),
            ("(abc)-|", "---(xyz)-|", "---(<ax><by><cz>|)"),
            ("(abc|)", "xy-z", "<ax><by>-(<cz>|)"),
            ("a", "-x-y", "-<ax>"),
            ("-", "ab|", ""),
        ],
    );
}

#[test]
fn combine_latest() {
    marbles2(
        |a, b| a.combine_latest(b),
        &[
            ("|", "|", "|"),
            ("a-b-|", "-x-y-|", "-<ax><bx><by>-|"),
            ("(ab)-|", "-x-|", "-<bx>-|"),
            ("a-b|", "x-y|", "<ax>-(<bx><by>)|"),
            ("a--|", "-x---y|", "-<ax>---<ay>|"),
            // Without an item of one, there is no pair.
            ("abc-", "-|", "-|"),
            ("-|", "abc-", "-|"),
            ("a-b", "---", ""),
        ],
    );
}

#[test]
fn with_latest_from() {
    marbles2(
        |a, b| a.with_latest_from(b),
        &[
            ("|", "|", "|"),
            ("abcd|", "-x-y|", "-<bx><cx><dy>|"),
            ("a-b|", "x-y|", "<ax>-<by>|"),
            ("--(ab)--c|", "(xy)|", "--(<ay><by>)--<cy>|"),
            ("abc|", "-", "---|"),
            ("-|", "x-y-z-", "-|"),
        ],
    );
}

#[test]
fn interleave() {
    marbles2(
        |a, b| a.interleave(b),
        &[
            ("|", "|", "|"),
            ("(abc)|", "(xyz)|", "(axbycz)|"),
            // The rest of the longer.
            ("(abc|)", "(x|)", "(axbc|)"),
            ("(a|)", "(xyz|)", "(axyz|)"),
            // Each waits for its turn.
            ("a--b|", "xy-|", "(ax)--(by)|"),
            ("-a|", "x-y-|", "-(ax)y-|"),
            ("ab|", "---x|", "a--(xb)|"),
            ("ab|", "-", "a"),
        ],
    );
}

#[test]
fn flat_map() {
    marbles(
        |s| s.flat_map(twice),
        &[
            ("|", "|"),
            ("a---b|", "a-A-b-(B|)"),
            ("ab|", "a-(Ab)-(B|)"),
            ("(ab|)", "a-(Ab)-(B|)"),
            ("a", "a-A"),
        ],
    );
    marbles(|s| s.flat_map(|_| empty::<char>()), &[("a-b|", "---|")]);
    marbles(
        |s| s.map(twice).flatten(),
        // A stream begins when it is made, which is when the one before has ended.
        &[("ab|", "a-(Ab)-(B|)"), ("|", "|")],
    );
}

#[test]
fn flat_map_merge() {
    marbles(
        |s| s.flat_map_merge(2, twice),
        &[
            ("|", "|"),
            ("a---b|", "a-A-b-(B|)"),
            ("ab|", "abA(B|)"),
            // The third begins when the first has ended.
            ("(abc)-|", "(ab)-(ABc)-(C|)"),
            ("a", "a-A"),
        ],
    );
    marbles(|s| s.flat_map_merge(1, twice), &[("(ab|)", "a-(Ab)-(B|)")]);
}

#[test]
#[should_panic(expected = "no stream could ever run")]
fn flat_map_merge_of_none() {
    let _ = iter([1]).flat_map_merge(0, |_| iter([1]));
}

#[test]
fn switch_map() {
    marbles(
        |s| s.switch_map(twice),
        &[
            ("|", "|"),
            ("a---b|", "a-A-b-(B|)"),
            ("abc-|", "abc-(C|)"),
            // Of a chunk the last is what counts.
            ("(abc)---|", "c-C-|"),
            ("a", "a-A"),
        ],
    );
}

#[test]
fn flat_map_iter() {
    marbles(
        |s| s.flat_map_iter(|c| [c, upper(c)]),
        &[
            ("|", "|"),
            ("a-b|", "(aA)-(bB)|"),
            ("(abc)-|", "(aAbBcC)-|"),
            ("(ab|)", "(aAbB|)"),
            ("-a", "-(aA)"),
        ],
    );
    marbles(
        |s| s.flat_map_iter(|c| (c != 'x').then_some(c)),
        &[("(axb)x|", "(ab)-|")],
    );
}

#[tokio::test]
async fn the_last_iterator_is_finished() {
    // The source ends with the item that there is no room for all of.
    let mut flow = iter([1]).take(1).flat_map_iter(|n| n..4);
    for n in 1..4 {
        assert_eq!(flow.next().await, Some(n));
    }
    assert_eq!(flow.next().await, None);
}

#[test]
fn then() {
    let slowly = |c| async move {
        tokio::time::sleep(TICK * 2).await;
        upper(c)
    };
    marbles(
        |s| s.then(slowly),
        &[
            ("|", "|"),
            ("a---b|", "--A---(B|)"),
            ("(ab)-|", "--A-(B|)"),
            ("a", "--A"),
        ],
    );
    marbles(|s| s.then(|c| ready(upper(c))), &[("a-(bc|)", "A-(BC|)")]);
}

#[test]
fn cycle() {
    // Timelines cannot be cloned.
    marbles(
        |_| -> Flow<Boxed<'static, char>> { iter(['a', 'b']).cycle().take(5).boxed() },
        &[("", "(ababa|)")],
    );
    marbles(|_| empty::<char>().cycle(), &[("", "|")]);
}
