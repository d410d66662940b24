//! Many empty tasks are spawned, then all are waited for.
//!
//! Both runtimes have a timer: a deadline, which some rows set once for all their tasks, needs one.

use std::time::{Duration, Instant};

use crate::entrants::{self, TaskEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant};
use crate::tasks::Tasks;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH_TIMED.map(spawn_join).into()
}

fn spawn_join(rt: Rt) -> Bench {
    let about = "spawn empty tasks, then wait for all and read their results; per task";
    let mut contest = SpawnJoin {
        bench: Bench::per_op(format!("spawn_join_{rt}"), about).settled(),
        rt,
    };
    entrants::tasks(&mut contest);
    contest.bench
}

struct SpawnJoin {
    bench: Bench,
    rt: Rt,
}

impl TaskEntrants for SpawnJoin {
    fn enter<S: Tasks>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let tasks = effort.tasks();
            let elapsed = rt.run(task(play::<S>(tasks)));
            vec![elapsed.as_nanos() as f64 / tasks as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn play<S: Tasks>(tasks: usize) -> Duration {
    let start = Instant::now();
    let mut set = S::open();
    for number in 0..tasks {
        let spawned = set.spawn(async move { number });
        assert!(spawned.await.is_ok(), "the group is open");
    }
    let sum = set.join().await;
    let elapsed = start.elapsed();

    let expected = (0..tasks).sum();
    assert_eq!(sum.unwrap_or(expected), expected, "each result was read");
    elapsed
}
