//! What is awaited in a group can be sent to another thread, also where types hold a `dyn`, whose lifetime the compiler
//! has forgotten by the time it looks (rust-lang/rust#110338). These only have to compile.

use std::error::Error;
use std::pin::Pin;

use aqueduct_group::{
    AllOk, AsCompleted, Closed, Collect, Discard, FirstOk, GroupError, Quorum, Race, Supervise,
    group,
};

type BoxError = Box<dyn Error + Send + Sync>;
type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

fn sendable<F: Future + Send>(_: F) {}

fn task() -> Boxed<Result<u32, BoxError>> {
    Box::pin(async { Ok(1) })
}

#[test]
fn a_body_with_boxed_tasks_and_errors() {
    sendable(async {
        let values = group().run(AllOk::<u32, BoxError>::new(), async |group| {
            group.spawn(task()).await.unwrap();
            group.task("named").spawn(task()).await.unwrap();
            let handle = group.unnamed().spawn_with_handle(task());
            let _ = handle.await.unwrap().await;
            group.wait_closed().await;
        });
        values.await.unwrap()
    });
}

#[test]
fn a_body_that_stops_early() {
    sendable(async {
        let values = group().run_try(AllOk::<u32, BoxError>::new(), async |group| {
            group.spawn(task()).await?;
            group.task("named").spawn(task()).await?;
            group.try_spawn(task())?;
            let _ = group.reserve().await?;
            let text = String::from_utf8(Vec::new()).map_err(Closed::because)?;
            let boxed: Result<(), BoxError> = Err(text.into());
            boxed.map_err(Closed::because)
        });
        values.await.unwrap()
    });
    sendable(group().run_try(Collect::new(), async |group| {
        group.spawn(task()).await?;
        Ok(())
    }));
}

#[test]
fn an_error_that_is_erased() {
    async fn fails() -> Result<(), BoxError> {
        let run = group().run_try(AllOk::<u32, String>::new(), async |group| {
            group.spawn(async { Err("no".to_owned()) }).await?;
            Ok(())
        });
        run.await.map_err(GroupError::erase)?;
        Ok(())
    }
    sendable(fails());
}

#[test]
fn a_group_that_is_kept() {
    sendable(async {
        let group = group().open(FirstOk::<u32, BoxError>::new());
        group.spawn(task()).await.unwrap();
        group.try_spawn(task()).unwrap();
        group.unnamed().spawn_blocking(|| Ok(1)).await.unwrap();
        group.join_with_report().await
    });
    sendable(async {
        let mut group = group().open(AsCompleted::<Result<u32, BoxError>>::new());
        group.spawn(task()).await.unwrap();
        let _ = group.next().await;
        group.shutdown().await
    });
}

#[test]
fn every_other_policy_and_corner() {
    sendable(group().run(Collect::new(), async |group| {
        group.spawn(task()).await.unwrap();
    }));
    sendable(group().run(Quorum::<u32, BoxError>::new(1), async |group| {
        group.spawn(task()).await.unwrap();
    }));
    sendable(group().run(Race::new(), async |group| {
        group.spawn(task()).await.unwrap();
    }));
    sendable(group().run(Discard::new(), async |group| {
        group.spawn(task()).await.unwrap();
    }));
    sendable(
        group().run(Supervise::<BoxError>::new(|_, _| {}), async |group| {
            group.spawn(async { Err("no".into()) }).await.unwrap();
        }),
    );
    sendable(async {
        let all = AllOk::<u32, BoxError>::new();
        let lent = group().lend(String::new(), all, async |group, text| {
            let length = async move { Ok(text.len() as u32) };
            group.spawn(length).await.unwrap();
        });
        lent.await
    });
}

/// A task that opens a group for tasks like itself.
fn nested(depth: u32) -> Boxed<u32> {
    Box::pin(async move {
        if depth == 0 {
            return 0;
        }
        let ends = group()
            .run(Collect::new(), async |group| {
                group.spawn(nested(depth - 1)).await.unwrap();
            })
            .await;
        ends.into_iter()
            .filter_map(|end| end.returned())
            .sum::<u32>()
            + 1
    })
}

#[tokio::test]
async fn groups_nest_in_boxed_tasks() {
    assert_eq!(nested(20).await, 20);
}
