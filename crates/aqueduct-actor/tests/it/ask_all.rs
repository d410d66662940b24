//! Many asks at once: each has its own result, in order or as they come, and nothing else is held.

mod dropped;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_actor::{Actor, ActorRef, AskError, Cx, Mailbox, Reply, UnsentReason, actor, ask_all};
use aqueduct_channel::mpsc;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::drops::polled;
use crate::support::{Census, Did, Msg, Puppet, log};

struct Cast {
    census: Census,
    puppets: Vec<ActorRef<Puppet>>,
    done: Vec<mpsc::UnboundedReceiver<Did>>,
}

impl Cast {
    fn new(size: usize) -> Self {
        let census = Census::default();
        let spawn = |_| {
            let (puppet, done) = Puppet::new(&census);
            let mailbox = Mailbox::bounded(1);
            (actor(puppet).with_mailbox(mailbox).spawn(), done)
        };
        let (puppets, done) = (0..size).map(spawn).unzip();
        Self {
            census,
            puppets,
            done,
        }
    }

    async fn stop(&self) {
        for puppet in &self.puppets {
            puppet.stop();
            puppet.ended().await;
        }
        assert_eq!(self.census.alive(), 0);
    }
}

#[tokio::test]
async fn each_has_its_own_result_in_the_order_of_the_asks() {
    let cast = Cast::new(5);
    let numbers = 10..;
    cast.puppets[4].stop();
    cast.puppets[4].ended().await;
    let asks = cast.puppets.iter().zip(numbers).map(|(puppet, n)| {
        puppet.ask(move |reply| match n {
            11 => Msg::Fail(reply),
            12 => Msg::Forget(reply),
            n => Msg::Ask(n, reply),
        })
    });
    let results = ask_all(asks).await;
    assert_eq!(results.len(), 5);
    assert!(matches!(results[0], Ok(10)));
    assert!(matches!(results[1], Err(AskError::Handler("no"))));
    assert!(matches!(results[2], Err(AskError::Unknown)));
    assert!(matches!(results[3], Ok(13)));
    let Err(AskError::Unsent(unsent)) = &results[4] else {
        panic!("it is dead");
    };
    assert_eq!(unsent.reason, UnsentReason::Closed);
    assert!(matches!(unsent.message, Msg::Ask(14, _)));
    let nobody: [&ActorRef<Puppet>; 0] = [];
    let none = ask_all(nobody.iter().map(|puppet| puppet.ask(Msg::Fail))).await;
    assert!(none.is_empty());
    cast.stop().await;
}

#[tokio::test]
async fn they_come_as_they_are_answered_and_all_are_asked_at_once() {
    let mut cast = Cast::new(3);
    let permits = Arc::new(Semaphore::new(0));
    let busy = Msg::Wait(0, permits.clone());
    cast.puppets[0].tell(busy).await.unwrap();
    let asks = cast.puppets.iter().zip(1..);
    let asks = asks.map(|(puppet, n)| puppet.ask(move |reply| Msg::Ask(n, reply)));
    let mut each = ask_all(asks).as_they_come();
    let mut came = BTreeSet::new();
    // The first is busy, and not in the way of those behind it.
    for _ in 0..2 {
        let (index, result) = each.next().await.unwrap();
        came.insert((index, result.unwrap()));
    }
    assert_eq!(came, BTreeSet::from([(1, 2), (2, 3)]));
    permits.add_permits(1);
    assert!(matches!(each.next().await, Some((0, Ok(1)))));
    assert!(each.next().await.is_none());
    assert!(each.next().await.is_none());
    drop(each);
    cast.stop().await;
    assert!(log(&mut cast.done[0]).contains(&Did::Handled(1)));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_for_all_and_says_what_ran() {
    let mut cast = Cast::new(4);
    let permits = Arc::new(Semaphore::new(0));
    for slow in &cast.puppets[1..3] {
        slow.tell(Msg::Wait(0, permits.clone())).await.unwrap();
        tokio::task::yield_now().await;
    }
    // And this one has no room.
    cast.puppets[2].try_tell(Msg::Note(9)).unwrap();
    let begun = Instant::now();
    let asks = cast.puppets.iter().enumerate().map(|(at, puppet)| {
        let ask = puppet.ask(move |reply| match at {
            3 => Msg::Keep(reply),
            _ => Msg::Ask(1, reply),
        });
        // Its own is earlier.
        match at {
            3 => ask.within(Duration::from_secs(1)),
            _ => ask.within(Duration::from_secs(100)),
        }
    });
    let results = ask_all(asks).within(Duration::from_secs(5)).await;
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert!(matches!(results[0], Ok(1)));
    assert!(matches!(results[1], Err(AskError::Elapsed)));
    assert!(
        matches!(&results[2], Err(AskError::Unsent(unsent)) if unsent.reason == UnsentReason::Elapsed)
    );
    assert!(matches!(results[3], Err(AskError::Elapsed)));
    permits.add_permits(2);
    cast.puppets[2]
        .ask(|reply| Msg::Ask(7, reply))
        .await
        .unwrap();
    let handled = log(&mut cast.done[2]);
    assert!(!handled.contains(&Did::Handled(1)), "{handled:?}");
    cast.stop().await;
}

/// Those for which there was no room in time are not asked, and have their results all the same.
#[tokio::test(start_paused = true)]
async fn so_many_are_under_way_and_no_more() {
    let mut cast = Cast::new(9);
    let made = std::cell::Cell::new(0);
    let asks = cast.puppets.iter().enumerate().map(|(at, puppet)| {
        made.set(made.get() + 1);
        puppet.ask(move |reply| match at {
            0 | 5 => Msg::Keep(reply),
            _ => Msg::Ask(1, reply),
        })
    });
    let mut each = ask_all(asks)
        .at_most(2)
        .within(Duration::from_secs(1))
        .as_they_come();
    let mut ok = 0;
    let mut taken = 0;
    while let Some((index, result)) = each.next().await {
        taken += 1;
        assert!(
            made.get() <= taken + 2,
            "{} made, {taken} taken",
            made.get()
        );
        match index {
            0 | 5 => assert!(matches!(result, Err(AskError::Elapsed))),
            6.. => assert!(result.unwrap_err().is_unsent(), "{index}"),
            _ => ok += usize::from(result.is_ok()),
        }
    }
    drop(each);
    assert_eq!((taken, ok), (9, 4));
    for done in &mut cast.done[6..] {
        assert!(!log(done).contains(&Did::Handled(1)));
    }
    cast.stop().await;
}

#[tokio::test]
async fn dropped_at_any_poll_they_leave_nothing_behind() {
    for times in 0..40 {
        for at_most in [1, 2, 9] {
            let mut cast = Cast::new(4);
            let permits = Arc::new(Semaphore::new(0));
            // One has no room, one is slow.
            for _ in 0..2 {
                let busy = Msg::Wait(0, permits.clone());
                cast.puppets[1].tell(busy).await.unwrap();
                tokio::task::yield_now().await;
            }
            cast.puppets[2]
                .tell(Msg::Wait(0, permits.clone()))
                .await
                .unwrap();
            if times > 20 {
                permits.add_permits(3);
            }
            let asks = cast.puppets.iter().zip(1..);
            let asks = asks.map(|(puppet, n)| puppet.ask(move |reply| Msg::Ask(n, reply)));
            let asked = polled(ask_all(asks).at_most(at_most).into_future(), times).await;
            permits.add_permits(3);
            // The place in line of a dropped one is not in the way.
            for puppet in &cast.puppets {
                puppet.ask(|reply| Msg::Ask(9, reply)).await.unwrap();
            }
            for (done, n) in cast.done.iter_mut().zip(1..) {
                let handled = log(done);
                let times = handled
                    .iter()
                    .filter(|did| **did == Did::Handled(n))
                    .count();
                assert!(times <= 1, "{handled:?}");
                assert!(asked.is_none() || times == 1, "{handled:?}");
            }
            if let Some(results) = asked {
                assert!(results.iter().all(Result::is_ok));
            }
            cast.stop().await;
        }
    }
}

/// With a closure, and with what else it holds: its future is to be sent.
#[tokio::test]
async fn a_handler_asks_many_by_closures() {
    struct Sums(Vec<ActorRef<Puppet>>);

    impl Actor for Sums {
        type Msg = (u32, Reply<(Vec<u32>, u32)>);

        async fn handle(&mut self, (from, reply): Self::Msg, _: &mut Cx<Self>) {
            let asks = self.0.iter().zip(from..);
            let asks = asks.map(|(puppet, n)| puppet.ask(move |reply| Msg::Ask(n, reply)));
            let all = ask_all(asks).within(Duration::from_secs(5)).await;
            let all = all.into_iter().map(|one| one.unwrap()).collect();
            let ask = |puppet| ActorRef::ask(puppet, |reply| Msg::Ask(from, reply));
            let mut each = ask_all(self.0.iter().map(ask)).as_they_come();
            let mut sum = 0;
            while let Some((_, one)) = each.next().await {
                sum += one.unwrap();
            }
            reply.send((all, sum));
        }
    }

    let cast = Cast::new(3);
    let sums = actor(Sums(cast.puppets.clone())).spawn();
    let both = sums.ask(|reply| (5, reply)).await;
    assert_eq!(both.unwrap(), (vec![5, 6, 7], 15));
    cast.stop().await;
}

/// An actor that asks many does so in its handler; one of them is itself.
#[cfg(feature = "macros")]
#[tokio::test]
async fn methods_of_messages_are_asked_too() {
    use aqueduct_actor::messages;

    struct Shard {
        count: u64,
        others: Vec<ActorRef<Shard>>,
    }

    #[messages(methods = ShardMethods)]
    impl Actor for Shard {
        #[ask]
        fn count(&mut self) -> u64 {
            self.count
        }

        #[tell]
        fn knows(&mut self, others: Vec<ActorRef<Shard>>) {
            self.others = others;
        }

        #[ask]
        async fn sum(&mut self) -> Vec<Option<u64>> {
            let counts = ask_all(self.others.iter().map(ShardMethods::count)).await;
            counts.into_iter().map(Result::ok).collect()
        }
    }

    let shards = [1, 2, 3].map(|count| {
        actor(Shard {
            count,
            others: Vec::new(),
        })
        .spawn()
    });
    shards[0].knows(shards.to_vec()).await.unwrap();
    assert_eq!(shards[0].sum().await.unwrap(), [None, Some(2), Some(3)]);
}
