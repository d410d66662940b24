//! Every future, dropped at every poll: nothing is lost that was not given, nobody is kept waiting, nothing leaks.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use aqueduct_actor::{ActorRef, Mailbox, actor};
use aqueduct_channel::mpsc;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use crate::support::{Census, Did, Msg, Puppet, log};

/// Polls a future so many times, and drops it. Gives its output if it was ready by then.
pub(crate) async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        let polled = poll(future.as_mut());
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        yield_now().await;
    }
    None
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A puppet with room for one message, that is busy with another until there is a permit.
async fn busy(
    census: &Census,
) -> (
    ActorRef<Puppet>,
    mpsc::UnboundedReceiver<Did>,
    Arc<Semaphore>,
) {
    let (puppet, done) = Puppet::new(census);
    let puppet = actor(puppet).with_mailbox(Mailbox::bounded(1)).spawn();
    let permits = Arc::new(Semaphore::new(0));
    puppet.tell(Msg::Wait(100, permits.clone())).await.unwrap();
    yield_now().await;
    (puppet, done, permits)
}

const POLLS: usize = 40;

#[tokio::test]
async fn a_tell_is_in_or_not_wherever_it_is_dropped() {
    for times in 0..POLLS {
        let census = Census::default();
        let (puppet, mut done, permits) = busy(&census).await;
        puppet.try_tell(Msg::Note(0)).unwrap();
        if times > POLLS / 2 {
            permits.add_permits(1);
        }
        let told = polled(puppet.tell(Msg::Note(1)), times).await;
        permits.add_permits(1);
        // The place in line of a dropped one is not in the way.
        puppet.tell(Msg::Note(2)).await.unwrap();
        puppet.ask(|reply| Msg::Ask(3, reply)).await.unwrap();
        let was_handled = log(&mut done).contains(&Did::Handled(1));
        assert_eq!(was_handled, told.is_some(), "{times}");
        puppet.stop();
        puppet.ended().await;
        assert_eq!(census.alive(), 0);
    }
}

#[tokio::test]
async fn a_tell_gives_its_message_back_until_it_is_in() {
    let census = Census::default();
    let (puppet, mut done, permits) = busy(&census).await;
    puppet.try_tell(Msg::Note(0)).unwrap();
    let mut tell = Box::pin(puppet.tell(Msg::Note(1)));
    while permits.available_permits() == 0 {
        assert!(poll(tell.as_mut()).is_pending());
        permits.add_permits(1);
    }
    assert!(matches!(tell.as_mut().take(), Some(Msg::Note(1))));
    drop(tell);
    puppet.ask(|reply| Msg::Ask(3, reply)).await.unwrap();
    assert!(!log(&mut done).contains(&Did::Handled(1)));
}

#[tokio::test]
async fn an_ask_leaves_nothing_behind_wherever_it_is_dropped() {
    for times in 0..POLLS {
        for in_room in [false, true] {
            let census = Census::default();
            let (puppet, mut done, permits) = busy(&census).await;
            if !in_room {
                puppet.try_tell(Msg::Note(0)).unwrap();
            }
            if times > POLLS / 2 {
                permits.add_permits(1);
            }
            let answer = polled(puppet.ask(|reply| Msg::Ask(1, reply)).into_future(), times).await;
            permits.add_permits(1);
            assert_eq!(puppet.ask(|reply| Msg::Ask(2, reply)).await.unwrap(), 2);
            if answer.is_some() {
                assert!(log(&mut done).contains(&Did::Handled(1)));
            }
            puppet.stop();
            puppet.ended().await;
            assert_eq!(census.alive(), 0);
        }
    }
}

/// The asker of a message that is inside is gone, and so is then the actor: the message is undelivered.
#[tokio::test]
async fn an_ask_without_an_asker_is_undelivered_at_the_end() {
    let census = Census::default();
    let (puppet, _done, permits) = busy(&census).await;
    let (logged, mut undelivered) = mpsc::unbounded_channel();
    let ask = puppet.ask::<(), ()>(|reply| {
        drop(reply);
        Msg::Logged(1, logged)
    });
    assert!(
        polled(ask.into_future(), 1)
            .await
            .is_some_and(|answer| answer.is_err())
    );
    puppet.stop();
    permits.add_permits(1);
    puppet.ended().await;
    assert_eq!(log(&mut undelivered), [Did::Undelivered(1)]);
}

#[tokio::test]
async fn an_actor_whose_start_is_not_waited_for_any_more_ends() {
    for times in 0..5 {
        let census = Census::default();
        let (puppet, _done) = Puppet::new(&census);
        let started = polled(actor(puppet).until_stopped().spawn_started(), times).await;
        if let Some(started) = started {
            let puppet = started.unwrap();
            puppet.stop();
        }
        for _ in 0..20 {
            yield_now().await;
        }
        assert_eq!(census.alive(), 0, "{times}");
    }
}

/// The runtime drops the task: the value goes, the end is told, and what was left comes back.
#[test]
fn a_runtime_that_ends_kills_its_actors() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (logged, mut undelivered) = mpsc::unbounded_channel();
    let puppet = runtime.block_on(async {
        let puppet = actor(puppet).spawn();
        let permits = Arc::new(Semaphore::new(0));
        puppet.tell(Msg::Wait(0, permits)).await.unwrap();
        puppet.tell(Msg::Logged(1, logged)).await.unwrap();
        yield_now().await;
        puppet
    });
    let ended = puppet.ended();
    drop(runtime);
    let Poll::Ready(down) = poll(pin!(ended)) else {
        panic!("its end is told");
    };
    assert_eq!(crate::support::kind(&down.exit), "killed");
    assert_eq!(log(&mut undelivered), [Did::Undelivered(1)]);
    assert_eq!(log(&mut done), [Did::Started]);
    assert_eq!(census.alive(), 0);
    assert!(puppet.try_tell(Msg::Note(1)).is_err());
}
