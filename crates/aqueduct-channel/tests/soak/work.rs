//! What senders and receivers do.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::runtime::Handle;

use super::kinds::{NotSent, Pending, ReceiveEnd, SendEnd, Sent};
use super::tally::{Message, Rng, Tally};

/// How an operation is polled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// To its end.
    Endless,
    /// Some operations are dropped after a few polls, each when the task is woken or has yielded.
    Short,
}

impl Patience {
    pub(crate) fn any(rng: &mut Rng) -> Self {
        match rng.below(3) {
            0 => Self::Endless,
            _ => Self::Short,
        }
    }

    /// Runs an operation, or drops it after so many polls; nothing if it was dropped.
    async fn run<T>(self, rng: &mut Rng, mut operation: Pending<'_, T>) -> Option<T> {
        let polls = match self {
            Self::Short if rng.below(2) == 0 => rng.below(4),
            _ => return Some(operation.await),
        };
        for _ in 0..polls {
            let polled = poll_fn(|cx| Poll::Ready(operation.as_mut().poll(cx))).await;
            if let Poll::Ready(output) = polled {
                return Some(output);
            }
            tokio::task::yield_now().await;
        }
        None
    }
}

pub(crate) enum Actor {
    Sender(Sender),
    Receiver(Receiver),
}

impl Actor {
    pub(crate) async fn act(self, rng: &mut Rng, patience: Patience) {
        match self {
            Self::Sender(mut sender) => sender.send_all(rng, patience).await,
            Self::Receiver(mut receiver) => receiver.receive_all(rng, patience).await,
        }
    }

    pub(crate) fn act_blocking(self, rng: &mut Rng) {
        assert!(Handle::try_current().is_err());
        match self {
            Self::Sender(mut sender) => sender.send_all_blocking(rng),
            Self::Receiver(mut receiver) => receiver.receive_all_blocking(rng),
        }
    }
}

pub(crate) struct Sender {
    id: usize,
    end: Box<dyn SendEnd>,
    next: usize,
    last: usize,
    tally: Arc<Tally>,
}

impl Sender {
    pub(crate) fn new(id: usize, end: Box<dyn SendEnd>, count: usize, tally: Arc<Tally>) -> Self {
        Self {
            id,
            end,
            next: 0,
            last: count,
            tally,
        }
    }

    fn message(&mut self) -> Message {
        self.next += 1;
        Message::new(self.id, self.next, &self.tally)
    }

    /// Notes what came of one message. Says whether the channel is open.
    fn note(&self, sent: Option<Sent>) -> bool {
        self.tally.sent.add(usize::from(sent == Some(Ok(()))));
        self.tally.withdrawn.add(usize::from(sent.is_none()));
        sent != Some(Err(NotSent::Closed))
    }

    async fn send_all(&mut self, rng: &mut Rng, patience: Patience) {
        let mut open = true;
        while open && self.next < self.last {
            let message = self.message();
            open = match rng.below(8) {
                0 => {
                    let sent = self.end.try_send(message);
                    self.note(Some(sent))
                }
                1 => self.send_some(rng, patience, message).await,
                2 => {
                    let keep = rng.below(3) > 0;
                    let sent = patience.run(rng, self.end.reserve(message, keep)).await;
                    match sent {
                        Some(Ok(false)) => true,
                        sent => self.note(sent.map(|sent| sent.map(drop))),
                    }
                }
                _ => {
                    let sent = patience.run(rng, self.end.send(message)).await;
                    self.note(sent)
                }
            };
            if rng.below(16) == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// A batch; of one that is dropped half-way, what left the iterator was sent.
    async fn send_some(&mut self, rng: &mut Rng, patience: Patience, first: Message) -> bool {
        let mut batch = vec![first];
        for _ in 0..rng.below(5) {
            batch.push(self.message());
        }
        let all = batch.len();
        let mut left = batch.into_iter();
        let sent = patience.run(rng, self.end.send_many(&mut left)).await;
        let drawn = match sent {
            Some(Err(drawn)) => drawn,
            _ => 0,
        };
        self.tally.sent.add(all - left.len() - drawn);
        !matches!(sent, Some(Err(_)))
    }

    fn send_all_blocking(&mut self, rng: &mut Rng) {
        let mut open = true;
        while open && self.next < self.last {
            let message = self.message();
            let sent = match rng.below(4) {
                0 => self.end.try_send(message),
                _ => self.end.blocking_send(message),
            };
            open = self.note(Some(sent));
        }
    }
}

pub(crate) struct Receiver {
    end: Box<dyn ReceiveEnd>,
    /// The highest number seen of each sender.
    seen: HashMap<usize, usize>,
    /// Closes after so many messages.
    closes_after: Option<usize>,
    received: usize,
    tally: Arc<Tally>,
}

impl Receiver {
    pub(crate) fn new(
        end: Box<dyn ReceiveEnd>,
        closes_after: Option<usize>,
        tally: Arc<Tally>,
    ) -> Self {
        Self {
            end,
            seen: HashMap::new(),
            closes_after,
            received: 0,
            tally,
        }
    }

    fn take(&mut self, message: Message) {
        let before = self.seen.insert(message.sender, *message.number);
        assert!(
            before < Some(*message.number),
            "out of order: {message:?} after {before:?}"
        );
        self.received += 1;
        self.tally.received.add(1);
        if self.closes_after == Some(self.received) {
            self.end.close();
        }
    }

    async fn receive_all(&mut self, rng: &mut Rng, patience: Patience) {
        loop {
            let received = match rng.below(8) {
                0 => self.end.try_recv().map(Some),
                1 => {
                    let mut batch = Vec::new();
                    let limit = rng.below(4) + 1;
                    let many = self.end.recv_many(&mut batch, limit);
                    let count = patience.run(rng, many).await;
                    assert_eq!(count.unwrap_or(0), batch.len());
                    batch.into_iter().for_each(|message| self.take(message));
                    match count {
                        Some(0) => Some(None),
                        _ => None,
                    }
                }
                2 => {
                    // To its end: one that is not polled again would keep its place, and what comes there.
                    let end = &mut self.end;
                    Some(poll_fn(|cx| end.poll_recv(cx)).await)
                }
                _ => patience.run(rng, self.end.recv()).await,
            };
            match received {
                Some(Some(message)) => self.take(message),
                Some(None) => return,
                None if rng.below(4) == 0 => tokio::task::yield_now().await,
                None => {}
            }
        }
    }

    fn receive_all_blocking(&mut self, rng: &mut Rng) {
        loop {
            if rng.below(4) == 0
                && let Some(message) = self.end.try_recv()
            {
                self.take(message);
                continue;
            }
            match self.end.blocking_recv() {
                Some(message) => self.take(message),
                None => return,
            }
        }
    }
}
