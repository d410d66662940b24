use super::validate::check_supervisor;
use super::*;

fn child(id: &str) -> ChildPolicy {
    ChildPolicy::new(id, ChildKind::Worker, Readiness::AtOnce)
}

fn plan(auto_shutdown: AutoShutdown) -> Plan {
    Plan {
        auto_shutdown,
        ..Plan::new(Strategy::OneForOne)
    }
}

fn field_of(plan: &Plan, children: &[ChildPolicy]) -> Option<SpecField> {
    check_children(plan, children)
        .err()
        .map(|error| error.field())
}

#[test]
fn defaults_are_those_of_otp() {
    let plan = Plan::new(Strategy::default());
    assert_eq!(plan.strategy, Strategy::OneForOne);
    assert_eq!(plan.intensity.restarts, 1);
    assert_eq!(plan.intensity.period, Duration::from_secs(5));
    assert_eq!(plan.auto_shutdown, AutoShutdown::Never);
    let worker = child("a");
    assert_eq!(worker.restart, Restart::Permanent);
    assert_eq!(
        worker.shutdown,
        Shutdown::Within(Duration::from_millis(5000))
    );
    let supervisor = ChildPolicy::new("s", ChildKind::Supervisor, Readiness::Acknowledged);
    assert_eq!(supervisor.shutdown, Shutdown::Infinity);
    assert!(!worker.significant && worker.backoff.is_none() && worker.start_timeout.is_none());
}

#[test]
fn an_error_names_the_field_the_child_and_the_remedy() {
    let error = check_children(&plan(AutoShutdown::Never), &[child("a"), child("a")]).unwrap_err();
    assert_eq!(error.field(), SpecField::Id);
    assert_eq!(error.child().map(ChildId::as_str), Some("a"));
    assert_eq!(
        error.to_string(),
        "child \"a\", field id: two children have it; give each child a name of its own"
    );
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let never = plan(AutoShutdown::Never);
    assert_eq!(field_of(&never, &[child("a"), child("b")]), None);
    assert_eq!(field_of(&never, &[child("")]), Some(SpecField::Id));
    let timeout = ChildPolicy {
        start_timeout: Some(Duration::ZERO),
        ..child("a")
    };
    assert_eq!(field_of(&never, &[timeout]), Some(SpecField::StartTimeout));
    let mut instant = plan(AutoShutdown::Never);
    instant.intensity.period = Duration::ZERO;
    assert_eq!(field_of(&instant, &[]), Some(SpecField::IntensityPeriod));
    assert_eq!(
        check_supervisor(&instant).unwrap_err().to_string(),
        "supervisor, field intensity.period: it is zero, so that no restart would ever count; \
         give the time for which a restart counts, e.g. 5 s"
    );
}

#[test]
fn significance_is_for_who_can_end_for_good_below_who_looks_at_it() {
    let of = |restart| ChildPolicy {
        significant: true,
        restart,
        ..child("a")
    };
    for auto in [AutoShutdown::Any, AutoShutdown::All] {
        assert_eq!(
            field_of(&plan(auto), &[of(Restart::Permanent)]),
            Some(SpecField::Significant)
        );
        assert_eq!(field_of(&plan(auto), &[of(Restart::Transient)]), None);
        assert_eq!(field_of(&plan(auto), &[of(Restart::Temporary)]), None);
    }
    for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
        let refused = field_of(&plan(AutoShutdown::Never), &[of(restart)]);
        assert_eq!(refused, Some(SpecField::Significant));
    }
}

#[test]
fn a_dynamic_supervisor_begins_empty_and_has_nothing_significant() {
    let mut dynamic = Plan::new(Strategy::Dynamic);
    assert_eq!(field_of(&dynamic, &[child("a")]), Some(SpecField::Children));
    let significant = ChildPolicy {
        significant: true,
        restart: Restart::Temporary,
        ..child("a")
    };
    assert_eq!(
        check_child(&dynamic, &significant).unwrap_err().field(),
        SpecField::Significant
    );
    dynamic.auto_shutdown = AutoShutdown::Any;
    assert_eq!(field_of(&dynamic, &[]), Some(SpecField::AutoShutdown));
}

#[test]
fn an_id_is_found_by_its_text() {
    let ids =
        std::collections::HashSet::from([ChildId::from("a"), ChildId::from(String::from("b"))]);
    assert!(ids.contains("a") && ids.contains("b") && !ids.contains("c"));
    assert_eq!(
        format!("{} {:?}", ChildId::from("a"), ChildId::from("a")),
        "a \"a\""
    );
}
