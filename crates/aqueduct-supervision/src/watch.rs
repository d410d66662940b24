//! DeathWatch: to be told, once, that something has ended, and how.
//!
//! What lives owns a [`Lifeline`]; who wants to know has a [`Watch`].
//!
//! ```text
//!   Lifeline ──end(exit), or drop: Killed──▶ ENDED(exit) ──▶ who watches: each one Down
//!      │                                        ▲
//!      └── watch() ──▶ Watch ── monitor(), on_down(f), exit()   also afterwards: a Down at once
//! ```
//!
//! A lifeline is of one *incarnation*: what is started again has another. So a restart is a death here, as in Erlang, and
//! whoever must know of the next one too asks for its watch again, or for the [`Downs`] of them all.
//!
//! # Invariants
//!
//! W1. The state goes from alive to ended once, under the lock, and with that step all watchers leave it.
//! W2. A watcher is put in only while the state is alive, under the lock. So it is told by who ends it, or, where it is
//!     too late to be put in, by who would have: exactly one `Down`.
//! W3. Who takes a watcher out, under the lock, before the end did, has prevented it: none.
//! W4. Wakers and callbacks are called, and dropped, outside of the lock. What they throw is not handed on: it would end
//!     somebody who is not to blame, and keep others from being told.
//! W5. A watcher's number is greater than that of all before, and no other's in the process. So the list is sorted, also
//!     with the empty places that watchers leave. A monitor has its place from the beginning, before it is polled, and so
//!     has its number.
//!
//! # Why not a channel for each watcher
//!
//! Most things that can be watched are not, and a million of them shall cost nothing for it. A lock that is taken twice in a
//! life is cheaper than any channel, and a list says who comes first.

mod down;
mod downs;
mod link;
mod list;
mod monitor;

use std::fmt;

use aqueduct_core::sync::Lock;

use crate::exit::{Exit, ignore_panic};
use crate::refs::{Arc, Text};
use list::{List, Watcher};

pub use down::{Down, ProcessId};
pub use downs::{Downs, Ends, Told};
pub use link::{Link, Linkable, link};
pub use list::MonitorId;
pub use monitor::Monitor;

/// Owned by what lives. Its end is told to all who watch.
///
/// ```
/// use aqueduct_supervision::exit::Exit;
/// use aqueduct_supervision::watch::Lifeline;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let lifeline = Lifeline::new(Some("worker".into()));
/// let watch = lifeline.watch();
/// tokio::spawn(async move {
///     // … work
///     lifeline.end(Exit::Normal);
/// });
/// let down = watch.monitor().await;
/// assert!(down.exit.is_normal());
/// // Who comes later is told at once.
/// assert_eq!(watch.monitor().await.name.as_deref(), Some("worker"));
/// # }
/// ```
#[must_use = "what is dropped has been killed"]
pub struct Lifeline {
    /// None once it has ended.
    watched: Option<Arc<Watched>>,
}

/// By which others watch. Cheap to clone; it keeps nothing alive that it watches.
///
/// Equality is identity: of the same incarnation of the same thing.
#[derive(Clone)]
pub struct Watch {
    watched: Arc<Watched>,
}

struct Watched {
    id: ProcessId,
    name: Option<Text>,
    state: Lock<State>,
}

enum State {
    Alive(List),
    Ended(Exit),
}

impl Lifeline {
    /// Of something that lives from now on.
    pub fn new(name: Option<Text>) -> Self {
        let watched = Watched {
            id: ProcessId::next(),
            name,
            state: Lock::new(State::Alive(List::default())),
        };
        Self {
            watched: Some(Arc::new(watched)),
        }
    }

    /// The observers' side.
    pub fn watch(&self) -> Watch {
        Watch {
            watched: self.watched().clone(),
        }
    }

    /// The number of what lives.
    pub fn id(&self) -> ProcessId {
        self.watched().id
    }

    /// It has ended: tells all who watch.
    pub fn end(mut self, exit: Exit) {
        let watched = self.watched.take().expect("it is taken when it ends");
        watched.end(exit);
    }

    fn watched(&self) -> &Arc<Watched> {
        self.watched.as_ref().expect("it is taken when it ends")
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        if let Some(watched) = self.watched.take() {
            watched.end(Exit::Killed);
        }
    }
}

impl Watch {
    /// Of something that has ended already, as far as anybody can tell: what is not running.
    pub fn ended(name: Option<Text>, exit: Exit) -> Self {
        let lifeline = Lifeline::new(name);
        let watch = lifeline.watch();
        lifeline.end(exit);
        watch
    }

    /// The number of what is watched.
    pub fn id(&self) -> ProcessId {
        self.watched.id
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.watched.name.as_deref()
    }

    /// How it has ended, if it has.
    pub fn exit(&self) -> Option<Exit> {
        match &*self.watched.state.lock() {
            State::Alive(_) => None,
            State::Ended(exit) => Some(exit.clone()),
        }
    }

    /// Whether it has not ended.
    pub fn is_alive(&self) -> bool {
        matches!(&*self.watched.state.lock(), State::Alive(_))
    }

    /// A future of its one [`Down`], also when it has ended already.
    pub fn monitor(&self) -> Monitor {
        Monitor::new(self.clone())
    }

    /// Calls `tell` with its one [`Down`], which has the id that this gives; at once, and from here, if it has ended already.
    ///
    /// Otherwise it is called by whoever ends what is watched, so it shall do little, such as to send a message, and never
    /// wait. A panic of it is told by the panic hook, and by nothing else.
    pub fn on_down(&self, tell: impl FnOnce(Down) + Send + 'static) -> MonitorId {
        let mut tell: Option<Box<dyn FnOnce(Down) + Send>> = Some(Box::new(tell));
        let put_in = |list: &mut List| list.push(Watcher::Call(tell.take().expect("once")));
        match self.watched.if_alive(put_in) {
            Ok(id) => id,
            Err(exit) => {
                let id = MonitorId::next();
                let down = self.down(id, exit);
                if let Some(tell) = tell {
                    ignore_panic(|| tell(down));
                }
                id
            }
        }
    }

    /// Takes back an [`on_down`](Self::on_down). True if it was not called and never will be; false if it was, or is being
    /// called at this moment by another thread.
    pub fn demonitor(&self, id: MonitorId) -> bool {
        let taken = self.watched.take_out(id);
        let was_there = taken.is_some();
        ignore_panic(|| drop(taken));
        was_there
    }

    /// How many watch at the moment.
    pub fn watchers(&self) -> usize {
        match &*self.watched.state.lock() {
            State::Alive(list) => list.len(),
            State::Ended(_) => 0,
        }
    }

    fn down(&self, monitor: MonitorId, exit: Exit) -> Down {
        self.watched.down(monitor, exit)
    }
}

impl Watched {
    fn end(&self, exit: Exit) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Ended(exit.clone()));
        let State::Alive(list) = before else {
            unreachable!("a lifeline ends once (W1)");
        };
        for (id, watcher) in list {
            match watcher {
                Watcher::Task(waker) => ignore_panic(|| waker.wake()),
                Watcher::Call(tell) => {
                    let down = self.down(id, exit.clone());
                    ignore_panic(|| tell(down));
                }
            }
        }
    }

    fn down(&self, monitor: MonitorId, exit: Exit) -> Down {
        Down {
            monitor,
            id: self.id,
            name: self.name.clone(),
            exit,
        }
    }

    /// Changes the list of who watches, or says how it ended. Nothing of the user's may run in `change`.
    fn if_alive<R>(&self, change: impl FnOnce(&mut List) -> R) -> Result<R, Exit> {
        match &mut *self.state.lock() {
            State::Alive(list) => Ok(change(list)),
            State::Ended(exit) => Err(exit.clone()),
        }
    }

    /// Takes out a watcher that was not told, for the caller to drop outside of the lock.
    fn take_out(&self, id: MonitorId) -> Option<Watcher> {
        self.if_alive(|list| list.remove(id)).ok().flatten()
    }
}

impl PartialEq for Watch {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.watched, &other.watched)
    }
}

impl Eq for Watch {}

impl fmt::Debug for Lifeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifeline")
            .field("id", &self.id())
            .field("name", &self.watched().name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("exit", &self.exit())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "watch/tests/loom.rs"]
mod loom;
