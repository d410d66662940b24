//! Tokio's budget: a loop over what is always ready lets others run now and then.

use std::future::poll_fn;
use std::pin::pin;

use aqueduct_group::{AsCompleted, Discard, group};
use tokio::task::{coop, yield_now};

use crate::support::{both, paused};

/// Uses the budget of this task's turn up.
async fn exhaust() {
    while coop::has_budget_remaining() {
        coop::consume_budget().await;
    }
}

/// How often a future is polled until it is ready.
async fn polls<F: Future>(future: F) -> (usize, F::Output) {
    let mut future = pin!(future);
    let mut polls = 0;
    let output = poll_fn(|cx| {
        polls += 1;
        future.as_mut().poll(cx)
    })
    .await;
    (polls, output)
}

#[test]
fn without_budget_who_takes_what_is_ready_waits_a_turn() {
    paused(async {
        let task = tokio::spawn(async {
            let mut group = group().open(AsCompleted::new());
            for n in 0..3 {
                group.spawn(async move { n }).await.unwrap();
            }
            group.wait_closed().await;
            for _ in 0..3 {
                exhaust().await;
                let (polls, next) = polls(group.next()).await;
                assert!(polls == 2 && next.is_some());
            }
            let (polls, none) = polls(group.next()).await;
            assert!(polls == 1 && none.is_none(), "there is budget again");
        });
        task.await.unwrap();
    });
}

#[test]
fn without_budget_a_group_is_not_full() {
    both(|| async {
        for builder in [group(), group().with_limit(100)] {
            let group = builder.open(Discard::new());
            for _ in 0..10 {
                exhaust().await;
                let (polls, spawned) = polls(group.spawn(async {})).await;
                assert_eq!(polls, 2);
                spawned.unwrap();
                // What does not wait needs none.
                exhaust().await;
                group.try_spawn(async {}).unwrap();
            }
            group.join().await.unwrap();
        }
    });
}

/// On one thread, with a third that counts its turns.
#[test]
fn loops_that_never_wait_leave_turns_to_others() {
    paused(async {
        let task = tokio::spawn(async {
            let turns = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let counts = turns.clone();
            let other = tokio::spawn(async move {
                loop {
                    counts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    yield_now().await;
                }
            });
            let seen = || turns.load(std::sync::atomic::Ordering::SeqCst);
            let mut group = group().with_limit(10_000).open(AsCompleted::new());
            for _ in 0..1000 {
                group.spawn(async {}).await.unwrap();
            }
            let spawned = seen();
            assert!(spawned >= 5, "{spawned}");
            group.wait_closed().await;
            let waited = seen();
            while group.next().await.is_some() {}
            assert!(seen() >= waited + 5);
            other.abort();
        });
        task.await.unwrap();
    });
}
