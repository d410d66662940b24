use crate::decide::tests::desk::{Desk, child, millis, patient, plan, secs, task};
use crate::decide::{Cause, EventKind, ExitClass};
use crate::spec::{Intensity, Plan, Restart, Strategy};

fn with_intensity(restarts: u32, strategy: Strategy) -> Plan {
    Plan {
        intensity: Intensity {
            restarts,
            period: secs(5),
        },
        ..plan(strategy)
    }
}

fn ended_for_intensity(desk: &Desk, of: &str) {
    let Some(Cause::Intensity(child)) = desk.verdict.as_ref().map(|verdict| &verdict.cause) else {
        panic!("{:?}", desk.verdict);
    };
    assert_eq!(child.id.as_str(), of);
}

#[test]
fn rule_3_one_restart_more_than_the_intensity_stops_all_in_reverse_and_ends() {
    let children = vec![task("a"), task("b"), task("c")];
    let mut desk = Desk::begun(with_intensity(2, Strategy::OneForOne), children);
    assert_eq!(desk.crash("a"), "a restarts, start a");
    assert_eq!(desk.crash("b"), "b restarts, start b");
    // One list for all of them.
    assert_eq!(desk.crash("b"), "b gone, ask c");
    assert!(desk.has_event("b", EventKind::Escalated));
    assert_eq!(desk.exit("c", ExitClass::Shutdown), "c gone, ask a");
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
    ended_for_intensity(&desk, "b");
}

#[test]
fn rule_3_a_restart_counts_for_the_period_and_no_longer() {
    let mut desk = Desk::begun(with_intensity(1, Strategy::OneForOne), vec![task("a")]);
    desk.crash("a");
    desk.now = secs(5) + millis(1);
    assert_eq!(desk.crash("a"), "a restarts, start a");
    // And it slides: the second still counts, the first does not.
    desk.now = secs(10);
    assert_eq!(desk.crash("a"), "a gone, end");
    ended_for_intensity(&desk, "a");
}

#[test]
fn rule_3_the_end_of_the_period_is_in_it() {
    let mut desk = Desk::begun(with_intensity(1, Strategy::OneForOne), vec![task("a")]);
    desk.crash("a");
    desk.now = secs(5);
    assert_eq!(desk.crash("a"), "a gone, end");
}

#[test]
fn rule_3_with_intensity_0_the_first_restart_ends_the_supervisor() {
    for strategy in [
        Strategy::OneForOne,
        Strategy::OneForAll,
        Strategy::RestForOne,
    ] {
        let mut desk = Desk::begun(with_intensity(0, strategy), vec![task("a")]);
        assert_eq!(desk.crash("a"), "a gone, end");
        ended_for_intensity(&desk, "a");
    }
}

#[test]
fn rule_3_each_failed_try_counts() {
    let mut desk = Desk::begun(with_intensity(3, Strategy::OneForOne), vec![child("a")]);
    assert_eq!(desk.crash("a"), "a restarts, start a");
    assert_eq!(desk.crash("a"), "a restarts, start a");
    assert_eq!(desk.crash("a"), "a restarts, start a");
    assert_eq!(desk.crash("a"), "a restarts, a gone, end");
    ended_for_intensity(&desk, "a");
}

#[test]
fn rule_3_what_is_asked_for_does_not_count() {
    let mut desk = Desk::begun(with_intensity(0, Strategy::OneForOne), vec![task("a")]);
    for _ in 0..3 {
        desk.terminate("a");
        assert_eq!(desk.exit("a", ExitClass::Abnormal), "a rests, reply");
        assert_eq!(desk.restart("a"), "start a, reply");
    }
}

#[test]
fn rule_4_one_for_one_restarts_the_child_alone() {
    let children = vec![task("a"), task("b"), task("c")];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    assert_eq!(desk.crash("b"), "b restarts, start b");
}

#[test]
fn rule_4_one_for_all_stops_the_others_in_reverse_and_starts_all_in_order() {
    let children = vec![task("a"), task("b"), child("c")];
    let mut desk = Desk::begun(plan(Strategy::OneForAll), children);
    assert_eq!(desk.crash("b"), "b restarts, ask c");
    assert_eq!(desk.exit("c", ExitClass::Abnormal), "c restarts, ask a");
    assert_eq!(
        desk.exit("a", ExitClass::Shutdown),
        "a restarts, start a, start b, start c"
    );
    desk.ready("c");
    assert_eq!(desk.shown(), "c Running(2), b Running(2), a Running(2)");
}

#[test]
fn rule_4_rest_for_one_restarts_the_child_and_the_later_ones() {
    let children = vec![task("a"), task("b"), task("c"), task("d")];
    let mut desk = Desk::begun(plan(Strategy::RestForOne), children);
    assert_eq!(desk.crash("b"), "b restarts, ask d");
    assert_eq!(desk.exit("d", ExitClass::Shutdown), "d restarts, ask c");
    assert_eq!(
        desk.exit("c", ExitClass::Shutdown),
        "c restarts, start b, start c, start d"
    );
    assert_eq!(
        desk.shown(),
        "d Running(2), c Running(2), b Running(2), a Running(1)"
    );
}

#[test]
fn rule_4_temporary_siblings_are_stopped_and_removed() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let children = vec![task("a"), task("b").with(Restart::Temporary), task("c")];
        let mut desk = Desk::begun(plan(strategy), children);
        assert_eq!(desk.crash("a"), "a restarts, ask c");
        assert_eq!(desk.exit("c", ExitClass::Shutdown), "c restarts, ask b");
        assert_eq!(
            desk.exit("b", ExitClass::Shutdown),
            "b gone, forget b, start a, start c"
        );
    }
}

#[test]
fn rule_4_a_sibling_that_died_meanwhile_is_not_waited_for_and_does_not_count() {
    let children = vec![task("a"), task("b"), task("c")];
    let mut desk = Desk::begun(with_intensity(1, Strategy::OneForAll), children);
    assert_eq!(desk.crash("a"), "a restarts, ask c");
    assert_eq!(desk.crash("b"), "");
    assert_eq!(
        desk.exit("c", ExitClass::Shutdown),
        "c restarts, b restarts, start a, start b, start c"
    );
}

#[test]
fn rule_4_one_for_all_stops_those_again_that_it_had_started_when_a_later_one_failed() {
    let children = vec![task("a"), child("b"), task("c")];
    let mut desk = Desk::begun(patient(Strategy::OneForAll), children);
    desk.crash("a");
    desk.exit("c", ExitClass::Shutdown);
    assert_eq!(
        desk.exit("b", ExitClass::Shutdown),
        "b restarts, start a, start b"
    );
    assert_eq!(desk.crash("b"), "b restarts, ask a");
    assert_eq!(
        desk.exit("a", ExitClass::Shutdown),
        "a restarts, start a, start b"
    );
    assert_eq!(desk.ready("b"), "start c");
}

#[test]
fn rule_4_rest_for_one_resumes_from_the_one_that_failed() {
    let children = vec![task("a"), child("b"), task("c")];
    let mut desk = Desk::begun(patient(Strategy::RestForOne), children);
    desk.crash("a");
    desk.exit("c", ExitClass::Shutdown);
    assert_eq!(
        desk.exit("b", ExitClass::Shutdown),
        "b restarts, start a, start b"
    );
    assert_eq!(desk.crash("b"), "b restarts, start b");
    assert_eq!(desk.ready("b"), "start c");
}

#[test]
fn rule_4_calls_get_in_between_two_tries() {
    let children = vec![child("a"), task("b")];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    assert_eq!(desk.crash("a"), "a restarts, start a");
    assert_eq!(desk.restart("a"), "");
    assert_eq!(desk.delete("b"), "");
    // The failed try is followed by the calls that came amid it, and these by the next try.
    assert_eq!(desk.crash("a"), "a restarts, reply, reply, start a");
    assert_eq!(
        format!("{:?}", desk.answers[&1]),
        format!("Restart(Err(Restarting({:?})))", desk.key("a"))
    );
}

#[test]
fn rule_4_a_group_restart_starts_those_that_were_terminated() {
    let children = vec![task("a"), task("b")];
    let mut desk = Desk::begun(plan(Strategy::OneForAll), children);
    desk.terminate("b");
    desk.exit("b", ExitClass::Shutdown);
    assert_eq!(desk.crash("a"), "a restarts, start a, start b");
}
