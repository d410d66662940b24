//! Models of members. Each says which claim of [`members`](super) it guards, and names changes that make it fail.
//!
//! A thread has the shard of its number: the model's own has shard 0, those it spawns 1, 2 and so on. A wake that is lost
//! shows as a deadlock.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ::loom::thread::{self, JoinHandle};
use aqueduct_core::model::{block_on, bounded};
use aqueduct_core::wait_queue::{Place, Wait};

use super::*;
use crate::info::TaskKind;
use crate::testing::{Around, Out, Seen, Task, TestMembers, end, members, returned, sharded};

type Group = Arc<TestMembers>;

fn reserve(group: &Group) -> Task {
    let Reserved::Index(index) = group.reserve() else {
        panic!("there is a place");
    };
    Task::enlist(group, index, TaskKind::Async)
}

fn leave(group: &Group, task: &Task, output: Out) {
    end(group, task, returned(output), || {});
}

fn spawn(group: &Group, run: impl FnOnce(Group) + 'static) -> JoinHandle<()> {
    let group = group.clone();
    thread::spawn(move || run(group))
}

fn wait_over(group: &Group) {
    block_on(poll_fn(|cx| group.poll_over(cx)));
}

/// Waits in line, as a future that spawns.
fn wait_for(group: &Group, want: Want) -> Reserved {
    let mut wait = pin!(Wait::new(group.room()));
    let ask = block_on(poll_fn(|cx| {
        let ask = || Ask {
            want: want.clone(),
            got: None,
            group: group.clone(),
        };
        let grant = |ask: &mut Ask| group.grant(ask);
        let polled = wait
            .as_mut()
            .poll_wait(cx, Place::Back, 0, ask, grant, || {});
        group.settle();
        polled
    }));
    ask.got.unwrap_or(Reserved::Closed)
}

/// "Counting": complete against close. The last one out, or who closes, knows it; and who waited sees what they did.
///
/// Fails if `close` does not collect; if `must_flush` says no; if `counted` does not tell.
#[test]
fn two_leave_while_the_group_is_closed() {
    bounded(2, || {
        let (group, _) = sharded(None, 3);
        let done = Arc::new(AtomicUsize::new(0));
        let nodes = [reserve(&group), reserve(&group)];
        let threads = nodes.map(|node| {
            let done = done.clone();
            spawn(&group, move |group| {
                done.fetch_add(1, Ordering::Relaxed);
                leave(&group, &node, Out::Never);
            })
        });
        group.close();
        wait_over(&group);
        assert_eq!((group.word.0.live(), done.load(Ordering::Relaxed)), (0, 2));
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// "Counting": where a collection crosses the line itself, who ended behind its back is found.
///
/// Fails if `flush_all` flushes each shard once.
#[test]
fn who_leaves_behind_the_back_of_a_collection_is_found() {
    bounded(3, || {
        let (group, _) = sharded(None, 2);
        // One above the line; the collection will find one in the second shard.
        let nodes: Vec<_> = (0..2 * BATCH + 1).map(|_| reserve(&group)).collect();
        let mut nodes = nodes.into_iter();
        let own = nodes.next().unwrap();
        let closer = spawn(&group, move |group| {
            let first = nodes.next().unwrap();
            leave(&group, &first, Out::Never);
            group.close();
            nodes.for_each(|node| leave(&group, &node, Out::Never));
        });
        leave(&group, &own, Out::Never);
        wait_over(&group);
        closer.join().unwrap();
    });
}

/// "Counting": the line is crossed by an end, and not by who closes.
///
/// Fails if `counted` does not collect where the line is crossed.
#[test]
fn who_crosses_the_line_collects() {
    bounded(2, || {
        let (group, _) = sharded(None, 2);
        let nodes: Vec<_> = (0..2 * BATCH + 2).map(|_| reserve(&group)).collect();
        let mut nodes = nodes.into_iter();
        let own = nodes.next().unwrap();
        group.close();
        let other = spawn(&group, move |group| {
            nodes.for_each(|node| leave(&group, &node, Out::Never));
        });
        leave(&group, &own, Out::Never);
        wait_over(&group);
        other.join().unwrap();
    });
}

/// I4: enlist against leave, while the owner goes. Nothing of either task stays in the group.
///
/// Fails if who finds the group over does not clear it.
#[test]
fn a_task_ends_while_another_is_enlisted() {
    bounded(2, || {
        let (group, _) = sharded(None, 3);
        let own = reserve(&group);
        let (ended, ends) = (Arc::new(own), Arc::new(reserve(&group)));
        let task = ended.clone();
        let first = spawn(&group, move |group| leave(&group, &task, Out::Never));
        let task = ends.clone();
        let second = spawn(&group, move |group| {
            // Behind the back of the owner, as one whose place was reserved before.
            leave(&group, &task, Out::Never);
        });
        group.close();
        group.retire();
        first.join().unwrap();
        second.join().unwrap();
        assert!(group.word.0.is_over());
        let tasks = [ended, ends].map(|task| Arc::into_inner(task).unwrap());
        assert!(Task::is_let_go(tasks));
    });
}

/// Enlist against abort: a task that is on the way is told to stop by one of the two, if not closed out.
///
/// Fails if `enlist` does not look for the abort, or looks before it has the lock.
#[test]
fn a_task_is_spawned_while_the_group_is_aborted() {
    bounded(3, || {
        let (group, _) = sharded(None, 2);
        let aborts = spawn(&group, |group| group.abort_all());
        let reserved = group.reserve();
        if let Reserved::Index(index) = reserved {
            let task = Task::enlist(&group, index, TaskKind::Async);
            aborts.join().unwrap();
            assert!(task.is_stopped());
            end(&group, &task, End::CutShort, || {});
        } else {
            assert_eq!(reserved, Reserved::Closed);
            aborts.join().unwrap();
        }
        wait_over(&group);
    });
}

/// Stop against wait: a task that is about to wait is woken, or sees that it is to stop.
///
/// Fails if `arm` does not look whether it is asked, or looks before it has the lock.
#[test]
fn a_task_waits_while_it_is_aborted() {
    bounded(3, || {
        let (group, _) = sharded(None, 2);
        let own = reserve(&group);
        let aborts = spawn(&group, |group| group.abort_all());
        block_on(poll_fn(|cx| {
            if own.is_stopped() {
                return Poll::Ready(());
            }
            own.record().stop.arm(cx.waker());
            Poll::Pending
        }));
        end(&group, &own, End::CutShort, || {});
        wait_over(&group);
        aborts.join().unwrap();
    });
}

/// Abort against leave, after the owner has gone: nothing stays, and the foster is told.
///
/// Fails if `tell` does not clear what is left.
#[test]
fn a_task_ends_while_it_is_aborted() {
    bounded(3, || {
        let (group, _) = sharded(None, 2);
        let own = reserve(&group);
        let foster = Arc::new(Around::default());
        group.close();
        assert!(group.entrust(foster.clone()).is_ok());
        group.retire();
        let aborts = spawn(&group, |group| group.abort_all());
        // In the shard of the other thread nothing is found of it, so that it stays there until all is cleared.
        end(&group, &own, End::CutShort, || {});
        aborts.join().unwrap();
        assert_eq!(foster.ended(), 1);
        assert!(Task::is_let_go([own]));
    });
}

/// "Judging": of two that leave at once one has the judge, and it judges both.
///
/// Fails if the judge is put back without a look at what is pending, or if who finds it gone goes without leaving its end.
#[test]
fn two_leave_and_both_are_judged() {
    bounded(2, || {
        let (group, seen) = members(None);
        let nodes = [reserve(&group), reserve(&group)];
        let [first, second] = nodes.map(|node| move |group: Group| leave(&group, &node, Out::Now));
        let other = spawn(&group, first);
        group.close();
        second(group.clone());
        wait_over(&group);
        let verdicts = block_on(poll_fn(|cx| group.poll_verdicts(cx)));
        assert!(verdicts.policy.is_ok());
        let mut judged = seen.all();
        judged.sort_unstable();
        assert_eq!(judged, [0, 1]);
        other.join().unwrap();
    });
}

/// I1: an owner that gave up gets the judge from the member that has it.
///
/// Fails if the judge is put back after the member was counted out, and nobody is told of it.
#[test]
fn an_owner_that_gave_up_waits_for_the_judge() {
    bounded(3, || {
        let (group, _) = members(None);
        let own = reserve(&group);
        let other = spawn(&group, move |group| leave(&group, &own, Out::Now));
        group.abort_all();
        group.abandon();
        wait_over(&group);
        let verdicts = block_on(poll_fn(|cx| group.poll_verdicts(cx)));
        assert!(verdicts.policy.is_ok());
        other.join().unwrap();
    });
}

/// The owner goes while a batch is on its way from a shard to the judge: nobody keeps it.
///
/// Fails if `judge_later` does not look again, under the core's lock, whether the group is retired.
#[test]
fn a_batch_that_comes_after_its_owner_is_dropped() {
    bounded(3, || {
        let (group, seen) = members(None);
        let nodes: Vec<_> = (0..BATCH).map(|_| reserve(&group)).collect();
        let nodes = Arc::new(nodes);
        let tasks = nodes.clone();
        let other = spawn(&group, move |group| {
            for node in &*tasks {
                leave(&group, node, Out::Later);
            }
        });
        group.close();
        group.retire();
        other.join().unwrap();
        assert_eq!(seen.count(), 1, "whoever has the group has no policy");
        assert!(Task::is_let_go(Arc::into_inner(nodes).unwrap()));
    });
}

/// Drop against last child: whoever is told of the end, it is one, and once.
///
/// Fails if `entrust` does not look for the end under the lock, or if `tell` leaves the foster in its place.
#[test]
fn the_owner_goes_while_the_last_one_leaves() {
    bounded(3, || {
        let (group, _) = sharded(None, 2);
        let own = reserve(&group);
        let foster = Arc::new(Around::default());
        let other = spawn(&group, move |group| leave(&group, &own, Out::Now));
        group.close();
        let entrusted = group.entrust(foster.clone()).is_ok();
        group.retire();
        other.join().unwrap();
        assert_eq!(foster.ended(), usize::from(entrusted));
        assert_eq!(Arc::strong_count(&foster), 1);
    });
}

/// I2: adopt against the last leave, and against abort. Who is taken in is waited for.
///
/// Fails if `enter_unless_over` does not look whether the group is over, or counts nobody.
#[test]
fn a_group_is_taken_in_while_the_last_one_leaves() {
    bounded(2, || {
        let (group, _) = sharded(None, 3);
        let own = reserve(&group);
        group.close();
        let leaves = spawn(&group, move |group| leave(&group, &own, Out::Never));
        let adopts = spawn(&group, |group| {
            if group.adopt() {
                let mut cx = Context::from_waker(Waker::noop());
                assert!(group.poll_over(&mut cx).is_pending());
                group.adopted_ended();
            }
        });
        adopts.join().unwrap();
        leaves.join().unwrap();
        assert!(group.word.0.is_over());
        assert!(!group.adopt());
    });
}

#[test]
fn a_group_is_taken_in_while_this_one_is_aborted() {
    bounded(2, || {
        let (group, _) = sharded(None, 2);
        let own = reserve(&group);
        let aborts = spawn(&group, move |group| {
            group.abort_all();
            end(&group, &own, End::CutShort, || {});
        });
        let adopted = group.adopt();
        if adopted {
            group.adopted_ended();
        }
        wait_over(&group);
        aborts.join().unwrap();
        assert_eq!(group.word.0.live(), 0);
    });
}

/// Waiting for room against leave, and against who gives a place back.
///
/// Fails if `leave` does not serve the room, or `unreserve`.
#[test]
fn room_is_found_by_who_waits_for_it() {
    for gives_back in [false, true] {
        bounded(2, move || {
            let (group, _) = sharded(Some(1), 2);
            let own = reserve(&group);
            let other = spawn(&group, move |group| {
                if gives_back {
                    group.unreserve();
                } else {
                    leave(&group, &own, Out::Never);
                }
            });
            assert_eq!(wait_for(&group, Want::Place), Reserved::Index(1));
            other.join().unwrap();
            assert_eq!(group.word.0.live(), 1);
        });
    }
}

/// Waiting for room against somebody who flushes and serves nobody, as whoever asks how many there are.
///
/// Fails if `flush_each` counts out after the shard's lock.
#[test]
fn room_is_found_while_others_count() {
    bounded(3, || {
        let (group, _) = sharded(Some(1), 2);
        let own = reserve(&group);
        leave(&group, &own, Out::Never);
        let asks = spawn(&group, |group| assert!(group.len() <= 1));
        assert_eq!(wait_for(&group, Want::Place), Reserved::Index(1));
        asks.join().unwrap();
    });
}

/// Waiting for room against close.
///
/// Fails if `close` does not serve the room.
#[test]
fn who_waits_for_room_is_told_that_there_will_be_none() {
    bounded(3, || {
        let (group, _) = sharded(Some(1), 2);
        let _own = reserve(&group);
        let closes = spawn(&group, |group| group.close());
        // What it had got before it was told stands there still.
        let got = wait_for(&group, Want::Place);
        assert!(matches!(got, Reserved::Full | Reserved::Closed));
        closes.join().unwrap();
    });
}

/// A group that was taken in has no seat, and its end keeps nobody waiting who has looked in the middle of it.
///
/// Fails if `adopted_ended` does not serve the room.
#[test]
fn room_is_found_while_a_group_that_was_taken_in_ends() {
    bounded(3, || {
        let (group, _) = sharded(Some(1), 2);
        assert!(group.adopt());
        let ends = spawn(&group, |group| drop(group.adopted_ended()));
        assert!(matches!(wait_for(&group, Want::Place), Reserved::Index(_)));
        ends.join().unwrap();
        assert_eq!(group.reserve(), Reserved::Full);
    });
}

/// The limit: nobody gets in on the seat that a member is taking back.
///
/// Fails if `take_seat` compares, and then makes the limit smaller; or if the limit is read before the word.
#[test]
fn a_seat_that_is_taken_back_is_nobody_elses() {
    bounded(3, || {
        let (group, _) = sharded(Some(1), 3);
        let member = reserve(&group);
        group.lend_seat(&member.loans());
        let other = reserve(&group);
        leave(&group, &other, Out::Never);
        let tries = spawn(&group, |group| {
            let reserved = group.reserve();
            thread::yield_now();
            let seats = group.limit.as_ref().unwrap().get();
            if let Reserved::Index(_) = reserved {
                assert_eq!(seats, 2, "a member whose seat was lent goes on");
                group.unreserve();
            }
        });
        assert_eq!(
            wait_for(&group, Want::Seat(member.loans())),
            Reserved::Index(0)
        );
        tries.join().unwrap();
        assert_eq!(group.word.0.live(), 1);
    });
}

/// Any number may wait beside the owner.
///
/// Fails if `tell` takes the owner's waker alone, or if [`over::Over`] looks before it has the lock.
#[test]
fn two_wait_for_the_end() {
    bounded(2, || {
        let (group, _) = sharded(None, 3);
        let own = reserve(&group);
        group.close();
        let leaves = spawn(&group, move |group| leave(&group, &own, Out::Never));
        let waits = spawn(&group, |group| block_on(group.over()));
        block_on(group.over());
        waits.join().unwrap();
        leaves.join().unwrap();
        assert_eq!(group.core.lock().waiters.len(), 0);
    });
}

/// The owner reads ends one by one in a group that is open: it hears of each, and that none is left to come.
///
/// Fails if `judge_pending` does not wake who wants ends; if `poll_policy` does not say that the group is watched; if
/// `tell` looks for the end of the group alone.
#[test]
fn the_owner_hears_of_each_end_and_that_none_is_left() {
    bounded(3, || {
        let (group, _) = sharded(None, 3);
        let [first, last] = [reserve(&group), reserve(&group)];
        let next = |shown: usize| {
            block_on(poll_fn(|cx| {
                group.poll_policy(cx, |seen: &mut Seen, none_left| {
                    match seen.all().get(shown) {
                        None if none_left => Some(None),
                        next => next.map(|index| Some(*index)),
                    }
                })
            }))
        };
        let leaves = spawn(&group, move |group| leave(&group, &first, Out::Now));
        assert_eq!(next(0), Some(0));
        leaves.join().unwrap();
        let leaves = spawn(&group, move |group| leave(&group, &last, Out::Never));
        assert_eq!(next(1), None);
        leaves.join().unwrap();
    });
}

/// The last to end is a group that was taken in, and whoever waits hears of it.
///
/// Fails if `adopted_ended` does not tell.
#[test]
fn the_end_of_a_group_that_was_taken_in_is_told() {
    for owner_first in [false, true] {
        bounded(3, move || {
            let (group, _) = sharded(None, 3);
            assert!(group.adopt());
            group.close();
            let ends = |group: Group| drop(group.adopted_ended());
            let other = if owner_first {
                let waits = spawn(&group, |group| wait_over(&group));
                ends(group);
                waits
            } else {
                let ends = spawn(&group, ends);
                wait_over(&group);
                ends
            };
            other.join().unwrap();
        });
    }
}

/// "Counting": the line is crossed by the end of a group that was taken in.
///
/// Fails if `adopted_ended` does not collect where the line is crossed.
#[test]
fn a_group_that_was_taken_in_crosses_the_line() {
    bounded(2, || {
        let (group, _) = sharded(None, 2);
        let nodes: Vec<_> = (0..2 * BATCH).map(|_| reserve(&group)).collect();
        let mut nodes = nodes.into_iter();
        let own = nodes.next().unwrap();
        assert!(group.adopt());
        group.close();
        let other = spawn(&group, move |group| {
            drop(group.adopted_ended());
            nodes.for_each(|node| leave(&group, &node, Out::Never));
        });
        leave(&group, &own, Out::Never);
        wait_over(&group);
        other.join().unwrap();
    });
}

/// The owner begins to look for ends while one is on its way through a shard.
///
/// Fails if `poll_policy` does not collect.
#[test]
fn an_end_before_the_owner_looked_for_any_is_found() {
    bounded(3, || {
        let (group, _) = sharded(None, 2);
        let own = reserve(&group);
        let leaves = spawn(&group, move |group| leave(&group, &own, Out::Never));
        let none_left = |_: &mut Seen, none_left: bool| none_left.then_some(());
        block_on(poll_fn(|cx| group.poll_policy(cx, none_left)));
        leaves.join().unwrap();
    });
}

/// The owner goes while an end is on its way to the judge: nobody keeps it.
///
/// Fails if `judge_now` does not look whether the group is retired, or if `judge_pending` puts the judge back whatever has
/// gone.
#[test]
fn an_end_that_comes_after_its_owner_is_dropped() {
    for owner_first in [false, true] {
        bounded(3, move || {
            let (group, seen) = members(None);
            let node = Arc::new(reserve(&group));
            let task = node.clone();
            let leaves = move |group: Group| leave(&group, &task, Out::Now);
            let goes = |group: Group| {
                group.close();
                group.retire();
            };
            if owner_first {
                let other = spawn(&group, goes);
                leaves(group.clone());
                drop(leaves);
                other.join().unwrap();
            } else {
                let other = spawn(&group, leaves);
                goes(group.clone());
                other.join().unwrap();
            }
            assert_eq!(seen.count(), 1, "whoever has the group has no policy");
            assert!(Task::is_let_go(Arc::into_inner(node)));
        });
    }
}
