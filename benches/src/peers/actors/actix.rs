//! actix, whose actors run on the thread of their `System`, with handlers that are not async. A tell is a `do_send`, which
//! goes past the mailbox's bound: `send` waits for the answer too.

use std::future::{Future, ready};
use std::sync::Arc;

use ::actix::{Actor, Addr, Context, Handler, Message};
use actix_rt::{System, SystemRunner};

use crate::actors::{Actors, Counter, Done};
use crate::harness::runtime::{Rt, Task, current_with_timer};

pub(crate) const NAME: &str = "actix";

pub(crate) struct Actix;

pub(crate) struct Counting {
    counter: Counter,
    room: usize,
}

pub(crate) struct Tell(u64);
pub(crate) struct Ask(u64);

impl Message for Tell {
    type Result = ();
}

impl Message for Ask {
    type Result = u64;
}

impl Actor for Counting {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(self.room);
    }
}

impl Handler<Tell> for Counting {
    type Result = ();

    fn handle(&mut self, Tell(number): Tell, _: &mut Context<Self>) {
        self.counter.tell(number);
    }
}

impl Handler<Ask> for Counting {
    type Result = u64;

    fn handle(&mut self, Ask(number): Ask, _: &mut Context<Self>) -> u64 {
        self.counter.ask(number)
    }
}

pub(crate) struct Relay {
    next: Option<Addr<Relay>>,
    done: Arc<Done>,
}

pub(crate) struct Next(Option<Addr<Relay>>);
pub(crate) struct Token(u64);

impl Message for Next {
    type Result = ();
}

impl Message for Token {
    type Result = ();
}

impl Actor for Relay {
    type Context = Context<Self>;
}

impl Handler<Next> for Relay {
    type Result = ();

    fn handle(&mut self, Next(next): Next, _: &mut Context<Self>) {
        self.next = next;
    }
}

impl Handler<Token> for Relay {
    type Result = ();

    fn handle(&mut self, Token(hops): Token, _: &mut Context<Self>) {
        if hops == 0 {
            self.done.one(0);
        } else if let Some(next) = &self.next {
            next.do_send(Token(hops - 1));
        }
    }
}

fn system() -> SystemRunner {
    System::with_tokio_rt(current_with_timer)
}

impl Actors for Actix {
    type World = ();
    type Ref = Addr<Counting>;
    type Relay = Addr<Relay>;

    async fn world() {}

    async fn spawn((): &(), counter: Counter, room: usize) -> Self::Ref {
        Counting { counter, room }.start()
    }

    #[inline]
    fn tell(to: &Self::Ref, number: u64) -> impl Future<Output = impl Sized> + Send {
        to.do_send(Tell(number));
        ready(())
    }

    async fn ask(to: &Self::Ref, number: u64) -> u64 {
        to.send(Ask(number)).await.expect("the actor answers")
    }

    fn stop(_: Self::Ref) {}

    async fn relay((): &(), done: Arc<Done>, _: usize) -> Self::Relay {
        Relay { next: None, done }.start()
    }

    fn link(
        to: &Self::Relay,
        next: Option<Self::Relay>,
    ) -> impl Future<Output = impl Sized> + Send {
        to.do_send(Next(next));
        ready(())
    }

    fn pass(to: &Self::Relay, hops: u64) -> impl Future<Output = impl Sized> + Send {
        to.do_send(Token(hops));
        ready(())
    }

    fn stop_relay(_: Self::Relay) {}

    fn run<R: Send + 'static>(_: Rt, main: Task<R>) -> R {
        let ended = system().block_on(async { actix_rt::spawn(main).await });
        ended.expect("the round does not panic")
    }

    fn run_alone<R: Send + 'static>(main: Task<R>) -> R {
        system().block_on(main)
    }
}
