//! The end of a writer: what is taken until then is written, or handed back.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_channel::error::TrySendError;
use aqueduct_resilience::Backoff;
use aqueduct_stream::write::{AckError, BatchWriter, FeedError, ShutdownError};
use aqueduct_stream::{Flow, iter};

use super::sink::{Failure, GRACE, Quiet, Told, patient, poll_once, until};

#[tokio::test]
async fn a_grace_that_is_over_ends_the_retries_and_can_be_prolonged() {
    let told = Told::default();
    told.fail([Failure::Transient; 9]);
    let never = Backoff::constant(Duration::from_secs(3600));
    let writer = told.writer(patient().with_backoff(never));
    writer.write(1).await.unwrap();
    let hurried = writer.shutdown(Duration::from_millis(20)).await;
    assert!(matches!(hurried, Err(ShutdownError::Elapsed)));
    assert!(writer.write(2).await.is_err(), "it takes more");
    let Err(ShutdownError::Failed(error)) = writer.shutdown(GRACE).await else {
        panic!("it did not fail");
    };
    assert_eq!(error.batch, [1]);
    assert_eq!(told.tries(), 1);
}

#[tokio::test]
async fn a_shutdown_can_be_dropped_at_every_poll() {
    for polls in 0..3 {
        let told = Told::closed();
        let writer = told.writer(patient());
        writer.write(1).await.unwrap();
        {
            let mut shutdown = pin!(writer.shutdown(GRACE));
            for _ in 0..polls {
                assert!(poll_once(shutdown.as_mut()).is_pending());
            }
        }
        told.open(usize::MAX);
        assert_eq!(writer.shutdown(GRACE).await.unwrap().items, 1);
        assert_eq!(told.items(), [1]);
    }
}

#[tokio::test]
async fn after_a_shutdown_has_begun_nothing_more_is_taken() {
    for elapsed in [false, true] {
        let told = Told::closed();
        let options = patient().with_batch_len_max(1).with_queue_len_max(1);
        let writer = told.writer(options);
        writer.write(0).await.unwrap();
        until(|| told.tries() == 1).await;
        writer.write(1).await.unwrap();
        let mut waiting = pin!(writer.write(2));
        assert!(poll_once(waiting.as_mut()).is_pending());
        if elapsed {
            let elapsed = writer.shutdown(Duration::from_millis(20)).await;
            assert!(matches!(elapsed, Err(ShutdownError::Elapsed)));
        } else {
            assert!(poll_once(pin!(writer.shutdown(GRACE))).is_pending());
        }
        assert!(writer.is_closed());
        assert_eq!(waiting.await.unwrap_err().0, 2);
        assert_eq!(writer.try_write(3), Err(TrySendError::Closed(3)));
        assert_eq!(writer.write_acked(4).await, Err(AckError::Closed(4)));
        told.open(usize::MAX);
        assert_eq!(writer.shutdown(GRACE).await.unwrap().items, 2);
        assert_eq!(told.items(), [0, 1]);
    }
}

#[tokio::test]
async fn a_write_that_is_not_polled_holds_up_nobody() {
    let full = || {
        let told = Told::closed();
        let options = patient().with_batch_len_max(1).with_queue_len_max(1);
        let writer = told.writer(options);
        (told, writer)
    };
    for fails in [false, true] {
        for polls in 0..4 {
            let (told, writer) = full();
            writer.write(0).await.unwrap();
            until(|| told.tries() == 1).await;
            writer.write(1).await.unwrap();
            if fails {
                told.succeed();
                told.fail([Failure::Permanent]);
            }
            // As many of these are in line as there are polls; the first is promised the room of the second item.
            let mut write = pin!(writer.write(2));
            let mut many = pin!(writer.write_many(vec![3, 4]));
            let mut acked = pin!(writer.write_acked(5));
            let mut flow = iter([6]).checkpoint_by_ref(&writer, 1);
            let mut flush = pin!(writer.flush());
            if polls > 0 {
                assert!(poll_once(write.as_mut()).is_pending());
            }
            if polls > 1 {
                assert!(poll_once(many.as_mut()).is_pending());
                assert!(poll_once(acked.as_mut()).is_pending());
            }
            if polls > 2 {
                assert!(poll_once(pin!(flow.next())).is_pending());
                assert!(poll_once(flush.as_mut()).is_pending());
            }
            told.open(usize::MAX);
            until(|| told.tries() == 2).await;
            let shutdown = writer.shutdown(Duration::from_secs(2)).await;
            if fails {
                let Err(ShutdownError::Failed(error)) = shutdown else {
                    panic!("after {polls} polls: {shutdown:?}");
                };
                assert_eq!(error.batch, [1]);
            } else {
                assert_eq!(shutdown.unwrap().items, 2, "after {polls} polls");
            }
            // They keep what they have.
            assert_eq!(write.await.unwrap_err().0, 2);
            assert_eq!(many.await.unwrap_err().0, [3, 4]);
            assert_eq!(acked.await, Err(AckError::Closed(5)));
            assert_eq!(flow.next().await, Some(Err(AckError::Closed(()))));
            assert_eq!(flow.next().await, None);
            assert_eq!(flush.await, Err(AckError::Closed(())));
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_not_polled_holds_up_nobody() {
    for polls in 0..3 {
        let told = Told::closed();
        let options = patient().with_batch_len_max(1).with_queue_len_max(1);
        let writer = told.writer(options);
        let mut numbers = iter(0..40);
        {
            let mut written = pin!(numbers.by_ref().write_batches_by_ref(&writer));
            for _ in 0..polls {
                assert!(poll_once(written.as_mut()).is_pending());
                tokio::task::yield_now().await;
            }
            told.open(usize::MAX);
            until(|| polls == 0 || !told.items().is_empty()).await;
            writer.shutdown(Duration::from_secs(2)).await.unwrap();
            assert_eq!(written.await, Err(AckError::Closed(())));
        }
        let rest: Vec<u32> = numbers.collect().await;
        assert_eq!([told.items(), rest].concat(), (0..40).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_taken_before_a_shutdown_is_written() {
    for round in 0..200_u64 {
        let told = Told::default();
        let options = patient().with_batch_len_max(3).with_queue_len_max(2);
        let writer = Arc::new(told.writer(options));
        let tasks: Vec<_> = (0..4)
            .map(|task| {
                let writer = Arc::clone(&writer);
                tokio::spawn(async move {
                    let numbers = (task..).step_by(4);
                    let mut taken = Vec::new();
                    for n in numbers {
                        let sent = match n % 3 {
                            0 => writer.write(n).await.is_ok(),
                            1 => writer.try_write(n).is_ok(),
                            _ => writer.write_many(vec![n]).await.is_ok(),
                        };
                        if sent {
                            taken.push(n);
                        } else if writer.is_closed() {
                            return taken;
                        }
                    }
                    unreachable!("it was not shut down")
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(17 * round)).await;
        let stats = writer.shutdown(GRACE).await.unwrap();
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await.unwrap());
        }
        taken.sort_unstable();
        let mut items = told.items();
        items.sort_unstable();
        assert_eq!(items, taken);
        assert_eq!(stats.items, taken.len() as u64);
    }
}

#[tokio::test]
async fn a_shutdown_ends_a_thread_that_waits() {
    for items in [0, 1] {
        let told = Told::default();
        let writer = told.writer(patient());
        for n in 0..items {
            writer.write(n).await.unwrap();
        }
        // It sleeps by then.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(
            writer.shutdown(GRACE).await.unwrap().items,
            u64::from(items)
        );
    }
}

#[tokio::test]
async fn a_panic_of_the_sink_goes_on_in_shutdown() {
    let told = Told::default();
    told.fail([Failure::Panic]);
    let writer = told.writer(patient());
    assert_eq!(writer.write_acked(1).await, Err(AckError::Failed));
    let shutdown = tokio::spawn(async move { writer.shutdown(GRACE).await.is_ok() });
    assert!(shutdown.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn a_panic_of_the_sinks_destructor_goes_on_in_shutdown() {
    struct Bomb;
    impl aqueduct_stream::write::BatchSink<u32> for Bomb {
        type Error = Failure;
        fn write_batch(&mut self, _: &[u32]) -> Result<(), Failure> {
            Ok(())
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the last flush");
        }
    }
    let writer = BatchWriter::new(Bomb, patient());
    assert_eq!(writer.write_acked(1).await, Ok(()));
    let shutdown = tokio::spawn(async move { writer.shutdown(GRACE).await.is_ok() });
    let panic = shutdown.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the last flush"));
}

/// A stream that was not written does not end well, whether or not the shutdown before was waited for to the end.
#[tokio::test]
async fn a_stream_into_a_writer_that_was_shut_down_is_told() {
    for (grace, items) in [(GRACE, 0..0), (GRACE, 0..10), (Duration::ZERO, 0..10)] {
        let shut_down = async || {
            let told = Told::closed();
            let writer = told.writer(patient());
            writer.write(100).await.unwrap();
            let elapsed = grace == Duration::ZERO;
            if !elapsed {
                told.open(usize::MAX);
            }
            assert_eq!(writer.shutdown(grace).await.is_err(), elapsed);
            told.open(usize::MAX);
            writer
        };
        let mut numbers = iter(items.clone());
        let written = numbers.by_ref().write_batches(shut_down().await).await;
        let error = written.unwrap_err();
        assert_eq!((error.source, error.batch.len()), (FeedError::Closed, 0));
        let writer = shut_down().await;
        let mut all: Vec<_> = numbers.by_ref().checkpoint(writer, 4).collect().await;
        let error = all.pop().expect("the error is the last").unwrap_err();
        assert_eq!((error.source, error.batch.len()), (FeedError::Closed, 0));
        assert!(all.is_empty());
        // Nothing has left the source.
        assert_eq!(numbers.count().await, items.len());
    }
}

/// What a task returns, which nobody but the writer wakes.
async fn alone<F>(heard: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    let heard = tokio::time::timeout(Duration::from_secs(10), tokio::spawn(heard));
    heard.await.expect("it hears of it").unwrap()
}

/// A source that has nothing does not hide the end of the writer.
#[tokio::test]
async fn a_quiet_stream_hears_of_a_shutdown() {
    for items in [0, 3] {
        let told = Told::default();
        let writer = Arc::new(told.writer(patient()));
        let quiet = move || iter(0..items).chain(Flow::new(Quiet));
        let (first, second) = (Arc::clone(&writer), Arc::clone(&writer));
        let written = alone(async move { quiet().write_batches_by_ref(&first).await });
        let given = alone(quiet().checkpoint_by_ref(second, 4).collect::<Vec<_>>());
        let shutdown = async {
            until(|| writer.stats().items >= u64::from(items)).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            writer.shutdown(GRACE).await.unwrap().items
        };
        let (written, mut given, written_items) = tokio::join!(written, given, shutdown);
        assert_eq!(written, Err(AckError::Closed(())));
        assert_eq!(given.pop(), Some(Err(AckError::Closed(()))));
        assert_eq!(given, (0..items).map(Ok).collect::<Vec<_>>());
        assert_eq!(written_items, 2 * u64::from(items));
    }
}

#[tokio::test]
async fn a_quiet_stream_hears_of_a_failure() {
    for lent in [false, true] {
        for checkpoint in [false, true] {
            let told = Told::closed();
            told.fail([Failure::Permanent]);
            let writer = told.writer(patient().with_batch_len_max(1));
            // No item of the stream is in the batch.
            writer.write(7).await.unwrap();
            let quiet = Flow::new(Quiet);
            let heard = alone(async move {
                match (checkpoint, lent) {
                    (false, false) => quiet.write_batches(writer).await.unwrap_err().batch,
                    (true, false) => {
                        let item = quiet.checkpoint(writer, 4).next().await;
                        item.unwrap().unwrap_err().batch
                    }
                    (false, true) => {
                        let written = quiet.write_batches_by_ref(&writer).await;
                        assert_eq!(written, Err(AckError::Closed(())));
                        vec![7]
                    }
                    (true, true) => {
                        let item = quiet.checkpoint_by_ref(&writer, 4).next().await;
                        assert_eq!(item, Some(Err(AckError::Closed(()))));
                        vec![7]
                    }
                }
            });
            let fails = async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                told.open(usize::MAX);
            };
            assert_eq!(tokio::join!(heard, fails).0, [7]);
        }
    }
}

/// What a pull brings that has begun is with the writer, and the rest in the source.
#[tokio::test]
async fn a_shutdown_in_the_middle_of_a_pull_loses_nothing() {
    for checkpoint in [false, true] {
        let told = Told::default();
        let writer = told.writer(patient());
        let mut numbers = iter(0..1000);
        // As another thread would at the worst moment.
        let pulled = numbers.by_ref().inspect(|n| {
            let mut shutdown = pin!(writer.shutdown(GRACE));
            assert!(*n > 0 || poll_once(shutdown.as_mut()).is_pending());
        });
        let closed = AckError::Closed(());
        if checkpoint {
            let mut given: Vec<_> = pulled.checkpoint_by_ref(&writer, 40).collect().await;
            assert_eq!(given.pop(), Some(Err(closed)));
            assert_eq!(given.len(), 40);
        } else {
            assert_eq!(pulled.write_batches_by_ref(&writer).await, Err(closed));
        }
        writer.shutdown(GRACE).await.unwrap();
        let rest: Vec<u32> = numbers.collect().await;
        assert!(rest.len() < 1000);
        assert_eq!([told.items(), rest].concat(), (0..1000).collect::<Vec<_>>());
    }
}
