//! The tree, in every interleaving of a few threads.
//!
//! A thread that is left asleep is a deadlock, which loom finds. Chains are no longer than a model needs, so that an
//! anchor, four levels down, is in those models only that are about anchors.
//!
//! Each model begins its threads in every order. Loom takes the last access of an atomic for the only one that a write
//! can come before; where a thread looks at a word before it changes it, that is its own look, and a reader that began
//! earlier is never tried after it. Begun in another order, it is.

use std::sync::{Arc, Mutex};

use aqueduct_core::model::{block_on, bounded};
use loom::thread;

use crate::CancelScope;

type Part = Box<dyn FnOnce() + Send>;

/// Runs `N` parts at once, begun in every order, and then the check.
fn race<const N: usize>(preemptions: usize, make: fn() -> ([Part; N], Part)) {
    for order in orders(N) {
        bounded(preemptions, move || {
            let (parts, check) = make();
            let mut parts = parts.map(Some);
            let threads: Vec<_> = order
                .iter()
                .map(|&part| thread::spawn(parts[part].take().expect("each once")))
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            check();
        });
    }
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let shorter = orders(last).into_iter();
    shorter
        .flat_map(|order| {
            (0..=last).map(move |at| {
                let mut order = order.clone();
                order.insert(at, last);
                order
            })
        })
        .collect()
}

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

fn said(scope: &CancelScope) -> Option<String> {
    scope.reason().map(|reason| reason.message().to_owned())
}

fn nothing() -> Part {
    Box::new(|| ())
}

/// I2 and I3: whoever waits is woken, whichever scope above is cancelled, linked before or not.
fn cancel_against_register<const AT: usize, const LINKED: bool>() {
    race(3, || {
        let scopes = chain::<3>();
        if LINKED {
            assert!(!poll_once(scopes[2].cancelled()));
        }
        let above = scopes[AT].clone();
        let [_, _, leaf] = scopes;
        let parts: [Part; 2] = [
            Box::new(move || assert!(above.cancel_because("stop"))),
            Box::new(move || {
                let reason = block_on(leaf.cancelled());
                assert_eq!(reason.message(), "stop");
                assert_eq!(leaf.stats().waiters, 0);
            }),
        ];
        (parts, nothing())
    });
}

#[test]
fn cancel_against_register_at_itself() {
    cancel_against_register::<2, false>();
    cancel_against_register::<2, true>();
}

#[test]
fn cancel_of_the_parent_against_register() {
    cancel_against_register::<1, false>();
    cancel_against_register::<1, true>();
}

#[test]
fn cancel_of_the_grandparent_against_register() {
    cancel_against_register::<0, false>();
    cancel_against_register::<0, true>();
}

/// I4: an anchor that is made while the root is cancelled sees it, though it does not look that far; and so does who
/// waits below it.
#[test]
fn cancel_against_child_creation() {
    race(3, || {
        let scopes = chain::<4>();
        let root = scopes[0].clone();
        let parts: [Part; 2] = [
            Box::new(move || assert!(root.cancel())),
            Box::new(move || {
                let anchor = scopes[3].child();
                let leaf = anchor.child();
                block_on(leaf.cancelled());
                assert!(anchor.is_cancelled());
                assert!(anchor.child().is_cancelled());
            }),
        ];
        (parts, nothing())
    });
}

/// A waiter that leaves, and a child that goes, while they are told.
#[test]
fn cancel_against_drop_of_the_last_child() {
    race(3, || {
        let root = CancelScope::new();
        let child = root.child();
        let above = root.clone();
        let parts: [Part; 2] = [
            Box::new(move || assert!(above.cancel())),
            Box::new(move || {
                poll_once(child.cancelled());
                drop(child);
            }),
        ];
        let check = move || {
            assert_eq!(root.stats().linked_children, 0);
            assert!(root.is_cancelled());
        };
        (parts, Box::new(check))
    });
}

/// The last in the list takes the place of one that goes; here both go, and the third stays and is told.
#[test]
fn drop_against_drop() {
    race(3, || {
        let root = CancelScope::new();
        let children: [_; 3] = std::array::from_fn(|_| root.child());
        for child in &children {
            assert!(!poll_once(child.cancelled()));
        }
        let [first, stays, last] = children;
        let parts: [Part; 2] = [Box::new(move || drop(first)), Box::new(move || drop(last))];
        let check = move || {
            assert_eq!(root.stats().linked_children, 1);
            root.cancel();
            assert!(!stays.node().word.load().is_quiet(), "it was told");
        };
        (parts, Box::new(check))
    });
}

/// Two threads link the same scopes, and both are told.
#[test]
fn link_against_link() {
    race(1, || {
        let [root, leaf] = chain();
        let other = leaf.clone();
        let parts: [Part; 3] = [
            Box::new(move || drop(block_on(leaf.cancelled()))),
            Box::new(move || drop(block_on(other.cancelled()))),
            Box::new(move || assert!(root.cancel())),
        ];
        (parts, nothing())
    });
}

/// However many link it, a scope is in its parent's list once.
#[test]
fn linked_once() {
    race(3, || {
        let scopes = chain::<3>();
        let (leaf, other) = (scopes[2].clone(), scopes[2].clone());
        let parts: [Part; 2] = [
            Box::new(move || assert!(!poll_once(leaf.cancelled()))),
            Box::new(move || assert!(!poll_once(other.draining()))),
        ];
        let check = move || {
            assert_eq!(scopes[0].stats().linked_children, 1);
            assert_eq!(scopes[1].stats().linked_children, 1);
        };
        (parts, Box::new(check))
    });
}

/// Both phases reach who waits for either.
#[test]
fn drain_then_cancel() {
    race(3, || {
        let [root, leaf] = chain();
        let parts: [Part; 2] = [
            Box::new(move || {
                assert!(root.drain());
                assert!(root.cancel());
            }),
            Box::new(move || {
                block_on(leaf.draining());
                assert!(leaf.is_draining());
                block_on(leaf.cancelled());
                assert!(leaf.is_draining());
            }),
        ];
        (parts, nothing())
    });
}

/// Draining that nothing comes after is told as well, also to an anchor that is being made.
#[test]
fn drain_against_register() {
    race(3, || {
        let scopes = chain::<4>();
        let root = scopes[0].clone();
        let parts: [Part; 2] = [
            Box::new(move || assert!(root.drain())),
            Box::new(move || {
                let anchor = scopes[3].child();
                block_on(anchor.draining());
                assert!(anchor.is_draining() && !anchor.is_cancelled());
            }),
        ];
        (parts, nothing())
    });
}

/// One of two reasons wins, all agree on it, and one only of the two was told that it was first.
#[test]
fn two_reasons() {
    race(3, || {
        let scope = CancelScope::new();
        let firsts = Arc::new(Mutex::new(Vec::new()));
        let parts = ["here", "there"].map(|reason| -> Part {
            let (scope, firsts) = (scope.clone(), firsts.clone());
            Box::new(move || {
                if scope.cancel_because(reason) {
                    firsts.lock().unwrap().push(reason);
                    assert_eq!(said(&scope).as_deref(), Some(reason));
                }
            })
        });
        let check = move || {
            let firsts = firsts.lock().unwrap();
            assert_eq!(firsts.len(), 1);
            assert_eq!(said(&scope).as_deref(), Some(firsts[0]));
        };
        (parts, Box::new(check))
    });
}

/// What was once said to be the reason stays so, though another reason comes nearer.
#[test]
fn a_reason_once_seen_stays() {
    race(3, || {
        let [root, middle, leaf] = chain();
        let seen = Arc::new(Mutex::new(None));
        let (asks, sees) = (leaf.clone(), seen.clone());
        let parts: [Part; 3] = [
            Box::new(move || drop(root.cancel_because("root"))),
            Box::new(move || drop(middle.cancel_because("middle"))),
            Box::new(move || *sees.lock().unwrap() = said(&asks)),
        ];
        let check = move || {
            let (before, after) = (seen.lock().unwrap().take(), said(&leaf));
            assert!(after.is_some());
            assert!(
                before.is_none() || before == after,
                "{before:?}, then {after:?}"
            );
        };
        (parts, Box::new(check))
    });
}

/// I6: a reason that was only noted down wakes nobody, and keeps nobody from being woken.
#[test]
fn a_noted_reason_against_a_waiter() {
    race(2, || {
        let [root, leaf] = chain();
        let asks = leaf.clone();
        let parts: [Part; 3] = [
            Box::new(move || assert!(root.cancel_because("root"))),
            Box::new(move || assert_eq!(block_on(leaf.cancelled()).message(), "root")),
            Box::new(move || {
                let seen = said(&asks);
                assert!(seen.is_none() || seen.as_deref() == Some("root"));
            }),
        ];
        (parts, nothing())
    });
}

/// The timer of the root is lost while one below takes it that there is one, and another is linked: both look at the
/// clock after that.
#[test]
fn a_lost_timer_reaches_all() {
    race(2, || {
        let scopes = chain::<3>();
        let [root, middle, leaf] = scopes.clone();
        assert!(!poll_once(middle.cancelled()));
        middle.node().word.set_clock();
        let owner = root.clone();
        let parts: [Part; 3] = [
            Box::new(move || owner.node().spread_clock()),
            Box::new(move || middle.node().quieten(root.node())),
            Box::new(move || assert!(!poll_once(leaf.cancelled()))),
        ];
        let check = move || {
            for scope in &scopes {
                assert!(scope.node().word.load().needs_clock());
            }
        };
        (parts, Box::new(check))
    });
}

/// Who waits is woken when the timer is lost, to see to another, and is there again when it counts.
#[test]
fn a_lost_timer_against_a_waiter() {
    race(3, || {
        let [root, leaf] = chain();
        let parts: [Part; 2] = [
            Box::new(move || {
                root.node().spread_clock();
                assert!(root.cancel());
            }),
            Box::new(move || drop(block_on(leaf.cancelled()))),
        ];
        (parts, nothing())
    });
}
