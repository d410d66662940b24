//! Members without a runtime: every transition by hand.

mod ends;
mod judging;
mod seats;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::*;
use crate::info::{TaskKind, TaskRef, TaskState};
use crate::testing::{Around, Handle, Out, Seen, TestMembers, Wakes, end, members, node, returned};

/// Reserves a place and puts a task there.
fn join(members: &TestMembers, kind: TaskKind) -> (Arc<Node>, Handle) {
    let Reserved::Index(index) = members.reserve() else {
        panic!("there is a place");
    };
    let (node, handle) = (node(index, kind, None), Handle::default());
    if kind == TaskKind::Blocking {
        members.note_blocking();
    }
    members.insert(node.clone(), handle.clone());
    (node, handle)
}

fn join_async(members: &TestMembers) -> Arc<Node> {
    join(members, TaskKind::Async).0
}

fn leave(members: &TestMembers, node: &Arc<Node>, output: Out) {
    end(members, node, returned(output), || {
        panic!("nobody is cancelled")
    });
}

fn cut_short(members: &TestMembers, node: &Arc<Node>) {
    end(members, node, End::CutShort, || {
        panic!("nobody is cancelled")
    });
}

/// What the owner gets when all is over.
fn verdicts(members: &TestMembers) -> Option<Verdicts<Seen>> {
    let mut cx = Context::from_waker(Waker::noop());
    match members.poll_verdicts(&mut cx) {
        Poll::Ready(verdicts) => Some(verdicts),
        Poll::Pending => None,
    }
}

fn is_over(members: &TestMembers) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    members.poll_over(&mut cx).is_ready()
}

#[test]
fn places_are_numbered_in_the_order_of_spawning() {
    let (members, _) = members(None);
    for index in 0..3 {
        assert_eq!(members.reserve(), Reserved::Index(index));
    }
    assert_eq!(members.len(), 3);
    members.unreserve();
    assert_eq!(members.len(), 2);
    assert_eq!(members.reserve(), Reserved::Index(3));
}

#[test]
fn a_full_group_has_no_place_and_a_closed_one_never_again() {
    let (members, _) = members(Some(2));
    let first = join_async(&members);
    let second = join_async(&members);
    assert_eq!(members.reserve(), Reserved::Full);
    leave(&members, &first, Out::Now);
    let third = join_async(&members);
    assert_eq!(members.reserve(), Reserved::Full);
    members.close();
    assert!(members.is_closed());
    assert_eq!(members.reserve(), Reserved::Closed);
    leave(&members, &second, Out::Now);
    leave(&members, &third, Out::Now);
    assert_eq!(members.reserve(), Reserved::Closed);
}

#[test]
fn a_task_that_ends_before_it_is_inserted_leaves_nothing() {
    let (members, seen) = members(None);
    assert_eq!(members.reserve(), Reserved::Index(0));
    let (node, handle) = (node(0, TaskKind::Async, None), Handle::default());
    leave(&members, &node, Out::Now);
    assert_eq!(members.len(), 0);
    members.insert(node.clone(), handle.clone());
    assert!(members.alive().is_empty());
    assert_eq!((handle.count(), handle.aborts()), (1, 0));
    assert_eq!(Arc::strong_count(&node), 1);
    assert_eq!(seen.all(), [0]);
}

#[test]
fn every_end_is_counted_as_what_it_was() {
    let (members, _) = members(None);
    let each = [
        returned(Out::Now),
        End::Handed,
        End::CutShort,
        End::Panicked(crate::Panicked::new(Box::new("boom"))),
        End::CutShort,
    ];
    for one in each {
        let node = join_async(&members);
        end(&members, &node, one, || panic!("nobody is cancelled"));
    }
    let wanted = Tally {
        returned: 2,
        panicked: 1,
        cut_short: 2,
        unjudged: 0,
    };
    assert_eq!(members.tally(), wanted);
}

/// Whatever they were: the owner is told that it does not have them all.
#[test]
fn ends_that_come_after_the_owner_are_counted_as_unjudged() {
    for output in [|| Out::Now, || Out::Later] {
        let (members, seen) = members(None);
        let node = join_async(&members);
        members.retire();
        leave(&members, &node, output());
        let tally = members.tally();
        assert_eq!((tally.returned, tally.unjudged), (1, 1));
        assert_eq!(seen.all(), []);
    }
}

#[test]
fn the_alive_are_told() {
    let (members, _) = members(None);
    let mut nodes: Vec<_> = (0..3 * BATCH + 1).map(|_| join_async(&members)).collect();
    for nth in [0, BATCH, 2 * BATCH - 2] {
        leave(&members, &nodes.remove(nth), Out::Never);
    }
    let ids = |nodes: &[Arc<Node>]| nodes.iter().map(|n| n.id()).collect::<Vec<_>>();
    assert_eq!(ids(&members.alive()), ids(&nodes));
}

/// Threads may share a shard, so an entry may be pruned between a task's last word and its leaving.
#[test]
fn a_task_that_was_pruned_takes_no_other_along() {
    let (members, _) = members(None);
    let first = join_async(&members);
    let record = TaskRef::of(&first).unwrap().record();
    record.set_state(TaskState::Ended);
    let others: Vec<_> = (0..2 * BATCH)
        .map(|_| join(&members, TaskKind::Async))
        .collect();
    leave(&members, &first, Out::Never);
    assert_eq!(members.alive().len(), others.len());
    members.abort_all();
    assert!(others.iter().all(|(_, handle)| handle.aborts() == 1));
}
