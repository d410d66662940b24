use super::*;

fn kept(handles: &Handles) -> usize {
    let shards = handles.shards.iter();
    shards.map(|shard| shard.0.lock().handles.len()).sum()
}

async fn ended() -> JoinHandle<()> {
    let handle = tokio::spawn(async {});
    tokio::task::yield_now().await;
    handle
}

#[tokio::test]
async fn one_worker_needs_none() {
    let handles = Handles::new(1);
    handles.keep(ended().await, || unreachable!("nothing is kept"));
    assert_eq!(kept(&handles), 0);
}

#[tokio::test]
async fn no_more_are_kept_than_tasks_are_alive_or_a_few() {
    let handles = Handles::new(2);
    let mut most = 0;
    for _ in 0..10 * KEPT {
        handles.keep(ended().await, || 3 * KEPT);
        most = most.max(kept(&handles));
    }
    assert_eq!(most, 3 * KEPT - 1);
    for _ in 0..10 * KEPT {
        handles.keep(ended().await, || 0);
    }
    assert!(kept(&handles) < KEPT);
    handles.clear();
    assert_eq!(kept(&handles), 0);
}

#[tokio::test]
async fn those_that_have_ended_are_trimmed() {
    let handles = Handles::new(2);
    for _ in 0..10 * KEPT {
        handles.keep(ended().await, || usize::MAX);
    }
    handles.keep(tokio::spawn(std::future::pending()), || usize::MAX);
    assert_eq!(kept(&handles), 10 * KEPT + 1);
    tokio::task::yield_now().await;
    handles.trim();
    assert_eq!(kept(&handles), 1);
    handles.clear();
}
