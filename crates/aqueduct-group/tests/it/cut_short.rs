//! Tasks that end with the error of their group's cancellation: they were cut short, and did not fail.
//!
//! Two tasks. One *does* its work and returns after 1 s. The other *minds* a scope, and half a second after that was
//! cancelled it returns the error, in each of the types that policies look into. The group has a grace of 2 s.
//!
//! What the group gives and reports is in the table, and is the same for a task that hears nothing and is aborted.

mod kinds;

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aqueduct_cancel::{CancelScope, Cancelled};
use aqueduct_group::policy::{Ending, Next, Verdict};
use aqueduct_group::{
    AllOk, FirstOk, GroupError, Panicked, Policy, Quorum, Supervise, TaskRef, group,
};
use tokio::time::{Instant, sleep};

use crate::support::{boxed, paused, secs, threads};
use kinds::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// After 3 s.
    Cancelled,
    Deadline,
    /// The scope above is.
    Above,
    /// By the policy, after 1 s: what the one task does is what the policy waits for.
    ByPolicy,
    /// What the other minds is a scope of its own, which ends after 2 s; the group is not cancelled.
    Foreign,
    /// The same after 3.2 s, when the group is being cancelled.
    ForeignLate,
}

const EVENTS: [Event; 6] = [
    Event::Cancelled,
    Event::Deadline,
    Event::Above,
    Event::ByPolicy,
    Event::Foreign,
    Event::ForeignLate,
];

/// What is given, after how many tenths of a second, and how many returned and were cut short.
type Cell = (&'static str, u64, (usize, usize));

trait Judged {
    type Policy<K: Kind>: Policy<Output = Result<(), K::Error>, Value: Send> + 'static;

    /// Whether it waits for a failure.
    const WAITS_FOR_FAILURE: bool;

    fn policy<K: Kind>(told: Told) -> Self::Policy<K>;
    fn show<K: Kind>(value: <Self::Policy<K> as Policy>::Value) -> String;
}

/// What [`Supervise`] told of.
type Told = Arc<Mutex<Vec<String>>>;

fn show<T: std::fmt::Debug, E>(result: Result<T, GroupError<E>>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(GroupError::Failed(failures)) => {
            let names = failures.iter().map(|failure| failure.task.name().unwrap());
            format!("failed: {}", names.collect::<Vec<_>>().join(", "))
        }
        Err(GroupError::Cancelled(error)) => format!("cancelled: {}", error.reason().message()),
    }
}

/// A policy that has `with_error_chain`, looking where a kind of error needs it.
macro_rules! judged {
    ($($name:ident: $policy:ident($($t:ty)?), $waits:expr, |$told:ident| $make:expr;)+) => { $(
        struct $name;

        impl Judged for $name {
            type Policy<K: Kind> = $policy<$($t,)? K::Error>;

            const WAITS_FOR_FAILURE: bool = $waits;

            fn policy<K: Kind>($told: Told) -> Self::Policy<K> {
                let policy = $make;
                match K::look() {
                    Some(look) => policy.with_error_chain(look),
                    None => policy,
                }
            }

            fn show<K: Kind>(value: <Self::Policy<K> as Policy>::Value) -> String {
                show(value)
            }
        }
    )+ };
}

judged! {
    All: AllOk(()), true, |_told| AllOk::new();
    First: FirstOk(()), false, |_told| FirstOk::new();
    One: Quorum(()), false, |_told| Quorum::new(1);
    Supervised: Supervise(), true, |told| Supervise::new(move |task: TaskRef<'_>, _| {
        told.lock().unwrap().push(task.name().unwrap().to_owned());
    });
}

/// What is done to a group from outside.
async fn cancel(event: Event, scope: CancelScope, above: CancelScope, second: Duration) {
    sleep(second * 3).await;
    match event {
        Event::Cancelled | Event::ForeignLate => drop(scope.cancel_because("the test")),
        // Where the policy does not, later.
        Event::ByPolicy => {
            sleep(second * 7).await;
            scope.cancel_because("the test");
        }
        Event::Above => drop(above.cancel_because("above")),
        _ => {}
    }
}

async fn cell<J: Judged, K: Kind>(
    event: Event,
    hears: bool,
    second: Duration,
) -> (String, (usize, usize)) {
    let above = CancelScope::new();
    let told = Told::default();
    let mut builder = group().with_grace(second * 2).with_scope(&above);
    if event == Event::Deadline {
        builder = builder.with_timeout(second * 3);
    }
    let group = builder.open(J::policy::<K>(told.clone()));
    let succeeds = (event == Event::ByPolicy) != J::WAITS_FOR_FAILURE;
    let does = async move {
        sleep(second).await;
        if succeeds { Ok(()) } else { Err(K::real()) }
    };
    group.task("does").spawn(boxed(does)).await.unwrap();
    let minded = match event {
        Event::Foreign => CancelScope::new().with_timeout(second * 2),
        Event::ForeignLate => CancelScope::new().with_timeout(second * 16 / 5),
        _ => group.scope().child(),
    };
    let minds = async move {
        let error = minded.run(pending::<()>()).await.unwrap_err();
        if !hears {
            pending::<()>().await;
        }
        sleep(second / 2).await;
        Err(K::cancelled(error))
    };
    group.task("minds").spawn(boxed(minds)).await.unwrap();
    let cancel = cancel(event, group.scope().clone(), above, second);
    tokio::spawn(boxed(cancel));
    let (value, report) = group.join_with_report().await;
    assert_eq!((report.spawned, report.panicked), (2, 0));
    let shown = J::show::<K>(value);
    for name in told.lock().unwrap().iter() {
        assert!(
            shown.contains(&**name),
            "{name} is told of and is no failure"
        );
    }
    (shown, (report.returned, report.cancelled))
}

fn exact<J: Judged, K: Kind>(row: [Cell; 6]) {
    for (event, (given, tenths, counts)) in EVENTS.into_iter().zip(row) {
        let timed = |hears| {
            paused(async move {
                let start = Instant::now();
                let given = cell::<J, K>(event, hears, secs(1)).await;
                (given, start.elapsed())
            })
        };
        let ((shown, counted), took) = timed(true);
        assert_eq!((&*shown, counted), (given, counts), "{event:?}");
        assert_eq!(took, secs(tenths) / 10, "{event:?}");
        // Else, the one does not return at all.
        if !matches!(event, Event::Foreign | Event::ForeignLate) {
            assert_eq!(timed(false).0, (shown, counts), "{event:?}, aborted");
        }
    }
}

fn on_threads<J: Judged + 'static, K: Kind>(row: [Cell; 6]) {
    let second = Duration::from_millis(100);
    threads(async move {
        let cells = EVENTS
            .into_iter()
            .zip(row)
            .map(|(event, (given, _, counts))| {
                // In a future that knows no lifetimes, so that it can be spawned for every policy.
                let cell: std::pin::Pin<Box<dyn Future<Output = _> + Send>> =
                    Box::pin(cell::<J, K>(event, true, second));
                async move {
                    let (shown, counted) = cell.await;
                    assert_eq!((&*shown, counted), (given, counts), "{event:?}");
                }
            });
        futures_util::future::join_all(cells).await;
    });
}

macro_rules! rows {
    ($($name:ident: $judged:ty = $row:expr;)+) => { $(
        mod $name {
            use super::*;

            #[test]
            fn exactly() {
                exact::<$judged, kinds::Plain>($row);
                exact::<$judged, kinds::Io>($row);
                exact::<$judged, kinds::Boxed>($row);
                exact::<$judged, kinds::BoxedIo>($row);
                exact::<$judged, kinds::Wrapped>($row);
                exact::<$judged, kinds::Own>($row);
                exact::<$judged, kinds::Nested>($row);
            }

            #[test]
            fn on_two_threads() {
                on_threads::<$judged, kinds::Plain>($row);
                on_threads::<$judged, kinds::BoxedIo>($row);
            }
        }
    )+ };
}

#[rustfmt::skip]
rows! {
    all_ok: All = [
        ("cancelled: the test", 35, (1, 1)),
        ("cancelled: the deadline has passed", 35, (1, 1)),
        ("cancelled: above", 35, (1, 1)),
        ("failed: does", 15, (1, 1)),
        ("failed: minds", 25, (2, 0)),
        ("failed: minds", 37, (2, 0)),
    ];
    first_ok: First = [
        ("failed: does", 35, (1, 1)),
        ("failed: does", 35, (1, 1)),
        ("failed: does", 35, (1, 1)),
        ("Ok(Some(()))", 15, (1, 1)),
        ("failed: does, minds", 25, (2, 0)),
        ("failed: does, minds", 37, (2, 0)),
    ];
    quorum: One = [
        ("failed: does", 35, (1, 1)),
        ("failed: does", 35, (1, 1)),
        ("failed: does", 35, (1, 1)),
        ("Ok([()])", 15, (1, 1)),
        ("failed: does, minds", 25, (2, 0)),
        ("failed: does, minds", 37, (2, 0)),
    ];
    supervise: Supervised = [
        ("cancelled: the test", 35, (1, 1)),
        ("cancelled: the deadline has passed", 35, (1, 1)),
        ("cancelled: above", 35, (1, 1)),
        ("failed: does", 105, (1, 1)),
        ("failed: minds", 25, (2, 0)),
        ("failed: minds", 37, (2, 0)),
    ];
}

/// What a string says, nobody looks into.
#[test]
fn an_error_that_nobody_can_look_into_is_a_failure() {
    paused(async {
        let group = group().with_grace(secs(1)).open(AllOk::<(), String>::new());
        let scope = group.scope().clone();
        let task = async move {
            let error = scope.cancelled().await;
            Err(Cancelled::from(error).to_string())
        };
        group.spawn(task).await.unwrap();
        let error = group.shutdown().await.unwrap_err();
        assert!(error.into_first_error().unwrap().starts_with("cancelled: "));
    });
}

/// By a policy of the user's.
struct Mine(Vec<bool>);

impl Policy for Mine {
    type Output = Cancelled;
    type Error = ();
    type Value = (Vec<bool>, usize);

    fn returned(&mut self, task: TaskRef<'_>, error: Cancelled) -> Verdict<()> {
        let cut_short = task.is_cut_short_by(&error);
        self.0.push(cut_short);
        match cut_short {
            true => Verdict::CutShort,
            false => Verdict::Continue,
        }
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
        Next::Continue
    }

    fn finish(self, ending: Ending<()>) -> Self::Value {
        (self.0, ending.cut_short)
    }

    /// Also where many are judged at a time, and where the group has judged itself.
    fn triage(_: &Cancelled) -> aqueduct_group::policy::Triage {
        aqueduct_group::policy::Triage::Later
    }
}

#[test]
fn a_policy_of_the_users_asks_the_task() {
    for count in [1, 63, 64, 65, 300] {
        let test = move || async move {
            let group = group().with_grace(secs(10)).open(Mine(Vec::new()));
            for _ in 0..count {
                let scope = group.scope().clone();
                let minds = async move { scope.cancelled().await.into() };
                group.spawn(minds).await.unwrap();
            }
            group.scope().cancel();
            let ((all, cut_short), report) = group.join_with_report().await;
            assert_eq!(all, vec![true; count]);
            assert_eq!(cut_short, count);
            assert_eq!((report.returned, report.cancelled), (0, count));
        };
        crate::support::both(test);
    }
}
