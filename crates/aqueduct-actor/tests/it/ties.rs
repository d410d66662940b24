//! Links and monitors are of an incarnation, and end with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aqueduct_actor::{Actor, ActorRef, Cx, LinkId, Reply, Signal, actor, actor_with};
use aqueduct_supervision::watch::{Linkable, link};
use aqueduct_supervision::{ChildSpec, Exit, Monitor, Supervisor};

use crate::support::kind;

struct Node {
    incarnation: usize,
    signals: Vec<&'static str>,
    link: Option<LinkId>,
}

enum Msg {
    Monitor(ActorRef<Node>),
    Link(ActorRef<Node>),
    Unlink(Reply<bool>),
    Freeze,
    Signals(Reply<(usize, Vec<&'static str>)>),
    End(Exit),
    Panic,
}

impl Actor for Node {
    type Msg = Msg;

    async fn handle(&mut self, message: Msg, cx: &mut Cx<Self>) {
        match message {
            Msg::Monitor(other) => {
                cx.monitor(&other);
            }
            Msg::Link(other) => self.link = Some(cx.link(&other)),
            Msg::Unlink(reply) => {
                let link = self.link.take().expect("it is linked");
                reply.send(cx.unlink(link));
            }
            Msg::Freeze => cx.freeze(),
            Msg::Signals(reply) => reply.send((self.incarnation, self.signals.clone())),
            Msg::End(exit) => cx.stop(exit),
            Msg::Panic => panic!("it was told to"),
        }
    }

    async fn signal(&mut self, signal: Signal, cx: &mut Cx<Self>) {
        cx.thaw();
        self.signals.push(match signal {
            Signal::Down(_) => "down",
            Signal::Linked(_) => "linked",
            _ => "other",
        });
    }
}

fn node() -> ActorRef<Node> {
    let node = Node {
        incarnation: 1,
        signals: Vec::new(),
        link: None,
    };
    actor(node).spawn()
}

fn child() -> (ChildSpec, ActorRef<Node>) {
    let made = Arc::new(AtomicUsize::new(0));
    let make = move || Node {
        incarnation: made.fetch_add(1, Ordering::Relaxed) + 1,
        signals: Vec::new(),
        link: None,
    };
    actor_with(make).child("node")
}

async fn restartable() -> (Supervisor, ActorRef<Node>) {
    let (spec, actor) = child();
    let supervisor = Supervisor::one_for_one().with_child(spec).start().await;
    (supervisor.unwrap(), actor)
}

async fn tell(actor: &ActorRef<Node>, message: Msg) {
    assert!(actor.tell(message).await.is_ok());
}

async fn signals(actor: &ActorRef<Node>) -> (usize, Vec<&'static str>) {
    match actor.ask(Msg::Signals).await {
        Ok(signals) => signals,
        Err(_) => panic!("it answers"),
    }
}

#[tokio::test]
async fn who_was_killed_watches_nobody() {
    let (watched, watcher) = (node(), node());
    tell(&watcher, Msg::Monitor(watched.clone())).await;
    tell(&watcher, Msg::Monitor(watched.clone())).await;
    signals(&watcher).await;
    assert_eq!(watched.watch().watchers(), 2);
    watcher.kill();
    watcher.ended().await;
    assert_eq!(watched.watch().watchers(), 0);
}

#[tokio::test]
async fn a_link_of_who_was_killed_is_undone_and_has_been_heard() {
    let (other, linked) = (node(), node());
    tell(&linked, Msg::Link(other.clone())).await;
    signals(&linked).await;
    let watch = other.watch();
    linked.kill();
    let ended = other.ended().await;
    assert!(ended.exit.to_string().starts_with("shutdown: linked to"));
    assert_eq!(watch.watchers(), 0);
    // And the same of one that ended normally, which nobody hears.
    let (other, linked) = (node(), node());
    tell(&linked, Msg::Link(other.clone())).await;
    tell(&linked, Msg::End(Exit::Normal)).await;
    assert_eq!(kind(&linked.ended().await.exit), "normal");
    assert_eq!(other.watch().watchers(), 0);
    assert_eq!(signals(&other).await, (1, vec![]));
}

#[tokio::test]
async fn the_next_incarnation_is_not_told_what_the_old_one_wanted_to_know() {
    let (supervisor, watcher) = restartable().await;
    let watched = node();
    tell(&watcher, Msg::Monitor(watched.clone())).await;
    tell(&watcher, Msg::Link(watched.clone())).await;
    assert_eq!(watched.watch().watchers(), 0);
    signals(&watcher).await;
    assert_eq!(watched.watch().watchers(), 2);
    // A monitor alone, so that the watched outlives the watcher.
    let alone = node();
    tell(&watcher, Msg::Monitor(alone.clone())).await;
    tell(&watcher, Msg::Panic).await;
    assert_eq!(signals(&watcher).await, (2, vec![]));
    watched.ended().await;
    tell(&alone, Msg::Panic).await;
    alone.ended().await;
    assert_eq!(signals(&watcher).await, (2, vec![]));
    supervisor.shutdown().await;
}

#[tokio::test]
async fn a_link_does_not_stop_the_next_incarnation_of_the_other() {
    let (supervisor, other) = restartable().await;
    let linked = node();
    tell(&linked, Msg::Link(other.clone())).await;
    signals(&linked).await;
    let first = other.watch();
    tell(&other, Msg::End(Exit::Normal)).await;
    first.monitor().await;
    assert_eq!(signals(&other).await.0, 2);
    assert_eq!(linked.watch().watchers(), 0, "it is linked to nobody");
    linked.kill();
    linked.ended().await;
    assert_eq!(signals(&other).await, (2, vec![]));
    supervisor.shutdown().await;
}

#[tokio::test]
async fn a_stopper_is_of_one_incarnation() {
    let (supervisor, other) = restartable().await;
    signals(&other).await;
    let (first, stop) = (other.watch(), other.stopper());
    tell(&other, Msg::Panic).await;
    first.monitor().await;
    assert_eq!(signals(&other).await.0, 2);
    stop(Exit::shutdown("too late"));
    assert_eq!(signals(&other).await.0, 2);
    supervisor.shutdown().await;
}

/// How it ends, which it does soon.
async fn soon(end: Monitor) -> String {
    let limit = std::time::Duration::from_secs(5);
    let down = tokio::time::timeout(limit, end).await.expect("it ends");
    down.exit.to_string()
}

/// What is linked lives: an actor does from when it was made, as an Erlang process from when it was spawned.
#[tokio::test]
async fn who_was_linked_before_its_first_start_ends_at_that() {
    for (dies_first, is_restarted) in [(false, false), (false, true), (true, false), (true, true)] {
        let (spec, actor) = child();
        let other = node();
        if dies_first {
            other.kill();
            other.ended().await;
        }
        link(&actor, &other).keep();
        other.kill();
        other.ended().await;
        let (spec, ended) = match is_restarted {
            true => (spec.permanent(), actor.monitor()),
            false => (spec.transient(), actor.monitor()),
        };
        // To end at once is no failure to start.
        let supervisor = Supervisor::one_for_one().with_child(spec).start().await;
        assert!(soon(ended).await.starts_with("shutdown: linked to"));
        if is_restarted {
            // The one that was linked needed no value, and the next one is linked to nobody.
            assert_eq!(signals(&actor).await, (1, vec![]));
        } else {
            let refused = actor.ask(Msg::Signals).await;
            assert!(refused.unwrap_err().is_unsent());
        }
        supervisor.unwrap().shutdown().await;
    }
}

#[tokio::test]
async fn an_actor_of_a_value_that_was_linked_before_its_start_ends_at_that() {
    let value = Node {
        incarnation: 1,
        signals: Vec::new(),
        link: None,
    };
    let (spec, actor) = actor(value).child("node");
    let other = node();
    link(&actor, &other).keep();
    other.kill();
    other.ended().await;
    let ended = actor.ended();
    let supervisor = Supervisor::one_for_one().with_child(spec).start().await;
    assert!(soon(ended).await.starts_with("shutdown: linked to"));
    supervisor.unwrap().shutdown().await;
}

/// A stop that fails, which is for who lives there, stands in no link's way.
#[tokio::test]
async fn a_link_before_the_first_start_is_heard_whatever_was_asked_before() {
    let (spec, actor) = child();
    actor.stop_with(Exit::Killed);
    let other = node();
    link(&actor, &other).keep();
    other.kill();
    other.ended().await;
    let ended = actor.monitor();
    let supervisor = Supervisor::one_for_one().with_child(spec).start().await;
    assert!(soon(ended).await.starts_with("shutdown: linked to"));
    supervisor.unwrap().shutdown().await;
}

#[tokio::test]
async fn those_that_have_ended_are_forgotten() {
    let watcher = node();
    for _ in 0..100 {
        let short = node();
        tell(&watcher, Msg::Link(short.clone())).await;
        tell(&short, Msg::End(Exit::Normal)).await;
        short.ended().await;
    }
    signals(&watcher).await;
    assert_eq!(watcher.watch().watchers(), 0);
}

/// What does not run has been one incarnation, whoever asks and whenever: not another one for each who asks.
#[tokio::test]
async fn what_has_ended_is_watched_by_the_number_that_it_had() {
    for was_watched in [true, false] {
        let (supervisor, node) = restartable().await;
        let before = was_watched.then(|| Linkable::watch(&node));
        supervisor.terminate_child("node").await.unwrap();
        let between = Linkable::watch(&node);
        assert_eq!(*before.as_ref().unwrap_or(&between), between);
        assert_eq!(node.monitor().await.id, between.id());
        assert_eq!(Linkable::watch(&node), between);
        supervisor.restart_child("node").await.unwrap();
        let next = Linkable::watch(&node);
        assert_ne!(next.id(), between.id());
        supervisor.shutdown().await;
        assert_eq!(Linkable::watch(&node), next);
    }
}

#[tokio::test]
async fn who_is_unlinked_is_told_nothing_either_way() {
    for ends_first in [false, true] {
        let (one, other) = (node(), node());
        tell(&one, Msg::Link(other.clone())).await;
        assert!(one.ask(Msg::Unlink).await.unwrap());
        let (first, last) = match ends_first {
            true => (one, other),
            false => (other, one),
        };
        first.kill();
        first.ended().await;
        tokio::task::yield_now().await;
        assert_eq!(signals(&last).await, (1, vec![]));
        assert!(last.is_alive());
    }
    // Too late.
    let (one, other) = (node(), node());
    tell(&one, Msg::Link(other.clone())).await;
    other.kill();
    other.ended().await;
    assert!(!one.ask(Msg::Unlink).await.unwrap());
    assert_eq!(signals(&one).await, (1, vec!["linked"]));
}

#[tokio::test]
async fn who_froze_itself_goes_on_at_a_signal() {
    let (one, other) = (node(), node());
    tell(&one, Msg::Monitor(other.clone())).await;
    tell(&one, Msg::Freeze).await;
    let asked = tokio::spawn({
        let one = one.clone();
        async move { signals(&one).await }
    });
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(one.is_frozen() && !asked.is_finished());
    other.stop();
    assert_eq!(asked.await.unwrap(), (1, vec!["down"]));
    assert!(!one.is_frozen());
}

/// And so has its place: it ended once.
#[tokio::test]
async fn what_has_ended_for_good_is_watched_by_one_number() {
    for was_watched in [true, false] {
        let (supervisor, restartable) = restartable().await;
        let (own, child) = (node(), restartable);
        let nodes = [own, child];
        let before = was_watched.then(|| nodes.each_ref().map(|node| node.ended()));
        nodes[0].stop();
        supervisor.terminate_child("node").await.unwrap();
        supervisor.delete_child("node").await.unwrap();
        let ids = [nodes[0].ended().await.id, nodes[1].ended().await.id];
        if let Some([own, child]) = before {
            assert_eq!([own.await.id, child.await.id], ids);
        }
        assert_eq!([nodes[0].ended().await.id, nodes[1].ended().await.id], ids);
        supervisor.shutdown().await;
    }
}
