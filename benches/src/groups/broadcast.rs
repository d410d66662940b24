//! One task sends, and each of eight receives everything.
//!
//! A broadcast that drops the oldest would lose messages to a sender that runs ahead, and then do less work. So the
//! sender keeps to a pace, the same for all: it is never more than a capacity ahead of the slowest receiver, in two
//! windows of half of that, and so never held back by a channel either.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::channel::{Channel, Ends, Received, Receiver, Sender};
use crate::entrants::{self, Entrants};
use crate::harness::runtime::{Rt, Task, task};
use crate::harness::{Bench, Effort, Entrant};

const ENDS: Ends = Ends {
    capacity: 1024,
    senders: 1,
    receivers: 8,
};
const WINDOW: usize = ENDS.capacity / 2;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH.map(eight).into()
}

fn eight(rt: Rt) -> Bench {
    let about = "one sender, 8 receivers that each get every message, capacity 1024, usize; per message sent";
    let mut contest = Broadcast {
        bench: Bench::per_op(format!("broadcast8_{rt}"), about),
        rt,
    };
    entrants::broadcast(&mut contest);
    contest.bench
}

struct Broadcast {
    bench: Bench,
    rt: Rt,
}

impl Entrants<usize> for Broadcast {
    fn enter<C: Channel<usize>>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            // Each is received eight times.
            let messages = effort.operations(2);
            let elapsed = rt.run(task(run(tasks::<C>(messages), messages)));
            vec![elapsed.as_nanos() as f64 / messages as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

/// How far the receivers are: who has received the last window, and the one before.
#[derive(Default)]
struct Pace {
    received: [AtomicUsize; 2],
    changed: Notify,
}

impl Pace {
    /// A receiver has received a window.
    fn received(&self, window: usize) {
        // Pairs with itself and the load in `next`: who sends on does so after all have received.
        if self.received[window % 2].fetch_add(1, Ordering::AcqRel) + 1 == ENDS.receivers {
            self.changed.notify_one();
        }
    }

    /// Waits until everybody has received the window before the last, to send the next.
    async fn next(&self, window: usize) {
        if window < 2 {
            return;
        }
        let received = &self.received[window % 2];
        // Pairs with the addition in `received`.
        while received.load(Ordering::Acquire) < ENDS.receivers {
            self.changed.notified().await;
        }
        received.store(0, Ordering::Relaxed);
    }
}

/// Receivers first.
fn tasks<C: Channel<usize>>(messages: usize) -> Vec<Task<usize>> {
    let (senders, receivers) = C::open(ENDS);
    let pace = Arc::new(Pace::default());
    let receivers = receivers
        .into_iter()
        .map(|receiver| task(receive(receiver, messages, pace.clone())));
    let senders = senders
        .into_iter()
        .map(|sender| task(send(sender, messages, pace.clone())));
    receivers.chain(senders).collect()
}

/// Runs `tasks` from their start to their end, and checks that each receiver got everything.
async fn run(tasks: Vec<Task<usize>>, messages: usize) -> Duration {
    let start = Instant::now();
    let mut tasks: JoinSet<usize> = tasks.into_iter().collect();
    let mut sum = 0usize;
    while let Some(received) = tasks.join_next().await {
        sum = sum.wrapping_add(received.expect("no task panics"));
    }
    let elapsed = start.elapsed();
    let sent = (0..messages).fold(0usize, usize::wrapping_add);
    assert_eq!(
        sum,
        sent.wrapping_mul(ENDS.receivers),
        "each got what was sent"
    );
    elapsed
}

async fn send<S: Sender<usize>>(mut sender: S, messages: usize, pace: Arc<Pace>) -> usize {
    for number in 0..messages {
        if number.is_multiple_of(WINDOW) {
            pace.next(number / WINDOW).await;
        }
        assert!(sender.send(number).await.is_ok(), "the receivers are there");
    }
    0
}

async fn receive<R: Receiver<usize>>(mut receiver: R, messages: usize, pace: Arc<Pace>) -> usize {
    let mut sum = 0usize;
    let mut received = 0usize;
    while let Some(number) = receiver.recv().await.received() {
        sum = sum.wrapping_add(number);
        received += 1;
        if received.is_multiple_of(WINDOW) {
            pace.received(received / WINDOW - 1);
        }
    }
    assert_eq!(received, messages, "a receiver kept up");
    sum
}
