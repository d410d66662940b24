//! Finding actors by name and type.
//!
//! A registry holds no actor alive, and forgets each one when it has ended for good: it is told by DeathWatch, and looks for
//! itself where that has not come yet. Restarts are no end here.
//!
//! A name has one actor, whatever its type: so that two parts of a program that mean the same name and not the same type get
//! an error, and not each their own.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, LazyLock, Weak};

use aqueduct_core::sync::Lock;
use aqueduct_supervision::watch::{MonitorId, Watch};

use crate::actor::Actor;
use crate::actor_ref::{ActorRef, WeakActorRef};
use crate::node::ActorId;

/// Actors by name. Clones are the same registry; [`Registry::global`] is the one of the process.
///
/// ```
/// use aqueduct_actor::{Actor, Cx, Registry, actor};
///
/// struct Clock;
///
/// impl Actor for Clock {
///     type Msg = &'static str;
///
///     async fn handle(&mut self, _: &'static str, _: &mut Cx<Self>) {}
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let registry = Registry::new();
/// let clock = actor(Clock).spawn();
/// registry.register("clock", &clock).unwrap();
/// assert_eq!(registry.find::<Clock>("clock").unwrap(), clock);
///
/// clock.stop();
/// clock.ended().await;
/// assert!(registry.find::<Clock>("clock").is_err());
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    inner: Arc<Inner>,
}

type Entries = HashMap<Arc<str>, Entry>;

#[derive(Default)]
struct Inner {
    entries: Lock<Entries>,
}

struct Entry {
    id: ActorId,
    type_id: TypeId,
    type_name: &'static str,
    /// A `WeakActorRef` of that type.
    weak: Box<dyn Any + Send + Sync>,
    /// None until somebody watches for its end.
    watched: Option<(Watch, MonitorId)>,
}

/// A name could not be given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another actor has it.
    Taken {
        /// The name.
        name: Arc<str>,
        /// Who has it.
        by: ActorId,
        /// Of what type that is.
        by_type: &'static str,
    },
    /// The actor has ended.
    Ended,
}

/// A name does not lead to such an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindError {
    /// No actor that lives has it.
    NotFound {
        /// The name.
        name: Arc<str>,
    },
    /// The actor that has it is of another type.
    OtherType {
        /// The name.
        name: Arc<str>,
        /// The type that was looked for.
        wanted: &'static str,
        /// The type that it is.
        found: &'static str,
    },
}

static GLOBAL: LazyLock<Registry> = LazyLock::new(Registry::new);

impl Registry {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The one of this process.
    pub fn global() -> &'static Self {
        &GLOBAL
    }

    /// Gives an actor a name until it ends for good. It may have several. To give it one that it has is no error.
    ///
    /// # Errors
    ///
    /// If another actor that lives has the name, or this one has ended.
    pub fn register<A: Actor>(
        &self,
        name: impl Into<Arc<str>>,
        actor: &ActorRef<A>,
    ) -> Result<(), RegisterError> {
        let name = name.into();
        let entry = Entry {
            id: actor.id(),
            type_id: TypeId::of::<A>(),
            type_name: type_name::<A>(),
            weak: Box::new(actor.downgrade()),
            watched: None,
        };
        if !actor.is_alive() {
            return Err(RegisterError::Ended);
        }
        let before = self.inner.insert(&name, entry)?;
        forget(before);
        self.watch(name, actor);
        match actor.is_alive() {
            true => Ok(()),
            // It was taken out again.
            false => Err(RegisterError::Ended),
        }
    }

    fn watch<A: Actor>(&self, name: Arc<str>, actor: &ActorRef<A>) {
        let inner = Arc::downgrade(&self.inner);
        let (id, entry) = (actor.id(), name.clone());
        let watch = actor.shared().watch_slot();
        let monitor = watch.on_down(move |_| {
            if let Some(inner) = Weak::upgrade(&inner) {
                forget(inner.remove(&entry, Some(id)));
            }
        });
        let mut entries = self.inner.entries.lock();
        match entries.get_mut(&name) {
            Some(entry) if entry.id == id && entry.watched.is_none() => {
                entry.watched = Some((watch, monitor));
            }
            // It has ended, somebody took the name away, or watches already.
            _ => {
                drop(entries);
                watch.demonitor(monitor);
            }
        }
    }

    /// The actor of that name.
    ///
    /// # Errors
    ///
    /// If there is none that lives, or it is of another type.
    pub fn find<A: Actor>(&self, name: &str) -> Result<ActorRef<A>, FindError> {
        let entries = self.inner.entries.lock();
        let Some(entry) = entries.get(name) else {
            return Err(FindError::NotFound { name: name.into() });
        };
        let Some(weak) = entry.weak::<A>() else {
            return Err(FindError::OtherType {
                name: name.into(),
                wanted: type_name::<A>(),
                found: entry.type_name,
            });
        };
        drop(entries);
        weak.upgrade()
            .ok_or_else(|| FindError::NotFound { name: name.into() })
    }

    /// All actors of a type, with their names, in the order of these.
    pub fn find_all<A: Actor>(&self) -> Vec<(Arc<str>, ActorRef<A>)> {
        let entries = self.inner.entries.lock();
        let of_type = entries
            .iter()
            .filter_map(|(name, entry)| Some((name.clone(), entry.weak::<A>()?)));
        let of_type: Vec<_> = of_type.collect();
        drop(entries);
        let alive = |(name, weak): (Arc<str>, WeakActorRef<A>)| Some((name, weak.upgrade()?));
        let mut found: Vec<_> = of_type.into_iter().filter_map(alive).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// Who has a name, of whatever type.
    pub fn who(&self, name: &str) -> Option<ActorId> {
        self.inner.entries.lock().get(name).map(|entry| entry.id)
    }

    /// Takes a name away. True if an actor had it.
    pub fn unregister(&self, name: &str) -> bool {
        let removed = self.inner.remove(name, None);
        let was_there = removed.is_some();
        forget(removed);
        was_there
    }

    /// All names that are given, in order.
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<_> = self.inner.entries.lock().keys().cloned().collect();
        names.sort();
        names
    }

    /// How many names are given.
    pub fn len(&self) -> usize {
        self.inner.entries.lock().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Inner {
    /// Puts an entry in, and gives the one that is not needed any more.
    fn insert(&self, name: &Arc<str>, entry: Entry) -> Result<Option<Entry>, RegisterError> {
        let mut entries = self.entries.lock();
        match entries.get(name) {
            Some(has) if has.id == entry.id => return Ok(Some(entry)),
            Some(has) if has.is_alive() => {
                return Err(RegisterError::Taken {
                    name: name.clone(),
                    by: has.id,
                    by_type: has.type_name,
                });
            }
            _ => {}
        }
        Ok(entries.insert(name.clone(), entry))
    }

    fn remove(&self, name: &str, of: Option<ActorId>) -> Option<Entry> {
        let mut entries = self.entries.lock();
        let entry = entries.get(name)?;
        if of.is_some_and(|id| id != entry.id) {
            return None;
        }
        entries.remove(name)
    }
}

impl Entry {
    fn weak<A: Actor>(&self) -> Option<WeakActorRef<A>> {
        let is_of_type = self.type_id == TypeId::of::<A>();
        is_of_type
            .then(|| self.weak.downcast_ref().cloned())
            .flatten()
    }

    /// As far as DeathWatch has told.
    fn is_alive(&self) -> bool {
        match &self.watched {
            Some((watch, _)) => watch.is_alive(),
            None => true,
        }
    }
}

/// Outside of the lock: a watch calls back.
fn forget(entry: Option<Entry>) {
    if let Some(entry) = entry
        && let Some((watch, monitor)) = entry.watched
    {
        watch.demonitor(monitor);
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("names", &self.names())
            .finish()
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { name, by, by_type } => {
                write!(f, "the name \"{name}\" is taken by actor {by}, a {by_type}")
            }
            Self::Ended => f.write_str("an actor that has ended gets no name"),
        }
    }
}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { name } => write!(f, "no actor has the name \"{name}\""),
            Self::OtherType {
                name,
                wanted,
                found,
            } => write!(f, "the actor \"{name}\" is a {found}, not a {wanted}"),
        }
    }
}

impl Error for RegisterError {}
impl Error for FindError {}
