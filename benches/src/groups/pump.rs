//! The work that most groups share: senders push numbered messages through one channel, receivers add them up.

use std::marker::PhantomData;
use std::ops::Range;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::channel::{Channel, Ends, Message, Received, Receiver, Sender};
use crate::entrants::Entrants;
use crate::harness::runtime::{Rt, Task, task};
use crate::harness::{Bench, Effort, Entrant};

/// A contest of pumping messages.
pub(crate) struct Pump<T> {
    bench: Bench,
    rt: Rt,
    ends: Ends,
    messages: PhantomData<T>,
}

impl<T: Message> Pump<T> {
    pub(crate) fn new(group: String, about: &str, rt: Rt, ends: Ends) -> Self {
        Pump {
            bench: Bench::per_op(group, about),
            rt,
            ends,
            messages: PhantomData,
        }
    }

    pub(crate) fn bench(self) -> Bench {
        self.bench
    }
}

impl<T: Message> Entrants<T> for Pump<T> {
    fn enter<C: Channel<T>>(&mut self, who: Entrant) {
        let Pump { rt, ends, .. } = *self;
        let round = move |effort: &Effort| {
            let messages = effort.messages;
            let elapsed = rt.run(task(pump(tasks::<C, T>(ends, messages), messages)));
            vec![elapsed.as_nanos() as f64 / messages as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

/// What a task has sent or received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    messages: usize,
    sum: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.messages += other.messages;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// The tasks that move `messages` messages through a new channel: receivers first.
fn tasks<C: Channel<T>, T: Message>(ends: Ends, messages: usize) -> Vec<Task<Tally>> {
    let (senders, receivers) = C::open(ends);
    let shares = shares(messages, senders.len());
    let receivers = receivers
        .into_iter()
        .map(|receiver| task(receive::<T, _>(receiver)));
    let senders = senders.into_iter().zip(shares);
    let senders = senders.map(|(sender, share)| task(send::<T, _>(sender, share)));
    receivers.chain(senders).collect()
}

/// Splits `messages` numbers among `senders`.
fn shares(messages: usize, senders: usize) -> impl Iterator<Item = Range<usize>> {
    (0..senders).map(move |n| messages * n / senders..messages * (n + 1) / senders)
}

/// Runs `tasks` from their start to their end, and checks that each of `messages` messages arrived once.
///
/// # Panics
///
/// If what arrived is not what was sent.
async fn pump(tasks: Vec<Task<Tally>>, messages: usize) -> Duration {
    let start = Instant::now();
    let mut tasks: JoinSet<Tally> = tasks.into_iter().collect();
    let mut received = Tally::default();
    while let Some(tally) = tasks.join_next().await {
        received.add(tally.expect("no task panics"));
    }
    let elapsed = start.elapsed();

    let sum = (0..messages).fold(0usize, usize::wrapping_add);
    assert_eq!(
        received,
        Tally { messages, sum },
        "what arrived is what was sent"
    );
    elapsed
}

async fn send<T: Message, S: Sender<T>>(mut sender: S, share: Range<usize>) -> Tally {
    for number in share {
        assert!(
            sender.send(T::new(number)).await.is_ok(),
            "the channel is open"
        );
    }
    Tally::default()
}

async fn receive<T: Message, R: Receiver<T>>(mut receiver: R) -> Tally {
    let mut tally = Tally::default();
    while let Some(message) = receiver.recv().await.received() {
        tally.messages += 1;
        tally.sum = tally.sum.wrapping_add(message.number());
    }
    tally
}
