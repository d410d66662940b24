//! Wakers that panic, of those who wait for an actor: its end is told all the same, as what it was, and it is started again.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use aqueduct_actor::{Actor, ActorRef, Cx, Mailbox, Reply, actor, actor_with};
use aqueduct_cancel::CancelScope;
use aqueduct_supervision::exit::Exit;
use aqueduct_supervision::{Shutdown, Supervisor};

struct Throws;

impl Wake for Throws {
    fn wake(self: Arc<Self>) {
        panic!("meant: in a waker");
    }
}

/// Polls it once, so that it waits by a waker that panics.
macro_rules! let_wait {
    ($future:expr) => {
        let waker = Waker::from(Arc::new(Throws));
        assert!($future.poll(&mut Context::from_waker(&waker)).is_pending());
    };
}

struct Node;

enum Msg {
    Scope(Reply<CancelScope>),
    End(Exit),
    Get(Reply<u32>),
    Hang,
}

impl Actor for Node {
    type Msg = Msg;

    async fn handle(&mut self, message: Msg, cx: &mut Cx<Self>) {
        match message {
            Msg::Scope(reply) => reply.send(cx.scope()),
            Msg::End(exit) => cx.stop(exit),
            Msg::Get(reply) => reply.send(7),
            Msg::Hang => pending().await,
        }
    }
}

async fn hangs(node: &ActorRef<Node>) {
    assert!(node.tell(Msg::Hang).await.is_ok());
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(node.try_tell(Msg::Hang).is_ok(), "there is room for one");
}

async fn soon<F: Future>(future: F) -> F::Output {
    let limit = Duration::from_secs(5);
    let output = tokio::time::timeout(limit, future).await;
    output.expect("it is ready soon")
}

fn done() -> Exit {
    Exit::shutdown("done")
}

#[tokio::test]
async fn who_waits_on_its_scope_keeps_nobody_from_being_told() {
    for asked in [true, false] {
        let node = actor(Node).spawn();
        let Ok(scope) = node.ask(Msg::Scope).await else {
            panic!("it answers");
        };
        let mut cancelled = pin!(scope.cancelled());
        let_wait!(cancelled.as_mut());
        let (monitor, ended, mut downs) = (node.monitor(), node.ended(), node.downs());
        match asked {
            true => node.stop_with(done()),
            false => assert!(node.tell(Msg::End(done())).await.is_ok()),
        }
        let told = soon(downs.next()).await.unwrap();
        for down in [soon(monitor).await, soon(ended).await, told] {
            assert_eq!(down.exit.to_string(), "shutdown: done", "{asked}");
        }
        assert!(soon(downs.next()).await.is_none());
        cancelled.await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_room_keeps_nobody_from_being_told() {
    let node = actor(Node).with_mailbox(Mailbox::bounded(1)).spawn();
    hangs(&node).await;
    let mut tells = pin!(node.tell(Msg::Hang));
    let_wait!(tells.as_mut());
    let (monitor, ended) = (node.monitor(), node.ended());
    node.kill_with(done());
    for down in [soon(monitor).await, soon(ended).await] {
        assert_eq!(down.exit.to_string(), "shutdown: done");
    }
    assert!(tells.await.is_err());
}

/// What rests is emptied, which makes room.
#[tokio::test(start_paused = true)]
async fn who_waits_for_room_keeps_nothing_from_being_started_again() {
    let node = actor_with(|| Node).with_mailbox(Mailbox::bounded(1));
    let (spec, node) = node.child("node");
    let spec = spec.with_shutdown(Shutdown::Brutal);
    let supervisor = Supervisor::one_for_one().with_child(spec).start().await;
    let supervisor = supervisor.unwrap();
    hangs(&node).await;
    let mut tells = Box::pin(node.tell(Msg::Hang));
    let_wait!(tells.as_mut());
    supervisor.terminate_child("node").await.unwrap();
    // It was given room, and does not come to use it.
    drop(tells);
    soon(supervisor.restart_child("node")).await.unwrap();
    let get = node.ask(Msg::Get).within(Duration::from_secs(1));
    assert_eq!(get.await.ok(), Some(7));
    supervisor.shutdown().await;
}
