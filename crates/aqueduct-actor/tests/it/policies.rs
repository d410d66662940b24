//! Mailboxes that are full, by each policy; and the order of what gets in.

use std::sync::Arc;

use aqueduct_actor::{ActorRef, AskError, Mailbox, Unsent, UnsentReason, actor};
use aqueduct_channel::{Overflow, mpsc};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, yield_now};

use crate::support::{Census, Did, Msg, Puppet, log};

type Answer = Result<u32, AskError<Msg, &'static str>>;

fn ask(puppet: &ActorRef<Puppet>, n: u32) -> JoinHandle<Answer> {
    let puppet = puppet.clone();
    tokio::spawn(async move { puppet.ask(|reply| Msg::Ask(n, reply)).await })
}

#[track_caller]
fn assert_unsent(answer: Answer, number: u32, why: UnsentReason) {
    let Err(AskError::Unsent(Unsent {
        message, reason, ..
    })) = answer
    else {
        panic!("{answer:?}");
    };
    assert!(matches!(message, Msg::Ask(n, reply) if n == number && reply.is_closed()));
    assert_eq!(reason, why);
}

/// What becomes of an ask inside, of one more, and of a tell that is dropped.
#[tokio::test]
async fn what_does_not_fit_is_unsent_by_each_policy() {
    use UnsentReason::{Evicted, Full};
    let cases = [
        (
            Mailbox::bounded(2).overflow(Overflow::Reject),
            None,
            Some(Full),
        ),
        (
            Mailbox::bounded(2).overflow(Overflow::DropNewest),
            None,
            Some(Evicted),
        ),
        (
            Mailbox::bounded(2).overflow(Overflow::DropOldest),
            Some(Evicted),
            None,
        ),
        (Mailbox::bounded(2), None, None),
        (Mailbox::bounded(2).spill(8), None, None),
        (Mailbox::unbounded(), None, None),
    ];
    for (mailbox, first_is, last_is) in cases {
        let census = Census::default();
        let (puppet, mut done) = Puppet::new(&census);
        let puppet = actor(puppet).with_mailbox(mailbox.clone()).spawn();
        let permits = Arc::new(Semaphore::new(0));
        puppet.tell(Msg::Wait(0, permits.clone())).await.unwrap();
        yield_now().await;
        let (logged, mut undelivered) = mpsc::unbounded_channel();
        let first = ask(&puppet, 1);
        yield_now().await;
        puppet.tell(Msg::Logged(2, logged.clone())).await.unwrap();
        let last = ask(&puppet, 3);
        yield_now().await;
        permits.add_permits(1);
        let (first, last) = (first.await.unwrap(), last.await.unwrap());
        match first_is.clone() {
            None => assert_eq!(first.unwrap(), 1, "{mailbox:?}"),
            Some(reason) => assert_unsent(first, 1, reason),
        }
        match last_is.clone() {
            None => assert_eq!(last.unwrap(), 3, "{mailbox:?}"),
            Some(reason) => assert_unsent(last, 3, reason),
        }
        puppet.ask(|reply| Msg::Ask(4, reply)).await.unwrap();
        let done: Vec<Did> = log(&mut done).into_iter().skip(1).collect();
        let handled = [(1, first_is), (3, last_is)]
            .into_iter()
            .filter(|(_, lost)| lost.is_none());
        let mut expected: Vec<Did> = handled.map(|(n, _)| Did::Handled(n)).collect();
        expected.extend([0, 2, 4].map(Did::Handled));
        expected.sort_by_key(|did| match did {
            Did::Handled(n) => *n,
            _ => u32::MAX,
        });
        assert_eq!(done, expected, "{mailbox:?}");
        assert_eq!(log(&mut undelivered), []);
        puppet.stop();
        puppet.ended().await;
        assert_eq!(census.alive(), 0);
    }
}

#[tokio::test]
async fn a_tell_that_is_dropped_to_make_room_is_undelivered() {
    for (overflow, lost) in [(Overflow::DropNewest, 3), (Overflow::DropOldest, 1)] {
        let census = Census::default();
        let (puppet, _done) = Puppet::new(&census);
        let mailbox = Mailbox::bounded(2).overflow(overflow);
        let puppet = actor(puppet).with_mailbox(mailbox).spawn();
        let (logged, mut undelivered) = mpsc::unbounded_channel();
        for n in 1..=3 {
            puppet.try_tell(Msg::Logged(n, logged.clone())).unwrap();
        }
        assert_eq!(log(&mut undelivered), [Did::Undelivered(lost)]);
        assert_eq!(puppet.stats().dropped, 1);
    }
}

#[tokio::test]
async fn an_ask_that_does_not_wait_is_unsent_where_there_is_no_room() {
    let census = Census::default();
    let (puppet, _done) = Puppet::new(&census);
    let puppet = actor(puppet).with_mailbox(Mailbox::bounded(1)).spawn();
    let permits = Arc::new(Semaphore::new(0));
    puppet.tell(Msg::Wait(0, permits.clone())).await.unwrap();
    yield_now().await;
    puppet.try_tell(Msg::Note(1)).unwrap();
    let asked = puppet.try_ask(|reply| Msg::Ask(2, reply)).await;
    assert_unsent(asked, 2, UnsentReason::Full);
    let asked = puppet
        .ask(|reply| Msg::Ask(3, reply))
        .within(std::time::Duration::from_millis(5))
        .await;
    assert_unsent(asked, 3, UnsentReason::Elapsed);
    permits.add_permits(1);
    while puppet.stats().len > 0 {
        yield_now().await;
    }
    assert_eq!(puppet.try_ask(|reply| Msg::Ask(4, reply)).await.unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_of_each_sender_is_kept() {
    for mailbox in [
        Mailbox::bounded(2),
        Mailbox::bounded(2).spill(100),
        Mailbox::unbounded(),
    ] {
        let census = Census::default();
        let (puppet, mut done) = Puppet::new(&census);
        let puppet = actor(puppet).with_mailbox(mailbox).spawn();
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let puppet = puppet.clone();
                tokio::spawn(async move {
                    for n in 0..500 {
                        if n % 7 == 0 {
                            let asked = puppet.ask(|reply| Msg::Ask(sender * 1000 + n, reply));
                            asked.await.unwrap();
                        } else {
                            puppet.tell(Msg::Note(sender * 1000 + n)).await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        puppet.ask(|reply| Msg::Ask(9999, reply)).await.unwrap();
        let mut next = [0; 4];
        for did in log(&mut done) {
            if let Did::Handled(n) = did
                && n != 9999
            {
                let sender = (n / 1000) as usize;
                assert_eq!(n % 1000, next[sender]);
                next[sender] += 1;
            }
        }
        assert_eq!(next, [500; 4]);
    }
}
