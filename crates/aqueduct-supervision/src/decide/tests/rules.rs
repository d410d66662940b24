//! A test a rule of OTP's supervisors, in the order of the rules; then what differs, and what OTP leaves open.

mod calls;
mod differences;
mod restarts;
mod stops;

use super::desk::{Desk, child, patient, plan, task};
use crate::decide::{Cause, EventKind, ExitClass, StartFailure};
use crate::spec::{Restart, Strategy};

#[test]
fn rule_1_children_start_in_order_and_each_acknowledges() {
    let children = vec![child("a"), task("b"), child("c"), task("d")];
    let mut desk = Desk::new(plan(Strategy::OneForOne), children);
    assert_eq!(desk.begin(), "start a");
    assert_eq!(desk.ready("a"), "start b, start c");
    assert!(!desk.has_event("", EventKind::Ready));
    assert_eq!(desk.ready("c"), "start d");
    assert!(desk.has_event("", EventKind::Ready));
}

#[test]
fn rule_1_a_failure_to_start_stops_those_before_it_in_reverse() {
    let children = vec![child("a"), child("b"), child("c"), child("d")];
    let mut desk = Desk::new(plan(Strategy::OneForOne), children);
    desk.begin();
    desk.ready("a");
    desk.ready("b");
    assert_eq!(desk.crash("c"), "c gone, ask b");
    assert_eq!(desk.exit("b", ExitClass::Shutdown), "b gone, ask a");
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
    let Some(Cause::FailedToStart { child, why }) = desk.verdict.map(|verdict| verdict.cause)
    else {
        panic!("it failed to start");
    };
    assert_eq!((child.id.as_str(), why), ("c", StartFailure::Exited));
}

#[test]
fn rule_1_an_end_with_shutdown_before_it_is_ready_is_a_failure_to_start() {
    let mut desk = Desk::new(plan(Strategy::OneForOne), vec![child("a")]);
    desk.begin();
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
}

#[test]
fn rule_1_ignore_keeps_the_spec_without_a_process() {
    let children = vec![child("a"), child("b").with(Restart::Transient), child("c")];
    let mut desk = Desk::new(plan(Strategy::OneForOne), children);
    desk.begin();
    assert_eq!(desk.exit("a", ExitClass::Normal), "a rests, start b");
    assert_eq!(desk.exit("b", ExitClass::Normal), "b rests, start c");
    desk.ready("c");
    assert_eq!(desk.shown(), "c Running(1), b Resting, a Resting");
    assert_eq!(desk.counted(), [3, 1, 0, 3]);
    assert!(desk.has_event("a", EventKind::Ignored));
}

#[test]
fn rule_1_ignore_drops_a_temporary_child() {
    let children = vec![child("a").with(Restart::Temporary), child("b")];
    let mut desk = Desk::new(plan(Strategy::OneForOne), children);
    desk.begin();
    assert_eq!(
        desk.exit("a", ExitClass::Normal),
        "a gone, forget a, start b"
    );
    desk.ready("b");
    assert_eq!(desk.shown(), "b Running(1)");
}

#[test]
fn rule_1_calls_and_exits_amid_the_start_wait_until_all_have_started() {
    let children = vec![child("a"), child("b")];
    let mut desk = Desk::new(patient(Strategy::OneForOne), children);
    desk.begin();
    desk.ready("a");
    assert_eq!(desk.terminate("nobody"), "");
    assert_eq!(desk.crash("a"), "");
    assert_eq!(desk.ready("b"), "reply, a restarts, start a");
}

#[test]
fn rule_2_a_permanent_child_is_restarted_however_it_ended() {
    for class in [ExitClass::Normal, ExitClass::Shutdown, ExitClass::Abnormal] {
        let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![child("a")]);
        assert_eq!(desk.exit("a", class), "a restarts, start a");
        assert_eq!(desk.run("a").1, 2);
    }
}

#[test]
fn rule_2_a_transient_child_is_restarted_unless_it_ended_in_order() {
    let children = || vec![task("a").with(Restart::Transient)];
    for class in [ExitClass::Normal, ExitClass::Shutdown] {
        let mut desk = Desk::begun(plan(Strategy::OneForOne), children());
        assert_eq!(desk.exit("a", class), "a rests");
        assert_eq!(desk.shown(), "a Resting");
    }
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children());
    assert_eq!(desk.crash("a"), "a restarts, start a");
}

#[test]
fn rule_2_a_temporary_child_is_never_restarted_and_its_spec_goes() {
    for class in [ExitClass::Normal, ExitClass::Shutdown, ExitClass::Abnormal] {
        let children = vec![task("a").with(Restart::Temporary), task("b")];
        let mut desk = Desk::begun(plan(Strategy::OneForAll), children);
        assert_eq!(desk.exit("a", class), "a gone, forget a");
        assert_eq!(desk.shown(), "b Running(1)");
    }
}
