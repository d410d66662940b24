use super::*;
use crate::CancelScope;

#[test]
fn what_a_reason_says() {
    let scope = CancelScope::new().with_name("db");
    let line = line!() + 1;
    scope.cancel_because("no disk");
    let reason = scope.reason().unwrap();
    assert_eq!(reason.location().unwrap().line(), line);
    assert_eq!(
        reason.to_string(),
        format!("no disk (scope \"db\", at {}:{line}:11)", file!())
    );
    assert!(format!("{reason:?}").contains("no disk"));
    let error = scope.check().unwrap_err();
    assert_eq!(error.to_string(), format!("cancelled: {reason}"));
    assert_eq!(
        format!("{:?}", error.reason()),
        format!("{:?}", error.clone().into_reason())
    );
}

#[test]
fn a_reason_handed_on_keeps_its_place() {
    let first = CancelScope::new().with_name("first");
    let second = CancelScope::new().with_name("second");
    first.cancel_because("over");
    second.cancel_because(first.check().unwrap_err());
    let (one, two) = (first.reason().unwrap(), second.reason().unwrap());
    assert_eq!(one.to_string(), two.to_string());
    // One that two scopes share before it is used is each one's own.
    let shared = Reason::new(ReasonKind::Failed, "shared");
    let third = CancelScope::new().with_name("third");
    third.cancel_because(shared.clone());
    assert_eq!(shared.scope(), None);
    assert_eq!(third.reason().unwrap().scope(), Some("third"));
}

#[test]
fn a_reason_may_say_itself_where_it_comes_from() {
    let here = Location::caller();
    let reason = Reason::new(ReasonKind::Failed, "a worker failed").with_location(here);
    let scope = CancelScope::new().with_name("workers");
    scope.cancel_because(reason.clone());
    let used = scope.reason().unwrap();
    assert_eq!(used.location(), Some(here));
    assert_eq!((used.scope(), reason.scope()), (Some("workers"), None));
    // What has cancelled a scope is not moved.
    assert_eq!(
        used.with_location(Location::caller()).location(),
        Some(here)
    );
}

#[test]
fn errors_are_reasons_and_sources() {
    let scope = CancelScope::new();
    scope.cancel_because(Reason::from_error(io::Error::other("disk on fire")));
    let error = scope.check().unwrap_err();
    assert_eq!(error.reason().kind(), ReasonKind::Failed);
    assert_eq!(error.reason().message(), "disk on fire");
    assert_eq!(Error::source(&error).unwrap().to_string(), "disk on fire");
    assert!(error.reason().source().unwrap().is::<io::Error>());
}

#[test]
fn each_kind_has_words_and_an_io_error() {
    for kind in [
        ReasonKind::Requested,
        ReasonKind::Deadline,
        ReasonKind::Dropped,
        ReasonKind::Failed,
        ReasonKind::Signal,
        ReasonKind::Token,
    ] {
        let reason = Reason::from_cause(Arc::new(Cause::new(kind)));
        assert!(!reason.message().is_empty());
        assert_eq!(reason.to_string(), reason.message());
        let error = io::Error::from(Cancelled::from(reason));
        let timed_out = kind == ReasonKind::Deadline;
        assert_eq!(error.kind() == io::ErrorKind::TimedOut, timed_out);
        assert_ne!(error.kind(), io::ErrorKind::Interrupted);
        assert!(error.get_ref().unwrap().is::<Cancelled>());
    }
}
