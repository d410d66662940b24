//! The tree, in every interleaving of a few threads.
//!
//! A thread that is left asleep is a deadlock, which loom finds. Chains are no longer than a model needs, so that an
//! anchor, four levels down, is in those models only that are about anchors.

use aqueduct_core::model::{block_on, bounded};
use loom::thread;

use crate::{CancelScope, Reason};

/// A chain of scopes, the root first.
fn chain<const N: usize>() -> [CancelScope; N] {
    let mut last = None::<CancelScope>;
    std::array::from_fn(|_| {
        let next = last
            .take()
            .map_or_else(CancelScope::new, |last| last.child());
        last = Some(next.clone());
        next
    })
}

fn poll_once<F: Future>(future: F) -> bool {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(future).poll(&mut cx).is_ready()
}

fn said(reason: Option<Reason>) -> Option<String> {
    reason.map(|reason| reason.message().to_owned())
}

/// I2 and I3: whoever waits is woken, whichever scope above is cancelled, linked before or not.
#[test]
fn cancel_against_register() {
    for at in 0..3 {
        for linked in [false, true] {
            bounded(3, move || {
                let scopes = chain::<3>();
                if linked {
                    assert!(!poll_once(scopes[2].cancelled()));
                }
                let above = scopes[at].clone();
                let canceller = thread::spawn(move || assert!(above.cancel_because("stop")));
                let reason = block_on(scopes[2].cancelled());
                assert_eq!(reason.message(), "stop");
                canceller.join().unwrap();
                assert_eq!(scopes[2].stats().waiters, 0);
            });
        }
    }
}

/// I4: an anchor that is made while the root is cancelled sees it, though it does not look that far; and so does who
/// waits below it.
#[test]
fn cancel_against_child_creation() {
    bounded(3, || {
        let scopes = chain::<4>();
        let root = scopes[0].clone();
        let canceller = thread::spawn(move || assert!(root.cancel()));
        let anchor = scopes[3].child();
        let leaf = anchor.child();
        block_on(leaf.cancelled());
        canceller.join().unwrap();
        assert!(anchor.is_cancelled());
        assert!(anchor.child().is_cancelled());
    });
}

/// A waiter that leaves, and a child that goes, while they are told.
#[test]
fn cancel_against_drop_of_the_last_child() {
    bounded(3, || {
        let root = CancelScope::new();
        let child = root.child();
        let above = root.clone();
        let leaver = thread::spawn(move || {
            poll_once(child.cancelled());
            drop(child);
        });
        assert!(above.cancel());
        leaver.join().unwrap();
        assert_eq!(root.stats().linked_children, 0);
        assert!(root.is_cancelled());
    });
}

/// The last in the list takes the place of one that goes; here both go, and the third stays and is told.
#[test]
fn drop_against_drop() {
    bounded(3, || {
        let root = CancelScope::new();
        let children: [_; 3] = std::array::from_fn(|_| root.child());
        for child in &children {
            assert!(!poll_once(child.cancelled()));
        }
        let [first, stays, last] = children;
        let other = thread::spawn(move || drop(first));
        drop(last);
        other.join().unwrap();
        assert_eq!(root.stats().linked_children, 1);
        root.cancel();
        assert!(poll_once(stays.cancelled()));
    });
}

/// Two threads link the same scopes, and both are told.
#[test]
fn link_against_link() {
    bounded(2, || {
        let scopes = chain::<2>();
        let leaf = scopes[1].clone();
        let waiter = thread::spawn(move || block_on(leaf.cancelled()));
        let root = scopes[0].clone();
        let canceller = thread::spawn(move || root.cancel());
        block_on(scopes[1].cancelled());
        waiter.join().unwrap();
        assert!(canceller.join().unwrap());
    });
}

/// However many link it, a scope is in its parent's list once.
#[test]
fn linked_once() {
    bounded(3, || {
        let scopes = chain::<3>();
        let leaf = scopes[2].clone();
        let other = thread::spawn(move || poll_once(leaf.cancelled()));
        assert!(!poll_once(scopes[2].draining()));
        assert!(!other.join().unwrap());
        assert_eq!(scopes[0].stats().linked_children, 1);
        assert_eq!(scopes[1].stats().linked_children, 1);
    });
}

/// Both phases reach who waits for either.
#[test]
fn drain_then_cancel() {
    bounded(3, || {
        let scopes = chain::<2>();
        let root = scopes[0].clone();
        let other = thread::spawn(move || {
            assert!(root.drain());
            assert!(root.cancel());
        });
        block_on(scopes[1].draining());
        assert!(scopes[1].is_draining());
        block_on(scopes[1].cancelled());
        other.join().unwrap();
        assert!(scopes[1].is_draining());
    });
}

/// Draining that nothing comes after is told as well, also to an anchor that is being made.
#[test]
fn drain_against_register() {
    bounded(3, || {
        let scopes = chain::<4>();
        let root = scopes[0].clone();
        let other = thread::spawn(move || assert!(root.drain()));
        let anchor = scopes[3].child();
        block_on(anchor.draining());
        other.join().unwrap();
        assert!(anchor.is_draining() && !anchor.is_cancelled());
    });
}

/// One of two reasons wins, all agree on it, and one only of the two was told that it was first.
#[test]
fn two_reasons() {
    bounded(3, || {
        let scope = CancelScope::new();
        let other = scope.clone();
        let second = thread::spawn(move || {
            let first = other.cancel_because("there");
            (first, said(other.reason()))
        });
        let first_here = scope.cancel_because("here");
        let seen_here = said(scope.reason());
        let (first_there, seen_there) = second.join().unwrap();
        assert!(first_here != first_there);
        assert_eq!(seen_here, seen_there);
        assert_eq!(
            seen_here.as_deref(),
            Some(if first_here { "here" } else { "there" })
        );
    });
}

/// What was once said to be the reason stays so, though another reason comes nearer.
#[test]
fn a_reason_once_seen_stays() {
    bounded(3, || {
        let scopes = chain::<3>();
        let [root, middle, leaf] = scopes;
        let above = thread::spawn(move || root.cancel_because("root"));
        let nearer = thread::spawn(move || middle.cancel_because("middle"));
        let before = said(leaf.reason());
        above.join().unwrap();
        nearer.join().unwrap();
        let after = said(leaf.reason());
        assert!(after.is_some());
        assert!(before.is_none() || before == after);
    });
}

/// I6: a reason that was only noted down wakes nobody, and keeps nobody from being woken.
#[test]
fn a_noted_reason_against_a_waiter() {
    bounded(3, || {
        let scopes = chain::<2>();
        let leaf = scopes[1].clone();
        let waiter = thread::spawn(move || block_on(leaf.cancelled()));
        let leaf = scopes[1].clone();
        let asks = thread::spawn(move || said(leaf.reason()));
        assert!(scopes[0].cancel_because("root"));
        assert_eq!(waiter.join().unwrap().message(), "root");
        let seen = asks.join().unwrap();
        assert!(seen.is_none() || seen.as_deref() == Some("root"));
    });
}

/// The timer of the root is lost while one below takes it that there is one, and another is linked: both look at the
/// clock after that.
#[test]
fn a_lost_timer_reaches_all() {
    bounded(3, || {
        let scopes = chain::<3>();
        let [root, middle, leaf] = &scopes;
        assert!(!poll_once(middle.cancelled()));
        middle.node().word.set_clock();
        let owner = root.clone();
        let loses = thread::spawn(move || owner.node().spread_clock());
        let child = leaf.clone();
        let links = thread::spawn(move || poll_once(child.cancelled()));
        middle.node().quieten(root.node());
        loses.join().unwrap();
        assert!(!links.join().unwrap());
        for scope in &scopes {
            assert!(scope.node().word.load().needs_clock());
        }
    });
}

/// Who waits is woken when the timer is lost, to see to another.
#[test]
fn a_lost_timer_against_a_waiter() {
    bounded(3, || {
        let scopes = chain::<2>();
        let leaf = scopes[1].clone();
        let waiter = thread::spawn(move || block_on(leaf.cancelled()));
        scopes[0].node().spread_clock();
        assert!(scopes[0].cancel());
        waiter.join().unwrap();
    });
}
