//! Layers for tower.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_backpressure::rate::tower::{RateLimitError, RateLimitLayer};
use aqueduct_backpressure::rate::{Quota, RateLimiter, TryAcquireError};
use aqueduct_backpressure::shed::tower::{Class, ShedError, ThrottleLayer, UtilisationLayer};
use aqueduct_backpressure::shed::{Priority, Shed, Throttle, Utilisation};
use tokio::time::{Instant, advance};
use tower::{Layer, Service, ServiceExt, service_fn};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn echo(n: u32) -> Ready<Result<u32, Infallible>> {
    ready(Ok(n))
}

fn limiter(burst: u32) -> RateLimiter {
    RateLimiter::new(Quota::every(ms(10)).with_burst(burst))
}

/// Whether it is ready now.
fn is_ready<S: Service<u32>>(service: &mut S) -> bool {
    let polled = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    matches!(polled, Poll::Ready(Ok(())))
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_soon_is_rejected_by_call_and_by_all_clones() {
    let layer = RateLimitLayer::rejecting(limiter(2));
    let mut one = layer.layer(service_fn(echo));
    let mut two = one.clone();
    let mut three = layer.layer(service_fn(echo));
    assert_eq!(one.ready().await.unwrap().call(1).await, Ok(1));
    assert_eq!(two.ready().await.unwrap().call(2).await, Ok(2));
    // Ready, since the next request might come later.
    let rejected = three.ready().await.unwrap().call(3).await;
    let retry_after = ms(10);
    assert_eq!(
        rejected,
        Err(RateLimitError::Rejected(TryAcquireError::TooSoon {
            retry_after
        }))
    );
    advance(retry_after).await;
    assert_eq!(one.ready().await.unwrap().call(4).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_waits_is_ready_when_a_request_may_come() {
    let start = Instant::now();
    let layer = RateLimitLayer::waiting(limiter(1));
    let mut service = layer.layer(service_fn(echo));
    for n in 0..5 {
        assert_eq!(service.ready().await.unwrap().call(n).await, Ok(n));
        assert_eq!(start.elapsed(), ms(10) * n);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clone_has_no_permit_and_one_that_is_dropped_gives_it_back() {
    let limiter = limiter(1);
    let mut ready = RateLimitLayer::waiting(limiter.clone()).layer(service_fn(echo));
    assert!(is_ready(&mut ready) && is_ready(&mut ready));
    let mut clone = ready.clone();
    assert!(!is_ready(&mut clone));
    assert_eq!(limiter.stats().waiting, 1);
    // The one that was readied is dropped without a call: the clone has its permit.
    drop(ready);
    assert!(is_ready(&mut clone));
    assert_eq!(clone.call(1).await, Ok(1));
    // One that waits and goes away leaves the line.
    assert!(!is_ready(&mut clone));
    drop(clone);
    assert_eq!(limiter.stats().waiting, 0);
    advance(ms(10)).await;
    assert!(limiter.try_acquire(1).is_ok());
}

/// The permit stays while the inner service makes ready.
#[tokio::test(start_paused = true)]
async fn the_inner_services_readiness_counts() {
    let limiter = limiter(1);
    let (mock, mut handle) = tower_test::mock::pair::<u32, u32>();
    let mut service = RateLimitLayer::waiting(limiter.clone()).layer(mock);
    handle.allow(0);
    assert!(!is_ready(&mut service));
    assert_eq!(limiter.available(), 0);
    handle.allow(1);
    assert!(is_ready(&mut service));
    let mut response = pin!(service.call(7));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(response.as_mut().poll(&mut cx).is_pending());
    let (request, reply) = handle.next_request().await.unwrap();
    reply.send_response(request + 1);
    assert_eq!(response.await.unwrap(), 8);
}

/// `Buffer` boxes errors and shares one service: rejections reach who asked, and the service lives on.
#[tokio::test(start_paused = true)]
async fn a_rejection_does_not_kill_a_buffer() {
    let service = RateLimitLayer::rejecting(limiter(1)).layer(service_fn(echo));
    let mut buffer = tower::buffer::Buffer::new(service, 8);
    assert_eq!(buffer.ready().await.unwrap().call(1).await.unwrap(), 1);
    let error = buffer.ready().await.unwrap().call(2).await.unwrap_err();
    assert!(error.to_string().contains("too soon"), "{error}");
    advance(ms(10)).await;
    assert_eq!(buffer.ready().await.unwrap().call(3).await.unwrap(), 3);
}

#[tokio::test]
async fn a_busy_server_sheds_by_priority_and_counts_until_the_response() {
    let load = Utilisation::new(1)
        .with_thresholds(0.5, 1.5)
        .with_time_constant(Duration::ZERO);
    let layer = UtilisationLayer::new(load.clone()).prioritise(|n: &u32| match n {
        0 => Priority::Low,
        _ => Priority::Critical,
    });
    let (mock, mut handle) = tower_test::mock::pair::<u32, u32>();
    handle.allow(3);
    let mut service = layer.layer(mock);
    let first = service.ready().await.unwrap().call(1);
    assert_eq!(load.stats().in_flight, 1);
    // Half is shed at one of one: all of the least important, none of the most.
    let shed = service.ready().await.unwrap().call(0).await;
    assert!(matches!(
        shed.unwrap_err(),
        ShedError::Shed(Shed::Utilisation { load: 1.0 })
    ));
    let second = service.clone().ready().await.unwrap().call(2);
    assert_eq!(load.stats().in_flight, 2);
    drop(second);
    let (_, reply) = handle.next_request().await.unwrap();
    reply.send_response(9);
    let response = first.await;
    assert!(matches!(response, Ok(9)));
    assert_eq!(load.stats().in_flight, 0);
}

#[tokio::test]
async fn a_client_learns_from_results_and_leaves_calls_out() {
    let throttle = Throttle::new();
    let layer = ThrottleLayer::new(
        throttle.clone(),
        |result: &Result<u16, Infallible>| match result {
            Ok(503) => Class::Rejected,
            Ok(404) | Err(_) => Class::Ignore,
            Ok(_) => Class::Accepted,
        },
    );
    let mut service = layer.layer(service_fn(|status: u16| ready(Ok::<_, Infallible>(status))));
    let mut clone = service.clone();
    for status in [200, 200, 404, 503] {
        assert_eq!(
            service.ready().await.unwrap().call(status).await,
            Ok(status)
        );
    }
    drop(clone.ready().await.unwrap().call(200));
    let stats = throttle.stats();
    assert_eq!((stats.requests, stats.accepts), (3, 2));
    let mut shed = 0;
    for _ in 0..1_000 {
        match clone.ready().await.unwrap().call(503).await {
            Err(ShedError::Shed(Shed::Throttled { .. })) => shed += 1,
            other => assert_eq!(other, Ok(503)),
        }
    }
    assert!((700..1_000).contains(&shed), "{shed}");
    assert_eq!(throttle.stats().throttled, shed);
}

/// Permits that were got long ago are none: time has given them to others since.
#[tokio::test(start_paused = true)]
async fn services_that_were_readied_long_ago_do_not_exceed_the_rate() {
    let layer = RateLimitLayer::waiting(limiter(1));
    let mut services: Vec<_> = (0..20).map(|_| layer.layer(service_fn(echo))).collect();
    for service in &mut services {
        service.ready().await.unwrap();
    }
    advance(ms(1_000)).await;
    let mut called = 0;
    for service in &mut services {
        match service.call(1).await {
            Ok(_) => called += 1,
            Err(error) => assert!(matches!(error, RateLimitError::Rejected(_))),
        }
    }
    assert_eq!(called, 1);
    // Readied again, they wait for their turn.
    let start = Instant::now();
    for n in 1..4 {
        let service = services[0].ready().await.unwrap();
        assert_eq!(service.call(n).await, Ok(n));
        assert_eq!(start.elapsed(), ms(10) * n);
    }
    let ready = services[1].ready().await.unwrap();
    advance(ms(1_000)).await;
    ready.ready().await.unwrap();
    assert_eq!(ready.call(7).await, Ok(7));
}
