//! Which types may cross threads, be moved, and be seen by who catches a panic.

use std::cell::Cell;
use std::convert::Infallible;

use aqueduct_actor::{
    Actor, ActorBuilder, ActorId, ActorRef, Ask, AskAll, AskAllFuture, AskEach, AskError,
    AskFuture, AskRecipient, Asked, ChildPool, Cx, Drift, Mailbox, Pool, PoolBuilder, PoolRef,
    Published, Recipient, RecipientAsk, RecipientAskFuture, Registry, Reply, Request, Routing,
    Signal, StartError, Tell, TellError, TimerId, Topic, WeakActorRef, WeakRecipient, WhenFull,
};

/// Neither its value nor its messages need be `Sync`.
struct Cells;
struct Question;

impl Actor for Cells {
    type Msg = Cell<u32>;

    async fn handle(&mut self, _: Cell<u32>, _: &mut Cx<Self>) {}
}

impl Request for Question {
    type Answer = Cell<u32>;
    type Error = Cell<u32>;
}

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}

#[test]
fn references_are_send_sync_and_unpin() {
    fn all<T: Send + Sync + Unpin + Clone + Eq + std::hash::Hash + std::fmt::Debug>() {}
    all::<ActorRef<Cells>>();
    all::<WeakActorRef<Cells>>();
    all::<Recipient<Cell<u32>>>();
    all::<AskRecipient<Question>>();
    all::<ActorId>();
    all::<TimerId>();
    all::<Drift>();
}

#[test]
fn futures_are_send() {
    send::<Tell<'_, Cells>>();
    send::<Ask<'_, Cells, Cell<u32>>>();
    send::<AskFuture<'_, Cells, Cell<u32>, Cell<u32>>>();
    send::<RecipientAsk<'_, Question>>();
    send::<RecipientAskFuture<'_, Question>>();
    unpin::<RecipientAskFuture<'_, Question>>();
    type Asks<'a> = std::vec::IntoIter<Ask<'a, Cells, Cell<u32>>>;
    type Asking<'a> = AskFuture<'a, Cells, Cell<u32>, Infallible>;
    type Outcome = <Asking<'static> as Future>::Output;
    send::<AskAll<Asks<'_>>>();
    send::<AskAllFuture<Asks<'_>, Asking<'_>, Outcome>>();
    unpin::<AskAllFuture<Asks<'_>, Asking<'_>, Outcome>>();
    send::<AskEach<Asks<'_>, Asking<'_>, Outcome>>();
    unpin::<AskEach<Asks<'_>, Asking<'_>, Outcome>>();
    send::<ActorBuilder<Cells>>();
    send::<Cx<Cells>>();
    unpin::<Cx<Cells>>();
}

#[test]
fn what_is_told_is_send() {
    send::<Reply<Cell<u32>, Cell<u32>>>();
    sync::<Reply<Cell<u32>, Cell<u32>>>();
    unpin::<Reply<Cell<u32>, Cell<u32>>>();
    send::<Asked<Question>>();
    send::<AskError<Cell<u32>, Cell<u32>>>();
    send::<TellError<Cell<u32>>>();
    send::<StartError>();
    sync::<StartError>();
    send::<Signal>();
    sync::<Signal>();
    send::<Mailbox>();
    sync::<Mailbox>();
}

#[test]
fn what_stands_for_several_is_send_sync_and_unpin() {
    fn all<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    all::<Registry>();
    all::<Topic<Cell<u32>>>();
    all::<WeakRecipient<Cell<u32>>>();
    all::<Pool<Cells>>();
    all::<PoolRef<Cells>>();
    all::<ChildPool<Cells>>();
    all::<PoolBuilder<Cells>>();
    all::<Routing<Cell<u32>>>();
    all::<Published>();
    all::<WhenFull>();
}
