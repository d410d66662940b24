//! What it takes to watch over a future: until something is cancelled, or until a deadline.
//!
//! In most groups a task polls the guarded future by hand, once or twice in a row, with its own waker. Through the
//! scheduler a future that yields takes some 100 ns without a guard, from which what the guard adds would have to be
//! told apart by a subtraction that noise can turn negative. Polled by hand, the bare future takes a nanosecond: a row of
//! its own (`no guard`), and **not** subtracted from the others. It makes the faster of two look worse, never better.
//! The task has no budget to run out of, else guards that spend some would have to be polled once more now and then.
//!
//! The groups called `scheduled` show the same guards as a program meets them: the future wakes its task, which goes
//! through the scheduler and its timer. There too the row `no guard` is part of every figure.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::task::unconstrained;

use crate::cancel::{Finished, Guard};
use crate::entrants::{self, GuardEntrants};
use crate::harness::runtime::{Rt, Task, task};
use crate::harness::{Bench, Effort, Entrant};

pub(crate) fn benches() -> Vec<Bench> {
    let scope = "end a future early if a scope is cancelled";
    let deadline = "end a future early at a deadline";
    let by_hand = |group: &str, what: &str, pending: usize| {
        let polls = if pending == 0 { "first" } else { "second" };
        let about = format!("{what}: it is ready at the {polls} poll");
        contest(group.to_owned(), about, Polling::ByHand { pending })
    };
    let scheduled = |group: &str, what: &str, rt: Rt| {
        let about = format!("{what}: it yields to the scheduler once");
        contest(format!("{group}_{rt}"), about, Polling::Scheduled(rt))
    };

    let mut guards = vec![
        by_hand("cancel_guard_future_ready", scope, 0),
        by_hand("cancel_guard_future_yields_once", scope, 1),
    ];
    guards.extend(Rt::BOTH_TIMED.map(|rt| scheduled("cancel_guard_scheduled", scope, rt)));
    guards.iter_mut().for_each(entrants::guards);

    let mut deadlines = vec![by_hand("timeout_pending_once", deadline, 1)];
    deadlines.extend(Rt::BOTH_TIMED.map(|rt| scheduled("timeout_scheduled", deadline, rt)));
    deadlines.iter_mut().for_each(entrants::deadlines);

    let contests = guards.into_iter().chain(deadlines);
    contests.map(|contest| contest.bench).collect()
}

fn contest(group: String, about: String, polling: Polling) -> Guards {
    Guards {
        bench: Bench::per_op(group, about),
        polling,
    }
}

struct Guards {
    bench: Bench,
    polling: Polling,
}

#[derive(Clone, Copy)]
enum Polling {
    /// The future is pending so often before it is ready.
    ByHand { pending: usize },
    /// It is pending once.
    Scheduled(Rt),
}

impl GuardEntrants for Guards {
    fn enter<G: Guard>(&mut self, who: Entrant) {
        let polling = self.polling;
        let round = move |effort: &Effort| {
            let (elapsed, futures) = match polling {
                Polling::ByHand { pending } => {
                    let futures = effort.messages;
                    let elapsed = Rt::CurrentWithTimer.run(by_hand::<G>(futures, pending));
                    (elapsed, futures)
                }
                Polling::Scheduled(rt) => {
                    let futures = effort.operations(4);
                    (rt.run(task(scheduled::<G>(futures))), futures)
                }
            };
            vec![elapsed.as_nanos() as f64 / futures as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn scheduled<G: Guard>(futures: usize) -> Duration {
    let guard = G::new();
    let mut finished = 0;
    let start = Instant::now();
    for _ in 0..futures {
        let output = guard.guard(Polls::<true>(black_box(1))).await;
        finished += output.finished().expect("nothing ends it early");
    }
    let elapsed = start.elapsed();
    assert_eq!(finished, futures, "each future was polled to its end");
    elapsed
}

fn by_hand<G: Guard>(futures: usize, pending: usize) -> Task<Duration> {
    let guard = G::new();
    let all = poll_fn(move |context| Poll::Ready(play(&guard, context, futures, pending)));
    task(unconstrained(all))
}

#[inline(never)]
fn play<G: Guard>(
    guard: &G,
    context: &mut Context<'_>,
    futures: usize,
    pending: usize,
) -> Duration {
    let mut finished = 0;
    let start = Instant::now();
    for _ in 0..futures {
        let mut guarded = pin!(guard.guard(Polls::<false>(black_box(pending))));
        for _ in 0..pending {
            assert!(guarded.as_mut().poll(context).is_pending(), "it yields");
        }
        if let Poll::Ready(output) = guarded.poll(context) {
            finished += black_box(output.finished()).expect("nothing ends it early");
        }
    }
    let elapsed = start.elapsed();
    assert_eq!(finished, futures, "each future was polled to its end");
    elapsed
}

/// A future that is pending so many times, and then gives 1. If it does not wake its task, whoever polls it comes back by
/// himself.
struct Polls<const WAKES: bool>(usize);

impl<const WAKES: bool> Future for Polls<WAKES> {
    type Output = usize;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<usize> {
        let Some(left) = self.0.checked_sub(1) else {
            return Poll::Ready(1);
        };
        self.0 = left;
        if WAKES {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}
