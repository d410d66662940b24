//! `aqueduct_actor`, by its trait.

use std::future::Future;
use std::sync::Arc;

use aqueduct_actor::{Actor, ActorRef, Cx, Mailbox, Reply, actor};

use crate::actors::{Actors, Counter, Done};

pub(crate) struct Ours;

pub(crate) struct Counting(Counter);

pub(crate) enum Message {
    Tell(u64),
    Ask(u64, Reply<u64>),
}

impl Actor for Counting {
    type Msg = Message;

    async fn handle(&mut self, message: Message, _: &mut Cx<Self>) {
        match message {
            Message::Tell(number) => self.0.tell(number),
            Message::Ask(number, reply) => reply.send(self.0.ask(number)),
        }
    }
}

pub(crate) struct Relay {
    next: Option<ActorRef<Relay>>,
    done: Arc<Done>,
}

pub(crate) enum RelayMessage {
    Next(Option<ActorRef<Relay>>),
    Token(u64),
}

impl Actor for Relay {
    type Msg = RelayMessage;

    async fn handle(&mut self, message: RelayMessage, _: &mut Cx<Self>) {
        match message {
            RelayMessage::Next(next) => self.next = next,
            RelayMessage::Token(0) => self.done.one(0),
            RelayMessage::Token(hops) => {
                if let Some(next) = &self.next {
                    let _ = next.tell(RelayMessage::Token(hops - 1)).await;
                }
            }
        }
    }
}

impl Actors for Ours {
    type World = ();
    type Ref = ActorRef<Counting>;
    type Relay = ActorRef<Relay>;

    async fn world() {}

    async fn spawn((): &(), counter: Counter, room: usize) -> Self::Ref {
        let actor = actor(Counting(counter));
        actor.with_mailbox(Mailbox::bounded(room)).spawn()
    }

    #[inline]
    fn tell(to: &Self::Ref, number: u64) -> impl Future<Output = impl Sized> + Send {
        to.tell(Message::Tell(number))
    }

    async fn ask(to: &Self::Ref, number: u64) -> u64 {
        let answer = to.ask(|reply| Message::Ask(number, reply)).await;
        answer.unwrap_or_else(|error| panic!("{error}"))
    }

    fn stop(_: Self::Ref) {}

    async fn relay((): &(), done: Arc<Done>, room: usize) -> Self::Relay {
        let actor = actor(Relay { next: None, done });
        actor.with_mailbox(Mailbox::bounded(room)).spawn()
    }

    fn link(
        to: &Self::Relay,
        next: Option<Self::Relay>,
    ) -> impl Future<Output = impl Sized> + Send {
        to.tell(RelayMessage::Next(next))
    }

    fn pass(to: &Self::Relay, hops: u64) -> impl Future<Output = impl Sized> + Send {
        to.tell(RelayMessage::Token(hops))
    }

    fn stop_relay(_: Self::Relay) {}
}
