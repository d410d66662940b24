//! Telling, asking, stopping.

use std::sync::Arc;

use aqueduct_actor::{AskError, Mailbox, TellError, TryTellError, Unsent, UnsentReason, actor};
use tokio::sync::Semaphore;

use crate::support::{Census, Did, Msg, Puppet, kind, log};

#[tokio::test]
async fn what_is_told_is_handled_in_order_and_asked_is_answered() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let puppet = actor(puppet).with_name("puppet").spawn();
    for n in 0..10 {
        puppet.tell(Msg::Note(n)).await.unwrap();
    }
    assert_eq!(puppet.ask(|reply| Msg::Ask(10, reply)).await.unwrap(), 10);
    let expected: Vec<Did> = std::iter::once(Did::Started)
        .chain((0..=10).map(Did::Handled))
        .collect();
    assert_eq!(log(&mut done), expected);
    assert!(matches!(
        puppet.ask(Msg::Fail).await,
        Err(AskError::Handler("no"))
    ));
    assert!(matches!(
        puppet.ask(Msg::Forget).await,
        Err(AskError::Unknown)
    ));
    assert_eq!(puppet.name(), Some("puppet"));
    assert_eq!(puppet.clone(), puppet);

    puppet.stop();
    let down = puppet.ended().await;
    assert_eq!(kind(&down.exit), "shutdown");
    assert_eq!(down.name.as_deref(), Some("puppet"));
    assert_eq!(kind(&puppet.monitor().await.exit), "shutdown");
    assert_eq!(log(&mut done), [Did::Stopped("shutdown")]);
    assert_eq!(census.alive(), 0);
    assert!(!puppet.is_alive());
    assert!(matches!(
        puppet.tell(Msg::Note(1)).await,
        Err(TellError(Msg::Note(1)))
    ));
    assert!(matches!(
        puppet.try_tell(Msg::Note(1)),
        Err(TryTellError::Closed(Msg::Note(1)))
    ));
    let refused = puppet.ask(|reply| Msg::Ask(7, reply)).await;
    let Err(AskError::Unsent(Unsent {
        message, reason, ..
    })) = refused
    else {
        panic!("{refused:?}");
    };
    assert!(matches!(message, Msg::Ask(7, reply) if reply.is_closed()));
    assert_eq!(reason, UnsentReason::Closed);
}

#[tokio::test]
async fn it_ends_when_nobody_can_reach_it() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let puppet = actor(puppet).spawn();
    puppet.tell(Msg::Note(1)).await.unwrap();
    let ended = puppet.ended();
    let weak = puppet.downgrade();
    let second = weak.upgrade().unwrap();
    drop(puppet);
    second.tell(Msg::Note(2)).await.unwrap();
    drop(second);
    assert_eq!(kind(&ended.await.exit), "normal");
    let expected = [
        Did::Started,
        Did::Handled(1),
        Did::Handled(2),
        Did::Stopped("normal"),
    ];
    assert_eq!(log(&mut done), expected);
    assert!(weak.upgrade().is_none());
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn a_full_mailbox_does_not_hold_up_a_stop_and_gives_back_what_is_left() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let log_too = puppet.log.clone();
    let puppet = actor(puppet).with_mailbox(Mailbox::bounded(2)).spawn();
    let permits = Arc::new(Semaphore::new(0));
    puppet.tell(Msg::Wait(0, permits.clone())).await.unwrap();
    tokio::task::yield_now().await;
    puppet.tell(Msg::Logged(1, log_too.clone())).await.unwrap();
    let asker = tokio::spawn({
        let puppet = puppet.clone();
        async move { puppet.ask(|reply| Msg::Ask(2, reply)).await }
    });
    tokio::task::yield_now().await;
    assert!(matches!(
        puppet.try_tell(Msg::Note(9)),
        Err(TryTellError::Full(Msg::Note(9)))
    ));
    let waiting = tokio::spawn({
        let puppet = puppet.clone();
        async move { puppet.tell(Msg::Logged(3, log_too)).await }
    });
    tokio::task::yield_now().await;
    puppet.stop();
    permits.add_permits(1);
    assert_eq!(kind(&puppet.ended().await.exit), "shutdown");
    assert!(asker.await.unwrap().unwrap_err().is_unsent());
    assert!(waiting.await.unwrap().is_err());
    let expected = [
        Did::Started,
        Did::Handled(0),
        Did::Stopped("shutdown"),
        Did::Undelivered(1),
    ];
    assert_eq!(log(&mut done), expected);
    assert_eq!(census.alive(), 0);
}
