//! Members without a runtime: every transition by hand.

mod ends;
mod judging;
mod seats;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::*;
use crate::info::{TaskId, TaskKind};
use crate::testing::{
    Around, Out, Seen, Task, TestMembers, Wakes, end, members, returned, sharded,
};

/// Reserves a place and puts a task there.
fn join(members: &TestMembers, kind: TaskKind) -> Task {
    let Reserved::Index(index) = members.reserve() else {
        panic!("there is a place");
    };
    if kind == TaskKind::Blocking {
        members.note_blocking();
    }
    Task::enlist(members, index, kind)
}

fn join_async(members: &TestMembers) -> Task {
    join(members, TaskKind::Async)
}

fn leave(members: &TestMembers, task: &Task, output: Out) {
    end(members, task, returned(output), || {
        panic!("nobody is cancelled")
    });
}

fn cut_short(members: &TestMembers, task: &Task) {
    end(members, task, End::CutShort, || {
        panic!("nobody is cancelled")
    });
}

fn alive(members: &TestMembers) -> Vec<TaskId> {
    members.alive(|task| task.to_info().id())
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
        assert!(seen.all().is_empty());
    }
}

#[test]
fn the_alive_are_told() {
    let (members, _) = members(None);
    let mut nodes: Vec<_> = (0..3 * BATCH + 1).map(|_| join_async(&members)).collect();
    for nth in [0, BATCH, 2 * BATCH - 2] {
        leave(&members, &nodes.remove(nth), Out::Never);
    }
    let ids = Vec::from_iter(nodes.iter().map(Task::id));
    assert_eq!(alive(&members), ids);
}

/// I4: what is kept of those that have ended does not grow with how many there were.
#[test]
fn records_are_let_go_of_with_the_tasks() {
    let (members, _) = sharded(None, 3);
    let listed = || {
        let shards = members.shards.iter();
        shards.map(|shard| shard.0.lock().born.len()).sum::<usize>()
    };
    let long = Vec::from_iter((0..100).map(|_| join_async(&members)));
    for _ in 0..200 {
        let tasks = Vec::from_iter((0..BATCH).map(|_| join_async(&members)));
        tasks
            .iter()
            .for_each(|task| leave(&members, task, Out::Never));
        assert!(listed() <= 2 * (100 + 8) + 4 * BATCH, "{}", listed());
    }
    assert_eq!(alive(&members).len(), 100);
    long.iter()
        .for_each(|task| leave(&members, task, Out::Never));
    members.close();
    assert_eq!((is_over(&members), listed()), (true, 0));
    assert!(Task::is_let_go(long));
}

/// Where the group is full each time, ends are counted before they are many.
#[test]
fn records_are_let_go_of_in_a_full_group_too() {
    let (members, _) = members(Some(4));
    let mut tasks = std::collections::VecDeque::from_iter((0..4).map(|_| join_async(&members)));
    for _ in 0..20 * BATCH {
        assert_eq!(members.reserve(), Reserved::Full);
        let oldest = tasks.pop_front().unwrap();
        leave(&members, &oldest, Out::Never);
        drop(oldest);
        tasks.push_back(join_async(&members));
        let listed = members.shards[0].0.lock().born.len();
        assert!(listed <= 3 * BATCH, "{listed}");
    }
}
