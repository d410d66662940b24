//! The bare queue: `try_send` and `try_recv` in turn on one thread, without a runtime. What is left is the cost of the
//! instructions; `--once` under callgrind counts them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::channel::Queue;
use crate::entrants::{self, QueueEntrants};
use crate::harness::{Bench, Effort, Entrant};

const CAPACITY: usize = 1024;

/// A pair takes a few nanoseconds: more of them, so that a round lasts.
const PAIRS_PER_MESSAGE: usize = 4;

pub(crate) fn benches() -> Vec<Bench> {
    let mut spsc = contest("spsc", "channels and queues with one of each side");
    entrants::spsc_queues(&mut spsc);
    let mut mpmc = contest("mpmc", "channels and queues with many of each side");
    entrants::mpmc_queues(&mut mpmc);
    vec![spsc.0, mpmc.0]
}

fn contest(shape: &str, who: &str) -> TryPairs {
    let about = format!("one try_send or try_recv, by turns on one thread: {who}");
    TryPairs(Bench::per_op(format!("try_pair_{shape}_1thread"), about))
}

struct TryPairs(Bench);

impl QueueEntrants for TryPairs {
    fn enter<Q: Queue>(&mut self, who: Entrant) {
        let round = |effort: &Effort| {
            let pairs = effort.messages * PAIRS_PER_MESSAGE;
            vec![play::<Q>(pairs).as_nanos() as f64 / (2 * pairs) as f64]
        };
        self.0.case(who, Box::new(round));
    }
}

#[inline(never)]
fn play<Q: Queue>(pairs: usize) -> Duration {
    let mut queue = Q::open(CAPACITY);
    let mut sum = 0usize;
    let start = Instant::now();
    for number in 0..pairs {
        assert!(queue.try_send(black_box(number)), "there is room");
        sum = sum.wrapping_add(queue.try_recv().expect("there is a message"));
    }
    let elapsed = start.elapsed();
    assert_eq!(
        sum,
        (0..pairs).fold(0usize, usize::wrapping_add),
        "each number came out"
    );
    elapsed
}
