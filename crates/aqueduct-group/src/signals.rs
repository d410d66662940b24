//! Groups that end when the program is asked to.
//!
//! A signal cancels the group's scope, which `aqueduct-cancel` sees to, and the group ends as if anybody had. One that finds
//! the scope cancelled is a wish of its own, to be quick: it aborts. In a group that was given a time to drain, one that
//! finds nothing of either drains the scope. The group's shell looks at signals with the waker it has anyway, so
//! there is no task that listens, and none that could outlive the group.
//!
//! They are not counted: the group may have been drained or cancelled by others, or its time to drain be over, and who
//! presses Ctrl-C then wants more than what is under way.

use std::panic::Location;
use std::task::{Context, Poll, Waker};

pub(crate) use aqueduct_cancel::FirstSignal;
use aqueduct_cancel::{CancelScope, Found, Signal, Signals};
use aqueduct_core::sync::Lock;

use crate::builder::GroupBuilder;

/// Whether the group is to listen, and who says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted(Option<&'static Location<'static>>);

/// Looks at signals, if the group is to listen.
pub(crate) struct Listening(Option<Lock<Seen>>);

struct Seen {
    signals: Signals,
    first: Option<Signal>,
}

impl GroupBuilder {
    /// Ends the group when the program is asked to end: the first SIGINT or SIGTERM (or Ctrl-C, where there are no
    /// signals) cancels it, which gives its tasks the grace, and a second aborts them.
    ///
    /// The reason is of kind [`Signal`](aqueduct_cancel::ReasonKind::Signal), its message names the signal, and its place
    /// is the line that calls this. The group listens from when it is opened, or run, on; where it is opened outside of a
    /// runtime, from when it is first used on one. From then on these signals end no program by themselves, also when
    /// the group has ended, as with all of Tokio's listeners.
    ///
    /// In a group [with a time to drain](Self::with_drain) the first signal drains the group. It is cancelled when that
    /// time is over, or by the second, and a third aborts.
    ///
    /// A signal goes on from where the group is, whatever brought it there: one that drains is cancelled, and one that is
    /// cancelled is aborted, also by the first signal that comes. [A program that drains](crate#a-whole-program) is in the README.
    ///
    /// ```no_run
    /// # async fn serve(scope: &aqueduct_cancel::CancelScope) -> std::io::Result<()> { Ok(()) }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use aqueduct_group::{AllOk, group};
    ///
    /// let app = group().with_name("app").with_signals().with_grace(Duration::from_secs(10));
    /// let result = app.run(AllOk::new(), async |app| {
    ///     let scope = app.scope().clone();
    ///     let _ = app.task("server").spawn(async move { serve(&scope).await }).await;
    /// }).await;
    /// # let _ = result;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Not here, but when the group is opened: if the operating system does not let it listen, or the runtime drives
    /// no I/O.
    #[track_caller]
    pub fn with_signals(mut self) -> Self {
        self.options.signals = Wanted(Some(Location::caller()));
        self
    }
}

impl Wanted {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Whether to listen as soon as there is a runtime.
    pub(crate) fn is_wanted(self) -> bool {
        self.0.is_some()
    }

    /// Begins to listen, if that is wanted. `waker` is called for every signal.
    pub(crate) fn listen(
        self,
        scope: &CancelScope,
        first: FirstSignal,
        waker: &Waker,
    ) -> Listening {
        let begin = |location| {
            let signals = scope.on_signals_at(first, location);
            let signals = signals.expect("a program may listen to SIGINT and SIGTERM");
            Lock::new(Seen {
                signals,
                first: None,
            })
        };
        let listening = Listening(self.0.map(begin));
        // Leaves the waker. Nobody can be impatient yet.
        let _ = listening.poll_impatient(waker);
        listening
    }
}

impl Listening {
    /// The name of the first signal that came.
    pub(crate) fn first(&self) -> Option<&'static str> {
        self.0.as_ref()?.lock().first.map(Signal::name)
    }

    /// Ready when a signal has come that is to abort. Else `waker` is called for the next.
    pub(crate) fn poll_impatient(&self, waker: &Waker) -> Poll<()> {
        let Some(seen) = &self.0 else {
            return Poll::Pending;
        };
        let mut seen = seen.lock();
        let mut is_impatient = Poll::Pending;
        let mut cx = Context::from_waker(waker);
        while let Poll::Ready((signal, found)) = seen.signals.poll_found(&mut cx) {
            seen.first.get_or_insert(signal);
            if found == Found::Cancelled {
                is_impatient = Poll::Ready(());
            }
        }
        is_impatient
    }
}
