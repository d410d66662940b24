//! The receiver, as a case of a `Select`.

use std::task::{Context, Poll};

use super::Receiver;
use super::error::{RecvError, TryRecvError};
use crate::select::{Look, Sole};

impl<T: Clone> Sole for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn look(&mut self) -> Look<Self::Output> {
        match self.rx.try_take() {
            Ok(value) => Look::Ready(Ok(value)),
            Err(TryRecvError::Lagged(lost)) => Look::Ready(Err(RecvError::Lagged(lost))),
            Err(TryRecvError::Closed) => Look::Last(Err(RecvError::Closed)),
            Err(TryRecvError::Empty) => Look::Nothing,
        }
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Self::Output> {
        match self.rx.poll_wait(cx) {
            Poll::Ready(Err(RecvError::Closed)) => Look::Last(Err(RecvError::Closed)),
            Poll::Ready(found) => Look::Ready(found),
            Poll::Pending => Look::Nothing,
        }
    }
}
