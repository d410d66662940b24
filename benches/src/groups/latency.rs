//! How long a message is under way when messages come at a fixed rate, far below what a channel can carry.
//!
//! This is what a pause for a batch to build up, or a wake put off, would cost. The clock's two readings (some 50 ns
//! each) are part of every figure.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::channel::{Channel, Ends, Received, Receiver, Sender};
use crate::entrants::{self, Entrants};
use crate::harness::runtime::{Rt, Task, task};
use crate::harness::{Bench, Effort, Entrant, Metric, Unit};

/// The share of messages that are faster, and its name.
const PERCENTILES: [(f64, &str); 3] = [(50.0, "p50"), (99.0, "p99"), (99.9, "p999")];

const CAPACITY: usize = 1024;

/// Rounds last as long as their messages take to come.
const ROUNDS_MAX: usize = 5;

pub(crate) fn benches() -> Vec<Bench> {
    vec![latency(Rate::Busy), latency(Rate::Idle)]
}

/// How fast messages come, and what the sending task does meanwhile.
#[derive(Clone, Copy)]
enum Rate {
    /// 50,000 a second. The sender yields to other tasks until the next message is due. Latency counts from when it
    /// was **due**: a receiver that keeps the sender from its worker does not hide it.
    Busy,
    /// 500 a second. The sender sleeps, and so does everything else. Latency counts from the sending, for a timer of
    /// Tokio is late by up to a millisecond.
    Idle,
}

impl Rate {
    fn per_second(self) -> u32 {
        match self {
            Rate::Busy => 50_000,
            Rate::Idle => 500,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Rate::Busy => "rate50k",
            Rate::Idle => "rate500",
        }
    }

    /// A round of the full measure lasts one second when busy and two when idle.
    fn messages(self, effort: &Effort) -> usize {
        match self {
            Rate::Busy => effort.operations(8),
            Rate::Idle => effort.operations(400),
        }
    }
}

fn latency(rate: Rate) -> Bench {
    let per_second = rate.per_second();
    let metric = |(_, name): (f64, &str)| Metric {
        group: format!("latency_{}_{name}_mt", rate.name()),
        unit: Unit::Nanos,
        about: format!("{name} of the time from send to receipt at {per_second} messages a second"),
    };
    let bench = Bench {
        rounds_max: ROUNDS_MAX,
        ..Bench::new(PERCENTILES.map(metric).into())
    };
    let mut contest = Latency { bench, rate };
    entrants::spsc(&mut contest);
    contest.bench
}

struct Latency {
    bench: Bench,
    rate: Rate,
}

/// A message is the time it is counted from, in nanoseconds since the round's origin.
impl Entrants<usize> for Latency {
    fn enter<C: Channel<usize>>(&mut self, who: Entrant) {
        let rate = self.rate;
        let round = move |effort: &Effort| {
            let (mut senders, mut receivers) = C::open(Ends::pair(CAPACITY));
            let sender = senders.pop().expect("one sender was asked for");
            let receiver = receivers.pop().expect("one receiver was asked for");

            let (origin, messages) = (Instant::now(), rate.messages(effort));
            let sending = task(send(sender, origin, rate, messages));
            let receiving = task(receive(receiver, origin));
            let latencies = Rt::WithTimer.run(task(measure(sending, receiving)));
            assert_eq!(latencies.len(), messages as u64, "each message arrived");
            PERCENTILES
                .map(|(p, _)| latencies.value_at_percentile(p) as f64)
                .into()
        };
        self.bench.case(who, Box::new(round));
    }
}

/// Runs both tasks to their end.
async fn measure(sending: Task<()>, receiving: Task<Histogram<u64>>) -> Histogram<u64> {
    let receiving = tokio::spawn(receiving);
    tokio::spawn(sending)
        .await
        .expect("the sender does not panic");
    receiving.await.expect("the receiver does not panic")
}

async fn send<S: Sender<usize>>(mut sender: S, origin: Instant, rate: Rate, messages: usize) {
    let period = Duration::from_secs(1) / rate.per_second();
    let mut due = Duration::ZERO;
    for _ in 0..messages {
        due += period;
        let counted_from = match rate {
            Rate::Busy => {
                while origin.elapsed() < due {
                    yield_now().await;
                }
                due
            }
            Rate::Idle => {
                sleep(period).await;
                origin.elapsed()
            }
        };
        let message = counted_from.as_nanos() as usize;
        assert!(sender.send(message).await.is_ok(), "the receiver waits");
    }
}

async fn receive<R: Receiver<usize>>(mut receiver: R, origin: Instant) -> Histogram<u64> {
    let mut latencies = Histogram::new(3).expect("three digits are within its range");
    while let Some(counted_from) = receiver.recv().await.received() {
        let now = origin.elapsed().as_nanos() as u64;
        latencies += now.saturating_sub(counted_from as u64);
    }
    latencies
}
