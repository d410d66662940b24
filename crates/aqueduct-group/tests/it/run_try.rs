//! Bodies that stop by `?`.

use std::error::Error;
use std::future::pending;
use std::io;

use aqueduct_cancel::ReasonKind;
use aqueduct_group::{
    AllOk, Closed, Collect, Discard, FirstOk, GroupError, Quorum, Race, Spawner, StartError,
    TaskEnd, group,
};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::support::{both, millis, paused, secs};

fn reason_of<T: std::fmt::Debug, E: std::fmt::Debug>(
    result: Result<T, GroupError<E>>,
) -> aqueduct_cancel::Reason {
    match result {
        Err(GroupError::Cancelled(cancelled)) => cancelled.into_reason(),
        other => panic!("not cancelled: {other:?}"),
    }
}

#[test]
fn a_body_that_has_spawned_all_is_as_any() {
    both(|| async {
        let run = group()
            .with_limit(2)
            .run_try(AllOk::<u32, io::Error>::new(), async |g| {
                for n in 0..20 {
                    g.spawn(async move { Ok(n) }).await?;
                }
                Ok(())
            });
        assert_eq!(run.await.unwrap(), Vec::from_iter(0..20));
    });
}

#[test]
fn a_failure_stops_the_body_and_is_what_the_group_gives() {
    both(|| async {
        for _ in 0..20 {
            let mut spawned = 0;
            let run = group()
                .with_limit(2)
                .with_grace(secs(1))
                .run_try(AllOk::new(), async |g| {
                    for n in 0..10_000 {
                        let task = async move { if n == 3 { Err("no") } else { Ok(n) } };
                        g.spawn(task).await?;
                        spawned += 1;
                    }
                    Ok(())
                });
            assert_eq!(run.await.unwrap_err().into_first_error(), Some("no"));
            assert!((4..10_000).contains(&spawned), "{spawned}");
        }
    });
}

#[test]
fn an_error_of_the_body_cancels_the_group() {
    paused(async {
        let start = tokio::time::Instant::now();
        let opened_on = line!() + 1;
        let import = group().with_name("import");
        let run = import.run_try(AllOk::<(), io::Error>::new(), async |g| {
            g.spawn(pending()).await?;
            let list: io::Result<()> = Err(io::Error::other("no list"));
            list.map_err(Closed::because)
        });
        let reason = reason_of(run.await);
        assert_eq!(start.elapsed(), millis(0));
        assert_eq!(
            (reason.kind(), reason.message()),
            (ReasonKind::Failed, "no list")
        );
        assert!(reason.source().unwrap().is::<io::Error>());
        assert_eq!(reason.scope(), Some("import"));
        let place = reason.location().unwrap();
        assert_eq!((place.file(), place.line()), (file!(), opened_on));
    });
}

/// Also where no task is left to be cut short: those that it would have spawned are missing.
#[test]
fn an_error_of_the_body_counts_whatever_the_tasks_did() {
    paused(async {
        let all = group().run_try(AllOk::<u32, io::Error>::new(), async |g| {
            g.spawn(async { Ok(1) }).await?;
            sleep(secs(1)).await;
            Err(Closed::because("no more"))
        });
        assert_eq!(reason_of(all.await).message(), "no more");
        let two = group().run_try(Quorum::<u32, io::Error>::new(2), async |g| {
            g.spawn(async { Ok(1) }).await?;
            sleep(secs(1)).await;
            Err(Closed::because("no more"))
        });
        assert_eq!(reason_of(two.await).message(), "no more");
        // But what needs no more tasks has all that it needs.
        let first = group().run_try(FirstOk::<u32, io::Error>::new(), async |g| {
            g.spawn(async { Ok(1) }).await?;
            sleep(secs(1)).await;
            Err(Closed::because("no more"))
        });
        assert_eq!(first.await.unwrap(), Some(1));
        // And a failure goes before it.
        let failed = group().run_try(AllOk::<u32, &str>::new(), async |g| {
            g.spawn(async { Err("the task") }).await?;
            sleep(secs(1)).await;
            Err(Closed::because("the body"))
        });
        assert_eq!(
            failed.await.unwrap_err().into_first_error(),
            Some("the task")
        );
    });
}

#[test]
fn a_body_that_is_told_that_enough_have_succeeded_takes_nothing_away() {
    both(|| async {
        let run = group().with_grace(secs(1)).run_try(Race::new(), async |g| {
            loop {
                g.spawn(async { 7 }).await?;
                yield_now().await;
            }
        });
        assert_eq!(run.await.unwrap(), Some(7));
    });
}

#[test]
fn a_group_that_is_closed_gives_what_it_has() {
    paused(async {
        let run = group().run_try(AllOk::<u32, io::Error>::new(), async |g| {
            let closer = g.clone();
            g.spawn(async move {
                sleep(secs(1)).await;
                closer.close();
                sleep(secs(1)).await;
                Ok(0)
            })
            .await?;
            for n in 1.. {
                g.spawn(async move { Ok(n) }).await?;
                sleep(millis(300)).await;
            }
            Ok(())
        });
        // It was not cancelled: the first goes on.
        assert_eq!(run.await.unwrap(), [0, 1, 2, 3, 4]);
    });
}

/// Half of the tasks, all of which were right, are not a result.
#[test]
fn a_body_that_is_kept_from_spawning_is_told_of() {
    paused(async {
        let limited = group().with_limit(1);
        let run = limited
            .with_timeout(millis(2500))
            .with_grace(secs(5))
            .run_try(AllOk::<(), io::Error>::new(), async |g| {
                for _ in 0..10 {
                    let task = async {
                        sleep(secs(1)).await;
                        Ok(())
                    };
                    g.spawn(task).await?;
                }
                Ok(())
            });
        assert_eq!(reason_of(run.await).kind(), ReasonKind::Deadline);
    });
}

#[test]
fn a_body_that_another_group_stops_is_told_of() {
    paused(async {
        let other = group().open(Discard::<()>::new());
        other.close();
        let run = group().run_try(Collect::new(), async |g| {
            g.spawn(pending::<()>()).await?;
            other.spawn(async {}).await?;
            Ok(())
        });
        let ends = timeout(secs(1), run).await.expect("it is cancelled");
        assert!(matches!(ends[..], [TaskEnd::Cancelled]));
        let run = group().run_try(Discard::new(), async |g| {
            g.spawn(pending::<()>()).await?;
            let _permit = other.try_reserve()?;
            Ok(())
        });
        assert_eq!(
            reason_of(run.await).message(),
            "another group takes no more tasks"
        );
    });
}

#[test]
fn all_that_spawns_can_be_asked() {
    paused(async {
        let full = group().with_limit(1);
        let run = full.run_try(Discard::<()>::new(), async |g| {
            g.try_spawn(pending())?;
            g.try_spawn(pending())?;
            Ok(())
        });
        let reason = reason_of(run.await);
        assert_eq!(
            reason.message(),
            "the group runs as many tasks as its limit lets it"
        );
        let run = group().run_try(Discard::<()>::new(), async |g| {
            g.task("never ready")
                .start::<(), _, _>(|_| async {})
                .await?;
            Ok(())
        });
        let reason = reason_of(run.await);
        assert!(reason.source().unwrap().is::<StartError>());
        let run = group().run_try(Discard::<()>::new(), async |g| {
            g.close();
            let _permit = g.reserve().await?;
            Ok(())
        });
        run.await.unwrap();
        // The scope of the group tells why it is cancelled, and that is not said anew.
        let run = group().with_timeout(secs(1)).with_grace(secs(1)).run_try(
            Discard::<()>::new(),
            async |g| {
                g.scope().run(pending::<()>()).await?;
                Ok(())
            },
        );
        assert_eq!(reason_of(run.await).kind(), ReasonKind::Deadline);
    });
}

async fn spawn_some(g: &Spawner<Discard>, count: usize) -> Result<(), Closed> {
    for _ in 0..count {
        g.spawn(async { yield_now().await }).await?;
    }
    Ok(())
}

#[test]
fn functions_that_spawn_stop_by_the_same_error() {
    both(|| async {
        let run = group().with_limit(2);
        run.run_try(Discard::new(), async |g| {
            spawn_some(&g, 5).await?;
            g.close();
            let closed = spawn_some(&g, 1).await.unwrap_err();
            assert_eq!(closed.to_string(), "the group takes no more tasks");
            assert!(closed.source().is_none() && closed.reason().is_none());
            let own = Closed::because(io::Error::other("the disk is full"));
            assert_eq!(own.to_string(), "the disk is full");
            spawn_some(&g, 1).await
        })
        .await
        .unwrap();
    });
}
