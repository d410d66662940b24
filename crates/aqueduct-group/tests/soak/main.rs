//! Memory stays flat: ten million tasks in one group, and as many as there is time for in short ones.
//!
//! What is watched is the memory that the process has from the system. It may grow while the allocator settles, and not
//! by a byte a task after.
#![cfg(not(aqueduct_loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aqueduct_group::{Collect, Discard, TaskEnd, group, tree};
use tokio::runtime::Builder;

const TASKS: usize = 10_000_000;

/// How much may be added after the first tenth.
const SLACK: usize = 8 << 20;

/// Whether the process's memory is this test's. Where others run beside it, it says nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Process {
    Own,
    Shared,
}

/// A sanitizer keeps what is freed for some time, to notice who uses it after all.
fn is_sanitized() -> bool {
    std::env::var("RUSTFLAGS").is_ok_and(|flags| flags.contains("sanitizer"))
}

/// What the process has of memory, in bytes, where that can be asked.
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// The most that it had until the first tenth of the work, and since.
#[derive(Debug)]
struct Peaks {
    early: usize,
    late: usize,
}

impl Peaks {
    fn new() -> Self {
        let early = resident().unwrap_or(0);
        Self { early, late: 0 }
    }

    fn note(&mut self, done: f64) {
        let now = resident().unwrap_or(0);
        let peak = if done < 0.1 {
            &mut self.early
        } else {
            &mut self.late
        };
        *peak = now.max(*peak);
    }

    fn check(&self, process: Process) {
        if process == Process::Shared || is_sanitized() {
            return;
        }
        assert!(self.late <= self.early + SLACK, "memory grows: {self:?}");
    }
}

/// Counts what is alive.
#[derive(Clone, Debug, Default)]
struct Census(Arc<AtomicUsize>);

impl Census {
    /// One more is alive until this is dropped.
    fn guard(&self) -> Guard {
        self.0.fetch_add(1, Ordering::SeqCst);
        Guard(Arc::clone(&self.0))
    }

    fn alive(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Spawns until so many are spawned or the time is over, and says how many that were.
async fn one_group(tasks: usize, time: Duration, process: Process) -> usize {
    let (start, census) = (Instant::now(), Census::default());
    let mut peaks = Peaks::new();
    let group = group().with_limit(1024).open(Discard::new());
    let mut spawned = 0;
    while spawned < tasks && start.elapsed() < time {
        for _ in 0..1000 {
            let guard = census.guard();
            group.spawn(async move { drop(guard) }).await.unwrap();
        }
        spawned += 1000;
        let part = spawned as f64 / tasks as f64;
        peaks.note(part.max(start.elapsed().as_secs_f64() / time.as_secs_f64()));
    }
    let (result, report) = group.join_with_report().await;
    result.unwrap();
    assert_eq!((report.returned, census.alive()), (spawned, 0));
    peaks.check(process);
    spawned
}

/// Short groups, one in the other, some dropped midway.
async fn many_groups(time: Duration, process: Process) -> usize {
    let (start, census) = (Instant::now(), Census::default());
    let mut peaks = Peaks::new();
    let mut groups = 0;
    while start.elapsed() < time {
        for round in 0..200 {
            let watch = census.clone();
            let run = group().with_limit(4).run(Collect::new(), async |outer| {
                for _ in 0..8 {
                    let census = watch.clone();
                    let task = async move {
                        let inner = group().open(Discard::new());
                        for _ in 0..4 {
                            let guard = census.guard();
                            let work = async move {
                                tokio::task::yield_now().await;
                                drop(guard);
                            };
                            inner.spawn(work).await.unwrap();
                        }
                        if round % 2 == 0 {
                            inner.join().await.unwrap();
                        }
                    };
                    outer.spawn(task).await.unwrap();
                }
            });
            let ends = run.await;
            assert!(ends.iter().all(|end| matches!(end, TaskEnd::Returned(()))));
            assert_eq!(census.alive(), 0);
            groups += 9;
        }
        peaks.note(start.elapsed().as_secs_f64() / time.as_secs_f64());
    }
    peaks.check(process);
    groups
}

fn run(tasks: usize, time: Duration, process: Process) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async move {
        let both = async move {
            (
                one_group(tasks, time / 2, process).await,
                many_groups(time / 2, process).await,
            )
        };
        let (tasks, groups) = tokio::spawn(both).await.unwrap();
        println!("{tasks} tasks in one group, {groups} short groups");
    });
    drop(runtime);
    let left = tree();
    let names = left
        .groups
        .iter()
        .filter(|group| group.location.file().ends_with("soak/main.rs"));
    assert_eq!(names.count(), 0, "{left}");
}

#[test]
fn a_short_soak() {
    run(200_000, Duration::from_secs(2), Process::Shared);
}

/// For as many seconds as `AQUEDUCT_SOAK_SECONDS` says.
#[test]
#[ignore = "soak: cargo xtask soak"]
fn soak_ten_million_tasks() {
    let seconds = std::env::var("AQUEDUCT_SOAK_SECONDS").ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(60));
    run(TASKS, time, Process::Own);
}
