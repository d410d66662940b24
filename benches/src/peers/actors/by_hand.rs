//! What a program writes without a crate of actors: a task that reads a channel, and a channel for each reply.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::actors::{Actors, Counter, Done};

pub(crate) struct ByHand;

pub(crate) enum Message {
    Tell(u64),
    Ask(u64, oneshot::Sender<u64>),
}

pub(crate) enum RelayMessage {
    Next(Option<mpsc::Sender<RelayMessage>>),
    Token(u64),
}

async fn count(mut counter: Counter, mut mailbox: mpsc::Receiver<Message>) {
    while let Some(message) = mailbox.recv().await {
        match message {
            Message::Tell(number) => counter.tell(number),
            Message::Ask(number, reply) => {
                let _ = reply.send(counter.ask(number));
            }
        }
    }
}

async fn relay(done: Arc<Done>, mut mailbox: mpsc::Receiver<RelayMessage>) {
    let mut next = None;
    while let Some(message) = mailbox.recv().await {
        match message {
            RelayMessage::Next(after) => next = after,
            RelayMessage::Token(0) => done.one(0),
            RelayMessage::Token(hops) => {
                if let Some(next) = &next {
                    let _ = next.send(RelayMessage::Token(hops - 1)).await;
                }
            }
        }
    }
}

impl Actors for ByHand {
    type World = ();
    type Ref = mpsc::Sender<Message>;
    type Relay = mpsc::Sender<RelayMessage>;

    async fn world() {}

    async fn spawn((): &(), counter: Counter, room: usize) -> Self::Ref {
        let (sender, mailbox) = mpsc::channel(room);
        tokio::spawn(count(counter, mailbox));
        sender
    }

    #[inline]
    fn tell(to: &Self::Ref, number: u64) -> impl Future<Output = impl Sized> + Send {
        to.send(Message::Tell(number))
    }

    async fn ask(to: &Self::Ref, number: u64) -> u64 {
        let (reply, answer) = oneshot::channel();
        let sent = to.send(Message::Ask(number, reply)).await;
        assert!(sent.is_ok(), "the actor lives");
        answer.await.expect("the actor answers")
    }

    fn stop(_: Self::Ref) {}

    async fn relay((): &(), done: Arc<Done>, room: usize) -> Self::Relay {
        let (sender, mailbox) = mpsc::channel(room);
        tokio::spawn(relay(done, mailbox));
        sender
    }

    fn link(
        to: &Self::Relay,
        next: Option<Self::Relay>,
    ) -> impl Future<Output = impl Sized> + Send {
        to.send(RelayMessage::Next(next))
    }

    fn pass(to: &Self::Relay, hops: u64) -> impl Future<Output = impl Sized> + Send {
        to.send(RelayMessage::Token(hops))
    }

    fn stop_relay(_: Self::Relay) {}
}
