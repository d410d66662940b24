//! Groups within groups, all left to the ones around them.

use std::future::pending;
use std::sync::mpsc;

use aqueduct_group::{Discard, group};
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::{Duration, timeout};

use crate::support::{eventually, millis, secs, threads};

/// A group in each task, and in the innermost a closure that nothing can stop.
fn nest(depth: u32, innermost: Innermost) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let group = group().with_linger(Duration::MAX).open(Discard::new());
        if depth > 0 {
            group.spawn(nest(depth - 1, innermost)).await.unwrap();
        } else {
            let blocks = move || {
                innermost.begun.send(()).unwrap();
                assert!(innermost.go_on.recv().is_err());
            };
            group.unnamed().spawn_blocking(blocks).await.unwrap();
        }
        pending().await
    })
}

struct Innermost {
    begun: oneshot::Sender<()>,
    go_on: mpsc::Receiver<()>,
}

/// The end of the innermost is the end of all of them, told from one to the next.
#[test]
fn groups_nested_deeper_than_a_stack_are_waited_for() {
    threads(async {
        let (begun, has_begun) = oneshot::channel();
        let (go, go_on) = mpsc::channel::<()>();
        let root = group().with_linger(Duration::MAX).open(Discard::new());
        let innermost = Innermost { begun, go_on };
        root.spawn(nest(20_000, innermost)).await.unwrap();
        has_begun.await.unwrap();
        root.scope().cancel();
        let mut joined = Box::pin(root.join());
        assert!(timeout(millis(500), &mut joined).await.is_err());
        drop(go);
        let result = timeout(secs(60), joined).await.expect("they end");
        assert!(result.unwrap_err().is_cancelled());
    });
    eventually("nothing of them is left", || {
        let tree = aqueduct_group::tree();
        tree.groups
            .iter()
            .all(|group| !group.location.file().ends_with("hand_over.rs"))
    });
}
