//! The policies, each with how its tasks return and how its value is shown.

use std::fmt::Debug;

use aqueduct_group::{FailureKind, GroupError, Policy, TaskEnd};

type Out = Result<u32, &'static str>;

pub(super) trait Case: Send + 'static {
    type Policy: Policy<Output: Send>;

    fn policy() -> Self::Policy;
    fn output(output: Out) -> <Self::Policy as Policy>::Output;
    fn show(value: <Self::Policy as Policy>::Value) -> String;
}

fn show_error<E: Debug>(error: &GroupError<E>) -> String {
    match error {
        GroupError::Failed(failures) => {
            let shown = failures.iter().map(|failure| {
                let name = failure.task.name().unwrap();
                match &failure.kind {
                    FailureKind::Error(error) => format!("{name} error {}", plain(error)),
                    FailureKind::Panic(panic) => format!("{name} {panic}"),
                }
            });
            format!("failed: {}", shown.collect::<Vec<_>>().join(", "))
        }
        GroupError::Cancelled(cancelled) => format!("cancelled: {}", cancelled.reason().message()),
    }
}

fn plain(value: &impl Debug) -> String {
    format!("{value:?}").replace('"', "")
}

fn show_result<T: Debug, E: Debug>(result: Result<T, GroupError<E>>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(error) => show_error(&error),
    }
}

fn show_end(end: &TaskEnd<Out>) -> String {
    match end {
        TaskEnd::Returned(output) => plain(output),
        TaskEnd::Panicked(panic) => panic.to_string(),
        TaskEnd::Cancelled => "cancelled".to_owned(),
    }
}

macro_rules! cases {
    ($($name:ident: $policy:ty = $make:expr, $output:expr, $show:expr;)+) => { $(
        pub(super) struct $name;

        impl Case for $name {
            type Policy = $policy;

            fn policy() -> $policy {
                $make
            }

            fn output(output: Out) -> <$policy as Policy>::Output {
                ($output)(output)
            }

            fn show(value: <$policy as Policy>::Value) -> String {
                ($show)(value)
            }
        }
    )+ };
}

fn same(output: Out) -> Out {
    output
}

cases! {
    AllOk: aqueduct_group::AllOk<u32, &'static str> =
        aqueduct_group::AllOk::new(), same, show_result;
    Collect: aqueduct_group::Collect<Out> = aqueduct_group::Collect::new(), same,
        |ends: Vec<TaskEnd<Out>>| ends.iter().map(show_end).collect::<Vec<_>>().join(", ");
    FirstOk: aqueduct_group::FirstOk<u32, &'static str> =
        aqueduct_group::FirstOk::new(), same, show_result;
    Race: aqueduct_group::Race<Out> = aqueduct_group::Race::new(), same, show_result;
    Quorum: aqueduct_group::Quorum<u32, &'static str> =
        aqueduct_group::Quorum::new(2), same, show_result;
    Discard: aqueduct_group::Discard<Out> = aqueduct_group::Discard::new(), same, show_result;
    Supervise: aqueduct_group::Supervise<&'static str> =
        aqueduct_group::Supervise::new(|_, _| {}), |output: Out| output.map(drop), show_result;
    AsCompleted: aqueduct_group::AsCompleted<Out> = aqueduct_group::AsCompleted::new(), same,
        |ends: Vec<(aqueduct_group::TaskInfo, TaskEnd<Out>)>| {
            let show = |(task, end)| {
                let name = aqueduct_group::TaskInfo::name(&task).unwrap().to_owned();
                (matches!(end, TaskEnd::Cancelled), name, show_end(&end))
            };
            let mut shown: Vec<_> = ends.into_iter().map(show).collect();
            // In which order the aborted are dropped is the runtime's business: by name.
            let first_cancelled = shown.iter().position(|end| end.0).unwrap_or(shown.len());
            shown[first_cancelled..].sort();
            let shown = shown.into_iter().map(|(_, name, end)| format!("{name} {end}"));
            shown.collect::<Vec<_>>().join(", ")
        };
}
