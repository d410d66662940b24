use std::time::Duration;

use tokio::time::advance;

use super::*;

#[test]
fn a_scope_follows_a_token_and_not_the_other_way_round() {
    let token = CancellationToken::new();
    let scope = CancelScope::from_token(&token.child_token());
    let other = CancelScope::from(token.clone());
    other.cancel();
    assert!(!token.is_cancelled());
    let leaf = scope.child().child();
    token.cancel();
    assert_eq!(leaf.reason().unwrap().kind(), ReasonKind::Token);
    assert_eq!(leaf.reason().unwrap().location().unwrap().file(), file!());
    assert!(CancelScope::from_token(&token).is_cancelled());
}

#[test]
fn a_child_follows_both() {
    for by_token in [true, false] {
        let (token, parent) = (CancellationToken::new(), CancelScope::new());
        let child = parent.child_of_token(&token);
        if by_token {
            token.cancel();
        } else {
            parent.cancel();
        }
        assert!(child.is_cancelled());
        assert_eq!(parent.is_cancelled(), !by_token);
    }
}

#[test]
fn a_token_follows_a_scope_and_not_the_other_way_round() {
    let root = CancelScope::new();
    let scope = root.child().child();
    let tokens = [scope.to_token(), scope.to_token(), scope.to_token()];
    assert_eq!(scope.stats().waiters, 1, "one waits for all");
    tokens[0].cancel();
    assert!(!scope.is_cancelled() && !tokens[1].is_cancelled());
    root.cancel();
    assert!(tokens.iter().all(CancellationToken::is_cancelled));
    assert!(scope.to_token().is_cancelled());
}

#[test]
fn neither_keeps_the_other_alive() {
    let token = CancellationToken::new();
    let scope = CancelScope::from_token(&token);
    let weak = scope.downgrade();
    let back = scope.to_token();
    drop(scope);
    assert!(weak.upgrade().is_none());
    token.cancel();
    assert!(!back.is_cancelled(), "the scope was gone before");
}

#[tokio::test]
async fn one_thing_that_goes_round_in_both_worlds_ends() {
    let token = CancellationToken::new();
    let scope = CancelScope::from_token(&token);
    let round = CancelScope::from_token(&scope.to_token());
    let waits = tokio::spawn(round.cancelled_owned());
    tokio::task::yield_now().await;
    token.cancel();
    assert_eq!(waits.await.unwrap().kind(), ReasonKind::Token);
}

/// Tokio's budget of the task that cancels does not stop what follows.
#[tokio::test]
async fn a_task_without_budget_cancels_all_the_same() {
    let token = CancellationToken::new();
    let scope = CancelScope::from_token(&token);
    let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
    for n in 0..1000 {
        tx.send(n).unwrap();
    }
    let mut spent = false;
    std::future::poll_fn(|cx| {
        while rx.poll_recv(cx).is_ready() {}
        if !spent {
            spent = true;
            token.cancel();
            assert!(scope.is_cancelled());
        }
        std::task::Poll::Ready(())
    })
    .await;
    assert!(spent);
}

#[tokio::test(start_paused = true)]
async fn a_token_follows_a_deadline() {
    let scope = CancelScope::new().with_timeout(Duration::from_millis(5));
    let token = scope.to_token();
    advance(Duration::from_millis(4)).await;
    assert!(!token.is_cancelled());
    advance(Duration::from_millis(2)).await;
    token.cancelled().await;
    assert!(scope.is_cancelled());
}

#[test]
fn a_token_waits_on_when_a_timer_is_lost() {
    let scope = CancelScope::new();
    let token = scope.to_token();
    scope.node().spread_clock();
    assert_eq!(scope.stats().waiters, 1);
    scope.node().word.clear_clock();
    scope.cancel();
    assert!(token.is_cancelled());
}

/// The first runtime goes, and the timer with it; who asks for a token in another one gets a timer there.
#[test]
fn another_token_has_a_timer_where_it_is_asked_for() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let scope = CancelScope::new().with_timeout(Duration::from_millis(500));
    let outside = std::panic::AssertUnwindSafe(|| scope.to_token());
    assert!(std::panic::catch_unwind(outside).is_err(), "no runtime");
    let first = runtime();
    let token = first.block_on(async { scope.to_token() });
    assert!(!scope.node().word.load().needs_clock());
    drop(first);
    assert!(scope.node().word.load().needs_clock());
    runtime().block_on(async {
        let second = scope.to_token();
        let both = async { tokio::join!(token.cancelled(), second.cancelled()) };
        let cancelled = tokio::time::timeout(Duration::from_secs(20), both).await;
        assert!(cancelled.is_ok());
    });
}
