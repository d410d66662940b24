//! What a group does in the plainest of cases.

use std::time::Duration;

use aqueduct_group::{AllOk, AsCompleted, Collect, FirstOk, TaskEnd, group, tree};
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn values_come_in_the_order_of_spawning() {
    let values = group()
        .with_name("fan-out")
        .with_limit(2)
        .run(AllOk::<_, String>::new(), async |group| {
            for id in 0..5_u64 {
                let fetch = async move {
                    sleep(Duration::from_secs(10 - id)).await;
                    Ok(id)
                };
                group
                    .task(format!("fetch {id}"))
                    .spawn(fetch)
                    .await
                    .unwrap();
            }
        })
        .await;
    assert_eq!(values.unwrap(), [0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_cancels_the_rest() {
    let started = Instant::now();
    let result = group()
        .run(AllOk::<(), &str>::new(), async |group| {
            group.spawn(std::future::pending()).await.unwrap();
            let fail = async {
                sleep(Duration::from_secs(1)).await;
                Err("no")
            };
            group.task("failing").spawn(fail).await.unwrap();
        })
        .await;
    let error = result.unwrap_err();
    assert!(error.to_string().starts_with("task 'failing' ("), "{error}");
    assert!(error.to_string().ends_with("failed: no"), "{error}");
    assert_eq!(started.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_cancels_with_grace_and_then_aborts() {
    let started = Instant::now();
    let group = group()
        .with_timeout(Duration::from_secs(5))
        .with_grace(Duration::from_secs(2))
        .open(Collect::new());
    let scope = group.scope().clone();
    let obeys = async move {
        scope.cancelled().await;
        1
    };
    group.spawn(obeys).await.unwrap();
    group.spawn(std::future::pending()).await.unwrap();
    let (ends, report) = group.join_with_report().await;
    assert!(
        matches!(ends[..], [TaskEnd::Returned(1), TaskEnd::Cancelled]),
        "{ends:?}"
    );
    assert_eq!(started.elapsed(), Duration::from_secs(7));
    assert_eq!((report.returned, report.cancelled), (1, 1));
}

#[tokio::test]
async fn a_task_spawns_into_its_own_full_group() {
    let group = group().with_limit(1).open(Collect::new());
    let spawner = group.spawner();
    group
        .spawn(async move {
            for _ in 0..3 {
                spawner.spawn(async { 1 }).await.unwrap();
            }
            10
        })
        .await
        .unwrap();
    while !group.is_empty() {
        tokio::task::yield_now().await;
    }
    let ends = group.join().await;
    let sum: i32 = ends.into_iter().filter_map(TaskEnd::returned).sum();
    assert_eq!(sum, 13);
}

#[tokio::test]
async fn a_dropped_group_is_waited_for_by_the_one_around() {
    let outer = group().with_name("outer").open(Collect::new());
    outer
        .spawn(async {
            let inner = group().with_name("inner").open(Collect::<()>::new());
            inner.spawn(std::future::pending()).await.unwrap();
            tokio::task::yield_now().await;
            println!("{}", tree());
        })
        .await
        .unwrap();
    outer.join().await;
    assert!(
        !tree()
            .groups
            .iter()
            .any(|group| group.name.as_deref() == Some("inner"))
    );
}

#[tokio::test]
async fn next_gives_each_as_it_ends() {
    let mut group = group().open(AsCompleted::new());
    for id in 0..3 {
        group.spawn(async move { id }).await.unwrap();
    }
    let mut sum = 0;
    while let Some((_, end)) = group.next().await {
        sum += end.returned().unwrap();
    }
    assert_eq!(sum, 3);
}

#[tokio::test]
async fn the_first_success_is_enough() {
    let value = group()
        .run(FirstOk::new(), async |group| {
            group.spawn(async { Err("one") }).await.unwrap();
            let _ = group.spawn(async { Ok(2) }).await;
            let _ = group.spawn(std::future::pending()).await;
        })
        .await;
    assert_eq!(value.unwrap(), Some(2));
}
