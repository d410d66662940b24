use std::process::Command;

use futures_util::StreamExt;

use super::*;

fn raise(signal: &str) {
    let id = std::process::id().to_string();
    let status = Command::new("kill").args([signal, &id]).status();
    assert!(status.unwrap().success());
}

/// One test, since signals are the process's.
#[tokio::test]
async fn signals_cancel_and_the_second_is_seen() {
    let scope = CancelScope::new();
    let leaf = scope.child().child();
    let mut signals = scope.cancel_on_signals().unwrap();
    // Whose signals are dropped listens on.
    let deaf = CancelScope::new();
    drop(deaf.cancel_on_signals().unwrap());
    let soft = CancelScope::new();
    let below = soft.child();
    drop(soft.drain_on_signals().unwrap());

    // Who drains already, or is below one that listens as well.
    let drained = CancelScope::new();
    drained.drain();
    drop(drained.drain_on_signals().unwrap());
    let pairs = [false, true].map(|is_reversed| {
        let outer = CancelScope::new();
        let inner = outer.child();
        let listen = |scope: &CancelScope| drop(scope.drain_on_signals().unwrap());
        match is_reversed {
            true => [&inner, &outer].map(listen),
            false => [&outer, &inner].map(listen),
        };
        (outer, inner)
    });

    raise("-INT");
    let reason = drained.cancelled().await;
    assert_eq!(reason.message(), "SIGINT", "it drained before");
    for (outer, inner) in &pairs {
        inner.draining().await;
        outer.draining().await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(!inner.is_cancelled(), "moved twice by one signal");
    }
    below.draining().await;
    assert!(!below.is_cancelled(), "the first signal drains");
    let reason = leaf.cancelled().await;
    assert_eq!(reason.kind(), ReasonKind::Signal);
    assert_eq!(reason.message(), "SIGINT");
    assert_eq!(reason.location().unwrap().file(), file!());
    assert_eq!(deaf.cancelled().await.message(), "SIGINT");
    assert_eq!(signals.next().await, Some(Signal::Interrupt));

    raise("-TERM");
    assert_eq!(signals.next().await, Some(Signal::Terminate));
    assert_eq!(leaf.reason().unwrap().message(), "SIGINT");
    let reason = below.cancelled().await;
    assert_eq!(reason.kind(), ReasonKind::Signal, "the second cancels");
    assert_eq!(reason.message(), "SIGTERM");
    for (outer, _) in &pairs {
        assert_eq!(outer.cancelled().await.message(), "SIGTERM");
    }

    let weak = scope.downgrade();
    drop((scope, leaf));
    assert!(weak.upgrade().is_none(), "listening keeps no scope alive");
    raise("-INT");
    assert_eq!(signals.next().await.unwrap().to_string(), "SIGINT");
}
