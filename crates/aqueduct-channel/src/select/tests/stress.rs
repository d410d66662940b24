//! Everything at once, on two threads: sets that are given up at random, beside receivers and senders that are not.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use crate::select::Select;
use crate::{mpmc, mpsc};

const EACH: u64 = if cfg!(miri) { 20 } else { 5_000 };
const LIMIT: Duration = Duration::from_secs(120);

/// A small generator of numbers, good enough to vary what happens.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Polls a future so many times at most, and drops it then.
async fn at_most<F: Future>(polls: u64, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// Adds up what it receives from both channels, giving up its wait again and again.
async fn select_and_add(
    one: mpmc::Receiver<u64>,
    two: mpmc::UnboundedReceiver<u64>,
    sum: Arc<AtomicU64>,
    seed: u64,
) {
    let mut dice = Dice(seed);
    let mut select = Select::new();
    select.recv(&one, |n| n);
    select.recv(&two, |n| n);
    loop {
        let event = match dice.below(4) {
            0 => select.select().await,
            1 => select.try_select().ok(),
            polls => match at_most(polls - 2, select.select()).await {
                Some(event) => event,
                None => {
                    tokio::task::yield_now().await;
                    continue;
                }
            },
        };
        match event {
            Some(Some(n)) => drop(sum.fetch_add(n, Ordering::Relaxed)),
            Some(None) => {}
            None if select.is_empty() => return,
            None => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receiving_sets_lose_no_message_and_keep_nobody_waiting() {
    let (one, one_rx) = mpmc::channel(2);
    let (two, two_rx) = mpmc::unbounded_channel();
    let sum = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for seed in 1..4 {
        let sum = sum.clone();
        let (one, two) = (one_rx.clone(), two_rx.clone());
        tasks.push(tokio::spawn(select_and_add(one, two, sum, seed * 7919)));
    }
    for _ in 0..2 {
        let (sum, one) = (sum.clone(), one_rx.clone());
        tasks.push(tokio::spawn(async move {
            while let Some(n) = one.recv().await {
                sum.fetch_add(n, Ordering::Relaxed);
            }
        }));
    }
    drop((one_rx, two_rx));
    for _ in 0..2 {
        let (one, two) = (one.clone(), two.clone());
        tasks.push(tokio::spawn(async move {
            for n in 0..EACH {
                one.send(n).await.unwrap();
                two.send(n).unwrap();
            }
        }));
    }
    drop((one, two));
    for task in tasks {
        tokio::time::timeout(LIMIT, task)
            .await
            .expect("stuck")
            .unwrap();
    }
    assert_eq!(sum.load(Ordering::Relaxed), 4 * EACH * (EACH - 1) / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sending_sets_lose_no_room_and_keep_nobody_waiting() {
    let (outlets, mut receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel(1)).unzip();
    let mut tasks = Vec::new();
    for seed in 1..3 {
        let outlets = outlets.clone();
        tasks.push(tokio::spawn(async move {
            let mut dice = Dice(seed * 104_729);
            let mut select = Select::new();
            for outlet in &outlets {
                select.reserve(outlet, |permit| permit);
            }
            let mut next = 0;
            while next < EACH {
                let permit = at_most(dice.below(3), select.select()).await;
                match permit {
                    Some(permit) => {
                        permit.unwrap().unwrap().send(next);
                        next += 1;
                    }
                    None => tokio::task::yield_now().await,
                }
            }
        }));
    }
    // A plain sender on one of them, which must get its turns.
    let plain = outlets[0].clone();
    drop(outlets);
    tasks.push(tokio::spawn(async move {
        for n in 0..EACH {
            plain.send(n).await.unwrap();
        }
    }));
    let mut select = Select::new();
    for receiver in &mut receivers {
        select.recv(receiver, |n| n);
    }
    let mut sum = 0;
    let receiving = async {
        while let Some(n) = select.select().await {
            sum += n.unwrap_or(0);
        }
    };
    tokio::time::timeout(LIMIT, receiving).await.expect("stuck");
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(sum, 3 * EACH * (EACH - 1) / 2);
}
