//! What `on_retry` and `on_success` are told, and `run_counted` gives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_resilience::{Failure, Retry, RetryBudget};
use tokio::time::Instant;

use crate::{Failed, Service, doubling, ms};

type Seen = Arc<Mutex<Vec<(u32, Failure<Failed>, Duration, Duration)>>>;

fn observed(retry: Retry<Failed>) -> (Retry<Failed>, Seen) {
    let seen = Seen::default();
    let within = seen.clone();
    let retry = retry.with_on_retry(move |event| {
        let told = (event.tries, *event.failure, event.delay, event.elapsed);
        within.lock().unwrap().push(told);
    });
    (retry, seen)
}

#[tokio::test(start_paused = true)]
async fn of_each_retry_and_of_nothing_else() {
    let (retry, seen) = observed(doubling().with_tries_max(3));
    let service = Service::failing(9).taking(10);
    retry.run(async || service.call().await).await.unwrap_err();
    let told = std::mem::take(&mut *seen.lock().unwrap());
    let error = |n| Failure::Error(Failed(n));
    let wanted = [
        (1, error(1), ms(100), ms(10)),
        (2, error(2), ms(200), ms(120)),
    ];
    assert_eq!(told, wanted);
    let service = Service::failing(0);
    retry.run(async || service.call().await).await.unwrap();
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn of_time_limits_too_and_not_of_refused_retries() {
    let budget = RetryBudget::new(ms(60_000), 0, 1.0);
    let limited = doubling().with_try_timeout(ms(20)).with_budget(budget);
    let (retry, seen) = observed(limited);
    let service = Service::failing(9).taking(30);
    let began = Instant::now();
    retry.run(async || service.call().await).await.unwrap_err();
    assert_eq!(began.elapsed(), ms(140));
    let wanted = [(1, Failure::TimedOut(ms(20)), ms(100), ms(20))];
    assert_eq!(*seen.lock().unwrap(), wanted);
}

#[tokio::test(start_paused = true)]
async fn who_succeeds_is_told_after_how_many_tries() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let within = told.clone();
    let retry = doubling()
        .with_tries_max(3)
        .with_on_success(move |how| within.lock().unwrap().push((how.tries, how.elapsed)));
    for (failing, wanted) in [(0, (1, ms(10))), (2, (3, ms(30 + 100 + 200)))] {
        let service = Service::failing(failing).taking(10);
        let counted = retry.run_counted(async || service.call().await).await;
        let (value, how) = counted.unwrap();
        assert_eq!(
            (value, how.tries, how.elapsed),
            (wanted.0, wanted.0, wanted.1)
        );
        assert_eq!(told.lock().unwrap().pop(), Some(wanted));

        let (service, scope) = (Service::failing(failing).taking(10), CancelScope::new());
        let call = async || service.call().await;
        let (_, within_scope) = retry.run_counted_in(&scope, call).await.unwrap();
        assert_eq!(within_scope, how);
        assert_eq!(told.lock().unwrap().pop(), Some(wanted));
    }
    // Of what fails the error tells.
    let service = Service::failing(9);
    let failed = retry.run_counted(async || service.call().await).await;
    assert_eq!(failed.unwrap_err().tries(), 3);
    assert!(told.lock().unwrap().is_empty());
}
