use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use aqueduct_core::coop;

use super::list::{List, MonitorId, Watcher};
use super::{Down, Watch};
use crate::exit::{Exit, ignore_panic};

/// Waits for the end of what is watched. See [`Watch::monitor`].
///
/// # Cancel safety
///
/// *Strict*: dropped before it is ready, it has taken nothing from anybody, and another [`Watch::monitor`] gives the same
/// [`Down`].
///
/// # Panics
///
/// If it is polled after it was ready: there is one `Down`.
#[must_use = "futures do nothing unless polled"]
pub struct Monitor {
    watch: Option<Watch>,
    id: MonitorId,
}

impl Monitor {
    pub(super) fn new(watch: Watch) -> Self {
        let put_in = |list: &mut List| list.push(Watcher::Task(Waker::noop().clone()));
        // What has ended needs no place.
        let place = watch.watched.if_alive(put_in);
        Self {
            watch: Some(watch),
            id: place.unwrap_or_else(|_| MonitorId::next()),
        }
    }

    /// Which monitor it is. Its [`Down`] has the same.
    pub fn id(&self) -> MonitorId {
        self.id
    }
}

impl Future for Monitor {
    type Output = Down;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Down> {
        let this = &mut *self;
        let watch = this.watch.as_ref().expect("not polled after it was ready");
        let coop = ready!(coop::poll_proceed(cx));
        let Err(exit) = wait(watch, this.id, cx) else {
            return Poll::Pending;
        };
        coop.made_progress();
        let down = watch.down(this.id, exit);
        this.watch = None;
        Poll::Ready(down)
    }
}

/// Leaves the waker of the task, or gives the end.
fn wait(watch: &Watch, id: MonitorId, cx: &Context<'_>) -> Result<(), Exit> {
    // A clone, and the waker of before, are the user's: made and dropped outside of the lock.
    let mut waker = cx.waker().clone();
    let result = watch.watched.if_alive(|list| {
        if let Some(Watcher::Task(place)) = list.get_mut(id) {
            std::mem::swap(place, &mut waker);
        }
    });
    drop(waker);
    result
}

impl Drop for Monitor {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            let taken = watch.watched.take_out(self.id);
            ignore_panic(|| drop(taken));
        }
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("id", &self.id)
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}
