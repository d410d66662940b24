//! Parallel stages.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aqueduct_stream::{Flow, Source, iter};
use futures_util::FutureExt;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep};

use crate::kit::paused;

fn on_both_runtimes<F: Future>(make: impl Fn() -> F) {
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(make());
    let two = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    two.block_on(make());
}

/// Yields up to three times, as the number says.
async fn yields(n: usize) -> usize {
    for _ in 0..n * 7 % 4 {
        tokio::task::yield_now().await;
    }
    n
}

#[test]
fn ordered_results_are_in_order() {
    on_both_runtimes(async || {
        for tasks in [1, 2, 3, 8, 64] {
            let results: Vec<usize> = iter(0..500).par_map(tasks, yields).collect().await;
            assert_eq!(results, (0..500).collect::<Vec<_>>(), "{tasks} tasks");
        }
    });
}

#[test]
fn unordered_results_are_all_there() {
    on_both_runtimes(async || {
        for tasks in [1, 2, 3, 8, 64] {
            let mut results: Vec<usize> = iter(0..500)
                .par_map_unordered(tasks, yields)
                .collect()
                .await;
            results.sort_unstable();
            assert_eq!(results, (0..500).collect::<Vec<_>>(), "{tasks} tasks");
        }
    });
}

#[test]
fn results_of_a_key_are_in_order() {
    on_both_runtimes(async || {
        for tasks in [1, 2, 3, 8, 64] {
            let flow = iter(0..500).par_map_by_key(tasks, |n| n % 7, yields);
            let mut of_key: HashMap<usize, Vec<usize>> = HashMap::new();
            flow.for_each(|n| of_key.entry(n % 7).or_default().push(n))
                .await;
            for (key, results) in of_key {
                assert_eq!(
                    results,
                    (key..500).step_by(7).collect::<Vec<_>>(),
                    "{tasks} tasks"
                );
            }
        }
    });
}

#[test]
fn as_many_run_as_there_are_tasks() {
    async fn most<S>(
        make: impl FnOnce(Flow<aqueduct_stream::Boxed<'static, usize>>, Arc<Running>) -> Flow<S>,
    ) -> usize
    where
        S: Source<Item = usize>,
    {
        let running = Arc::new(Running::default());
        let flow = make(iter(0..100).boxed(), Arc::clone(&running));
        assert_eq!(flow.count().await, 100);
        assert_eq!(running.now.load(Ordering::SeqCst), 0);
        running.most.load(Ordering::SeqCst)
    }

    paused(async {
        assert_eq!(
            most(|s, r| s.par_map(5, move |n| r.clone().run(n))).await,
            5
        );
        assert_eq!(
            most(|s, r| s.par_map_unordered(5, move |n| r.clone().run(n))).await,
            5
        );
        let by_key = most(|s, r| s.par_map_by_key(5, |n| *n, move |n| r.clone().run(n)));
        assert_eq!(by_key.await, 5);
    });
}

#[derive(Default)]
struct Running {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Running {
    async fn run(self: Arc<Self>, n: usize) -> usize {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        sleep(Duration::from_millis(10)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        n
    }
}

#[test]
fn work_goes_on_while_the_consumer_is_busy() {
    paused(async {
        let start = Instant::now();
        let slow = async |n: u32| {
            sleep(Duration::from_secs(1)).await;
            n
        };
        let mut flow = iter(0..4).par_map(4, slow);
        assert_eq!(flow.next().await, Some(0));
        // The others were done at the same time; and so would they be if they had begun now, but for the next line.
        sleep(Duration::from_secs(10)).await;
        let rest: Vec<u32> = flow.collect().await;
        assert_eq!(rest, [1, 2, 3]);
        assert_eq!(start.elapsed(), Duration::from_secs(11));
    });
}

#[test]
fn a_panic_comes_in_the_place_of_its_item() {
    async fn ends_with_panic<S: Source<Item = usize>>(flow: Flow<S>) -> Vec<usize> {
        let mut before = Vec::new();
        let panicked = AssertUnwindSafe(flow.for_each(|n| before.push(n)))
            .catch_unwind()
            .await;
        assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"seven"));
        before
    }

    fn at_once(n: usize) -> std::future::Ready<usize> {
        assert!(n != 7, "seven");
        std::future::ready(n)
    }

    async fn later(n: usize) -> usize {
        tokio::task::yield_now().await;
        at_once(n).await
    }

    on_both_runtimes(async || {
        assert_eq!(
            ends_with_panic(iter(0..20).par_map(3, at_once)).await,
            (0..7).collect::<Vec<_>>()
        );
        assert_eq!(
            ends_with_panic(iter(0..20).par_map(3, later)).await,
            (0..7).collect::<Vec<_>>()
        );
        assert!(
            !ends_with_panic(iter(0..20).par_map_unordered(3, later))
                .await
                .contains(&7)
        );
        assert!(
            !ends_with_panic(iter(0..20).par_map_by_key(3, |n| *n, later))
                .await
                .contains(&7)
        );
        // The source's own.
        let source = || iter(0..20).inspect(|n| assert!(*n != 7, "seven"));
        assert!(ends_with_panic(source().par_map(3, yields)).await.len() <= 7);
        assert!(
            ends_with_panic(source().par_map_unordered(3, yields))
                .await
                .len()
                <= 7
        );
        assert!(
            ends_with_panic(source().par_map_by_key(3, |n| *n, yields))
                .await
                .len()
                <= 7
        );
    });
}

#[test]
fn a_closure_is_cloned_for_each_task() {
    paused(async {
        let mut count = 0;
        let numbered = move |_: usize| {
            count += 1;
            std::future::ready(count)
        };
        let flow = iter(0..6).par_map(2, numbered);
        assert_eq!(flow.collect::<Vec<_>>().await, [1, 1, 2, 2, 3, 3]);
    });
}

#[test]
#[should_panic(expected = "1 task at least")]
fn no_tasks() {
    let _ = iter(0..3).par_map(0, async |n| n);
}

#[test]
fn a_closure_that_has_panicked_is_not_called_again() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    paused(async {
        let mut flow = iter(0..20).par_map(1, move |n: usize| {
            counted.fetch_add(1, Ordering::SeqCst);
            assert!(n != 2, "two");
            std::future::ready(n)
        });
        let mut given = Vec::new();
        let panicked = AssertUnwindSafe(flow.by_ref().for_each(|n| given.push(n)));
        assert!(panicked.catch_unwind().await.is_err());
        assert_eq!(given, [0, 1]);
        sleep(Duration::from_secs(1)).await;
        assert!(AssertUnwindSafe(flow.next()).catch_unwind().await.is_err());
    });
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn what_the_source_gave_before_its_panic_is_handled() {
    let source = || iter(0..20).inspect(|n| assert!(*n != 7, "seven"));
    async fn given<S: Source<Item = usize>>(flow: Flow<S>) -> Vec<usize> {
        let mut given = Vec::new();
        let panicked = AssertUnwindSafe(flow.for_each(|n| given.push(n)));
        assert!(panicked.catch_unwind().await.is_err());
        given.sort_unstable();
        given
    }
    paused(async {
        let all: Vec<usize> = (0..7).collect();
        assert_eq!(given(source().par_map(3, yields)).await, all);
        assert_eq!(given(source().par_map_unordered(3, yields)).await, all);
        assert_eq!(given(source().par_map_by_key(3, |n| *n, yields)).await, all);
        assert_eq!(
            given(source().conflate(|n| n, |sum, n| sum + n)).await,
            [21]
        );
    });
}
