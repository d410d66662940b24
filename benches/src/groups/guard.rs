//! What it takes to watch over a future: until something is cancelled, or until a deadline.
//!
//! The guarded future is ready at its first poll, or at its second one. A task polls it by hand, twice in a row and with
//! its own waker: through the scheduler a future that yields takes 200 ns and more without a guard, from which what the
//! guard adds would have to be told apart by a subtraction that noise can turn negative. Polled by hand, the bare future
//! takes a nanosecond or two. That is a row of its own (`no guard`), and it is **not** subtracted from the others: it
//! makes the faster of two look worse, never better.
//!
//! The task has no budget to run out of, else guards that spend some would have to be polled once more now and then.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::task::unconstrained;

use crate::cancel::{Finished, Guard};
use crate::entrants::{self, GuardEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant};

pub(crate) fn benches() -> Vec<Bench> {
    let mut ready = contest(
        "cancel_guard_future_ready",
        "end a future early if a scope is cancelled: it is ready at once",
        0,
    );
    let mut pending = contest(
        "cancel_guard_future_yields_once",
        "end a future early if a scope is cancelled: it is ready at the second poll",
        1,
    );
    let mut deadline = contest(
        "timeout_pending_once",
        "end a future early at a deadline: it is ready at the second poll",
        1,
    );
    entrants::guards(&mut ready);
    entrants::guards(&mut pending);
    entrants::deadlines(&mut deadline);
    vec![ready.bench, pending.bench, deadline.bench]
}

fn contest(group: &str, about: &str, pending: usize) -> Guards {
    Guards {
        bench: Bench::per_op(group, about),
        pending,
    }
}

struct Guards {
    bench: Bench,
    /// How often the future is pending before it is ready.
    pending: usize,
}

impl GuardEntrants for Guards {
    fn enter<G: Guard>(&mut self, who: Entrant) {
        let pending = self.pending;
        let round = move |effort: &Effort| {
            let futures = effort.messages;
            let elapsed = Rt::CurrentWithTimer.run(task(async move {
                let guard = G::new();
                unconstrained(poll_fn(move |context| {
                    Poll::Ready(play(&guard, context, futures, pending))
                }))
                .await
            }));
            vec![elapsed.as_nanos() as f64 / futures as f64]
        };
        self.bench.case(who, Box::new(round));
    }
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
        let mut guarded = pin!(guard.guard(Polls(black_box(pending))));
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

/// A future that is pending so many times, and then gives 1. Nobody is woken: who polls it comes back by himself.
struct Polls(usize);

impl Future for Polls {
    type Output = usize;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<usize> {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Poll::Pending
            }
            None => Poll::Ready(1),
        }
    }
}
