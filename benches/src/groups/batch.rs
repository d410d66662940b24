//! One task sends in batches, one receives in batches.

use std::time::{Duration, Instant};

use crate::channel::{BatchChannel, BatchReceiver, BatchSender};
use crate::entrants::{self, BatchEntrants};
use crate::harness::runtime::{Rt, Task, task};
use crate::harness::{Bench, Effort, Entrant};

const BATCH: usize = 256;
const CAPACITY: usize = 1024;

/// Messages received, and their sum.
type Tally = (usize, usize);

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH.map(spsc).into()
}

fn spsc(rt: Rt) -> Bench {
    let about = format!("one sender, one receiver, batches of {BATCH}, capacity {CAPACITY}, usize");
    let mut contest = Batches {
        bench: Bench::per_op(format!("spsc_batch{BATCH}_{rt}"), about),
        rt,
    };
    entrants::batches(&mut contest);
    contest.bench
}

struct Batches {
    bench: Bench,
    rt: Rt,
}

impl BatchEntrants for Batches {
    fn enter<C: BatchChannel>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let messages = effort.messages;
            let (sender, receiver) = C::open(CAPACITY);
            let (sending, receiving) = (task(send(sender, messages)), task(receive(receiver)));
            let elapsed = rt.run(task(play(sending, receiving, messages)));
            vec![elapsed.as_nanos() as f64 / messages as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn play(sending: Task<()>, receiving: Task<Tally>, messages: usize) -> Duration {
    let start = Instant::now();
    let receiving = tokio::spawn(receiving);
    tokio::spawn(sending)
        .await
        .expect("the sender does not panic");
    let received = receiving.await.expect("the receiver does not panic");
    let elapsed = start.elapsed();

    let sum = (0..messages).fold(0usize, usize::wrapping_add);
    assert_eq!(received, (messages, sum), "what arrived is what was sent");
    elapsed
}

async fn send<S: BatchSender>(mut sender: S, messages: usize) {
    let mut batch = Vec::with_capacity(BATCH);
    for first in (0..messages).step_by(BATCH) {
        batch.extend(first..messages.min(first + BATCH));
        sender.send_batch(&mut batch).await;
        assert!(batch.is_empty(), "the whole batch was sent");
    }
}

async fn receive<R: BatchReceiver>(mut receiver: R) -> Tally {
    let (mut received, mut sum) = (0, 0usize);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        receiver.recv_batch(&mut batch, BATCH).await;
        if batch.is_empty() {
            return (received, sum);
        }
        received += batch.len();
        sum = batch
            .iter()
            .fold(sum, |sum, number| sum.wrapping_add(*number));
    }
}
