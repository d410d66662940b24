//! The task of an incarnation: the future that its group runs.
//!
//! However it ends (it returns, panics, is aborted, is dropped with its group or its runtime), it ends here, once: the
//! user's future is dropped first, then who watches is told, then the supervisor.
//!
//! A supervisor that is dropped leaves children behind, which end a little later. They are waited for here: so an
//! incarnation that has ended has ended with all that was below it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use super::ChildFuture;
use super::cell::ChildCell;
use crate::decide::Run;
use crate::exit::{Exit, catch_panic, drop_caught};
use crate::supervisor::Remains;

pub(crate) struct Running {
    cell: Arc<ChildCell>,
    run: Run,
    /// None once it has ended.
    future: Option<ChildFuture>,
    /// How it has ended, while the future is that of what was left behind, and no more the user's.
    leaving: Option<Exit>,
    /// The waker that was left for who aborts. A runtime polls a task with one and the same.
    armed: Option<Waker>,
}

impl Running {
    pub(super) fn new(cell: Arc<ChildCell>, run: Run, future: ChildFuture) -> Self {
        Self {
            cell,
            run,
            future: Some(future),
            leaving: None,
            armed: None,
        }
    }

    /// Drops the future. Gives how it ended, and what it left behind.
    fn drop_future(&mut self, exit: Exit) -> Option<(Exit, Option<Remains>)> {
        let future = self.future.take()?;
        let exit = match (drop_caught(future), exit) {
            // On top of a panic of its own, that of its destructor is nobody's.
            (_, exit @ Exit::Panicked(_)) | (Ok(()), exit) => exit,
            (Err(panicked), _) => Exit::Panicked(panicked),
        };
        let nested = self.cell.nested();
        let remains = nested.and_then(|nested| nested.take_remains());
        let remains = remains.map(|remains| remains.of(&exit));
        Some((exit, remains))
    }

    /// It has ended, but for what it left behind.
    fn end(&mut self, exit: Exit, cx: &mut Context<'_>) -> Poll<()> {
        match self.drop_future(exit) {
            Some((exit, Some(remains))) => {
                self.leaving = Some(exit);
                self.future = Some(Box::pin(remains.leave()));
                self.poll_leave(cx)
            }
            Some((exit, None)) => {
                self.over(&exit);
                Poll::Ready(())
            }
            None => Poll::Ready(()),
        }
    }

    fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(future) = self.future.as_mut() else {
            return Poll::Ready(());
        };
        let exit = ready!(future.as_mut().poll(cx));
        self.future = None;
        self.over(&exit);
        Poll::Ready(())
    }

    fn over(&mut self, exit: &Exit) {
        if self.armed.take().is_some() {
            self.cell.abort_flag().leave(self.run);
        }
        self.cell.end(self.run, exit);
    }

    #[inline]
    fn arm(&mut self, waker: &Waker) {
        if self.armed.as_ref().is_some_and(|it| it.will_wake(waker)) {
            return;
        }
        self.armed = Some(waker.clone());
        self.cell.abort_flag().arm(self.run, waker.clone());
    }
}

impl Future for Running {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.leaving.is_some() {
            return this.poll_leave(cx);
        }
        if this.cell.abort_flag().is_asked(this.run) {
            return this.end(Exit::Killed, cx);
        }
        let future = this.future.as_mut().expect("polled until it was ready");
        let exit = match catch_panic(|| future.as_mut().poll(cx)) {
            Ok(Poll::Ready(exit)) => exit,
            Ok(Poll::Pending) => {
                this.arm(cx.waker());
                return Poll::Pending;
            }
            Err(panicked) => Exit::Panicked(panicked),
        };
        this.end(exit, cx)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nobody waits for what it left behind: that is aborted.
        let exit = self.leaving.take().unwrap_or(Exit::Killed);
        if let Some((exit, remains)) = self.drop_future(exit) {
            drop(remains);
            self.over(&exit);
        }
    }
}

#[cfg(test)]
mod tests;
