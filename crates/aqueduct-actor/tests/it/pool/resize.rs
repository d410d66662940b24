//! Pools that grow and shrink.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aqueduct_actor::{AskError, Mailbox, PoolError, PoolRef, Routing, TellError, TryTellError};
use aqueduct_supervision::Supervisor;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use super::{Deed, Job, Worker, Workers, key, who};
use crate::support::{on_both_runtimes, until};

/// Tellers on other tasks, while it grows, shrinks, and workers die.
async fn churn(pool: &PoolRef<Worker>, mut resize: impl AsyncFnMut(usize)) {
    let tellers = (0..3_u32).map(|teller| {
        let pool = pool.clone();
        tokio::spawn(async move {
            for n in 0..400 {
                if n % 50 == 49 {
                    pool.tell(Job::Panic).await.unwrap();
                }
                let n = teller * 1000 + n;
                if n % 7 == 0 {
                    pool.ask(|reply| Job::Who(n, reply)).await.unwrap();
                } else {
                    pool.tell(Job::Do(n)).await.unwrap();
                }
            }
        })
    });
    let tellers: Vec<_> = tellers.collect();
    let mut sizes = [1, 8, 2, 5, 3].into_iter().cycle();
    while !tellers.iter().all(|teller| teller.is_finished()) {
        resize(sizes.next().unwrap()).await;
        yield_now().await;
    }
    for teller in tellers {
        teller.await.unwrap();
    }
}

/// Each message was handled once, and nobody is left.
fn check_churned(all: &Workers, deeds: &[Deed]) {
    let once: HashSet<u32> = deeds.iter().map(|(_, n)| *n).collect();
    assert_eq!((deeds.len(), once.len()), (1200, 1200));
    assert_eq!(all.census.alive(), 0);
}

fn routings() -> [Routing<Job>; 3] {
    [
        Routing::RoundRobin,
        Routing::LeastLoaded,
        Routing::by_key(key),
    ]
}

#[test]
fn resizing_and_deaths_lose_nothing() {
    on_both_runtimes(|| async {
        for routing in routings() {
            let (mut all, builder) = Workers::new(4);
            let builder = builder.with_mailbox(Mailbox::bounded(2));
            let mut pool = builder.with_routing(routing).start().await.unwrap();
            let reference = pool.reference();
            churn(&reference, async |size| pool.resize(size).await.unwrap()).await;
            pool.drain().await;
            let deeds = all.deeds();
            check_churned(&all, &deeds);
        }
    });
}

#[test]
fn resizing_and_deaths_lose_nothing_of_a_child() {
    on_both_runtimes(|| async {
        for routing in routings() {
            let (mut all, builder) = Workers::new(4);
            let builder = builder.with_mailbox(Mailbox::bounded(2));
            let (spec, mut pool) = builder.with_routing(routing).child("crew");
            let supervisor = Supervisor::one_for_one().with_child(spec);
            let supervisor = supervisor.start().await.unwrap();
            let reference = pool.reference();
            churn(&reference, async |size| pool.resize(size).await.unwrap()).await;
            pool.resize(0).await.unwrap();
            // That nobody is alive is true between two incarnations of the last one, too.
            let mut deeds = Vec::new();
            until("all is done", || {
                deeds.extend(all.deeds());
                deeds.len() >= 1200
            })
            .await;
            supervisor.shutdown().await;
            deeds.extend(all.deeds());
            check_churned(&all, &deeds);
        }
    });
}

#[tokio::test]
async fn a_worker_that_leaves_handles_what_it_has_also_if_it_dies_of_it() {
    let (mut all, builder) = Workers::new(1);
    let mut pool = builder.start().await.unwrap();
    let worker = pool.workers()[0].clone();
    let permits = Arc::new(Semaphore::new(0));
    pool.tell(Job::Wait(1, permits.clone())).await.unwrap();
    pool.tell(Job::Panic).await.unwrap();
    pool.tell(Job::Do(2)).await.unwrap();
    pool.tell(Job::Panic).await.unwrap();
    pool.tell(Job::Do(3)).await.unwrap();
    pool.resize(0).await.unwrap();
    assert!(pool.is_empty());
    assert!(matches!(
        pool.tell(Job::Do(4)).await,
        Err(TellError(Job::Do(4)))
    ));
    assert!(matches!(
        pool.try_tell(Job::Do(4)),
        Err(TryTellError::Closed(Job::Do(4)))
    ));
    assert!(matches!(
        pool.ask(|reply| Job::Who(4, reply)).await,
        Err(AskError::Unsent(unsent)) if matches!(&unsent.message, Job::Who(_, reply) if reply.is_closed())
    ));
    assert!(worker.is_alive());
    permits.add_permits(1);
    worker.ended().await;
    let done: Vec<u32> = all.deeds().into_iter().map(|(_, n)| n).collect();
    assert_eq!(done, [1, 2, 3]);
    until("nobody is left", || all.census.alive() == 0).await;
    // And it can grow again.
    pool.resize(2).await.unwrap();
    assert_eq!(pool.len(), 2);
    who(&pool, 5).await;
    pool.shutdown().await;
    assert_eq!(all.census.alive(), 0);
}

#[tokio::test]
async fn a_pool_that_is_drained_has_those_that_leave_handle_what_they_have() {
    let (mut all, builder) = Workers::new(2);
    let mut pool = builder.start().await.unwrap();
    let permits = Arc::new(Semaphore::new(0));
    for job in [Job::Wait(1, permits.clone()), Job::Panic, Job::Do(2)] {
        pool.workers()[1].tell(job).await.unwrap();
    }
    pool.resize(1).await.unwrap();
    let draining = tokio::spawn(pool.drain());
    for _ in 0..20 {
        yield_now().await;
    }
    assert!(!draining.is_finished());
    permits.add_permits(1);
    draining.await.unwrap();
    let done: Vec<u32> = all.deeds().into_iter().map(|(_, n)| n).collect();
    assert_eq!(done, [1, 2]);
    assert_eq!(all.census.alive(), 0);
}

/// What waits for room in the mailbox of a worker that leaves was routed to it, and is handled by it.
#[tokio::test]
async fn who_waits_for_room_at_a_worker_that_leaves_gets_it() {
    let (mut all, builder) = Workers::new(1);
    let mut pool = builder
        .with_mailbox(Mailbox::bounded(1))
        .start()
        .await
        .unwrap();
    let permits = Arc::new(Semaphore::new(0));
    pool.tell(Job::Wait(0, permits.clone())).await.unwrap();
    let tellers = (1..4).map(|n| {
        let pool = pool.reference();
        tokio::spawn(async move { pool.tell(Job::Do(n)).await })
    });
    let tellers: Vec<_> = tellers.collect();
    for _ in 0..10 {
        yield_now().await;
    }
    pool.resize(0).await.unwrap();
    permits.add_permits(1);
    for teller in tellers {
        teller.await.unwrap().unwrap();
    }
    pool.drain().await;
    let done: Vec<u32> = all.deeds().into_iter().map(|(_, n)| n).collect();
    assert_eq!(done, [0, 1, 2, 3]);
    assert_eq!(all.census.alive(), 0);
}

#[tokio::test]
async fn a_worker_that_fails_to_start_is_told() {
    let (all, builder) = Workers::new(2);
    let mut pool = builder.start().await.unwrap();
    all.fails.store(true, Ordering::Relaxed);
    let error = pool.resize(4).await.unwrap_err();
    assert!(matches!(error, PoolError::Worker(_)));
    assert!(error.to_string().contains("worker"), "{error}");
    assert_eq!(pool.len(), 2);
    who(&pool, 1).await;
    all.fails.store(false, Ordering::Relaxed);
    pool.resize(4).await.unwrap();
    assert_eq!((pool.len(), all.census.alive()), (4, 4));
    pool.shutdown().await;
    assert_eq!(all.census.alive(), 0);

    let (all, builder) = Workers::new(2);
    all.fails.store(true, Ordering::Relaxed);
    assert!(builder.start().await.is_err());
    assert_eq!(all.census.alive(), 0);
}
