//! Every future, dropped at every poll.
#![allow(
    clippy::async_yields_async,
    reason = "futures are made, and polled by hand"
)]

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aqueduct_cancel::CancelScope;
use aqueduct_supervision::error::StartChildError;
use aqueduct_supervision::{ChildContext, ChildSpec, Supervisor, SupervisorSpec};

use crate::support::{Census, both_beside, secs, soon};

fn waits(id: &str, census: &Census) -> ChildSpec {
    let census = census.clone();
    ChildSpec::acknowledged(id, move |cx: ChildContext| {
        let guard = census.guard();
        async move {
            let _guard = guard;
            tokio::task::yield_now().await;
            cx.ready();
            cx.scope().cancelled().await;
            tokio::task::yield_now().await;
        }
    })
}

fn some(census: &Census) -> SupervisorSpec {
    let below = Supervisor::one_for_all()
        .with_child(waits("c", census))
        .with_child(waits("d", census));
    Supervisor::rest_for_one()
        .with_child(waits("a", census))
        .with_child(ChildSpec::supervisor("below", below))
        .with_child(waits("b", census))
}

/// Polls a future so many times, letting others run between, and drops it. What it gave, if it was ready by then.
async fn poll_times<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    None
}

/// Drops a future after more and more polls, until one is ready.
pub(crate) async fn at_each_poll<F: Future>(
    mut make: impl AsyncFnMut() -> F,
    mut check: impl AsyncFnMut(Option<F::Output>),
) {
    for times in 0.. {
        let output = poll_times(times, make().await).await;
        let is_ready = output.is_some();
        check(output).await;
        if is_ready {
            return;
        }
        assert!(times < 10_000, "it is ready some time");
    }
}

/// No child is alive once the future is gone, wherever it was: starting, running, or stopping.
#[test]
fn a_run_that_is_dropped_leaves_no_child() {
    both_beside(|| async {
        for running in [0, 5, 20, 50] {
            let census = Census::default();
            at_each_poll(
                async || {
                    let scope = CancelScope::new();
                    let stop = scope.clone();
                    let mut polls = 0;
                    let spec = some(&census);
                    async move {
                        let mut run = pin!(spec.run(&scope));
                        std::future::poll_fn(|cx| {
                            polls += 1;
                            if polls == running + 1 {
                                stop.cancel();
                            }
                            run.as_mut().poll(cx)
                        })
                        .await
                    }
                },
                async |exit| {
                    if let Some(exit) = exit {
                        assert!(exit.is_orderly(), "{exit}");
                        assert_eq!(census.alive(), 0, "it is ready when all have ended");
                    }
                    soon("all are gone", || census.alive() == 0).await;
                },
            )
            .await;
        }
    });
}

#[test]
fn a_start_that_is_dropped_stops_what_it_began() {
    both_beside(|| async {
        // One for each: what was dropped may still be about to begin, in its own task.
        let census = RefCell::new(Census::default());
        let all = RefCell::new(Vec::new());
        at_each_poll(
            async || {
                let new = Census::default();
                all.borrow_mut().push(new.clone());
                census.replace(new.clone());
                some(&new).start()
            },
            async |started| {
                if let Some(started) = started {
                    let census = census.borrow().clone();
                    assert_eq!(census.alive(), 4);
                    assert!(started.unwrap().shutdown().await.is_clean());
                    assert_eq!(census.alive(), 0);
                }
            },
        )
        .await;
        let all = all.take();
        soon("all are gone", || all.iter().all(|it| it.alive() == 0)).await;
    });
}

#[test]
fn a_shutdown_that_is_dropped_goes_on() {
    both_beside(|| async {
        let census = Census::default();
        at_each_poll(
            async || some(&census).start().await.unwrap().shutdown(),
            async |report| {
                if let Some(report) = report {
                    assert!(report.is_clean());
                    assert_eq!(census.alive(), 0);
                }
                soon("all are gone", || census.alive() == 0).await;
            },
        )
        .await;
    });
}

#[test]
fn a_shutdown_by_reference_that_is_dropped_goes_on() {
    both_beside(|| async {
        let census = Census::default();
        let owners = RefCell::new(Vec::new());
        let mut polls = 0;
        at_each_poll(
            async || {
                let owner = some(&census).start().await.unwrap();
                let reference = owner.reference();
                owners.borrow_mut().push(owner);
                async move { reference.shutdown().await }
            },
            async |report| {
                let owner = owners.borrow_mut().pop().unwrap();
                if let Some(report) = report {
                    assert!(report.is_clean());
                    assert_eq!(census.alive(), 0);
                }
                if polls == 0 {
                    assert!(owner.is_alive(), "nobody asked for it");
                    drop(owner);
                } else {
                    assert!(owner.wait().await.is_orderly());
                }
                polls += 1;
                soon("all are gone", || census.alive() == 0).await;
            },
        )
        .await;
    });
}

/// A call that is dropped is made or not, and the next is answered.
#[test]
fn calls_that_are_dropped_leave_a_supervisor_that_answers() {
    both_beside(|| async {
        let census = Census::default();
        let supervisor = some(&census).start().await.unwrap();
        let reference = supervisor.reference();
        let mut n = 0;
        at_each_poll(
            async || {
                n += 1;
                let (reference, spec) = (reference.clone(), waits(&format!("x{n}"), &census));
                async move { reference.start_child(spec).await }
            },
            async |_| {
                supervisor.count_children().await.unwrap();
            },
        )
        .await;
        for info in supervisor.which_children().await.unwrap() {
            let id = info.id.clone();
            at_each_poll(
                async || {
                    let (reference, id) = (reference.clone(), id.clone());
                    async move { reference.terminate_child(id).await }
                },
                async |_| {
                    supervisor.count_children().await.unwrap();
                },
            )
            .await;
        }
        assert_eq!(supervisor.count_children().await.unwrap().active, 0);
        assert_eq!(census.alive(), 0);
        at_each_poll(
            async || {
                let reference = reference.clone();
                async move { reference.restart_child("b").await }
            },
            async |_| {
                supervisor.count_children().await.unwrap();
            },
        )
        .await;
        at_each_poll(
            async || {
                let reference = reference.clone();
                async move { reference.delete_child("a").await }
            },
            async |_| {
                supervisor.which_child("b").await.unwrap();
            },
        )
        .await;
        assert!(supervisor.shutdown().await.is_clean());
        let error = reference
            .start_child(waits("late", &census))
            .await
            .unwrap_err();
        assert!(matches!(error, StartChildError::NotRunning));
    });
}

#[test]
fn waiting_changes_nothing() {
    both_beside(|| async {
        let census = Census::default();
        let supervisor = some(&census).start().await.unwrap();
        assert!(poll_times(5, supervisor.wait()).await.is_none());
        assert!(poll_times(5, supervisor.monitor()).await.is_none());
        let child = supervisor.which_child("a").await.unwrap().child;
        assert!(poll_times(5, child.watch().monitor()).await.is_none());
        assert_eq!(child.watch().watchers(), 0);
        assert_eq!(census.alive(), 4);
        assert!(supervisor.shutdown().await.is_clean());
    });
}

/// The downs of a child, each in a future that is dropped after each poll but the last.
#[test]
fn downs_are_not_lost_with_the_futures_of_them() {
    both_beside(|| async {
        const RUNS: u64 = 50;
        let dies = ChildSpec::worker("it", |cx: ChildContext| async move {
            if cx.incarnation() < RUNS {
                panic!("meant");
            }
            cx.scope().cancelled().await;
        });
        let supervisor = Supervisor::one_for_one().with_intensity(u32::MAX, secs(1));
        let supervisor = supervisor.start().await.unwrap();
        let it = supervisor.start_child(dies).await.unwrap();
        let before = it.incarnation();
        let mut downs = it.downs();
        let first = before..=it.incarnation();
        let mut told = 0;
        while it.incarnation() < RUNS {
            let polled = poll_times(2, downs.next()).await;
            told += u64::from(polled.is_some_and(|down| down.is_some()));
        }
        assert!(supervisor.shutdown().await.is_clean());
        while let Some(down) = poll_times(2, downs.next()).await.unwrap() {
            told += 1;
            assert_eq!(down.monitor, downs.id());
        }
        told += downs.missed();
        assert!(first.contains(&(RUNS + 1 - told)), "{first:?}, {told}");
    });
}

/// A runtime that ends amid everything.
#[test]
fn a_runtime_that_ends_drops_all() {
    let census = Census::default();
    for millis in 0..5 {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let supervisor = runtime.block_on(some(&census).start()).unwrap();
        runtime.spawn(async move { supervisor.wait().await });
        std::thread::sleep(std::time::Duration::from_millis(millis));
        drop(runtime);
        assert_eq!(census.alive(), 0);
    }
}
