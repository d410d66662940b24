//! A limit for each key.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use aqueduct_backpressure::rate::{
    AcquireError, KeyedRateLimiter, Quota, RateLimiter, TryAcquireError,
};
use proptest::prelude::*;
use tokio::time::{Instant, advance};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A permit each 10 ms, and three at once.
const QUOTA: Quota = Quota::every(Duration::from_millis(10)).with_burst(3);

#[derive(Clone, Debug)]
enum Step {
    Take(u8, u32),
    Pass(u64),
    Change(u64, u32),
    Shrink,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0u8..6, 1u32..4).prop_map(|(key, permits)| Step::Take(key, permits)),
        6 => (0u64..25).prop_map(Step::Pass),
        1 => (1u64..20, 1u32..5).prop_map(|(millis, burst)| Step::Change(millis, burst)),
        1 => Just(Step::Shrink),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// As a limiter of its own for each key; a map with little room says Crowded, but never anything else that differs.
    #[test]
    fn each_key_is_as_a_limiter_of_its_own(keys_max in 1usize..7, steps in prop::collection::vec(step(), 1..120)) {
        let start = Instant::now();
        let keyed = KeyedRateLimiter::<u8>::starting_at(QUOTA, keys_max, start);
        let mut single: HashMap<u8, RateLimiter> = HashMap::new();
        let mut quota = QUOTA;
        let mut now = start;
        for step in steps {
            match step {
                Step::Take(key, permits) => {
                    let alone = single.entry(key).or_insert_with(|| RateLimiter::starting_at(quota, now));
                    let before = alone.available_at(now);
                    match keyed.try_acquire_at(now, &key, permits) {
                        Err(TryAcquireError::Crowded { retry_after }) => {
                            prop_assert!(keyed.stats().keys == keys_max && before == quota.burst());
                            prop_assert!(!retry_after.is_zero());
                            // Nobody is told so while a key of those that are kept is unused.
                            let busy = single.values().filter(|one| one.available_at(now) < quota.burst());
                            prop_assert!(busy.count() >= keys_max);
                        }
                        decided => prop_assert_eq!(decided, alone.try_acquire_at(now, permits)),
                    }
                }
                Step::Pass(millis) => now += ms(millis),
                Step::Change(millis, burst) => {
                    quota = Quota::every(ms(millis)).with_burst(burst);
                    keyed.set_quota_at(now, quota);
                    single.values().for_each(|one| one.set_quota_at(now, quota));
                }
                Step::Shrink => keyed.shrink_at(now),
            }
            prop_assert!(keyed.stats().keys <= keys_max);
        }
    }
}

#[test]
fn a_crowd_of_new_keys_neither_gets_through_nor_forgets_anybody() {
    let start = Instant::now();
    let keyed = KeyedRateLimiter::starting_at(QUOTA, 100, start);
    for key in 0..100 {
        keyed.try_acquire_at(start + ms(key), &key, 3).unwrap();
    }
    let now = start + ms(100);
    // The keys of the first 71 ms are unused by now; each newcomer takes the place of one.
    for key in 1_000..1_071 {
        keyed.try_acquire_at(now, &key, 1).unwrap();
    }
    for key in 2_000..10_000 {
        let crowded = keyed.try_acquire_at(now, &key, 1);
        let TryAcquireError::Crowded { retry_after } = crowded.unwrap_err() else {
            panic!("{crowded:?}");
        };
        assert_eq!(retry_after, ms(1));
    }
    // Who was there is held to its limit as before.
    assert!(keyed.try_acquire_at(now, &99, 3).is_err());
    let stats = keyed.stats();
    assert_eq!(
        (stats.keys, stats.keys_evicted, stats.rejected_crowded),
        (100, 71, 8_000)
    );
    assert_eq!(keyed.keys_max(), 100);
}

#[test]
fn many_keys_from_several_threads_keep_to_their_limits_and_to_the_room() {
    let keyed = KeyedRateLimiter::<u32>::new(Quota::per_hour(3), 4_096);
    let now = Instant::now();
    let start = Barrier::new(2);
    let got: usize = thread::scope(|scope| {
        let take = || {
            start.wait();
            let all = (0..4).flat_map(|_| 0..2_000u32);
            all.filter(|key| keyed.try_acquire_at(now, key, 1).is_ok())
                .count()
        };
        let other = scope.spawn(take);
        take() + other.join().unwrap()
    });
    assert_eq!(got, 3 * 2_000);
    assert_eq!(keyed.stats().keys, 2_000);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_one_key_minds_no_other() {
    let start = Instant::now();
    let keyed = KeyedRateLimiter::<String>::new(QUOTA, 10);
    keyed.acquire("a", 3).await.unwrap();
    let (mut first, mut second) = (pin!(keyed.acquire("a", 2)), pin!(keyed.acquire("a", 1)));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut cx).is_pending());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    keyed.acquire("b", 3).await.unwrap();
    assert_eq!(start.elapsed(), ms(0));
    // Nobody overtakes those of the same key.
    assert_eq!(
        keyed.try_acquire("a", 1),
        Err(TryAcquireError::TooSoon {
            retry_after: ms(40)
        })
    );
    assert_eq!(keyed.stats().keys_waited_for, 1);
    second.await.unwrap();
    assert_eq!(start.elapsed(), ms(30));
    assert_eq!(first.await, Ok(()));
    // The line goes when it is next looked at.
    assert!(keyed.try_acquire("a", 1).is_err());
    assert_eq!(keyed.stats().keys_waited_for, 0);
    assert_eq!(
        keyed.acquire("a", 4).await,
        Err(AcquireError::TooMany { burst: 3 })
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_waited_for_is_not_forgotten() {
    let keyed = KeyedRateLimiter::<u8>::new(QUOTA, 1);
    keyed.try_acquire(&1, 3).unwrap();
    let mut wait = Box::pin(keyed.acquire(&1, 3));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(wait.as_mut().poll(&mut cx).is_pending());
    advance(ms(300)).await;
    tokio::task::yield_now().await;
    // It has been given its permits, which it has not taken: they are given back when it goes.
    assert_eq!(
        keyed.acquire(&2, 1).await,
        Err(AcquireError::Crowded {
            retry_after: ms(30)
        })
    );
    drop(wait);
    assert_eq!(keyed.acquire(&2, 1).await, Ok(()));
}

/// *Strict*, as the limit without keys.
#[tokio::test(start_paused = true)]
async fn dropped_at_every_poll_it_is_as_if_it_had_not_come() {
    for polls in 0..=6 {
        let start = Instant::now();
        let keyed = KeyedRateLimiter::<u8>::new(QUOTA, 10);
        keyed.try_acquire(&1, 3).unwrap();
        let mut victim = Box::pin(keyed.acquire(&1, 2));
        let mut behind = pin!(keyed.acquire(&1, 2));
        let mut got = false;
        for poll in 0..polls {
            if poll > 0 {
                advance(ms(5)).await;
                tokio::task::yield_now().await;
            }
            let mut cx = Context::from_waker(Waker::noop());
            got = matches!(victim.as_mut().poll(&mut cx), Poll::Ready(Ok(())));
            if got {
                break;
            }
            if poll == 0 {
                assert!(behind.as_mut().poll(&mut cx).is_pending());
            }
        }
        drop(victim);
        behind.await.unwrap();
        let due = if got { ms(40) } else { ms(20) };
        assert_eq!(start.elapsed(), due, "dropped after {polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn another_quota_reaches_those_who_wait() {
    let start = Instant::now();
    let keyed = KeyedRateLimiter::<u8>::new(QUOTA, 10);
    keyed.try_acquire(&1, 3).unwrap();
    keyed.try_acquire(&2, 3).unwrap();
    let mut wait = pin!(keyed.acquire(&1, 3));
    assert!(
        wait.as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    keyed.set_quota(Quota::every(ms(1)).with_burst(3));
    wait.await.unwrap();
    assert_eq!(start.elapsed(), ms(3));
    assert!(keyed.try_acquire(&2, 3).is_ok());
    assert_eq!(keyed.quota().interval(), ms(1));
}

#[test]
#[should_panic(expected = "keeps no keys")]
fn no_room_at_all_is_refused() {
    KeyedRateLimiter::<u8>::new(QUOTA, 0);
}

/// Two changes at once, of which one is in the middle of telling those who are waited for: the other's waker makes it.
#[tokio::test(start_paused = true)]
async fn of_two_changes_at_once_the_last_is_in_force_for_all() {
    struct Changes(KeyedRateLimiter<u32>, AtomicBool);
    impl Wake for Changes {
        fn wake(self: Arc<Self>) {
            if !self.1.swap(true, Relaxed) {
                self.0
                    .set_quota(Quota::every(Duration::from_secs(10)).with_burst(2));
            }
        }
    }
    let keyed = KeyedRateLimiter::new(Quota::per_hour(1), 1000);
    let changes = Arc::new(Changes(keyed, AtomicBool::new(false)));
    let keyed = &changes.0;
    let waker = Waker::from(changes.clone());
    let mut waiters = Vec::new();
    for key in &[0, 1] {
        keyed.try_acquire(key, 1).unwrap();
        for _ in 0..2 {
            let mut waiter = Box::pin(keyed.acquire(key, 1));
            let polled = waiter.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            waiters.push(waiter);
        }
    }
    // Serves the first of each key.
    keyed.set_quota(Quota::every(Duration::from_secs(1)).with_burst(2));
    assert_eq!(keyed.quota().interval(), Duration::from_secs(10));
    let retry_after = Duration::from_secs(20);
    for key in &[0, 1] {
        assert_eq!(
            keyed.try_acquire(key, 1),
            Err(TryAcquireError::TooSoon { retry_after }),
            "{key}"
        );
    }
}

/// It waits in the same line as those that borrow, and leaves it when it is dropped.
#[tokio::test(start_paused = true)]
async fn an_owned_future_waits_as_others_do() {
    let start = Instant::now();
    let limiter = Arc::new(KeyedRateLimiter::<String>::new(QUOTA, 10));
    limiter.try_acquire("a", 3).unwrap();
    let mut dropped = Box::pin(limiter.acquire_owned("a".to_owned(), 3));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(dropped.as_mut().poll(&mut cx).is_pending());
    let first = tokio::spawn(limiter.acquire_owned(format!("{}", 'a'), 1));
    tokio::task::yield_now().await;
    let second = limiter.acquire("a", 1);
    drop(dropped);
    second.await.unwrap();
    assert_eq!(start.elapsed(), ms(20));
    assert!(first.is_finished());
    assert_eq!(first.await.unwrap(), Ok(()));
    let too_many = limiter.acquire_owned("a".to_owned(), 4).await;
    assert_eq!(too_many, Err(AcquireError::TooMany { burst: 3 }));
}
