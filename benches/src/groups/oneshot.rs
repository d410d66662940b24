//! Channels for one value: opened, sent, received.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::channel::{OneShot, Received};
use crate::entrants::{self, OneShotEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant};

/// How many channels one task opens before the other sends on them.
const BATCH: usize = 64;

pub(crate) fn benches() -> Vec<Bench> {
    vec![
        contest(
            "oneshot_ct",
            "open, send and receive in one task; nobody waits",
            Work::Ready,
        ),
        contest(
            "oneshot_waiting_ct",
            "open, begin to receive, send, receive",
            Work::Waiting,
        ),
        contest(
            "oneshot_mt",
            "one task opens and receives, another one sends",
            Work::TwoTasks,
        ),
    ]
}

#[derive(Clone, Copy)]
enum Work {
    Ready,
    Waiting,
    TwoTasks,
}

fn contest(group: &str, about: &str, work: Work) -> Bench {
    let mut oneshots = OneShots {
        bench: Bench::per_op(group, about),
        work,
    };
    entrants::oneshots(&mut oneshots);
    oneshots.bench
}

struct OneShots {
    bench: Bench,
    work: Work,
}

impl OneShotEntrants for OneShots {
    fn enter<C: OneShot>(&mut self, who: Entrant) {
        let work = self.work;
        let round = move |effort: &Effort| {
            let values = effort.messages;
            let elapsed = match work {
                Work::Ready => Rt::CurrentThread.run(task(ready::<C>(values))),
                Work::Waiting => Rt::CurrentThread.run(task(waiting::<C>(values))),
                Work::TwoTasks => Rt::MultiThread.run(task(two_tasks::<C>(values))),
            };
            vec![elapsed.as_nanos() as f64 / values as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn ready<C: OneShot>(values: usize) -> Duration {
    let start = Instant::now();
    for value in 0..values {
        let (sender, receiver) = C::open();
        C::send(sender, value);
        assert_eq!(C::recv(receiver).await.received(), Some(value));
    }
    start.elapsed()
}

async fn waiting<C: OneShot>(values: usize) -> Duration {
    let start = Instant::now();
    for value in 0..values {
        let (sender, receiver) = C::open();
        let mut receive = pin!(C::recv(receiver));
        poll_fn(|context| {
            assert!(
                receive.as_mut().poll(context).is_pending(),
                "nothing was sent"
            );
            Poll::Ready(())
        })
        .await;
        C::send(sender, value);
        assert_eq!(receive.await.received(), Some(value));
    }
    start.elapsed()
}

/// The senders travel by tokio's mpsc channel for every entrant, a batch at a time so that it weighs little.
async fn two_tasks<C: OneShot>(values: usize) -> Duration {
    let (hand_over, mut handed_over) = mpsc::channel::<Vec<(C::Tx, usize)>>(4);

    let start = Instant::now();
    let sending = tokio::spawn(async move {
        while let Some(batch) = handed_over.recv().await {
            batch
                .into_iter()
                .for_each(|(sender, value)| C::send(sender, value));
        }
    });
    let mut receivers = Vec::with_capacity(BATCH);
    for first in (0..values).step_by(BATCH) {
        let mut senders = Vec::with_capacity(BATCH);
        for value in first..values.min(first + BATCH) {
            let (sender, receiver) = C::open();
            senders.push((sender, value));
            receivers.push((receiver, value));
        }
        assert!(
            hand_over.send(senders).await.is_ok(),
            "the other task listens"
        );
        for (receiver, value) in receivers.drain(..) {
            assert_eq!(C::recv(receiver).await.received(), Some(value));
        }
    }
    let elapsed = start.elapsed();

    drop(hand_over);
    sending.await.expect("the sending task does not panic");
    elapsed
}
