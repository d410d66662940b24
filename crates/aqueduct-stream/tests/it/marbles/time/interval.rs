//! Ticks.

use aqueduct_stream::{Flow, Source, interval, interval_at};
use tokio::time::{Instant, MissedTickBehavior, advance};

use super::TICK;
use crate::kit::{paused, play};

/// Ticks as letters, so many.
fn letters(
    flow: Flow<impl Source<Item = Instant>>,
    count: usize,
) -> Flow<impl Source<Item = char>> {
    flow.enumerate()
        .map(|(n, _)| char::from(b'a' + n as u8))
        .take(count)
}

#[test]
fn ticks() {
    assert_eq!(
        paused(async { play(letters(interval(3 * TICK), 4)).await }),
        "a--b--c--(d|)"
    );
    assert_eq!(
        paused(async { play(letters(interval_at(Instant::now() + TICK, 2 * TICK), 3)).await }),
        "-a-b-(c|)"
    );
    let rare = async { play(letters(interval(super::LONG), 3)).await };
    assert_eq!(paused(rare), "a");
}

/// The moments of ticks, in ticks, of a stream that nobody asks from 0 to 5.
async fn after_a_pause(missed: MissedTickBehavior) -> Vec<(u128, u128)> {
    let start = Instant::now();
    let mut flow = interval(2 * TICK).with_missed_ticks(missed);
    assert_eq!(flow.next().await, Some(start));
    advance(5 * TICK).await;
    let mut ticks = Vec::new();
    let in_ticks = |at: Instant| (at - start).as_millis() / TICK.as_millis();
    for _ in 0..4 {
        let tick = flow.next().await.expect("an interval does not end");
        ticks.push((in_ticks(tick), in_ticks(Instant::now())));
    }
    ticks
}

/// For which moment each tick is, and when it comes.
#[test]
fn missed_ticks() {
    use MissedTickBehavior::{Burst, Delay, Skip};
    let played = |missed| paused(after_a_pause(missed));
    assert_eq!(played(Burst), [(2, 5), (4, 5), (6, 6), (8, 8)]);
    assert_eq!(played(Delay), [(2, 5), (7, 7), (9, 9), (11, 11)]);
    assert_eq!(played(Skip), [(2, 5), (6, 6), (8, 8), (10, 10)]);
}

#[tokio::test(start_paused = true)]
async fn missed_ticks_come_in_one_chunk() {
    let start = Instant::now();
    let mut flow = interval(TICK);
    advance(200 * TICK).await;
    let mut ticks = Vec::new();
    flow.next_many(&mut ticks, 1000).await;
    assert_eq!(
        ticks,
        (0..=200).map(|n| start + n * TICK).collect::<Vec<_>>()
    );
}
