use crate::decide::tests::desk::{Desk, child, millis, patient, plan, secs, task};
use crate::decide::{Cause, EventKind, ExitClass};
use crate::spec::{AutoShutdown, Plan, Restart, Shutdown, Strategy};

#[test]
fn rule_5_a_stop_is_in_reverse_one_after_the_other() {
    let children = vec![task("a"), task("b"), task("c")];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    assert_eq!(desk.stop(), "ask c");
    assert_eq!(desk.exit("c", ExitClass::Shutdown), "c gone, ask b");
    assert_eq!(desk.exit("b", ExitClass::Abnormal), "b gone, ask a");
    assert_eq!(desk.exit("a", ExitClass::Normal), "a gone, end");
    assert_eq!(
        desk.verdict.map(|verdict| verdict.cause),
        Some(Cause::Stopped)
    );
}

#[test]
fn rule_5_each_has_its_own_limit_and_is_aborted_then() {
    let children = vec![
        task("a").stops(Shutdown::Within(millis(300))),
        task("b").stops(Shutdown::Within(secs(2))),
    ];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    desk.stop();
    assert_eq!(desk.alarm, Some(secs(2)));
    assert_eq!(desk.ring(), "abort b");
    assert_eq!(desk.exit("b", ExitClass::Abnormal), "b gone, ask a");
    assert_eq!(desk.alarm, Some(secs(2) + millis(300)));
    assert_eq!(desk.ring(), "abort a");
    assert_eq!(desk.exit("a", ExitClass::Abnormal), "a gone, end");
}

#[test]
fn rule_5_an_alarm_that_comes_early_does_nothing() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![task("a")]);
    desk.stop();
    desk.now = millis(4999);
    assert_eq!(desk.input(crate::decide::Input::Alarm), "");
    assert_eq!(desk.ring(), "abort a");
}

#[test]
fn rule_5_brutal_kill_does_not_ask() {
    let children = vec![task("a").stops(Shutdown::Brutal)];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    assert_eq!(desk.stop(), "abort a");
    assert!(!desk.has_event("a", EventKind::Stopping));
    assert_eq!(desk.exit("a", ExitClass::Abnormal), "a gone, end");
}

#[test]
fn rule_5_infinity_waits() {
    let children = vec![task("a").stops(Shutdown::Infinity)];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    assert_eq!(desk.stop(), "ask a");
    assert_eq!(desk.alarm, None);
    desk.now = secs(1_000_000);
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
}

#[test]
fn rule_5_a_dynamic_supervisor_stops_all_at_a_time_with_one_limit() {
    let mut desk = Desk::begun(plan(Strategy::Dynamic), vec![]);
    for (id, limit) in [("a", secs(2)), ("b", secs(1)), ("c", secs(3))] {
        desk.start_child(task(id).stops(Shutdown::Within(limit)));
    }
    assert_eq!(desk.stop(), "ask c, ask b, ask a");
    assert_eq!(desk.exit("b", ExitClass::Shutdown), "b gone");
    assert_eq!(desk.alarm, Some(secs(3)));
    assert_eq!(desk.ring(), "abort c, abort a");
    assert_eq!(desk.exit("a", ExitClass::Abnormal), "a gone");
    assert_eq!(desk.exit("c", ExitClass::Abnormal), "c gone, end");
}

#[test]
fn rule_5_a_dynamic_supervisor_kills_the_brutal_and_waits_for_the_infinite() {
    let mut desk = Desk::begun(plan(Strategy::Dynamic), vec![]);
    desk.start_child(task("a").stops(Shutdown::Infinity));
    desk.start_child(task("b").stops(Shutdown::Brutal));
    desk.start_child(task("c").stops(Shutdown::Within(secs(1))));
    assert_eq!(desk.stop(), "ask c, abort b, ask a");
    desk.exit("b", ExitClass::Abnormal);
    assert_eq!(desk.ring(), "abort c");
    desk.exit("c", ExitClass::Abnormal);
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a gone, end");
}

fn auto(auto_shutdown: AutoShutdown, strategy: Strategy) -> Plan {
    Plan {
        auto_shutdown,
        ..patient(strategy)
    }
}

fn ended_for(desk: &Desk, of: &str) {
    let Some(Cause::AutoShutdown(child)) = desk.verdict.as_ref().map(|verdict| &verdict.cause)
    else {
        panic!("{:?}", desk.verdict);
    };
    assert_eq!(child.id.as_str(), of);
}

#[test]
fn rule_8_any_ends_at_the_first_significant_end() {
    for (restart, class, settled) in [
        (Restart::Transient, ExitClass::Normal, "a rests, "),
        (Restart::Transient, ExitClass::Shutdown, "a rests, "),
        (
            Restart::Temporary,
            ExitClass::Abnormal,
            "a gone, forget a, ",
        ),
    ] {
        let children = vec![
            task("a").with(restart).matters(),
            task("b").with(Restart::Transient).matters(),
        ];
        let mut desk = Desk::begun(auto(AutoShutdown::Any, Strategy::OneForOne), children);
        assert_eq!(desk.exit("a", class), format!("{settled}ask b"));
        assert!(desk.has_event("a", EventKind::AutoShutdown));
        assert_eq!(desk.exit("b", ExitClass::Shutdown), "b gone, end");
        ended_for(&desk, "a");
    }
}

#[test]
fn rule_8_all_ends_at_the_last_significant_end() {
    let children = vec![
        task("a").with(Restart::Transient).matters(),
        task("b").with(Restart::Temporary).matters(),
        task("c"),
    ];
    let mut desk = Desk::begun(auto(AutoShutdown::All, Strategy::OneForOne), children);
    assert_eq!(desk.exit("a", ExitClass::Normal), "a rests");
    assert_eq!(desk.crash("b"), "b gone, forget b, ask c");
    assert_eq!(desk.exit("c", ExitClass::Shutdown), "c gone, end");
    ended_for(&desk, "b");
}

#[test]
fn rule_8_all_waits_for_one_that_is_restarting() {
    let children = vec![
        child("a").with(Restart::Transient).matters(),
        task("b").with(Restart::Transient).matters(),
    ];
    let mut desk = Desk::begun(auto(AutoShutdown::All, Strategy::OneForOne), children);
    desk.crash("a");
    assert_eq!(desk.exit("b", ExitClass::Normal), "");
    assert_eq!(desk.crash("a"), "a restarts, b rests, start a");
    desk.ready("a");
    assert_eq!(desk.exit("a", ExitClass::Normal), "a rests, end");
}

#[test]
fn rule_8_an_end_that_is_restarted_is_none() {
    let children = vec![task("a").with(Restart::Transient).matters()];
    let mut desk = Desk::begun(auto(AutoShutdown::Any, Strategy::OneForOne), children);
    assert_eq!(desk.crash("a"), "a restarts, start a");
}

#[test]
fn rule_8_not_by_one_that_does_not_matter() {
    let children = vec![task("a").with(Restart::Transient)];
    let mut desk = Desk::begun(auto(AutoShutdown::Any, Strategy::OneForOne), children);
    assert_eq!(desk.exit("a", ExitClass::Normal), "a rests");
}

#[test]
fn rule_8_not_by_terminate_child() {
    for auto_shutdown in [AutoShutdown::Any, AutoShutdown::All] {
        let children = vec![task("a").with(Restart::Transient).matters()];
        let mut desk = Desk::begun(auto(auto_shutdown, Strategy::OneForOne), children);
        desk.terminate("a");
        assert_eq!(desk.exit("a", ExitClass::Shutdown), "a rests, reply");
    }
}

#[test]
fn rule_8_not_as_a_victim_of_a_sibling() {
    let children = vec![task("a"), task("b").with(Restart::Temporary).matters()];
    let mut desk = Desk::begun(auto(AutoShutdown::Any, Strategy::OneForAll), children);
    desk.crash("a");
    assert_eq!(
        desk.exit("b", ExitClass::Shutdown),
        "b gone, forget b, start a"
    );
}

#[test]
fn rule_8_significant_supervisors_cascade() {
    let ended = child("below").with(Restart::Transient).matters();
    let mut below = Desk::begun(
        auto(AutoShutdown::Any, Strategy::OneForOne),
        vec![task("a").with(Restart::Transient).matters()],
    );
    let mut above = Desk::begun(auto(AutoShutdown::Any, Strategy::OneForOne), vec![ended]);
    assert_eq!(below.exit("a", ExitClass::Normal), "a rests, end");
    // A supervisor that ends by itself does so with Shutdown.
    assert_eq!(above.exit("below", ExitClass::Shutdown), "below rests, end");
    ended_for(&above, "below");
}

#[test]
fn rule_9_the_end_itself_decides_whatever_comes_before_or_after() {
    let mut desk = Desk::begun(patient(Strategy::OneForOne), vec![task("a")]);
    let (key, run) = desk.run("a");
    let class = ExitClass::Abnormal;
    assert_eq!(desk.crash("a"), "a restarts, start a");
    // The same end again, and that of a run that never was.
    for run in [run, run + 7] {
        assert_eq!(
            desk.input(crate::decide::Input::Exited { key, run, class }),
            ""
        );
    }
    desk.stop();
    assert_eq!(
        desk.input(crate::decide::Input::Exited { key, run, class }),
        ""
    );
    assert_eq!(desk.crash("a"), "a gone, end");
}
