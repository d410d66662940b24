use std::fmt::Display;
use std::io;
use std::panic::catch_unwind;

use aqueduct_cancel::Reason;

use super::*;
use crate::testing::info;

fn error<E>(index: usize, error: E) -> Failure<E> {
    Failure {
        task: info(index, None),
        kind: FailureKind::Error(error),
    }
}

fn panic<E>(index: usize, payload: Box<dyn Any + Send>) -> Failure<E> {
    Failure {
        task: info(index, None),
        kind: FailureKind::Panic(Panicked::new(payload)),
    }
}

fn list<E>(kept_max: usize, failures: impl IntoIterator<Item = Failure<E>>) -> FailureList<E> {
    let mut list = FailureList::new(kept_max);
    failures.into_iter().for_each(|failure| list.push(failure));
    list
}

#[test]
fn the_first_are_kept_in_order_and_the_rest_counted() {
    // (kept_max, pushed) │ kept, dropped
    let table = [
        (0, 1, 1, 0),
        (0, 3, 1, 2),
        (1, 3, 1, 2),
        (3, 3, 3, 0),
        (3, 5, 3, 2),
        (usize::MAX, 5, 5, 0),
    ];
    for (kept_max, pushed, kept, dropped) in table {
        let all = list(kept_max, (0..pushed).map(|n| error(n, n)));
        let failures = { all }.take().unwrap();
        assert_eq!((failures.kept(), failures.dropped()), (kept, dropped));
        assert_eq!(failures.first().task.index(), 0);
        let indices: Vec<_> = failures.iter().map(|f| f.task.index()).collect();
        assert_eq!(indices, (0..kept).collect::<Vec<_>>());
        let owned: Vec<_> = failures.into_iter().map(|f| f.task.index()).collect();
        assert_eq!(owned, indices);
    }
    assert!(list::<()>(3, []).take().is_none());
}

#[test]
fn a_list_is_taken_once() {
    let mut list = list(3, [error(0, ())]);
    assert!(list.take().is_some());
    assert!(list.take().is_none());
}

#[test]
fn the_first_panic_is_found_behind_errors() {
    let failures = [
        error(0, ()),
        panic(1, Box::new("first")),
        panic(2, Box::new("second")),
    ];
    let list = list(64, failures);
    assert_eq!(list.first_panic().unwrap().message(), Some("first"));
}

#[test]
fn a_panic_that_is_not_kept_can_still_be_resumed() {
    let list = list(1, [error(0, ()), panic(1, Box::new("beyond the cap"))]);
    let panic = list.first_panic();
    assert_eq!(panic.unwrap().message(), Some("beyond the cap"));
}

#[test]
fn a_payload_is_taken_once_and_is_its_message_after() {
    let caught = |panic: fn()| Panicked::new(catch_unwind(panic).unwrap_err());
    let literal = caught(|| std::panic::resume_unwind(Box::new("literal")));
    let formatted = caught(|| std::panic::resume_unwind(Box::new(format!("formatted {}", 1))));
    let other = caught(|| std::panic::resume_unwind(Box::new(7_u8)));
    assert_eq!(literal.message(), Some("literal"));
    assert_eq!(formatted.message(), Some("formatted 1"));
    assert_eq!(other.message(), None);

    let clone = other.clone();
    assert_eq!(other.into_payload().downcast_ref(), Some(&7_u8));
    let message = clone.into_payload();
    assert_eq!(
        message.downcast_ref::<String>().map(String::as_str),
        Some("panicked")
    );
    let (first, second) = (literal.clone(), literal);
    assert_eq!(first.into_payload().downcast_ref(), Some(&"literal"));
    let message = second.into_payload();
    assert_eq!(
        message.downcast_ref::<String>().map(String::as_str),
        Some("panicked: literal")
    );
}

fn shown(value: impl Display) -> String {
    // Lines and columns of this file change.
    let text = value.to_string();
    let (before, rest) = text.split_once(" (").unwrap();
    let (place, after) = rest.split_once(')').unwrap();
    assert!(place.contains("failure/tests.rs:"), "{place}");
    format!("{before} @{after}")
}

#[test]
fn display_names_task_and_place() {
    let named = Failure {
        task: info(3, Some("fetch")),
        kind: FailureKind::Error("no route"),
    };
    assert_eq!(shown(&named), "task 'fetch' @ failed: no route");
    assert_eq!(shown(error(3, "no route")), "task 3 @ failed: no route");
    assert_eq!(
        shown(panic::<&str>(3, Box::new("boom"))),
        "task 3 @ panicked: boom"
    );
    assert_eq!(shown(panic::<&str>(3, Box::new(1))), "task 3 @ panicked");
}

#[test]
fn display_counts_the_rest() {
    let failures = |pushed| list(2, (0..pushed).map(|n| error(n, "no"))).take().unwrap();
    assert_eq!(shown(failures(1)), "task 0 @ failed: no");
    assert_eq!(
        shown(failures(2)),
        "task 0 @ failed: no (and 1 more failure)"
    );
    assert_eq!(
        shown(GroupError::Failed(failures(5))),
        "task 0 @ failed: no (and 4 more failures)"
    );
}

#[test]
fn sources_lead_to_what_went_wrong() {
    let io = || io::Error::other("disk");
    let source_of = |error: &dyn Error| error.source().map(ToString::to_string);
    assert_eq!(source_of(&error(0, io())).as_deref(), Some("disk"));
    assert_eq!(
        source_of(&panic::<io::Error>(0, Box::new("boom"))).as_deref(),
        Some("panicked: boom")
    );
    let failures = list(3, [error(0, io()), panic(1, Box::new("boom"))]);
    let failed = GroupError::Failed({ failures }.take().unwrap());
    assert_eq!(source_of(&failed).as_deref(), Some("disk"));
    assert_eq!(
        source_of(failed.failures().unwrap()).as_deref(),
        Some("disk")
    );
    assert!(source_of(&Panicked::new(Box::new("boom"))).is_none());

    let cancelled = GroupError::<io::Error>::Cancelled(Reason::from("enough").into());
    assert_eq!(source_of(&cancelled).as_deref(), Some("cancelled: enough"));
    assert_eq!(cancelled.to_string(), "cancelled: enough");
}

#[test]
fn what_a_group_error_says_of_itself() {
    let failures = list(
        3,
        [panic(0, Box::new("boom")), error(1, "one"), error(2, "two")],
    );
    let failed = GroupError::Failed({ failures }.take().unwrap());
    assert!(!failed.is_cancelled());
    assert_eq!(failed.failures().unwrap().kept(), 3);
    assert_eq!(failed.into_first_error(), Some("one"));

    let failures = list::<&str>(3, [panic(0, Box::new("boom"))]);
    let failed = GroupError::Failed({ failures }.take().unwrap());
    assert_eq!(failed.into_first_error(), None);

    let cancelled = GroupError::<&str>::Cancelled(Reason::from("enough").into());
    assert!(cancelled.is_cancelled() && cancelled.failures().is_none());
    assert_eq!(cancelled.into_first_error(), None);
}
