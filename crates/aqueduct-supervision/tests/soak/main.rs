//! Restart storms, and children that come and go at random, for as long as there is time: nothing is left, memory stays
//! flat, and who was started has ended, once.
//!
//! What is watched is the memory that the process has from the system. It may grow while the allocator settles, and not
//! by a byte a restart after.
#![cfg(not(aqueduct_loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aqueduct_supervision::{
    ChildContext, ChildRef, ChildSpec, Exit, Failure, Shutdown, Supervisor, SupervisorSpec,
};
use tokio::runtime::Builder;

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

/// The most that it had until the first tenth of the time, which is the first round at least, and since.
#[derive(Debug, Default)]
struct Peaks {
    early: usize,
    late: usize,
}

impl Peaks {
    fn note(&mut self, done: f64) {
        let peak = if done < 0.1 || self.early == 0 {
            &mut self.early
        } else {
            &mut self.late
        };
        *peak = resident().unwrap_or(0).max(*peak);
    }

    fn check(&self, process: Process) {
        if process == Process::Shared || is_sanitized() {
            return;
        }
        assert!(self.late <= self.early + SLACK, "memory grows: {self:?}");
    }
}

/// How many were started, and how many have ended.
#[derive(Clone, Debug, Default)]
struct Census {
    starts: Arc<AtomicUsize>,
    ends: Arc<AtomicUsize>,
}

impl Census {
    fn start(&self) -> Life {
        self.starts.fetch_add(1, Ordering::SeqCst);
        Life(self.ends.clone())
    }

    fn starts(&self) -> usize {
        self.starts.load(Ordering::SeqCst)
    }

    fn check(&self) {
        assert_eq!(self.starts(), self.ends.load(Ordering::SeqCst));
    }
}

/// Of one incarnation.
#[derive(Debug)]
struct Life(Arc<AtomicUsize>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Numbers at random, the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        // The generator of Marsaglia, with shifts of 13, 7 and 17.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

/// What a child does, by its number: waits, listens to nobody, or ends by itself, in one way or another.
fn child(n: usize, census: &Census) -> ChildSpec {
    let census = census.clone();
    let spec = ChildSpec::worker(format!("child-{n}"), move |cx: ChildContext| {
        let life = census.start();
        async move {
            let _life = life;
            match n % 8 {
                0 => std::future::pending().await,
                1 if !cx.incarnation().is_multiple_of(4) => {
                    tokio::task::yield_now().await;
                    Exit::failed(Failure::msg("once more"))
                }
                2 if cx.incarnation() == 1 => Exit::shutdown("enough"),
                _ => {
                    cx.scope().cancelled().await;
                    Exit::Normal
                }
            }
        }
    });
    let spec = match n % 3 {
        0 => spec.permanent(),
        1 => spec.transient(),
        _ => spec.temporary(),
    };
    match n % 8 {
        0 => spec.with_shutdown(Shutdown::Brutal),
        _ => spec,
    }
}

fn unlimited(spec: SupervisorSpec) -> SupervisorSpec {
    spec.with_intensity(u32::MAX, Duration::from_secs(1))
}

/// All are killed, again and again, by each strategy that starts them again; the groups are smaller, as each of them does.
async fn storms(part: Part, census: &Census) {
    let storm = async |spec: SupervisorSpec, children: usize| {
        let spec = (0..children).fold(unlimited(spec), |spec, n| {
            spec.with_child(child(8 * n + 3, census).permanent())
        });
        let top = spec.start().await.unwrap();
        let all = top.which_children().await.unwrap();
        assert_eq!(all.len(), children);
        for _ in 0..3 {
            for it in &all {
                let down = it.child.monitor();
                it.child.kill();
                down.await;
            }
            // Answered when all has been dealt with that was reported.
            assert_eq!(top.count_children().await.unwrap().specs, children);
        }
        assert!(top.shutdown().await.unresponsive.is_empty());
    };
    storm(Supervisor::one_for_one(), part.children).await;
    storm(Supervisor::one_for_all(), part.children / 50).await;
    storm(Supervisor::rest_for_one(), part.children / 50).await;
}

/// Children are started, killed, terminated, started again and deleted at random, of two supervisors.
async fn comings_and_goings(part: Part, dice: &mut Dice, census: &Census) {
    let named = unlimited(Supervisor::one_for_one()).start().await.unwrap();
    let of = census.clone();
    let nameless = Supervisor::dynamic(move |n: usize| (child(n, &of), ()));
    let nameless = nameless.with_intensity(u32::MAX, Duration::from_secs(1));
    let nameless = nameless.start().await.unwrap();
    let mut some: Vec<ChildRef> = Vec::new();
    for _ in 0..part.children {
        let n = dice.next(part.children / 4);
        let id = format!("child-{n}");
        // That it is there already, or runs, or is gone, is an answer too.
        match dice.next(8) {
            0 | 1 => drop(named.start_child(child(n, census)).await),
            2 => drop(named.terminate_child(id.as_str()).await),
            3 => drop(named.restart_child(id.as_str()).await),
            4 => drop(named.delete_child(id.as_str()).await),
            5 if !some.is_empty() => {
                let it = some.swap_remove(dice.next(some.len()));
                drop(nameless.terminate_child(&it).await);
            }
            6 if !some.is_empty() => some[dice.next(some.len())].kill(),
            _ => some.push(nameless.start_child(n).await.unwrap().0),
        }
    }
    // Temporary ones may end meanwhile, and nobody is added: so what is the same before and after is so between.
    loop {
        let before = named.count_children().await.unwrap().specs;
        let shown = named.which_children().await.unwrap().len();
        if named.count_children().await.unwrap().specs == before {
            assert_eq!(shown, before);
            break;
        }
    }
    let reports = [named.shutdown().await, nameless.shutdown().await];
    for report in reports {
        assert!(report.exit.is_orderly() && report.unresponsive.is_empty());
    }
}

#[derive(Clone, Copy)]
struct Part {
    /// How many at a time.
    children: usize,
    time: Duration,
    process: Process,
}

fn run(part: Part) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let soak = async move {
        let (start, mut dice, census) = (
            Instant::now(),
            Dice(88_172_645_463_325_252),
            Census::default(),
        );
        let mut peaks = Peaks::default();
        let mut rounds = 0;
        while rounds == 0 || start.elapsed() < part.time {
            storms(part, &census).await;
            comings_and_goings(part, &mut dice, &census).await;
            census.check();
            peaks.note(start.elapsed().as_secs_f64() / part.time.as_secs_f64());
            rounds += 1;
        }
        peaks.check(part.process);
        println!("{rounds} rounds, {} starts, {peaks:?}", census.starts());
    };
    runtime.block_on(async {
        tokio::spawn(soak).await.unwrap();
        let metrics = tokio::runtime::Handle::current().metrics();
        let start = Instant::now();
        while metrics.num_alive_tasks() > 0 {
            // What tells of its end may be just about to end itself.
            let alive = metrics.num_alive_tasks();
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{alive} are left"
            );
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_short_soak() {
    run(Part {
        children: 1000,
        time: Duration::from_secs(1),
        process: Process::Shared,
    });
}

/// For as many seconds as `AQUEDUCT_SOAK_SECONDS` says.
#[test]
#[ignore = "soak: cargo xtask soak"]
fn soak_restarts() {
    let seconds = std::env::var("AQUEDUCT_SOAK_SECONDS").ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    run(Part {
        children: 2000,
        time: Duration::from_secs(seconds.unwrap_or(60)),
        process: Process::Own,
    });
}
