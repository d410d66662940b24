//! Boundaries between tasks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aqueduct_channel::{MemorySpill, Overflow, mpmc};
use aqueduct_group::{Discard, group};
use aqueduct_stream::{from_stream, iter};
use futures_util::FutureExt;
use tokio::runtime::Builder;

use crate::kit::paused;

/// Pending for ever, and counted while it lives.
fn stuck(alive: &Arc<AtomicUsize>) -> impl Future<Output = ()> + Send + 'static {
    struct Alive(Arc<AtomicUsize>);

    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    alive.fetch_add(1, Ordering::SeqCst);
    let alive = Alive(Arc::clone(alive));
    async move {
        std::future::pending::<()>().await;
        drop(alive);
    }
}

#[test]
fn items_cross_in_order() {
    for capacity in [1, 2, 7, 64, 100, 1000] {
        for threads in [None, Some(2)] {
            let runtime = match threads {
                None => Builder::new_current_thread().enable_all().build(),
                Some(n) => Builder::new_multi_thread()
                    .worker_threads(n)
                    .enable_all()
                    .build(),
            };
            let crossed: Vec<u32> = runtime.unwrap().block_on(
                iter(0..1000)
                    .spawned(capacity)
                    .filter(|n| n % 2 == 0)
                    .spawned(capacity)
                    .collect(),
            );
            assert_eq!(crossed, (0..1000).step_by(2).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_panic_goes_on_in_the_consumer_after_what_came_before_it() {
    paused(async {
        let mut flow = iter(0..10)
            .map(|n| if n == 3 { panic!("three") } else { n })
            .spawned(8);
        let mut before = Vec::new();
        let panicked = AssertUnwindSafe(async {
            while let Some(n) = flow.next().await {
                before.push(n);
            }
        })
        .catch_unwind()
        .await
        .unwrap_err();
        assert_eq!(panicked.downcast_ref::<&str>(), Some(&"three"));
        assert_eq!(before, [0, 1, 2]);
        // It is no end, however often one asks.
        for _ in 0..2 {
            let again = AssertUnwindSafe(flow.next()).catch_unwind().await;
            let message = *again.unwrap_err().downcast::<&str>().unwrap();
            assert!(message.contains("panicked before"), "{message}");
        }
    });
}

#[test]
fn a_runtime_that_is_gone_is_no_end() {
    let mut flow = iter(0..).spawned(4);
    let first = paused(async { flow.next().await });
    assert_eq!(first, Some(0));
    let elsewhere = catch_unwind(AssertUnwindSafe(|| paused(async { flow.count().await })));
    let message = *elsewhere.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("shut down"), "{message}");
}

#[test]
fn a_task_ends_with_its_stream() {
    let alive = Arc::new(AtomicUsize::new(0));
    paused(async {
        let mut flow = from_stream(futures_util::stream::once(stuck(&alive))).spawned(1);
        assert!(flow.next().now_or_never().is_none());
        tokio::task::yield_now().await;
        assert_eq!(alive.load(Ordering::SeqCst), 1);
        drop(flow);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_stream_that_is_not_pulled_spawns_nothing() {
    drop(iter(0..3).spawned(1));
}

#[test]
fn the_group_around_waits_for_the_task() {
    let alive = Arc::new(AtomicUsize::new(0));
    paused(async {
        let stuck = stuck(&alive);
        let ended = group()
            .run(Discard::new(), async move |tasks| {
                tasks
                    .spawn(async move {
                        let mut flow = from_stream(futures_util::stream::once(stuck)).spawned(1);
                        // Pulled once, and dropped.
                        assert!(flow.next().now_or_never().is_none());
                    })
                    .await
                    .unwrap();
            })
            .await;
        assert!(ended.is_ok());
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn what_overflows_is_counted_and_handed_over() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let sum = Arc::clone(&dropped);
    paused(async {
        let channel = mpmc::Builder::new(10)
            .overflow(Overflow::DropNewest)
            .on_drop(move |n| {
                sum.fetch_add(n, Ordering::SeqCst);
            });
        let mut flow = iter(0..100).spawned_over(channel);
        assert!(flow.boundary_stats().is_none());
        // The whole source is in before the first is taken.
        assert!(flow.next().now_or_never().is_none());
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(flow.boundary_stats().unwrap().dropped, 90);
        assert_eq!(flow.collect::<Vec<_>>().await, (0..10).collect::<Vec<_>>());
    });
    assert_eq!(dropped.load(Ordering::SeqCst), (10..100).sum::<usize>());
}

#[test]
fn what_overflows_can_be_spilled() {
    paused(async {
        let channel = mpmc::Builder::new(10).spill(MemorySpill::new(50));
        let items: Vec<u32> = iter(0..1000).spawned_over(channel).collect().await;
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
    });
}
