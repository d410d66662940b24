//! A permit taken and given back, without waiting, by one thread and by two.
//!
//! `bulkhead` has limits that stay. `limit_permit` has ones that adapt, which must note how long each operation took: they
//! are told the time, and a row of ours reads its clock, twice.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::entrants::{self, PermitEntrants};
use crate::harness::{Bench, Effort, Entrant};
use crate::permits::{Permits, STEP};

const PERMITS: usize = 64;

/// A pass takes some tens of nanoseconds: more of them, so that a round lasts.
const PASSES_PER_MESSAGE: usize = 2;

pub(crate) fn benches() -> Vec<Bench> {
    let mut benches = Vec::new();
    for threads in [1, 2] {
        let who = if threads == 1 {
            "by one thread"
        } else {
            "by two threads at once, each"
        };
        let mut fixed = contest("bulkhead", "a limit that stays", threads, who);
        entrants::bulkheads(&mut fixed);
        let mut adaptive = contest("limit_permit", "a limit that adapts", threads, who);
        entrants::limits(&mut adaptive);
        benches.extend([fixed.bench, adaptive.bench]);
    }
    benches
}

fn contest(group: &str, what: &str, threads: usize, who: &str) -> Passes {
    let plural = if threads == 1 { "" } else { "s" };
    let group = format!("{group}_{threads}thread{plural}");
    let about = format!("a permit taken and given back {who}: {what}");
    Passes {
        bench: Bench::per_op(group, about),
        threads,
    }
}

struct Passes {
    bench: Bench,
    threads: usize,
}

impl PermitEntrants for Passes {
    fn enter<P: Permits>(&mut self, who: Entrant) {
        let threads = self.threads;
        let round = move |effort: &Effort| {
            let passes = effort.messages * PASSES_PER_MESSAGE;
            vec![play::<P>(threads, passes).as_nanos() as f64 / passes as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

/// How long the slowest took.
fn play<P: Permits>(threads: usize, passes: usize) -> Duration {
    let permits = P::open(PERMITS);
    if threads == 1 {
        return pass(permits, passes);
    }
    let begin = Barrier::new(threads);
    thread::scope(|scope| {
        let spawn = |_| {
            let (permits, begin) = (permits.clone(), &begin);
            scope.spawn(move || {
                begin.wait();
                pass(permits, passes)
            })
        };
        let running: Vec<_> = (0..threads).map(spawn).collect();
        let took = running.into_iter().map(|thread| thread.join());
        took.map(|took| took.expect("it does not panic"))
            .max()
            .expect("there is a thread")
    })
}

#[inline(never)]
fn pass<P: Permits>(mut permits: P, passes: usize) -> Duration {
    let mut now = tokio::time::Instant::now();
    let start = Instant::now();
    for _ in 0..passes {
        now += STEP;
        permits.pass(now);
    }
    start.elapsed()
}
