//! A call that is dropped at every poll: the try goes, nobody waits, and the budget has what was not used.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use aqueduct_cancel::CancelScope;
use aqueduct_resilience::{Backoff, Retry, RetryBudget};
use tokio::time::{Instant, advance};

use crate::{Failed, doubling, ms};

/// What a try holds for as long as it is at work.
type Token = Arc<()>;

/// Fails at its second poll.
async fn failing(token: Token) -> Result<(), Failed> {
    tokio::task::yield_now().await;
    drop(token);
    Err(Failed(0))
}

#[derive(Clone, Copy, Debug)]
enum Within {
    Nothing,
    Scope,
}

/// Polls so many times, an interval apart, and drops. Gives the number of tries.
async fn dropped_after(polls: u32, retry: &Retry<Failed>, within: Within, token: &Token) -> u32 {
    let (scope, mut tries) = (CancelScope::new(), 0);
    {
        let call = async {
            let call = || {
                tries += 1;
                failing(token.clone())
            };
            match within {
                Within::Nothing => drop(retry.run(call).await),
                Within::Scope => drop(retry.run_in(&scope, call).await),
            }
        };
        let mut call = pin!(call);
        for _ in 0..polls {
            let mut cx = Context::from_waker(Waker::noop());
            if call.as_mut().poll(&mut cx).is_ready() {
                break;
            }
            advance(ms(50)).await;
        }
    }
    assert_eq!(scope.stats().waiters, 0, "{within:?}");
    tries
}

#[tokio::test(start_paused = true)]
async fn at_every_poll() {
    let mut most = 0;
    for within in [Within::Nothing, Within::Scope] {
        for polls in 0..60 {
            let budget = RetryBudget::new(ms(3_600_000), 1, 0.0);
            let retry = doubling()
                .with_budget(budget.clone())
                .with_tries_max(4)
                .with_try_timeout(ms(1000))
                .with_total_timeout(ms(60_000));
            let token = Token::default();
            let tries = dropped_after(polls, &retry, within, &token).await;
            assert_eq!(Arc::strong_count(&token), 1, "{within:?} {polls}");
            let stats = budget.stats(Instant::now());
            assert_eq!(stats.requests, u64::from(polls > 0), "{within:?} {polls}");
            // What was taken is what was begun.
            let retries = u64::from(tries.saturating_sub(1));
            assert_eq!(stats.retries, retries, "{within:?} {polls}");
            assert_eq!(stats.granted_total, retries, "{within:?} {polls}");
            most = most.max(tries);
        }
    }
    assert_eq!(most, 4);
}

/// A panic of the call is the caller's, and leaves nothing behind.
#[tokio::test(start_paused = true)]
async fn a_panic_goes_through() {
    let budget = RetryBudget::default();
    let retry = Retry::<Failed>::new(Backoff::constant(ms(10))).with_budget(budget.clone());
    let task = tokio::spawn(async move {
        let mut tries = 0;
        let call = retry.run(|| {
            tries += 1;
            async move {
                assert!(tries < 2, "the second try panics");
                Err::<(), _>(Failed(tries))
            }
        });
        call.await.unwrap_err();
    });
    assert!(task.await.unwrap_err().is_panic());
    let stats = budget.stats(Instant::now());
    assert_eq!((stats.requests, stats.retries), (1, 1));
}

/// The same of what is in the policy: the retry that was held is not made, and goes back.
#[tokio::test(start_paused = true)]
async fn a_panic_of_the_policy_goes_through() {
    let budget = RetryBudget::default();
    let retry = Retry::<Failed>::default().with_budget(budget.clone());
    let policies = [
        retry.clone().with_on_retry(|_| panic!("of the hook")),
        retry.with_classifier(|_| panic!("of the classifier")),
    ];
    for retry in policies {
        let call = async move { retry.run(async || Err::<(), _>(Failed(0))).await.is_err() };
        assert!(tokio::spawn(call).await.unwrap_err().is_panic());
    }
    let stats = budget.stats(Instant::now());
    assert_eq!(
        (stats.requests, stats.retries, stats.granted_total),
        (2, 0, 0)
    );
}

/// Where nothing has to wait, a call is one poll, and sets no timer: this runtime has none.
#[test]
fn what_is_ready_is_one_poll() {
    let retry = Retry::<Failed>::default()
        .with_try_timeout(ms(1000))
        .with_total_timeout(ms(1000));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut call = pin!(retry.run(async || Ok(1)));
        let polled = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
        assert!(matches!(polled, Poll::Ready(Ok(1))));
    });
}
