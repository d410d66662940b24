//! Actors that are told, asked and started, and a token that goes round a ring of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::actors::{Actors, Counter, Done};
use crate::entrants::{self, ActorEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant, Metric, Unit};

/// Room in a mailbox, where it has a bound.
const ROOM: usize = 1024;

/// Room in the mailboxes of those of which there are many.
const SMALL_ROOM: usize = 16;

const TELLERS: usize = 64;

/// Actors started before the first of them is looked at.
const BATCH: usize = 1000;

pub(crate) fn benches() -> Vec<Bench> {
    let per_op = |group: &str, rt: Rt, about: &str, play: Play| {
        let mut contest = Contest {
            bench: Bench::per_op(format!("{group}_{rt}"), about),
            rt,
            play,
        };
        entrants::actors(rt, &mut contest);
        contest.bench
    };
    let mut benches = Vec::new();
    for rt in Rt::BOTH_TIMED {
        benches.push(per_op(
            "actor_tell",
            rt,
            "one task tells an actor a number, mailbox 1024 where it has a bound; per message handled",
            Play::Tell,
        ));
        benches.push(per_op(
            "actor_fanin64",
            rt,
            "64 tasks tell one actor numbers, mailbox 1024 where it has a bound; per message handled",
            Play::FanIn,
        ));
        benches.push(per_op(
            "actor_ask",
            rt,
            "one task asks an actor, and waits for each answer",
            Play::Ask,
        ));
        benches.push(per_op(
            "actor_ring10k",
            rt,
            "a token goes round a ring of 10,000 actors; per hop",
            Play::Ring,
        ));
    }
    benches.extend(Rt::BOTH_TIMED.map(spawn));
    benches
}

#[derive(Clone, Copy)]
enum Play {
    Tell,
    FanIn,
    Ask,
    Ring,
}

struct Contest {
    bench: Bench,
    rt: Rt,
    play: Play,
}

impl ActorEntrants for Contest {
    fn enter<A: Actors>(&mut self, who: Entrant) {
        let (rt, play) = (self.rt, self.play);
        let round = move |effort: &Effort| {
            let messages = effort.messages;
            let (elapsed, operations) = match play {
                Play::Tell => (A::run(rt, task(tell::<A>(messages))), messages),
                Play::FanIn => {
                    let each = effort.operations(TELLERS);
                    (A::run(rt, task(fan_in::<A>(each))), each * TELLERS)
                }
                Play::Ask => {
                    let trips = effort.operations(4);
                    (A::run(rt, task(ask::<A>(trips))), trips)
                }
                Play::Ring => {
                    let (actors, hops) = (effort.operations(40), effort.operations(2));
                    (A::run(rt, task(ring::<A>(actors, hops))), hops)
                }
            };
            vec![elapsed.as_nanos() as f64 / operations as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

/// The sum of 0, 1, … below `numbers`.
fn sum(numbers: usize) -> u64 {
    (0..numbers as u64).sum()
}

async fn tell<A: Actors>(messages: usize) -> Duration {
    let world = A::world().await;
    let done = Done::of(1);
    let actor = A::spawn(&world, Counter::new(messages as u64, &done), ROOM).await;

    let start = Instant::now();
    for number in 0..messages as u64 {
        A::tell(&actor, number).await;
    }
    let counted = done.wait().await;
    let elapsed = start.elapsed();

    assert_eq!(counted, sum(messages), "each message was handled");
    A::stop(actor);
    done.ended().await;
    elapsed
}

async fn fan_in<A: Actors>(each: usize) -> Duration {
    let world = A::world().await;
    let done = Done::of(1);
    let messages = each * TELLERS;
    let actor = A::spawn(&world, Counter::new(messages as u64, &done), ROOM).await;

    let start = Instant::now();
    for teller in 0..TELLERS {
        let actor = actor.clone();
        tokio::spawn(task(async move {
            for number in teller * each..(teller + 1) * each {
                A::tell(&actor, number as u64).await;
            }
        }));
    }
    let counted = done.wait().await;
    let elapsed = start.elapsed();

    assert_eq!(counted, sum(messages), "each message was handled");
    A::stop(actor);
    done.ended().await;
    elapsed
}

async fn ask<A: Actors>(trips: usize) -> Duration {
    let world = A::world().await;
    let done = Done::of(1);
    let actor = A::spawn(&world, Counter::new(u64::MAX, &done), ROOM).await;

    let mut answer = 0;
    let start = Instant::now();
    for number in 0..trips as u64 {
        answer = A::ask(&actor, number).await;
    }
    let elapsed = start.elapsed();

    assert_eq!(answer, sum(trips), "each question was answered");
    A::stop(actor);
    done.ended().await;
    elapsed
}

async fn ring<A: Actors>(actors: usize, hops: usize) -> Duration {
    let world = A::world().await;
    let done = Done::of(1);
    let mut ring = Vec::with_capacity(actors);
    for _ in 0..actors {
        ring.push(A::relay(&world, Arc::clone(&done), SMALL_ROOM).await);
    }
    for (place, actor) in ring.iter().enumerate() {
        A::link(actor, Some(ring[(place + 1) % actors].clone())).await;
    }

    let start = Instant::now();
    A::pass(&ring[0], hops as u64).await;
    done.wait().await;
    let elapsed = start.elapsed();

    for actor in &ring {
        A::link(actor, None).await;
    }
    for actor in ring {
        A::stop_relay(actor);
    }
    done.ended().await;
    elapsed
}

fn spawn(rt: Rt) -> Bench {
    let metric = |which: &str, about: &str| Metric {
        group: format!("actor_spawn{which}_{rt}"),
        unit: Unit::NanosPerOp,
        about: about.to_owned(),
    };
    let mut contest = Spawn {
        bench: Bench::new(vec![
            metric(
                "",
                "start a thousand actors, mailbox 16, and tell each a number, until all were handled; per actor",
            ),
            metric("_call", "of that, what starts them takes the caller"),
        ])
        .settled(),
        rt,
    };
    entrants::actors(rt, &mut contest);
    contest.bench
}

struct Spawn {
    bench: Bench,
    rt: Rt,
}

impl ActorEntrants for Spawn {
    fn enter<A: Actors>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let batches = effort.tasks().div_ceil(BATCH);
            let elapsed = A::run(rt, task(spawn_batches::<A>(batches)));
            elapsed
                .map(|elapsed| elapsed.as_nanos() as f64 / (batches * BATCH) as f64)
                .into()
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn spawn_batches<A: Actors>(batches: usize) -> [Duration; 2] {
    let world = A::world().await;
    let [mut handled, mut spawned] = [Duration::ZERO; 2];
    for _ in 0..batches {
        let done = Done::of(BATCH);
        let mut actors = Vec::with_capacity(BATCH);
        let start = Instant::now();
        for _ in 0..BATCH {
            actors.push(A::spawn(&world, Counter::new(1, &done), SMALL_ROOM).await);
        }
        spawned += start.elapsed();
        for (number, actor) in actors.iter().enumerate() {
            A::tell(actor, number as u64).await;
        }
        let counted = done.wait().await;
        handled += start.elapsed();

        assert_eq!(counted, sum(BATCH), "each actor has handled its message");
        actors.into_iter().for_each(A::stop);
        done.ended().await;
    }
    [handled, spawned]
}
