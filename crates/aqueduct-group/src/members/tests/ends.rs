//! Closing, aborting, giving up, and who is told.

use super::*;

#[test]
fn a_group_is_over_when_it_is_closed_and_empty() {
    let (members, _) = members(None);
    assert!(!is_over(&members), "it is open");
    let node = join_async(&members);
    members.close();
    assert!(!is_over(&members), "a task is left");
    leave(&members, &node, Out::Now);
    assert!(is_over(&members));
}

#[test]
fn the_owner_is_woken_once_by_the_last() {
    let (members, _) = members(None);
    let nodes = [join_async(&members), join_async(&members)];
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    assert!(members.poll_over(&mut cx).is_pending());
    members.close();
    leave(&members, &nodes[0], Out::Never);
    assert_eq!(wakes.count(), 0);
    leave(&members, &nodes[1], Out::Now);
    assert_eq!(wakes.count(), 1);
    assert!(members.poll_over(&mut cx).is_ready());
}

#[test]
fn closing_an_empty_group_and_taking_back_the_last_place_tell_the_owner() {
    let (empty, _) = members(None);
    let (wakes, waker) = Wakes::new();
    assert!(
        empty
            .poll_over(&mut Context::from_waker(&waker))
            .is_pending()
    );
    empty.close();
    assert_eq!(wakes.count(), 1);

    let (members, _) = members(None);
    assert_eq!(members.reserve(), Reserved::Index(0));
    members.close();
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    assert!(members.poll_over(&mut cx).is_pending());
    members.unreserve();
    assert_eq!(wakes.count(), 1);
    assert!(members.poll_over(&mut cx).is_ready());
}

#[test]
fn only_the_last_waker_is_kept() {
    let (members, _) = members(None);
    let (old, old_waker) = Wakes::new();
    let (new, new_waker) = Wakes::new();
    for waker in [&old_waker, &old_waker, &new_waker, &new_waker] {
        let polled = members.poll_over(&mut Context::from_waker(waker));
        assert!(polled.is_pending());
    }
    // The test's own, and the waker's.
    assert_eq!(Arc::strong_count(&old), 2);
    assert_eq!(Arc::strong_count(&new), 3);
    members.close();
    assert_eq!((old.count(), new.count()), (0, 1));
}

#[test]
fn aborting_aborts_all_and_closes() {
    let (members, _) = members(None);
    let tasks: Vec<_> = (0..2 * BATCH + 3)
        .map(|_| join(&members, TaskKind::Async))
        .collect();
    members.abort_all();
    assert!(members.is_closed());
    assert_eq!(alive(&members).len(), tasks.len());
    for task in &tasks {
        assert!(task.is_stopped());
        cut_short(&members, task);
    }
    assert!(is_over(&members));
    members.abort_all();
    members.retire();
    assert!(Task::is_let_go(tasks));
}

#[test]
fn who_waits_is_woken_by_an_abort_and_who_has_ended_is_not() {
    let (members, _) = members(None);
    let tasks = [(); 3].map(|()| join_async(&members));
    let wakes = [(); 3].map(|()| Wakes::new());
    for (task, (_, waker)) in tasks.iter().zip(&wakes) {
        task.record().stop.arm(waker);
        task.record().stop.arm(waker);
    }
    leave(&members, &tasks[0], Out::Later);
    let counts = || wakes.each_ref().map(|(wakes, _)| wakes.count());
    // The test's own, and the waker's.
    assert_eq!(Arc::strong_count(&wakes[0].0), 2);
    members.abort_all();
    members.abort_all();
    assert_eq!(counts(), [0, 1, 1]);
    let (late, waker) = Wakes::new();
    tasks[1].record().stop.arm(&waker);
    assert_eq!(late.count(), 1, "it is to stop now");
    tasks[1..].iter().for_each(|task| cut_short(&members, task));
    assert!(wakes.iter().all(|(wakes, _)| Arc::strong_count(wakes) == 2));
}

/// A task that is dropped in the very call that aborts it, as by a runtime that is gone.
#[test]
fn who_leaves_while_it_is_aborted_is_let_go() {
    struct Drops(std::sync::Mutex<Option<(Arc<TestMembers>, Arc<Task>)>>);
    impl std::task::Wake for Drops {
        fn wake(self: Arc<Self>) {
            let (members, task) = self.0.lock().unwrap().take().expect("woken once");
            cut_short(&members, &task);
        }
    }
    let (members, _) = members(None);
    let tasks = [(); 2].map(|()| Arc::new(join_async(&members)));
    for task in &tasks {
        let drops = Drops(Some((members.clone(), task.clone())).into());
        task.record().stop.arm(&Arc::new(drops).into());
    }
    members.abort_all();
    assert!(is_over(&members));
    members.retire();
    // Neither the records nor the list of what is to be judged has them.
    let tasks = tasks.map(|task| Arc::into_inner(task).expect("its waker has gone"));
    assert!(Task::is_let_go(tasks));
}

#[test]
fn who_is_enlisted_after_the_abort_is_told_to_stop() {
    let (members, _) = members(None);
    assert_eq!(members.reserve(), Reserved::Index(0));
    members.abort_all();
    assert!(!is_over(&members), "somebody is on the way");
    let task = Task::enlist(&members, 0, TaskKind::Async);
    assert!(task.is_stopped());
    cut_short(&members, &task);
    assert!(is_over(&members));
}

#[test]
fn the_owner_looks_again_at_an_abort() {
    let (members, _) = members(None);
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    assert!(members.poll_aborted(&mut cx).is_pending());
    let _node = join_async(&members);
    members.abort_all();
    assert_eq!(wakes.count(), 1);
    assert!(members.poll_aborted(&mut cx).is_ready());
}

#[test]
fn what_blocks_is_waited_for_until_the_abort_and_not_after() {
    let (members, _) = members(None);
    let task = join_async(&members);
    let blocking = join(&members, TaskKind::Blocking);
    members.close();
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    leave(&members, &task, Out::Now);
    assert!(members.poll_over(&mut cx).is_pending());
    members.abort_all();
    assert_eq!(wakes.count(), 1);
    assert!(members.poll_over(&mut cx).is_ready());
    assert_eq!(alive(&members).len(), 1);
    leave(&members, &blocking, Out::Now);
    assert_eq!(members.len(), 0);
}

/// A blocking task that ends after the abort is no longer counted as one that blocks.
#[test]
fn an_aborted_group_waits_for_tasks_beside_blocking_ones_that_ended() {
    let (members, _) = members(None);
    let task = join_async(&members);
    let blocking = join(&members, TaskKind::Blocking);
    members.abort_all();
    assert!(!is_over(&members));
    cut_short(&members, &blocking);
    assert!(
        !is_over(&members),
        "the other task has not been dropped yet"
    );
    cut_short(&members, &task);
    assert!(is_over(&members));
}

#[test]
fn an_aborted_group_is_over_while_several_block() {
    let (members, _) = members(None);
    let blocking = [(); 3].map(|()| join(&members, TaskKind::Blocking));
    members.abort_all();
    for node in &blocking {
        assert!(is_over(&members));
        leave(&members, node, Out::Never);
    }
    assert!(is_over(&members));
}

#[test]
fn giving_up_ends_the_wait() {
    let (members, _) = members(None);
    let node = join_async(&members);
    members.abort_all();
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    assert!(members.poll_over(&mut cx).is_pending());
    members.abandon();
    assert_eq!(wakes.count(), 1);
    assert!(members.poll_over(&mut cx).is_ready());
    assert_eq!(members.len(), 1);
    cut_short(&members, &node);
    assert_eq!(members.len(), 0);
}

#[test]
fn a_group_is_taken_in_until_the_end_and_waited_for() {
    let (members, _) = members(Some(1));
    let node = join_async(&members);
    assert!(members.adopt(), "a group that is open");
    members.close();
    assert!(members.adopt(), "a group that has a task");
    leave(&members, &node, Out::Now);
    assert!(members.adopt(), "a group that waits for another");
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    for _ in 0..3 {
        assert!(members.poll_over(&mut cx).is_pending());
        assert_eq!(wakes.count(), 0);
        members.adopted_ended();
    }
    assert_eq!(wakes.count(), 1);
    assert!(members.poll_over(&mut cx).is_ready());
    assert!(!members.adopt(), "a group that has ended");
    assert_eq!(members.len(), 0);
}

#[test]
fn a_group_that_is_taken_in_has_no_seat() {
    let (members, _) = members(Some(1));
    assert!(members.adopt());
    let node = join_async(&members);
    assert_eq!(members.reserve(), Reserved::Full);
    leave(&members, &node, Out::Now);
    members.adopted_ended();
}

#[test]
fn the_foster_is_told_once_by_the_last() {
    let (members, _) = members(None);
    let nodes = [join_async(&members), join_async(&members)];
    let foster = Arc::new(Around::default());
    members.close();
    assert!(members.entrust(foster.clone()).is_ok());
    members.retire();
    leave(&members, &nodes[0], Out::Now);
    assert_eq!(foster.ended(), 0);
    assert!(members.adopt(), "it is still waited for");
    leave(&members, &nodes[1], Out::Now);
    assert_eq!(foster.ended(), 0);
    members.adopted_ended();
    assert_eq!(foster.ended(), 1);
    assert_eq!(Arc::strong_count(&foster), 1);
}

#[test]
fn a_foster_that_comes_too_late_is_handed_back() {
    let (members, _) = members(None);
    let node = join_async(&members);
    members.close();
    leave(&members, &node, Out::Now);
    let foster = Arc::new(Around::default());
    assert!(members.entrust(foster.clone()).is_err());
    assert_eq!((foster.ended(), Arc::strong_count(&foster)), (0, 1));
}

#[test]
fn the_foster_of_an_abandoned_group_is_told_when_the_last_leaves_and_not_before() {
    let (members, _) = members(None);
    let nodes = [join_async(&members), join(&members, TaskKind::Blocking)];
    let foster = Arc::new(Around::default());
    members.abort_all();
    members.abandon();
    assert!(is_over(&members));
    assert!(verdicts(&members).is_some());
    assert!(members.entrust(foster.clone()).is_ok());
    members.retire();
    leave(&members, &nodes[0], Out::Now);
    assert_eq!(foster.ended(), 0);
    leave(&members, &nodes[1], Out::Now);
    assert_eq!(foster.ended(), 1);
}

#[test]
fn a_retired_group_keeps_nothing_of_those_who_leave() {
    let (members, seen) = members(None);
    let nodes = [(); 3].map(|()| join_async(&members));
    leave(&members, &nodes[0], Out::Later);
    members.close();
    assert_eq!(seen.count(), 2);
    members.retire();
    // The policy is gone, and what it had not judged.
    assert_eq!(seen.count(), 1);
    leave(&members, &nodes[1], Out::Later);
    cut_short(&members, &nodes[2]);
    assert!(Task::is_let_go(nodes));
    assert_eq!(members.len(), 0);
    assert!(seen.all().is_empty());
}

/// What panics when it is woken.
struct Shy;

impl std::task::Wake for Shy {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("a shy waker"));
    }
}

fn panics(work: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_from_being_told() {
    for ends in [Out::Now, Out::Later, Out::Never] {
        let (members, _) = members(None);
        let node = join_async(&members);
        let foster = Arc::new(Around::default());
        let shy = std::task::Waker::from(Arc::new(Shy));
        let (wakes, waker) = Wakes::new();
        let mut shy_over = Box::pin(members.over());
        let mut over = Box::pin(members.over());
        let mut shy_cx = Context::from_waker(&shy);
        assert!(members.poll_over(&mut shy_cx).is_pending());
        assert!(shy_over.as_mut().poll(&mut shy_cx).is_pending());
        assert!(
            over.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        members.close();
        assert!(members.entrust(foster.clone()).is_ok());
        assert!(panics(|| leave(&members, &node, ends)));
        assert_eq!((foster.ended(), wakes.count()), (1, 1));
        assert!(is_over(&members));
    }
}

#[test]
fn a_waker_that_panics_keeps_no_task_from_being_aborted() {
    let (members, _) = members(None);
    let tasks = [join_async(&members), join_async(&members)];
    let shy = std::task::Waker::from(Arc::new(Shy));
    let mut cx = Context::from_waker(&shy);
    assert!(members.poll_over(&mut cx).is_pending());
    assert!(panics(|| members.abort_all()));
    assert!(tasks.iter().all(|task| task.is_stopped()));
}

/// The owner waits for the next end, and is told of it before the group's own is looked for.
#[test]
fn an_owner_that_panics_at_the_next_end_keeps_the_foster() {
    let (members, _) = members(None);
    let node = join_async(&members);
    let foster = Arc::new(Around::default());
    let shy = std::task::Waker::from(Arc::new(Shy));
    let mut cx = Context::from_waker(&shy);
    let next = members.poll_policy(&mut cx, |_, none_left| none_left.then_some(()));
    assert!(next.is_pending());
    members.close();
    assert!(members.entrust(foster.clone()).is_ok());
    assert!(panics(|| leave(&members, &node, Out::Now)));
    assert_eq!(foster.ended(), 1);
}
