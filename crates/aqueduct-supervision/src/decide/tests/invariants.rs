//! The invariants of the module's doc, as far as the state shows them, by the numbers that they have there.

use crate::decide::children::{Child, State};
use crate::decide::{Core, Job, Key};
use crate::spec::{ChildKind, Restart, Strategy};

pub(super) fn check(core: &Core) {
    let children = &core.children;
    let keys: Vec<Key> = std::iter::successors(children.first(), |k| children.later(*k)).collect();
    let all: Vec<&Child> = keys.iter().map(|key| children.get(*key)).collect();
    let of = |is: fn(State) -> bool| all.iter().filter(|child| is(child.state())).count();
    let starting = of(|state| state == State::Starting);
    let stopping = of(|state| matches!(state, State::Stopping | State::Aborting));
    let restarting = of(|state| matches!(state, State::Restarting { .. }));
    let (is_idle, is_ending) = (matches!(core.job, Job::Idle), core.ending.is_some());

    assert!(starting <= 1, "1");
    assert!(
        stopping <= 1 + core.overdue.left || matches!(core.job, Job::StopAll(_)),
        "1"
    );
    assert!(core.overdue.left == 0 || is_ending, "1");
    assert!(
        starting == 0 || is_ending || matches!(core.job, Job::Start(_)),
        "1"
    );
    if core.plan.strategy == Strategy::OneForAll {
        assert!(restarting <= 1, "6");
    }
    if is_idle {
        assert!(core.line.is_empty(), "2");
        assert_eq!(
            starting + stopping + of(|s| matches!(s, State::Ended(_))),
            0,
            "2"
        );
    }
    if is_idle && !is_ending {
        let mut is_covered = restarting > 0 && core.plan.strategy == Strategy::OneForAll;
        for child in &all {
            match child.state() {
                State::Restarting { .. } => {
                    is_covered |= core.plan.strategy == Strategy::RestForOne;
                }
                State::Held => assert!(is_covered, "5: {}", child.id()),
                _ => {}
            }
            if matches!(child.state(), State::Held | State::Resting) {
                assert!(
                    !core.is_dynamic() && child.restart != Restart::Temporary,
                    "6"
                );
            }
        }
    }
    if is_ending {
        assert!(core.line.is_empty() && core.waits.len() == 0, "9");
    }

    let counts = children.counts();
    let kinds = |kind| all.iter().filter(|child| child.kind() == kind).count();
    assert_eq!(counts.specs, all.len());
    assert_eq!(counts.workers, kinds(ChildKind::Worker));
    assert_eq!(counts.supervisors, kinds(ChildKind::Supervisor));
    assert_eq!(counts.active, of(State::is_alive));
    assert_eq!(children.restarting(), restarting);
    let awaited = all.iter().filter(|child| {
        child.significant && !matches!(child.state(), State::Resting | State::Held)
    });
    assert_eq!(children.awaited(), awaited.count());
}
