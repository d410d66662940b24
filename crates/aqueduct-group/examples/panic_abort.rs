//! What groups promise to a program that is built with `panic = "abort"`, pinned.
//!
//! `cargo run --profile abort -p aqueduct-group --example panic_abort` ends well if all of it holds. It is a program
//! because cargo builds tests with unwinding, whatever the profile says.
//!
//! Two halves:
//!
//! - Whatever does not panic ends as ever: values, errors, cancellation, limits, grace, shutdown, adoption. Each case
//!   runs on one thread and on two, and leaves nothing alive. What is wrong panics, and that ends this program.
//! - Whatever panics ends the process, there and then: no [`Panics`] is asked, no sibling is drained, no destructor runs.
//!   Each such case is this program run again, told which.

#[expect(
    dead_code,
    reason = "it is the tests', and not all of it is of use here"
)]
#[path = "../tests/it/support.rs"]
mod support;

use std::env;
use std::future::pending;
use std::process::{Command, ExitCode, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aqueduct_cancel::{CancelScope, Reason, ReasonKind};
use aqueduct_group::{
    AllOk, Collect, Discard, FirstOk, GroupError, Panicked, Panics, Policy, Quorum, Race, TaskEnd,
    TaskRef, group, policy, tree,
};
use tokio::task::yield_now;
use tokio::time::Instant;

use crate::support::{Census, Crowd, both, eventually, millis, paused, secs, soon};

fn main() -> ExitCode {
    if cfg!(panic = "unwind") {
        eprintln!("built with unwinding, under which the tests say more: use --profile abort");
        return ExitCode::from(2);
    }
    if let Some(name) = env::args().nth(1) {
        return end_by_panic(&name);
    }
    for (name, case) in ENDS_AS_EVER {
        case();
        eventually(name, || tree().groups.is_empty());
        println!("as ever: {name}");
    }
    for name in PANICS {
        check_panics(name);
        println!("ends the process: a panic of {name}");
    }
    println!("all holds under panic = \"abort\"");
    ExitCode::SUCCESS
}

const ENDS_AS_EVER: &[(&str, fn())] = &[
    ("values in order", || both(values)),
    ("the first error cancels the rest", || both(errors)),
    ("policies", || both(policies)),
    ("cancellation, with its reason", || both(cancellation)),
    ("deadline, grace, abort", || paused(phases())),
    ("limits", || both(limits)),
    ("shutdown", || both(shutdown)),
    ("a group dropped midway is adopted", || both(adoption)),
    ("local groups, loans, blocking work", || both(corners)),
    ("a runtime that goes away", runtime_gone),
];

async fn values() {
    let values = group().with_limit(3).run(AllOk::new(), async |group| {
        for index in 0..10 {
            let value = async move {
                yield_now().await;
                Ok::<_, &str>(index)
            };
            group.spawn(value).await.unwrap();
        }
    });
    assert_eq!(values.await.unwrap(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

async fn errors() {
    let census = Census::default();
    let result = group().run(AllOk::<(), &str>::new(), async |group| {
        for _ in 0..3 {
            let guard = census.guard();
            let waits = async move {
                let _guard = guard;
                pending().await
            };
            group.spawn(waits).await.unwrap();
        }
        let fails = async {
            yield_now().await;
            Err("no route")
        };
        group.task("dial").spawn(fails).await.unwrap();
    });
    let error = result.await.unwrap_err();
    assert_eq!(census.alive(), 0);
    assert!(error.to_string().ends_with("failed: no route"), "{error}");
    let failures = error.failures().unwrap();
    assert_eq!((failures.kept(), failures.dropped()), (1, 0));
    assert_eq!(failures.first().task.name(), Some("dial"));
    assert_eq!(error.into_first_error(), Some("no route"));
}

async fn policies() {
    let first = group().run(FirstOk::new(), async |group| {
        group.spawn(async { Err("no") }).await.unwrap();
        group.spawn(pending()).await.unwrap();
        let _ = group.spawn(async { Ok(7) }).await;
    });
    assert_eq!(first.await.unwrap(), Some(7));

    let race = group().run(Race::new(), async |group| {
        group.spawn(pending()).await.unwrap();
        let _ = group.spawn(async { 8 }).await;
    });
    assert_eq!(race.await.unwrap(), Some(8));

    let quorum = group().run(Quorum::<_, &str>::new(2), async |group| {
        group.spawn(pending()).await.unwrap();
        group.spawn(async { Ok(1) }).await.unwrap();
        let _ = group.spawn(async { Ok(1) }).await;
    });
    assert_eq!(quorum.await.unwrap(), [1, 1]);
}

async fn cancellation() {
    let scope = CancelScope::new();
    let result = group()
        .with_scope(&scope)
        .run(AllOk::<(), &str>::new(), async |group| {
            group.spawn(pending()).await.unwrap();
            scope.cancel_because(Reason::new(ReasonKind::Requested, "enough"));
            pending().await
        });
    match result.await.unwrap_err() {
        GroupError::Cancelled(cancelled) => assert_eq!(cancelled.reason().message(), "enough"),
        GroupError::Failed(failures) => panic!("{failures:?}"),
    }
}

async fn phases() {
    let started = Instant::now();
    let group = group()
        .with_timeout(secs(5))
        .with_grace(secs(2))
        .open(Collect::new());
    let scope = group.scope().clone();
    let obeys = async move {
        scope.cancelled().await;
        1
    };
    group.spawn(obeys).await.unwrap();
    group.spawn(pending()).await.unwrap();
    let (ends, report) = group.join_with_report().await;
    assert!(
        matches!(ends[..], [TaskEnd::Returned(1), TaskEnd::Cancelled]),
        "{ends:?}"
    );
    assert_eq!(started.elapsed(), secs(7));
    assert_eq!((report.returned, report.cancelled), (1, 1));
    assert_eq!((report.panicked, report.unstopped.len()), (0, 0));
}

async fn limits() {
    let crowd = Crowd::default();
    let done = Arc::new(AtomicUsize::new(0));
    let group = group().with_limit(2).open(Discard::new());
    for _ in 0..20 {
        let (crowd, inside, done) = (crowd.clone(), group.spawner(), done.clone());
        let task = async move {
            let here = crowd.enter();
            yield_now().await;
            drop(here);
            // Into its own full group: it lends its place while it waits.
            inside.spawn(yield_now()).await.unwrap();
            done.fetch_add(1, Relaxed);
        };
        group.spawn(task).await.unwrap();
    }
    soon("all have spawned", || done.load(Relaxed) == 20).await;
    while group.try_spawn(pending()).is_ok() {}
    assert!(crowd.most() <= 2, "{}", crowd.most());
    group.abort_all();
    assert!(group.join().await.unwrap_err().is_cancelled());
}

async fn shutdown() {
    let census = Census::default();
    let group = group().with_grace(millis(50)).open(Discard::new());
    for obeys in [true, false] {
        let (guard, scope) = (census.guard(), group.scope().clone());
        let task = async move {
            let _guard = guard;
            if obeys {
                scope.cancelled().await;
            } else {
                pending().await
            }
        };
        group.spawn(task).await.unwrap();
    }
    assert!(group.shutdown().await.unwrap_err().is_cancelled());
    assert_eq!(census.alive(), 0);
}

async fn adoption() {
    let census = Census::default();
    group()
        .run(Discard::<()>::new(), async |_| {
            let guard = census.guard();
            let inner = group().run(Discard::new(), async |group| {
                let waits = async move {
                    let _guard = guard;
                    pending::<()>().await
                };
                group.spawn(waits).await.unwrap();
                pending().await
            });
            // Polled, and dropped before it has ended.
            assert!(tokio::time::timeout(millis(5), inner).await.is_err());
        })
        .await
        .unwrap();
    assert_eq!(census.alive(), 0);
}

async fn corners() {
    let text = String::from("one two three");
    let ends = group().run_local(Collect::new(), async |group| {
        for word in text.split(' ') {
            group.spawn(async move { word.len() }).await.unwrap();
        }
    });
    let lengths = ends.await.into_iter().filter_map(TaskEnd::returned);
    assert_eq!(lengths.collect::<Vec<_>>(), [3, 3, 5]);

    let loan = group().lend(text, Discard::new(), async |group, text| {
        for _ in 0..4 {
            let text = text.clone();
            let reads = async move { assert_eq!(text.len(), 13) };
            group.spawn(reads).await.unwrap();
        }
    });
    let (result, text) = loan.await;
    result.unwrap();
    assert_eq!(text.unwrap(), "one two three");

    let ends = group().run(Collect::new(), async |group| {
        group.unnamed().spawn_blocking(|| 9).await.unwrap();
    });
    assert!(matches!(ends.await[..], [TaskEnd::Returned(9)]));
}

fn runtime_gone() {
    let census = Census::default();
    let group = group().open(Collect::<()>::new());
    paused(async {
        let guard = census.guard();
        let waits = async move {
            let _guard = guard;
            pending().await
        };
        group.spawn(waits).await.unwrap();
        yield_now().await;
    });
    assert_eq!(census.alive(), 0);
    let ends = paused(group.join());
    assert!(matches!(ends[..], [TaskEnd::Cancelled]), "{ends:?}");
}

/// What [`end_by_panic`] is told.
const PANICS: &[&str] = &[
    "a task",
    "a task, to be resumed",
    "a blocking task",
    "a local task",
    "the body",
    "a destructor",
    "the policy",
];

/// Each panics with it, so that the hook prints it.
const MESSAGE: &str = "meant to end the process";

/// What a destructor prints that must not run.
const DRAINED: &str = "a sibling was dropped";

struct Sibling;

impl Drop for Sibling {
    fn drop(&mut self) {
        println!("{DRAINED}");
    }
}

/// Its destructor panics, in a task that is aborted.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{MESSAGE}");
    }
}

/// A policy with a mistake in it.
struct Broken;

impl Policy for Broken {
    type Output = ();
    type Error = std::convert::Infallible;
    type Value = ();

    fn returned(&mut self, _: TaskRef<'_>, (): ()) -> policy::Verdict<Self::Error> {
        panic!("{MESSAGE}");
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> policy::Next {
        unreachable!("no panic comes so far");
    }

    fn finish(self, _: policy::Ending<Self::Error>) {}
}

/// Groups whose panics would be caught, resumed or told, were there unwinding. None of it comes to pass.
fn end_by_panic(name: &str) -> ExitCode {
    match name {
        "a task" => paused(panicking_task(Panics::AreFailures)),
        "a task, to be resumed" => paused(panicking_task(Panics::Resume)),
        "a blocking task" => paused(group().run(Discard::new(), async |group| {
            sibling(&group).await;
            let work = group.unnamed().spawn_blocking(|| panic!("{MESSAGE}"));
            work.await.unwrap();
        }))
        .unwrap(),
        "a local task" => paused(group().run_local(Discard::new(), async |group| {
            let task = async { panic!("{MESSAGE}") };
            group.spawn(task).await.unwrap();
        }))
        .unwrap(),
        "the body" => paused(group().run(Discard::new(), async |group| {
            sibling(&group).await;
            panic!("{MESSAGE}");
        }))
        .unwrap(),
        "a destructor" => paused(group().run(Discard::<()>::new(), async |group| {
            let bomb = Bomb;
            let task = async move {
                let _bomb = bomb;
                pending().await
            };
            group.spawn(task).await.unwrap();
            yield_now().await;
            group.abort_all();
        }))
        .unwrap(),
        "the policy" => paused(group().run(Broken, async |group| {
            group.spawn(async {}).await.unwrap();
        })),
        _ => {
            eprintln!("no case has the name '{name}': {PANICS:?}");
            return ExitCode::from(2);
        }
    }
    println!("{name} panicked, and the program went on");
    ExitCode::SUCCESS
}

async fn panicking_task(panics: Panics) {
    let result = group()
        .with_panics(panics)
        .run(Discard::new(), async |group| {
            sibling(&group).await;
            group.spawn(async { panic!("{MESSAGE}") }).await.unwrap();
        });
    result.await.unwrap();
}

/// A task that would be drained.
async fn sibling(group: &aqueduct_group::Spawner<Discard>) {
    let sibling = Sibling;
    let waits = async move {
        let _sibling = sibling;
        pending().await
    };
    group.spawn(waits).await.unwrap();
    yield_now().await;
}

fn check_panics(name: &str) {
    let program = env::current_exe().expect("this program has a path");
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program)
        .arg(name)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("this program can be run again");
    let said = String::from_utf8_lossy(&stdout);
    let told = String::from_utf8_lossy(&stderr);
    // The hook has its say, as in any program.
    assert!(told.contains(MESSAGE), "{name}: {status}\n{said}\n{told}");
    assert_eq!(said, "", "{name}: {status}");
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        assert_eq!(status.signal(), Some(SIGABRT), "{name}: {status}");
    }
    assert!(!status.success(), "{name}");
}

#[cfg(unix)]
const SIGABRT: i32 = 6;
