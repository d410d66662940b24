//! Random programs, against a model that has a queue a receiver.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::broadcast::{Receiver, Sender};

/// What one receiver is to get.
#[derive(Default)]
struct Expected {
    queue: VecDeque<usize>,
    lost: u64,
}

#[derive(Clone, Debug)]
enum Step {
    Send,
    SendWait,
    Recv(usize),
    RecvMany(usize, usize),
    Await(usize),
    Subscribe,
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Send),
        2 => Just(Step::SendWait),
        6 => (0..8usize).prop_map(Step::Recv),
        2 => (0..8usize, 0..20usize).prop_map(|(who, limit)| Step::RecvMany(who, limit)),
        2 => (0..8usize).prop_map(Step::Await),
        1 => Just(Step::Subscribe),
        1 => (0..8usize).prop_map(Step::Leave),
    ]
}

/// A channel, and what it is to do.
struct Both {
    overflow: Overflow,
    /// The largest number of messages that a receiver can be behind.
    capacity: usize,
    tx: Sender<Arc<usize>>,
    receivers: Vec<(Receiver<Arc<usize>>, Expected)>,
    /// All messages, to see who else has them.
    sent: Vec<Arc<usize>>,
}

impl Both {
    fn new(overflow: Overflow, capacity: usize) -> Self {
        let (tx, rx) = Builder::new(capacity).overflow(overflow).build();
        let rounded = capacity.next_power_of_two();
        Self {
            overflow,
            capacity: if overflow == Overflow::DropOldest {
                rounded
            } else {
                capacity
            },
            tx,
            receivers: vec![(rx, Expected::default())],
            sent: Vec::new(),
        }
    }

    fn run(&mut self, step: &Step) {
        let count = self.receivers.len().max(1);
        match *step {
            Step::Send => self.send(|tx, message| {
                tx.try_send(message).map_err(|error| match error {
                    TrySendError::Full(message) | TrySendError::Closed(message) => message,
                })
            }),
            Step::SendWait => self.send(|tx, message| match poll(tx.send_wait(message.clone())) {
                Poll::Ready(sent) => sent.map_err(|error| error.0),
                Poll::Pending => Err(message),
            }),
            Step::Recv(who) => {
                if let Some((rx, expected)) = self.receivers.get_mut(who % count) {
                    let got = rx.try_recv().map(|message| *message);
                    assert_eq!(got, expected.next());
                }
            }
            Step::RecvMany(who, limit) => {
                if let Some((rx, expected)) = self.receivers.get_mut(who % count) {
                    let mut buffer = Vec::new();
                    let received = rx.try_recv_many(&mut buffer, limit);
                    let got: Vec<_> = buffer.iter().map(|message| **message).collect();
                    assert_eq!((received, got), expected.batch(limit));
                }
            }
            Step::Await(who) => {
                if let Some((rx, expected)) = self.receivers.get_mut(who % count) {
                    let got = match poll(rx.recv()) {
                        Poll::Ready(Ok(message)) => Ok(*message),
                        Poll::Ready(Err(RecvError::Lagged(lost))) => {
                            Err(TryRecvError::Lagged(lost))
                        }
                        Poll::Ready(Err(RecvError::Closed)) => Err(TryRecvError::Closed),
                        Poll::Pending => Err(TryRecvError::Empty),
                    };
                    assert_eq!(got, expected.next());
                }
            }
            Step::Subscribe if self.receivers.len() < 5 => {
                let new = self.tx.subscribe();
                self.receivers.push((new, Expected::default()));
            }
            Step::Leave(who) if !self.receivers.is_empty() => {
                drop(self.receivers.swap_remove(who % count));
            }
            Step::Subscribe | Step::Leave(_) => {}
        }
        self.check();
    }

    fn send(
        &mut self,
        send: impl FnOnce(&Sender<Arc<usize>>, Arc<usize>) -> Result<usize, Arc<usize>>,
    ) {
        let message = Arc::new(self.sent.len());
        let sent = send(&self.tx, message.clone());
        let full = self
            .receivers
            .iter()
            .any(|(_, expected)| expected.queue.len() == self.capacity);
        if self.receivers.is_empty() || full && self.overflow != Overflow::DropOldest {
            assert_eq!(sent, Err(message));
            return;
        }
        assert_eq!(sent, Ok(self.receivers.len()));
        for (_, expected) in &mut self.receivers {
            if expected.queue.len() == self.capacity {
                expected.queue.pop_front();
                expected.lost += 1;
            }
            expected.queue.push_back(*message);
        }
        self.sent.push(message);
    }

    fn check(&self) {
        let queued = self.receivers.iter().map(|(_, expected)| &expected.queue);
        assert_eq!(self.tx.len(), queued.map(VecDeque::len).max().unwrap_or(0));
        assert_eq!(self.tx.receiver_count(), self.receivers.len());
        for (rx, expected) in &self.receivers {
            assert_eq!(rx.len(), expected.queue.len() + expected.lost as usize);
        }
        // What nobody will receive is gone, but for what some receiver has lost.
        let lagged = self.receivers.iter().any(|(_, expected)| expected.lost > 0);
        if self.overflow != Overflow::DropOldest && !lagged {
            for message in &self.sent {
                let wanted = |(_, expected): &(_, Expected)| expected.queue.contains(message);
                let inside = Arc::strong_count(message) - 1;
                assert_eq!(inside, usize::from(self.receivers.iter().any(wanted)));
            }
        }
    }

    /// Nothing is left of what was sent.
    fn finish(mut self) {
        drop(self.tx);
        for (rx, expected) in &mut self.receivers {
            while let Ok(message) = expected.next_at_the_end() {
                assert_eq!(rx.try_recv().map(|message| *message), message);
            }
            assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        }
        self.receivers.clear();
        for message in &self.sent {
            assert_eq!(Arc::strong_count(message), 1, "message {message}");
        }
    }
}

impl Expected {
    fn next(&mut self) -> Result<usize, TryRecvError> {
        if self.lost > 0 {
            return Err(TryRecvError::Lagged(std::mem::take(&mut self.lost)));
        }
        self.queue.pop_front().ok_or(TryRecvError::Empty)
    }

    /// What comes next, or nothing if the end does.
    fn next_at_the_end(&mut self) -> Result<Result<usize, TryRecvError>, ()> {
        match self.next() {
            Err(TryRecvError::Empty) => Err(()),
            next => Ok(next),
        }
    }

    fn batch(&mut self, limit: usize) -> (Result<usize, TryRecvError>, Vec<usize>) {
        if limit == 0 {
            return (Ok(0), Vec::new());
        }
        let first = match self.next() {
            Ok(first) => first,
            Err(error) => return (Err(error), Vec::new()),
        };
        let more = self.queue.len().min(limit - 1);
        let mut batch = vec![first];
        batch.extend(self.queue.drain(..more));
        (Ok(batch.len()), batch)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 400 }))]

    #[test]
    fn a_broadcast_does_what_the_model_does(
        overflow in prop_oneof![
            2 => Just(Overflow::DropOldest),
            1 => Just(Overflow::Wait),
            1 => Just(Overflow::Reject),
        ],
        capacity in prop_oneof![3 => 1..9usize, 1 => Just(16usize), 1 => Just(33usize)],
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut both = Both::new(overflow, capacity);
        for step in &steps {
            both.run(step);
        }
        both.finish();
    }
}
