//! coerce, actors of a system of the round that it does not keep track of. Its mailboxes have no bound.

use std::future::{Future, ready};
use std::sync::Arc;

use ::coerce::actor::context::ActorContext;
use ::coerce::actor::message::{Handler, Message};
use ::coerce::actor::system::ActorSystem;
use ::coerce::actor::{Actor, LocalActorRef};
use async_trait::async_trait;

use crate::actors::{Actors, Counter, Done};

pub(crate) const NAME: &str = "coerce";

pub(crate) struct Coerce;

pub(crate) struct Counting(Counter);

pub(crate) struct Tell(u64);
pub(crate) struct Ask(u64);

impl Message for Tell {
    type Result = ();
}

impl Message for Ask {
    type Result = u64;
}

impl Actor for Counting {}

#[async_trait]
impl Handler<Tell> for Counting {
    async fn handle(&mut self, Tell(number): Tell, _: &mut ActorContext) {
        self.0.tell(number);
    }
}

#[async_trait]
impl Handler<Ask> for Counting {
    async fn handle(&mut self, Ask(number): Ask, _: &mut ActorContext) -> u64 {
        self.0.ask(number)
    }
}

pub(crate) struct Relay {
    next: Option<LocalActorRef<Relay>>,
    done: Arc<Done>,
}

pub(crate) struct Next(Option<LocalActorRef<Relay>>);
pub(crate) struct Token(u64);

impl Message for Next {
    type Result = ();
}

impl Message for Token {
    type Result = ();
}

impl Actor for Relay {}

#[async_trait]
impl Handler<Next> for Relay {
    async fn handle(&mut self, Next(next): Next, _: &mut ActorContext) {
        self.next = next;
    }
}

#[async_trait]
impl Handler<Token> for Relay {
    async fn handle(&mut self, Token(hops): Token, _: &mut ActorContext) {
        if hops == 0 {
            self.done.one(0);
        } else if let Some(next) = &self.next {
            let _ = next.notify(Token(hops - 1));
        }
    }
}

impl Actors for Coerce {
    type World = ActorSystem;
    type Ref = LocalActorRef<Counting>;
    type Relay = LocalActorRef<Relay>;

    async fn world() -> ActorSystem {
        ActorSystem::new()
    }

    async fn spawn(system: &ActorSystem, counter: Counter, _: usize) -> Self::Ref {
        let spawned = system.new_anon_actor(Counting(counter)).await;
        spawned.expect("the actor starts")
    }

    #[inline]
    fn tell(to: &Self::Ref, number: u64) -> impl Future<Output = impl Sized> + Send {
        ready(to.notify(Tell(number)))
    }

    async fn ask(to: &Self::Ref, number: u64) -> u64 {
        to.send(Ask(number)).await.expect("the actor answers")
    }

    fn stop(to: Self::Ref) {
        let _ = to.notify_stop();
    }

    async fn relay(system: &ActorSystem, done: Arc<Done>, _: usize) -> Self::Relay {
        let spawned = system.new_anon_actor(Relay { next: None, done }).await;
        spawned.expect("the actor starts")
    }

    fn link(
        to: &Self::Relay,
        next: Option<Self::Relay>,
    ) -> impl Future<Output = impl Sized> + Send {
        ready(to.notify(Next(next)))
    }

    fn pass(to: &Self::Relay, hops: u64) -> impl Future<Output = impl Sized> + Send {
        ready(to.notify(Token(hops)))
    }

    fn stop_relay(to: Self::Relay) {
        let _ = to.notify_stop();
    }
}
