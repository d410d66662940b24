//! Pools that are children: their size over restarts, and what is lost by them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aqueduct_actor::{AskError, ChildPool, PoolBuilder, PoolError, Routing, UnsentReason};
use aqueduct_supervision::Supervisor;
use aqueduct_supervision::error::StartChildError;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::{Job, Worker, Workers, key, who};
use crate::drops::polled;
use crate::support::until;

/// As a child, which may be started again often.
async fn started(builder: PoolBuilder<Worker>) -> (Supervisor, ChildPool<Worker>) {
    let (spec, pool) = builder.child("crew");
    let supervisor = Supervisor::one_for_one().with_intensity(99, Duration::from_secs(5));
    let supervisor = supervisor.with_child(spec).start().await.unwrap();
    (supervisor, pool)
}

/// A pool whose first failure is its own.
async fn delicate(workers: usize) -> (Workers, Supervisor, ChildPool<Worker>) {
    let (all, builder) = Workers::new(workers);
    let builder = builder.with_intensity(0, Duration::from_secs(5));
    let (supervisor, pool) = started(builder).await;
    (all, supervisor, pool)
}

fn names(pool: &ChildPool<Worker>) -> Vec<String> {
    let mut names: Vec<_> = pool
        .workers()
        .iter()
        .map(|worker| worker.name().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_pool_is_a_child_that_keeps_its_mailboxes_over_restarts() {
    let (mut all, builder) = Workers::new(2);
    let (spec, pool) = builder
        .with_intensity(1, Duration::from_secs(60))
        .child("crew");
    assert_eq!((pool.name(), pool.len()), ("crew", 2));
    // Before it is started.
    pool.tell(Job::Do(1)).await.unwrap();
    let supervisor = Supervisor::one_for_one().with_intensity(9, Duration::from_secs(5));
    let supervisor = supervisor.with_child(spec).start().await.unwrap();
    let workers = pool.workers();
    // With the second one the pool gives up, and is started again.
    let permits = Arc::new(Semaphore::new(0));
    workers[0]
        .tell(Job::Wait(2, permits.clone()))
        .await
        .unwrap();
    for _ in 0..2 {
        workers[0].tell(Job::Panic).await.unwrap();
    }
    workers[0].tell(Job::Do(3)).await.unwrap();
    workers[1].tell(Job::Do(4)).await.unwrap();
    permits.add_permits(1);
    let asked = workers[0].ask(|reply| Job::Who(5, reply)).await;
    assert_eq!(asked.unwrap(), workers[0].id().as_u64());
    assert_eq!((pool.len(), pool.workers()), (2, workers));
    let info = supervisor.which_children().await.unwrap();
    assert_eq!(info.len(), 1);
    supervisor.shutdown().await;
    assert_eq!(pool.len(), 0);
    assert!(pool.tell(Job::Do(6)).await.is_err());
    let done: HashSet<u32> = all.deeds().iter().map(|(_, n)| *n).collect();
    assert_eq!(done, HashSet::from([1, 2, 3, 4, 5]));
    assert_eq!(all.census.alive(), 0);
}

/// The workers live as long as there is a child, and not as long as somebody has a reference.
#[tokio::test]
async fn a_pool_that_is_a_child_needs_no_reference() {
    let (all, builder) = Workers::new(2);
    let (spec, pool) = builder.child("crew");
    drop(pool);
    let supervisor = Supervisor::one_for_one()
        .with_child(spec)
        .start()
        .await
        .unwrap();
    for _ in 0..20 {
        yield_now().await;
    }
    assert_eq!(all.census.alive(), 2);
    supervisor.shutdown().await;
    assert_eq!(all.census.alive(), 0);
}

#[tokio::test]
async fn it_grows_and_shrinks() {
    let (mut all, builder) = Workers::new(2);
    let (supervisor, mut pool) = started(builder).await;
    pool.resize(4).await.unwrap();
    assert_eq!((pool.len(), all.census.alive()), (4, 4));
    assert_eq!(names(&pool), ["crew-0", "crew-1", "crew-2", "crew-3"]);
    for n in 0..8 {
        who(&pool, n).await;
    }
    let mut shares: HashMap<u64, u32> = HashMap::new();
    for (worker, _) in all.deeds() {
        *shares.entry(worker).or_default() += 1;
    }
    assert_eq!(Vec::from_iter(shares.into_values()), [2; 4]);

    // Those that leave, of both kinds, handle what they have, also if they die of it.
    let permits = Arc::new(Semaphore::new(0));
    for leaves in &pool.workers()[1..] {
        let jobs = [
            Job::Wait(1, permits.clone()),
            Job::Panic,
            Job::Do(2),
            Job::Panic,
            Job::Do(3),
        ];
        for job in jobs {
            leaves.tell(job).await.unwrap();
        }
    }
    pool.resize(1).await.unwrap();
    assert_eq!(names(&pool), ["crew-0"]);
    // It grows while they have not left yet.
    pool.resize(3).await.unwrap();
    assert_eq!(names(&pool), ["crew-0", "crew-1", "crew-2"]);
    assert_eq!(all.census.alive(), 6);
    permits.add_permits(3);
    let mut done = all.done_by(9, 3).await;
    done.sort();
    assert_eq!(done, [1, 1, 1, 2, 2, 2, 3, 3, 3]);
    supervisor.shutdown().await;
    assert_eq!((pool.len(), all.census.alive()), (0, 0));
}

#[tokio::test]
async fn few_keys_move_when_it_is_resized() {
    let (_all, builder) = Workers::new(3);
    let (supervisor, mut pool) = started(builder.with_routing(Routing::by_key(key))).await;
    let mut before = HashMap::new();
    for n in 0..100 {
        before.insert(n, who(&pool, n).await);
    }
    pool.resize(4).await.unwrap();
    let old: HashSet<u64> = before.values().copied().collect();
    let mut moved = 0;
    for n in 0..100 {
        let after = who(&pool, n).await;
        assert!(after == before[&n] || !old.contains(&after));
        moved += u32::from(after != before[&n]);
    }
    // A quarter of 100 is 25, and its standard deviation below 5.
    assert!((1..=50).contains(&moved), "{moved}");
    pool.resize(3).await.unwrap();
    for n in 0..100 {
        assert_eq!(who(&pool, n).await, before[&n], "it comes back");
    }
    supervisor.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_started_again_has_its_first_size() {
    let (mut all, supervisor, mut pool) = delicate(3).await;
    pool.resize(1).await.unwrap();
    until("two have left", || all.census.alive() == 1).await;
    pool.resize(2).await.unwrap();
    let workers = pool.workers();
    let (permits, never) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    // The one of the first has something to do after its death, and so has the one that was added.
    for job in [Job::Wait(1, permits.clone()), Job::Panic, Job::Do(2)] {
        workers[0].tell(job).await.unwrap();
    }
    workers[1].tell(Job::Wait(3, never)).await.unwrap();
    let asked = tokio::spawn({
        let added = workers[1].clone();
        async move { added.ask(|reply| Job::Who(4, reply)).await }
    });
    for _ in 0..10 {
        yield_now().await;
    }
    permits.add_permits(1);
    let Err(AskError::Unsent(unsent)) = asked.await.unwrap() else {
        panic!("it is not handled");
    };
    assert_eq!(unsent.reason, UnsentReason::Closed);
    assert!(!workers[1].is_alive());
    until("it is started again", || all.census.alive() == 3).await;
    assert_eq!(names(&pool), ["crew-0", "crew-1", "crew-2"]);
    assert!(pool.workers().contains(&workers[0]));
    let mut took = HashSet::new();
    for n in 10..16 {
        took.insert(who(&pool, n).await);
    }
    assert_eq!(took.len(), 3);
    let done: HashSet<u32> = all.deeds().into_iter().map(|(_, n)| n).collect();
    assert!(done.is_superset(&HashSet::from([1, 2])) && !done.contains(&3));

    pool.resize(5).await.unwrap();
    assert_eq!((pool.len(), all.census.alive()), (5, 5));
    supervisor.shutdown().await;
    assert_eq!(all.census.alive(), 0);
}

#[tokio::test]
async fn one_that_leaves_while_the_pool_is_started_again_leaves() {
    let (mut all, supervisor, mut pool) = delicate(2).await;
    let leaves = pool.workers()[1].clone();
    let permits = Arc::new(Semaphore::new(0));
    for job in [Job::Wait(1, permits.clone()), Job::Panic, Job::Do(2)] {
        leaves.tell(job).await.unwrap();
    }
    pool.resize(1).await.unwrap();
    let down = pool.workers()[0].monitor();
    permits.add_permits(1);
    // The other one goes with the pool.
    down.await;
    assert_eq!(all.done_by(2, 1).await, [1, 2]);
    assert_eq!(names(&pool), ["crew-0"]);
    // It comes back with the next restart, as another one.
    pool.tell(Job::Panic).await.unwrap();
    until("it is started again", || all.census.alive() == 2).await;
    assert_eq!(names(&pool), ["crew-0", "crew-1"]);
    assert!(!leaves.is_alive() && !pool.workers().contains(&leaves));
    supervisor.shutdown().await;
    assert_eq!(all.census.alive(), 0);
}

/// Who still sends to one that has left closes it late, and not the one that came back in its place.
#[tokio::test]
async fn who_sends_to_one_that_has_left_does_not_close_who_comes_back() {
    let (all, supervisor, mut pool) = delicate(1).await;
    let permits = Arc::new(Semaphore::new(0));
    pool.tell(Job::Wait(1, permits.clone())).await.unwrap();
    let reference = pool.reference();
    let mut sends = Box::pin(async {
        for n in 0.. {
            reference.tell(Job::Do(n)).await.unwrap();
        }
    });
    // Until the mailbox is full.
    assert!(polled(sends.as_mut(), 3).await.is_none());
    let left = pool.workers()[0].clone();
    pool.resize(0).await.unwrap();
    left.stop();
    permits.add_permits(1);
    until("it has left", || all.census.alive() == 0).await;
    supervisor.terminate_child("crew").await.unwrap();
    supervisor.restart_child("crew").await.unwrap();
    assert_eq!((pool.len(), all.census.alive()), (1, 1));
    drop(sends);
    for n in 0..10 {
        who(&pool, n).await;
    }
    assert_eq!((pool.len(), all.census.alive()), (1, 1));
    supervisor.shutdown().await;
}

#[tokio::test]
async fn those_that_were_added_are_gone_when_they_die_too_often() {
    let (all, builder) = Workers::new(2);
    let (supervisor, mut pool) = started(builder.with_intensity(1, Duration::from_secs(60))).await;
    let first = pool.workers();
    pool.resize(4).await.unwrap();
    let added = pool.workers()[2].clone();
    for _ in 0..2 {
        added.tell(Job::Panic).await.unwrap();
    }
    added.ended().await;
    until("they are gone", || all.census.alive() == 2).await;
    assert_eq!(pool.workers(), first);
    who(&pool, 1).await;
    let others = async {
        while pool.resize(3).await.is_err() {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), others).await.unwrap();
    assert_eq!((pool.len(), all.census.alive()), (3, 3));
    supervisor.shutdown().await;
    assert_eq!(all.census.alive(), 0);
}

#[tokio::test]
async fn it_is_resized_while_it_runs() {
    let (all, builder) = Workers::new(3);
    let (spec, mut pool) = builder.child("crew");
    let not_running = |error: PoolError| {
        assert!(matches!(
            error,
            PoolError::Worker(StartChildError::NotRunning)
        ));
        assert!(error.to_string().contains("does not run"), "{error}");
    };
    not_running(pool.resize(4).await.unwrap_err());
    // Who leaves before it has started handles what it has.
    pool.workers()[2].tell(Job::Do(1)).await.unwrap();
    pool.resize(2).await.unwrap();
    let supervisor = Supervisor::one_for_one().with_child(spec);
    let supervisor = supervisor.start().await.unwrap();
    until("one leaves", || all.census.alive() == 2).await;
    assert_eq!(pool.len(), 2);

    let stayed = pool.workers();
    supervisor.terminate_child("crew").await.unwrap();
    assert_eq!((pool.len(), all.census.alive()), (0, 0));
    assert!(pool.tell(Job::Do(2)).await.is_err());
    not_running(pool.resize(4).await.unwrap_err());
    supervisor.restart_child("crew").await.unwrap();
    assert_eq!((pool.len(), all.census.alive()), (3, 3));
    // Who had not left is who it was.
    assert!(stayed.iter().all(|worker| pool.workers().contains(worker)));
    who(&pool, 3).await;
    supervisor.shutdown().await;
    not_running(pool.resize(4).await.unwrap_err());
    pool.resize(0).await.unwrap();
    assert_eq!(all.census.alive(), 0);
}

#[tokio::test]
async fn one_that_ends_by_itself_has_left() {
    let (all, builder) = Workers::new(2);
    let (supervisor, mut pool) = started(builder).await;
    let gone = pool.workers()[0].clone();
    gone.stop();
    until("it has left", || all.census.alive() == 1).await;
    until("that is known", || pool.len() == 1).await;
    who(&pool, 1).await;
    pool.resize(2).await.unwrap();
    assert_eq!(names(&pool), ["crew-1", "crew-2"]);
    // It comes back with the pool.
    supervisor.terminate_child("crew").await.unwrap();
    supervisor.restart_child("crew").await.unwrap();
    assert_eq!(names(&pool), ["crew-0", "crew-1"]);
    assert!(pool.workers().contains(&gone));
    supervisor.shutdown().await;
    assert_eq!(all.census.alive(), 0);
}

#[tokio::test]
async fn those_that_were_added_need_no_reference_either() {
    let (all, builder) = Workers::new(0);
    let (supervisor, mut pool) = started(builder).await;
    assert!(pool.is_empty());
    pool.resize(2).await.unwrap();
    drop(pool);
    for _ in 0..20 {
        yield_now().await;
    }
    assert_eq!(all.census.alive(), 2);
    supervisor.shutdown().await;
    assert_eq!(all.census.alive(), 0);
}

#[tokio::test]
async fn a_resize_dropped_at_every_poll_leaves_nothing() {
    for times in 0..25 {
        let (all, builder) = Workers::new(1);
        let (supervisor, mut pool) = started(builder).await;
        drop(polled(pool.resize(3), times).await);
        // All that run are in it, or leave.
        let size = pool.len();
        until("the others leave", || all.census.alive() == size).await;
        assert!((1..=3).contains(&size));
        pool.resize(2).await.unwrap();
        who(&pool, 1).await;
        supervisor.shutdown().await;
        assert_eq!(all.census.alive(), 0);
    }
}
