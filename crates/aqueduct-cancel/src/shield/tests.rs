use std::future::pending;
use std::pin::pin;
use std::task::Waker;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep};

use super::*;
use crate::CancelScope;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_run_stops_when_the_shield_is_over_and_not_before() {
    let start = Instant::now();
    let scope = CancelScope::new().with_timeout(ms(10));
    let stopped = scope.run(async {
        shield(LONG, sleep(ms(30))).await.unwrap();
        pending::<()>().await;
    });
    assert!(stopped.await.is_err());
    assert_eq!(start.elapsed(), ms(30));
}

#[tokio::test(start_paused = true)]
async fn what_ends_with_its_shield_has_ended() {
    let scope = CancelScope::new().with_timeout(ms(10));
    let done = scope.run(async { shield(LONG, sleep(ms(30))).await });
    assert_eq!(done.await.unwrap(), Ok(()));
    assert!(scope.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_shield_is_bounded() {
    let start = Instant::now();
    let scope = CancelScope::new();
    scope.cancel();
    let done = scope.run(async {
        assert_eq!(shield(ms(20), pending::<()>()).await, Err(Elapsed(())));
        pending::<()>().await;
    });
    assert!(done.await.is_err());
    assert_eq!(start.elapsed(), ms(20));
}

#[tokio::test(start_paused = true)]
async fn all_runs_around_it_wait_and_those_inside_do_not() {
    let start = Instant::now();
    let outer = CancelScope::new().with_timeout(ms(5));
    let inner = CancelScope::new().with_timeout(ms(10));
    let done = outer.run(inner.run_for(ms(7), async {
        let inside = outer.run(pending::<()>());
        assert!(shield(LONG, inside).await.unwrap().is_err());
        assert_eq!(start.elapsed(), ms(5));
        shield(LONG, sleep(ms(20))).await.unwrap();
        pending::<()>().await;
    }));
    let inner_result = done.await.expect("the inner one stops first");
    assert_eq!(
        inner_result.unwrap_err().reason().kind(),
        crate::ReasonKind::Deadline
    );
    assert_eq!(start.elapsed(), ms(25));
}

#[tokio::test(start_paused = true)]
async fn shields_count_wherever_they_are_polled() {
    let start = Instant::now();
    let scope = CancelScope::new().with_timeout(ms(1));
    let mut done = Vec::new();
    let stopped = scope.run(async {
        let mut all: FuturesUnordered<_> = (1..=3)
            .map(|n| {
                shield(LONG, async move {
                    sleep(ms(10 * n)).await;
                    n
                })
            })
            .collect();
        while let Some(n) = all.next().await {
            done.push(n.unwrap());
        }
        pending::<()>().await;
    });
    assert!(stopped.await.is_err());
    assert_eq!(start.elapsed(), ms(30));
    assert_eq!(done, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_shield_that_is_dropped_protects_no_longer() {
    let start = Instant::now();
    let scope = CancelScope::new();
    let stopped = scope.run(async {
        tokio::select! {
            _ = shield(LONG, pending::<()>()) => unreachable!(),
            () = sleep(ms(10)) => {}
        }
        pending::<()>().await;
    });
    scope.cancel();
    assert!(stopped.await.is_err());
    assert_eq!(start.elapsed(), ms(10));
}

#[test]
fn the_balance_is_even_however_a_shield_ends() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let mut cx = Context::from_waker(Waker::noop());
    let before = balance::read();
    for polls in 0..3 {
        let mut shielded = Box::pin(shield(LONG, pending::<()>()));
        for _ in 0..polls {
            assert!(shielded.as_mut().poll(&mut cx).is_pending());
            assert_eq!(balance::read(), before + 1);
        }
        drop(shielded);
        assert_eq!(balance::read(), before);
    }
    assert!(pin!(shield(LONG, async {})).poll(&mut cx).is_ready());
    assert_eq!(balance::read(), before, "it never was raised");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shields_hold_across_threads_and_not_against_abort() {
    let scope = CancelScope::new();
    for _ in 0..100 {
        let child = scope.child();
        let inside = child.clone();
        let task = tokio::spawn(async move {
            inside
                .run(async {
                    let work = async {
                        for _ in 0..10 {
                            tokio::task::yield_now().await;
                        }
                    };
                    shield(LONG, work).await.unwrap();
                    1
                })
                .await
        });
        tokio::task::yield_now().await;
        child.cancel();
        match task.await.unwrap() {
            Ok(one) => assert_eq!(one, 1),
            Err(_) => unreachable!("from its first poll on it is in the shield, and ends with it"),
        }
    }
    let task = tokio::spawn(async move { scope.run(shield(LONG, pending::<()>())).await });
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}
