use std::collections::HashSet;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Mutex;
use std::task::Waker;
use std::thread;

use super::*;

fn named(name: &'static str) -> Arc<Node> {
    Arc::new(Node::child(Some(name.into()), ()))
}

/// The name of the current node.
fn here() -> Option<String> {
    with_current(|node| Some(node?.name()?.to_owned()))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Writes down where it is polled and dropped.
struct Witness(Arc<Mutex<Vec<Option<String>>>>);

impl Future for Witness {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0.lock().unwrap().push(here());
        Poll::Pending
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(here());
    }
}

#[test]
fn a_node_says_what_it_is() {
    let line = line!() + 1;
    let node = named_here();
    #[track_caller]
    fn named_here() -> Arc<Node> {
        Arc::new(Node::child(
            Some(String::from("a name of its own").into()),
            (),
        ))
    }
    assert_eq!(node.name(), Some("a name of its own"));
    assert_eq!(
        (node.location().file(), node.location().line()),
        (file!(), line)
    );
    assert_eq!(node.parent(), None);
    assert_eq!(node.context().swap(7, Ordering::Relaxed), 0);
    assert_eq!(node.context().load(Ordering::Relaxed), 7);
    assert_eq!(node.id().to_string(), node.id().as_u64().to_string());
    assert_eq!(Node::child(None, ()).name(), None);
}

#[test]
fn no_two_nodes_have_one_number() {
    let ids = thread::scope(|scope| {
        let threads = [(); 4].map(|()| {
            scope.spawn(|| Vec::from_iter((0..1000).map(|_| Node::child(None, ()).id())))
        });
        Vec::from_iter(
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap()),
        )
    });
    assert_eq!(
        HashSet::<NodeId>::from_iter(ids.iter().copied()).len(),
        4000
    );
    assert!(ids[..1000].is_sorted());
}

#[test]
fn a_child_knows_the_node_that_made_it() {
    let parent = named("parent");
    let mut task = pin!(InNode::new(parent.clone(), async { Node::child(None, ()) }));
    let Poll::Ready(child) = poll(task.as_mut()) else {
        panic!("nothing to wait for");
    };
    assert_eq!(child.parent(), Some(parent.id()));
    assert_eq!(Node::child(None, ()).parent(), None);
}

#[test]
fn polls_nest_and_restore_what_was_there() {
    let seen = Arc::default();
    {
        let inner = InNode::new(named("inner"), Witness(Arc::clone(&seen)));
        let mut inner = Box::pin(inner);
        let outer = poll_fn(|_| {
            assert_eq!(here().as_deref(), Some("outer"));
            assert!(poll(inner.as_mut()).is_pending());
            assert_eq!(here().as_deref(), Some("outer"));
            Poll::<()>::Pending
        });
        let mut outer = pin!(InNode::new(named("outer"), outer));
        for _ in 0..2 {
            assert!(poll(outer.as_mut()).is_pending());
            assert_eq!(here(), None);
        }
        let _within = enter(named("elsewhere"));
        assert!(poll(outer.as_mut()).is_pending());
        assert_eq!(here().as_deref(), Some("elsewhere"));
    }
    let inner = Some(String::from("inner"));
    assert_eq!(
        *seen.lock().unwrap(),
        [inner.clone(), inner.clone(), inner.clone(), inner]
    );
}

#[test]
fn the_future_is_dropped_in_its_node_and_before_it() {
    let (seen, node) = (Arc::default(), named("task"));
    let task = Box::pin(InNode::new(node.clone(), Witness(Arc::clone(&seen))));
    let within = enter(named("who drops it"));
    assert_eq!(Arc::strong_count(&node), 2);
    drop(task);
    assert_eq!(here().as_deref(), Some("who drops it"));
    drop(within);
    assert_eq!(*seen.lock().unwrap(), [Some(String::from("task"))]);
    assert_eq!(Arc::strong_count(&node), 1);
}

#[test]
fn a_poll_counts_no_references() {
    let node = named("task");
    let count = {
        let node = node.clone();
        move || Arc::strong_count(&node)
    };
    let mut task = pin!(InNode::new(node, async move { count() }));
    assert_eq!(poll(task.as_mut()), Poll::Ready(2));
}

#[test]
fn a_panic_restores_what_was_there() {
    let _within = enter(named("before"));
    let mut polls = 0;
    let task = poll_fn(|_| {
        polls += 1;
        assert_eq!(here().as_deref(), Some("task"));
        if polls == 1 {
            panic!("in a poll");
        }
        Poll::Ready(())
    });
    let mut task = pin!(InNode::new(named("task"), task));
    assert!(catch_unwind(AssertUnwindSafe(|| poll(task.as_mut()))).is_err());
    assert_eq!(here().as_deref(), Some("before"));
    assert!(poll(task.as_mut()).is_ready());
    assert_eq!(here().as_deref(), Some("before"));

    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert_eq!(here().as_deref(), Some("bomb"));
            panic!("in a destructor");
        }
    }
    let bomb = Bomb;
    let task = InNode::new(named("bomb"), async move { drop(bomb) });
    assert!(catch_unwind(AssertUnwindSafe(|| drop(task))).is_err());
    assert_eq!(here().as_deref(), Some("before"));
}

#[test]
fn a_task_takes_its_node_from_thread_to_thread() {
    let mut task = Box::pin(InNode::new(
        named("task"),
        poll_fn(|_| {
            assert_eq!(here().as_deref(), Some("task"));
            Poll::<()>::Pending
        }),
    ));
    for _ in 0..3 {
        let _within = enter(named("here"));
        assert!(poll(task.as_mut()).is_pending());
        task = thread::spawn(move || {
            assert_eq!(here(), None);
            assert!(poll(task.as_mut()).is_pending());
            assert_eq!(here(), None);
            task
        })
        .join()
        .unwrap();
        assert_eq!(here().as_deref(), Some("here"));
    }
}

#[test]
fn guards_nest() {
    let node = named("a");
    {
        let _a = enter(node.clone());
        {
            let _b = enter(named("b"));
            assert_eq!(here().as_deref(), Some("b"));
            assert_eq!(Node::current().unwrap().name(), Some("b"));
        }
        assert_eq!(here().as_deref(), Some("a"));
        assert_eq!(Node::current().map(|node| node.id()), Some(node.id()));
    }
    assert_eq!(here(), None);
    assert!(Node::current().is_none());
    assert_eq!(Arc::strong_count(&node), 1);
}

#[test]
fn guards_in_disorder_leave_a_wrong_node_and_no_worse() {
    let (a, b) = (named("a"), named("b"));
    let first = enter(a.clone());
    let second = enter(b.clone());
    drop(first);
    assert_eq!(here(), None);
    drop(second);
    assert_eq!(here().as_deref(), Some("a"));
    // Both are still counted right: `a` is in the slot, `b` nowhere.
    assert_eq!((Arc::strong_count(&a), Arc::strong_count(&b)), (2, 1));
    swap(&mut None);
}

#[test]
fn looking_twice_is_fine_and_polling_while_looking_is_not() {
    let _within = enter(named("task"));
    with_current(|outer| {
        with_current(|inner| assert_eq!(outer.map(Node::id), inner.map(Node::id)))
    });
    let mut task = pin!(InNode::new(named("other"), ready(())));
    let polls = || with_current(|_| poll(task.as_mut()).is_ready());
    assert!(catch_unwind(AssertUnwindSafe(polls)).is_err());
    assert_eq!(here().as_deref(), Some("task"));
}

#[test]
fn a_thread_that_goes_away_has_no_node() {
    struct Looks;
    impl Drop for Looks {
        fn drop(&mut self) {
            // The slot is gone or not, by the order of destruction; in no case is there a panic.
            let looked = here();
            assert!(looked.is_none() || looked.as_deref() == Some("left behind"));
            let mut task = pin!(InNode::new(named("late"), pending::<()>()));
            assert!(poll(task.as_mut()).is_pending());
            drop(enter(named("late too")));
        }
    }
    thread_local! {
        static LOOKS: Looks = const { Looks };
    }
    for slot_first in [true, false] {
        let looks = move || {
            if slot_first {
                assert_eq!(here(), None);
            }
            LOOKS.with(|_| ());
            mem::forget(enter(named("left behind")));
        };
        thread::spawn(looks).join().unwrap();
    }
}
