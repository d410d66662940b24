//! A clock that moves only between polls, as that of a task which is starved, or whose source never waits.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use aqueduct_stream::{Flow, Source, iter};
use tokio::time::advance;

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
