//! Random interleavings: every kind of channel, futures dropped at every poll, both runtimes and blocking threads mixed.
//!
//! A round makes one channel, puts senders and receivers anywhere, and lets each do random things. In the end:
//!
//! - what was sent was received, or reported as dropped by overflow;
//! - as many messages were dropped as were made;
//! - each receiver has seen each sender's messages in their order;
//! - nobody is asleep: a round that does not end is a lost wake-up, and a watchdog says so.
#![cfg(not(aqueduct_loom))]

mod broadcast;
mod kinds;
mod tally;
mod work;

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};

use kinds::{Ends, KINDS};
use tally::{Rng, Tally};
use work::Patience;

const WATCHDOG: Duration = Duration::from_secs(60);

/// Where tasks and threads run.
struct Places {
    many: Runtime,
    one: Handle,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    driver: Option<std::thread::JoinHandle<()>>,
}

impl Places {
    fn new() -> Self {
        let many = Builder::new_multi_thread().worker_threads(2).build();
        let one = Builder::new_current_thread().build().unwrap();
        let handle = one.handle().clone();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let driver = std::thread::spawn(move || drop(one.block_on(stopped)));
        Self {
            many: many.unwrap(),
            one: handle,
            stop: Some(stop),
            driver: Some(driver),
        }
    }

    /// Runs an actor somewhere: as a task of either runtime, or on a thread that blocks.
    fn run(&self, rng: &mut Rng, actor: work::Actor, done: mpsc::Sender<()>) {
        let mut own = rng.split();
        let patience = Patience::any(rng);
        match rng.below(3) {
            0 => drop(self.many.spawn(async move {
                actor.act(&mut own, patience).await;
                done.send(()).unwrap();
            })),
            1 => drop(self.one.spawn(async move {
                actor.act(&mut own, patience).await;
                done.send(()).unwrap();
            })),
            _ => drop(std::thread::spawn(move || {
                actor.act_blocking(&mut own);
                done.send(()).unwrap();
            })),
        }
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        if let Some(driver) = self.driver.take() {
            driver.join().unwrap();
        }
    }
}

fn round(places: &Places, seed: u64, messages: usize) {
    let rng = &mut Rng::new(seed);
    let kind = &KINDS[rng.below(KINDS.len())];
    let tally = Arc::new(Tally::default());
    let capacity = [1, 1, 2, 3, 8][rng.below(5)];
    let Ends { senders, receivers } = (kind.make)(rng, capacity);
    let actors = senders.len() + receivers.len();
    let (done, all_done) = mpsc::channel();
    let closes = rng.below(4) == 0;
    let patience = rng.below(messages) + 1;
    for (id, end) in senders.into_iter().enumerate() {
        let sender = work::Sender::new(id, end, messages, tally.clone());
        places.run(rng, work::Actor::Sender(sender), done.clone());
    }
    for (id, end) in receivers.into_iter().enumerate() {
        let closes_after = (closes && id == 0).then_some(patience);
        let receiver = work::Receiver::new(end, closes_after, tally.clone());
        places.run(rng, work::Actor::Receiver(receiver), done.clone());
    }
    drop(done);
    let about = format!("seed {seed}, {} of {capacity}", kind.name);
    for _ in 0..actors {
        match all_done.recv_timeout(WATCHDOG) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => panic!("somebody is asleep: {about}, {tally:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("somebody panicked: {about}"),
        }
    }
    tally.check(kind.dropped_is_unsent, &about);
}

fn run(time: Duration, messages: usize) {
    let places = Places::new();
    let start = Instant::now();
    let seed = std::env::var("AQUEDUCT_SOAK_SEED").map(|seed| seed.parse::<u64>().unwrap());
    let mut seeds = Rng::new(seed.as_ref().copied().unwrap_or_else(|_| Rng::any_seed()));
    let mut rounds = 0;
    while start.elapsed() < time {
        let seed = seed.as_ref().copied().unwrap_or_else(|_| seeds.next());
        round(&places, seed, messages);
        rounds += 1;
    }
    println!("{rounds} rounds");
}

#[test]
fn random_rounds() {
    run(Duration::from_secs(3), 60);
}

/// For as many seconds as `AQUEDUCT_SOAK_SECONDS` says. `AQUEDUCT_SOAK_SEED` repeats one round.
#[test]
#[ignore = "soak: cargo xtask soak"]
fn soak_random_rounds() {
    let seconds = std::env::var("AQUEDUCT_SOAK_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    run(Duration::from_secs(seconds.unwrap_or(60)), 300);
}
