//! Publish and subscribe.

use std::sync::Arc;

use aqueduct_actor::{ActorRef, Mailbox, Topic, WhenFull, actor, actor_with};
use aqueduct_channel::mpsc;
use aqueduct_supervision::Supervisor;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use crate::drops::polled;
use crate::support::{Census, Did, Msg, Puppet, log, on_both_runtimes, until};

type Done = mpsc::UnboundedReceiver<Did>;

fn puppet(census: &Census, room: usize) -> (ActorRef<Puppet>, Done) {
    let (puppet, done) = Puppet::new(census);
    let mailbox = Mailbox::bounded(room);
    (actor(puppet).with_mailbox(mailbox).spawn(), done)
}

/// Busy until there is a permit, with its mailbox full.
async fn full(census: &Census) -> (ActorRef<Puppet>, Done, Arc<Semaphore>) {
    let (puppet, done) = puppet(census, 1);
    let permits = Arc::new(Semaphore::new(0));
    puppet.tell(Msg::Wait(100, permits.clone())).await.unwrap();
    while puppet.try_tell(Msg::Note(101)).is_err() || puppet.stats().len == 0 {
        yield_now().await;
    }
    (puppet, done, permits)
}

async fn handled(puppet: &ActorRef<Puppet>, done: &mut Done) -> Vec<u32> {
    puppet.ask(|reply| Msg::Ask(999, reply)).await.unwrap();
    let numbers = log(done).into_iter().filter_map(|did| match did {
        Did::Handled(n) if n < 100 => Some(n),
        _ => None,
    });
    numbers.collect()
}

#[test]
fn all_subscribers_get_what_one_publishes_in_its_order() {
    on_both_runtimes(|| async {
        let census = Census::default();
        let topic = Topic::<u32>::new();
        let mut puppets: Vec<_> = (0..3).map(|_| puppet(&census, 4)).collect();
        for (puppet, _) in &puppets {
            assert!(topic.subscribe(&puppet.recipient(), WhenFull::Wait));
            assert!(!topic.subscribe(&puppet.recipient(), WhenFull::Wait));
        }
        assert_eq!(topic.subscribers(), 3);
        let publishers = (0..2).map(|publisher| {
            let topic = topic.clone();
            tokio::spawn(async move {
                for n in 0..40 {
                    let published = topic.publish(publisher * 50 + n).await;
                    assert_eq!(published.delivered, 3);
                }
            })
        });
        for publisher in publishers.collect::<Vec<_>>() {
            publisher.await.unwrap();
        }
        for (puppet, done) in &mut puppets {
            let all = handled(puppet, done).await;
            for publisher in 0..2 {
                let of_one: Vec<u32> = all
                    .iter()
                    .filter(|n| **n / 50 == publisher)
                    .map(|n| n % 50)
                    .collect();
                assert_eq!(of_one, (0..40).collect::<Vec<_>>());
            }
        }
        drop(puppets);
        until("nobody is kept alive", || census.alive() == 0).await;
        until("who has ended is forgotten", || topic.subscribers() == 0).await;
        assert_eq!(topic.publish(1).await.delivered, 0);
    });
}

#[tokio::test]
async fn one_that_is_full_is_treated_by_its_policy() {
    let census = Census::default();
    let topic = Topic::<u32>::new();
    let (skips, mut skips_done, skips_permits) = full(&census).await;
    let (leaves, mut leaves_done, leaves_permits) = full(&census).await;
    let (waits, mut waits_done, waits_permits) = full(&census).await;
    let (free, mut free_done) = puppet(&census, 8);
    topic.subscribe(&skips.recipient(), WhenFull::Skip);
    topic.subscribe(&leaves.recipient(), WhenFull::Unsubscribe);
    topic.subscribe(&waits.recipient(), WhenFull::Wait);
    topic.subscribe(&free.recipient(), WhenFull::Wait);

    let publishing = tokio::spawn({
        let topic = topic.clone();
        async move { topic.publish(1).await }
    });
    // Others have it, and are not held up.
    assert_eq!(handled(&free, &mut free_done).await, [1]);
    until("who would have to be skipped was", || {
        topic.missed(&skips.recipient()) == Some(1)
    })
    .await;
    assert_eq!(topic.missed(&leaves.recipient()), None);
    assert!(!publishing.is_finished());
    waits_permits.add_permits(1);
    let published = publishing.await.unwrap();
    assert_eq!(
        (published.delivered, published.missed, published.gone),
        (2, 1, 1)
    );
    assert_eq!(handled(&waits, &mut waits_done).await, [1]);

    // What was missed is missed, and the next one comes.
    skips_permits.add_permits(1);
    leaves_permits.add_permits(1);
    assert_eq!(handled(&skips, &mut skips_done).await, [0_u32; 0]);
    assert_eq!(topic.try_publish(2).delivered, 3);
    assert_eq!(handled(&skips, &mut skips_done).await, [2]);
    assert_eq!(handled(&leaves, &mut leaves_done).await, [0_u32; 0]);
    assert!(topic.unsubscribe(&skips.recipient()));
    assert!(!topic.unsubscribe(&skips.recipient()));
    assert_eq!(topic.subscribers(), 2);
}

/// While one that is full is waited for, another one that is full gets on.
#[tokio::test]
async fn who_waits_is_not_behind_another_who_waits() {
    let census = Census::default();
    let topic = Topic::<u32>::new();
    let (first, _first_done, _permits) = full(&census).await;
    let (second, mut second_done, permits) = full(&census).await;
    topic.subscribe(&first.recipient(), WhenFull::Wait);
    topic.subscribe(&second.recipient(), WhenFull::Wait);
    let publishing = tokio::spawn({
        let topic = topic.clone();
        async move { topic.publish(1).await }
    });
    yield_now().await;
    permits.add_permits(1);
    assert_eq!(handled(&second, &mut second_done).await, [1]);
    assert!(!publishing.is_finished());
    // One that ends is not waited for.
    first.kill();
    let published = publishing.await.unwrap();
    assert_eq!((published.delivered, published.gone), (1, 1));
}

#[tokio::test]
async fn one_at_rest_misses_and_is_a_subscriber_still() {
    let census = Census::default();
    let topic = Topic::<u32>::new();
    let (make, for_make) = (census.clone(), mpsc::unbounded_channel());
    let (log_to, mut done) = for_make;
    let (spec, puppet) = actor_with(move || Puppet {
        log: log_to.clone(),
        kept: Vec::new(),
        _citizen: make.one(),
    })
    .child("puppet");
    topic.subscribe(&puppet.recipient(), WhenFull::Unsubscribe);
    let supervisor = Supervisor::one_for_one().with_child(spec);
    let supervisor = supervisor.start().await.unwrap();
    assert_eq!(topic.publish(1).await.delivered, 1);
    assert_eq!(handled(&puppet, &mut done).await, [1]);
    supervisor.terminate_child("puppet").await.unwrap();
    assert_eq!(topic.publish(2).await.missed, 1);
    supervisor.restart_child("puppet").await.unwrap();
    assert_eq!(topic.publish(3).await.delivered, 1);
    assert_eq!(handled(&puppet, &mut done).await, [3]);
    supervisor.shutdown().await;
    puppet.ended().await;
    assert_eq!(topic.subscribers(), 0);
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn a_publish_dropped_at_every_poll_keeps_nobody_waiting() {
    for times in 0..20 {
        let census = Census::default();
        let topic = Topic::<u32>::new();
        let (waits, mut waits_done, permits) = full(&census).await;
        let (free, mut free_done) = puppet(&census, 8);
        topic.subscribe(&waits.recipient(), WhenFull::Wait);
        topic.subscribe(&free.recipient(), WhenFull::Skip);
        if times > 10 {
            permits.add_permits(1);
        }
        let published = polled(topic.publish(1), times).await;
        permits.add_permits(1);
        let got = handled(&waits, &mut waits_done).await;
        assert_eq!(got.len(), usize::from(published.is_some()), "{times}");
        // Who was not waited for has it from the first poll on.
        let got = handled(&free, &mut free_done).await;
        assert_eq!(got.len(), usize::from(times > 0));
        assert_eq!(topic.publish(2).await.delivered, 2);
        drop((waits, free));
        until("nobody is kept alive", || census.alive() == 0).await;
    }
}
