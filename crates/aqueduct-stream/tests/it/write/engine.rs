//! The thread behind each writer.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_channel::error::TrySendError;
use aqueduct_stream::iter;
use aqueduct_stream::write::{AckError, BatchWriter, ShutdownError, WriteOptions};

use super::sink::{Failure, GRACE, Told, patient, poll_once, until};

#[tokio::test]
async fn a_batch_is_written_when_it_is_full() {
    let told = Told::default();
    let writer = told.writer(patient().with_batch_len_max(3));
    for n in 0..7 {
        writer.write(n).await.unwrap();
    }
    until(|| told.items().len() == 6).await;
    assert_eq!(told.batches(), [[0, 1, 2], [3, 4, 5]]);
    let stats = writer.shutdown(GRACE).await.unwrap();
    assert_eq!((stats.items, stats.batches, stats.failed_tries), (7, 3, 0));
    assert_eq!(told.items(), [0, 1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_batch_is_written_when_it_has_lingered() {
    let told = Told::default();
    let linger = Duration::from_millis(20);
    let writer = told.writer(patient().with_linger(linger));
    writer.write(1).await.unwrap();
    until(|| told.items() == [1]).await;
}

#[tokio::test]
async fn what_is_awaited_does_not_linger_and_shares_a_batch() {
    let told = Told::closed();
    let writer = Arc::new(told.writer(patient()));
    let first = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move { writer.write_acked(0).await }
    });
    until(|| told.tries() == 1).await;
    // These come while the first is being written.
    let others: Vec<_> = (1..9)
        .map(|n| {
            let writer = Arc::clone(&writer);
            tokio::spawn(async move { writer.write_acked(n).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!first.is_finished(), "acknowledged before it was written");
    told.open(2);
    assert_eq!(first.await.unwrap(), Ok(()));
    for other in others {
        assert_eq!(other.await.unwrap(), Ok(()));
    }
    let mut batches = told.batches();
    batches[1].sort_unstable();
    assert_eq!(batches, [vec![0], (1..9).collect::<Vec<_>>()]);
}

#[tokio::test]
async fn a_flush_waits_for_what_came_before() {
    let told = Told::closed();
    let writer = told.writer(patient().with_batch_len_max(2));
    for n in 0..5 {
        writer.write(n).await.unwrap();
    }
    let mut flush = pin!(writer.flush());
    let waited = tokio::time::timeout(Duration::from_millis(20), &mut flush).await;
    assert!(waited.is_err(), "flushed before it was written");
    told.open(usize::MAX);
    assert_eq!(flush.await, Ok(()));
    assert_eq!(told.items(), [0, 1, 2, 3, 4]);
    // Of nothing.
    assert_eq!(writer.flush().await, Ok(()));
}

#[tokio::test]
async fn items_that_are_written_as_one_are_not_parted() {
    let told = Told::default();
    let writer = told.writer(patient().with_batch_len_max(4));
    writer.write(0).await.unwrap();
    writer.write_many((1..10).collect()).await.unwrap();
    writer.write_many_acked(vec![10, 11]).await.unwrap();
    assert_eq!(told.batches(), [(0..10).collect(), vec![10, 11]]);
}

#[tokio::test]
async fn a_full_queue_holds_up() {
    let told = Told::closed();
    let options = patient().with_batch_len_max(1).with_queue_len_max(2);
    let writer = told.writer(options);
    writer.write(0).await.unwrap();
    until(|| told.tries() == 1).await;
    writer.write(1).await.unwrap();
    writer.write(2).await.unwrap();
    assert_eq!(writer.try_write(3), Err(TrySendError::Full(3)));
    let mut waiting = pin!(writer.write(4));
    assert!(poll_once(waiting.as_mut()).is_pending());
    told.open(usize::MAX);
    waiting.await.unwrap();
    writer.shutdown(GRACE).await.unwrap();
    assert_eq!(told.items(), [0, 1, 2, 4]);
}

#[tokio::test]
async fn a_batch_that_fails_is_tried_again() {
    let told = Told::default();
    told.fail([Failure::Transient; 4]);
    let writer = told.writer(patient().with_tries_max(5));
    assert_eq!(writer.write_many_acked(vec![1, 2]).await, Ok(()));
    assert_eq!(told.batches(), [[1, 2]]);
    let stats = writer.stats();
    assert_eq!((stats.items, stats.batches, stats.failed_tries), (2, 1, 4));
}

#[tokio::test]
async fn what_fails_for_good_is_handed_back_with_all_behind_it() {
    for (verdicts, tries) in [
        (vec![Failure::Transient; 3], 3),
        (vec![Failure::Permanent], 1),
        (vec![Failure::Transient, Failure::Permanent], 2),
    ] {
        let told = Told::closed();
        told.succeed();
        let source = *verdicts.last().unwrap();
        told.fail(verdicts);
        let writer = told.writer(patient().with_batch_len_max(2).with_tries_max(3));
        for n in 0..7 {
            writer.write(n).await.unwrap();
        }
        let mut acked = pin!(writer.write_acked(7));
        assert!(poll_once(acked.as_mut()).is_pending());
        told.open(usize::MAX);
        assert_eq!(acked.await, Err(AckError::Failed));
        assert_eq!(told.tries(), 1 + tries);

        // Nothing more is taken, and what was not taken comes back.
        until(|| writer.is_closed()).await;
        assert_eq!(writer.write(8).await.unwrap_err().0, 8);
        assert_eq!(writer.write_acked(8).await, Err(AckError::Closed(8)));
        assert_eq!(writer.write_many(vec![8]).await.unwrap_err().0, [8]);
        assert_eq!(writer.try_write(8), Err(TrySendError::Closed(8)));
        assert_eq!(writer.flush().await, Err(AckError::Closed(())));

        assert_eq!(told.items(), [0, 1]);
        let Err(ShutdownError::Failed(error)) = writer.shutdown(GRACE).await else {
            panic!("it did not fail");
        };
        assert_eq!(error.batch, [2, 3, 4, 5, 6, 7]);
        assert_eq!(error.source, source);
        assert_eq!(error.to_string(), "6 items could not be written");
        assert!(matches!(
            writer.shutdown(GRACE).await,
            Err(ShutdownError::AlreadyShutDown)
        ));
    }
}

/// Also where the queue is full and the sink is busy, however `shutdown` ends.
/// Room that was promised to futures that nobody polls any more is nothing to wait for.
/// A stream that ends in a writer, and is not polled any more.
/// Writers on many threads against a shutdown at any moment: what was taken is written, and nothing else.
#[tokio::test]
async fn a_dropped_writer_writes_what_was_queued() {
    let told = Told::closed();
    let writer = told.writer(patient().with_batch_len_max(2));
    for n in 0..5 {
        writer.write(n).await.unwrap();
    }
    drop(writer);
    told.open(usize::MAX);
    until(|| told.items() == [0, 1, 2, 3, 4]).await;
}

#[tokio::test]
async fn an_acknowledgement_that_nobody_waits_for_changes_nothing() {
    for polls in 0..3 {
        let told = Told::closed();
        let writer = told.writer(patient());
        {
            let mut acked = pin!(writer.write_acked(1));
            for _ in 0..polls {
                assert!(poll_once(acked.as_mut()).is_pending());
            }
        }
        told.open(usize::MAX);
        writer.shutdown(GRACE).await.unwrap();
        let queued = usize::from(polls > 0);
        assert_eq!(told.items().len(), queued, "after {polls} polls");
    }
}

#[tokio::test]
async fn a_sink_that_does_not_open_starts_no_writer() {
    #[derive(Debug)]
    struct Shut;
    impl From<std::io::Error> for Shut {
        fn from(_: std::io::Error) -> Self {
            Self
        }
    }
    struct Never;
    impl aqueduct_stream::write::BatchSink<u32> for Never {
        type Error = Shut;
        fn write_batch(&mut self, _: &[u32]) -> Result<(), Shut> {
            Err(Shut)
        }
    }
    let options = WriteOptions::new();
    let writer = BatchWriter::<u32, _>::open_with(|| Err::<Never, _>(Shut), options).await;
    assert!(writer.is_err());
    let panicking =
        BatchWriter::<u32, _>::open_with(|| -> Result<Never, Shut> { panic!("told to") }, options);
    assert!(
        tokio::spawn(async { panicking.await.is_ok() })
            .await
            .unwrap_err()
            .is_panic()
    );
}

#[tokio::test]
async fn a_stream_ends_in_a_writer() {
    let told = Told::default();
    let options = patient().with_queue_len_max(10).with_batch_len_max(16);
    let stats = iter(0..1000).write_batches(told.writer(options)).await;
    assert_eq!(stats.unwrap().items, 1000);
    assert_eq!(told.items(), (0..1000).collect::<Vec<_>>());

    let writer = told.writer(options);
    iter(0..5).write_batches_by_ref(&writer).await.unwrap();
    iter(5..9).write_batches_by_ref(&writer).await.unwrap();
    assert_eq!(told.items()[1000..], (0..9).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_whose_writer_fails_loses_nothing() {
    let told = Told::default();
    told.succeed();
    told.fail([Failure::Permanent]);
    let options = patient().with_queue_len_max(10).with_batch_len_max(16);
    let mut numbers = iter(0..1000);
    let written = numbers.by_ref().write_batches(told.writer(options)).await;
    let mut all = told.items();
    assert_eq!(all.len(), 16);
    all.extend(written.unwrap_err().batch);
    all.extend(numbers.collect::<Vec<_>>().await);
    assert_eq!(all, (0..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_that_is_dropped_at_any_poll_has_lost_nothing() {
    for polls in 0..20 {
        let told = Told::closed();
        let options = patient().with_queue_len_max(3).with_batch_len_max(2);
        let mut numbers = iter(0..40);
        {
            let written = numbers.by_ref().write_batches(told.writer(options));
            let mut written = pin!(written);
            told.open(polls / 2);
            for _ in 0..polls {
                let _ = poll_once(written.as_mut());
                tokio::task::yield_now().await;
            }
        }
        told.open(usize::MAX);
        let rest: Vec<u32> = numbers.collect().await;
        until(|| told.items().len() + rest.len() == 40).await;
        assert_eq!([told.items(), rest].concat(), (0..40).collect::<Vec<_>>());
    }
}

#[test]
fn writers_are_shared_and_their_futures_spawned() {
    fn is_shared<T: Send + Sync + Unpin>() {}
    fn spawnable<F: Future + Send + 'static>(_: F) {}
    is_shared::<BatchWriter<std::cell::Cell<u32>, std::cell::Cell<u32>>>();
    let told = Told::default();
    let writer = Arc::new(told.writer(patient()));
    spawnable({
        let writer = Arc::clone(&writer);
        async move {
            writer.write(1).await.unwrap();
            writer.write_acked(2).await.unwrap();
            iter(3..9).write_batches_by_ref(&writer).await.unwrap();
            writer.shutdown(GRACE).await.unwrap();
        }
    });
    spawnable(iter(0..9).write_batches(told.writer(patient())));
    spawnable(iter(0..9).checkpoint(told.writer(patient()), 5).count());
    spawnable(iter(0..9).checkpoint_by_ref(writer, 5).count());
}
