//! Asking a rate limit that has permits, alone and from two threads at once. A figure is the time that a call takes its
//! thread.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::entrants::{self, RateLimitEntrants};
use crate::harness::{Bench, Effort, Entrant};
use crate::limits::RateLimit;

/// A check takes some nanoseconds: more of them, so that a round lasts.
const CHECKS_PER_MESSAGE: usize = 4;

pub(crate) fn benches() -> Vec<Bench> {
    [
        (1, "take a permit that is there"),
        (2, "take a permit that is there, from two threads at once"),
    ]
    .map(|(threads, about)| {
        let plural = if threads == 1 { "" } else { "s" };
        let group = format!("ratelimit_check_{threads}thread{plural}");
        let mut contest = Contest {
            bench: Bench::per_op(group, about),
            threads,
        };
        entrants::rate_limits(&mut contest);
        contest.bench
    })
    .into()
}

struct Contest {
    bench: Bench,
    threads: usize,
}

impl RateLimitEntrants for Contest {
    fn enter<L: RateLimit>(&mut self, who: Entrant) {
        let threads = self.threads;
        let round = move |effort: &Effort| {
            let checks = effort.messages * CHECKS_PER_MESSAGE / threads;
            vec![play::<L>(threads, checks).as_nanos() as f64 / checks as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

/// The mean of what the threads took.
fn play<L: RateLimit>(threads: usize, checks: usize) -> Duration {
    let limit = L::new();
    if threads == 1 {
        return check(&limit, checks);
    }
    let start = Barrier::new(threads);
    let took: Duration = thread::scope(|scope| {
        let others: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    check(&limit, checks)
                })
            })
            .collect();
        let took = others.into_iter().map(|thread| thread.join());
        took.map(|took| took.expect("no thread panics")).sum()
    });
    took / threads as u32
}

#[inline(never)]
fn check<L: RateLimit>(limit: &L, checks: usize) -> Duration {
    let mut admitted = 0;
    let start = Instant::now();
    for _ in 0..checks {
        admitted += usize::from(black_box(limit).check(black_box(start)));
    }
    let elapsed = start.elapsed();
    assert_eq!(admitted, checks, "all of them were there");
    elapsed
}
