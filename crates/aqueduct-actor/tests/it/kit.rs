//! The test kit.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aqueduct_actor::{
    AskError, Asked, Harness, Mailbox, Probe, Request, Signal, Step, Topic, TryTellError, WhenFull,
    actor,
};
use aqueduct_supervision::exit::Exit;
use futures_util::FutureExt;
use tokio::time::Instant;

use crate::drops::polled;
use crate::support::{Census, Did, Msg, Puppet, kind, log};

struct Square(u32);

impl Request for Square {
    type Answer = u32;
    type Error = Infallible;
}

/// What a future panics with.
async fn failure(future: impl Future) -> String {
    let caught = AssertUnwindSafe(future).catch_unwind().await;
    let Err(panic) = caught else {
        panic!("it is to fail");
    };
    *panic.downcast::<String>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_probe_expects_in_order_by_a_paused_clock() {
    let mut probe = Probe::new();
    let to_probe = probe.recipient();
    to_probe.tell(1).await.unwrap();
    to_probe.try_tell(2).unwrap();
    probe.expect(1).await;
    assert_eq!(probe.expect_that("an even one", |n| n % 2 == 0).await, 2);
    assert_eq!(probe.try_recv(), None);

    let begun = Instant::now();
    let sender = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        to_probe.tell(3).await.unwrap();
        to_probe.tell(4).await.unwrap();
    });
    probe.expect_none_for(Duration::from_millis(59_999)).await;
    probe.expect_within(Duration::from_millis(2), 3).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
    assert_eq!(probe.recv().await, 4);
    sender.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_probe_says_what_came_instead() {
    let mut probe = Probe::new().with_name("cashier");
    let to_probe = probe.recipient();
    for n in [1, 5, 6] {
        to_probe.tell(n).await.unwrap();
    }
    probe.expect(1).await;
    let told = failure(probe.expect(2)).await;
    for part in [
        "cashier",
        file!(),
        "expected: 2",
        "came: 5",
        "and then:\n    6",
    ] {
        assert!(told.contains(part), "no {part:?} in {told:?}");
    }
    let begun = Instant::now();
    let told = failure(probe.expect_within(Duration::from_secs(7), 2)).await;
    assert!(told.contains("nothing came in 7s"), "{told}");
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
    let told = failure(probe.recv()).await;
    assert!(told.contains("nothing came in 5s"), "{told}");
    to_probe.tell(8).await.unwrap();
    let told = failure(probe.expect_none_for(Duration::from_secs(1))).await;
    assert!(told.contains("nothing for 1s") && told.contains("came: 8"));
    for n in 0..40 {
        to_probe.tell(n).await.unwrap();
    }
    let told = failure(probe.expect_that("a large one", |n| *n > 100)).await;
    assert!(
        told.contains("a large one") && told.ends_with('…'),
        "{told}"
    );
}

#[tokio::test]
async fn a_probe_has_room_and_an_end_as_an_actor_has() {
    let mut probe = Probe::bounded(1);
    let to_probe = probe.recipient();
    to_probe.try_tell(1).unwrap();
    assert!(matches!(
        to_probe.try_tell(2),
        Err(TryTellError::Full(Some(2)))
    ));
    let topic = Topic::new();
    topic.subscribe(&to_probe, WhenFull::Skip);
    assert_eq!(topic.publish(3).await.missed, 1);
    probe.expect(1).await;
    assert_eq!(topic.publish(4).await.delivered, 1);
    probe.expect(4).await;
    assert!(to_probe.is_alive());
    assert_eq!(to_probe.downgrade().upgrade().as_ref(), Some(&to_probe));
    let ended = to_probe.ended();
    drop(probe);
    assert!(ended.await.exit.is_normal());
    assert!(to_probe.tell(5).await.is_err());
    assert!(to_probe.downgrade().upgrade().is_none());
    assert_eq!(topic.subscribers(), 0);
}

#[tokio::test]
async fn a_probe_can_be_asked() {
    let mut probe = Probe::<Asked<Square>>::new();
    let squares = probe.ask_recipient();
    let asker = tokio::spawn({
        let squares = squares.clone();
        async move { squares.ask(Square(4)).await }
    });
    let asked = probe.recv().await;
    asked.reply.send(asked.request.0 * asked.request.0);
    assert_eq!(asker.await.unwrap().unwrap(), 16);
    let asker = tokio::spawn({
        let squares = squares.clone();
        async move { squares.ask(Square(4)).await }
    });
    drop(probe.recv().await);
    assert!(matches!(asker.await.unwrap(), Err(AskError::Unknown)));
    drop(probe);
    let unsent = squares.ask(Square(5)).await.unwrap_err();
    assert!(matches!(unsent.into_unsent(), Some(Some(Square(5)))));
}

#[tokio::test]
async fn what_a_probe_waits_for_can_be_dropped_at_every_poll() {
    for times in 0..10 {
        let mut probe = Probe::new();
        polled(probe.recv(), times).await;
        polled(probe.expect(1), times).await;
        polled(probe.expect_none_for(Duration::from_secs(9)), times).await;
        probe.recipient().try_tell(1).unwrap();
        probe.expect(1).await;
    }
}

#[tokio::test]
async fn a_harness_handles_one_thing_a_step() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let mut harness = Harness::start(actor(puppet)).await.unwrap();
    assert_eq!(log(&mut done), [Did::Started]);
    let puppet = harness.actor().clone();
    for n in 1..4 {
        puppet.tell(Msg::Note(n)).await.unwrap();
    }
    assert_eq!(log(&mut done), []);
    assert!(matches!(harness.step().await, Step::Message));
    assert_eq!(log(&mut done), [Did::Handled(1)]);
    assert_eq!(harness.run_until_idle().await, 2);
    assert!(matches!(harness.step().await, Step::Idle));
    log(&mut done);

    // What is before the question is handled first.
    puppet.tell(Msg::Note(4)).await.unwrap();
    let answer = harness.ask(|reply| Msg::Ask(5, reply)).await;
    assert_eq!(answer.unwrap(), 5);
    assert_eq!(log(&mut done), [Did::Handled(4), Did::Handled(5)]);
    assert!(matches!(
        harness.ask(Msg::Fail).await,
        Err(AskError::Handler("no"))
    ));
    assert!(harness.state().kept.is_empty());
    harness.state_mut().kept.clear();

    puppet.freeze();
    puppet.tell(Msg::Note(6)).await.unwrap();
    assert!(matches!(harness.step().await, Step::Idle));
    puppet.thaw();
    assert!(matches!(harness.step().await, Step::Message));

    let ended = puppet.ended();
    puppet.tell(Msg::Note(7)).await.unwrap();
    let (exit, puppet) = harness.finish().await;
    assert_eq!(kind(&exit), "shutdown");
    assert_eq!(kind(&ended.await.exit), "shutdown");
    assert_eq!(log(&mut done), [Did::Handled(6), Did::Stopped("shutdown")]);
    drop(puppet);
    assert_eq!(census.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_harness_ends_as_an_actor_does_and_its_value_stays() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let mut harness = Harness::start(actor(puppet)).await.unwrap();
    // No answer: there is a limit to the wait, by the paused clock.
    let begun = Instant::now();
    assert!(matches!(
        harness.ask(Msg::Keep).await,
        Err(AskError::Elapsed)
    ));
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    assert_eq!(harness.state().kept.len(), 1);

    let puppet = harness.actor().clone();
    puppet.tell(Msg::Panic(None)).await.unwrap();
    puppet.tell(Msg::Note(1)).await.unwrap();
    let Step::Ended(exit) = harness.step().await else {
        panic!("it panicked");
    };
    assert_eq!(kind(&exit), "panicked");
    assert_eq!(harness.exit().map(kind), Some("panicked"));
    assert!(!puppet.is_alive());
    assert_eq!(harness.state().kept.len(), 1);
    assert!(matches!(harness.step().await, Step::Ended(_)));
    let refused = harness.ask(|reply| Msg::Ask(1, reply)).await;
    assert!(refused.unwrap_err().is_unsent());
    assert_eq!(log(&mut done), [Did::Started, Did::Stopped("panicked")]);
    drop(harness);
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn a_harness_that_is_killed_or_dropped_does_not_stop_in_order() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let mut harness = Harness::start(actor(puppet)).await.unwrap();
    harness.actor().kill();
    let step = harness.step().await;
    assert!(matches!(step, Step::Ended(Exit::Killed)), "{step:?}");
    assert_eq!(log(&mut done), [Did::Started]);
    drop(harness);

    for times in 0..4 {
        let (puppet, mut done) = Puppet::new(&census);
        let mut harness = Harness::start(actor(puppet)).await.unwrap();
        let puppet = harness.actor().clone();
        puppet.tell(Msg::Note(1)).await.unwrap();
        polled(harness.run_until_idle(), times).await;
        drop(polled(harness.step_within(Duration::from_secs(9)), times).await);
        drop(polled(harness.ask(|reply| Msg::Ask(2, reply)), times).await);
        drop(polled(harness.finish(), times).await);
        assert!(!puppet.is_alive() || times == 0, "{times}");
        assert!(!log(&mut done).is_empty());
        assert_eq!(census.alive(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_harness_sees_signals_and_waits_for_what_comes() {
    let census = Census::default();
    let (puppet, _done) = Puppet::new(&census);
    let builder = actor(puppet)
        .with_mailbox(Mailbox::unbounded())
        .with_idle_timeout(Duration::from_secs(10));
    let mut harness = Harness::start(builder).await.unwrap();
    assert!(matches!(
        harness.step_within(Duration::from_secs(9)).await,
        Step::Idle
    ));
    let step = harness.step_within(Duration::from_secs(2)).await;
    assert!(matches!(step, Step::Signal(Signal::Idle)), "{step:?}");
    // Which ends it, if it is not handled otherwise.
    assert!(matches!(harness.step().await, Step::Ended(Exit::Normal)));
}
