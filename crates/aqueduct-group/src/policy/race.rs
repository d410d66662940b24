use std::convert::Infallible;

use super::{Ending, Next, Policy, Verdict};
use crate::failure::{GroupError, Panicked};
use crate::info::TaskRef;

/// The first task to return wins, and the rest are cancelled.
///
/// Gives its value. A panic loses the race, and leaves the others to run it; if nobody wins, the panics are what the
/// group gives, and without tasks `Ok(None)`.
#[derive(Debug)]
pub struct Race<T>(Option<T>);

impl<T> Race<T> {
    /// Creates the policy.
    pub const fn new() -> Self {
        Self(None)
    }
}

impl<T> Default for Race<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send> Policy for Race<T> {
    type Output = T;
    type Error = Infallible;
    type Value = Result<Option<T>, GroupError<Infallible>>;

    fn returned(&mut self, _: TaskRef<'_>, output: T) -> Verdict<Infallible> {
        self.0.get_or_insert(output);
        Verdict::Enough
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
        Next::Continue
    }

    fn finish(self, ending: Ending<Infallible>) -> Self::Value {
        match self.0 {
            Some(value) => Ok(Some(value)),
            None => ending.into_result().map(|()| None),
        }
    }
}
