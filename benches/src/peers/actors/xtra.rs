//! xtra. A tell is a send whose answer is let go of.

use std::future::Future;
use std::sync::Arc;

use ::xtra::{Actor, Address, Context, Handler, Mailbox, spawn_tokio};

use crate::actors::{Actors, Counter, Done};

pub(crate) const NAME: &str = "xtra";

pub(crate) struct Xtra;

pub(crate) struct Counting(Counter);

pub(crate) struct Tell(u64);
pub(crate) struct Ask(u64);

impl Actor for Counting {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Tell> for Counting {
    type Return = ();

    async fn handle(&mut self, Tell(number): Tell, _: &mut Context<Self>) {
        self.0.tell(number);
    }
}

impl Handler<Ask> for Counting {
    type Return = u64;

    async fn handle(&mut self, Ask(number): Ask, _: &mut Context<Self>) -> u64 {
        self.0.ask(number)
    }
}

pub(crate) struct Relay {
    next: Option<Address<Relay>>,
    done: Arc<Done>,
}

pub(crate) struct Next(Option<Address<Relay>>);
pub(crate) struct Token(u64);

impl Actor for Relay {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Next> for Relay {
    type Return = ();

    async fn handle(&mut self, Next(next): Next, _: &mut Context<Self>) {
        self.next = next;
    }
}

impl Handler<Token> for Relay {
    type Return = ();

    async fn handle(&mut self, Token(hops): Token, _: &mut Context<Self>) {
        if hops == 0 {
            self.done.one(0);
        } else if let Some(next) = &self.next {
            let _ = next.send(Token(hops - 1)).detach().await;
        }
    }
}

impl Actors for Xtra {
    type World = ();
    type Ref = Address<Counting>;
    type Relay = Address<Relay>;

    async fn world() {}

    async fn spawn((): &(), counter: Counter, room: usize) -> Self::Ref {
        spawn_tokio(Counting(counter), Mailbox::bounded(room))
    }

    #[inline]
    fn tell(to: &Self::Ref, number: u64) -> impl Future<Output = impl Sized> + Send {
        to.send(Tell(number)).detach()
    }

    async fn ask(to: &Self::Ref, number: u64) -> u64 {
        to.send(Ask(number)).await.expect("the actor answers")
    }

    fn stop(_: Self::Ref) {}

    async fn relay((): &(), done: Arc<Done>, room: usize) -> Self::Relay {
        spawn_tokio(Relay { next: None, done }, Mailbox::bounded(room))
    }

    fn link(
        to: &Self::Relay,
        next: Option<Self::Relay>,
    ) -> impl Future<Output = impl Sized> + Send {
        to.send(Next(next)).detach()
    }

    fn pass(to: &Self::Relay, hops: u64) -> impl Future<Output = impl Sized> + Send {
        to.send(Token(hops)).detach()
    }

    fn stop_relay(_: Self::Relay) {}
}
