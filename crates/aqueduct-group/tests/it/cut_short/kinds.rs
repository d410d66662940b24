//! The types in which a task may return the error of a cancellation, or another.

use std::error::Error;
use std::fmt;
use std::io;

use aqueduct_cancel::{CancelScope, Cancelled, Reason};

pub(super) type Look<E> = fn(&E) -> &(dyn Error + 'static);

pub(super) trait Kind: 'static {
    type Error: Send + 'static;

    fn cancelled(error: Cancelled) -> Self::Error;
    fn real() -> Self::Error;

    /// How to look at it, where the policy has to be told.
    fn look() -> Option<Look<Self::Error>> {
        None
    }
}

/// Of a scope that nobody else knows.
fn other() -> Cancelled {
    let scope = CancelScope::new();
    scope.cancel_because("another");
    scope.check().unwrap_err()
}

pub(super) struct Plain;

impl Kind for Plain {
    type Error = Cancelled;

    fn cancelled(error: Cancelled) -> Cancelled {
        error
    }

    fn real() -> Cancelled {
        other()
    }
}

pub(super) struct Io;

impl Kind for Io {
    type Error = io::Error;

    fn cancelled(error: Cancelled) -> io::Error {
        error.into()
    }

    fn real() -> io::Error {
        io::ErrorKind::UnexpectedEof.into()
    }
}

pub(super) struct Boxed;

impl Kind for Boxed {
    type Error = Box<dyn Error + Send + Sync>;

    fn cancelled(error: Cancelled) -> Self::Error {
        error.into()
    }

    fn real() -> Self::Error {
        "real".into()
    }
}

pub(super) struct BoxedIo;

impl Kind for BoxedIo {
    type Error = Box<dyn Error + Send + Sync>;

    fn cancelled(error: Cancelled) -> Self::Error {
        io::Error::from(error).into()
    }

    fn real() -> Self::Error {
        io::Error::from(other()).into()
    }
}

/// An error of somebody's, with another below.
#[derive(Debug)]
pub(super) struct Fails(Option<io::Error>);

impl fmt::Display for Fails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it fails")
    }
}

impl Error for Fails {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let below = self.0.as_ref()?;
        Some(below)
    }
}

/// In an `io::Error` of somebody else's, down a chain.
pub(super) struct Wrapped;

impl Kind for Wrapped {
    type Error = io::Error;

    fn cancelled(error: Cancelled) -> io::Error {
        io::Error::other(Fails(Some(error.into())))
    }

    fn real() -> io::Error {
        io::Error::other(Fails(None))
    }
}

pub(super) struct Own;

impl Kind for Own {
    type Error = Fails;

    fn cancelled(error: Cancelled) -> Fails {
        Fails(Some(error.into()))
    }

    fn real() -> Fails {
        Fails(None)
    }

    fn look() -> Option<Look<Fails>> {
        Some(|error| error)
    }
}

/// A reason of a scope of the task's own, behind which there is the group's.
pub(super) struct Nested;

impl Kind for Nested {
    type Error = Cancelled;

    fn cancelled(error: Cancelled) -> Cancelled {
        let scope = CancelScope::new();
        scope.cancel_because(Reason::from_error(error));
        scope.check().unwrap_err()
    }

    fn real() -> Cancelled {
        other()
    }
}
