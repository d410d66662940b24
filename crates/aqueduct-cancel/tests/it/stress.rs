//! Real threads, real tasks, all at once.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use aqueduct_cancel::{CancelScope, ReasonKind};

#[test]
fn everything_at_once() {
    for round in 0..300 {
        let root = CancelScope::new();
        let barrier = Arc::new(Barrier::new(4));
        let weak = root.downgrade();
        let threads: Vec<_> = (0..3)
            .map(|seed| {
                let (root, barrier) = (root.clone(), barrier.clone());
                thread::spawn(move || {
                    barrier.wait();
                    let mut scopes = vec![root];
                    for n in 0..60_usize {
                        let at = (n * 7 + seed * 13 + round) % scopes.len();
                        match (n + seed) % 4 {
                            0 | 1 => scopes.push(scopes[at].child()),
                            2 => drop(crate::poll(scopes[at].cancelled())),
                            _ if at > 0 => drop(scopes.swap_remove(at)),
                            _ => {
                                scopes[at].is_cancelled();
                            }
                        }
                    }
                    scopes
                })
            })
            .collect();
        barrier.wait();
        if round % 2 == 0 {
            root.drain();
        }
        assert!(root.cancel());
        for thread in threads {
            let scopes = thread.join().unwrap();
            assert!(scopes.iter().all(CancelScope::is_cancelled));
            assert!(scopes.iter().all(CancelScope::is_draining));
        }
        drop(root);
        assert!(weak.upgrade().is_none());
    }
}

#[test]
fn tasks_all_end_on_both_runtimes() {
    for workers in [None, Some(2)] {
        let runtime = match workers {
            None => tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build(),
            Some(n) => tokio::runtime::Builder::new_multi_thread()
                .worker_threads(n)
                .enable_time()
                .build(),
        };
        runtime.unwrap().block_on(async {
            let root = CancelScope::new().with_timeout(Duration::from_secs(3600));
            let alive = Arc::new(AtomicUsize::new(0));
            let mut tasks = Vec::new();
            for n in 0..2000 {
                let mut scope = root.clone();
                for _ in 0..n % 9 {
                    scope = scope.child();
                }
                let alive = alive.clone();
                tasks.push(tokio::spawn(async move {
                    alive.fetch_add(1, Ordering::Relaxed);
                    let stopped = if n % 2 == 0 {
                        scope.run(pending::<()>()).await.unwrap_err().into_reason()
                    } else {
                        scope.cancelled().await
                    };
                    alive.fetch_sub(1, Ordering::Relaxed);
                    stopped
                }));
            }
            tokio::task::yield_now().await;
            root.cancel_because("all of you");
            for task in tasks {
                let reason = task.await.unwrap();
                assert_eq!(
                    (reason.kind(), reason.message()),
                    (ReasonKind::Requested, "all of you")
                );
            }
            assert_eq!(alive.load(Ordering::Relaxed), 0);
            let weak = root.downgrade();
            drop(root);
            assert!(weak.upgrade().is_none());
        });
    }
}
