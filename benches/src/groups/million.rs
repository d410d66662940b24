//! A million live tasks in one group: what they weigh, and what it takes to spawn and to end them.
//!
//! Each task waits at one gate, a `Notify`, for all alike. Its wait lies inside the task, so the gate allocates nothing.
//!
//! Tokio rounds a task up to a multiple of 128 bytes. Eight bytes more of state are then free or cost 128, as luck has
//! it, so tasks of sixteen sizes, eight bytes apart, take part in equal numbers: their mean is what was really added.

use std::cell::OnceCell;
use std::future::ready;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::yield_now;

use crate::alloc;
use crate::entrants::{self, TaskEntrants};
use crate::harness::runtime::{self, Rt, task};
use crate::harness::{Bench, Effort, Entrant, Metric, Unit};
use crate::tasks::{SPAWNED, Tasks};

/// A round lasts seconds.
const ROUNDS_MAX: usize = 5;

/// In how many sizes tasks come.
const SIZES: usize = 16;

pub(crate) fn benches() -> Vec<Bench> {
    let mut benches = vec![bytes()];
    benches.extend(Rt::BOTH_TIMED.map(rates));
    benches
}

/// As many of each size.
pub(super) fn tasks(effort: &Effort) -> usize {
    effort.live_tasks().next_multiple_of(SIZES)
}

fn bytes() -> Bench {
    let metric = Metric {
        group: "group_million_bytes".to_owned(),
        unit: Unit::Bytes,
        about: "heap bytes of a live task in a group, above what tokio::spawn itself takes"
            .to_owned(),
    };
    let mut contest = Bytes {
        bench: Bench {
            rounds_max: 1,
            ..Bench::new(vec![metric])
        },
        bare: Rc::default(),
    };
    entrants::tasks(&mut contest);
    contest.bench
}

struct Bytes {
    bench: Bench,
    /// What a task weighs that is spawned and let go of. The same in every round, so it is weighed once.
    bare: Rc<OnceCell<f64>>,
}

impl TaskEntrants for Bytes {
    fn enter<S: Tasks>(&mut self, who: Entrant) {
        let bare = Rc::clone(&self.bare);
        let round = move |effort: &Effort| {
            let tasks = tasks(effort);
            let bare = bare.get_or_init(|| weigh::<Detached>(tasks));
            // What a process allocates once for all groups is not the group's.
            weigh::<S>(SIZES);
            vec![weigh::<S>(tasks) - bare]
        };
        self.bench.case(who, Box::new(round));
    }
}

/// Heap bytes a task, group included. All happens on this thread, whose allocations are counted; the runtime is new, for
/// one that has been used keeps a queue as long as it once was.
fn weigh<S: Tasks>(tasks: usize) -> f64 {
    let runtime = runtime::current_with_timer();
    let bytes = alloc::count(|| {
        runtime.block_on(async {
            let before = alloc::live();
            let gate = Arc::new(Gate::default());
            let mut set = S::open();
            for number in (0..tasks).step_by(SIZES) {
                spawn_each_size(&mut set, &gate, number).await;
            }
            gate.wait_for(tasks).await;
            let bytes = alloc::live() - before;
            gate.opened.notify_waiters();
            check(tasks, set.join().await);
            bytes
        })
    });
    bytes as f64 / tasks as f64
}

/// One task of each size, numbered from `first`.
async fn spawn_each_size<S: Tasks>(set: &mut S, gate: &Arc<Gate>, first: usize) {
    macro_rules! spawn {
        ($($words:literal)*) => {
            $(
                let spawned = set.spawn(live::<$words>(Arc::clone(gate), first + $words));
                assert!(spawned.await.is_ok(), "the group is open");
            )*
        };
    }
    spawn!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
}

fn rates(rt: Rt) -> Bench {
    let metric = |which: &str, about: &str| Metric {
        group: format!("group_million_{which}_{rt}"),
        unit: Unit::NanosPerOp,
        about: about.to_owned(),
    };
    let mut contest = Rates {
        bench: Bench {
            rounds_max: ROUNDS_MAX,
            settles: true,
            ..Bench::new(vec![
                metric(
                    "spawn",
                    "spawn tasks until all are alive and wait; per task",
                ),
                metric(
                    "end",
                    "let all go on, until each has ended and was joined; per task",
                ),
            ])
        },
        rt,
    };
    entrants::tasks(&mut contest);
    contest.bench
}

struct Rates {
    bench: Bench,
    rt: Rt,
}

impl TaskEntrants for Rates {
    fn enter<S: Tasks>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let tasks = tasks(effort);
            let elapsed = rt.run(task(play::<S>(tasks)));
            elapsed
                .map(|elapsed| elapsed.as_nanos() as f64 / tasks as f64)
                .into()
        };
        self.bench.case(who, Box::new(round));
    }
}

/// How long it took to spawn, and to end.
async fn play<S: Tasks>(tasks: usize) -> [Duration; 2] {
    let gate = Arc::new(Gate::default());
    let start = Instant::now();
    let mut set = S::open();
    for number in 0..tasks {
        let spawned = set.spawn(live::<0>(Arc::clone(&gate), number));
        assert!(spawned.await.is_ok(), "the group is open");
    }
    gate.wait_for(tasks).await;
    let spawned = start.elapsed();

    let start = Instant::now();
    gate.opened.notify_waiters();
    let sum = set.join().await;
    let ended = start.elapsed();
    check(tasks, sum);
    [spawned, ended]
}

fn check(tasks: usize, sum: Option<usize>) {
    let expected = (0..tasks).sum();
    assert_eq!(sum.unwrap_or(expected), expected, "each result was read");
}

/// Where all tasks wait.
#[derive(Default)]
struct Gate {
    waiting: AtomicUsize,
    opened: Notify,
}

impl Gate {
    /// Until so many tasks wait.
    async fn wait_for(&self, tasks: usize) {
        while self.waiting.load(Ordering::Relaxed) < tasks {
            yield_now().await;
        }
    }
}

/// A task with `WORDS` words of state, alive until the gate opens.
async fn live<const WORDS: usize>(gate: Arc<Gate>, number: usize) -> usize {
    let state = black_box([0usize; WORDS]);
    // It counts from here on, polled or not.
    let opened = gate.opened.notified();
    gate.waiting.fetch_add(1, Ordering::Relaxed);
    opened.await;
    number + black_box(state).iter().sum::<usize>()
}

/// A bare `tokio::spawn`, of which nothing is kept.
struct Detached;

impl Tasks for Detached {
    fn open() -> Self {
        Detached
    }

    fn spawn<F>(&mut self, future: F) -> impl Future<Output = Result<impl Sized, impl Sized>> + Send
    where
        F: Future<Output = usize> + Send + 'static,
    {
        drop(tokio::spawn(future));
        ready(SPAWNED)
    }

    async fn join(self) -> Option<usize> {
        None
    }
}
