//! Limiters, under a paused clock.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_backpressure::limit::{
    Algorithm, Fixed, Limiter, Priority, Queue, Rejected, Request, Step, Window,
};
use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_permit_comes_back_once_however_it_goes() {
    let limiter = Limiter::builder().limit(5).build();
    let take = || limiter.try_acquire().unwrap();
    let permits = [take(), take(), take(), take(), take()];
    assert_eq!(limiter.try_acquire().unwrap_err(), Rejected::Full);
    let [success, failure, neither, dropped, last] = permits;
    success.success();
    failure.failure();
    neither.ignore();
    drop(dropped);
    assert_eq!(limiter.in_flight(), 1);
    drop(last);
    let owned = |_| limiter.try_acquire_owned(Request::new()).unwrap();
    let mut owned: Vec<_> = (0..4).map(owned).collect();
    owned.pop().unwrap().success();
    owned.pop().unwrap().failure();
    owned.pop().unwrap().ignore();
    drop(owned);
    assert_eq!(limiter.in_flight(), 0);
    assert_eq!(limiter.stats().rejected.full, 1);
}

#[test]
fn an_owned_permit_outlives_its_limiter() {
    let limiter = Limiter::fixed(1);
    let permit = limiter.try_acquire_owned(Request::new()).unwrap();
    drop(limiter);
    permit.success();
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_let_in_in_order() {
    let limiter = Limiter::fixed(1);
    let held = limiter.try_acquire().unwrap();
    let order = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for place in 0..5 {
        let (limiter, order) = (limiter.clone(), order.clone());
        tasks.push(tokio::spawn(async move {
            let permit = limiter.acquire().await.unwrap();
            assert_eq!(order.fetch_add(1, Ordering::Relaxed), place);
            permit.success();
        }));
        yield_now().await;
    }
    assert_eq!(limiter.stats().queued, 5);
    held.success();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_important_are_let_in_first() {
    let limiter = Limiter::fixed(1);
    let held = limiter.try_acquire().unwrap();
    let mut low = pin!(limiter.acquire_for(Request::new().with_priority(Priority::Low)));
    let mut high = pin!(limiter.acquire_for(Request::new().with_priority(Priority::High)));
    assert!(poll_once(low.as_mut()).is_pending());
    assert!(poll_once(high.as_mut()).is_pending());
    drop(held);
    assert!(poll_once(low.as_mut()).is_pending());
    assert!(poll_once(high.as_mut()).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_ends_the_wait() {
    let limiter = Limiter::fixed(1);
    let held = limiter.try_acquire().unwrap();
    let began = Instant::now();
    let rejected = limiter.acquire_timeout(ms(50)).await.unwrap_err();
    assert_eq!(rejected, Rejected::Elapsed);
    assert_eq!(began.elapsed(), ms(50));
    let stats = limiter.stats();
    assert_eq!((stats.rejected.elapsed, stats.queued), (1, 0));
    drop(held);
    assert!(limiter.acquire_timeout(ms(50)).await.is_ok());
    let owned = limiter
        .acquire_owned(Request::new().with_timeout(ms(50)))
        .await;
    assert!(owned.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_line_can_be_full_or_absent() {
    let limiter = Limiter::builder().limit(1).queue(Queue::fifo(1)).build();
    let _held = limiter.try_acquire().unwrap();
    let mut first = pin!(limiter.acquire());
    assert!(poll_once(first.as_mut()).is_pending());
    assert_eq!(limiter.acquire().await.unwrap_err(), Rejected::QueueFull);
    let limiter = Limiter::builder().limit(1).queue(Queue::none()).build();
    let _held = limiter.try_acquire().unwrap();
    assert_eq!(limiter.acquire().await.unwrap_err(), Rejected::Full);
}

/// Dropped before its first poll, in line, after the grant, and with the permit in hand: no permit is lost, and the next in
/// line has it.
#[tokio::test(start_paused = true)]
async fn an_acquire_can_be_dropped_at_every_poll() {
    for owned in [false, true] {
        for polls in 0..4 {
            let limiter = Limiter::builder().limit(1).build();
            let held = limiter.try_acquire().unwrap();
            let request = Request::new().with_timeout(ms(1_000));
            let mut next = pin!(limiter.acquire());
            {
                let borrowed = async { drop(limiter.acquire_for(request).await.unwrap()) };
                let moved = async { drop(limiter.acquire_owned(request).await.unwrap()) };
                let mut borrowed = pin!(borrowed);
                let mut moved = pin!(moved);
                let mut held = Some(held);
                for poll in 0..polls {
                    if poll == 2 {
                        // It is granted, and not polled.
                        drop(held.take());
                    }
                    if poll < 3 {
                        let polled = if owned {
                            poll_once(moved.as_mut())
                        } else {
                            poll_once(borrowed.as_mut())
                        };
                        assert_eq!(polled.is_ready(), poll == 2, "poll {poll}");
                    }
                    if poll == 1 {
                        assert!(poll_once(next.as_mut()).is_pending());
                    }
                    if polls == 2 && poll == 1 {
                        drop(held.take());
                    }
                }
                drop(held.take());
            }
            let permit = next.await.unwrap();
            assert_eq!(limiter.in_flight(), 1);
            drop(permit);
            assert_eq!((limiter.in_flight(), limiter.stats().queued), (0, 0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_has_its_share_whatever_others_do() {
    let limiter = Limiter::builder().limit(10).partitions(&[0.3, 0.5]).build();
    let of = |partition| Request::new().with_partition(partition);
    let greedy: Vec<_> = std::iter::from_fn(|| limiter.try_acquire_for(of(1)).ok()).collect();
    assert_eq!(greedy.len(), 10);
    let own: Vec<_> = std::iter::from_fn(|| limiter.try_acquire_for(of(0)).ok()).collect();
    assert_eq!(own.len(), 3);
    assert_eq!((limiter.in_flight_of(0), limiter.in_flight_of(1)), (3, 10));
    drop((greedy, own));
    assert_eq!(limiter.in_flight(), 0);
}

#[test]
#[should_panic(expected = "there is no partition 2 of 2")]
fn a_partition_has_to_exist() {
    let limiter = Limiter::builder().partitions(&[0.3, 0.5]).build();
    let _ = limiter.try_acquire_for(Request::new().with_partition(2));
}

#[test]
#[should_panic(expected = "more than there is")]
fn shares_are_parts_of_one() {
    let _ = Limiter::builder().partitions(&[0.7, 0.7]).build();
}

#[test]
#[should_panic(expected = "a limit of 0")]
fn no_limit_is_zero() {
    let _ = Limiter::fixed(0);
}

#[test]
fn a_limit_set_by_hand_is_worked_off() {
    let limiter = Limiter::fixed(3);
    let mut held: Vec<_> = (0..3).map(|_| limiter.try_acquire().unwrap()).collect();
    limiter.set_limit(1);
    assert_eq!((limiter.limit(), limiter.in_flight()), (1, 3));
    for _ in 0..2 {
        held.pop();
        assert!(limiter.try_acquire().is_err());
    }
    held.pop();
    assert!(limiter.try_acquire().is_ok());
}

#[test]
fn a_fixed_limit_can_be_set_beyond_what_an_adaptive_one_may_find() {
    let limiter = Limiter::fixed(20);
    limiter.set_limit(2000);
    assert_eq!(limiter.limit(), 2000);
    let adaptive = Limiter::new();
    adaptive.set_limit(2000);
    assert_eq!(adaptive.limit(), 1000);
    let bounded = Limiter::builder().algorithm(Fixed).limit_max(50).build();
    bounded.set_limit(2000);
    assert_eq!(bounded.limit(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_future_that_has_said_elapsed_is_out_of_line() {
    let limiter = Limiter::fixed(1);
    let held = limiter.try_acquire().unwrap();
    let mut late = pin!(limiter.acquire_owned(Request::new().with_timeout(ms(10))));
    assert_eq!(late.as_mut().await.unwrap_err(), Rejected::Elapsed);
    assert_eq!(limiter.stats().queued, 0, "it is still in scope");
    drop(held);
    assert!(limiter.try_acquire().is_ok());
    assert_eq!(limiter.stats().rejected.elapsed, 1, "counted once");
}

#[tokio::test(start_paused = true)]
async fn codel_cuts_the_line_of_a_slow_limiter() {
    let builder = Limiter::builder().algorithm(Fixed).limit(1);
    let limiter = builder.queue(Queue::codel(1000)).build();
    // Ten come each second, and one is done.
    for number in 0..600 {
        let limiter = limiter.clone();
        tokio::spawn(async move {
            sleep(ms(100 * number)).await;
            if let Ok(_permit) = limiter.acquire().await {
                sleep(ms(1000)).await;
            }
        });
    }
    sleep(ms(60_000)).await;
    let stats = limiter.stats();
    assert!(
        stats.rejected.delayed > 400 && stats.queued < 50,
        "{stats:?}"
    );
}

/// Says what windows it was shown.
#[derive(Debug)]
struct Shows(Arc<std::sync::Mutex<Vec<Window>>>);

impl Algorithm for Shows {
    fn step(&mut self, limit: f64, window: &Window) -> f64 {
        self.0.lock().unwrap().push(window.clone());
        limit + 1.0
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_is_stepped_once() {
    let shown = Arc::default();
    let limiter = Limiter::builder()
        .algorithm(Shows(Arc::clone(&shown)))
        .limit(4)
        .window(ms(100))
        .samples_min(3)
        .build();
    for _ in 0..3 {
        let permit = limiter.try_acquire().unwrap();
        advance(ms(20)).await;
        permit.success();
    }
    // Not recorded.
    drop(limiter.try_acquire().unwrap());
    limiter.try_acquire().unwrap().ignore();
    assert!(shown.lock().unwrap().is_empty(), "60 ms");
    let other = limiter.try_acquire().unwrap();
    let permit = limiter.try_acquire().unwrap();
    advance(ms(60)).await;
    permit.failure();
    assert_eq!(limiter.limit(), 5);
    for _ in 0..5 {
        limiter.try_acquire().unwrap().success();
    }
    assert_eq!(limiter.limit(), 5, "the next window has only begun");
    drop(other);

    let windows = shown.lock().unwrap().clone();
    let [window] = &windows[..] else {
        panic!("{windows:?}");
    };
    assert_eq!((window.samples, window.drops), (3, 1));
    assert_eq!(window.in_flight_max, 2);
    assert_eq!(window.rtt_mean, ms(20));
    assert_eq!(window.length, ms(120));
    let stats = limiter.stats();
    assert_eq!((stats.windows, stats.step), (1, Step::Raised));
    assert_eq!(stats.latency, Some(ms(20)));
}

#[derive(Debug)]
struct Panics;

impl Algorithm for Panics {
    fn step(&mut self, _: f64, _: &Window) -> f64 {
        panic!("of the algorithm")
    }
}

#[tokio::test(start_paused = true)]
async fn an_algorithm_that_panics_keeps_no_permit() {
    let limiter = Limiter::builder().algorithm(Panics).samples_min(1).build();
    for _ in 0..2 {
        advance(ms(200)).await;
        let permit = limiter.try_acquire().unwrap();
        let panicked = std::panic::catch_unwind(|| permit.success());
        assert!(panicked.is_err());
        assert_eq!(limiter.in_flight(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_lowers_its_limit_before_a_slow_service() {
    // When it probes must not hang on the time of the day.
    let limiter = Limiter::builder().clock(Duration::ZERO).build();
    // A service of two slots, 20 ms each, and fifty who want it all the time.
    let slots = Limiter::fixed(2);
    for _ in 0..50 {
        let (limiter, slots) = (limiter.clone(), slots.clone());
        tokio::spawn(async move {
            loop {
                let permit = limiter.acquire().await.unwrap();
                let slot = slots.acquire().await.unwrap();
                sleep(ms(20)).await;
                drop(slot);
                permit.success();
            }
        });
    }
    // All of them are there from the beginning, so it has seen nothing but their queue: it takes some probes to see less.
    sleep(Duration::from_secs(180)).await;
    let limit = limiter.limit();
    assert!((2..12).contains(&limit), "{limit} for two slots");
}

#[test]
fn threads_never_exceed_the_limit_and_lose_nothing() {
    let limiter = Limiter::builder()
        .limit(3)
        .limit_max(3)
        .window(ms(1))
        .build();
    let inside = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (limiter, inside) = (&limiter, &inside);
            scope.spawn(move || {
                for round in 0..20_000 {
                    let Ok(permit) = limiter.try_acquire() else {
                        std::thread::yield_now();
                        continue;
                    };
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 3);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    match (round + thread) % 3 {
                        0 => permit.success(),
                        1 => permit.ignore(),
                        _ => drop(permit),
                    }
                }
            });
        }
    });
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_that_wait_and_give_up_lose_nothing() {
    let limiter = Limiter::builder().limit(2).queue(Queue::lifo(50)).build();
    let mut tasks = Vec::new();
    for task in 0..64u64 {
        let limiter = limiter.clone();
        tasks.push(tokio::spawn(async move {
            for round in 0..50 {
                let limit = Duration::from_micros(50 * ((task + round) % 7));
                if let Ok(permit) = limiter.acquire_timeout(limit).await {
                    yield_now().await;
                    permit.success();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let stats = limiter.stats();
    assert_eq!((stats.in_flight, stats.queued), (0, 0));
}
