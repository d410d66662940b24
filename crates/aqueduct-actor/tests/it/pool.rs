//! Pools: routing, resizing, restarts, ends.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aqueduct_actor::{
    Actor, AskError, Cx, Mailbox, Pool, PoolBuilder, PoolError, PoolRef, Reply, Routing, TellError,
    TellTarget, TryTellError, pool,
};
use aqueduct_channel::mpsc;
use aqueduct_supervision::Supervisor;
use aqueduct_supervision::exit::Failure;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use crate::drops::polled;
use crate::support::{Census, Citizen, on_both_runtimes, until};

/// Who did what.
type Deed = (u64, u32);

enum Job {
    Do(u32),
    Wait(u32, Arc<Semaphore>),
    Who(u32, Reply<u64>),
    Keep(Reply<u64>),
    Panic,
}

impl Job {
    fn key(&self) -> u32 {
        match self {
            Self::Do(n) | Self::Wait(n, _) | Self::Who(n, _) => n % 1000,
            _ => 0,
        }
    }
}

struct Worker {
    log: mpsc::UnboundedSender<Deed>,
    kept: Vec<Reply<u64>>,
    fails: Arc<AtomicBool>,
    _citizen: Citizen,
}

impl Actor for Worker {
    type Msg = Job;

    async fn start(&mut self, _: &mut Cx<Self>) -> Result<(), Failure> {
        match self.fails.load(Ordering::Relaxed) {
            true => Err(Failure::msg("no room for another")),
            false => Ok(()),
        }
    }

    async fn handle(&mut self, job: Job, cx: &mut Cx<Self>) {
        let me = cx.id().as_u64();
        match job {
            Job::Do(n) => self.log.send((me, n)).unwrap(),
            Job::Wait(n, permits) => {
                permits.acquire().await.unwrap().forget();
                self.log.send((me, n)).unwrap();
            }
            Job::Who(n, reply) => {
                self.log.send((me, n)).unwrap();
                reply.send(me);
            }
            Job::Keep(reply) => self.kept.push(reply),
            Job::Panic => panic!("the worker was told to panic"),
        }
    }
}

struct Workers {
    census: Census,
    fails: Arc<AtomicBool>,
    done: mpsc::UnboundedReceiver<Deed>,
}

impl Workers {
    fn new(workers: usize) -> (Self, PoolBuilder<Worker>) {
        let (log, done) = mpsc::unbounded_channel();
        let (census, fails) = (Census::default(), Arc::new(AtomicBool::new(false)));
        let all = Self {
            census: census.clone(),
            fails: fails.clone(),
            done,
        };
        let builder = pool(workers, move || Worker {
            log: log.clone(),
            kept: Vec::new(),
            fails: fails.clone(),
            _citizen: census.one(),
        });
        let builder = builder.with_intensity(1000, Duration::from_secs(5));
        (all, builder)
    }

    fn deeds(&mut self) -> Vec<Deed> {
        std::iter::from_fn(|| self.done.try_recv().ok()).collect()
    }
}

fn key(job: &Job) -> u32 {
    job.key()
}

async fn who(pool: &Pool<Worker>, n: u32) -> u64 {
    pool.ask(|reply| Job::Who(n, reply)).await.unwrap()
}

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

/// Tellers on other tasks, while it grows, shrinks, and workers die: each message is handled once.
#[test]
fn resizing_and_deaths_lose_nothing() {
    on_both_runtimes(|| async {
        for routing in [
            Routing::RoundRobin,
            Routing::LeastLoaded,
            Routing::by_key(key),
        ] {
            let (mut all, builder) = Workers::new(4);
            let builder = builder.with_mailbox(Mailbox::bounded(2));
            let mut pool = builder.with_routing(routing).start().await.unwrap();
            let tellers = (0..3_u32).map(|teller| {
                let pool = pool.reference();
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
                pool.resize(sizes.next().unwrap()).await.unwrap();
                yield_now().await;
            }
            for teller in tellers {
                teller.await.unwrap();
            }
            pool.drain().await;
            let deeds = all.deeds();
            let once: HashSet<u32> = deeds.iter().map(|(_, n)| *n).collect();
            assert_eq!((deeds.len(), once.len()), (1200, 1200));
            assert_eq!(all.census.alive(), 0);
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

#[tokio::test]
async fn an_answer_that_is_kept_does_not_keep_a_worker() {
    let (all, builder) = Workers::new(1);
    let pool = builder.start().await.unwrap();
    let asker = tokio::spawn({
        let pool = pool.reference();
        async move { pool.ask(Job::Keep).await }
    });
    yield_now().await;
    who(&pool, 1).await;
    pool.drain().await;
    assert!(matches!(asker.await.unwrap(), Err(AskError::Unknown)));
    assert_eq!(all.census.alive(), 0);
}

#[test]
fn a_pool_that_is_dropped_leaves_nothing_alive() {
    on_both_runtimes(|| async {
        let (all, builder) = Workers::new(3);
        let pool = builder.start().await.unwrap();
        let reference = pool.reference();
        let ends: Vec<_> = pool.workers().iter().map(|worker| worker.ended()).collect();
        drop(pool);
        for end in ends {
            end.await;
        }
        assert_eq!(all.census.alive(), 0);
        assert!(reference.is_empty());
        assert!(reference.tell(Job::Do(1)).await.is_err());
    });
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

#[tokio::test]
async fn its_futures_dropped_at_every_poll_leave_nothing() {
    for times in 0..25 {
        let (all, builder) = Workers::new(2);
        drop(polled(builder.start(), times).await);
        until("what was started is stopped", || all.census.alive() == 0).await;

        let (mut all, builder) = Workers::new(1);
        let mut pool = builder
            .with_mailbox(Mailbox::bounded(1))
            .start()
            .await
            .unwrap();
        drop(polled(pool.resize(3), times).await);
        // All that run are in it, or leave.
        let size = pool.len();
        until("the others leave", || all.census.alive() == size).await;
        pool.resize(1).await.unwrap();

        let permits = Arc::new(Semaphore::new(0));
        pool.tell(Job::Wait(0, permits.clone())).await.unwrap();
        yield_now().await;
        pool.try_tell(Job::Do(1)).unwrap();
        if times > 12 {
            permits.add_permits(1);
        }
        let told = polled(pool.tell(Job::Do(2)), times).await.is_some();
        drop(polled(pool.ask(|reply| Job::Who(3, reply)), times).await);
        permits.add_permits(1);
        who(&pool, 4).await;
        let was_told = all.deeds().iter().any(|(_, n)| *n == 2);
        assert_eq!(was_told, told, "{times}");
        let census = all.census.clone();
        drop(polled(pool.drain(), times).await);
        until("it is stopped all the same", || census.alive() == 0).await;
    }
}

/// Without room its messages come back to their type, which cannot take it.
struct Sore;

impl Actor for Sore {
    type Msg = u32;

    async fn handle(&mut self, _: u32, _: &mut Cx<Self>) {}

    fn undelivered(_: u32) {
        panic!("it was told to panic");
    }
}

#[tokio::test]
async fn a_panic_of_what_is_undelivered_is_not_the_tellers() {
    let mailbox = Mailbox::bounded(1).overflow(aqueduct_channel::Overflow::Reject);
    let pool = pool(1, || Sore).with_mailbox(mailbox);
    let pool = pool.start().await.unwrap();
    pool.workers()[0].freeze();
    let target: &PoolRef<Sore> = &pool;
    target.try_tell_to(1_u32).unwrap();
    assert!(matches!(
        target.try_tell_to(2_u32),
        Err(TryTellError::Full(None))
    ));
    assert!(target.tell_to(3_u32).await.is_err());
    pool.shutdown().await;
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
