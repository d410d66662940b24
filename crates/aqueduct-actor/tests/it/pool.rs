//! Pools: routing, resizing, restarts, ends.

mod child;
mod resize;
mod route;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aqueduct_actor::{
    Actor, AskError, Cx, Mailbox, PoolBuilder, PoolRef, Reply, TellTarget, TryTellError, pool,
};
use aqueduct_channel::mpsc;
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

    /// What was done when so much is, and so many are left. (Also between two incarnations of one fewer are.)
    async fn done_by(&mut self, deeds: usize, left: usize) -> Vec<u32> {
        let mut done = Vec::new();
        until("all is done, and the others have left", || {
            done.extend(self.deeds().into_iter().map(|(_, n)| n));
            done.len() >= deeds && self.census.alive() == left
        })
        .await;
        done
    }
}

fn key(job: &Job) -> u32 {
    job.key()
}

async fn who(pool: &PoolRef<Worker>, n: u32) -> u64 {
    pool.ask(|reply| Job::Who(n, reply)).await.unwrap()
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
