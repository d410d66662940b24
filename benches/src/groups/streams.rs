//! Streams: what an item costs on its way.
//!
//! | group | what an item goes through |
//! |---|---|
//! | `stream_map_filter_fold` | two closures and a sum, on one task |
//! | `stream_par64` | a future that yields once, 64 of them at a time |
//! | `stream_cpu_par` | 35 µs of work, on two cores |
//! | `stream_boundary` | the way from one task to another |
//! | `stream_bytes64` | 64 bytes: two closures, into batches, to another task, summed up there |

use std::time::Instant;

use crate::entrants::{self, StreamEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant};
use crate::stream::{self, Pipeline, Tally};

pub(crate) fn benches() -> Vec<Bench> {
    let one = |group: &str, about: &str, rt, wanted| Contest {
        bench: Bench::per_op(format!("{group}_{rt}"), about),
        rt,
        costs: 1,
        wanted,
    };
    let mut contests = Vec::new();

    let mut fused = one(
        "stream_map_filter_fold",
        "numbers through map, filter and fold on one task; per number",
        Rt::CurrentThread,
        stream::filtered as fn(usize) -> Tally,
    );
    entrants::stream_fused(&mut fused);
    contests.push(fused);

    for rt in Rt::BOTH {
        let about = "64 futures in flight, each yields once; per future";
        let mut parallel = one("stream_par64", about, rt, stream::all);
        parallel.costs = 4;
        entrants::stream_parallel(&mut parallel);
        contests.push(parallel);
    }

    let about = "35 µs of computing for each item, in order; per item";
    let mut computing = one("stream_cpu_par", about, Rt::MultiThread, stream::all);
    computing.costs = 1000;
    entrants::stream_computing(&mut computing);
    contests.push(computing);

    for rt in Rt::BOTH {
        let about = "numbers from a task to another, room for 1024; per number";
        let mut boundary = one("stream_boundary", about, rt, stream::all);
        entrants::stream_boundaries(&mut boundary);
        contests.push(boundary);
    }

    for rt in Rt::BOTH_TIMED {
        let about =
            "64 bytes through map, filter, batches, to another task; per item (64 ns are 1 GB/s)";
        let mut bytes = one("stream_bytes64", about, rt, stream::filtered);
        entrants::stream_bytes(&mut bytes);
        contests.push(bytes);
    }
    contests
        .into_iter()
        .map(|contest| contest.bench.settled())
        .collect()
}

struct Contest {
    bench: Bench,
    rt: Rt,
    /// How many times as much as a message an item costs, about.
    costs: usize,
    /// What has to come out of so many items.
    wanted: fn(usize) -> Tally,
}

impl StreamEntrants for Contest {
    fn enter(&mut self, who: Entrant, pipeline: Pipeline) {
        let (rt, costs, wanted) = (self.rt, self.costs, self.wanted);
        let round = move |effort: &Effort| {
            let items = effort.operations(costs);
            let elapsed = rt.run(task(async move {
                let start = Instant::now();
                let came_out = pipeline(items).await;
                let elapsed = start.elapsed();
                assert_eq!(came_out, wanted(items), "how many, and their sum");
                elapsed
            }));
            vec![elapsed.as_nanos() as f64 / items as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}
