//! ractor, without the features `async-trait`, which boxes each handler's future, and `message_span_propogation`. Its
//! mailboxes have no bound.

use std::future::{Future, ready};
use std::sync::Arc;

use ::ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use crate::actors::{Actors, Counter, Done};

pub(crate) const NAME: &str = "ractor";

pub(crate) struct Ractor;

pub(crate) struct Counting;

pub(crate) enum Message {
    Tell(u64),
    Ask(u64, RpcReplyPort<u64>),
}

impl Actor for Counting {
    type Msg = Message;
    type State = Counter;
    type Arguments = Counter;

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        counter: Counter,
    ) -> Result<Counter, ActorProcessingErr> {
        Ok(counter)
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        counter: &mut Counter,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Tell(number) => counter.tell(number),
            Message::Ask(number, reply) => reply.send(counter.ask(number))?,
        }
        Ok(())
    }
}

pub(crate) struct Relay;

pub(crate) enum RelayMessage {
    Next(Option<ActorRef<RelayMessage>>),
    Token(u64),
}

pub(crate) struct Place {
    next: Option<ActorRef<RelayMessage>>,
    done: Arc<Done>,
}

impl Actor for Relay {
    type Msg = RelayMessage;
    type State = Place;
    type Arguments = Arc<Done>;

    async fn pre_start(
        &self,
        _: ActorRef<RelayMessage>,
        done: Arc<Done>,
    ) -> Result<Place, ActorProcessingErr> {
        Ok(Place { next: None, done })
    }

    async fn handle(
        &self,
        _: ActorRef<RelayMessage>,
        message: RelayMessage,
        place: &mut Place,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RelayMessage::Next(next) => place.next = next,
            RelayMessage::Token(0) => place.done.one(0),
            RelayMessage::Token(hops) => {
                if let Some(next) = &place.next {
                    let _ = next.cast(RelayMessage::Token(hops - 1));
                }
            }
        }
        Ok(())
    }
}

impl Actors for Ractor {
    type World = ();
    type Ref = ActorRef<Message>;
    type Relay = ActorRef<RelayMessage>;

    async fn world() {}

    async fn spawn((): &(), counter: Counter, _: usize) -> Self::Ref {
        let spawned = Actor::spawn(None, Counting, counter).await;
        spawned.expect("the actor starts").0
    }

    #[inline]
    fn tell(to: &Self::Ref, number: u64) -> impl Future<Output = impl Sized> + Send {
        ready(to.cast(Message::Tell(number)))
    }

    async fn ask(to: &Self::Ref, number: u64) -> u64 {
        let answer = to.call(|reply| Message::Ask(number, reply), None).await;
        answer.expect("the actor lives").expect("the actor answers")
    }

    fn stop(to: Self::Ref) {
        to.stop(None);
    }

    async fn relay((): &(), done: Arc<Done>, _: usize) -> Self::Relay {
        let spawned = Actor::spawn(None, Relay, done).await;
        spawned.expect("the actor starts").0
    }

    fn link(
        to: &Self::Relay,
        next: Option<Self::Relay>,
    ) -> impl Future<Output = impl Sized> + Send {
        ready(to.cast(RelayMessage::Next(next)))
    }

    fn pass(to: &Self::Relay, hops: u64) -> impl Future<Output = impl Sized> + Send {
        ready(to.cast(RelayMessage::Token(hops)))
    }

    fn stop_relay(to: Self::Relay) {
        to.stop(None);
    }
}
