//! Actors as children: what a restart keeps, and what it does not.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_actor::{ActorRef, AskError, Mailbox, TellError, actor, actor_with};
use aqueduct_channel::mpsc;
use aqueduct_supervision::{ChildSpec, Supervisor};
use tokio::sync::Semaphore;

use crate::support::{Census, Did, Msg, Puppet, kind, log};

/// A puppet that may be started again. No two values of it are alive at a time.
fn child(
    census: &Census,
    mailbox: Mailbox,
) -> (ChildSpec, ActorRef<Puppet>, mpsc::UnboundedReceiver<Did>) {
    let (log, done) = mpsc::unbounded_channel();
    let census = census.clone();
    let make = move || {
        assert_eq!(census.alive(), 0, "the old incarnation has fully ended");
        Puppet {
            log: log.clone(),
            kept: Vec::new(),
            _citizen: census.one(),
        }
    };
    let (spec, actor) = actor_with(make).with_mailbox(mailbox).child("puppet");
    (spec, actor, done)
}

fn supervise(spec: ChildSpec) -> aqueduct_supervision::SupervisorSpec {
    Supervisor::one_for_one()
        .with_intensity(1000, Duration::from_secs(5))
        .with_child(spec)
}

#[tokio::test]
async fn a_restart_keeps_reference_and_queue_and_drops_the_poison_message() {
    let census = Census::default();
    let (spec, puppet, mut done) = child(&census, Mailbox::bounded(16));
    assert_eq!(puppet.name(), Some("puppet"));
    // Before anything was started.
    puppet.tell(Msg::Note(1)).await.unwrap();
    let supervisor = supervise(spec).start().await.unwrap();
    puppet.ask(|reply| Msg::Ask(2, reply)).await.unwrap();

    let kept = tokio::spawn({
        let puppet = puppet.clone();
        async move { puppet.ask(Msg::Keep).await }
    });
    tokio::task::yield_now().await;
    let first = puppet.monitor();
    let permits = Arc::new(Semaphore::new(0));
    puppet.tell(Msg::Wait(3, permits.clone())).await.unwrap();
    let poison = tokio::spawn({
        let puppet = puppet.clone();
        async move { puppet.ask(|reply| Msg::Panic(Some(reply))).await }
    });
    tokio::task::yield_now().await;
    let behind = tokio::spawn({
        let puppet = puppet.clone();
        async move { puppet.ask(|reply| Msg::Ask(4, reply)).await }
    });
    tokio::task::yield_now().await;
    permits.add_permits(1);

    assert!(matches!(poison.await.unwrap(), Err(AskError::Unknown)));
    assert!(matches!(kept.await.unwrap(), Err(AskError::Unknown)));
    assert_eq!(behind.await.unwrap().unwrap(), 4);
    assert_eq!(kind(&first.await.exit), "panicked");
    assert!(puppet.is_alive());
    assert_eq!(census.alive(), 1);
    supervisor.shutdown().await;
    assert_eq!(kind(&puppet.ended().await.exit), "shutdown");
    let expected = [
        Did::Started,
        Did::Handled(1),
        Did::Handled(2),
        Did::Handled(3),
        Did::Stopped("panicked"),
        Did::Started,
        Did::Handled(4),
        Did::Stopped("shutdown"),
    ];
    assert_eq!(log(&mut done), expected);
    assert_eq!(census.alive(), 0);
    assert!(!puppet.is_alive());
}

#[tokio::test(start_paused = true)]
async fn an_ask_of_one_that_is_being_restarted_waits_and_one_of_a_dead_one_is_unsent() {
    let census = Census::default();
    let (spec, puppet, _done) = child(&census, Mailbox::default());
    let backoff = aqueduct_resilience::Backoff::constant(Duration::from_secs(1));
    let supervisor = supervise(spec.with_backoff(backoff)).start().await.unwrap();
    puppet.tell(Msg::Panic(None)).await.unwrap();
    assert_eq!(kind(&puppet.monitor().await.exit), "panicked");
    assert_eq!(census.alive(), 0);
    // Between two incarnations the last one's end is told at once.
    assert_eq!(kind(&puppet.monitor().await.exit), "panicked");
    let elapsed = puppet
        .ask(|reply| Msg::Ask(1, reply))
        .within(Duration::from_millis(10))
        .await;
    assert!(matches!(elapsed, Err(AskError::Elapsed)));
    assert_eq!(puppet.ask(|reply| Msg::Ask(2, reply)).await.unwrap(), 2);
    supervisor.shutdown().await;
    let dead = puppet.ask(|reply| Msg::Ask(3, reply)).await;
    assert!(dead.unwrap_err().is_unsent());
}

#[tokio::test]
async fn what_rests_refuses_and_takes_messages_again_when_it_is_restarted() {
    let census = Census::default();
    let (spec, puppet, mut done) = child(&census, Mailbox::default());
    let supervisor = supervise(spec).start().await.unwrap();
    let permits = Arc::new(Semaphore::new(0));
    puppet.tell(Msg::Wait(0, permits.clone())).await.unwrap();
    let (logged, mut undelivered) = mpsc::unbounded_channel();
    puppet.tell(Msg::Logged(1, logged.clone())).await.unwrap();
    let left = tokio::spawn({
        let puppet = puppet.clone();
        async move { puppet.ask(|reply| Msg::Ask(2, reply)).await }
    });
    tokio::task::yield_now().await;
    let release = async {
        // Not before it has been asked to stop.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        permits.add_permits(1);
    };
    let (terminated, ()) = tokio::join!(supervisor.terminate_child("puppet"), release);
    terminated.unwrap();
    assert!(left.await.unwrap().unwrap_err().is_unsent());
    assert_eq!(log(&mut undelivered), [Did::Undelivered(1)]);
    assert_eq!(kind(&puppet.monitor().await.exit), "shutdown");
    assert!(matches!(
        puppet.tell(Msg::Note(3)).await,
        Err(TellError(Msg::Note(3)))
    ));
    supervisor.restart_child("puppet").await.unwrap();
    assert_eq!(puppet.ask(|reply| Msg::Ask(4, reply)).await.unwrap(), 4);
    supervisor.terminate_child("puppet").await.unwrap();
    supervisor.delete_child("puppet").await.unwrap();
    assert_eq!(kind(&puppet.ended().await.exit), "shutdown");
    supervisor.shutdown().await;
    let expected = [
        Did::Started,
        Did::Handled(0),
        Did::Stopped("shutdown"),
        Did::Started,
        Did::Handled(4),
        Did::Stopped("shutdown"),
    ];
    assert_eq!(log(&mut done), expected);
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn a_child_that_was_never_started_ends_with_its_spec() {
    let census = Census::default();
    let (spec, puppet, _done) = child(&census, Mailbox::default());
    let (logged, mut undelivered) = mpsc::unbounded_channel();
    puppet.tell(Msg::Logged(1, logged)).await.unwrap();
    let ended = puppet.ended();
    drop(spec);
    assert_eq!(kind(&ended.await.exit), "killed");
    assert_eq!(log(&mut undelivered), [Did::Undelivered(1)]);
    assert!(puppet.tell(Msg::Note(1)).await.is_err());
}

#[tokio::test]
async fn a_closed_child_handles_what_is_inside_and_is_open_after_its_restart() {
    let census = Census::default();
    let (spec, puppet, mut done) = child(&census, Mailbox::default());
    let supervisor = supervise(spec).start().await.unwrap();
    for n in 0..3 {
        puppet.tell(Msg::Note(n)).await.unwrap();
    }
    let first = puppet.monitor();
    puppet.close();
    assert!(puppet.tell(Msg::Note(3)).await.is_err());
    assert_eq!(kind(&first.await.exit), "normal");
    while puppet.tell(Msg::Note(4)).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(puppet.ask(|reply| Msg::Ask(5, reply)).await.unwrap(), 5);
    supervisor.shutdown().await;
    let expected = [
        Did::Started,
        Did::Handled(0),
        Did::Handled(1),
        Did::Handled(2),
        Did::Stopped("normal"),
        Did::Started,
        Did::Handled(4),
        Did::Handled(5),
        Did::Stopped("shutdown"),
    ];
    assert_eq!(log(&mut done), expected);
}

/// Tellers on other threads while it panics again and again: each message is handled once, in order, but for the poison.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_restarts_loses_nothing_and_keeps_the_order_of_each_sender() {
    let census = Census::default();
    let (spec, puppet, mut done) = child(&census, Mailbox::bounded(4));
    let supervisor = supervise(spec).start().await.unwrap();
    let tellers = (0..3_u32).map(|teller| {
        let puppet = puppet.clone();
        tokio::spawn(async move {
            for n in 0..300 {
                if n % 20 == 19 {
                    puppet.tell(Msg::Panic(None)).await.unwrap();
                }
                puppet.tell(Msg::Note(1000 * teller + n)).await.unwrap();
            }
        })
    });
    for teller in tellers.collect::<Vec<_>>() {
        teller.await.unwrap();
    }
    puppet.ask(|reply| Msg::Ask(9999, reply)).await.unwrap();
    supervisor.shutdown().await;
    let handled: Vec<u32> = log(&mut done)
        .into_iter()
        .filter_map(|did| match did {
            Did::Handled(n) => Some(n),
            _ => None,
        })
        .collect();
    for teller in 0..3 {
        let of_one: Vec<u32> = handled
            .iter()
            .filter(|n| **n / 1000 == teller)
            .map(|n| n % 1000)
            .collect();
        assert_eq!(of_one, (0..300).collect::<Vec<_>>());
    }
    assert_eq!(census.alive(), 0);
}

/// One `Down` for each incarnation, by the number that others are told, until it is gone for good.
#[tokio::test]
async fn downs_are_of_each_incarnation_once() {
    let (spec, puppet, _done) = child(&Census::default(), Mailbox::bounded(16));
    let mut downs = puppet.downs();
    let supervisor = supervise(spec).start().await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        puppet.ask(|reply| Msg::Ask(1, reply)).await.unwrap();
        let down = puppet.monitor();
        puppet.tell(Msg::Panic(None)).await.unwrap();
        ids.push(down.await.id);
    }
    puppet.ask(|reply| Msg::Ask(1, reply)).await.unwrap();
    let (mut late, last) = (puppet.downs(), puppet.monitor());
    supervisor.shutdown().await;
    ids.push(last.await.id);
    let mut told = Vec::new();
    while let Some(down) = downs.next().await {
        assert_eq!(down.name.as_deref(), Some("puppet"));
        told.push(down.id);
    }
    assert_eq!(told, ids);
    for downs in [&mut late, &mut puppet.downs()] {
        assert_eq!(downs.next().await.map(|down| down.id), ids.last().copied());
        assert!(downs.next().await.is_none());
    }
}

/// One without a supervisor has one incarnation; one that is never started ends as those say who watch it.
#[tokio::test]
async fn downs_of_who_is_not_started_again() {
    let (log, _done) = mpsc::unbounded_channel();
    let puppet = Puppet {
        log,
        kept: Vec::new(),
        _citizen: Census::default().one(),
    };
    let puppet = actor(puppet).spawn();
    let mut downs = puppet.downs();
    puppet.stop();
    assert!(downs.next().await.unwrap().exit.is_orderly());
    assert!(downs.next().await.is_none());
    let (spec, puppet, _done) = child(&Census::default(), Mailbox::bounded(16));
    let (mut downs, watched) = (puppet.downs(), puppet.monitor());
    drop(spec);
    assert_eq!(downs.next().await.unwrap().id, watched.await.id);
    assert!(downs.next().await.is_none());
}
