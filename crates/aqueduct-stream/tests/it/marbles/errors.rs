//! Items that may be errors. In the timelines a capital is an error when it goes in, and is written `!A` when it comes out.

use std::cell::Cell;
use std::rc::Rc;

use aqueduct_resilience::{Backoff, Jitter};
use aqueduct_stream::{Flow, Source, empty, iter, restart, retry};

use crate::kit::{Input, TICK, marbles, timeline};

type Item = Result<char, char>;

fn results(input: Input) -> Flow<impl Source<Item = Item>> {
    input.map(|c| if c.is_uppercase() { Err(c) } else { Ok(c) })
}

fn next(c: char) -> char {
    char::from_u32(u32::from(c) + 1).expect("no more letters")
}

#[test]
fn map_ok_and_err() {
    marbles(
        |s| results(s).map_ok(next),
        &[("|", "|"), ("(aB)-c|", "(b!B)-d|"), ("-A", "-!A")],
    );
    marbles(
        |s| results(s).map_err(next),
        &[("|", "|"), ("(aB)-c|", "(a!C)-c|"), ("-A", "-!B")],
    );
}

#[test]
fn try_map() {
    marbles(
        |s| results(s).try_map(|c| if c == 'x' { Err('X') } else { Ok(next(c)) }),
        &[
            ("|", "|"),
            ("(aB)-c|", "(b!B)-d|"),
            ("(axc)|", "(b!Xd)|"),
            ("x", "!X"),
        ],
    );
}

#[test]
fn try_filter() {
    let is_early = |c: &char| match c {
        'x' => Err('X'),
        c => Ok(*c < 'm'),
    };
    marbles(
        |s| results(s).try_filter(is_early),
        &[
            ("|", "|"),
            ("(azB)-c|", "(a!B)-c|"),
            ("(axz)-|", "(a!X)-|"),
            ("z-", ""),
        ],
    );
}

#[test]
fn take_while_ok() {
    marbles(
        |s| results(s).take_while_ok(),
        &[
            ("|", "|"),
            ("ab|", "ab|"),
            ("(abCd)-e|", "(ab!C|)"),
            ("a-B-c", "a-(!B|)"),
        ],
    );
}

#[test]
fn recover() {
    marbles(
        |s| results(s).recover(|c| (c != 'X').then(|| c.to_ascii_lowercase())),
        &[("|", "|"), ("(aBXc)-D|", "(abc)-d|"), ("X-a|", "--a|")],
    );
}

#[test]
fn errors_to_a_closure() {
    let seen = Rc::new(Cell::new(0));
    marbles(
        |s| {
            let seen = Rc::clone(&seen);
            results(s).errors_to(move |_| seen.set(seen.get() + 1))
        },
        &[("|", "|"), ("(aBc)-D|", "(ac)--|"), ("A-b", "--b")],
    );
    assert_eq!(seen.get(), 3);
    marbles(
        |s| results(s).ok_only(),
        &[("|", "|"), ("(aBc)-D|", "(ac)--|")],
    );
}

#[test]
fn recover_with() {
    marbles(
        |s| results(s).recover_with(|_| results(timeline("x-Y-z|"))),
        &[
            ("|", "|"),
            ("ab|", "ab|"),
            ("(abCd)-e|", "(abx)-!Y-z|"),
            ("--C", "--x-!Y-z|"),
            ("a", "a"),
        ],
    );
    marbles(
        |s| results(s).recover_with(|_| empty::<Item>()),
        &[("a-Bc|", "a-|")],
    );
}

/// A stream for each time that it is made: the first, the second and so on of these, and then the last again.
fn each_time(
    texts: &'static [&'static str],
) -> impl FnMut() -> Flow<aqueduct_stream::Boxed<'static, Item>> {
    let mut time = 0;
    move || {
        let text = texts[time.min(texts.len() - 1)];
        time += 1;
        let input = timeline(text).map(|c| if c.is_uppercase() { Err(c) } else { Ok(c) });
        input.boxed()
    }
}

/// 1 tick, 2, 4.
fn backoff() -> Backoff {
    Backoff::exponential(TICK).with_jitter(Jitter::None)
}

#[test]
fn retry_makes_a_stream_anew() {
    let of = |texts: &'static [&'static str]| move |_: Input| retry(backoff(), 3, each_time(texts));
    marbles(of(&["|"]), &[("", "|")]);
    marbles(of(&["ab|"]), &[("", "ab|")]);
    // What came before the error is given before there is a pause.
    marbles(of(&["(abX)", "c|"]), &[("", "(ab)c|")]);
    // Each pause is longer; the third error in a row is the last.
    marbles(of(&["X"]), &[("", "---(!X|)")]);
    marbles(of(&["X", "-Y", "--Z"]), &[("", "------(!Z|)")]);
    // After an item it is the first pause again, and the first of three tries.
    marbles(of(&["X", "X", "aX", "b|"]), &[("", "---a-b|")]);
    marbles(
        of(&["aX", "bX", "cX", "dX", "X"]),
        &[("", "a-b-c-d---(!X|)")],
    );
    marbles(of(&["X", "-"]), &[("", "")]);
}

#[test]
#[should_panic(expected = "no stream could ever be made")]
fn retry_without_a_try() {
    let _ = retry(Backoff::none(), 0, empty::<Item>);
}

#[test]
fn restart_makes_a_stream_anew() {
    let of = |texts: &'static [&'static str]| {
        move |_: Input| restart(backoff(), each_time(texts)).take(4)
    };
    marbles(of(&["a|"]), &[("", "a-a-a-(a|)")]);
    // Errors are items.
    marbles(of(&["(aX)|"]), &[("", "(a!X)-(a!X|)")]);
    // The pauses of streams without an item grow.
    marbles(of(&["|", "|", "|", "(ab|)"]), &[("", "-------(ab)(ab|)")]);
}

#[tokio::test]
async fn terminals_stop_at_the_first_error() {
    let items = || iter([Ok(1), Ok(2), Err('X'), Ok(4), Err('Y')]);

    let mut seen = Vec::new();
    let mut flow = items();
    let result = flow.by_ref().try_for_each(|n| {
        seen.push(n);
        Ok(())
    });
    assert_eq!(result.await, Err('X'));
    assert_eq!(seen, [1, 2]);
    // The rest is there.
    let rest: Vec<_> = flow.collect().await;
    assert_eq!(rest, [Ok(4), Err('Y')]);

    let mut seen = Vec::new();
    let mut flow = items();
    let result = flow.by_ref().try_for_each_async(|n| {
        seen.push(n);
        async move { if n == 2 { Err('Z') } else { Ok(()) } }
    });
    assert_eq!(result.await, Err('Z'));
    assert_eq!(seen, [1, 2]);
    assert_eq!(flow.next().await, Some(Err('X')));

    let add = |sum, n| if sum > 2 { Err('Z') } else { Ok(sum + n) };
    assert_eq!(items().try_fold(0, add).await, Err('X'));
    assert_eq!(items().take(2).try_fold(0, add).await, Ok(3));
    assert_eq!(
        items().filter(Result::is_ok).try_fold(0, add).await,
        Err('Z')
    );

    assert_eq!(items().try_collect::<Vec<_>>().await, Err('X'));
    assert_eq!(items().take(2).try_collect().await, Ok(vec![1, 2]));
    assert_eq!(empty::<Item>().try_collect().await, Ok(String::new()));
}
