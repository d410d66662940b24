//! Much at once: restarts, monitors, calls and stops against each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aqueduct_resilience::Backoff;
use aqueduct_supervision::error::NotRunning;
use aqueduct_supervision::{ChildContext, ChildSpec, Exit, Failure, Shutdown, Supervisor};

use crate::support::{Census, Log, boom, both, child, paused, secs, soon, threads};

fn waits(id: &str, census: &Census) -> ChildSpec {
    let census = census.clone();
    ChildSpec::worker(id, move |cx: ChildContext| {
        let guard = census.guard();
        async move {
            let _guard = guard;
            cx.scope().cancelled().await;
        }
    })
}

/// Whoever watches is told once, whenever it begins to.
#[test]
fn monitors_race_with_exits() {
    threads(async {
        let census = Census::default();
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        for round in 0..300 {
            let spec = waits(&format!("it-{round}"), &census).temporary();
            let child = supervisor.start_child(spec).await.unwrap();
            let told = Arc::new(AtomicUsize::new(0));
            let watchers = (0..8).map(|n| {
                let (watch, told) = (child.watch(), told.clone());
                tokio::spawn(async move {
                    if n % 2 == 0 {
                        let down = watch.monitor().await;
                        assert!(matches!(down.exit, Exit::Killed));
                        told.fetch_add(1, Ordering::SeqCst);
                    } else {
                        watch.on_down(move |_| {
                            told.fetch_add(1, Ordering::SeqCst);
                        });
                    }
                })
            });
            let watchers = Vec::from_iter(watchers);
            if round % 3 != 0 {
                tokio::task::yield_now().await;
            }
            child.kill();
            for watcher in watchers {
                watcher.await.unwrap();
            }
            child.watch().monitor().await;
            soon("all are told", || told.load(Ordering::SeqCst) == 8).await;
        }
        assert!(supervisor.shutdown().await.is_clean());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_storm_of_restarts_ends_by_the_limit_and_leaves_nothing() {
    both(|| async {
        let census = Census::default();
        let starts = Arc::new(AtomicUsize::new(0));
        let mut spec = Supervisor::one_for_one().with_intensity(1_000, secs(60));
        for n in 0..10 {
            let (census, starts) = (census.clone(), starts.clone());
            spec = spec.with_child(ChildSpec::worker(format!("{n}"), move |_| {
                let guard = census.guard();
                starts.fetch_add(1, Ordering::SeqCst);
                async move {
                    let _guard = guard;
                    tokio::task::yield_now().await;
                    Err::<(), _>(Failure::msg("again"))
                }
            }));
        }
        let supervisor = spec.start().await.unwrap();
        let exit = supervisor.wait().await;
        assert!(exit.to_string().contains("too many restarts"));
        let starts = starts.load(Ordering::SeqCst);
        assert!((1_000..=1_010).contains(&starts), "{starts} starts");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_stop_gets_in_between_restarts() {
    both(|| async {
        let spec = ChildSpec::worker("it", |_| async {
            tokio::task::yield_now().await;
            Err::<(), _>(Failure::msg("again"))
        });
        let supervisor = Supervisor::one_for_all()
            .with_intensity(u32::MAX, secs(60))
            .with_child(waits("other", &Census::default()))
            .with_child(spec)
            .start()
            .await
            .unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let report = supervisor.shutdown().await;
        assert!(report.is_clean() && report.exit.is_orderly());
    });
}

#[test]
fn a_stop_does_not_wait_for_a_back_off() {
    paused(async {
        let log = Log::new();
        let (spec, trigger) = child("it", &log, &Census::default());
        let spec = spec.with_backoff(Backoff::constant(secs(1_000)));
        let supervisor = Supervisor::one_for_one()
            .with_child(spec)
            .start()
            .await
            .unwrap();
        let watch = supervisor.which_child("it").await.unwrap().child.watch();
        trigger.pull(boom());
        watch.monitor().await;
        let began = tokio::time::Instant::now();
        let report = supervisor.shutdown().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert!(report.is_clean());
        assert_eq!(log.take(), ["+it", "-it"]);
    });
}

/// A child that never says it is ready keeps nobody from stopping the supervisor.
#[test]
fn a_stop_amid_a_start() {
    both(|| async {
        let census = Census::default();
        let inner = census.clone();
        let mut starts = 0;
        let spec = ChildSpec::acknowledged("it", move |cx: ChildContext| {
            starts += 1;
            let (guard, is_first) = (inner.guard(), starts == 1);
            async move {
                let _guard = guard;
                if is_first {
                    cx.ready();
                    tokio::task::yield_now().await;
                    return Err(Failure::msg("once"));
                }
                cx.scope().cancelled().await;
                Ok(())
            }
        });
        let supervisor = Supervisor::one_for_one()
            .with_child(spec)
            .start()
            .await
            .unwrap();
        let child = supervisor.tree().children[0].id.clone();
        assert_eq!(child.as_str(), "it");
        soon("it starts again", || {
            supervisor.tree().children[0].incarnation == 2
        })
        .await;
        // It waits for that start, so no call is answered.
        let asked = tokio::spawn({
            let supervisor = supervisor.reference();
            async move { supervisor.count_children().await }
        });
        tokio::task::yield_now().await;
        let report = supervisor.shutdown().await;
        assert!(report.exit.is_orderly(), "{report}");
        assert_eq!(asked.await.unwrap(), Err(NotRunning));
        assert_eq!(census.alive(), 0);
    });
}

/// Calls of all kinds from several tasks, while children die: all are answered, and nothing is left.
#[test]
fn calls_race_with_exits_and_a_stop() {
    threads(async {
        let census = Census::default();
        let supervisor = Supervisor::one_for_one()
            .with_intensity(u32::MAX, secs(1))
            .start()
            .await
            .unwrap();
        let tasks = (0..4_usize).map(|who| {
            let (supervisor, census) = (supervisor.reference(), census.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    let id = format!("{}", (n * 7 + who) % 10);
                    let over = match n % 5 {
                        0 | 1 => match supervisor.start_child(waits(&id, &census)).await {
                            Ok(child) => {
                                child.kill();
                                false
                            }
                            Err(error) => error.to_string().contains("does not run, or"),
                        },
                        2 => supervisor.terminate_child(&*id).await.is_err(),
                        3 => supervisor.delete_child(&*id).await.is_err(),
                        _ => supervisor.restart_child(&*id).await.is_err(),
                    };
                    if over && supervisor.count_children().await.is_err() {
                        return n;
                    }
                }
                unreachable!("it goes on until the supervisor has ended");
            })
        });
        let tasks = Vec::from_iter(tasks);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let report = supervisor.shutdown().await;
        assert!(report.is_clean(), "{report}");
        for task in tasks {
            assert!(task.await.unwrap() > 10);
        }
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_hundred_thousand_children() {
    const CHILDREN: usize = 100_000;
    threads(async {
        let census = Census::default();
        let counted = census.clone();
        // However long that takes on a machine that has other things to do.
        let spec = move |_: usize| {
            let spec = waits("it", &counted);
            (spec.with_shutdown(Shutdown::Infinity), ())
        };
        let supervisor = Supervisor::dynamic(spec)
            .with_intensity(1_000, secs(5))
            .start()
            .await
            .unwrap();
        let mut some = Vec::new();
        for n in 0..CHILDREN {
            let (child, ()) = supervisor.start_child(n).await.unwrap();
            if n % 1_000 == 0 {
                some.push(child);
            }
        }
        let count = supervisor.count_children().await.unwrap();
        assert_eq!(
            (count.specs, count.active, count.workers),
            (1, CHILDREN, CHILDREN)
        );
        for child in &some {
            child.kill();
        }
        for child in &some {
            soon("it is back", || {
                child.incarnation() == 2 && child.is_alive()
            })
            .await;
        }
        supervisor.terminate_child(&some[0]).await.unwrap();
        assert_eq!(
            supervisor.count_children().await.unwrap().active,
            CHILDREN - 1
        );
        let report = supervisor.shutdown().await;
        assert!(report.is_clean(), "{report}");
        assert_eq!(census.alive(), 0);
    });
}
