//! Waiting in line, to the millisecond, under a paused clock.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aqueduct_backpressure::rate::{
    AcquireError, AcquireTimeoutError, Quota, RateLimiter, TryAcquireError,
};
use tokio::time::{Instant, advance, timeout};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A permit each 10 ms, after its burst was taken.
fn exhausted(burst: u32) -> RateLimiter {
    let limiter = RateLimiter::new(Quota::every(ms(10)).with_burst(burst));
    limiter.try_acquire(burst).unwrap();
    limiter
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn glance<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets alarms go off that are due.
async fn pass(duration: Duration) {
    advance(duration).await;
    tokio::task::yield_now().await;
}

#[tokio::test(start_paused = true)]
async fn each_comes_at_its_time_in_the_order_of_arrival() {
    let start = Instant::now();
    let limiter = exhausted(3);
    let mut tasks = Vec::new();
    for (number, permits) in [1, 3, 1, 2].into_iter().enumerate() {
        let limiter = limiter.clone();
        tasks.push(tokio::spawn(async move {
            limiter.acquire(permits).await.unwrap();
            (number, start.elapsed())
        }));
        tokio::task::yield_now().await;
    }
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.unwrap());
    }
    assert_eq!(ends, [(0, ms(10)), (1, ms(40)), (2, ms(50)), (3, ms(70))]);
}

#[tokio::test(start_paused = true)]
async fn nobody_overtakes_who_waits() {
    let limiter = exhausted(5);
    let mut large = pin!(limiter.acquire(5));
    assert!(glance(large.as_mut()).is_pending());
    pass(ms(30)).await;
    // Three are there, and all of them are kept for who waits.
    let retry_after = ms(30);
    assert_eq!(
        limiter.try_acquire(1),
        Err(TryAcquireError::TooSoon { retry_after })
    );
    assert_eq!(
        limiter.try_acquire(6),
        Err(TryAcquireError::TooMany { burst: 5 })
    );
    let mut small = pin!(limiter.acquire(1));
    assert!(glance(small.as_mut()).is_pending());
    let stats = limiter.stats();
    assert_eq!(
        (stats.waiting, stats.waiting_permits, stats.available),
        (2, 6, 3)
    );
    assert_eq!((stats.rejected_too_soon, stats.rejected_too_many), (1, 1));
    pass(ms(20)).await;
    assert_eq!(glance(large.as_mut()), Poll::Ready(Ok(())));
    assert!(glance(small.as_mut()).is_pending());
    pass(ms(10)).await;
    assert_eq!(glance(small.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(limiter.stats().waiting_permits, 0);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_line_delays_nobody() {
    let limiter = exhausted(5);
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut large = Box::pin(limiter.acquire(5));
    assert!(glance(large.as_mut()).is_pending());
    let mut small = pin!(limiter.acquire(1));
    assert!(
        small
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    pass(ms(9)).await;
    drop(large);
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
    pass(ms(1)).await;
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    assert_eq!(glance(small.as_mut()), Poll::Ready(Ok(())));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_what_it_was_given_gives_it_to_the_next() {
    let limiter = exhausted(1);
    let mut first = Box::pin(limiter.acquire(1));
    let mut second = pin!(limiter.acquire(1));
    assert!(glance(first.as_mut()).is_pending());
    assert!(glance(second.as_mut()).is_pending());
    pass(ms(10)).await;
    assert!(glance(second.as_mut()).is_pending());
    drop(first);
    assert_eq!(glance(second.as_mut()), Poll::Ready(Ok(())));
    assert!(limiter.try_acquire(1).is_err());
}

/// The claim of `Acquire`: whoever holds it need not poll, nor drop it, for others to get on.
#[tokio::test(start_paused = true)]
async fn a_leaked_waiter_costs_its_permits_and_no_more() {
    let start = Instant::now();
    let limiter = exhausted(1);
    let mut leaked = Box::pin(limiter.acquire_owned(1));
    assert!(glance(leaked.as_mut()).is_pending());
    std::mem::forget(leaked);
    limiter.acquire(1).await.unwrap();
    assert_eq!(start.elapsed(), ms(20));
    limiter.acquire(1).await.unwrap();
    assert_eq!(start.elapsed(), ms(30));
}

/// *Strict*: at whichever poll it is dropped, the others come at the times at which they would without it.
#[tokio::test(start_paused = true)]
async fn dropped_at_every_poll_it_is_as_if_it_had_not_come() {
    // Polls happen every 2 ms; before the 10th it has been given its permits.
    for polls in 0..=12 {
        let start = Instant::now();
        let limiter = exhausted(2);
        let mut victim = Box::pin(limiter.acquire(2));
        let mut behind = pin!(limiter.acquire(2));
        let mut got = false;
        for poll in 0..polls {
            if poll > 0 {
                pass(ms(2)).await;
            }
            got = glance(victim.as_mut()).is_ready();
            if got {
                break;
            }
            if poll == 0 {
                assert!(glance(behind.as_mut()).is_pending());
            }
        }
        drop(victim);
        behind.await.unwrap();
        let due = if got { ms(40) } else { ms(20) };
        assert_eq!(start.elapsed(), due, "dropped after {polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn given_and_dropped_unseen_it_is_as_if_it_had_not_come() {
    let limiter = exhausted(2);
    let mut victim = Box::pin(limiter.acquire(2));
    assert!(glance(victim.as_mut()).is_pending());
    pass(ms(20)).await;
    assert_eq!(limiter.stats().waiting, 0);
    assert_eq!(limiter.available(), 0);
    drop(victim);
    assert_eq!(limiter.available(), 2);
}

#[tokio::test(start_paused = true)]
async fn more_than_the_burst_is_refused_at_once() {
    let limiter = exhausted(2);
    assert_eq!(
        limiter.acquire(3).await,
        Err(AcquireError::TooMany { burst: 2 })
    );
    assert_eq!(
        limiter.acquire_timeout(3, ms(1)).await,
        Err(AcquireTimeoutError::TooMany { burst: 2 })
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_time_is_kept() {
    let start = Instant::now();
    let limiter = exhausted(1);
    assert_eq!(
        limiter.acquire_timeout(1, ms(9)).await,
        Err(AcquireTimeoutError::Elapsed)
    );
    assert_eq!(start.elapsed(), ms(9));
    assert_eq!(limiter.acquire_timeout(1, ms(1)).await, Ok(()));
    assert_eq!(limiter.acquire_timeout(1, Duration::MAX).await, Ok(()));
    assert_eq!(start.elapsed(), ms(20));
}

#[tokio::test(start_paused = true)]
async fn another_quota_is_for_those_who_wait_too() {
    let start = Instant::now();
    let limiter = exhausted(3);
    let mut waits = [3, 1].map(|permits| Box::pin(limiter.acquire(permits)));
    for wait in &mut waits {
        assert!(glance(wait.as_mut()).is_pending());
    }
    pass(ms(5)).await;
    // Half a permit has come back. At 2 ms each the rest takes 5 ms.
    limiter.set_quota(Quota::every(ms(2)).with_burst(3));
    for wait in &mut waits {
        wait.await.unwrap();
    }
    assert_eq!(start.elapsed(), ms(12));
    // Slower again: what has been used stays used.
    limiter.set_quota(Quota::every(ms(100)).with_burst(3));
    limiter.acquire(1).await.unwrap();
    assert_eq!(start.elapsed(), ms(112));
}

#[tokio::test(start_paused = true)]
async fn a_smaller_burst_tells_who_waits_for_more() {
    let limiter = exhausted(3);
    let mut waits = [3, 1].map(|permits| Box::pin(limiter.acquire(permits)));
    for wait in &mut waits {
        assert!(glance(wait.as_mut()).is_pending());
    }
    limiter.set_quota(Quota::every(ms(10)).with_burst(1));
    let [large, small] = waits;
    assert_eq!(large.await, Err(AcquireError::TooMany { burst: 1 }));
    small.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_waiter_may_change_tasks() {
    let limiter = exhausted(1);
    let mut wait = Box::pin(limiter.acquire_owned(1));
    assert!(glance(wait.as_mut()).is_pending());
    let task = tokio::spawn(wait);
    task.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_line_of_a_thousand_takes_the_time_it_should() {
    let start = Instant::now();
    let limiter = RateLimiter::new(Quota::per_second(1_000).with_burst(10));
    let tasks: Vec<_> = (0..1_010)
        .map(|number| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                if number % 3 == 0 {
                    let _ = timeout(ms(number / 2), limiter.acquire(1)).await;
                    return;
                }
                limiter.acquire(1).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let took = start.elapsed();
    assert!(took > ms(660) && took < ms(1_000), "{took:?}");
    assert_eq!(limiter.stats().waiting, 0);
    assert_eq!(limiter.stats().waiting_permits, 0);
}

/// What is free at once spends the task's budget, so that a loop of it lets others run.
#[tokio::test(start_paused = true)]
async fn a_loop_that_never_waits_lets_others_run() {
    let limiter = RateLimiter::new(Quota::per_second(u32::MAX));
    let busy = tokio::spawn(async move {
        loop {
            limiter.acquire(1).await.unwrap();
        }
    });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    busy.abort();
}

/// A poll with another waker is the one that counts.
#[tokio::test(start_paused = true)]
async fn the_last_waker_is_called() {
    let limiter = exhausted(1);
    let counts = [Arc::new(Count::default()), Arc::new(Count::default())];
    let mut wait = pin!(limiter.acquire(1));
    for count in &counts {
        let waker = Waker::from(count.clone());
        assert!(
            wait.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    pass(ms(10)).await;
    assert_eq!(
        counts
            .each_ref()
            .map(|count| count.0.load(Ordering::SeqCst)),
        [0, 1]
    );
    poll_fn(|cx| wait.as_mut().poll(cx)).await.unwrap();
}

/// Pinned in a loop around a `select!`, it is still there after it has answered.
#[tokio::test(start_paused = true)]
async fn whose_time_is_up_has_left_the_line() {
    let limiter = RateLimiter::new(Quota::every(Duration::from_millis(100)));
    limiter.try_acquire(1).unwrap();
    let mut waits = std::pin::pin!(limiter.acquire_timeout(1, Duration::from_millis(10)));
    assert_eq!(waits.as_mut().await, Err(AcquireTimeoutError::Elapsed));
    assert_eq!(limiter.stats().waiting, 0);
    tokio::time::sleep(Duration::from_millis(95)).await;
    assert_eq!(limiter.try_acquire(1), Ok(()));
    assert_eq!(waits.await, Err(AcquireTimeoutError::Elapsed));
}

/// R5: who has used more than the new burst holds waits for no longer than that takes.
#[tokio::test(start_paused = true)]
async fn a_smaller_quota_locks_nobody_out() {
    let limiter = RateLimiter::new(Quota::per_second(1000));
    limiter.try_acquire(1000).unwrap();
    limiter.set_quota(Quota::per_hour(10));
    assert_eq!(limiter.available(), 0);
    let retry_after = Duration::from_secs(360);
    assert_eq!(
        limiter.try_acquire(1),
        Err(TryAcquireError::TooSoon { retry_after })
    );
    advance(retry_after).await;
    assert_eq!(limiter.try_acquire(1), Ok(()));
}

/// A million a second, and ten thousand wait: a tick of the timer serves all that have come due since the one before, so
/// that there are as many ticks as milliseconds, and not as permits. Nobody is woken but to be given permits.
#[tokio::test(start_paused = true)]
async fn a_tick_serves_all_that_have_come_due() {
    // So many polls in a row are more than a task's budget.
    tokio::task::unconstrained(ten_thousand_wait()).await;
}

async fn ten_thousand_wait() {
    const WAITERS: usize = 10_000;
    let limiter = RateLimiter::new(Quota::per_second(1_000_000));
    limiter.try_acquire(1_000_000).unwrap();
    let wakes = Arc::new(Count::default());
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    let mut waiters: Vec<_> = (0..WAITERS).map(|_| Box::pin(limiter.acquire(1))).collect();
    for waiter in &mut waiters {
        assert!(waiter.as_mut().poll(&mut cx).is_pending());
    }
    for millis in 1..=10 {
        pass(ms(1)).await;
        let woken = wakes.0.load(Ordering::SeqCst);
        assert_eq!(woken, 1_000 * millis, "after {millis} ms");
        // Those whose turn it was, in the order of arrival, and nobody after them.
        for waiter in &mut waiters[1_000 * (millis - 1)..1_000 * millis] {
            assert!(waiter.as_mut().poll(&mut cx).is_ready());
        }
    }
    assert_eq!(limiter.stats().waiting, 0);
    // The alarm of the last tick was not set again: nothing is left to wake anybody.
    pass(ms(100)).await;
    assert_eq!(wakes.0.load(Ordering::SeqCst), WAITERS);
}

/// A limiter tells the time for 26 years. Who waits then waits, and looks no more than others do.
#[test]
fn after_the_end_of_its_time_who_waits_does_not_spin() {
    let (done, is_done) = std::sync::mpsc::channel();
    // A poll that does not return would be one of this thread.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let limiter = RateLimiter::new(Quota::per_second(1));
            advance(Duration::from_secs(27 * 366 * 24 * 3600)).await;
            limiter.acquire(1).await.unwrap();
            let waits = timeout(Duration::from_secs(3600), limiter.acquire(1));
            assert!(waits.await.is_err());
            // Another quota is in force for who waits, as ever.
            let mut waits = pin!(limiter.acquire(1));
            assert!(glance(waits.as_mut()).is_pending());
            limiter.set_quota(Quota::per_second(1).with_burst(2));
            assert!(glance(waits.as_mut()).is_ready());
        });
        done.send(()).unwrap();
    });
    let is_done = is_done.recv_timeout(Duration::from_secs(20));
    assert!(is_done.is_ok(), "{is_done:?}");
}

/// Moments come in any order: nobody has used anything, whatever the moment at which the quota was changed.
#[tokio::test(start_paused = true)]
async fn another_quota_uses_nothing_of_moments_before_it() {
    let start = Instant::now();
    let quota = Quota::per_second(10);
    let limiter = RateLimiter::starting_at(quota, start);
    limiter.set_quota_at(start + Duration::from_secs(60), quota);
    let before = start + Duration::from_secs(50);
    assert_eq!(limiter.available_at(before), quota.burst());
    assert_eq!(limiter.try_acquire_at(before, 1), Ok(()));
}
