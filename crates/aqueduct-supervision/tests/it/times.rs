//! Limits, back-off and intensity, to the millisecond: under a clock that stands still.

use std::time::Duration;

use aqueduct_resilience::{Backoff, Jitter};
use aqueduct_supervision::error::{StartChildError, StartError, StartFailure};
use aqueduct_supervision::{ChildContext, ChildSpec, Exit, Shutdown, Supervisor};
use tokio::time::{Instant, sleep};

use crate::support::{Census, Log, boom, child, millis, paused, secs};

/// One that says so when it is asked to stop, and takes its time.
fn slow(id: &'static str, takes: Duration, log: &Log, census: &Census) -> ChildSpec {
    let (log, census) = (log.clone(), census.clone());
    ChildSpec::worker(id, move |cx: ChildContext| {
        let (log, guard) = (log.clone(), census.guard());
        async move {
            let _guard = guard;
            cx.scope().cancelled().await;
            log.say(format!("asked {id}"));
            sleep(takes).await;
            log.say(format!("-{id}"));
        }
    })
}

#[test]
fn each_child_has_its_own_time_to_stop() {
    paused(async {
        let (log, census) = (Log::new(), Census::default());
        let supervisor = Supervisor::one_for_one()
            .with_name("top")
            .with_child(slow("in-time", secs(4), &log, &census))
            .with_child(slow("late", secs(9), &log, &census))
            .with_child(
                slow("given", secs(9), &log, &census).with_shutdown(Shutdown::Within(secs(10))),
            )
            .with_child(slow("brutal", secs(9), &log, &census).with_shutdown(Shutdown::Brutal))
            .with_child(slow("infinite", secs(99), &log, &census).with_shutdown(Shutdown::Infinity))
            .start()
            .await
            .unwrap();
        let report = supervisor.shutdown().await;
        let expected = [
            (0, "asked infinite"),
            (99_000, "-infinite"),
            (99_000, "asked given"),
            (108_000, "-given"),
            (108_000, "asked late"),
            (113_000, "asked in-time"),
            (117_000, "-in-time"),
        ];
        let expected = expected.map(|(at, line)| (at, line.to_owned()));
        assert_eq!(log.take_timed(), expected);
        assert_eq!(Vec::from_iter(report.killed.paths()), ["top/late"]);
        assert!(report.unresponsive.is_empty() && census.alive() == 0);
    });
}

#[test]
fn dynamic_children_stop_at_the_same_time() {
    paused(async {
        let (log, census) = (Log::new(), Census::default());
        let supervisor = Supervisor::dynamic({
            let census = census.clone();
            let log = log.clone();
            move |takes: Duration| (slow("it", takes, &log, &census), ())
        });
        let supervisor = supervisor.start().await.unwrap();
        for takes in [1, 3, 7, 9] {
            supervisor.start_child(secs(takes)).await.unwrap();
        }
        let began = Instant::now();
        let report = supervisor.shutdown().await;
        assert_eq!(began.elapsed(), secs(5));
        assert_eq!((report.killed.len(), census.alive()), (2, 0));
    });
}

#[test]
fn back_off_grows_and_is_exact() {
    paused(async {
        let (log, census) = (Log::new(), Census::default());
        let (spec, trigger) = child("it", &log, &census);
        let backoff = Backoff::exponential(millis(100))
            .with_cap(millis(300))
            .with_jitter(Jitter::None);
        let supervisor = Supervisor::one_for_one()
            .with_intensity(100, secs(60))
            .with_child(spec.with_backoff(backoff))
            .start()
            .await
            .unwrap();
        let mut down_at = Vec::new();
        for _ in 0..4 {
            let watch = supervisor.which_child("it").await.unwrap().child.watch();
            trigger.pull(boom());
            watch.monitor().await;
            down_at.push(Instant::now());
            sleep(secs(1)).await;
        }
        let ups = log.take_timed();
        let ups = ups.into_iter().filter(|(_, line)| line == "+it");
        assert_eq!(
            Vec::from_iter(ups.map(|(at, _)| at)),
            [0, 100, 1_200, 2_300, 3_300]
        );
        drop(supervisor.shutdown().await);
    });
}

/// Two restarts in ten seconds: the third ends it if the first is not older than ten seconds, to the moment.
#[test]
fn the_period_slides_and_includes_its_end() {
    for (third_at, survives) in [(9_999, false), (10_000, false), (10_001, true)] {
        paused(async move {
            let (log, census) = (Log::new(), Census::default());
            let (spec, trigger) = child("it", &log, &census);
            let supervisor = Supervisor::one_for_one()
                .with_intensity(2, secs(10))
                .with_child(spec)
                .start()
                .await
                .unwrap();
            let began = Instant::now();
            for at in [0, 6_000, third_at] {
                tokio::time::sleep_until(began + millis(at)).await;
                trigger.pull(boom());
                sleep(Duration::from_micros(10)).await;
            }
            sleep(millis(5)).await;
            assert_eq!(supervisor.is_alive(), survives, "third at {third_at}");
            if survives {
                assert!(supervisor.shutdown().await.is_clean());
            } else {
                let exit = supervisor.wait().await;
                let text = exit.to_string();
                assert!(
                    exit.is_orderly() && text.contains("too many restarts"),
                    "{text}"
                );
            }
            assert_eq!(census.alive(), 0);
        });
    }
}

#[test]
fn without_restarts_allowed_the_first_ends_it() {
    paused(async {
        let (log, census) = (Log::new(), Census::default());
        let (spec, trigger) = child("it", &log, &census);
        let (other, _other) = child("other", &log, &census);
        let spec = Supervisor::one_for_one()
            .with_intensity(0, secs(5))
            .with_child(spec)
            .with_child(other);
        let supervisor = spec.start().await.unwrap();
        trigger.pull(boom());
        assert!(supervisor.wait().await.is_orderly());
        assert_eq!(log.take(), ["+it", "+other", "-it", "-other"]);
    });
}

fn never_ready() -> ChildSpec {
    ChildSpec::acknowledged("mute", |_| std::future::pending::<()>())
}

#[test]
fn a_start_that_takes_too_long_is_given_up() {
    paused(async {
        let (log, census) = (Log::new(), Census::default());
        let (first, _first) = child("first", &log, &census);
        let began = Instant::now();
        let error = Supervisor::one_for_one()
            .with_child(first)
            .with_child(never_ready().with_start_timeout(secs(3)))
            .start()
            .await
            .unwrap_err();
        assert_eq!(began.elapsed(), secs(3));
        assert!(matches!(
            &error,
            StartError::Child { id, failure: StartFailure::TimedOut } if id.as_str() == "mute"
        ));
        assert_eq!(log.take(), ["+first", "-first"]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn start_child_too() {
    paused(async {
        let supervisor = Supervisor::one_for_one().start().await.unwrap();
        let began = Instant::now();
        let spec = never_ready().with_start_timeout(millis(250));
        let error = supervisor.start_child(spec).await.unwrap_err();
        assert_eq!(began.elapsed(), millis(250));
        assert!(matches!(
            error,
            StartChildError::Failed(StartFailure::TimedOut)
        ));
        assert_eq!(supervisor.count_children().await.unwrap().specs, 0);
        assert!(supervisor.shutdown().await.is_clean());
    });
}

/// It waits for no time at all where there is nothing to wait for.
#[test]
fn children_that_stop_at_once_take_no_time() {
    paused(async {
        let (log, census) = (Log::new(), Census::default());
        let mut spec = Supervisor::one_for_one();
        for id in ["a", "b", "c"] {
            spec = spec.with_child(child(id, &log, &census).0);
        }
        let began = Instant::now();
        let supervisor = spec.start().await.unwrap();
        let report = supervisor.shutdown().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert!(matches!(report.exit, Exit::Shutdown(None)));
    });
}
