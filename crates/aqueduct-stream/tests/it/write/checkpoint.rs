//! Items that go on once they are written.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::thread;
use std::time::Duration;

use aqueduct_stream::write::{AckError, BatchSink, BatchWriter, FeedError, ShutdownError};
use aqueduct_stream::{Flow, Source, iter};
use futures_util::FutureExt;
use tokio::task::coop;

use super::sink::{Failure, GRACE, Told, patient, until};

#[tokio::test]
async fn items_go_on_in_order_once_they_are_written() {
    let told = Told::default();
    let writer = told.writer(patient().with_batch_len_max(7));
    let mut seen = Vec::new();
    let mut flow = iter(0..500).checkpoint(writer, 20);
    while let Some(item) = flow.next().await {
        let item = item.unwrap();
        assert!(told.items().contains(&item), "{item} was not written yet");
        seen.push(item);
    }
    assert_eq!(seen, (0..500).collect::<Vec<_>>());
    assert_eq!(told.items(), seen);
}

#[tokio::test]
async fn no_more_is_inside_than_was_said() {
    for len_max in [1, 5, 100] {
        let told = Told::closed();
        let mut numbers = iter(0..1000);
        {
            let flow = numbers.by_ref().checkpoint(told.writer(patient()), len_max);
            let mut flow = pin!(flow);
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..10 {
                assert!(flow.as_mut().poll_item(&mut cx).is_pending());
            }
        }
        // Dropped, they are written nevertheless; so nothing was lost.
        told.open(usize::MAX);
        let rest: Vec<u32> = numbers.collect().await;
        assert_eq!(rest.len(), 1000 - len_max);
        until(|| told.items().len() == len_max).await;
        assert_eq!([told.items(), rest].concat(), (0..1000).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_was_written_comes_before_the_error_and_the_error_has_the_rest() {
    let told = Told::closed();
    told.succeed();
    told.fail([Failure::Permanent]);
    let writer = told.writer(patient().with_batch_len_max(4));
    let mut numbers = iter(0..1000);
    let mut flow = numbers.by_ref().checkpoint(writer, 40);
    {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut flow).poll_item(&mut cx).is_pending());
    }
    told.open(usize::MAX);
    let mut items: Vec<u32> = Vec::new();
    loop {
        match flow.next().await.expect("an error is the last") {
            Ok(item) => items.push(item),
            Err(error) => {
                assert_eq!(items, told.items());
                assert_eq!(error.source, FeedError::Failed(Failure::Permanent));
                items.extend(error.batch);
                break;
            }
        }
    }
    assert!(flow.next().await.is_none());
    drop(flow);
    items.extend(numbers.collect::<Vec<_>>().await);
    assert_eq!(items, (0..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn dropped_at_any_number_of_polls_the_seen_are_a_prefix_of_the_written() {
    for polls in 0..30 {
        let told = Told::default();
        let mut numbers = iter(0..60);
        let mut seen = Vec::new();
        {
            let flow: Flow<_> = numbers.by_ref().checkpoint(told.writer(patient()), 9);
            let mut flow = pin!(flow);
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                match flow.as_mut().poll_item(&mut cx) {
                    Poll::Ready(item) => seen.extend(item.map(Result::unwrap)),
                    Poll::Pending => tokio::task::yield_now().await,
                }
            }
        }
        let rest: Vec<u32> = numbers.collect().await;
        until(|| told.items().len() + rest.len() == 60).await;
        assert!(told.items().starts_with(&seen));
        assert_eq!([told.items(), rest].concat(), (0..60).collect::<Vec<_>>());
    }
}

/// A file or a database is closed when its sink is dropped: whoever looks at it after the stream finds all of it there.
#[tokio::test]
async fn the_end_comes_after_the_sink_is_dropped() {
    struct Slow(Arc<AtomicBool>);

    impl BatchSink<u32> for Slow {
        type Error = Infallible;

        fn write_batch(&mut self, _: &[u32]) -> Result<(), Infallible> {
            Ok(())
        }
    }

    impl Drop for Slow {
        fn drop(&mut self) {
            thread::sleep(Duration::from_millis(20));
            self.0.store(true, Ordering::Relaxed);
        }
    }

    for items in [0, 1, 100] {
        let dropped = Arc::new(AtomicBool::new(false));
        let writer = BatchWriter::new(Slow(Arc::clone(&dropped)), patient());
        let written = iter(0..items).checkpoint(writer, 20).count().await;
        assert_eq!(written, items as usize);
        assert!(dropped.load(Ordering::Relaxed), "{items} items");
    }
}

/// An acknowledgement that cannot be looked at for want of budget was sent nevertheless.
#[tokio::test]
async fn what_was_written_comes_before_the_error_with_any_budget() {
    for left in 1..12 {
        // With a new budget.
        tokio::task::yield_now().await;
        let told = Told::closed();
        told.succeed();
        told.fail([Failure::Permanent]);
        let writer = told.writer(patient().with_batch_len_max(1));
        let (sender, receiver) = aqueduct_channel::mpsc::unbounded_channel();
        let mut flow = aqueduct_stream::receive(receiver).checkpoint(writer, 8);
        for n in 0..2 {
            sender.send(n).unwrap();
            let mut cx = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut flow).poll_item(&mut cx).is_pending());
        }
        told.open(usize::MAX);
        until(|| told.tries() == 2).await;
        // The thread closes its queue after that.
        tokio::time::sleep(Duration::from_millis(5)).await;

        let mut spent = Budget(left);
        let mut items = Vec::new();
        let error = poll_fn(|cx| {
            spent.spend(cx);
            loop {
                match ready!(Pin::new(&mut flow).poll_item(cx)).expect("an error is the last") {
                    Ok(item) => items.push(item),
                    Err(error) => return Poll::Ready(error),
                }
            }
        });
        let error = error.await;
        assert_eq!((items, error.batch), (vec![0], vec![1]), "{left} units");
        assert!(flow.next().await.is_none());
    }
}

/// How much of its budget a task has left in its first poll.
struct Budget(usize);

impl Budget {
    fn spend(&mut self, cx: &mut Context<'_>) {
        let left = std::mem::replace(&mut self.0, usize::MAX);
        for _ in left..128 {
            match coop::poll_proceed(cx) {
                Poll::Ready(unit) => unit.made_progress(),
                Poll::Pending => panic!("it has less"),
            }
        }
    }
}

/// The writer stays, with what it has written, and what it has not.
#[tokio::test]
async fn a_writer_that_is_lent_stays() {
    let told = Told::default();
    let writer = told.writer(patient().with_batch_len_max(7));
    let mut seen = Vec::new();
    let mut flow = iter(0..100).checkpoint_by_ref(&writer, 20);
    while let Some(item) = flow.next().await {
        let item = item.unwrap();
        assert!(told.items().contains(&item), "{item} was not written yet");
        seen.push(item);
    }
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
    // Another stream, beside others who write.
    writer.write(100).await.unwrap();
    let flow = iter(101..110).checkpoint_by_ref(&writer, 20);
    assert_eq!(flow.filter(Result::is_ok).count().await, 9);
    assert_eq!(writer.stats().items, 110);
    assert_eq!(writer.shutdown(GRACE).await.unwrap().items, 110);
    assert_eq!(told.items(), (0..110).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_writer_that_is_lent_keeps_what_it_has_not_written() {
    let told = Told::closed();
    told.succeed();
    told.fail([Failure::Permanent]);
    let writer = Arc::new(told.writer(patient().with_batch_len_max(4)));
    let mut numbers = iter(0..1000);
    let mut flow = numbers.by_ref().checkpoint_by_ref(Arc::clone(&writer), 40);
    {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut flow).poll_item(&mut cx).is_pending());
    }
    told.open(usize::MAX);
    let mut items: Vec<u32> = Vec::new();
    let error = loop {
        match flow.next().await.expect("an error is the last") {
            Ok(item) => items.push(item),
            Err(error) => break error,
        }
    };
    assert_eq!(error, AckError::Failed);
    assert_eq!(items, told.items());
    assert!(flow.next().await.is_none());
    drop(flow);
    let Err(ShutdownError::Failed(error)) = writer.shutdown(GRACE).await else {
        panic!("it did not fail");
    };
    items.extend(error.batch);
    // It takes nothing more, so nothing leaves the source.
    let mut flow = numbers.by_ref().checkpoint_by_ref(&*writer, 40);
    assert_eq!(flow.next().await, Some(Err(AckError::Closed(()))));
    assert_eq!(flow.next().await, None);
    drop(flow);
    items.extend(numbers.collect::<Vec<_>>().await);
    assert_eq!(items, (0..1000).collect::<Vec<_>>());
}

/// Its owner shuts the writer down while the stream goes on: what was with it is written and given on.
#[tokio::test]
async fn a_writer_that_is_lent_can_be_shut_down() {
    for polls in 0..12 {
        let told = Told::default();
        let writer = told.writer(patient().with_batch_len_max(3));
        let mut numbers = iter(0..60);
        let mut items = Vec::new();
        let mut flow = numbers.by_ref().checkpoint_by_ref(&writer, 9);
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            match Pin::new(&mut flow).poll_item(&mut cx) {
                Poll::Ready(item) => items.extend(item.map(Result::unwrap)),
                Poll::Pending => tokio::task::yield_now().await,
            }
        }
        writer.shutdown(GRACE).await.unwrap();
        let error = loop {
            match flow.next().await.expect("an error is the last") {
                Ok(item) => items.push(item),
                Err(error) => break error,
            }
        };
        assert_eq!(error, AckError::Closed(()));
        assert_eq!(told.items(), items, "after {polls} polls");
        drop(flow);
        items.extend(numbers.collect::<Vec<_>>().await);
        assert_eq!(items, (0..60).collect::<Vec<_>>());
    }
}

/// Room that was promised while it waited is not held while it gives on what was written: whoever takes that may write too.
#[tokio::test]
async fn no_room_is_held_while_items_are_given_on() {
    let told = Told::closed();
    let options = patient().with_batch_len_max(1).with_queue_len_max(1);
    let writer = told.writer(options);
    let (sender, receiver) = aqueduct_channel::mpsc::unbounded_channel();
    let mut flow = aqueduct_stream::receive(receiver).checkpoint_by_ref(&writer, 16);
    // One is in the sink, one in the queue, and one waits for room.
    for n in 0..3 {
        sender.send(n).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut flow).poll_item(&mut cx).is_pending());
        until(|| told.tries() == 1).await;
    }
    told.open(1);
    until(|| told.tries() == 2).await;
    assert_eq!(flow.next().await, Some(Ok(0)));
    told.open(usize::MAX);
    let written = tokio::time::timeout(Duration::from_secs(10), writer.write(100)).await;
    written.expect("there is room").unwrap();
    drop(sender);
    assert_eq!(flow.count().await, 2);
    writer.shutdown(GRACE).await.unwrap();
    assert_eq!(told.items(), [0, 1, 100, 2]);
}

/// However often it is asked: it has not ended as the source has.
#[tokio::test]
async fn after_a_panic_of_the_sink_it_does_not_end() {
    struct Bomb;

    impl BatchSink<u32> for Bomb {
        type Error = Infallible;

        fn write_batch(&mut self, _: &[u32]) -> Result<(), Infallible> {
            Ok(())
        }
    }

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the last flush");
        }
    }

    async fn panics<S>(mut flow: Flow<S>, items: usize)
    where
        S: Source + Unpin,
        S::Item: std::fmt::Debug,
    {
        for _ in 0..items {
            assert!(flow.next().await.is_some());
        }
        for _ in 0..3 {
            let next = AssertUnwindSafe(flow.next()).catch_unwind().await;
            assert!(next.is_err(), "{next:?}");
        }
    }

    let told = Told::default();
    told.fail([Failure::Panic]);
    panics(iter(0..10).checkpoint(told.writer(patient()), 4), 0).await;
    // All was written, but not for good.
    let writer = BatchWriter::new(Bomb, patient());
    panics(iter(0..10).checkpoint(writer, 4), 10).await;
}
