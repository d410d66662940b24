//! The policy: when it is asked, in which order, by whom, and what if it panics.

use super::*;

#[test]
fn what_cannot_wait_is_judged_at_once_and_the_rest_in_the_end() {
    let (members, seen) = members(None);
    let nodes = [(); 5].map(|()| join_async(&members));
    leave(&members, &nodes[3], Out::Later);
    leave(&members, &nodes[1], Out::Never);
    cut_short(&members, &nodes[4]);
    assert!(seen.all().is_empty());
    leave(&members, &nodes[0], Out::Now);
    assert_eq!(seen.all(), [0]);
    leave(&members, &nodes[2], Out::Later);
    assert_eq!(seen.all(), [0]);
    members.close();
    assert!(verdicts(&members).unwrap().policy.is_ok());
    assert_eq!(seen.all(), [0, 3, 4, 2]);
}

#[test]
fn so_many_that_can_wait_are_judged_together() {
    let (members, seen) = members(None);
    for index in 0..2 * BATCH {
        assert_eq!(seen.all().len(), index / BATCH * BATCH);
        let node = join_async(&members);
        leave(&members, &node, Out::Later);
    }
    assert_eq!(seen.all(), (0..2 * BATCH).collect::<Vec<_>>());
}

#[test]
fn a_handed_output_is_not_judged() {
    let (members, seen) = members(None);
    let node = join_async(&members);
    end(&members, &node, End::Handed, || {
        panic!("nobody is cancelled")
    });
    members.close();
    assert!(verdicts(&members).unwrap().policy.is_ok());
    assert!(seen.all().is_empty());
}

#[test]
fn the_rest_is_cancelled_while_the_judge_still_counts() {
    let (members, seen) = members(None);
    let nodes = [(); 3].map(|()| join_async(&members));
    let cancelled = std::cell::Cell::new(0);
    end(&members, &nodes[0], returned(Out::Fatal), || {
        cancelled.set(cancelled.get() + 1);
        assert_eq!(members.len(), 3);
        members.abort_all();
        // Those who leave meanwhile find the judge gone; it comes for their ends before it is put back.
        leave(&members, &nodes[1], Out::Now);
        leave(&members, &nodes[2], Out::Now);
        assert_eq!(seen.all(), [0]);
        assert!(!is_over(&members));
    });
    assert_eq!(cancelled.get(), 1);
    assert!(is_over(&members));
    assert_eq!(seen.all(), [0, 1, 2]);
    assert_eq!(
        verdicts(&members).unwrap().failures.take().unwrap().kept(),
        1
    );
}

#[test]
fn a_policy_that_panics_is_asked_no_more_and_the_rest_cancelled() {
    let (members, seen) = members(None);
    let nodes = [(); 3].map(|()| join_async(&members));
    let cancelled = std::cell::Cell::new(0);
    let cancel = || cancelled.set(cancelled.get() + 1);
    end(&members, &nodes[0], returned(Out::Breaks), cancel);
    end(&members, &nodes[1], returned(Out::Breaks), cancel);
    end(&members, &nodes[2], returned(Out::Fatal), cancel);
    assert_eq!(cancelled.get(), 1);
    assert_eq!(seen.all(), [0]);
    members.close();
    assert!(is_over(&members));
    let payload = verdicts(&members).unwrap().policy.unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"a broken policy"));
}

/// It goes while somebody judges: here, while that somebody cancels the rest.
#[test]
fn a_judge_whose_owner_has_gone_is_let_go() {
    let (members, seen) = members(None);
    let nodes = [(); 3].map(|()| join_async(&members));
    end(&members, &nodes[0], returned(Out::Fatal), || {
        members.retire();
        leave(&members, &nodes[1], Out::Now);
    });
    assert_eq!(seen.count(), 1, "the policy has gone");
    leave(&members, &nodes[2], Out::Now);
    assert_eq!((seen.all(), members.len()), (vec![0], 0));
    assert_eq!(members.tally().unjudged, 2);
}

/// Triage runs in the task that ends, before anything else: a panic of it is the policy's.
#[test]
fn a_triage_that_panics_is_a_policy_that_panics() {
    let (members, seen) = members(None);
    let nodes = [(); 2].map(|()| join_async(&members));
    let cancelled = std::cell::Cell::new(0);
    let cancel = || cancelled.set(cancelled.get() + 1);
    end(&members, &nodes[0], returned(Out::BreaksTriage), cancel);
    assert_eq!(cancelled.get(), 1);
    end(&members, &nodes[1], returned(Out::Now), cancel);
    members.close();
    assert!(is_over(&members), "the task has left");
    let payload = verdicts(&members).unwrap().policy.unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"a broken triage"));
    assert!(seen.all().is_empty());
}

#[test]
fn an_output_whose_destructor_panics_keeps_nobody_waiting() {
    let (members, _) = members(Some(1));
    let node = join_async(&members);
    members.close();
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    assert!(members.poll_over(&mut cx).is_pending());
    let bomb = returned(Out::BreaksDrop(crate::testing::Bomb));
    let left = || end(&members, &node, bomb, || panic!("nobody is cancelled"));
    // Whether the panic goes on in the task or not, the task has left.
    let _ = catch_unwind(AssertUnwindSafe(left));
    assert_eq!(wakes.count(), 1);
    assert!(members.poll_over(&mut cx).is_ready());
}

/// How [`AsCompleted`](crate::AsCompleted) reads.
#[test]
fn the_owner_is_shown_every_end_and_that_there_is_none() {
    let (members, seen) = members(None);
    let nodes = [(); 3].map(|()| join_async(&members));
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    let mut shown = 0;
    let mut poll = || {
        let polled =
            members.poll_policy(&mut cx, |policy, none_left| match policy.all().get(shown) {
                None if none_left => Some(None),
                next => next.map(|index| Some(*index)),
            });
        shown += usize::from(matches!(polled, Poll::Ready(Some(_))));
        polled
    };
    assert!(poll().is_pending());
    leave(&members, &nodes[2], Out::Now);
    assert_eq!(wakes.count(), 1);
    leave(&members, &nodes[1], Out::Now);
    assert_eq!(poll(), Poll::Ready(Some(2)));
    assert_eq!(poll(), Poll::Ready(Some(1)));
    assert!(poll().is_pending());
    // The last one has nothing to tell, and the group is open.
    end(&members, &nodes[0], End::Handed, || {});
    assert_eq!(wakes.count(), 2);
    assert_eq!(poll(), Poll::Ready(None));
    assert_eq!(seen.all(), [2, 1]);
}

/// A group that gave up may be joined while somebody it left behind has its policy.
#[test]
fn a_group_that_gave_up_waits_for_its_judge() {
    let (members, seen) = members(None);
    let nodes = [(); 2].map(|()| join_async(&members));
    members.abort_all();
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    end(&members, &nodes[0], returned(Out::Fatal), || {
        members.abandon();
        assert!(is_over(&members));
        let mut cx = Context::from_waker(&waker);
        assert!(members.poll_verdicts(&mut cx).is_pending());
    });
    assert_eq!(wakes.count(), 1);
    assert!(members.poll_verdicts(&mut cx).is_ready());
    assert_eq!(seen.all(), [0]);
    // The one left behind is judged no more.
    leave(&members, &nodes[1], Out::Now);
    assert_eq!((seen.all(), members.len()), (vec![0], 0));
}
