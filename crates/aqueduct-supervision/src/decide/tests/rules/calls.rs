use crate::decide::tests::desk::{Desk, child, patient, plan, task};
use crate::decide::{
    Begun, ChildStatus, DeleteChildError, ExitClass, Key, Outcome, Request, RestartChildError,
    StartChildError, StartFailure, Target, TerminateChildError, WhichChildError,
};
use crate::spec::{ChildKind, ChildPolicy, Readiness, Restart, SpecField, Strategy};

fn supervisor(id: &str) -> ChildPolicy {
    ChildPolicy::new(id, ChildKind::Supervisor, Readiness::AtOnce)
}

#[test]
fn rule_6_start_child_adds_one_at_the_end() {
    let mut desk = Desk::begun(plan(Strategy::RestForOne), vec![task("a")]);
    assert_eq!(desk.start_child(child("b")), "start b");
    assert_eq!(desk.ready("b"), "reply");
    let (key, run) = desk.run("b");
    assert_eq!(
        *desk.answer(),
        Outcome::Start(Ok(Begun::Running { key, run }))
    );
    assert_eq!(desk.shown(), "b Running(1), a Running(1)");
    assert_eq!(desk.stop(), "ask b");
}

#[test]
fn rule_6_start_child_says_already_started_and_already_present() {
    let children = vec![task("a"), task("b").with(Restart::Transient), child("c")];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    assert_eq!(desk.start_child(task("a")), "reply");
    let started = StartChildError::AlreadyStarted(desk.key("a"));
    assert_eq!(*desk.answer(), Outcome::Start(Err(started)));
    desk.exit("b", ExitClass::Normal);
    desk.start_child(task("b"));
    let present = StartChildError::AlreadyPresent(desk.key("b"));
    assert_eq!(*desk.answer(), Outcome::Start(Err(present)));
    // One that is restarting is present, too.
    desk.crash("c");
    desk.start_child(task("c"));
    desk.crash("c");
    let present = StartChildError::AlreadyPresent(desk.key("c"));
    assert_eq!(*desk.answer(), Outcome::Start(Err(present)));
}

#[test]
fn rule_6_start_child_does_not_keep_what_failed() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![]);
    desk.start_child(child("a"));
    assert_eq!(desk.crash("a"), "a gone, reply, forget a");
    let (key, run) = desk.run("a");
    let why = StartFailure::Exited;
    assert_eq!(
        *desk.answer(),
        Outcome::Start(Err(StartChildError::Failed { key, run, why }))
    );
    assert_eq!(desk.shown(), "");
}

#[test]
fn rule_6_start_child_keeps_what_had_nothing_to_start_unless_it_is_temporary() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![]);
    desk.start_child(child("a"));
    assert_eq!(desk.exit("a", ExitClass::Normal), "a rests, reply");
    assert!(matches!(
        desk.answer(),
        Outcome::Start(Ok(Begun::Ignored { .. }))
    ));
    desk.start_child(child("b").with(Restart::Temporary));
    assert_eq!(desk.exit("b", ExitClass::Normal), "b gone, reply, forget b");
    assert_eq!(desk.shown(), "a Resting");
}

#[test]
fn rule_6_start_child_refuses_a_spec_that_cannot_be_followed() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![]);
    assert_eq!(desk.start_child(task("a").matters()), "reply");
    let Outcome::Start(Err(StartChildError::Invalid(error))) = desk.answer() else {
        panic!("it is invalid");
    };
    assert_eq!(error.field(), SpecField::Significant);
}

#[test]
fn rule_6_terminate_child_keeps_the_spec_unless_it_is_temporary() {
    let children = vec![
        task("a"),
        task("b").with(Restart::Transient),
        task("c").with(Restart::Temporary),
    ];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    assert_eq!(desk.terminate("a"), "ask a");
    assert!(!desk.is_answered());
    assert_eq!(desk.exit("a", ExitClass::Shutdown), "a rests, reply");
    desk.terminate("b");
    assert_eq!(desk.crash("b"), "b rests, reply");
    desk.terminate("c");
    assert_eq!(
        desk.exit("c", ExitClass::Shutdown),
        "c gone, reply, forget c"
    );
    assert_eq!(*desk.answer(), Outcome::Terminate(Ok(())));
    assert_eq!(desk.shown(), "b Resting, a Resting");
}

#[test]
fn rule_6_terminate_child_is_ok_for_one_that_is_down_and_not_found_for_none() {
    let children = vec![task("a").with(Restart::Transient)];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    desk.exit("a", ExitClass::Normal);
    assert_eq!(desk.terminate("a"), "reply");
    assert_eq!(*desk.answer(), Outcome::Terminate(Ok(())));
    desk.terminate("b");
    let not_found = Err(TerminateChildError::NotFound);
    assert_eq!(*desk.answer(), Outcome::Terminate(not_found));
}

#[test]
fn rule_6_terminate_child_calls_a_restart_off() {
    let mut desk = Desk::begun(patient(Strategy::OneForOne), vec![child("a")]);
    desk.crash("a");
    desk.terminate("a");
    assert_eq!(desk.crash("a"), "a restarts, a rests, reply");
    assert_eq!(desk.shown(), "a Resting");
}

#[test]
fn rule_6_terminate_child_releases_those_that_were_held_for_the_restart() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let children = vec![child("a"), task("b")];
        let mut desk = Desk::begun(patient(strategy), children);
        assert_eq!(desk.crash("a"), "a restarts, ask b");
        desk.exit("b", ExitClass::Shutdown);
        desk.terminate("a");
        assert_eq!(desk.crash("a"), "a restarts, a rests, b rests, reply");
        assert_eq!(desk.shown(), "b Resting, a Resting");
        assert_eq!(desk.restart("b"), "start b, reply");
    }
}

#[test]
fn rule_6_an_exit_that_stood_in_line_behind_terminate_child_is_void() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![task("a"), task("b")]);
    desk.terminate("b");
    desk.terminate("a");
    assert_eq!(desk.crash("a"), "");
    assert_eq!(
        desk.exit("b", ExitClass::Shutdown),
        "b rests, reply, a rests, reply"
    );
}

#[test]
fn rule_6_restart_child_starts_what_rests() {
    let children = vec![child("a").with(Restart::Transient)];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    desk.exit("a", ExitClass::Normal);
    assert_eq!(desk.restart("a"), "start a");
    assert_eq!(desk.ready("a"), "reply");
    let (key, run) = desk.run("a");
    assert_eq!(run, 2);
    assert_eq!(
        *desk.answer(),
        Outcome::Restart(Ok(Begun::Running { key, run }))
    );
}

#[test]
fn rule_6_restart_child_says_running_restarting_and_not_found() {
    let children = vec![task("a"), child("b")];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.restart("a");
    let running = RestartChildError::Running(desk.key("a"));
    assert_eq!(*desk.answer(), Outcome::Restart(Err(running)));
    desk.restart("c");
    let not_found = RestartChildError::NotFound;
    assert_eq!(*desk.answer(), Outcome::Restart(Err(not_found)));
    desk.crash("b");
    desk.restart("b");
    desk.crash("b");
    let restarting = RestartChildError::Restarting(desk.key("b"));
    assert_eq!(*desk.answer(), Outcome::Restart(Err(restarting)));
}

#[test]
fn rule_6_restart_child_that_fails_leaves_it_down_and_is_not_tried_again() {
    let children = vec![child("a").with(Restart::Transient)];
    let mut desk = Desk::begun(plan(Strategy::OneForOne), children);
    desk.exit("a", ExitClass::Normal);
    desk.restart("a");
    assert_eq!(desk.crash("a"), "a rests, reply");
    let (key, run) = desk.run("a");
    let why = StartFailure::Exited;
    assert_eq!(
        *desk.answer(),
        Outcome::Restart(Err(RestartChildError::Failed { key, run, why }))
    );
    assert_eq!(desk.shown(), "a Resting");
    desk.restart("a");
    assert_eq!(desk.exit("a", ExitClass::Normal), "a rests, reply");
    assert!(matches!(
        desk.answer(),
        Outcome::Restart(Ok(Begun::Ignored { .. }))
    ));
}

#[test]
fn rule_6_delete_child_forgets_what_rests_and_says_running_restarting_and_not_found() {
    let children = vec![task("a").with(Restart::Transient), child("b")];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.delete("a");
    let running = DeleteChildError::Running(desk.key("a"));
    assert_eq!(*desk.answer(), Outcome::Delete(Err(running)));
    desk.exit("a", ExitClass::Normal);
    assert_eq!(desk.delete("a"), "a gone, reply, forget a");
    assert_eq!(*desk.answer(), Outcome::Delete(Ok(())));
    desk.delete("a");
    let not_found = DeleteChildError::NotFound;
    assert_eq!(*desk.answer(), Outcome::Delete(Err(not_found)));
    desk.crash("b");
    desk.delete("b");
    desk.crash("b");
    let restarting = DeleteChildError::Restarting(desk.key("b"));
    assert_eq!(*desk.answer(), Outcome::Delete(Err(restarting)));
    // Its id is free again, and its old key names nobody.
    let old = desk.key("a");
    desk.ready("b");
    desk.start_child(task("a"));
    assert_ne!(desk.run("a").0, old);
    assert_eq!(desk.core.id(old), None);
}

#[test]
fn rule_6_a_dynamic_supervisor_terminates_by_key_only() {
    let mut desk = Desk::begun(plan(Strategy::Dynamic), vec![]);
    desk.start_child(task("a"));
    let key = desk.key("a");
    desk.terminate("a");
    let dynamic = Err(TerminateChildError::Dynamic);
    assert_eq!(*desk.answer(), Outcome::Terminate(dynamic));
    assert_eq!(desk.call(Request::Terminate(Target::Key(key))), "ask a");
    assert_eq!(
        desk.exit("a", ExitClass::Shutdown),
        "a gone, reply, forget a"
    );
    assert_eq!(*desk.answer(), Outcome::Terminate(Ok(())));
    // A pid that is dead is ok, one that is none of its children is not.
    desk.call(Request::Terminate(Target::Key(key)));
    assert_eq!(*desk.answer(), Outcome::Terminate(Ok(())));
    let foreign = Key { index: 7, ..key };
    let future = Key {
        generation: key.generation + 1,
        ..key
    };
    for never in [foreign, future] {
        desk.call(Request::Terminate(Target::Key(never)));
        let not_found = Err(TerminateChildError::NotFound);
        assert_eq!(*desk.answer(), Outcome::Terminate(not_found));
    }
}

#[test]
fn rule_6_a_dynamic_supervisor_restarts_and_deletes_none_on_demand() {
    let mut desk = Desk::begun(plan(Strategy::Dynamic), vec![]);
    desk.start_child(task("a"));
    for target in [Target::Key(desk.key("a")), Target::Id("a".into())] {
        desk.call(Request::Restart(target.clone()));
        let dynamic = RestartChildError::Dynamic;
        assert_eq!(*desk.answer(), Outcome::Restart(Err(dynamic)));
        desk.call(Request::Delete(target));
        let dynamic = DeleteChildError::Dynamic;
        assert_eq!(*desk.answer(), Outcome::Delete(Err(dynamic)));
    }
}

#[test]
fn rule_6_a_dynamic_child_is_restarted_by_its_policy_and_forgotten_when_it_is_not() {
    let mut desk = Desk::begun(patient(Strategy::Dynamic), vec![]);
    desk.start_child(child("a").with(Restart::Transient));
    desk.ready("a");
    assert_eq!(desk.crash("a"), "a restarts, start a");
    assert_eq!(desk.crash("a"), "a restarts, start a");
    desk.ready("a");
    assert_eq!(desk.exit("a", ExitClass::Normal), "a gone, forget a");
    desk.start_child(child("b"));
    assert_eq!(desk.exit("b", ExitClass::Normal), "b gone, reply, forget b");
    assert_eq!(desk.counted(), [1, 0, 0, 0]);
}

#[test]
fn rule_7_which_children_shows_the_newest_first() {
    let children = vec![
        child("a"),
        task("b").with(Restart::Transient),
        supervisor("c"),
    ];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    desk.start_child(task("d"));
    desk.exit("b", ExitClass::Normal);
    assert_eq!(
        desk.shown(),
        "d Running(1), c Running(1), b Resting, a Running(1)"
    );
    // A restart does not make it newer.
    desk.crash("c");
    assert_eq!(
        desk.shown(),
        "d Running(1), c Running(2), b Resting, a Running(1)"
    );
}

#[test]
fn rule_7_one_that_is_restarting_is_not_active_and_is_counted_among_the_workers() {
    let children = vec![
        child("a"),
        supervisor("b"),
        task("c").with(Restart::Transient),
    ];
    let mut desk = Desk::begun(patient(Strategy::OneForOne), children);
    assert_eq!(desk.counted(), [3, 3, 1, 2]);
    desk.exit("c", ExitClass::Normal);
    desk.crash("a");
    desk.call(Request::Count);
    let count = *desk.answers.keys().last().unwrap() + 1;
    desk.crash("a");
    let Outcome::Count(count) = desk.answers[&count] else {
        panic!("a count");
    };
    assert_eq!(
        (count.specs, count.active, count.supervisors, count.workers),
        (3, 1, 1, 2)
    );
}

#[test]
fn rule_7_a_dynamic_supervisor_has_one_spec() {
    let mut desk = Desk::begun(plan(Strategy::Dynamic), vec![]);
    assert_eq!(desk.counted(), [1, 0, 0, 0]);
    desk.start_child(task("a"));
    desk.start_child(task("a"));
    desk.start_child(supervisor("a"));
    assert_eq!(desk.counted(), [1, 3, 1, 2]);
}

#[test]
fn rule_8_which_child_finds_one() {
    let mut desk = Desk::begun(plan(Strategy::OneForOne), vec![supervisor("a")]);
    desk.call(Request::WhichChild(Target::Id("a".into())));
    let Outcome::WhichChild(Ok(row)) = desk.answer() else {
        panic!("it is there");
    };
    assert_eq!(
        (row.id.as_str(), row.kind, row.status),
        ("a", ChildKind::Supervisor, ChildStatus::Running(1))
    );
    desk.call(Request::WhichChild(Target::Id("b".into())));
    let not_found = Err(WhichChildError::NotFound);
    assert_eq!(*desk.answer(), Outcome::WhichChild(not_found));
    let mut dynamic = Desk::begun(plan(Strategy::Dynamic), vec![]);
    dynamic.start_child(task("a"));
    dynamic.call(Request::WhichChild(Target::Id("a".into())));
    let nameless = Err(WhichChildError::Dynamic);
    assert_eq!(*dynamic.answer(), Outcome::WhichChild(nameless));
    dynamic.call(Request::WhichChild(Target::Key(dynamic.key("a"))));
    assert!(matches!(dynamic.answer(), Outcome::WhichChild(Ok(_))));
}
