//! What calls take from a budget.

use std::time::Duration;

use aqueduct_resilience::RetryErrorKind::{BudgetEmpty, Exhausted};
use aqueduct_resilience::{Decision, RetryBudget, RetryErrorKind};
use tokio::time::{Instant, sleep};

use crate::{Service, doubling, ms};

const SECOND: Duration = Duration::from_secs(1);

/// Requests, retries, and what is left.
fn counts(budget: &RetryBudget) -> (u64, u64, u64) {
    let stats = budget.stats(Instant::now());
    (stats.requests, stats.retries, stats.available)
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_gets_nothing_is_not_made() {
    // Two a second, and none for requests.
    let budget = RetryBudget::new(SECOND, 2, 0.0);
    let retry = doubling().with_budget(budget.clone());
    let service = Service::failing(9);
    let began = Instant::now();
    let error = retry.run(async || service.call().await).await.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (BudgetEmpty, 3));
    // At once: who gets none does not sleep first.
    assert_eq!(began.elapsed(), ms(300));
    assert_eq!(counts(&budget), (1, 2, 0));
    assert_eq!(budget.stats(Instant::now()).refused_total, 1);
    // Another call has none at all, and then they come back.
    let error = retry.run(async || service.call().await).await.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (BudgetEmpty, 1));
    sleep(SECOND).await;
    assert_eq!(counts(&budget), (0, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn what_something_else_forbids_takes_nothing() {
    let budget = RetryBudget::new(10 * SECOND, 10, 0.0);
    let retry = doubling().with_budget(budget.clone());
    let cases = [
        (retry.clone().with_tries_max(1), RetryErrorKind::Exhausted),
        (
            retry.clone().with_retry_if(|_| false),
            RetryErrorKind::NotRetryable,
        ),
        (
            retry.with_total_timeout(ms(100)),
            RetryErrorKind::TotalElapsed,
        ),
    ];
    for (retry, kind) in cases {
        let service = Service::failing(9);
        let error = retry.run(async || service.call().await).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
    assert_eq!(counts(&budget), (3, 0, 100));
    assert_eq!(budget.stats(Instant::now()).refused_total, 0);
}

#[tokio::test(start_paused = true)]
async fn a_success_adds_to_it() {
    let budget = RetryBudget::new(10 * SECOND, 0, 0.5);
    let retry = doubling().with_budget(budget.clone());
    for _ in 0..4 {
        let service = Service::failing(0);
        retry.run(async || service.call().await).await.unwrap();
    }
    assert_eq!(counts(&budget), (4, 0, 2));
    let service = Service::failing(2);
    assert_eq!(retry.run(async || service.call().await).await.unwrap(), 3);
    assert_eq!(counts(&budget), (5, 2, 0));
}

/// An open circuit turned it away: the service has not seen it.
#[tokio::test(start_paused = true)]
async fn a_rejection_takes_nothing() {
    let budget = RetryBudget::new(10 * SECOND, 0, 0.0);
    let retry = doubling().with_budget(budget.clone()).with_tries_max(4);
    let rejected = retry
        .clone()
        .with_classifier(|_| Decision::RetryFree { after: None });
    let (service, began) = (Service::failing(9), Instant::now());
    let error = rejected
        .run(async || service.call().await)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.tries()), (Exhausted, 4));
    assert_eq!(began.elapsed(), ms(700));
    // The circuit says when it is worth trying again.
    let after = Some(ms(300));
    let hinted = retry
        .with_hint_jitter(0.0)
        .with_classifier(move |_| Decision::RetryFree { after });
    let (service, began) = (Service::failing(2), Instant::now());
    assert_eq!(hinted.run(async || service.call().await).await.unwrap(), 3);
    assert_eq!(began.elapsed(), ms(600));
    assert_eq!(counts(&budget), (2, 0, 0));
    assert_eq!(budget.stats(Instant::now()).refused_total, 0);
}
