//! Actors that wait: what one weighs, and a million of them.
//!
//! Each has handled one message, so what is allocated at the first use is there.

use std::time::{Duration, Instant};

use crate::actors::{Actors, Counter, Done};
use crate::alloc;
use crate::entrants::{self, ActorEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant, Metric, Unit};

/// A round lasts seconds.
const ROUNDS_MAX: usize = 3;

/// Room in a mailbox, where it has a bound.
const ROOM: usize = 16;

/// Enough for a mean.
const FEW: usize = 1000;

pub(crate) fn benches() -> Vec<Bench> {
    let bytes = |group: &str, about: &str, actors: fn(&Effort) -> usize| {
        let metric = Metric {
            group: group.to_owned(),
            unit: Unit::Bytes,
            about: about.to_owned(),
        };
        let mut contest = Bytes {
            bench: Bench {
                rounds_max: 1,
                ..Bench::new(vec![metric])
            },
            actors,
        };
        entrants::actors(Rt::CurrentWithTimer, &mut contest);
        contest.bench
    };
    let mut benches = vec![
        bytes(
            "actor_bytes",
            "heap bytes of an idle actor with its task and one reference, mailbox 16",
            |_| FEW,
        ),
        bytes(
            "actor_million_bytes",
            "the same, of a million at once; per actor",
            Effort::live_tasks,
        ),
    ];
    benches.extend(Rt::BOTH_TIMED.map(start));
    benches
}

struct Bytes {
    bench: Bench,
    actors: fn(&Effort) -> usize,
}

impl ActorEntrants for Bytes {
    fn enter<A: Actors>(&mut self, who: Entrant) {
        let actors = self.actors;
        let round = move |effort: &Effort| {
            let actors = actors(effort);
            // What a process allocates once for all actors is none's.
            weigh::<A>(8);
            vec![weigh::<A>(actors) as f64 / actors as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

fn weigh<A: Actors>(actors: usize) -> isize {
    alloc::count(|| {
        A::run_alone(task(async move {
            let world = A::world().await;
            let done = Done::of(actors);
            // Its references are handles of the caller's, and no part of what is weighed but for their own boxes.
            let mut references = Vec::with_capacity(actors);
            let before = alloc::live();
            for _ in 0..actors {
                let counter = Counter::new(1, &done);
                references.push(A::spawn(&world, counter, ROOM).await);
            }
            for reference in &references {
                A::tell(reference, 1).await;
            }
            assert_eq!(done.wait().await, actors as u64, "all of them live");
            let bytes = alloc::live() - before;
            references.into_iter().for_each(A::stop);
            done.ended().await;
            bytes
        }))
    })
}

fn start(rt: Rt) -> Bench {
    let about = "start a million actors, mailbox 16, until each has handled a message; per actor";
    let mut contest = Start {
        bench: Bench {
            rounds_max: ROUNDS_MAX,
            settles: true,
            ..Bench::per_op(format!("actor_million_start_{rt}"), about)
        },
        rt,
    };
    entrants::actors(rt, &mut contest);
    contest.bench
}

struct Start {
    bench: Bench,
    rt: Rt,
}

impl ActorEntrants for Start {
    fn enter<A: Actors>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let actors = effort.live_tasks();
            let elapsed = A::run(rt, task(start_all::<A>(actors)));
            vec![elapsed.as_nanos() as f64 / actors as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn start_all<A: Actors>(actors: usize) -> Duration {
    let world = A::world().await;
    let done = Done::of(actors);
    let mut references = Vec::with_capacity(actors);
    let start = Instant::now();
    for _ in 0..actors {
        let counter = Counter::new(1, &done);
        references.push(A::spawn(&world, counter, ROOM).await);
    }
    for reference in &references {
        A::tell(reference, 1).await;
    }
    assert_eq!(done.wait().await, actors as u64, "all of them live");
    let elapsed = start.elapsed();

    references.into_iter().for_each(A::stop);
    done.ended().await;
    elapsed
}
