use std::convert::Infallible;
use std::marker::PhantomData;

use super::{Ending, Next, Policy, Triage, Verdict};
use crate::failure::{GroupError, Panicked};
use crate::info::TaskRef;

/// Drops what tasks return, so that nothing piles up in a group that lives long.
///
/// Gives nothing, or the panics of tasks (as many as the group keeps). A panic leaves the others alone.
#[derive(Debug)]
pub struct Discard<T = ()>(PhantomData<fn() -> T>);

impl<T> Discard<T> {
    /// Creates the policy.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Discard<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send> Policy for Discard<T> {
    type Output = T;
    type Error = Infallible;
    type Value = Result<(), GroupError<Infallible>>;

    fn returned(&mut self, _: TaskRef<'_>, _: T) -> Verdict<Infallible> {
        Verdict::Continue
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
        Next::Continue
    }

    fn finish(self, ending: Ending<Infallible>) -> Self::Value {
        ending.into_result()
    }

    fn triage(_: &T) -> Triage {
        Triage::Never
    }
}
