//! Items gathered into batches by count and time, on one task, where nothing ever waits.

use std::time::Instant;

use crate::entrants::{self, StreamEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant};
use crate::stream::{BATCH, Pipeline, WAIT_MILLIS};

pub(crate) fn benches() -> Vec<Bench> {
    let rt = Rt::CurrentWithTimer;
    let about =
        format!("numbers into batches of {BATCH}, or of what came in {WAIT_MILLIS} ms; per number");
    let mut contest = Batching {
        bench: Bench::per_op(format!("stream_batch{BATCH}_{rt}"), about),
        rt,
    };
    entrants::stream_batches(&mut contest);
    vec![contest.bench]
}

struct Batching {
    bench: Bench,
    rt: Rt,
}

impl StreamEntrants for Batching {
    fn enter(&mut self, who: Entrant, pipeline: Pipeline) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let items = effort.messages;
            let elapsed = rt.run(task(async move {
                let start = Instant::now();
                let (batches, sum) = pipeline(items).await;
                let elapsed = start.elapsed();
                assert_eq!(batches, items.div_ceil(BATCH), "full batches");
                let all = (0..items).fold(0, usize::wrapping_add);
                assert_eq!(sum, all, "each number once");
                elapsed
            }));
            vec![elapsed.as_nanos() as f64 / items as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}
