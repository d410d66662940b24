use std::sync::Arc;

use aqueduct_channel::mpsc;

use super::*;
use crate::supervisor::{Beginning, Broadcast};

fn cell() -> (Arc<ChildCell>, mpsc::UnboundedReceiver<Report>) {
    cell_of(None)
}

pub(in crate::child) fn cell_of(
    nested: Option<Arc<Shared>>,
) -> (Arc<ChildCell>, mpsc::UnboundedReceiver<Report>) {
    let shared = Arc::new(Shared::new("top".into(), false, Broadcast::default()));
    let (lane, _calls) = mpsc::channel(1);
    let (inbox, reports) = mpsc::unbounded_channel();
    let beginning = Beginning {
        lane,
        scope: CancelScope::new(),
        parent: None,
    };
    let live = shared.begin(beginning, inbox);
    let birth = Birth {
        id: "child".into(),
        key: Key {
            index: 0,
            generation: 0,
        },
        kind: ChildKind::Worker,
        readiness: Readiness::Acknowledged,
        number: 0,
        nested,
    };
    (Arc::new(ChildCell::new(live, birth)), reports)
}

#[test]
fn ready_is_reported_once_an_incarnation() {
    let (cell, reports) = cell();
    for run in [1, 1, 1, 2, 1, 2] {
        cell.say_ready(run);
    }
    assert_eq!(reports.len(), 2, "the inbox has no limit");
}

/// An exit signal that is late is for who was linked, and not for who came after: before, amid and after the restart.
#[test]
fn an_exit_signal_stops_the_incarnation_that_was_linked_and_no_later_one() {
    let (cell, _reports) = cell();
    let first = cell.begin(1);
    let [early, amid, late] = [(); 3].map(|()| ChildRef(cell.clone()).stopper());
    early(Exit::shutdown("in time"));
    let reason = first.scope().reason().expect("it is asked to stop");
    assert_eq!(reason.message(), "in time");
    cell.end(1, &Exit::Killed);
    // As amid `begin`, where there is the scope of the next one, and not its number.
    let next = CancelScope::new();
    *cell.scope.lock() = Some(next.clone());
    amid(Exit::shutdown("late"));
    assert!(!next.is_cancelled());
    let second = cell.begin(2);
    late(Exit::shutdown("late"));
    assert!(!second.scope().is_cancelled());
}
