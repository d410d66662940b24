//! The layer.

use std::task::Poll;
use std::time::Duration;

use aqueduct_backpressure::limit::tower::{Class, LimitError, LimitLayer, Limited};
use aqueduct_backpressure::limit::{Aimd, Limiter, Rejected};
use tokio::time::advance;
use tower::buffer::Buffer;
use tower::{Layer, Service, ServiceExt};
use tower_test::{assert_request_eq, mock};

type Mock = mock::Mock<&'static str, &'static str>;

fn limited(limiter: &Limiter) -> (Limited<Mock>, mock::Handle<&'static str, &'static str>) {
    let (service, handle) = mock::pair();
    (LimitLayer::new(limiter.clone()).layer(service), handle)
}

#[tokio::test]
async fn it_rejects_in_call_and_stays_ready() {
    let limiter = Limiter::fixed(1);
    let (mut service, mut handle) = limited(&limiter);
    handle.allow(3);
    let first = service.ready().await.unwrap().call("first");
    assert_eq!(limiter.in_flight(), 1);
    let second = service
        .ready()
        .await
        .expect("it is ready still")
        .call("second");
    assert!(matches!(
        second.await,
        Err(LimitError::Rejected(Rejected::Full))
    ));
    let first = tokio::spawn(first);
    assert_request_eq!(handle, "first").send_response("yes");
    assert_eq!(first.await.unwrap().unwrap(), "yes");
    assert_eq!(limiter.in_flight(), 0);
    let third = tokio::spawn(service.ready().await.unwrap().call("third"));
    assert_request_eq!(handle, "third").send_response("again");
    assert_eq!(third.await.unwrap().unwrap(), "again");
}

#[tokio::test]
async fn readiness_is_the_inner_services() {
    let limiter = Limiter::fixed(1);
    let (service, mut handle) = limited(&limiter);
    let mut service = tower_test::mock::Spawn::new(service);
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(matches!(service.poll_ready(), Poll::Ready(Ok(()))));
    assert_eq!(limiter.in_flight(), 0, "readiness takes nothing");
}

#[tokio::test]
async fn clones_share_the_limit() {
    let limiter = Limiter::fixed(2);
    let (service, mut handle) = limited(&limiter);
    handle.allow(8);
    let mut clones: Vec<_> = (0..4).map(|_| service.clone()).collect();
    for clone in &mut clones {
        clone.ready().await.unwrap();
    }
    let calls: Vec<_> = clones.iter_mut().map(|clone| clone.call("hello")).collect();
    assert_eq!(limiter.in_flight(), 2, "four were ready");
    assert_eq!(limiter.stats().rejected.full, 2);
    drop(calls);
    assert_eq!(limiter.in_flight(), 0, "cancelled");
}

#[tokio::test]
async fn a_rejection_does_not_kill_a_buffer() {
    let limiter = Limiter::fixed(1);
    let (service, mut handle) = limited(&limiter);
    let mut buffer = Buffer::new(service, 4);
    let held = limiter.try_acquire().unwrap();
    handle.allow(2);
    assert!(buffer.ready().await.unwrap().call("no").await.is_err());
    drop(held);
    let call = tokio::spawn(buffer.ready().await.expect("it lives").call("yes"));
    assert_request_eq!(handle, "yes").send_response("yes");
    assert_eq!(call.await.unwrap().unwrap(), "yes");
}

#[tokio::test(start_paused = true)]
async fn a_classifier_says_what_counts() {
    let limiter = Limiter::builder()
        .algorithm(Aimd::new())
        .samples_min(1)
        .limit(10)
        .build();
    let classify = |result: &Result<u16, &'static str>| match result {
        Ok(503) => Class::Failure,
        Ok(404) | Err(_) => Class::Ignore,
        Ok(_) => Class::Success,
    };
    let layer = LimitLayer::new(limiter.clone()).classify(classify);
    let mut service = layer.layer(tower::service_fn(
        |result: Result<u16, &'static str>| async move { result },
    ));
    let mut windows = Vec::new();
    for result in [Ok(404), Err("lost"), Ok(200), Ok(503)] {
        advance(Duration::from_millis(150)).await;
        let response = service.ready().await.unwrap().call(result).await;
        assert_eq!(response, result.map_err(LimitError::Inner));
        windows.push((limiter.stats().windows, limiter.limit()));
    }
    assert_eq!(windows, [(0, 10), (0, 10), (1, 10), (2, 9)]);
}
