//! The same on every runtime, and without one.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_resilience::RetryErrorKind::{Cancelled, Exhausted, TotalElapsed};
use aqueduct_resilience::{Backoff, Retry, RetryBudget, RetryErrorKind};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use crate::{Failed, ms};

fn runtimes() -> [Runtime; 3] {
    let current = Builder::new_current_thread().enable_time().build();
    let multi = |workers| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_time().build()
    };
    [current, multi(1), multi(2)].map(Result::unwrap)
}

fn quick() -> Retry<Failed> {
    Retry::new(Backoff::exponential(ms(1)).with_cap(ms(4))).with_unlimited_tries()
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Succeeds,
    Fails,
    Hangs,
}

async fn called(
    retry: Retry<Failed>,
    call: Call,
    scope: CancelScope,
) -> Result<u32, RetryErrorKind> {
    let tries = AtomicU32::new(0);
    let result = retry.run_in(&scope, async || {
        sleep(ms(1)).await;
        let tries = tries.fetch_add(1, Relaxed) + 1;
        match call {
            Call::Succeeds if tries == 3 => Ok(tries),
            Call::Hangs => std::future::pending().await,
            _ => Err(Failed(tries)),
        }
    });
    result.await.map_err(|error| error.kind())
}

/// A policy, the time limit of the scope, and how calls end that succeed, fail and hang.
type Case = (Retry<Failed>, Duration, [Result<u32, RetryErrorKind>; 3]);

#[test]
fn every_end_on_every_runtime() {
    let cases: [Case; 3] = [
        (
            quick().with_tries_max(4),
            ms(300),
            [Ok(3), Err(Exhausted), Err(Cancelled)],
        ),
        (
            quick().with_tries_max(4).with_try_timeout(ms(100)),
            Duration::MAX,
            [Ok(3), Err(Exhausted), Err(Exhausted)],
        ),
        (
            quick().with_total_timeout(ms(300)),
            Duration::MAX,
            [Ok(3), Err(TotalElapsed), Err(TotalElapsed)],
        ),
    ];
    for runtime in runtimes() {
        let mut tasks = Vec::new();
        for (retry, limit, wanted) in &cases {
            for (call, wanted) in [Call::Succeeds, Call::Fails, Call::Hangs]
                .into_iter()
                .zip(wanted)
            {
                let scope = CancelScope::new().with_timeout(*limit);
                let task = runtime.spawn(called(retry.clone(), call, scope));
                tasks.push((task, wanted, (retry, call)));
            }
        }
        for (task, wanted, case) in tasks {
            assert_eq!(runtime.block_on(task).unwrap(), *wanted, "{case:?}");
        }
    }
}

/// A thousand callers of a service that is down: the budget bounds what they add to the load.
#[test]
fn a_thousand_callers_share_a_budget() {
    for runtime in runtimes() {
        let budget = RetryBudget::new(Duration::from_secs(3600), 0, 0.25);
        let retry = quick().with_budget(budget.clone());
        let calls = Arc::new(AtomicU32::new(0));
        let callers: Vec<_> = (0..1000)
            .map(|_| {
                let (retry, calls) = (retry.clone(), calls.clone());
                runtime.spawn(async move {
                    let failing =
                        retry.run(async || Err::<(), _>(Failed(calls.fetch_add(1, Relaxed))));
                    failing.await.unwrap_err().kind()
                })
            })
            .collect();
        for caller in callers {
            let kind = runtime.block_on(caller).unwrap();
            assert_eq!(kind, RetryErrorKind::BudgetEmpty);
        }
        assert_eq!(calls.load(Relaxed), 1000 + 250);
        let stats = budget.stats(tokio::time::Instant::now());
        assert_eq!(
            (stats.requests, stats.retries, stats.available),
            (1000, 250, 0)
        );
    }
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What does not wait needs no runtime.
#[test]
fn without_a_runtime() {
    let retry = Retry::<Failed>::new(Backoff::none())
        .with_budget(RetryBudget::default())
        .with_try_timeout(ms(1000))
        .with_total_timeout(ms(1000));
    let mut calls = 0;
    let mut call = pin!(retry.run(|| {
        calls += 1;
        ready(match calls {
            3 => Ok(calls),
            _ => Err(Failed(calls)),
        })
    }));
    assert!(poll(call.as_mut()).is_pending() && poll(call.as_mut()).is_pending());
    assert!(matches!(poll(call), Poll::Ready(Ok(3))));
    let waits = std::panic::catch_unwind(|| {
        let retry = Retry::<Failed>::new(Backoff::constant(ms(1)));
        poll(retry.run(async || Err::<(), _>(Failed(1)))).is_pending()
    });
    assert!(waits.is_err());
}

/// On the real clock, a pause is not shorter than it says.
#[test]
fn pauses_last() {
    for runtime in runtimes() {
        let began = Instant::now();
        let retry = Retry::new(Backoff::constant(ms(10)));
        let result = runtime.block_on(retry.run(async || Err::<(), _>(Failed(0))));
        assert_eq!(result.unwrap_err().tries(), 3);
        assert!(began.elapsed() >= ms(20));
    }
}
