//! What is told of a call that did not succeed.

use std::error::Error;

use aqueduct_cancel::CancelScope;
use aqueduct_resilience::{Backoff, Failure, Retry, RetryBudget, RetryError};

use crate::{Failed, Service, doubling, ms};

async fn fails(retry: Retry<Failed>, takes: u64) -> RetryError<Failed> {
    let service = Service::failing(9).taking(takes);
    retry.run(async || service.call().await).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn words_for_every_kind() {
    let error = fails(doubling().with_tries_max(3), 0).await;
    assert_eq!(
        error.to_string(),
        "gave up after 3 tries in 300.0ms: no tries are left"
    );
    let error = fails(doubling().with_retry_if(|_| false), 0).await;
    assert_eq!(
        error.to_string(),
        "gave up after 1 try in 0.0ns: the error is not one to retry"
    );
    let empty = RetryBudget::new(ms(1000), 0, 0.0);
    let error = fails(doubling().with_budget(empty), 0).await;
    assert_eq!(
        error.to_string(),
        "gave up after 1 try in 0.0ns: the retry budget is empty"
    );
    let error = fails(doubling().with_total_timeout(ms(50)), 0).await;
    assert_eq!(
        error.to_string(),
        "gave up after 1 try in 0.0ns: there is no time left"
    );
    let limited = doubling().with_try_timeout(ms(50)).with_tries_max(2);
    let error = fails(limited, 70).await;
    let words = "gave up after 2 tries in 200.0ms: no tries are left; the last to fail timed out after 50ms";
    assert_eq!(error.to_string(), words);
    assert!(error.source().is_none());
    let scope = CancelScope::new();
    scope.cancel();
    let error = doubling()
        .run_in(&scope, async || Ok(()))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "gave up after 0 tries in 0.0ns: cancelled"
    );
    assert!(error.source().unwrap().to_string().starts_with("cancelled"));
}

#[tokio::test(start_paused = true)]
async fn the_source_is_the_last_error() {
    let error = fails(doubling().with_tries_max(3), 0).await;
    let source = error.source().unwrap();
    assert_eq!(source.downcast_ref(), Some(&Failed(3)));
    assert_eq!(error.last(), Some(&Failure::Error(Failed(3))));
    assert_eq!(error.into_last(), Some(Failure::Error(Failed(3))));
}

#[tokio::test(start_paused = true)]
async fn errors_that_are_no_errors_serve_too() {
    let retry = Retry::<&str>::new(Backoff::none());
    let error = retry.run(async || Err::<(), _>("no")).await.unwrap_err();
    assert_eq!(
        (
            error.into_last_error(),
            retry.clone().run(async || Ok(1)).await.unwrap()
        ),
        (Some("no"), 1)
    );
}

#[test]
fn a_failure_speaks_for_its_error() {
    assert_eq!(Failure::Error(Failed(2)).to_string(), "failure 2");
    assert_eq!(
        Failure::<Failed>::TimedOut(ms(5)).to_string(),
        "timed out after 5ms"
    );
    assert_eq!(Failure::<Failed>::TimedOut(ms(5)).into_error(), None);
}

#[test]
fn policies_show_what_they_are() {
    let shown = format!("{:?}", doubling().with_budget(RetryBudget::default()));
    for part in [
        "base: 100ms",
        "tries_max: None",
        "ratio: 0.2",
        "available: 100",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}
