//! A clock that moves only between polls, as that of a task which is starved, or whose source never waits.

use std::future::{poll_fn, ready};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_channel::mpsc;
use aqueduct_stream::op::Elapsed;
use aqueduct_stream::{CHUNK, Flow, Outlet, Pull, Source, from_stream, iter, receive};
use futures_util::{Stream, stream};
use tokio::task::{coop, yield_now};
use tokio::time::{advance, timeout};

use super::LONG;
use crate::kit::TICK;

/// One poll, for as many items as there are.
fn poll<S: Source + Unpin>(flow: &mut Flow<S>) -> Vec<S::Item> {
    let mut items = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    let polled: Poll<usize> = Pin::new(flow).poll_many(&mut cx, &mut items, usize::MAX);
    assert_ne!(polled, Poll::Ready(0), "it ended");
    items
}

/// Items, of which each pull gives one and waits for none. A task has a budget of 128 pulls for each time that it is polled.
fn busy() -> Flow<impl Source<Item = usize> + Unpin> {
    iter(0..).filter(|n| n % 64 == 0).map(|n| n / 64)
}

#[tokio::test(start_paused = true)]
async fn a_batch_comes_on_time_though_the_source_never_waits() {
    let mut flow = busy().batch(1000, 2 * TICK);
    let mut lens = Vec::new();
    for _ in 0..5 {
        lens.extend(poll(&mut flow).iter().map(Vec::len));
        advance(TICK).await;
    }
    // After two ticks: two polls, and what the first pull of the third brings.
    assert_eq!(lens, [257, 256]);
}

/// A stream of a channel, whose messages come when the test says so.
fn sent() -> (
    mpsc::UnboundedSender<char>,
    Flow<impl Source<Item = char> + Unpin>,
) {
    let (tx, rx) = mpsc::unbounded_channel();
    (tx, receive(rx))
}

fn send(tx: &mpsc::UnboundedSender<char>, items: &str) {
    items
        .chars()
        .for_each(|item| tx.send(item).expect("it is received"));
}

#[tokio::test(start_paused = true)]
async fn what_came_is_in_what_closes_late() {
    let (tx, flow) = sent();
    let mut batches = flow.batch(10, 2 * TICK);
    send(&tx, "a");
    assert!(poll(&mut batches).is_empty());
    advance(7 * TICK).await;
    send(&tx, "b");
    assert_eq!(poll(&mut batches), [['a', 'b']]);

    let (tx, flow) = sent();
    let mut windows = flow.window(2 * TICK, 10);
    send(&tx, "a");
    assert!(poll(&mut windows).is_empty());
    advance(7 * TICK).await;
    send(&tx, "b");
    assert_eq!(poll(&mut windows), [['a', 'b']]);
    // The grid stays where it was: the next end is at 8.
    send(&tx, "c");
    assert!(poll(&mut windows).is_empty());
    advance(TICK).await;
    assert_eq!(poll(&mut windows), [['c']]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_has_no_room_is_for_the_next_pull() {
    let (tx, flow) = sent();
    let mut batches = flow.batch(2, TICK);
    send(&tx, "abc");
    assert_eq!(batches.next().await, Some(vec!['a', 'b']));
    send(&tx, "d");
    drop(tx);
    assert_eq!(batches.next().await, Some(vec!['c', 'd']));
    assert_eq!(batches.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_sample_that_is_late_is_one() {
    let (tx, flow) = sent();
    let mut samples = flow.sample(2 * TICK);
    send(&tx, "ab");
    assert!(poll(&mut samples).is_empty());
    advance(7 * TICK).await;
    send(&tx, "cd");
    assert_eq!(poll(&mut samples), ['d']);
    assert!(poll(&mut samples).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_item_that_had_its_quiet_is_given_though_another_came() {
    let (tx, flow) = sent();
    let mut quiet = flow.debounce(2 * TICK);
    send(&tx, "ab");
    assert!(poll(&mut quiet).is_empty());
    advance(2 * TICK).await;
    send(&tx, "c");
    assert_eq!(poll(&mut quiet), ['b']);
    drop(tx);
    assert_eq!(poll(&mut quiet), ['c']);
}

#[tokio::test(start_paused = true)]
async fn windows_that_were_missed_are_left_out() {
    let (tx, flow) = sent();
    let mut windows = flow.sliding_by_time(5 * TICK, 2 * TICK, 10);
    send(&tx, "a");
    assert!(poll(&mut windows).is_empty());
    advance(7 * TICK).await;
    send(&tx, "b");
    // The window that ended at 2 is late; the next ends at 8.
    assert_eq!(poll(&mut windows), [['a', 'b']]);
    advance(TICK).await;
    assert_eq!(poll(&mut windows), [['b']]);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_late_has_what_came_at_its_beginning() {
    let (tx, flow) = sent();
    let mut windows = flow.sliding_by_time(2 * TICK, 2 * TICK, 10);
    send(&tx, "a");
    assert!(poll(&mut windows).is_empty());
    advance(2 * TICK + TICK / 4).await;
    assert_eq!(poll(&mut windows), [['a']]);
    // At 2.25, in the window that ends at 4 and is looked at at 4.75.
    send(&tx, "b");
    assert!(poll(&mut windows).is_empty());
    advance(2 * TICK + TICK / 2).await;
    assert_eq!(poll(&mut windows), [['b']]);
    // At 4.75, in the window that ends at 6; there is nothing for another.
    send(&tx, "c");
    assert!(poll(&mut windows).is_empty());
    advance(4 * TICK).await;
    assert_eq!(poll(&mut windows), [['c']]);
    advance(4 * TICK).await;
    assert!(poll(&mut windows).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_item_is_given_in_place_of_a_silence_that_is_over() {
    let (tx, flow) = sent();
    let mut flow = flow.timeout(2 * TICK);
    assert!(poll(&mut flow).is_empty());
    advance(7 * TICK).await;
    send(&tx, "a");
    assert_eq!(poll(&mut flow), [Ok('a')]);

    // Time in which nobody asked is no silence.
    let (tx, flow) = sent();
    let mut flow = flow.keep_alive(2 * TICK, || '.');
    send(&tx, "a");
    assert_eq!(flow.next().await, Some('a'));
    advance(7 * TICK).await;
    assert!(poll(&mut flow).is_empty());
    advance(2 * TICK).await;
    assert_eq!(poll(&mut flow), ['.']);
}

#[tokio::test(start_paused = true)]
async fn what_is_due_comes_at_once() {
    let (tx, flow) = sent();
    let mut later = flow.delay(2 * TICK, 10);
    for item in ["a", "b", "c"] {
        send(&tx, item);
        assert!(poll(&mut later).is_empty());
        advance(TICK / 4).await;
    }
    advance(7 * TICK).await;
    assert_eq!(poll(&mut later), ['a', 'b', 'c']);
}

/// Takes whatever comes.
struct Counting(usize);

impl<T> Outlet<T> for Counting {
    fn room(&self) -> usize {
        usize::MAX
    }

    fn push(&mut self, _: T) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Continue(())
    }
}

/// How many items one pull gives.
fn pull<S: Source + Unpin>(flow: &mut Flow<S>) -> usize {
    let mut outlet = Counting(0);
    let mut cx = Context::from_waker(Waker::noop());
    let _ = Pin::new(flow).poll_pull(&mut cx, &mut outlet);
    outlet.0
}

#[tokio::test(start_paused = true)]
async fn a_delay_gives_a_chunk_a_pull() {
    let mut later = iter(0..1000).delay(2 * TICK, 1000);
    // All are taken within these.
    for _ in 0..1000_usize.div_ceil(CHUNK) {
        assert_eq!(pull(&mut later), 0);
    }
    advance(7 * TICK).await;
    let counts: Vec<usize> = (0..17).map(|_| pull(&mut later)).collect();
    assert_eq!(counts.iter().sum::<usize>(), 1000);
    assert!(counts.iter().all(|count| *count <= CHUNK), "{counts:?}");
}

/// Gives a chunk, and says in the same pull that it waits.
struct Burst;

impl Source for Burst {
    type Item = char;

    fn poll_pull<O>(self: Pin<&mut Self>, _: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<char> + ?Sized,
    {
        for _ in 0..outlet.room().min(CHUNK) {
            if outlet.push('a').is_break() {
                break;
            }
        }
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_a_silence_is_in_the_chunk() {
    assert_eq!(pull(&mut Flow::new(Burst).timeout(Duration::ZERO)), CHUNK);
    let mut flow = Flow::new(Burst).keep_alive(Duration::ZERO, || '.');
    assert_eq!(pull(&mut flow), CHUNK);
}

/// The next item, first asked for when so many units of the task's budget are spent.
async fn next_after<S: Source + Unpin>(spent: usize, flow: &mut Flow<S>) -> Option<S::Item> {
    // The next poll has all of its budget.
    yield_now().await;
    let mut left = spent;
    poll_fn(|cx| {
        for _ in 0..std::mem::take(&mut left) {
            if let Poll::Ready(unit) = coop::poll_proceed(cx) {
                unit.made_progress();
            }
        }
        Pin::new(&mut *flow).poll_item(cx)
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_is_spent_is_no_silence() {
    for spent in 0..=128 {
        let (tx, rx) = mpsc::channel(1);
        let mut timeouts = receive(rx).timeout(2 * TICK);
        assert!(poll(&mut timeouts).is_empty());
        advance(7 * TICK).await;
        tx.try_send('a').expect("there is room");
        let item = next_after(spent, &mut timeouts).await;
        assert_eq!(item, Some(Ok('a')), "after {spent} units");

        let (tx, rx) = mpsc::channel(1);
        let mut alive = receive(rx).keep_alive(2 * TICK, || '.');
        assert!(poll(&mut alive).is_empty());
        advance(7 * TICK).await;
        tx.try_send('a').expect("there is room");
        let item = next_after(spent, &mut alive).await;
        assert_eq!(item, Some('a'), "after {spent} units");
    }
}

/// Also where the source is a stream of another stream: each of those holds a unit while it pulls.
#[tokio::test(start_paused = true)]
async fn a_budget_that_is_spent_by_streams_inside_is_no_silence() {
    async fn said<T: Stream<Item = char> + Unpin>(
        spent: usize,
        (tx, inner): (mpsc::Sender<char>, T),
    ) -> Option<Result<char, Elapsed>> {
        let mut timeouts = from_stream(inner).timeout(2 * TICK);
        assert!(poll(&mut timeouts).is_empty());
        advance(7 * TICK).await;
        tx.try_send('a').expect("there is room");
        next_after(spent, &mut timeouts).await
    }
    let sent = || {
        let (tx, rx) = mpsc::channel(1);
        (tx, receive(rx))
    };
    for spent in 0..=128 {
        let once = said(spent, sent()).await;
        assert_eq!(once, Some(Ok('a')), "after {spent} units");
        let (tx, flow) = sent();
        let twice = said(spent, (tx, from_stream(flow.map(|item| item)))).await;
        assert_eq!(twice, Some(Ok('a')), "after {spent} units");
        // A terminal is such a loop as well.
        let (tx, flow) = sent();
        let last = flow.take(1).fold(' ', |_, item| item);
        let folded = said(spent, (tx, Box::pin(stream::once(last)))).await;
        assert_eq!(folded, Some(Ok('a')), "after {spent} units");
        let (tx, flow) = sent();
        let last = async move {
            let mut last = ' ';
            flow.take(1)
                .for_each_async(|item| {
                    last = item;
                    ready(())
                })
                .await;
            last
        };
        let found = said(spent, (tx, Box::pin(stream::once(last)))).await;
        assert_eq!(found, Some(Ok('a')), "after {spent} units");
    }
}

/// Who has no budget for a look at the clock looks later, though the source wakes nobody.
#[tokio::test(start_paused = true)]
async fn a_silence_is_told_of_with_whatever_budget() {
    for spent in 0..=128 {
        let mut flow = from_stream(stream::pending::<char>()).timeout(2 * TICK);
        let item = timeout(LONG, next_after(spent, &mut flow)).await;
        assert!(matches!(item, Ok(Some(Err(_)))), "after {spent} units");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_waits_is_sampled_and_its_quiet_never_comes() {
    let mut samples = busy().sample(2 * TICK);
    let mut quiet = busy().debounce(2 * TICK);
    let mut sampled = Vec::new();
    for _ in 0..5 {
        sampled.extend(poll(&mut samples));
        assert!(poll(&mut quiet).is_empty());
        advance(TICK).await;
    }
    assert_eq!(sampled.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_is_weighed_when_a_weight_is_added() {
    let (tx, flow) = sent();
    let mut batches = flow.batch(10, 2 * TICK);
    send(&tx, "abc");
    assert!(poll(&mut batches).is_empty());
    let mut batches = batches.with_weight(4, |_| 1);
    assert!(poll(&mut batches).is_empty());
    send(&tx, "de");
    assert_eq!(poll(&mut batches), [['a', 'b', 'c', 'd']]);
    advance(2 * TICK).await;
    assert_eq!(poll(&mut batches), [['e']]);
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_with_what_ends_its_pause() {
    let (tx, flow) = sent();
    let mut sessions = flow.session(2 * TICK, 10);
    send(&tx, "a");
    assert!(poll(&mut sessions).is_empty());
    advance(7 * TICK).await;
    send(&tx, "b");
    assert!(poll(&mut sessions).is_empty());
    advance(2 * TICK).await;
    assert_eq!(poll(&mut sessions), [['a', 'b']]);
}
