//! What errors say, and what lies behind them.

use std::error::Error;
use std::io;

use aqueduct_group::{AllOk, Collect, Discard, GroupError, StartError, TaskEnd, group};
use tokio::time::sleep;

use crate::support::{paused, quiet, secs};

fn chain(error: &dyn Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut error = error;
    while let Some(source) = error.source() {
        texts.push(source.to_string());
        error = source;
    }
    texts
}

#[test]
fn a_failure_leads_from_the_group_to_the_cause() {
    paused(async {
        let run = group().run(AllOk::<(), io::Error>::new(), async |group| {
            let fail = async { Err(io::Error::other("the disk is full")) };
            group.task("write").spawn(fail).await.unwrap();
        });
        let error = run.await.unwrap_err();
        let [group, cause] = &chain(&error)[..] else {
            panic!("{error:?}");
        };
        assert!(
            group.starts_with("task 'write' (") && group.contains("errors.rs:"),
            "{group}"
        );
        assert!(group.ends_with(") failed: the disk is full"), "{group}");
        assert_eq!(cause, "the disk is full");
        assert_eq!(
            error.into_first_error().unwrap().kind(),
            io::ErrorKind::Other
        );
    });
}

/// An error that is no [`Error`], and has one inside, as `anyhow::Error`.
#[derive(Debug)]
struct Wrapped(io::Error);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "wrapped: {}", self.0)
    }
}

impl From<Wrapped> for Box<dyn Error + Send + Sync> {
    fn from(wrapped: Wrapped) -> Self {
        wrapped.0.into()
    }
}

async fn erased<E>(
    end: impl Future<Output = Result<(), E>> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>>
where
    E: Into<Box<dyn Error + Send + Sync>> + std::fmt::Display + Send + 'static,
{
    let group = group().with_timeout(secs(1)).open(AllOk::<(), E>::new());
    let _ = group.task("dial").spawn(end).await;
    group.join().await.map_err(|error| {
        let text = error.to_string();
        let erased = error.erase();
        assert_eq!(erased.to_string(), text);
        erased
    })?;
    Ok(())
}

#[test]
fn an_erased_error_says_the_same_and_has_the_first_error_behind_it() {
    quiet();
    paused(async {
        let source = |ended: Result<(), Box<dyn Error + Send + Sync>>| {
            let chain = chain(&*ended.unwrap_err());
            let [text, source] = &chain[..] else {
                panic!("{chain:?}");
            };
            assert!(text.ends_with(source.as_str()), "{chain:?}");
            source.clone()
        };
        let told = erased::<String>(async { Err("no route".to_owned()) });
        assert_eq!(source(told.await), "no route");
        let told = erased::<Wrapped>(async { Err(Wrapped(io::Error::other("no route"))) });
        assert_eq!(source(told.await), "no route");
        let told = erased::<Box<dyn Error + Send + Sync>>(async { Err("no route".into()) });
        assert_eq!(source(told.await), "no route");
        let told = erased::<String>(async { panic!("meant") });
        assert_eq!(source(told.await), "panicked: meant");
        let told = erased::<String>(std::future::pending());
        assert_eq!(source(told.await), "cancelled: the deadline has passed");
    });
}

#[test]
fn a_panic_is_told_in_its_own_words() {
    quiet();
    paused(async {
        let group = group().open(Discard::<()>::new());
        group
            .spawn(async { panic!("meant to be told") })
            .await
            .unwrap();
        let error = group.join().await.unwrap_err();
        let [group, cause] = &chain(&error)[..] else {
            panic!("{error:?}");
        };
        assert!(
            group.starts_with("task 0 (") && group.ends_with(") panicked: meant to be told"),
            "{group}"
        );
        assert_eq!(cause, "panicked: meant to be told");
    });
}

#[test]
fn a_cancelled_group_tells_why_and_by_whom() {
    paused(async {
        let group = group()
            .with_name("import")
            .with_timeout(secs(1))
            .open(AllOk::<(), io::Error>::new());
        group.spawn(std::future::pending()).await.unwrap();
        let (result, report) = group.join_with_report().await;
        let error = result.unwrap_err();
        assert_eq!(
            chain(&error),
            [
                "cancelled: the deadline has passed (scope \"import\")",
                "cancelled: the deadline has passed (scope \"import\")"
            ]
        );
        let GroupError::Cancelled(cancelled) = error else {
            panic!("it is");
        };
        assert_eq!(io::Error::from(cancelled).kind(), io::ErrorKind::TimedOut);
        let text = report.to_string();
        let (before, after) = text.split_once(" ended after ").unwrap();
        assert_eq!(before, "group 'import'");
        let counts =
            ": 0 of 1 tasks returned, 0 panicked, 1 were cancelled (the deadline has passed";
        assert!(after.contains(counts), "{text}");
    });
}

#[test]
fn small_errors() {
    paused(async {
        let group = group().with_limit(1).open(Collect::<()>::new());
        let handle = group
            .unnamed()
            .spawn_with_handle(std::future::pending::<()>())
            .await
            .unwrap();
        let full = group.try_spawn(async {}).unwrap_err();
        assert_eq!(
            full.to_string(),
            "the group runs as many tasks as its limit lets it"
        );
        assert_eq!(format!("{full:?}"), "Full(..)");
        group.close();
        let closed = group.try_spawn(async {}).unwrap_err();
        assert_eq!(
            (closed.to_string().as_str(), closed.is_full()),
            ("the group is closed", false)
        );
        let closed = group.spawn(async {}).await.unwrap_err();
        assert_eq!(closed.to_string(), "the group is closed");
        assert!(format!("{closed:?}").starts_with("SpawnError"));
        assert!(chain(&closed).len() == 1 && chain(&full).len() == 1);
        assert_eq!(StartError::Closed.to_string(), "the group is closed");
        assert_eq!(
            StartError::Ended.to_string(),
            "the task ended before it was ready"
        );
        group.abort_all();
        let none = handle.await.unwrap_err();
        assert_eq!(none.to_string(), "the task panicked or was cancelled");
        assert!(matches!(group.join().await[..], [TaskEnd::Cancelled]));
    });
}

#[test]
fn handles_show_themselves() {
    paused(async {
        let group = group().with_name("shown").open(Collect::new());
        group.spawn(sleep(secs(1))).await.unwrap();
        let shown = format!("{group:?}");
        assert!(
            shown.starts_with("TaskGroup { name: Some(\"shown\"), tasks: 1, closed: false"),
            "{shown}"
        );
        group.close();
        let shown = format!("{:?}", group.spawner());
        assert!(
            shown.starts_with("Spawner { name: Some(\"shown\"), tasks: 1, closed: true"),
            "{shown}"
        );
        let task = group.task("x");
        assert!(format!("{task:?}").contains("name: Some(\"x\")"));
        group.join().await;
    });
}
