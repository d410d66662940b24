use std::io;
use std::panic::{catch_unwind, panic_any, resume_unwind};

use super::*;

fn caught(work: impl FnOnce()) -> Panicked {
    catch_panic(work).expect_err("it panics")
}

#[test]
fn a_panic_is_caught_with_message_and_place() {
    let line = line!() + 1;
    let panicked = caught(|| panic!("meant: {}", 7));
    assert_eq!(panicked.message(), Some("meant: 7"));
    let location = panicked.location().expect("the hook was chained");
    assert!(location.file().ends_with("exit/tests.rs"));
    assert_eq!((location.line(), location.column() > 0), (line, true));
    let expected = format!("panicked at {location}: meant: 7");
    assert_eq!(Exit::from(panicked).to_string(), expected);
}

#[test]
fn a_payload_that_is_no_string_has_a_place_and_no_message() {
    let panicked = caught(|| panic_any(7_u8));
    assert_eq!(panicked.message(), None);
    assert!(panicked.location().is_some());
}

#[test]
fn the_place_is_that_of_the_panic_that_came_through() {
    let line = line!() + 3;
    let panicked = caught(|| {
        let _ = catch_unwind(|| panic!("meant: the first"));
        panic!("meant: the second");
    });
    assert_eq!(panicked.message(), Some("meant: the second"));
    assert_eq!(panicked.location().map(PanicLocation::line), Some(line));
}

/// I1: no hook is called for what is handed on.
#[test]
fn what_was_thrown_elsewhere_has_no_place_that_is_not_its_own() {
    let panicked = caught(|| {
        let _ = catch_unwind(|| panic!("meant: one"));
        resume_unwind(Box::new("meant: another"));
    });
    assert_eq!(panicked.message(), Some("meant: another"));
    assert_eq!(panicked.location(), None);
}

#[test]
fn catches_nest() {
    let outer = caught(|| {
        let inner = caught(|| panic!("meant: inner"));
        assert_eq!(inner.message(), Some("meant: inner"));
        panic!("meant: outer");
    });
    assert_eq!(outer.message(), Some("meant: outer"));
    assert!(outer.location().is_some());
}

#[test]
fn a_payload_whose_destructor_panics_is_no_more_trouble() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("meant: in the destructor");
        }
    }
    assert_eq!(caught(|| panic_any(Bomb)).message(), None);
}

#[test]
fn what_work_returns_becomes_an_exit() {
    assert!(().into_exit().is_normal());
    assert!(Ok::<_, io::Error>(()).into_exit().is_normal());
    let exit = Ok::<_, io::Error>(Exit::shutdown("done here")).into_exit();
    assert_eq!(exit.to_string(), "shutdown: done here");
    assert!(exit.is_orderly() && !exit.is_normal());
    let exit = Err::<(), _>(io::Error::other("disk")).into_exit();
    assert_eq!(exit.to_string(), "failed: disk");
    assert!(
        exit.failure()
            .is_some_and(|it| it.downcast_ref::<io::Error>().is_some())
    );
    assert!(!exit.is_orderly());
    let exit = Err::<(), _>(Failure::msg("words")).into_exit();
    assert_eq!(exit.to_string(), "failed: words");
}

#[test]
fn failures_are_made_of_all_that_programs_call_errors() {
    let boxed: Box<dyn std::error::Error + Send + Sync> = "a string".into();
    assert_eq!(Failure::new(boxed).to_string(), "a string");
    assert_eq!(format!("{:?}", Failure::msg("words")), "\"words\"");
    let nested = Failure::from(io::Error::other(io::Error::other("inner")));
    assert!(nested.error().to_string().contains("inner"));
}

#[test]
fn a_cancelled_is_found_wherever_it_is() {
    let scope = aqueduct_cancel::CancelScope::new();
    scope.cancel();
    let cancelled = || scope.check().unwrap_err();
    assert!(Failure::from(cancelled()).cancelled().is_some());
    assert!(
        Failure::from(io::Error::other(cancelled()))
            .cancelled()
            .is_some()
    );
    assert!(Failure::msg("cancelled").cancelled().is_none());
}

#[test]
fn an_error_that_panics_when_it_is_dropped_is_no_trouble() {
    #[derive(Debug)]
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("meant: in the destructor of an error");
        }
    }
    impl fmt::Display for Bomb {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bomb")
        }
    }
    impl std::error::Error for Bomb {}
    let exit = Exit::failed(Bomb);
    let other = exit.clone();
    drop(exit);
    assert_eq!(other.to_string(), "failed: bomb");
    drop(other);
}

#[test]
fn an_exit_is_small() {
    assert!(size_of::<Exit>() <= 24);
}
