//! Cancellation: asking, making children, reaching a whole tree, waking all who wait.

use std::hint::black_box;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, yield_now};

use crate::cancel::{Flag, Scope};
use crate::entrants::{self, FlagEntrants, ScopeEntrants};
use crate::harness::runtime::{Rt, task};
use crate::harness::{Bench, Effort, Entrant};

/// A check takes a nanosecond or so: more of them, so that a round lasts.
const CHECKS_PER_MESSAGE: usize = 4;

/// Children of each node of the tree.
const FAN_OUT: usize = 10;

/// A round with a million tasks lasts seconds.
const ROUNDS_MAX: usize = 5;

pub(crate) fn benches() -> Vec<Bench> {
    let mut root = Contest::new(
        "cancel_check",
        "ask a root whether it is cancelled",
        Work::Check(1),
    );
    entrants::flags(&mut root);
    let mut benches = vec![root.bench];
    benches.extend([
        contest(
            "cancel_check_depth2",
            "ask a child of the root",
            Work::Check(2),
        ),
        contest(
            "cancel_check_depth16",
            "ask a node with 15 ancestors",
            Work::Check(16),
        ),
        contest(
            "cancel_child_create_drop",
            "make a child and drop it",
            Work::Child,
        ),
        contest(
            "cancel_tree_111111",
            "cancel the root of a tree with fan-out 10, then ask every node; per node",
            Work::Tree,
        ),
    ]);
    benches.extend(Rt::BOTH.map(|rt| {
        let group = format!("cancel_million_waiting_{rt}");
        let about = "cancel what tasks wait on, until each has ended; per task";
        let bench = contest(group, about, Work::Waiting(rt));
        Bench {
            rounds_max: ROUNDS_MAX,
            ..bench
        }
    }));
    benches
}

fn contest(group: impl Into<String>, about: &str, work: Work) -> Bench {
    let mut contest = Contest::new(group, about, work);
    entrants::scopes(&mut contest);
    contest.bench
}

#[derive(Clone, Copy)]
enum Work {
    /// Of a node with so many nodes on the way to it, itself included.
    Check(usize),
    Child,
    Tree,
    Waiting(Rt),
}

struct Contest {
    bench: Bench,
    work: Work,
}

impl Contest {
    fn new(group: impl Into<String>, about: &str, work: Work) -> Self {
        Contest {
            bench: Bench::per_op(group, about),
            work,
        }
    }

    fn case(&mut self, who: Entrant, round: impl Fn(&Effort) -> (Duration, usize) + 'static) {
        let round = move |effort: &Effort| {
            let (elapsed, operations) = round(effort);
            vec![elapsed.as_nanos() as f64 / operations as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

impl FlagEntrants for Contest {
    fn enter<F: Flag>(&mut self, who: Entrant) {
        self.case(who, |effort| {
            let checks = effort.messages * CHECKS_PER_MESSAGE;
            (check(&F::new(), checks), checks)
        });
    }
}

impl ScopeEntrants for Contest {
    fn enter<S: Scope>(&mut self, who: Entrant) {
        let work = self.work;
        self.case(who, move |effort| match work {
            Work::Check(depth) => {
                let checks = effort.messages * CHECKS_PER_MESSAGE;
                let path = path::<S>(depth);
                (check(&path[depth - 1], checks), checks)
            }
            Work::Child => (children::<S>(effort.messages), effort.messages),
            Work::Tree => {
                let nodes = tree::<S>(nodes(effort));
                (cancel(&nodes), nodes.len())
            }
            Work::Waiting(rt) => {
                let tasks = effort.live_tasks();
                (rt.run(task(waiting::<S>(tasks))), tasks)
            }
        });
    }
}

/// From a root down; all of them stay alive.
fn path<S: Scope>(depth: usize) -> Vec<S> {
    iter::successors(Some(S::new()), |last| Some(last.child()))
        .take(depth)
        .collect()
}

#[inline(never)]
fn check<F: Flag>(flag: &F, checks: usize) -> Duration {
    let mut cancelled = 0;
    let start = Instant::now();
    for _ in 0..checks {
        cancelled += usize::from(black_box(flag).is_cancelled());
    }
    let elapsed = start.elapsed();
    assert_eq!(cancelled, 0, "nobody has cancelled it");
    elapsed
}

#[inline(never)]
fn children<S: Scope>(children: usize) -> Duration {
    let root = S::new();
    let start = Instant::now();
    for _ in 0..children {
        drop(black_box(black_box(&root).child()));
    }
    start.elapsed()
}

/// 111,111 for the full measure, and for others as many whole levels as fit.
pub(super) fn nodes(effort: &Effort) -> usize {
    let levels = iter::successors(Some(1), |nodes| Some(nodes * FAN_OUT + 1));
    let fit = levels.take_while(|nodes| *nodes <= effort.messages / 3);
    fit.last().expect("a root fits")
}

/// Level by level, the root first.
fn tree<S: Scope>(nodes: usize) -> Vec<S> {
    let mut tree = Vec::with_capacity(nodes);
    tree.push(S::new());
    for parent in 0..nodes / FAN_OUT {
        for _ in 0..FAN_OUT {
            let child = tree[parent].child();
            tree.push(child);
        }
    }
    assert_eq!(tree.len(), nodes, "the last level is full");
    tree
}

#[inline(never)]
fn cancel<S: Scope>(tree: &[S]) -> Duration {
    let start = Instant::now();
    tree[0].cancel();
    let cancelled = tree.iter().filter(|node| node.is_cancelled()).count();
    let elapsed = start.elapsed();
    assert_eq!(cancelled, tree.len(), "it reached all");
    elapsed
}

/// The tasks are bare ones, for all alike.
async fn waiting<S: Scope>(tasks: usize) -> Duration {
    let scope = S::new();
    let waiting = Arc::new(AtomicUsize::new(0));
    let handles: Vec<JoinHandle<()>> = (0..tasks)
        .map(|_| {
            let (scope, waiting) = (scope.clone(), Arc::clone(&waiting));
            tokio::spawn(async move {
                // The last ones may be about to wait when it is cancelled: who comes late is told, too.
                waiting.fetch_add(1, Ordering::Relaxed);
                scope.cancelled().await;
            })
        })
        .collect();
    while waiting.load(Ordering::Relaxed) < tasks {
        yield_now().await;
    }

    let start = Instant::now();
    scope.cancel();
    for handle in handles {
        handle.await.expect("no task panics");
    }
    start.elapsed()
}
