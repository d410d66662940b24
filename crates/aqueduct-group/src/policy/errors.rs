//! How a policy looks into errors of which it knows nothing but the type.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;

use aqueduct_cancel::Cancelled;

use crate::info::TaskRef;

/// A way to look at an `E` as an error, if there is one.
///
/// A pointer, made where `E` is known to be `'static`: policies have no bounds on it, which would end up in the futures that
/// hold them (rust-lang/rust#110338), and strings are errors, too.
pub(super) struct Errors<E> {
    look: Look<E>,
}

enum Look<E> {
    IfKnown(fn(&E) -> Option<&(dyn Error + 'static)>),
    By(fn(&E) -> &(dyn Error + 'static)),
}

impl<E> Errors<E> {
    pub(super) const fn known() -> Self
    where
        E: 'static,
    {
        Self {
            look: Look::IfKnown(as_known),
        }
    }

    pub(super) const fn by(look: fn(&E) -> &(dyn Error + 'static)) -> Self {
        Self {
            look: Look::By(look),
        }
    }

    /// Whether the error says that the task stopped since its group was cancelled.
    pub(super) fn cut_short(&self, task: TaskRef<'_>, error: &E) -> bool {
        let error = match self.look {
            Look::IfKnown(look) => look(error),
            Look::By(look) => Some(look(error)),
        };
        error.is_some_and(|error| task.is_cut_short_by(error))
    }
}

fn as_known<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    let error: &dyn Any = error;
    if let Some(cancelled) = error.downcast_ref::<Cancelled>() {
        return Some(cancelled);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Some(error);
    }
    let boxed = error.downcast_ref::<Box<dyn Error + Send + Sync>>()?;
    Some(&**boxed)
}

impl<E> fmt::Debug for Errors<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Errors")
    }
}
