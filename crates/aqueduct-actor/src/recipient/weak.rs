//! Who is behind a narrowed reference, and references of that kind that keep nobody alive.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aqueduct_supervision::watch::{Monitor, Watch};

use super::{AskRecipient, Recipient, Request};
use crate::actor::Actor;
use crate::actor_ref::{ActorRef, WeakActorRef};
use crate::node::ActorId;

/// What can be known of who is behind a narrowed reference.
pub(crate) trait Identity: Send + Sync {
    fn id(&self) -> ActorId;
    fn name(&self) -> Option<&str>;
    fn is_alive(&self) -> bool;
    fn watch(&self) -> Watch;
    /// Of its end for good.
    fn watch_slot(&self) -> Watch;
}

pub(crate) trait NarrowWeak<T>: Send + Sync {
    fn upgrade(&self) -> Option<Recipient<T>>;
}

/// A [`Recipient`] that does not keep its actor alive. Made by [`Recipient::downgrade`].
pub struct WeakRecipient<T> {
    id: ActorId,
    actor: Arc<dyn NarrowWeak<T>>,
}

impl<T> WeakRecipient<T> {
    /// A reference, unless the actor is gone.
    pub fn upgrade(&self) -> Option<Recipient<T>> {
        self.actor.upgrade()
    }

    /// The actor's number.
    pub fn id(&self) -> ActorId {
        self.id
    }
}

impl<T> Recipient<T> {
    #[cfg(feature = "test-util")]
    pub(crate) fn of(actor: Arc<dyn super::Narrow<T>>) -> Self {
        Self { actor }
    }

    /// A reference that does not keep the actor alive.
    #[must_use = "a weak reference does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakRecipient<T> {
        WeakRecipient {
            id: self.actor.id(),
            actor: self.actor.clone().downgrade(),
        }
    }

    pub(crate) fn watch_slot(&self) -> Watch {
        self.actor.watch_slot()
    }
}

impl<Q: Request> AskRecipient<Q> {
    #[cfg(feature = "test-util")]
    pub(crate) fn of(actor: Arc<dyn super::NarrowAsk<Q>>) -> Self {
        Self { actor }
    }
}

/// What both kinds have of an identity.
macro_rules! identity {
    ($name:ident, $message:ident $(: $bound:ident)?) => {
        impl<$message $(: $bound)?> $name<$message> {
            /// The actor's name, if it was given one.
            pub fn name(&self) -> Option<&str> {
                self.actor.name()
            }

            /// Whether the actor has not ended for good.
            pub fn is_alive(&self) -> bool {
                self.actor.is_alive()
            }

            /// A future of the end of the actor's present incarnation. A restart is an end.
            pub fn monitor(&self) -> Monitor {
                self.actor.watch().monitor()
            }

            /// A future of the end after which the actor is not started again.
            pub fn ended(&self) -> Monitor {
                self.actor.watch_slot().monitor()
            }
        }
    };
}

identity!(Recipient, T);
identity!(AskRecipient, Q: Request);

impl<A: Actor> Identity for ActorRef<A> {
    fn id(&self) -> ActorId {
        self.id()
    }

    fn name(&self) -> Option<&str> {
        self.name()
    }

    fn is_alive(&self) -> bool {
        self.is_alive()
    }

    fn watch(&self) -> Watch {
        self.shared().watch()
    }

    fn watch_slot(&self) -> Watch {
        self.shared().watch_slot()
    }
}

impl<A, T> NarrowWeak<T> for WeakActorRef<A>
where
    A: Actor,
    A::Msg: From<T>,
    T: Send + 'static,
{
    fn upgrade(&self) -> Option<Recipient<T>> {
        Some(self.upgrade()?.recipient())
    }
}

impl<T> Clone for WeakRecipient<T> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            actor: self.actor.clone(),
        }
    }
}

impl<T> PartialEq for WeakRecipient<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<T> Eq for WeakRecipient<T> {}

impl<T> Hash for WeakRecipient<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl<T> fmt::Debug for WeakRecipient<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakRecipient")
            .field("id", &self.id.as_u64())
            .finish_non_exhaustive()
    }
}
