//! Who gets a message.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_actor::{Mailbox, Routing, TryTellError};
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use super::{Job, Workers, key, who};
use crate::support::{on_both_runtimes, until};

#[test]
fn workers_take_turns() {
    on_both_runtimes(|| async {
        let (mut all, builder) = Workers::new(3);
        let pool = builder.with_name("team").start().await.unwrap();
        assert_eq!(
            (pool.name(), pool.len(), all.census.alive()),
            ("team", 3, 3)
        );
        let names: Vec<_> = pool
            .workers()
            .iter()
            .map(|worker| worker.name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["team-0", "team-1", "team-2"]);
        for n in 0..9 {
            pool.tell(Job::Do(n)).await.unwrap();
        }
        pool.drain().await;
        let mut by_worker: HashMap<u64, Vec<u32>> = HashMap::new();
        for (worker, n) in all.deeds() {
            by_worker.entry(worker).or_default().push(n);
        }
        let mut shares: Vec<_> = by_worker.into_values().collect();
        shares.sort();
        assert_eq!(shares, [[0, 3, 6], [1, 4, 7], [2, 5, 8]]);
        assert_eq!(all.census.alive(), 0);
    });
}

#[tokio::test]
async fn the_least_loaded_one_gets_it() {
    let (mut all, builder) = Workers::new(3);
    let pool = builder
        .with_routing(Routing::LeastLoaded)
        .start()
        .await
        .unwrap();
    // Two are busy, with mailboxes that are not empty.
    let permits = Arc::new(Semaphore::new(0));
    let workers = pool.workers();
    for busy in &workers[..2] {
        for _ in 0..3 {
            busy.tell(Job::Wait(0, permits.clone())).await.unwrap();
        }
    }
    yield_now().await;
    let free = workers[2].id().as_u64();
    for n in 0..20 {
        assert_eq!(who(&pool, n).await, free);
    }
    permits.add_permits(6);
    pool.drain().await;
    assert_eq!(all.deeds().len(), 26);
}

#[tokio::test]
async fn the_least_loaded_is_not_one_that_handles_a_message() {
    let (mut all, builder) = Workers::new(2);
    let builder = builder.with_routing(Routing::LeastLoaded);
    let pool = builder.start().await.unwrap();
    // One is busy, with an empty mailbox.
    let permits = Arc::new(Semaphore::new(0));
    let workers = pool.workers();
    let busy = workers[0].tell(Job::Wait(0, permits.clone()));
    busy.await.unwrap();
    yield_now().await;
    let free = workers[1].id().as_u64();
    for n in 0..20 {
        let asked = pool.ask_within(Duration::from_secs(5), |reply| Job::Who(n, reply));
        assert_eq!(asked.await.unwrap(), free);
    }
    permits.add_permits(1);
    // And is as good as the other one after that.
    let busy = workers[1].tell(Job::Wait(0, permits.clone()));
    busy.await.unwrap();
    until("it is free again", || workers[0].stats().len == 0).await;
    yield_now().await;
    for n in 0..20 {
        let asked = pool.ask_within(Duration::from_secs(5), |reply| Job::Who(n, reply));
        assert_eq!(asked.await.unwrap(), workers[0].id().as_u64());
    }
    permits.add_permits(1);
    pool.drain().await;
    assert_eq!(all.deeds().len(), 42);
}

#[test]
fn a_key_stays_with_its_worker_in_order_and_few_keys_move() {
    on_both_runtimes(|| async {
        let (mut all, builder) = Workers::new(4);
        let mut pool = builder
            .with_routing(Routing::by_key(key))
            .start()
            .await
            .unwrap();
        for round in 0..5 {
            for n in 0..200 {
                pool.tell(Job::Do(round * 1000 + n)).await.unwrap();
            }
        }
        let mut before = HashMap::new();
        for n in 0..200 {
            before.insert(n, who(&pool, 5000 + n).await);
        }
        let mut rounds: HashMap<u32, Vec<u32>> = HashMap::new();
        for (worker, n) in all.deeds() {
            assert_eq!(before[&(n % 1000)], worker);
            rounds.entry(n % 1000).or_default().push(n / 1000);
        }
        assert!(rounds.values().all(|rounds| *rounds == [0, 1, 2, 3, 4, 5]));

        pool.resize(5).await.unwrap();
        let new = pool.workers()[4].id().as_u64();
        let mut moved = 0;
        for n in 0..200 {
            let after = who(&pool, n).await;
            if after != before[&n] {
                assert_eq!(after, new, "a key stays, or goes to the new worker");
                moved += 1;
            }
        }
        // A fifth of 200 is 40, and its standard deviation below 6.
        assert!((10..=70).contains(&moved), "{moved}");
        pool.resize(4).await.unwrap();
        for n in 0..200 {
            assert_eq!(who(&pool, n).await, before[&n], "it comes back");
        }
        // One in the middle ends by itself: only its keys move.
        let gone = pool.workers()[1].clone();
        gone.stop();
        gone.ended().await;
        assert_eq!(pool.len(), 3);
        for n in 0..200 {
            let after = who(&pool, n).await;
            assert!(after == before[&n] || before[&n] == gone.id().as_u64());
        }
        pool.drain().await;
        assert_eq!(all.census.alive(), 0);
    });
}

#[tokio::test]
async fn one_that_is_full_is_passed_over_where_there_are_no_keys() {
    let (_all, builder) = Workers::new(2);
    let pool = builder
        .with_mailbox(Mailbox::bounded(1))
        .start()
        .await
        .unwrap();
    let permits = Arc::new(Semaphore::new(0));
    for worker in pool.workers() {
        worker.tell(Job::Wait(0, permits.clone())).await.unwrap();
    }
    yield_now().await;
    // Each has room for one now. Turns do not matter to what does not wait.
    pool.workers()[0].try_tell(Job::Do(1)).unwrap();
    pool.try_tell(Job::Do(2)).unwrap();
    assert!(matches!(
        pool.try_tell(Job::Do(3)),
        Err(TryTellError::Full(Job::Do(3)))
    ));
    let late = pool.ask_within(Duration::from_millis(5), |reply| Job::Who(4, reply));
    assert!(late.await.unwrap_err().is_unsent());
    permits.add_permits(2);
    pool.drain().await;
}
