//! The loop of every terminal.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::unit::poll_proceed;

use crate::source::{Outlet, Pull, Source};

/// Pulls until the source has ended, for a unit of coop budget each time (P7). The outlet must never be full.
#[inline]
pub(crate) fn poll_run<S, O>(
    mut source: Pin<&mut S>,
    cx: &mut Context<'_>,
    outlet: &mut O,
) -> Poll<()>
where
    S: Source,
    O: Outlet<S::Item> + ?Sized,
{
    loop {
        let coop = ready!(poll_proceed(cx));
        let pulled = ready!(source.as_mut().poll_pull(cx, outlet));
        coop.made_progress();
        if pulled == Pull::End {
            return Poll::Ready(());
        }
    }
}
