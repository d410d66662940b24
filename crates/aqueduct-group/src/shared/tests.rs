use std::future::pending;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::{Instant, timeout};

use super::*;
use crate::builder::group;
use crate::policy::{Discard, Race};

fn paused<F: Future>(test: F) -> F::Output {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(test)
}

const SECOND: Duration = Duration::from_secs(1);

/// The scope was cancelled when the shell's waker was there, and the shell was not.
#[test]
fn a_phase_that_began_before_there_was_a_shell_ends() {
    paused(async {
        let start = Instant::now();
        let group = group().with_grace(SECOND).open(Discard::<()>::new());
        group.shared().ending.lock().phase = Phase::Grace {
            until: Some(start + SECOND),
        };
        group.try_spawn(pending()).unwrap();
        let joined = timeout(60 * SECOND, group.join()).await;
        assert!(joined.expect("the grace ends").is_err());
        assert_eq!(start.elapsed(), SECOND);
    });
}

/// Two tick at a time, and the one that began the grace sets its alarm last.
#[test]
fn an_alarm_of_a_phase_that_is_over_replaces_no_other() {
    paused(async {
        let start = Instant::now();
        let group = group().with_linger(SECOND).open(Discard::<()>::new());
        // It never leaves: a place that nobody fills.
        let _ = group.take_place();
        group.shared().activate();
        group.abort_all();
        let late = group.shared().act(Act::WakeAt(start + 60 * SECOND), start);
        assert!(late.is_none());
        let waited = timeout(10 * SECOND, group.wait_closed()).await;
        waited.expect("the group gives up");
        assert_eq!(start.elapsed(), SECOND);
    });
}

#[test]
fn a_policy_that_has_had_enough_twice_has_cancelled_the_group() {
    paused(async {
        let group = group().with_grace(SECOND).open(Race::new());
        for _ in 0..2 {
            group.spawn(async {}).await.unwrap();
        }
        group.wait_closed().await;
        assert!(group.scope().is_cancelled());
        assert!(group.shared().foreign_reason(0).is_none());
        group.join().await.unwrap();
    });
}
