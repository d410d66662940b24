//! Every policy against every way in which a group may end.
//!
//! Three tasks: the *first* does what the event says after 1 s; the *obedient* returns 1 after 10 s, or 10 half a second
//! after it was cancelled; the *deaf* returns 2 after 20 s, and hears nothing. The group has a grace of 2 s. Cancelled from
//! outside, or by a deadline, or dropped, it is after 3 s, and then the first is as deaf as the third.
//!
//! A cell says what the group gives, after how many tenths of a second, and how many tasks returned, panicked and were cut
//! short. Under a paused clock all of it is exact. On two threads a second is shorter, and times are not looked at.

mod cases;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aqueduct_group::{Collect, Policy, Report, Spawner, TaskGroup, group};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Census, Traces, boxed, paused, quiet, threads};
use cases::Case;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Success,
    Error,
    Panic,
    Cancel,
    Deadline,
    Dropped,
}

/// What is given, the time in tenths of a second, and (returned, panicked, cut short).
type Cell = (&'static str, u64, (usize, usize, usize));

/// One for each event, in their order; who drops a group gets nothing from it.
type Row = [Cell; 5];

const EVENTS: [Event; 5] = [
    Event::Success,
    Event::Error,
    Event::Panic,
    Event::Cancel,
    Event::Deadline,
];

/// How long a second is.
#[derive(Clone, Copy)]
struct Second(Duration);

impl Second {
    const EXACT: Self = Self(Duration::from_secs(1));
    /// So long that a busy machine does not mix up what is half a second apart.
    const SHORT: Self = Self(Duration::from_millis(100));

    fn times(self, tenths: u64) -> Duration {
        self.0 * u32::try_from(tenths).unwrap() / 10
    }
}

async fn first(event: Event, second: Second) -> Result<u32, &'static str> {
    match event {
        Event::Success => {
            sleep(second.times(10)).await;
            Ok(0)
        }
        Event::Error => {
            sleep(second.times(10)).await;
            Err("no")
        }
        Event::Panic => {
            sleep(second.times(10)).await;
            panic!("meant")
        }
        Event::Cancel | Event::Deadline | Event::Dropped => {
            sleep(second.times(150)).await;
            Ok(0)
        }
    }
}

async fn spawn_all<C: Case>(
    group: &Spawner<C::Policy>,
    event: Event,
    second: Second,
    census: &Census,
) {
    let guard = census.guard();
    let first = async move {
        let _guard = guard;
        C::output(first(event, second).await)
    };
    group.task("first").spawn(boxed(first)).await.unwrap();

    let guard = census.guard();
    let scope = group.scope().clone();
    let obedient = async move {
        let _guard = guard;
        match scope.run(sleep(second.times(100))).await {
            Ok(()) => C::output(Ok(1)),
            Err(_) => {
                sleep(second.times(5)).await;
                C::output(Ok(10))
            }
        }
    };
    group.task("obedient").spawn(boxed(obedient)).await.unwrap();

    let guard = census.guard();
    let deaf = async move {
        let _guard = guard;
        sleep(second.times(200)).await;
        C::output(Ok(2))
    };
    group.task("deaf").spawn(boxed(deaf)).await.unwrap();
}

fn open<P: Policy>(policy: P, event: Event, second: Second) -> TaskGroup<P> {
    let mut builder = group().with_name("cell").with_grace(second.times(20));
    if event == Event::Deadline {
        builder = builder.with_timeout(second.times(30));
    }
    builder.open(policy)
}

async fn end<C: Case>(event: Event, second: Second, census: &Census) -> (String, Report) {
    let group = open(C::policy(), event, second);
    spawn_all::<C>(&group, event, second, census).await;
    if event == Event::Cancel {
        let scope = group.scope().clone();
        tokio::spawn(boxed(async move {
            sleep(second.times(30)).await;
            scope.cancel_because("the test says so");
        }));
    }
    let traces = Traces::of(&group);
    let (value, report) = group.join_with_report().await;
    // Whoever has joined the group knows that nothing is left of its tasks.
    assert_eq!(census.alive(), 0);
    traces.assert_gone("a cell of the matrix");
    (C::show(value), report)
}

async fn drop_midway<C: Case>(second: Second, census: Census) {
    let outer = group().open(Collect::new());
    let inner_census = census.clone();
    let traces = std::sync::Arc::new(std::sync::Mutex::new(None));
    let inner_traces = traces.clone();
    let owner = async move {
        let group = open(C::policy(), Event::Dropped, second);
        spawn_all::<C>(&group, Event::Dropped, second, &inner_census).await;
        *inner_traces.lock().unwrap() = Some(Traces::of(&group));
        assert!(timeout(second.times(30), group.join()).await.is_err());
    };
    outer.spawn(boxed(owner)).await.unwrap();
    let ends = outer.join().await;
    assert!(matches!(ends[..], [aqueduct_group::TaskEnd::Returned(())]));
    // The outer group has waited for what the inner one left.
    assert_eq!(census.alive(), 0);
    let traces = traces.lock().unwrap().take().unwrap();
    traces.assert_gone("a dropped group");
}

fn exact<C: Case>(row: Row) {
    quiet();
    for (event, (given, tenths, counts)) in EVENTS.into_iter().zip(row) {
        let census = Census::default();
        let cell = async {
            let start = Instant::now();
            let (shown, report) = end::<C>(event, Second::EXACT, &census).await;
            (shown, start.elapsed(), report)
        };
        let (shown, took, report) = paused(cell);
        assert_eq!(shown, given, "{event:?}");
        assert_eq!(took, Second::EXACT.times(tenths), "{event:?}");
        let told = (report.returned, report.panicked, report.cancelled);
        assert_eq!((told, report.spawned), (counts, 3), "{event:?}");
        assert!(report.unstopped.is_empty());
    }
    let start = paused(async {
        let start = Instant::now();
        drop_midway::<C>(Second::EXACT, Census::default()).await;
        start.elapsed()
    });
    assert_eq!(start, Second::EXACT.times(30));
}

/// All cells of a policy at once.
fn on_threads<C: Case>(row: Row) {
    quiet();
    threads(async move {
        let cells = EVENTS.into_iter().zip(row).map(|(event, cell)| {
            tokio::spawn(boxed(async move {
                let census = Census::default();
                let (shown, report) = end::<C>(event, Second::SHORT, &census).await;
                let told = (report.returned, report.panicked, report.cancelled);
                assert_eq!((&*shown, told), (cell.0, cell.2), "{event:?}");
            }))
        });
        let mut cells: Vec<_> = cells.collect();
        cells.push(tokio::spawn(boxed(drop_midway::<C>(
            Second::SHORT,
            Census::default(),
        ))));
        for cell in cells {
            cell.await.unwrap();
        }
    });
}

macro_rules! rows {
    ($($name:ident: $case:ty = $row:expr;)+) => { $(
        mod $name {
            use super::*;

            #[test]
            fn exactly() {
                exact::<$case>($row);
            }

            #[test]
            fn on_two_threads() {
                on_threads::<$case>($row);
            }
        }
    )+ };
}

#[rustfmt::skip]
rows! {
    all_ok: cases::AllOk = [
        ("Ok([0, 1, 2])", 200, (3, 0, 0)),
        ("failed: first error no", 30, (2, 0, 1)),
        ("failed: first panicked: meant", 30, (1, 1, 1)),
        ("cancelled: the test says so", 50, (1, 0, 2)),
        ("cancelled: the deadline has passed", 50, (1, 0, 2)),
    ];
    collect: cases::Collect = [
        ("Ok(0), Ok(1), Ok(2)", 200, (3, 0, 0)),
        ("Err(no), Ok(1), Ok(2)", 200, (3, 0, 0)),
        ("panicked: meant, Ok(1), Ok(2)", 200, (2, 1, 0)),
        ("cancelled, Ok(10), cancelled", 50, (1, 0, 2)),
        ("cancelled, Ok(10), cancelled", 50, (1, 0, 2)),
    ];
    first_ok: cases::FirstOk = [
        ("Ok(Some(0))", 30, (2, 0, 1)),
        ("Ok(Some(1))", 120, (2, 0, 1)),
        ("Ok(Some(1))", 120, (1, 1, 1)),
        ("Ok(Some(10))", 50, (1, 0, 2)),
        ("Ok(Some(10))", 50, (1, 0, 2)),
    ];
    race: cases::Race = [
        ("Ok(Some(Ok(0)))", 30, (2, 0, 1)),
        ("Ok(Some(Err(\"no\")))", 30, (2, 0, 1)),
        ("Ok(Some(Ok(1)))", 120, (1, 1, 1)),
        ("Ok(Some(Ok(10)))", 50, (1, 0, 2)),
        ("Ok(Some(Ok(10)))", 50, (1, 0, 2)),
    ];
    quorum_of_2: cases::Quorum = [
        ("Ok([0, 1])", 120, (2, 0, 1)),
        ("Ok([1, 2])", 200, (3, 0, 0)),
        ("Ok([1, 2])", 200, (2, 1, 0)),
        ("cancelled: the test says so", 50, (1, 0, 2)),
        ("cancelled: the deadline has passed", 50, (1, 0, 2)),
    ];
    discard: cases::Discard = [
        ("Ok(())", 200, (3, 0, 0)),
        ("Ok(())", 200, (3, 0, 0)),
        ("failed: first panicked: meant", 200, (2, 1, 0)),
        ("cancelled: the test says so", 50, (1, 0, 2)),
        ("cancelled: the deadline has passed", 50, (1, 0, 2)),
    ];
    supervise: cases::Supervise = [
        ("Ok(())", 200, (3, 0, 0)),
        ("failed: first error no", 200, (3, 0, 0)),
        ("failed: first panicked: meant", 200, (2, 1, 0)),
        ("cancelled: the test says so", 50, (1, 0, 2)),
        ("cancelled: the deadline has passed", 50, (1, 0, 2)),
    ];
    as_completed: cases::AsCompleted = [
        ("first Ok(0), obedient Ok(1), deaf Ok(2)", 200, (3, 0, 0)),
        ("first Err(no), obedient Ok(1), deaf Ok(2)", 200, (3, 0, 0)),
        ("first panicked: meant, obedient Ok(1), deaf Ok(2)", 200, (2, 1, 0)),
        ("obedient Ok(10), deaf cancelled, first cancelled", 50, (1, 0, 2)),
        ("obedient Ok(10), deaf cancelled, first cancelled", 50, (1, 0, 2)),
    ];
}

/// [`Supervise`](aqueduct_group::Supervise) tells of each failure when it happens, not in the end.
#[test]
fn supervision_tells_at_once() {
    quiet();
    for event in [Event::Error, Event::Panic] {
        paused(async {
            let start = Instant::now();
            let told_after = std::sync::Arc::new(AtomicUsize::new(0));
            let note = told_after.clone();
            let policy = aqueduct_group::Supervise::<&'static str>::new(move |task, _| {
                assert_eq!(task.name(), Some("first"));
                assert_eq!(task.to_string(), task.to_info().to_string());
                note.store(start.elapsed().as_secs() as usize, Ordering::SeqCst);
            });
            let group = open(policy, event, Second::EXACT);
            let census = Census::default();
            spawn_all::<cases::Supervise>(&group, event, Second::EXACT, &census).await;
            assert!(group.join().await.is_err());
            assert_eq!(told_after.load(Ordering::SeqCst), 1);
        });
    }
}
