//! A supervisor of a hundred thousand children: how long it takes to start them, until one that has failed was restarted,
//! and to stop them all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::entrants::{self, SupervisorEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant, Metric, Unit};
use crate::supervisors::{Census, Supervisors};

/// A round lasts seconds.
const ROUNDS_MAX: usize = 3;

/// Coprime to the number of children, so that all of them come by in turn, and seldom two neighbours.
const STRIDE: usize = 7919;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH_TIMED.map(supervisor).into()
}

fn supervisor(rt: Rt) -> Bench {
    let metric = |which: &str, about: &str| Metric {
        group: format!("supervisor_{which}_100k_{rt}"),
        unit: Unit::NanosPerOp,
        about: about.to_owned(),
    };
    let mut contest = Contest {
        bench: Bench {
            rounds_max: ROUNDS_MAX,
            settles: true,
            ..Bench::new(vec![
                metric(
                    "restart",
                    "one of 100,000 children fails, until it was started again",
                ),
                metric("start", "start 100,000 children; per child"),
                metric(
                    "stop",
                    "stop 100,000 children, until none is left; per child",
                ),
            ])
        },
        rt,
    };
    entrants::supervisors(&mut contest);
    contest.bench
}

struct Contest {
    bench: Bench,
    rt: Rt,
}

impl SupervisorEntrants for Contest {
    fn enter<S: Supervisors>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let (children, restarts) = (effort.tasks(), effort.operations(40));
            let [restarted, started, stopped] = rt.run(task(play::<S>(children, restarts)));
            let each = |elapsed: Duration, count: usize| elapsed.as_nanos() as f64 / count as f64;
            vec![
                each(restarted, restarts),
                each(started, children),
                each(stopped, children),
            ]
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn play<S: Supervisors>(children: usize, restarts: usize) -> [Duration; 3] {
    let census = Arc::<Census>::default();
    let start = Instant::now();
    let supervisor = S::start(children, Arc::clone(&census)).await;
    census.started(children).await;
    let started = start.elapsed();

    let start = Instant::now();
    for restart in 0..restarts {
        supervisor.fail(restart * STRIDE % children).await;
        census.started(children + restart + 1).await;
    }
    let restarted = start.elapsed();

    let start = Instant::now();
    supervisor.stop().await;
    census.ended().await;
    let stopped = start.elapsed();
    [restarted, started, stopped]
}
