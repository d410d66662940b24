//! Cancelled at every moment.

use std::cell::Cell;
use std::error::Error;

use aqueduct_cancel::{CancelScope, Cancelled, ReasonKind};
use aqueduct_group::{AllOk, GroupError, group};
use aqueduct_resilience::RetryErrorKind::{self, Exhausted};
use aqueduct_resilience::{Backoff, Retry, RetryError};
use tokio::time::{Instant, sleep};

use crate::{Failed, Service, doubling, ms};

/// Cancelled after so many milliseconds of a call whose tries take 50, with pauses of 100, 200, …
async fn cancelled_after(at: u64) -> (RetryError<Failed>, Service) {
    let service = Service::failing(9).taking(50);
    let scope = CancelScope::new();
    let began = Instant::now();
    let retry = doubling();
    let call = retry.run_in(&scope, async || service.call().await);
    let cancel = async {
        sleep(ms(at)).await;
        scope.cancel_because("enough");
    };
    let (result, ()) = tokio::join!(call, cancel);
    assert_eq!(began.elapsed(), ms(at));
    assert_eq!(scope.stats().waiters, 0);
    (result.unwrap_err(), service)
}

#[tokio::test(start_paused = true)]
async fn in_a_try_and_in_a_pause() {
    let table = [
        (20, 1, 1, None),
        (100, 1, 0, Some(Failed(1))),
        (170, 2, 1, Some(Failed(1))),
        (300, 2, 0, Some(Failed(2))),
    ];
    for (at, tries, dropped, last) in table {
        let (error, service) = cancelled_after(at).await;
        assert_eq!(error.kind(), RetryErrorKind::Cancelled);
        assert_eq!((error.tries(), service.calls.get()), (tries, tries), "{at}");
        assert_eq!(service.dropped.get(), dropped, "{at}");
        assert_eq!(error.last_error().copied(), last, "{at}");
        assert_eq!(error.elapsed(), ms(at));
        let reason = error.cancelled().unwrap().reason();
        assert_eq!(reason.message(), "enough");
    }
}

#[tokio::test(start_paused = true)]
async fn before_it_begins() {
    let scope = CancelScope::new();
    scope.cancel();
    let service = Service::failing(0);
    let error = doubling()
        .run_in(&scope, async || service.call().await)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.tries()),
        (RetryErrorKind::Cancelled, 0)
    );
    assert_eq!(service.calls.get(), 0);
    assert!(error.last().is_none() && error.cancelled().is_some());
}

#[tokio::test(start_paused = true)]
async fn by_the_deadline_of_the_scope() {
    let scope = CancelScope::new().with_timeout(ms(120));
    let service = Service::failing(9);
    let error = doubling()
        .run_in(&scope, async || service.call().await)
        .await
        .unwrap_err();
    assert_eq!((error.tries(), error.elapsed()), (2, ms(120)));
    let reason = error.cancelled().unwrap().reason();
    assert_eq!(reason.kind(), ReasonKind::Deadline);
}

/// What is ready is not thrown away for a flag.
#[tokio::test(start_paused = true)]
async fn a_value_that_is_there_is_given() {
    let scope = CancelScope::new();
    let retry = doubling();
    let result = retry.run_in(&scope, async || {
        scope.cancel();
        Ok(1)
    });
    assert_eq!(result.await.unwrap(), 1);
    // An error is not: there is no next try.
    let scope = CancelScope::new();
    let retry = Retry::new(Backoff::none());
    let result = retry.run_in(&scope, async || {
        scope.cancel();
        Err::<(), _>(Failed(1))
    });
    let error = result.await.unwrap_err();
    assert_eq!(
        (error.kind(), error.tries()),
        (RetryErrorKind::Cancelled, 1)
    );
}

/// A limit of its own ends it as ever.
#[tokio::test(start_paused = true)]
async fn a_scope_that_goes_on_changes_nothing() {
    let scope = CancelScope::new();
    let service = Service::failing(9);
    let retry = doubling().with_tries_max(2);
    let error = retry
        .run_in(&scope, async || service.call().await)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.tries()), (Exhausted, 2));
    assert!(error.cancelled().is_none());
    let service = Service::failing(1);
    let value = retry.run_in(&scope, async || service.call().await).await;
    assert_eq!(value.unwrap(), 2);
}

/// What has begun is finished.
#[tokio::test(start_paused = true)]
async fn a_scope_that_drains_changes_nothing() {
    let scope = CancelScope::new();
    scope.drain();
    let service = Service::failing(2);
    let retry = doubling();
    let value = retry.run_in(&scope, async || service.call().await).await;
    assert_eq!(value.unwrap(), 3);
}

/// Without pauses there is a place to stop at, too.
#[tokio::test]
async fn without_pauses() {
    let scope = CancelScope::new().with_timeout(ms(5));
    let calls = Cell::new(0_u64);
    let retry = Retry::new(Backoff::none()).with_unlimited_tries();
    let result = retry.run_in(&scope, async || {
        calls.set(calls.get() + 1);
        Err::<(), _>(Failed(0))
    });
    assert_eq!(result.await.unwrap_err().kind(), RetryErrorKind::Cancelled);
    assert!(calls.get() > 0);
}

/// A task that ends since its group is cancelled has not failed, which the group sees by the source.
#[tokio::test(start_paused = true)]
async fn a_group_sees_that_it_was_cut_short() {
    let tasks = AllOk::<(), RetryError<Failed>>::new().with_error_chain(|error| error);
    let result = group().run(tasks, async |group| {
        let scope = group.scope().clone();
        let call = async move {
            let retry = Retry::<Failed>::default();
            retry
                .run_in(&scope, async || std::future::pending().await)
                .await
        };
        group.spawn(call).await.unwrap();
        sleep(ms(10)).await;
        group.cancel_because("enough");
    });
    let error = result.await.unwrap_err();
    assert!(matches!(error, GroupError::Cancelled(_)), "{error:?}");
    let scope = CancelScope::new();
    scope.cancel();
    let error = doubling()
        .run_in(&scope, async || Ok(()))
        .await
        .unwrap_err();
    assert!(error.source().unwrap().is::<Cancelled>());
}
