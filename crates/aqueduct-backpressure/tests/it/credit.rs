//! Credits.

use std::future::poll_fn;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_backpressure::credit::{
    self, Acquire, AcquireError, AcquireTimeoutError, Credit, Credited, Grantor, Spender,
    TryAcquireError, WeightedReceiver, WeightedSender, Window,
};
use tokio::time::{Instant, advance};

const MS: Duration = Duration::from_millis(1);

fn glance<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn first_come_first_served_also_where_the_first_wants_more() {
    let (grantor, spender) = credit::channel(0);
    let mut large = pin!(spender.acquire(3));
    let mut small = pin!(spender.acquire(1));
    assert!(glance(large.as_mut()).is_pending());
    assert!(glance(small.as_mut()).is_pending());
    grantor.grant(2);
    assert!(glance(small.as_mut()).is_pending());
    assert_eq!(spender.try_acquire(1).unwrap_err(), TryAcquireError::Empty);
    assert_eq!(grantor.stats().waiting, 2);
    grantor.grant(2);
    large.await.unwrap().spend();
    small.await.unwrap().spend();
    let stats = grantor.stats();
    assert_eq!((stats.granted, stats.spent, stats.waiting), (4, 4, 0));
}

/// *Strict*: at whichever poll it is dropped, all that was granted is there for the next.
#[tokio::test]
async fn dropped_at_every_poll_it_keeps_nothing() {
    for polls in 0..=3 {
        let (grantor, spender) = credit::channel(0);
        let mut victim = Box::pin(spender.acquire(2));
        let mut behind = pin!(spender.acquire(1));
        let mut got = None;
        for poll in 0..polls {
            got = match glance(victim.as_mut()) {
                Poll::Ready(credit) => Some(credit.unwrap()),
                Poll::Pending => None,
            };
            if poll == 0 {
                assert!(glance(behind.as_mut()).is_pending());
            }
            if got.is_some() {
                break;
            }
            grantor.grant(1);
        }
        drop((victim, got));
        if polls == 0 {
            grantor.grant(1);
        }
        behind.await.unwrap().spend();
        let stats = grantor.stats();
        assert_eq!(
            (stats.outstanding, stats.spent),
            (0, 1),
            "dropped after {polls} polls"
        );
        assert_eq!(stats.available, stats.granted - 1);
    }
}

#[tokio::test]
async fn given_and_dropped_unseen_it_is_for_the_next() {
    let (grantor, spender) = credit::channel(0);
    let mut victim = Box::pin(spender.acquire(1));
    let mut behind = pin!(spender.acquire(1));
    assert!(glance(victim.as_mut()).is_pending());
    assert!(glance(behind.as_mut()).is_pending());
    grantor.grant(1);
    assert!(glance(behind.as_mut()).is_pending());
    drop(victim);
    assert!(glance(behind.as_mut()).is_ready());
}

#[tokio::test]
async fn a_leaked_waiter_costs_what_it_was_given_and_no_more() {
    let (grantor, spender) = credit::channel(0);
    let mut leaked = Box::pin(spender.acquire_owned(1));
    assert!(glance(leaked.as_mut()).is_pending());
    std::mem::forget(leaked);
    let mut behind = pin!(spender.acquire(1));
    assert!(glance(behind.as_mut()).is_pending());
    grantor.grant(2);
    assert!(glance(behind.as_mut()).is_ready());
}

#[tokio::test]
async fn who_goes_away_unserved_lets_the_next_have_what_is_there() {
    let (_grantor, spender) = credit::channel(1);
    let mut large = Box::pin(spender.acquire(2));
    let mut small = pin!(spender.acquire(1));
    assert!(glance(large.as_mut()).is_pending());
    assert!(glance(small.as_mut()).is_pending());
    drop(large);
    assert!(glance(small.as_mut()).is_ready());
}

#[tokio::test]
async fn credits_return_once_whatever_becomes_of_the_message() {
    let (grantor, spender) = credit::channel(6);
    let message = |text: &str| spender.try_acquire(1).unwrap().attach(text.to_owned());
    drop(message("dropped"));
    assert_eq!(grantor.stats().available, 6);
    assert_eq!(message("taken out").into_inner(), "taken out");
    assert_eq!(grantor.stats().available, 6);

    let longer = message("made into another").map(|text| text.len());
    assert_eq!((*longer, longer.credits()), (17, 1));
    let (_, credit) = longer.into_parts();
    assert_eq!(grantor.stats().outstanding, 1);
    credit.spend();

    let mut whole = spender.try_acquire(3).unwrap();
    assert!(whole.split(4).is_none());
    let part = whole.split(2).unwrap();
    drop(whole);
    assert_eq!((part.credits(), grantor.stats().outstanding), (2, 2));
    let lost = part.attach(std::thread::spawn(|| panic!("a consumer that fails")));
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _lost = lost;
        panic!("with the message in its hands");
    }));
    assert!(failed.is_err());
    let stats = grantor.stats();
    assert_eq!((stats.available, stats.outstanding, stats.spent), (5, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_last_lease_overrides_and_ends_in_time() {
    let (grantor, spender) = credit::channel(10);
    let mut more = Box::pin(spender.acquire(20));
    assert!(glance(more.as_mut()).is_pending());
    grantor.lease(5, 100 * MS);
    drop(more);
    let held = spender.try_acquire(2).unwrap();
    grantor.lease(3, 50 * MS);
    drop(held);
    assert_eq!(grantor.stats().available, 3);
    advance(49 * MS).await;
    drop(spender.try_acquire(3).unwrap());
    advance(MS).await;
    assert_eq!(spender.try_acquire(1).unwrap_err(), TryAcquireError::Empty);
    assert_eq!(grantor.stats().expired, 18);
    grantor.lease(1, Duration::MAX);
    assert!(spender.try_acquire(1).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_time_is_kept() {
    let start = Instant::now();
    let (grantor, spender) = credit::channel(0);
    let elapsed = spender.acquire_timeout(1, 7 * MS).await;
    assert_eq!(elapsed.unwrap_err(), AcquireTimeoutError::Elapsed);
    assert_eq!((start.elapsed(), grantor.stats().waiting), (7 * MS, 0));
    grantor.grant(1);
    assert!(spender.acquire_timeout(1, Duration::ZERO).await.is_ok());
    drop(grantor);
    let closed = spender.acquire_timeout(1, MS).await;
    assert_eq!(closed.unwrap_err(), AcquireTimeoutError::Closed);
}

#[tokio::test]
async fn a_grantor_that_goes_away_closes() {
    let (grantor, spender) = credit::channel(1);
    let held = spender.try_acquire(1).unwrap();
    let waits = tokio::spawn(spender.acquire_owned(1));
    tokio::task::yield_now().await;
    drop(grantor);
    assert_eq!(waits.await.unwrap().unwrap_err(), AcquireError::Closed);
    assert_eq!(spender.try_acquire(0).unwrap_err(), TryAcquireError::Closed);
    drop(held);
}

#[tokio::test]
async fn a_window_grants_in_halves_and_never_stops_the_producer() {
    let (grantor, spender) = credit::channel(Window::DEFAULT_SIZE);
    let mut window = Window::default();
    let mut updates = 0;
    for bytes in [1_000; 1_000] {
        spender.acquire(bytes).await.unwrap().spend();
        if let Some(update) = window.consume(bytes) {
            grantor.grant(update);
            updates += 1;
        }
    }
    assert_eq!(updates, 1_000 / 33);
    assert_eq!((window.size(), window.flush()), (65_535, 10_000));
    assert_eq!(Window::new(0).consume(0), None);
}

#[tokio::test]
async fn a_weighted_channel_holds_its_weight_until_messages_are_dropped() {
    let (tx, mut rx) = credit::weighted_channel(10, |text: &String| text.len() as u64);
    tx.send("four".into()).await.unwrap();
    tx.send("five!".into()).await.unwrap();
    assert!(tx.try_send("no".into()).is_err());
    // Nothing counts as one; more than the limit as the limit.
    tx.try_send(String::new()).unwrap();
    let mut large = pin!(tx.send("more than ten, alone".into()));
    assert!(glance(large.as_mut()).is_pending());
    let first = rx.recv().await.unwrap();
    let rest = [rx.try_recv().unwrap(), rx.try_recv().unwrap()];
    drop(first);
    assert!(glance(large.as_mut()).is_pending());
    drop(rest);
    large.await.unwrap();
    assert_eq!(rx.stats().outstanding, 10);
    let large = poll_fn(|cx| rx.poll_recv(cx)).await.unwrap();
    assert_eq!(large.into_inner(), "more than ten, alone");

    let room = tx.reserve(3).await.unwrap();
    tx.send_with(room, "abc".into()).unwrap();
    let mut waits = pin!(tx.send("12345678".into()));
    assert!(glance(waits.as_mut()).is_pending());
    rx.close();
    assert_eq!(waits.await.unwrap_err().0, "12345678");
    assert!(tx.is_closed() && tx.try_send("x".into()).is_err() && tx.reserve(1).await.is_err());
    assert_eq!(*rx.recv().await.unwrap(), "abc");
    assert!(rx.recv().await.is_none());
}

/// Two sides on two threads: all arrive, and no more was inside than may be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn producers_and_a_consumer_at_full_speed() {
    let (tx, mut rx) = credit::weighted_channel(100, |n: &u64| n % 7);
    let producers: Vec<_> = (0..3)
        .map(|_| {
            let tx = tx.clone();
            tokio::spawn(async move {
                for n in 0..2_000u64 {
                    tx.send(n).await.unwrap();
                }
            })
        })
        .collect();
    drop(tx);
    let (mut sum, mut most) = (0, 0);
    while let Some(message) = rx.recv().await {
        most = most.max(rx.stats().outstanding);
        sum += message.into_inner();
    }
    for producer in producers {
        producer.await.unwrap();
    }
    assert_eq!(sum, 3 * (1_999 * 2_000 / 2));
    assert!(most <= 100, "{most}");
    assert_eq!(rx.stats().available, 100);
}

#[test]
fn handles_and_guards_cross_threads() {
    fn free<T: Send + Sync + Unpin + 'static>() {}
    fn unwinds<T: UnwindSafe + RefUnwindSafe>() {}
    fn sent<T: Send + Sync>() {}
    free::<Grantor>();
    free::<Spender>();
    free::<Credit>();
    free::<Credited<String>>();
    free::<Window>();
    free::<WeightedSender<String>>();
    free::<WeightedReceiver<String>>();
    unwinds::<Grantor>();
    unwinds::<Spender>();
    unwinds::<Credit>();
    sent::<Acquire>();
    sent::<Acquire<&Spender>>();
}

#[test]
#[should_panic(expected = "passes nothing")]
fn a_channel_of_no_weight_is_refused() {
    credit::weighted_channel(0, |_: &u8| 1);
}

/// Pinned in a loop around a `select!`, it is still there after it has answered.
#[tokio::test(start_paused = true)]
async fn whose_time_is_up_has_left_the_line() {
    let (grantor, spender) = credit::channel(0);
    let mut waits = std::pin::pin!(spender.acquire_timeout(1, Duration::from_millis(10)));
    assert_eq!(
        waits.as_mut().await.unwrap_err(),
        AcquireTimeoutError::Elapsed
    );
    grantor.grant(1);
    assert!(spender.try_acquire(1).is_ok());
    assert_eq!(waits.await.unwrap_err(), AcquireTimeoutError::Elapsed);
}
