//! What is not OTP's: back-off, starts with a limit or called off, and what cannot be aborted.

use std::time::Duration;

use aqueduct_resilience::{Backoff, Jitter};

use crate::decide::tests::desk::{Desk, child, millis, patient, plan, secs, task};
use crate::decide::{
    Cause, EventKind, ExitClass, Outcome, StartChildError, StartFailure, TerminateChildError,
};
use crate::spec::{ChildPolicy, Plan, Restart, Shutdown, Strategy};

impl ChildPolicy {
    fn after(self, base: Duration) -> Self {
        let backoff = Backoff::exponential(base).with_jitter(Jitter::None);
        Self {
            backoff: Some(backoff),
            ..self
        }
    }

    fn starts_within(self, limit: Duration) -> Self {
        Self {
            start_timeout: Some(limit),
            ..self
        }
    }
}

fn left(desk: &Desk) -> Vec<String> {
    let verdict = desk.verdict.as_ref().expect("it has ended");
    let ids = verdict.unresponsive.iter();
    ids.map(|child| child.id.to_string()).collect()
}

fn cause(desk: &Desk) -> &Cause {
    &desk.verdict.as_ref().expect("it has ended").cause
}

#[test]
fn a_back_off_delays_each_try_and_counts_it_when_it_is_made() {
    let mut plan = plan(Strategy::OneForOne);
    plan.intensity.restarts = 2;
    let mut desk = Desk::begun(plan, vec![child("a").after(secs(1))]);
    assert_eq!(desk.crash("a"), "a restarts");
    assert!(desk.has_event("a", EventKind::Restarting { after: secs(1) }));
    assert_eq!(desk.shown(), "a Restarting");
    assert_eq!(desk.alarm, Some(secs(1)));
    assert_eq!(desk.ring(), "start a");
    assert_eq!(desk.crash("a"), "a restarts");
    assert_eq!(desk.alarm, Some(secs(3)));
    assert_eq!(desk.ring(), "start a");
    assert_eq!(desk.crash("a"), "a restarts");
    // At 7 s the tries at 1 s and 3 s: the first is 6 s old, and does not count.
    assert_eq!(desk.ring(), "start a");
    assert_eq!(desk.now, secs(7));
}

#[test]
fn a_back_off_begins_anew_after_a_run_as_long_as_the_period() {
    let mut desk = Desk::begun(patient(Strategy::OneForOne), vec![task("a").after(secs(1))]);
    desk.crash("a");
    desk.ring();
    // It ran for almost the period.
    desk.now += millis(4999);
    desk.crash("a");
    assert_eq!(desk.alarm, Some(desk.now + secs(2)));
    desk.ring();
    desk.now += secs(5);
    desk.crash("a");
    assert_eq!(desk.alarm, Some(desk.now + secs(1)));
}

#[test]
fn a_back_off_begins_anew_with_restart_child() {
    let children = vec![task("a").after(secs(1))];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.crash("a");
    desk.terminate("a");
    desk.restart("a");
    desk.crash("a");
    assert_eq!(desk.alarm, Some(secs(1)));
}

#[test]
fn a_try_that_was_called_off_is_not_made_though_another_is_due() {
    let children = vec![task("a").after(millis(1200)), task("b").after(secs(1))];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.crash("a");
    desk.crash("b");
    desk.terminate("a");
    desk.restart("a");
    desk.now = millis(100);
    desk.crash("a");
    assert_eq!(desk.alarm, Some(secs(1)));
    // The alarm is late. The try of `a` that was called off would be due, the one that was not is not.
    desk.now = millis(1250);
    assert_eq!(desk.ring(), "start b");
    assert_eq!(desk.alarm, Some(millis(1300)));
    assert_eq!(desk.ring(), "start a");
}

#[test]
fn with_a_back_off_a_group_is_stopped_at_once_and_started_when_it_is_over() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let children = vec![task("a").after(secs(1)), task("b")];
        let mut desk = Desk::begun(patient(strategy), children);
        assert_eq!(desk.crash("a"), "a restarts, ask b");
        assert_eq!(desk.exit("b", ExitClass::Shutdown), "b restarts");
        assert_eq!(desk.shown(), "b Resting, a Restarting");
        assert_eq!(desk.ring(), "start a, start b");
    }
}

#[test]
fn a_back_off_that_was_called_off_does_not_ring() {
    let children = vec![task("a").after(secs(1)), task("b").after(secs(2))];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.crash("a");
    desk.crash("b");
    assert_eq!(desk.terminate("a"), "a rests, reply");
    assert_eq!(desk.alarm, Some(secs(2)));
    assert_eq!(desk.restart("a"), "start a, reply");
    assert_eq!(desk.ring(), "start b");
    assert_eq!(desk.alarm, None);
}

#[test]
fn a_stop_gets_in_between_two_tries() {
    let children = vec![child("a"), task("b").after(secs(9))];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.crash("b");
    desk.crash("a");
    desk.crash("a");
    assert_eq!(desk.stop(), "b gone, ask a");
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
    assert_eq!(
        desk.alarm,
        Some(secs(5)),
        "the limit, and with the end nothing"
    );
}

#[test]
fn a_stop_calls_a_start_off() {
    let children = vec![task("a"), child("b")];
    let mut desk = Desk::new(plan(Strategy::OneForOne), children);
    desk.begin();
    desk.start_child(task("c"));
    assert_eq!(desk.stop(), "refused, ask b");
    // That it is ready, or has failed to start, is of no matter any more.
    assert_eq!(desk.ready("b"), "");
    assert_eq!(desk.crash("b"), "b gone, ask a");
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
    assert_eq!(*cause(&desk), Cause::Stopped);
}

#[test]
fn a_stop_amid_start_child_refuses_it_and_stops_the_child_in_its_place() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![task("a")]);
    desk.start_child(child("b"));
    assert_eq!(desk.stop(), "refused, ask b");
    assert_eq!(desk.exit("b", ExitClass::Shutdown), "b gone, ask a");
}

#[test]
fn a_stop_amid_the_restart_of_a_group_finishes_the_one_that_is_being_stopped() {
    let children = vec![task("a"), task("b"), task("c")];
    let mut desk = Desk::begun(patient(Strategy::OneForAll), children);
    desk.crash("c");
    assert_eq!(desk.stop(), "");
    assert_eq!(desk.exit("b", ExitClass::Shutdown), "b gone, c gone, ask a");
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
}

#[test]
fn a_start_that_takes_too_long_is_aborted_and_has_failed() {
    let children = vec![child("a").starts_within(secs(2))];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.crash("a");
    assert_eq!(desk.ring(), "abort a");
    assert_eq!(desk.now, secs(2));
    // Ready is too late now.
    assert_eq!(desk.ready("a"), "");
    assert_eq!(desk.crash("a"), "a restarts, start a");
    let timed_out = EventKind::StartFailed(StartFailure::TimedOut);
    assert!(desk.has_event("a", timed_out));
}

#[test]
fn start_child_that_cannot_be_aborted_is_there_until_it_ends() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![]);
    desk.start_child(child("a").starts_within(secs(2)));
    desk.ring();
    assert_eq!(desk.ring(), "reply");
    let (key, run) = desk.run("a");
    let why = StartFailure::Unresponsive;
    assert_eq!(
        *desk.answer(),
        Outcome::Start(Err(StartChildError::Failed { key, run, why }))
    );
    desk.start_child(child("a"));
    let started = StartChildError::AlreadyStarted(key);
    assert_eq!(*desk.answer(), Outcome::Start(Err(started)));
    assert_eq!(desk.crash("a"), "a gone, forget a");
    assert_eq!(desk.start_child(child("a")), "start a");
}

#[test]
fn terminate_child_of_one_that_cannot_be_aborted_says_so_and_holds_when_it_ends() {
    for (restart, settled) in [
        (Restart::Permanent, "a rests"),
        (Restart::Temporary, "a gone, forget a"),
    ] {
        let children = vec![task("a").with(restart)];
        let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
        desk.terminate("a");
        assert_eq!(desk.ring(), "abort a");
        assert_eq!(desk.now, secs(5));
        assert_eq!(desk.ring(), "reply");
        assert_eq!(desk.now, secs(6));
        let unresponsive = TerminateChildError::Unresponsive(desk.key("a"));
        assert_eq!(*desk.answer(), Outcome::Terminate(Err(unresponsive)));
        assert!(desk.has_event("a", EventKind::Unresponsive));
        // It is shown as what it is, and cannot be started again.
        assert_eq!(desk.shown(), "a Running(1)");
        assert_eq!(desk.counted(), [1, 1, 0, 1]);
        assert_eq!(desk.restart("a"), "reply");
        assert_eq!(desk.terminate("a"), "reply");
        assert_eq!(desk.crash("a"), settled);
    }
}

#[test]
fn a_stop_does_not_wait_for_what_cannot_be_aborted_and_names_it() {
    let children = vec![task("a").stops(Shutdown::Brutal), task("b")];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    desk.stop();
    assert_eq!(desk.ring(), "abort b");
    assert_eq!(desk.ring(), "abort a");
    // The second was not waited for as long, and is now.
    assert_eq!(desk.ring(), "");
    assert_eq!(desk.ring(), "end");
    assert_eq!(*cause(&desk), Cause::Stopped);
    assert_eq!(left(&desk), ["b", "a"]);
}

/// Patience with each would be a day with a hundred thousand.
#[test]
fn patience_with_those_that_cannot_be_aborted_does_not_add_up() {
    for shutdown in [Shutdown::Brutal, Shutdown::Within(millis(1))] {
        let children = 1000;
        let names = (0..children).map(|n| format!("c{n}"));
        let all = names.clone().map(|name| task(&name).stops(shutdown));
        let mut desk = Desk::begun(plan(Strategy::OneForOne), all.collect());
        desk.stop();
        while desk.verdict.is_none() {
            desk.ring();
        }
        let limits = match shutdown {
            Shutdown::Within(limit) => limit * children,
            _ => secs(0),
        };
        let patience = desk.now - limits;
        assert!(patience < millis(2500), "{patience:?}");
        assert_eq!(left(&desk), Vec::from_iter(names.rev()));
        let gave_up = |(_, kind): &&(_, EventKind)| *kind == EventKind::Unresponsive;
        assert_eq!(desk.events.iter().filter(gave_up).count(), 1000);
    }
}

/// Nor with the one with which it had patience already, or for which it ends.
#[test]
fn patience_before_the_end_does_not_add_up_with_that_in_the_end() {
    use Strategy::{OneForAll, OneForOne};
    // The last one takes too long to start again.
    let last = || child("x").starts_within(millis(1)).stops(Shutdown::Brutal);
    let crash = |desk: &mut Desk| drop(desk.crash("c0"));
    type Begin = fn(&mut Desk);
    let cases: [(_, _, Begin, _); 5] = [
        ("a group that cannot be restarted", OneForAll, crash, false),
        ("a group amid its restart", OneForAll, crash, true),
        (
            "one that is terminated",
            OneForOne,
            |desk| drop(desk.terminate("c0")),
            true,
        ),
        (
            "a restart that hangs",
            OneForOne,
            |desk| drop(desk.crash("x")),
            false,
        ),
        (
            "a start that hangs",
            OneForOne,
            |desk| {
                desk.start_child(child("y").starts_within(millis(1)));
                desk.ring();
            },
            true,
        ),
    ];
    for (what, strategy, begin, stops) in cases {
        let all = (0..1000).map(|n| task(&format!("c{n}")).stops(Shutdown::Brutal));
        let mut desk = Desk::begun(patient(strategy), all.chain([last()]).collect());
        begin(&mut desk);
        if stops {
            desk.stop();
        }
        while desk.verdict.is_none() {
            desk.ring();
        }
        assert!(desk.now < millis(2500), "{what}: {:?}", desk.now);
    }
}

/// What was given up long ago takes nothing from the others.
#[test]
fn patience_that_was_at_an_end_before_is_whole_again_in_the_end() {
    let children = ["a", "b"].map(|id| task(id).stops(Shutdown::Brutal));
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children.to_vec());
    desk.terminate("b");
    assert_eq!(desk.ring(), "reply");
    assert_eq!(desk.stop(), "abort a");
    assert_eq!(desk.ring(), "end");
    assert_eq!(desk.now, secs(2));
}

/// Who can be aborted has ended before the next is told, and is not named.
#[test]
fn one_that_cannot_be_aborted_does_not_spoil_the_order_of_others() {
    let children = ["a", "b", "c", "d", "e"].map(|id| task(id).stops(Shutdown::Brutal));
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children.to_vec());
    assert_eq!(desk.stop(), "abort e");
    assert_eq!(desk.ring(), "abort d");
    assert_eq!(desk.crash("d"), "d gone, abort c");
    assert_eq!(desk.ring(), "abort b");
    assert_eq!(desk.now, millis(1250));
    // It was not waited for as long as the first, and is with the others.
    assert_eq!(desk.crash("b"), "b gone, abort a");
    assert_eq!(desk.crash("a"), "a gone");
    assert_eq!(desk.crash("c"), "c gone, end");
    assert_eq!(left(&desk), ["e"]);
}

#[test]
fn one_that_ends_after_all_before_the_supervisor_is_not_named() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![task("a"), task("b")]);
    desk.stop();
    desk.ring();
    assert_eq!(desk.ring(), "ask a");
    assert_eq!(desk.crash("b"), "b gone");
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
    assert_eq!(left(&desk), [""; 0]);
}

#[test]
fn one_that_cannot_be_aborted_is_never_replaced_and_the_supervisor_ends() {
    let children = vec![task("a"), task("b")];
    let mut desk = Desk::begun(patient(Strategy::OneForAll), children);
    assert_eq!(desk.crash("a"), "a restarts, ask b");
    desk.ring();
    assert_eq!(desk.ring(), "a gone, end");
    assert!(desk.has_event("b", EventKind::Escalated));
    assert!(matches!(cause(&desk), Cause::Unresponsive(child) if child.id.as_str() == "b"));
    assert_eq!(left(&desk), ["b"]);
}

#[test]
fn a_restart_whose_group_has_one_that_cannot_be_aborted_ends_the_supervisor() {
    let children = vec![task("a"), task("b")];
    let mut desk = Desk::begun(patient(Strategy::OneForAll), children);
    desk.terminate("b");
    desk.ring();
    desk.ring();
    assert_eq!(desk.crash("a"), "a restarts, a gone, end");
    assert_eq!(left(&desk), ["b"]);
}

#[test]
fn a_restart_whose_start_cannot_be_aborted_ends_the_supervisor() {
    let children = vec![child("a").starts_within(secs(1)), task("b")];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.crash("a");
    desk.ring();
    assert_eq!(desk.ring(), "ask b");
    assert_eq!(desk.exit("b", ExitClass::Shutdown), "b gone, end");
    assert!(matches!(cause(&desk), Cause::Unresponsive(child) if child.id.as_str() == "a"));
}

#[test]
fn a_dynamic_supervisor_gives_up_all_that_cannot_be_aborted_at_a_time() {
    let patience = Plan {
        abort_patience: secs(2),
        ..plan(Strategy::Dynamic)
    };
    let mut desk = Desk::begun(patience, vec![]);
    desk.start_child(task("a").stops(Shutdown::Brutal));
    desk.start_child(task("b"));
    desk.start_child(task("c"));
    assert_eq!(desk.stop(), "ask c, ask b, abort a");
    assert_eq!(desk.ring(), "");
    assert_eq!(desk.now, secs(2));
    assert_eq!(desk.ring(), "abort c, abort b");
    assert_eq!(desk.exit("b", ExitClass::Abnormal), "b gone");
    assert_eq!(desk.ring(), "end");
    assert_eq!(desk.now, secs(7));
    assert_eq!(left(&desk), ["c", "a"]);
}

#[test]
fn a_stop_before_the_beginning_ends_at_once() {
    let mut desk = Desk::new(plan(Strategy::OneForOne), vec![task("a")]);
    assert_eq!(desk.stop(), "end");
    assert_eq!(desk.begin(), "");
    assert_eq!(desk.terminate("a"), "refused");
}
