use std::error::Error;

use super::{Ending, Errors, Next, Policy, Verdict};
use crate::failure::{GroupError, Panicked};
use crate::info::TaskRef;

/// So many successes are enough, and cancel the rest; failures before are forgiven.
///
/// Gives the values in the order in which the tasks ended (the first `k`), or the failures. If the group ended with
/// fewer successes and neither a failure nor a cancellation, too few tasks were spawned: it gives the values it has.
#[derive(Debug)]
pub struct Quorum<T, E> {
    needed: usize,
    values: Vec<T>,
    errors: Errors<E>,
}

impl<T, E: 'static> Quorum<T, E> {
    /// Creates the policy for `needed` successes.
    ///
    /// # Panics
    ///
    /// If `needed` is 0: what is needed is there before anything is spawned.
    pub const fn new(needed: usize) -> Self {
        assert!(needed > 0, "a quorum of 0 needs no tasks");
        Self {
            needed,
            values: Vec::new(),
            errors: Errors::known(),
        }
    }

    /// Shows how to look at an error of a type of its own as an [`Error`], so that it can be known for a cancellation:
    /// `with_error_chain(|error| error)`. See the [module](super#cancelled-is-not-failed).
    pub fn with_error_chain(mut self, look: fn(&E) -> &(dyn Error + 'static)) -> Self {
        self.errors = Errors::by(look);
        self
    }
}

impl<T: Send, E: Send> Policy for Quorum<T, E> {
    type Output = Result<T, E>;
    type Error = E;
    type Value = Result<Vec<T>, GroupError<E>>;

    fn returned(&mut self, task: TaskRef<'_>, output: Result<T, E>) -> Verdict<E> {
        match output {
            // Who succeeds after the quorum is as late as those that were cancelled.
            Ok(_) if self.values.len() == self.needed => Verdict::Enough,
            Ok(value) => {
                self.values.push(value);
                if self.values.len() == self.needed {
                    Verdict::Enough
                } else {
                    Verdict::Continue
                }
            }
            Err(error) if self.errors.cut_short(task, &error) => Verdict::CutShort,
            Err(error) => Verdict::Failed(error),
        }
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
        Next::Continue
    }

    fn finish(self, ending: Ending<E>) -> Self::Value {
        if self.values.len() < self.needed {
            ending.into_result()?;
        }
        Ok(self.values)
    }
}
