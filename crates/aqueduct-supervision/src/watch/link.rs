use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aqueduct_core::sync::Lock;

use super::{Down, MonitorId, Watch};
use crate::exit::Exit;
use crate::refs::Arc;

/// What can be linked: it can be watched, and be told to stop.
pub trait Linkable {
    /// Of what lives at present.
    fn watch(&self) -> Watch;

    /// What asks the present incarnation to stop, and to end with the exit that it is called with. It is called at most once,
    /// from wherever the other one ends, and must not wait.
    ///
    /// It may be called late, when that incarnation has ended and there is another one. That is none of it: an exit signal
    /// is for who was linked, as in Erlang, where it goes to a pid. So it shall keep what stops the one incarnation, and not
    /// look for what is present when it is called.
    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send>;
}

/// Two that end together, until this is dropped. See [`link`].
#[must_use = "dropping a link unlinks; `keep` does not"]
pub struct Link {
    /// None if they stay linked.
    ends: Option<[At; 2]>,
}

/// Links two: when one ends by anything but [`Exit::Normal`], the other is asked to stop, with an [`Exit::Shutdown`] that
/// says for what. If one has ended that way already, the other is asked at once.
///
/// A link is of two incarnations: what is started again is linked no more. That holds however the two race: one that is
/// restarted while the other ends, or while it is being linked, is not stopped for it in its new incarnation.
///
/// What has not been started yet does not live either: a [`SupervisorRef`](crate::SupervisorRef) from before the first start
/// is of something that has ended with [`Exit::Normal`], so that neither is asked to stop for the other. Who wants it linked
/// says so once it runs. (An actor lives from when it was made.)
pub fn link(a: &impl Linkable, b: &impl Linkable) -> Link {
    let (watch_a, watch_b) = (a.watch(), b.watch());
    let (stop_a, stop_b) = (a.stopper(), b.stopper());
    let (at_a, at_b) = (At::new(&watch_a), At::new(&watch_b));
    at_a.watch_for(&at_b, stop_b);
    at_b.watch_for(&at_a, stop_a);
    // What ended before the other one was watched could not take that back.
    for (one, other) in [(&at_a, &at_b), (&at_b, &at_a)] {
        if !one.watch.is_alive() {
            other.take_back();
        }
    }
    Link {
        ends: Some([at_a, at_b]),
    }
}

/// That one of the two is watched for the other.
///
/// When either ends, the other is watched for it no longer: one that lives for years, and is linked to many that come and
/// go, would remember them all.
#[derive(Clone)]
struct At {
    watch: Watch,
    id: Arc<Lock<Option<MonitorId>>>,
}

impl At {
    fn new(watch: &Watch) -> Self {
        Self {
            watch: watch.clone(),
            id: Arc::new(Lock::new(None)),
        }
    }

    fn watch_for(&self, other: &Self, stop_other: Box<dyn FnOnce(Exit) + Send>) {
        let other = other.clone();
        let id = self.watch.on_down(move |down| {
            other.take_back();
            // What stops it may be of an incarnation that came after the one that is watched. Then that has ended.
            if !down.exit.is_normal() && other.watch.is_alive() {
                stop_other(Exit::shutdown(words(&down)));
            }
        });
        *self.id.lock() = Some(id);
    }

    fn take_back(&self) {
        let id = self.id.lock().take();
        if let Some(id) = id {
            self.watch.demonitor(id);
        }
    }
}

fn words(down: &Down) -> String {
    // An error of the user's says what it is.
    let words = catch_unwind(AssertUnwindSafe(|| format!("linked to {down}")));
    words.unwrap_or_else(|payload| {
        // Not dropped, as that may panic too.
        std::mem::forget(payload);
        match &down.name {
            Some(name) => format!("linked to {name} ({})", down.id),
            None => format!("linked to {}", down.id),
        }
    })
}

impl Link {
    /// Leaves the two linked for as long as they live.
    pub fn keep(mut self) {
        self.ends = None;
    }

    /// Unlinks the two, as dropping it does.
    pub fn unlink(self) {}
}

impl Drop for Link {
    fn drop(&mut self) {
        for at in self.ends.iter().flatten() {
            at.take_back();
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watches = self.ends.iter().flatten().map(|at| &at.watch);
        f.write_str("Link ")?;
        f.debug_list().entries(watches).finish()
    }
}
