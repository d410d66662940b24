//! kameo, without its feature `tracing`.

use std::convert::Infallible;
use std::future::{Future, IntoFuture};
use std::sync::Arc;

use ::kameo::actor::{Actor, ActorRef, Spawn};
use ::kameo::mailbox::bounded;
use ::kameo::message::{Context, Message};

use crate::actors::{Actors, Counter, Done};

pub(crate) const NAME: &str = "kameo";

pub(crate) struct Kameo;

pub(crate) struct Counting(Counter);

pub(crate) struct Tell(u64);
pub(crate) struct Ask(u64);

impl Actor for Counting {
    type Args = Counter;
    type Error = Infallible;

    async fn on_start(counter: Counter, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Counting(counter))
    }
}

impl Message<Tell> for Counting {
    type Reply = ();

    async fn handle(&mut self, Tell(number): Tell, _: &mut Context<Self, ()>) {
        self.0.tell(number);
    }
}

impl Message<Ask> for Counting {
    type Reply = u64;

    async fn handle(&mut self, Ask(number): Ask, _: &mut Context<Self, u64>) -> u64 {
        self.0.ask(number)
    }
}

pub(crate) struct Relay {
    next: Option<ActorRef<Relay>>,
    done: Arc<Done>,
}

pub(crate) struct Next(Option<ActorRef<Relay>>);
pub(crate) struct Token(u64);

impl Actor for Relay {
    type Args = Arc<Done>;
    type Error = Infallible;

    async fn on_start(done: Arc<Done>, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Relay { next: None, done })
    }
}

impl Message<Next> for Relay {
    type Reply = ();

    async fn handle(&mut self, Next(next): Next, _: &mut Context<Self, ()>) {
        self.next = next;
    }
}

impl Message<Token> for Relay {
    type Reply = ();

    async fn handle(&mut self, Token(hops): Token, _: &mut Context<Self, ()>) {
        if hops == 0 {
            self.done.one(0);
        } else if let Some(next) = &self.next {
            let _ = next.tell(Token(hops - 1)).send().await;
        }
    }
}

impl Actors for Kameo {
    type World = ();
    type Ref = ActorRef<Counting>;
    type Relay = ActorRef<Relay>;

    async fn world() {}

    async fn spawn((): &(), counter: Counter, room: usize) -> Self::Ref {
        Counting::spawn_with_mailbox(counter, bounded(room))
    }

    #[inline]
    fn tell(to: &Self::Ref, number: u64) -> impl Future<Output = impl Sized> + Send {
        to.tell(Tell(number)).into_future()
    }

    async fn ask(to: &Self::Ref, number: u64) -> u64 {
        to.ask(Ask(number)).await.expect("the actor answers")
    }

    fn stop(to: Self::Ref) {
        to.kill();
    }

    async fn relay((): &(), done: Arc<Done>, room: usize) -> Self::Relay {
        Relay::spawn_with_mailbox(done, bounded(room))
    }

    fn link(
        to: &Self::Relay,
        next: Option<Self::Relay>,
    ) -> impl Future<Output = impl Sized> + Send {
        to.tell(Next(next)).into_future()
    }

    fn pass(to: &Self::Relay, hops: u64) -> impl Future<Output = impl Sized> + Send {
        to.tell(Token(hops)).into_future()
    }

    fn stop_relay(to: Self::Relay) {
        to.kill();
    }
}
