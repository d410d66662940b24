//! Random broadcasts: senders and receivers on tasks and threads, receives that are dropped, receivers that come late and
//! leave early. In the end each receiver that stayed has received, in each sender's order, or lost, all that was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use aqueduct_channel::broadcast::error::{RecvError, TryRecvError};
use aqueduct_channel::{Overflow, broadcast};
use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};

use super::WATCHDOG;
use super::tally::Rng;

/// Counts itself, with memory of its own so that a double drop shows.
struct Message {
    sender: usize,
    number: Box<u64>,
    alive: Arc<AtomicUsize>,
}

impl Message {
    fn new(sender: usize, number: u64, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self {
            sender,
            number: Box::new(number),
            alive: alive.clone(),
        }
    }
}

impl Clone for Message {
    fn clone(&self) -> Self {
        Self::new(self.sender, *self.number, &self.alive)
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a receiver has got.
#[derive(Debug)]
struct Log {
    /// The number that may come next, of each sender.
    next: Vec<u64>,
    passed: u64,
    lost: u64,
}

impl Log {
    fn new(senders: usize) -> Self {
        Self {
            next: vec![0; senders],
            passed: 0,
            lost: 0,
        }
    }

    fn received(&mut self, message: &Message) {
        let next = &mut self.next[message.sender];
        assert!(*message.number >= *next, "out of order");
        *next = *message.number + 1;
        self.passed += 1;
    }

    fn lagged(&mut self, lost: u64) {
        assert!(lost > 0);
        self.passed += lost;
        self.lost += lost;
    }

    /// Notes what came. Says whether that was the end.
    fn note(&mut self, got: Result<Message, RecvError>) -> bool {
        match got {
            Ok(message) => self.received(&message),
            Err(RecvError::Lagged(lost)) => self.lagged(lost),
            Err(RecvError::Closed) => return true,
        }
        false
    }
}

struct Round {
    overflow: Overflow,
    senders: usize,
    messages: u64,
    alive: Arc<AtomicUsize>,
}

impl Round {
    /// Sends, with futures that are dropped now and then.
    async fn send(&self, tx: broadcast::Sender<Message>, id: usize, mut rng: Rng) {
        let mut number = 0;
        while number < self.messages {
            let message = Message::new(id, number, &self.alive);
            let sent = match (self.overflow, rng.below(3)) {
                (Overflow::DropOldest, _) => tx.send(message).is_ok(),
                (_, 0) => tx.try_send(message).is_ok(),
                (_, 1) => matches!(tx.send_wait(message).now_or_never(), Some(Ok(_))),
                _ => tx.send_wait(message).await.is_ok(),
            };
            if sent {
                number += 1;
            }
            if rng.below(8) == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn receive(&self, mut rx: broadcast::Receiver<Message>, mut rng: Rng) -> Log {
        let mut log = Log::new(self.senders);
        loop {
            let got = match rng.below(8) {
                0 => match rx.recv().now_or_never() {
                    Some(got) => got,
                    None => continue,
                },
                1 => match rx.try_recv() {
                    Ok(message) => Ok(message),
                    Err(TryRecvError::Lagged(lost)) => Err(RecvError::Lagged(lost)),
                    Err(TryRecvError::Closed) => Err(RecvError::Closed),
                    Err(TryRecvError::Empty) => {
                        tokio::task::yield_now().await;
                        continue;
                    }
                },
                2 => {
                    drop(rx.resubscribe());
                    rx.recv().await
                }
                3 => {
                    let mut batch = Vec::new();
                    match rx.recv_many(&mut batch, 1 + rng.below(9)).await {
                        Ok(received) => assert_eq!(received, batch.len()),
                        Err(error) => {
                            if log.note(Err(error)) {
                                return log;
                            }
                        }
                    }
                    batch.iter().for_each(|message| log.received(message));
                    continue;
                }
                _ => rx.recv().await,
            };
            if log.note(got) {
                return log;
            }
        }
    }

    fn receive_blocking(&self, mut rx: broadcast::Receiver<Message>) -> Log {
        let mut log = Log::new(self.senders);
        while !log.note(rx.blocking_recv()) {}
        log
    }
}

fn round(runtime: &Runtime, seed: u64, messages: u64) {
    let mut rng = Rng::new(seed);
    let overflow = [Overflow::DropOldest, Overflow::Wait, Overflow::Reject][rng.below(3)];
    let capacity = [1, 2, 3, 8, 70, 600][rng.below(6)];
    let round = Arc::new(Round {
        overflow,
        senders: 1 + rng.below(2),
        messages,
        alive: Arc::default(),
    });
    let about = format!("seed {seed}, {overflow:?}, capacity {capacity}");
    let (tx, rx) = broadcast::Builder::new(capacity).overflow(overflow).build();
    let (done, all_done) = mpsc::channel();
    let receivers = 1 + rng.below(4);
    for _ in 0..receivers {
        let (round, rx, done) = (round.clone(), rx.resubscribe(), done.clone());
        let is_thread = rng.below(3) == 0;
        let rng = rng.split();
        if is_thread {
            drop(std::thread::spawn(move || {
                done.send(Some(round.receive_blocking(rx))).unwrap();
            }));
        } else {
            runtime.spawn(async move {
                let log = round.receive(rx, rng).await;
                done.send(Some(log)).unwrap();
            });
        }
    }
    drop(rx);
    for id in 0..round.senders {
        let (round, tx, done, rng) = (round.clone(), tx.clone(), done.clone(), rng.split());
        runtime.spawn(async move {
            round.send(tx, id, rng).await;
            done.send(None).unwrap();
        });
    }
    drop((tx, done));
    for _ in 0..receivers + round.senders {
        match all_done.recv_timeout(WATCHDOG) {
            Ok(None) => {}
            Ok(Some(log)) => {
                assert_eq!(log.passed, messages * round.senders as u64, "{about}");
                assert!(log.lost == 0 || overflow == Overflow::DropOldest, "{about}");
            }
            Err(RecvTimeoutError::Timeout) => panic!("somebody is asleep: {about}"),
            Err(RecvTimeoutError::Disconnected) => panic!("somebody panicked: {about}"),
        }
    }
    let start = Instant::now();
    while round.alive.load(Ordering::Relaxed) > 0 {
        // Tasks drop their handles after they have told.
        assert!(start.elapsed() < WATCHDOG, "messages alive: {about}");
        std::thread::yield_now();
    }
}

fn run(time: Duration, messages: u64) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let seed = std::env::var("AQUEDUCT_SOAK_SEED").map(|seed| seed.parse::<u64>().unwrap());
    let mut seeds = Rng::new(seed.as_ref().copied().unwrap_or_else(|_| Rng::any_seed()));
    let (start, mut rounds) = (Instant::now(), 0);
    while start.elapsed() < time {
        let seed = seed.as_ref().copied().unwrap_or_else(|_| seeds.next());
        round(&runtime, seed, messages);
        rounds += 1;
    }
    println!("{rounds} rounds");
}

#[test]
fn random_broadcasts() {
    run(Duration::from_secs(2), 200);
}

/// For as many seconds as `AQUEDUCT_SOAK_SECONDS` says. `AQUEDUCT_SOAK_SEED` repeats one round.
#[test]
#[ignore = "soak: cargo xtask soak"]
fn soak_random_broadcasts() {
    let seconds = std::env::var("AQUEDUCT_SOAK_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    run(Duration::from_secs(seconds.unwrap_or(60)), 2000);
}
