use std::future::pending;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep};

use crate::{CancelScope, ReasonKind};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[tokio::test(start_paused = true)]
async fn who_only_looks_sees_a_deadline_without_a_timer() {
    let scope = CancelScope::new().with_name("quick").with_timeout(ms(10));
    let leaf = scope.child().child().child().child().child();
    advance(ms(9)).await;
    assert!(!leaf.is_cancelled() && !scope.is_cancelled());
    advance(ms(1)).await;
    assert!(leaf.is_cancelled());
    let reason = leaf.reason().unwrap();
    assert_eq!(reason.kind(), ReasonKind::Deadline);
    assert_eq!(reason.scope(), Some("quick"));
    assert!(scope.is_cancelled());
}

#[test]
fn to_print_a_scope_does_not_cancel_it() {
    let scope = CancelScope::new().with_timeout(ms(0));
    let leaf = scope.child();
    let printed = format!("{scope:?} {leaf:?}");
    assert!(printed.contains("draining: false, cancelled: None"));
    assert!(!scope.node().word.load().is_cancelled());
    assert!(leaf.is_cancelled());
    let printed = format!("{leaf:?}");
    assert!(printed.contains("draining: true, cancelled: Some(Reason { kind: Deadline"));
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_at_the_nearest_deadline() {
    let start = Instant::now();
    let root = CancelScope::new().with_timeout(ms(50));
    let near = root.child().with_timeout(ms(20));
    let far = root.child().with_timeout(ms(70));
    assert_eq!(near.deadline(), Some(start + ms(20)));
    assert_eq!(far.deadline(), Some(start + ms(50)));
    let leaf = near.child().child().child().child();
    let waits = [&leaf, &near, &far, &root].map(|scope| {
        let scope = scope.clone();
        tokio::spawn(async move {
            let reason = scope.cancelled().await;
            assert_eq!(reason.kind(), ReasonKind::Deadline);
            Instant::now().duration_since(start)
        })
    });
    let mut ended = Vec::new();
    for wait in waits {
        ended.push(wait.await.unwrap());
    }
    assert_eq!(ended, [ms(20), ms(20), ms(50), ms(50)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_has_a_deadline_of_its_own() {
    let scope = CancelScope::new();
    let late = scope.run_for(ms(5), pending::<()>()).await.unwrap_err();
    assert_eq!(late.reason().kind(), ReasonKind::Deadline);
    assert!(!scope.is_cancelled());
    let done = scope.run_for(ms(5), sleep(ms(4))).await;
    assert!(done.is_ok());
    let done = scope.run_until(Instant::now(), async { 1 }).await;
    assert_eq!(done.unwrap(), 1, "what is ready is never late");
    let late = scope.run_until(Instant::now(), yield_now()).await;
    assert!(late.is_err());
    let never = scope.run_for(Duration::MAX, sleep(ms(4))).await;
    assert!(never.is_ok());
}
