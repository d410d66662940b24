use std::collections::HashSet;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread;

use super::*;

struct Told {
    birth: Birth,
    name: Option<&'static str>,
    location: &'static Location<'static>,
}

impl Node for Told {
    fn id(&self) -> NodeId {
        self.birth.id
    }

    fn context(&self) -> &AtomicU64 {
        &self.birth.context
    }

    fn parent(&self) -> Option<NodeId> {
        self.birth.parent
    }

    fn name(&self) -> Option<&str> {
        self.name
    }

    fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

#[track_caller]
fn node(name: Option<&'static str>) -> Told {
    Told {
        birth: Birth::here(),
        name,
        location: Location::caller(),
    }
}

#[track_caller]
fn named(name: &'static str) -> Told {
    node(Some(name))
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
    let node = named("a name of its own");
    let node: &dyn Node = &node;
    assert_eq!(node.name(), Some("a name of its own"));
    assert_eq!(
        (node.location().file(), node.location().line()),
        (file!(), line)
    );
    assert_eq!(node.parent(), None);
    assert_eq!(node.context().swap(7, Ordering::Relaxed), 0);
    assert_eq!(node.context().load(Ordering::Relaxed), 7);
    assert_eq!(node.id().to_string(), node.id().as_u64().to_string());
    assert_eq!(
        node.downcast::<Told>().unwrap().name,
        Some("a name of its own")
    );
    assert!(format!("{node:?}").contains("a name of its own"));
}

#[test]
fn who_asks_for_another_type_gets_nothing() {
    struct Other(Told);
    impl Node for Other {
        fn id(&self) -> NodeId {
            self.0.id()
        }

        fn context(&self) -> &AtomicU64 {
            self.0.context()
        }

        fn parent(&self) -> Option<NodeId> {
            self.0.parent()
        }

        fn name(&self) -> Option<&str> {
            None
        }

        fn location(&self) -> &'static Location<'static> {
            self.0.location()
        }
    }
    let node: &dyn Node = &named("told");
    assert!(node.downcast::<Other>().is_none());
    let other: &dyn Node = &Other(named("told"));
    assert!(other.downcast::<Other>().is_some());
    assert_eq!(other.name(), None);
}

#[test]
fn no_two_nodes_have_one_number() {
    let ids = thread::scope(|scope| {
        let threads =
            [(); 4].map(|()| scope.spawn(|| Vec::from_iter((0..1000).map(|_| node(None).id()))));
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
fn a_child_knows_the_node_that_made_it_and_has_its_context() {
    let parent = named("parent");
    parent.context().store(7, Ordering::Relaxed);
    let child = within(&parent, || node(None));
    assert_eq!(child.parent(), Some(parent.id()));
    assert_eq!(child.context().load(Ordering::Relaxed), 7);
    assert_eq!(node(None).parent(), None);
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
        within(&named("elsewhere"), || {
            assert!(poll(outer.as_mut()).is_pending());
            assert_eq!(here().as_deref(), Some("elsewhere"));
        });
    }
    let inner = Some(String::from("inner"));
    assert_eq!(
        *seen.lock().unwrap(),
        [inner.clone(), inner.clone(), inner.clone(), inner]
    );
}

#[test]
fn the_future_is_dropped_in_its_node() {
    let seen = Arc::default();
    let task = Box::pin(InNode::new(named("task"), Witness(Arc::clone(&seen))));
    within(&named("who drops it"), || {
        drop(task);
        assert_eq!(here().as_deref(), Some("who drops it"));
    });
    assert_eq!(*seen.lock().unwrap(), [Some(String::from("task"))]);
}

#[test]
fn a_panic_restores_what_was_there() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert_eq!(here().as_deref(), Some("bomb"));
            panic!("in a destructor");
        }
    }
    within(&named("before"), || {
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

        let bomb = Bomb;
        let task = InNode::new(named("bomb"), async move { drop(bomb) });
        assert!(catch_unwind(AssertUnwindSafe(|| drop(task))).is_err());
        assert_eq!(here().as_deref(), Some("before"));
    });
    assert_eq!(here(), None);
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
        task = within(&named("here"), || {
            assert!(poll(task.as_mut()).is_pending());
            let task = thread::spawn(move || {
                assert_eq!(here(), None);
                assert!(poll(task.as_mut()).is_pending());
                assert_eq!(here(), None);
                task
            });
            let task = task.join().unwrap();
            assert_eq!(here().as_deref(), Some("here"));
            task
        });
    }
}

/// Looking is only looking: it may be done inside of itself, and around a poll.
#[test]
fn whatever_is_done_while_looking_what_was_shown_stays() {
    within(&named("task"), || {
        with_current(|outer| {
            with_current(|inner| {
                assert_eq!(outer.map(|node| node.id()), inner.map(|node| node.id()))
            });
            let mut task = pin!(InNode::new(named("other"), async { here() }));
            assert_eq!(poll(task.as_mut()), Poll::Ready(Some("other".to_owned())));
            assert_eq!(outer.unwrap().name(), Some("task"));
        });
        assert_eq!(here().as_deref(), Some("task"));
    });
}

#[test]
fn a_thread_that_goes_away_still_has_a_slot() {
    struct Looks;
    impl Drop for Looks {
        fn drop(&mut self) {
            assert_eq!(here(), None);
            let mut task = pin!(InNode::new(named("late"), pending::<()>()));
            assert!(poll(task.as_mut()).is_pending());
            within(&named("late too"), || {
                assert_eq!(here().as_deref(), Some("late too"))
            });
        }
    }
    thread_local! {
        static LOOKS: Looks = const { Looks };
    }
    thread::spawn(|| LOOKS.with(|_| ())).join().unwrap();
}

#[test]
fn who_ends_a_future_gets_its_node_once() {
    let seen = Arc::default();
    let mut task = pin!(InNode::new(named("task"), Witness(Arc::clone(&seen))));
    assert_eq!(task.node().unwrap().name, Some("task"));
    let (node, dropped) = task.as_mut().end().unwrap();
    assert_eq!((node.name, dropped.is_ok()), (Some("task"), true));
    assert_eq!(*seen.lock().unwrap(), [Some(String::from("task"))]);
    assert!(task.as_mut().end().is_none());
    assert!(task.node().is_none());
    assert!(format!("{task:?}").contains("None"));
    assert!(catch_unwind(AssertUnwindSafe(|| poll(task.as_mut()))).is_err());
    assert_eq!(seen.lock().unwrap().len(), 1, "it is not dropped again");
}

#[test]
fn a_destructor_that_panics_leaves_the_node() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let bomb = Bomb;
    let mut task = pin!(InNode::new(named("task"), async move { drop(bomb) }));
    let (node, dropped) = task.as_mut().end().unwrap();
    assert_eq!((node.name, dropped.is_err()), (Some("task"), true));
    assert!(task.end().is_none());
}

#[test]
fn a_future_in_its_node_is_no_larger_than_both() {
    assert_eq!(
        size_of::<InNode<Told, [u64; 2]>>(),
        size_of::<Told>() + size_of::<[u64; 2]>()
    );
}
