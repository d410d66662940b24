//! The receiver, as a case of a `Select`.

use std::task::Context;

use super::Receiver;
use super::error::RecvError;
use crate::select::{Look, Sole};

impl<T> Receiver<T> {
    /// The result, which is there.
    fn last(&mut self) -> Look<Result<T, RecvError>> {
        Look::Last(self.finish().ok_or(RecvError(())))
    }
}

impl<T> Sole for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn look(&mut self) -> Look<Self::Output> {
        match &self.end {
            Some(end) if end.state().is_open() => Look::Nothing,
            _ => self.last(),
        }
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Self::Output> {
        if let Some(end) = &mut self.end
            && end.poll_over(cx).is_pending()
        {
            return Look::Nothing;
        }
        self.last()
    }
}
