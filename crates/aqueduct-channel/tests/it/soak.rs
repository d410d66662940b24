//! Every future dropped at every poll, in random interleavings, over both runtimes and blocking threads.
//!
//! A round makes a channel, lets senders and receivers do random operations, gives up many of them after a random
//! number of polls, then lets the channel run dry, and counts: what was sent = what was received + what overflow is
//! reported to have dropped; every message dropped once; and nobody left asleep (a round that hangs fails).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aqueduct_channel::{MemorySpill, Overflow, mpmc, mpsc, spmc, spsc};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::support::{Dice, HandedBack, Ledger, Message, give_up_after, watched};

const OPERATIONS: usize = 150;

/// What both sides have counted.
#[derive(Debug, Default)]
struct Tally {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Tally {
    fn sent(&self, n: u64) {
        self.sent.fetch_add(n, Ordering::Relaxed);
    }

    fn received(&self, n: u64) {
        self.received.fetch_add(n, Ordering::Relaxed);
    }

    fn assert_equal(&self, dropped: u64, what: &str) {
        let (sent, received) = (
            self.sent.load(Ordering::SeqCst),
            self.received.load(Ordering::SeqCst),
        );
        assert_eq!(
            sent,
            received + dropped,
            "{what}: sent, and received + dropped"
        );
    }
}

/// Random sends through a handle; a macro, since some kinds take it by `&` and some by `&mut`.
macro_rules! send_at_random {
    ($tx:ident, $dice:ident, $ledger:ident, $tally:ident) => {
        for _ in 0..OPERATIONS {
            let polls = 1 + $dice.roll(3) as u32;
            match $dice.roll(8) {
                0 | 1 => {
                    if let Some(Ok(())) = give_up_after(polls, $tx.send($ledger.message())).await {
                        $tally.sent(1);
                    }
                }
                2 => {
                    if $tx.try_send($ledger.message()).is_ok() {
                        $tally.sent(1);
                    }
                }
                3 => {
                    if let Some(Ok(permit)) = give_up_after(polls, $tx.reserve()).await {
                        if $dice.roll(2) == 0 {
                            permit.send($ledger.message());
                            $tally.sent(1);
                        } else {
                            tokio::task::yield_now().await;
                        }
                    }
                }
                4 => {
                    let n = 1 + $dice.roll(2) as usize;
                    if let Some(Ok(permits)) = give_up_after(polls, $tx.reserve_many(n)).await {
                        drop(permits);
                    }
                }
                5 => {
                    let before = $ledger.clone();
                    let mut batch = (0..$dice.roll(6) as usize).map(|_| before.message());
                    let whole = batch.len();
                    let back = match give_up_after(polls, $tx.send_many(&mut batch)).await {
                        Some(Err(error)) => error.0.handed_back(),
                        _ => 0,
                    };
                    $tally.sent((whole - batch.len() - back) as u64);
                }
                6 => tokio::task::yield_now().await,
                _ => {
                    if $tx.send($ledger.message()).await.is_ok() {
                        $tally.sent(1);
                    }
                }
            }
        }
    };
}

macro_rules! receive_at_random {
    ($rx:ident, $dice:ident, $tally:ident) => {
        loop {
            let polls = 1 + $dice.roll(3) as u32;
            match $dice.roll(5) {
                0 | 1 => match give_up_after(polls, $rx.recv()).await {
                    Some(Some(_)) => $tally.received(1),
                    Some(None) => break,
                    None => tokio::task::yield_now().await,
                },
                2 => {
                    if $rx.try_recv().is_ok() {
                        $tally.received(1);
                    }
                }
                3 => {
                    let mut batch = Vec::new();
                    let limit = 1 + $dice.roll(5) as usize;
                    let _ = give_up_after(polls, $rx.recv_many(&mut batch, limit)).await;
                    $tally.received(batch.len() as u64);
                }
                _ => match $rx.recv().await {
                    Some(_) => $tally.received(1),
                    None => break,
                },
            }
        }
    };
}

fn capacity(dice: &mut Dice) -> usize {
    [1, 2, 3, 4, 7, 64][dice.roll(6) as usize]
}

async fn spsc_round(seed: u64) {
    let (ledger, tally) = (Arc::new(Ledger::default()), Arc::new(Tally::default()));
    let mut dice = Dice::new(seed);
    let spills = dice.roll(3) == 0;
    let builder = spsc::Builder::new(capacity(&mut dice));
    let builder = if spills {
        builder.spill(MemorySpill::new(5))
    } else {
        builder
    };
    let (mut tx, mut rx) = builder.build();
    let mut tasks = JoinSet::new();
    let (sender_ledger, sender_tally, mut sender_dice) =
        (ledger.clone(), tally.clone(), Dice::new(seed + 1));
    tasks.spawn(async move {
        send_at_random!(tx, sender_dice, sender_ledger, sender_tally);
    });
    let receiver_tally = tally.clone();
    tasks.spawn(async move {
        receive_at_random!(rx, dice, receiver_tally);
    });
    join(tasks, "spsc", seed).await;
    tally.assert_equal(0, "spsc");
    ledger.assert_balanced("spsc");
}

async fn mpsc_round(seed: u64) {
    let (ledger, tally) = (Arc::new(Ledger::default()), Arc::new(Tally::default()));
    let mut dice = Dice::new(seed);
    let builder = mpsc::Builder::new(capacity(&mut dice));
    let builder = if dice.roll(3) == 0 {
        builder.spill(MemorySpill::new(5))
    } else {
        builder
    };
    let (tx, mut rx) = if dice.roll(2) == 0 {
        builder.fair().build()
    } else {
        builder.build()
    };
    let mut tasks = JoinSet::new();
    for sender in 0..3 {
        let (tx, ledger, tally, mut dice) = (
            tx.clone(),
            ledger.clone(),
            tally.clone(),
            Dice::new(seed + 1 + sender),
        );
        tasks.spawn(async move {
            send_at_random!(tx, dice, ledger, tally);
        });
    }
    let (blocking_ledger, blocking_tally) = (ledger.clone(), tally.clone());
    tasks.spawn_blocking(move || {
        block_and_send(
            |message| tx.blocking_send(message).is_ok(),
            &blocking_ledger,
            &blocking_tally,
        )
    });
    let receiver_tally = tally.clone();
    tasks.spawn(async move {
        receive_at_random!(rx, dice, receiver_tally);
    });
    join(tasks, "mpsc", seed).await;
    tally.assert_equal(0, "mpsc");
    ledger.assert_balanced("mpsc");
}

async fn spmc_round(seed: u64) {
    let (ledger, tally) = (Arc::new(Ledger::default()), Arc::new(Tally::default()));
    let mut dice = Dice::new(seed);
    let (mut tx, rx) = spmc::channel(capacity(&mut dice));
    let mut tasks = JoinSet::new();
    let sender_ledger = ledger.clone();
    let sender_tally = tally.clone();
    tasks.spawn(async move {
        send_at_random!(tx, dice, sender_ledger, sender_tally);
    });
    for receiver in 0..3 {
        let (rx, tally, mut dice) = (rx.clone(), tally.clone(), Dice::new(seed + 1 + receiver));
        tasks.spawn(async move {
            receive_at_random!(rx, dice, tally);
        });
    }
    drop(rx);
    join(tasks, "spmc", seed).await;
    tally.assert_equal(0, "spmc");
    ledger.assert_balanced("spmc");
}

async fn mpmc_round(seed: u64) {
    let (ledger, tally) = (Arc::new(Ledger::default()), Arc::new(Tally::default()));
    let mut dice = Dice::new(seed);
    let builder = mpmc::Builder::new(capacity(&mut dice));
    let builder = match dice.roll(4) {
        0 => builder.overflow(Overflow::DropOldest),
        1 => builder.overflow(Overflow::DropNewest),
        2 => builder.spill(MemorySpill::new(5)),
        _ => builder,
    };
    let (tx, rx) = if dice.roll(2) == 0 {
        builder.fair().build()
    } else {
        builder.build()
    };
    let watcher = tx.downgrade();
    let mut tasks = JoinSet::new();
    for receiver in 0..3 {
        let (rx, tally, mut dice) = (rx.clone(), tally.clone(), Dice::new(seed + 9 + receiver));
        tasks.spawn(async move {
            receive_at_random!(rx, dice, tally);
        });
    }
    let (blocking_rx, blocking_tally) = (rx.clone(), tally.clone());
    tasks.spawn_blocking(move || {
        while blocking_rx.blocking_recv().is_some() {
            blocking_tally.received(1);
        }
    });
    for sender in 0..3 {
        let (tx, ledger, tally, mut dice) = (
            tx.clone(),
            ledger.clone(),
            tally.clone(),
            Dice::new(seed + 1 + sender),
        );
        tasks.spawn(async move {
            send_at_random!(tx, dice, ledger, tally);
        });
    }
    drop(tx);
    join(tasks, "mpmc", seed).await;
    drop(watcher);
    tally.assert_equal(rx.stats().dropped, "mpmc");
    drop(rx);
    ledger.assert_balanced("mpmc");
}

async fn unbounded_round(seed: u64) {
    let (ledger, tally) = (Arc::new(Ledger::default()), Arc::new(Tally::default()));
    let (tx, rx) = mpmc::unbounded_channel();
    let (sole_tx, mut sole_rx) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for receiver in 0..3 {
        let (rx, tally, mut dice) = (rx.clone(), tally.clone(), Dice::new(seed + 9 + receiver));
        tasks.spawn(async move {
            receive_at_random!(rx, dice, tally);
        });
    }
    drop(rx);
    let (sole_tally, mut sole_dice) = (tally.clone(), Dice::new(seed));
    tasks.spawn(async move {
        receive_at_random!(sole_rx, sole_dice, sole_tally);
    });
    for sender in 0..3 {
        let (tx, sole_tx) = (tx.clone(), sole_tx.clone());
        let (ledger, tally, mut dice) =
            (ledger.clone(), tally.clone(), Dice::new(seed + 1 + sender));
        tasks.spawn(async move {
            for _ in 0..OPERATIONS {
                let sent = match dice.roll(3) {
                    0 => tx.send(ledger.message()).is_ok(),
                    1 => sole_tx.send(ledger.message()).is_ok(),
                    _ => {
                        tokio::task::yield_now().await;
                        false
                    }
                };
                tally.sent(sent.into());
            }
        });
    }
    drop((tx, sole_tx));
    join(tasks, "unbounded", seed).await;
    tally.assert_equal(0, "unbounded");
    ledger.assert_balanced("unbounded");
}

/// The receiver closes or goes away in the middle: what it did not take is dropped, and nobody waits for it.
async fn closing_round(seed: u64) {
    let ledger = Arc::new(Ledger::default());
    let tally = Arc::new(Tally::default());
    let mut dice = Dice::new(seed);
    let (tx, mut rx) = mpsc::channel(capacity(&mut dice));
    let (mut sole_tx, mut sole_rx) = spsc::channel(capacity(&mut dice));
    let mut tasks = JoinSet::new();
    for sender in 0..3 {
        let (tx, ledger, tally, mut dice) = (
            tx.clone(),
            ledger.clone(),
            tally.clone(),
            Dice::new(seed + 1 + sender),
        );
        tasks.spawn(async move {
            send_at_random!(tx, dice, ledger, tally);
            tx.closed().await;
        });
    }
    drop(tx);
    let (sole_ledger, sole_tally, mut sole_dice) =
        (ledger.clone(), tally.clone(), Dice::new(seed + 7));
    tasks.spawn(async move {
        send_at_random!(sole_tx, sole_dice, sole_ledger, sole_tally);
        sole_tx.closed().await;
    });
    let until = dice.roll(60);
    let receiver_tally = tally.clone();
    tasks.spawn(async move {
        for _ in 0..until {
            tokio::select! {
                Some(_) = rx.recv() => receiver_tally.received(1),
                Some(_) = sole_rx.recv() => receiver_tally.received(1),
                else => break,
            }
        }
        rx.close();
        sole_rx.close();
        while rx.recv().await.is_some() {
            receiver_tally.received(1);
        }
        while sole_rx.recv().await.is_some() {
            receiver_tally.received(1);
        }
    });
    join(tasks, "closing", seed).await;
    tally.assert_equal(0, "closing");
    ledger.assert_balanced("closing");
}

fn block_and_send(send: impl Fn(Message) -> bool, ledger: &Arc<Ledger>, tally: &Tally) {
    for _ in 0..OPERATIONS / 4 {
        if send(ledger.message()) {
            tally.sent(1);
        }
    }
}

async fn join(mut tasks: JoinSet<()>, what: &str, seed: u64) {
    let what = format!("{what}, seed {seed}");
    while let Some(ended) = watched(&what, tasks.join_next()).await {
        ended.unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

fn run(runtime: &Runtime, seed: u64) {
    runtime.block_on(async {
        spsc_round(seed).await;
        mpsc_round(seed).await;
        spmc_round(seed).await;
        mpmc_round(seed).await;
        unbounded_round(seed).await;
        closing_round(seed).await;
    });
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
        Builder::new_current_thread().enable_all().build().unwrap(),
    ]
}

/// Rounds until the time is up.
fn soak(time: Duration) {
    let (start, runtimes) = (Instant::now(), runtimes());
    let mut seed = 1;
    while start.elapsed() < time {
        for runtime in &runtimes {
            run(runtime, seed);
        }
        seed += 100;
    }
}

#[test]
fn nothing_is_lost_and_nobody_is_left_asleep() {
    soak(Duration::from_secs(3));
}

#[test]
#[ignore = "long; run with `cargo xtask soak`"]
fn soak_every_kind() {
    let seconds = std::env::var("AQUEDUCT_SOAK_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    soak(Duration::from_secs(seconds.unwrap_or(60)));
}
