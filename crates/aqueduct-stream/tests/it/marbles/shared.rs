//! Operators that make several streams of one.

use aqueduct_channel::Overflow;
use aqueduct_stream::iter;

use crate::kit::{Input, Mark, TICK, marbles, paused, play, timeline};

fn is_vowel(c: &char) -> bool {
    "aeiou".contains(*c)
}

/// Plays both streams that are made of an input.
async fn play_both<A, B>(both: (aqueduct_stream::Flow<A>, aqueduct_stream::Flow<B>)) -> [String; 2]
where
    A: aqueduct_stream::Source<Item: Mark>,
    B: aqueduct_stream::Source<Item: Mark>,
{
    let (left, right) = tokio::join!(play(both.0), play(both.1));
    [left, right]
}

#[test]
fn partition() {
    let table = [
        ("|", ["|", "|"]),
        ("ab-c-e|", ["a----e|", "-b-c--|"]),
        ("(abcde)-|", ["(ae)-|", "(bcd)-|"]),
        ("(abc|)", ["(a|)", "(bc|)"]),
        ("--b", ["", "--b"]),
        ("a-", ["a", ""]),
    ];
    for (input, outputs) in table {
        let played = paused(async { play_both(timeline(input).partition(is_vowel)).await });
        assert_eq!(played, outputs, "of {input}");
    }
}

#[test]
fn partition_with_one_dropped() {
    marbles(
        |s| s.partition(is_vowel).1,
        &[("abaacdae|", "-b--cd--|"), ("a-a|", "---|"), ("|", "|")],
    );
}

#[test]
fn group_by() {
    let grouped = |groups_max| {
        move |s: Input| {
            let groups = s.group_by(groups_max, |c: &char| is_vowel(c));
            groups.flat_map_merge(9, |(key, group)| {
                let name = if key { 'v' } else { 'c' };
                group.map(move |item| (name, item))
            })
        }
    };
    marbles(
        grouped(2),
        &[
            ("|", "|"),
            ("ab-c|", "<va><cb>-<cc>|"),
            ("(abce)-|", "(<va><cb><cc><ve>)-|"),
            ("a", "<va>"),
        ],
    );
}

#[test]
fn group_by_closes_the_stalest() {
    // Each group as its key and all of its items, when it ends.
    let collected = |s: Input| {
        let groups = s.group_by(2, |c: &char| c.to_ascii_lowercase());
        groups.flat_map_merge(9, |(key, group)| {
            aqueduct_stream::once(group).then(move |group| async move {
                let items: Vec<char> = group.collect().await;
                (key, items)
            })
        })
    };
    marbles(
        collected,
        &[
            ("aAbB|", "----(<a[aA]><b[bB]>|)"),
            // With `c` it is `b` that had no item for longest; with `b` it is `a`.
            ("abAcCb|", "---<b[b]>-<a[aA]>(<b[b]><c[cC]>|)"),
        ],
    );
}

#[test]
fn groups_that_are_dropped() {
    // The items of a group without a stream are dropped.
    marbles(
        |s| {
            s.group_by(3, |c| *c)
                .filter(|(key, _)| *key != 'x')
                .flat_map_merge(3, |(_, group)| group)
        },
        &[("axbxab|", "a-b-ab|"), ("(xxaxx)-|", "a-|")],
    );
    // Without the stream of groups, those that are open go on.
    let played = paused(async {
        let mut groups = timeline("a-bab-a|").group_by(3, |c| *c);
        let (_, first) = groups.next().await.expect("a group");
        drop(groups);
        play(first).await
    });
    assert_eq!(played, "a--a--a|");
}

#[test]
fn broadcast() {
    let table = [
        ("|", ["|", "|"]),
        ("ab-c|", ["ab-c|", "ab-c|"]),
        ("(abc)-(de|)", ["(abc)-(de|)", "(abc)-(de|)"]),
        ("-a", ["-a", "-a"]),
    ];
    for (input, outputs) in table {
        let played = paused(async {
            let [left, right] = timeline(input).broadcast();
            play_both((left, right)).await
        });
        assert_eq!(played, outputs, "of {input}");
    }
    marbles(
        |s| s.broadcast::<1>().map(Some)[0].take().expect("one"),
        &[("ab|", "ab|")],
    );
}

#[test]
fn the_slowest_holds_a_broadcast_back() {
    let played = paused(async {
        let slow = timeline("(abcdef|)").share(2, Overflow::Wait);
        let quick = slow.clone();
        let slow = slow.then(|c| async move {
            tokio::time::sleep(TICK).await;
            c
        });
        play_both((quick, slow)).await
    });
    assert_eq!(played, ["(abc)def|", "-abcde(f|)"]);
}

#[test]
fn a_share_that_is_too_slow_loses_the_oldest() {
    let played = paused(async {
        let quick = timeline("(abcdef)-|").share(2, Overflow::DropOldest);
        let mut slow = quick.clone();
        let quick = play(quick.take(6)).await;
        let slow_items = [slow.next().await, slow.next().await, slow.next().await];
        (quick, slow_items, slow.lost())
    });
    assert_eq!(
        played,
        ("(abcdef|)".to_owned(), [Some('e'), Some('f'), None], 4)
    );
}

#[test]
fn a_share_sees_what_comes_after_it() {
    let played = paused(async {
        let mut first = timeline("ab-cd|").share(8, Overflow::Wait);
        assert_eq!(first.next().await, Some('a'));
        let second = first.clone();
        play_both((first, second)).await
    });
    assert_eq!(played, ["-b-cd|", "-b-cd|"].map(|s| s.to_owned()));
}

#[test]
#[should_panic(expected = "a shared stream cannot do Reject")]
fn a_share_that_rejects() {
    let _ = iter([1]).share(1, Overflow::Reject);
}
