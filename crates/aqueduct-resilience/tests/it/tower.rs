//! Retries as middleware.

use std::collections::VecDeque;
use std::error::Error;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use aqueduct_resilience::RetryErrorKind::{BudgetEmpty, Exhausted, NotRetryable, TotalElapsed};
use aqueduct_resilience::{
    Backoff, Failure, Retry, RetryBudget, RetryFuture, RetryLayer, RetryService,
};
use tokio::time::{Instant, advance, sleep};
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimit;
use tower::util::BoxCloneService;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::{Failed, doubling, exact, ms};

/// A service that is strict: it answers who was told that it is ready, and nobody else. All clones share the counts.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
    shared: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// What it answers, and how long that takes.
    answers: Mutex<VecDeque<(u64, Result<u32, Failed>)>>,
    /// How often it says that it is not ready before it is.
    unready: AtomicU32,
    /// What makes it fail for good.
    broken: AtomicU32,
    calls: AtomicU32,
    alive: AtomicU32,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self {
            ready: false,
            shared: self.shared.clone(),
        }
    }
}

impl Service<u32> for Strict {
    type Response = u32;
    type Error = Failed;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<u32, Failed>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        if self.shared.broken.load(Relaxed) > 0 {
            return Poll::Ready(Err(Failed(99)));
        }
        let unready = self.shared.unready.load(Relaxed);
        if unready > 0 {
            self.shared.unready.store(unready - 1, Relaxed);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        assert!(self.ready, "it was called without being ready");
        self.ready = false;
        let shared = self.shared.clone();
        shared.calls.fetch_add(1, Relaxed);
        shared.alive.fetch_add(1, Relaxed);
        let guard = Alive(shared.clone());
        let answer = shared.answers.lock().unwrap().pop_front();
        Box::pin(async move {
            let _guard = guard;
            let (takes, answer) = answer.unwrap_or((0, Err(Failed(0))));
            sleep(ms(takes)).await;
            answer.map(|answer| answer + request)
        })
    }
}

struct Alive(Arc<Counts>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Relaxed);
    }
}

fn strict(answers: impl IntoIterator<Item = (u64, Result<u32, Failed>)>) -> Strict {
    let strict = Strict::default();
    *strict.shared.answers.lock().unwrap() = answers.into_iter().collect();
    strict
}

const NO: (u64, Result<u32, Failed>) = (0, Err(Failed(1)));

#[tokio::test(start_paused = true)]
async fn each_try_is_of_a_service_that_is_ready() {
    let service = strict([NO, NO, (0, Ok(40))]);
    let counts = service.shared.clone();
    let mut service = RetryLayer::new(doubling()).layer(service);
    let began = Instant::now();
    assert_eq!(service.ready().await.unwrap().call(2).await.unwrap(), 42);
    assert_eq!(began.elapsed(), ms(300));
    assert_eq!(counts.calls.load(Relaxed), 3);
    // It can be used again, and so can its clones, which are not ready just since it was.
    counts
        .answers
        .lock()
        .unwrap()
        .extend([NO, (0, Ok(1)), NO, (0, Ok(2))]);
    service.ready().await.unwrap();
    let mut other = service.clone();
    assert_eq!(service.call(0).await.unwrap(), 1);
    assert_eq!(other.ready().await.unwrap().call(0).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn how_it_ends() {
    let budget = RetryBudget::new(ms(1000), 1, 0.0);
    let cases = [
        (doubling().with_tries_max(3), Exhausted, 3, 300),
        (doubling().with_tries_max(1), Exhausted, 1, 0),
        (doubling().with_retry_if(|_| false), NotRetryable, 1, 0),
        (doubling().with_total_timeout(ms(150)), TotalElapsed, 2, 100),
        (doubling().with_budget(budget), BudgetEmpty, 2, 100),
    ];
    for (retry, kind, tries, took) in cases {
        let service = RetryLayer::new(retry).layer(strict([]));
        let error = service.oneshot(1).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.tries(), error.elapsed()),
            (kind, tries, ms(took))
        );
        assert_eq!(error.source().unwrap().downcast_ref(), Some(&Failed(0)));
    }
}

#[tokio::test(start_paused = true)]
async fn time_limits_and_what_they_cut_off() {
    let service = strict([(60, Ok(1)), (60, Ok(1)), (40, Ok(1))]);
    let counts = service.shared.clone();
    let retry = doubling().with_try_timeout(ms(50));
    let began = Instant::now();
    let service = RetryLayer::new(retry).layer(service);
    assert_eq!(service.oneshot(0).await.unwrap(), 1);
    assert_eq!(began.elapsed(), ms(50 + 100 + 50 + 200 + 40));
    assert_eq!(counts.alive.load(Relaxed), 0);
    let service = strict([(80, Ok(1))]);
    let counts = service.shared.clone();
    let mut service = RetryLayer::new(doubling().with_total_timeout(ms(70))).layer(service);
    let mut call = pin!(service.ready().await.unwrap().call(0));
    let error = call.as_mut().await.unwrap_err();
    // It is let go of when it ends, not with the future.
    assert_eq!(counts.alive.load(Relaxed), 0);
    assert_eq!((error.kind(), error.elapsed()), (TotalElapsed, ms(70)));
    assert!(error.last().is_none());
}

#[tokio::test(start_paused = true)]
async fn readiness_is_waited_for_and_is_part_of_the_try() {
    let service = strict([NO, (0, Ok(7))]);
    let counts = service.shared.clone();
    let mut service = RetryLayer::new(doubling()).layer(service);
    counts.unready.store(3, Relaxed);
    let call = service.ready().await.unwrap().call(0);
    counts.unready.store(3, Relaxed);
    assert_eq!(call.await.unwrap(), 7);
    // One that is never ready again takes the whole time of its try.
    let service = strict([NO]);
    let inner = ConcurrencyLimit::new(service, 1);
    let mut other = inner.clone();
    let retry = doubling().with_try_timeout(ms(30)).with_tries_max(2);
    let mut service = RetryLayer::new(retry).layer(inner);
    let call = service.ready().await.unwrap().call(0);
    let hold = async {
        // While it pauses, another takes its place.
        sleep(ms(10)).await;
        other.ready().await.unwrap();
        sleep(ms(1000)).await;
    };
    let (result, ()) = tokio::join!(call, hold);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.elapsed()), (Exhausted, ms(130)));
    assert_eq!(error.last(), Some(&Failure::TimedOut(ms(30))));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_broke_says_so() {
    let service = strict([NO]);
    let counts = service.shared.clone();
    let mut service = RetryLayer::new(doubling().with_tries_max(2)).layer(service);
    let call = service.ready().await.unwrap().call(0);
    counts.broken.store(1, Relaxed);
    let error = call.await.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (Exhausted, 2));
    assert_eq!(error.into_last_error(), Some(Failed(99)));
    let error = service.ready().await.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (NotRetryable, 0));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_copied_is_tried_once() {
    let even = |request: &u32| request.is_multiple_of(2).then_some(*request);
    let layer = RetryLayer::with_clone_request(doubling(), even);
    let service = layer.layer(strict([NO, (0, Ok(0)), NO, NO]));
    assert_eq!(service.clone().oneshot(2).await.unwrap(), 2);
    let error = service.clone().oneshot(1).await.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (NotRetryable, 1));
    // One try is what there may be: it makes no difference that it could not be copied.
    let layer = RetryLayer::with_clone_request(doubling().with_tries_max(1), |_| None);
    let error = layer.layer(strict([])).oneshot(1).await.unwrap_err();
    assert_eq!(error.kind(), Exhausted);
}

#[tokio::test(start_paused = true)]
async fn no_more_copies_than_tries() {
    let copies = Arc::new(AtomicU32::new(0));
    let counted = copies.clone();
    let layer = RetryLayer::with_clone_request(doubling().with_tries_max(3), move |request| {
        counted.fetch_add(1, Relaxed);
        Some(*request)
    });
    layer.layer(strict([])).oneshot(1).await.unwrap_err();
    assert_eq!(copies.load(Relaxed), 2);
}

/// A failure that is a response: made an error below, and the response is in it.
#[tokio::test]
async fn under_a_buffer_and_over_others() {
    let statuses = Arc::new(Mutex::new(vec![200, 503, 503]));
    let retry = Retry::new(Backoff::none());
    let service = ServiceBuilder::new()
        .layer(RetryLayer::<u32, u16>::new(retry))
        .map_result(|answer: Result<u16, u16>| match answer? {
            status @ 500.. => Err(status),
            status => Ok(status),
        })
        .concurrency_limit(1)
        .service(service_fn(move |_: u32| {
            let status = statuses.lock().unwrap().pop().unwrap_or(500);
            async move { Ok(status) }
        }));
    let service = BoxCloneService::new(service.map_err(|error| error.to_string()));
    let mut buffer = Buffer::new(service, 4);
    assert_eq!(buffer.ready().await.unwrap().call(1).await.unwrap(), 200);
    let error = buffer.ready().await.unwrap().call(1).await.unwrap_err();
    assert!(
        error.to_string().starts_with("gave up after 3 tries"),
        "{error}"
    );
}

/// Without pauses, others get their turn.
#[tokio::test]
async fn without_pauses_it_yields() {
    let retry = Retry::new(Backoff::none()).with_unlimited_tries();
    let endless = RetryLayer::new(retry).layer(strict([])).oneshot(1);
    tokio::select! {
        biased;
        _ = endless => unreachable!("it never succeeds"),
        () = sleep(ms(5)) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_at_every_poll() {
    let mut most = 0;
    for polls in 0..40 {
        let budget = RetryBudget::new(ms(3_600_000), 1, 0.0);
        let answer = (30, Err(Failed(1)));
        let service = strict([answer, answer, answer, answer]);
        let counts = service.shared.clone();
        let retry = Retry::new(exact(100)).with_budget(budget.clone());
        let mut service = RetryLayer::new(retry).layer(service);
        {
            let mut call = pin!(service.ready().await.unwrap().call(0));
            for _ in 0..polls {
                let mut cx = Context::from_waker(Waker::noop());
                if call.as_mut().poll(&mut cx).is_ready() {
                    break;
                }
                advance(ms(20)).await;
            }
        }
        assert_eq!(counts.alive.load(Relaxed), 0, "{polls}");
        let calls = counts.calls.load(Relaxed);
        let stats = budget.stats(Instant::now());
        assert_eq!(
            (stats.requests, stats.retries),
            (1, u64::from(calls - 1)),
            "{polls}"
        );
        most = most.max(calls);
    }
    assert_eq!(most, 3);
}

#[test]
fn auto_traits() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<RetryLayer<u32, Failed>>();
    sync::<RetryLayer<u32, Failed>>();
    send::<RetryService<Strict, u32, Failed>>();
    sync::<RetryService<Strict, u32, Failed>>();
    send::<RetryFuture<Strict, u32>>();
}
