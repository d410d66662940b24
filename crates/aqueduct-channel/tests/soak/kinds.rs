//! All kinds of channel behind one face.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use aqueduct_channel::{MemorySpill, Overflow, mpmc, mpsc, spmc, spsc};

use super::tally::{Message, Rng};

pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// Whether messages were sent. Of what was not, the caller or the future has disposed.
pub(crate) type Sent = Result<(), NotSent>;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotSent {
    Full,
    Closed,
}

pub(crate) trait SendEnd: Send {
    fn send(&mut self, message: Message) -> Pending<'_, Sent>;
    fn try_send(&mut self, message: Message) -> Sent;
    fn blocking_send(&mut self, message: Message) -> Sent;
    /// Sends a batch. If the channel is closed, says how many it had drawn and not sent.
    fn send_many<'a>(
        &'a mut self,
        messages: &'a mut IntoIter<Message>,
    ) -> Pending<'a, Result<(), usize>>;
    /// By a permit, which may be dropped instead. Only where the channel has permits.
    fn reserve(&mut self, message: Message, keep: bool) -> Pending<'_, Result<bool, NotSent>>;
}

pub(crate) trait ReceiveEnd: Send {
    fn recv(&mut self) -> Pending<'_, Option<Message>>;
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>>;
    fn try_recv(&mut self) -> Option<Message>;
    fn recv_many<'a>(
        &'a mut self,
        buffer: &'a mut Vec<Message>,
        limit: usize,
    ) -> Pending<'a, usize>;
    fn blocking_recv(&mut self) -> Option<Message>;
    fn close(&mut self);
}

pub(crate) struct Ends {
    pub(crate) senders: Vec<Box<dyn SendEnd>>,
    pub(crate) receivers: Vec<Box<dyn ReceiveEnd>>,
}

impl Ends {
    fn new() -> Self {
        Self {
            senders: Vec::new(),
            receivers: Vec::new(),
        }
    }

    fn senders<S: SendEnd + Clone + 'static>(mut self, rng: &mut Rng, sender: S) -> Self {
        for _ in 0..rng.below(3) {
            self.senders.push(Box::new(sender.clone()));
        }
        self.sender(sender)
    }

    fn sender(mut self, sender: impl SendEnd + 'static) -> Self {
        self.senders.push(Box::new(sender));
        self
    }

    fn receivers<R: ReceiveEnd + Clone + 'static>(mut self, rng: &mut Rng, receiver: R) -> Self {
        for _ in 0..rng.below(3) {
            self.receivers.push(Box::new(receiver.clone()));
        }
        self.receiver(receiver)
    }

    fn receiver(mut self, receiver: impl ReceiveEnd + 'static) -> Self {
        self.receivers.push(Box::new(receiver));
        self
    }
}

pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) make: fn(&mut Rng, usize) -> Ends,
    /// Whether a send that is dropped was not sent for certain.
    pub(crate) dropped_is_unsent: bool,
}

/// How many messages come back with an error.
trait Drawn {
    fn drawn(&self) -> usize;
}

impl Drawn for Vec<Message> {
    fn drawn(&self) -> usize {
        self.len()
    }
}

impl Drawn for () {
    fn drawn(&self) -> usize {
        0
    }
}

/// Counts what overflow costs.
fn count(message: Message) {
    message.tally().overflowed.add(1);
}

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "spsc",
        dropped_is_unsent: true,
        make: |rng, capacity| {
            let builder = spsc::Builder::new(capacity);
            let (tx, rx) = match rng.below(3) {
                0 => builder.overflow(Overflow::DropNewest).on_drop(count),
                1 => builder.spill(MemorySpill::new(rng.below(4))),
                _ => builder,
            }
            .build();
            Ends::new().sender(tx).receiver(rx)
        },
    },
    Kind {
        name: "mpsc",
        dropped_is_unsent: true,
        make: |rng, capacity| {
            let builder = mpsc::Builder::new(capacity);
            let (tx, rx) = match rng.below(4) {
                0 => builder.overflow(Overflow::DropNewest).on_drop(count),
                1 => builder.spill(MemorySpill::new(rng.below(4))),
                2 => builder.fair(),
                _ => builder,
            }
            .build();
            Ends::new().senders(rng, tx).receiver(rx)
        },
    },
    Kind {
        name: "unbounded mpsc",
        dropped_is_unsent: true,
        make: |rng, _| {
            let (tx, rx) = mpsc::unbounded_channel();
            Ends::new().senders(rng, tx).receiver(rx)
        },
    },
    Kind {
        name: "spmc",
        dropped_is_unsent: true,
        make: |rng, capacity| {
            let builder = spmc::Builder::new(capacity);
            let (tx, rx) = match rng.below(4) {
                0 => builder.overflow(Overflow::DropOldest).on_drop(count),
                1 => builder.spill(MemorySpill::new(rng.below(4))),
                2 => builder.fair(),
                _ => builder,
            }
            .build();
            Ends::new().sender(tx).receivers(rng, rx)
        },
    },
    Kind {
        name: "mpmc",
        dropped_is_unsent: true,
        make: |rng, capacity| {
            let builder = mpmc::Builder::new(capacity);
            let (tx, rx) = match rng.below(5) {
                0 => builder.overflow(Overflow::DropOldest).on_drop(count),
                1 => builder.spill(MemorySpill::new(rng.below(4))),
                2 => builder.fair(),
                3 => builder.overflow(Overflow::DropNewest).on_drop(count),
                _ => builder,
            }
            .build();
            Ends::new().senders(rng, tx).receivers(rng, rx)
        },
    },
    Kind {
        name: "unbounded mpmc",
        dropped_is_unsent: true,
        make: |rng, _| {
            let (tx, rx) = mpmc::unbounded_channel();
            Ends::new().senders(rng, tx).receivers(rng, rx)
        },
    },
    Kind {
        name: "rendezvous",
        dropped_is_unsent: false,
        make: |rng, _| {
            let (tx, rx) = mpmc::rendezvous();
            Ends::new().senders(rng, tx).receivers(rng, rx)
        },
    },
];

macro_rules! bounded_sender {
    ($($sender:ty),*) => {$(
        impl SendEnd for $sender {
            fn send(&mut self, message: Message) -> Pending<'_, Sent> {
                Box::pin(async { <$sender>::send(self, message).await.map_err(|_| NotSent::Closed) })
            }

            fn try_send(&mut self, message: Message) -> Sent {
                <$sender>::try_send(self, message).map_err(|error| match error {
                    spsc::error::TrySendError::Full(_) => NotSent::Full,
                    spsc::error::TrySendError::Closed(_) => NotSent::Closed,
                })
            }

            fn blocking_send(&mut self, message: Message) -> Sent {
                <$sender>::blocking_send(self, message).map_err(|_| NotSent::Closed)
            }

            fn send_many<'a>(
                &'a mut self,
                messages: &'a mut IntoIter<Message>,
            ) -> Pending<'a, Result<(), usize>> {
                Box::pin(async {
                    match <$sender>::send_many(self, messages.by_ref()).await {
                        Ok(_) => Ok(()),
                        Err(error) => Err(error.0.drawn()),
                    }
                })
            }

            fn reserve(
                &mut self,
                message: Message,
                keep: bool,
            ) -> Pending<'_, Result<bool, NotSent>> {
                Box::pin(async move {
                    match <$sender>::reserve(self).await {
                        Ok(permit) if keep => permit.send(message),
                        Ok(_) => {}
                        Err(_) => return Err(NotSent::Closed),
                    }
                    Ok(keep)
                })
            }
        }
    )*};
}

bounded_sender!(
    spsc::Sender<Message>,
    mpsc::Sender<Message>,
    spmc::Sender<Message>,
    mpmc::Sender<Message>
);

macro_rules! unbounded_sender {
    ($($sender:ty),*) => {$(
        impl SendEnd for $sender {
            fn send(&mut self, message: Message) -> Pending<'_, Sent> {
                Box::pin(async { self.try_send(message) })
            }

            fn try_send(&mut self, message: Message) -> Sent {
                <$sender>::send(self, message).map_err(|_| NotSent::Closed)
            }

            fn blocking_send(&mut self, message: Message) -> Sent {
                self.try_send(message)
            }

            fn send_many<'a>(
                &'a mut self,
                messages: &'a mut IntoIter<Message>,
            ) -> Pending<'a, Result<(), usize>> {
                Box::pin(async {
                    let mut batch = messages.collect();
                    let sent = <$sender>::send_many(self, &mut batch);
                    *messages = batch.into_iter();
                    sent.map(drop).map_err(|_| 0)
                })
            }

            fn reserve(
                &mut self,
                message: Message,
                keep: bool,
            ) -> Pending<'_, Result<bool, NotSent>> {
                Box::pin(async move {
                    if keep {
                        self.try_send(message)?;
                    }
                    Ok(keep)
                })
            }
        }
    )*};
}

unbounded_sender!(
    mpsc::UnboundedSender<Message>,
    mpmc::UnboundedSender<Message>
);

impl SendEnd for mpmc::RendezvousSender<Message> {
    fn send(&mut self, message: Message) -> Pending<'_, Sent> {
        Box::pin(async { Self::send(self, message).await.map_err(|_| NotSent::Closed) })
    }

    fn try_send(&mut self, message: Message) -> Sent {
        Self::try_send(self, message).map_err(|error| match error {
            mpmc::error::TrySendError::Full(_) => NotSent::Full,
            mpmc::error::TrySendError::Closed(_) => NotSent::Closed,
        })
    }

    fn blocking_send(&mut self, message: Message) -> Sent {
        Self::blocking_send(self, message).map_err(|_| NotSent::Closed)
    }

    fn send_many<'a>(
        &'a mut self,
        messages: &'a mut IntoIter<Message>,
    ) -> Pending<'a, Result<(), usize>> {
        // It has no batches: none is sent.
        Box::pin(async move {
            let _ = messages;
            Ok(())
        })
    }

    fn reserve(&mut self, message: Message, _: bool) -> Pending<'_, Result<bool, NotSent>> {
        Box::pin(async {
            Self::send(self, message)
                .await
                .map(|()| true)
                .map_err(|_| NotSent::Closed)
        })
    }
}

macro_rules! receiver {
    ($($receiver:ty),*) => {$(
        impl ReceiveEnd for $receiver {
            fn recv(&mut self) -> Pending<'_, Option<Message>> {
                Box::pin(<$receiver>::recv(self))
            }

            fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
                <$receiver>::poll_recv(self, cx)
            }

            fn try_recv(&mut self) -> Option<Message> {
                <$receiver>::try_recv(self).ok()
            }

            fn recv_many<'a>(
                &'a mut self,
                buffer: &'a mut Vec<Message>,
                limit: usize,
            ) -> Pending<'a, usize> {
                Box::pin(<$receiver>::recv_many(self, buffer, limit))
            }

            fn blocking_recv(&mut self) -> Option<Message> {
                <$receiver>::blocking_recv(self)
            }

            fn close(&mut self) {
                <$receiver>::close(self);
            }
        }
    )*};
}

receiver!(
    spsc::Receiver<Message>,
    mpsc::Receiver<Message>,
    mpsc::UnboundedReceiver<Message>,
    mpmc::Receiver<Message>,
    mpmc::UnboundedReceiver<Message>
);

impl ReceiveEnd for mpmc::RendezvousReceiver<Message> {
    fn recv(&mut self) -> Pending<'_, Option<Message>> {
        Box::pin(Self::recv(self))
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        Self::poll_recv(self, cx)
    }

    fn try_recv(&mut self) -> Option<Message> {
        Self::try_recv(self).ok()
    }

    fn recv_many<'a>(&'a mut self, buffer: &'a mut Vec<Message>, _: usize) -> Pending<'a, usize> {
        Box::pin(async {
            let message = Self::recv(self).await;
            let received = usize::from(message.is_some());
            buffer.extend(message);
            received
        })
    }

    fn blocking_recv(&mut self) -> Option<Message> {
        Self::blocking_recv(self)
    }

    fn close(&mut self) {
        Self::close(self);
    }
}
