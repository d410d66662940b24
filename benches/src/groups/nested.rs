//! Groups inside one another: a task opens a group, whose one task opens a group, and so on. At the bottom all of them
//! are open; then they end from the inside out.

use std::time::{Duration, Instant};

use crate::entrants::{self, TaskEntrants};
use crate::harness::runtime::{Rt, Task, task};
use crate::harness::{Bench, Effort, Entrant};
use crate::tasks::Tasks;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH_TIMED.map(nested).into()
}

fn nested(rt: Rt) -> Bench {
    let about =
        "open a group inside the last one's only task, all the way down, then close all; per group";
    let mut contest = Nested {
        bench: Bench::per_op(format!("group_nested_100000_{rt}"), about).settled(),
        rt,
    };
    entrants::task_trees(&mut contest);
    contest.bench
}

struct Nested {
    bench: Bench,
    rt: Rt,
}

impl TaskEntrants for Nested {
    fn enter<S: Tasks>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let depth = effort.tasks();
            let elapsed = rt.run(task(play::<S>(depth)));
            vec![elapsed.as_nanos() as f64 / depth as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn play<S: Tasks>(depth: usize) -> Duration {
    let start = Instant::now();
    let levels = level::<S>(depth).await;
    let elapsed = start.elapsed();

    assert_eq!(levels, depth, "every group was opened");
    elapsed
}

/// How many groups were open inside this task. Boxed, as a future that holds itself must be, for all alike.
fn level<S: Tasks>(depth: usize) -> Task<usize> {
    task(async move {
        if depth == 0 {
            return 0;
        }
        let mut set = S::open();
        let spawned = set.spawn(level::<S>(depth - 1));
        assert!(spawned.await.is_ok(), "the group is open");
        let below = set.join().await;
        below.expect("the result is kept") + 1
    })
}
