//! Pools that are children of a supervisor.
//!
//! ```text
//!   hashers            one for one, permanent
//!    ├ hashers-0       the workers that it was built with: specs, so that their mailboxes outlive a restart of the pool
//!    ├ hashers-1
//!    └ more            dynamic: what `resize` has added, as in a pool that is no child
//!       └ hashers-2
//! ```
//!
//! A supervisor that is started again begins with its spec. So does the pool: `more` is empty then, and who of the spec was
//! taken away, and rests, comes back, as another actor in a mailbox of its own. By that it is no matter who still holds the
//! [`Member`](super::member::Member) of the one before, and closes it late (P1).
//!
//! # Why not specs for those that are added
//!
//! The specs of a supervisor are fixed with it, and what is added to one that is no dynamic one is kept, at rest, when it has
//! ended. Somebody would have to wait for the end of each worker that leaves, to have it forgotten.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use aqueduct_supervision::{ChildId, ChildSpec, Supervisor};

use crate::actor::Actor;

use super::member::{Table, settler, worker};
use super::{Crew, Inner, PoolBuilder, PoolError, PoolRef};

/// A pool that is a child: by this it is resized, and it is a [`PoolRef`] too (by `Deref`). Made by [`PoolBuilder::child`].
///
/// The workers are its supervisor's: dropping this changes nothing.
pub struct ChildPool<A: Actor> {
    crew: Crew<A>,
    reference: PoolRef<A>,
}

impl<A: Actor> PoolBuilder<A> {
    /// The pool as a child of a supervisor, and what stands for it, which stays the same over all restarts and can be used at
    /// once. The child is a supervisor of the workers, permanent, and they are its children.
    ///
    /// # When it is started again
    ///
    /// A restart of a worker, as after a panic, keeps what is in its mailbox. One that ends by itself, in an orderly way, has
    /// left the pool.
    ///
    /// A restart of the whole pool, as of any supervisor, begins with what it was built with. It has its first size again: its
    /// first workers keep what is in their mailboxes, and those of them that have left come back. Workers that
    /// [`resize`](ChildPool::resize) has added are gone, and what was in their mailboxes is undelivered. One of the first that
    /// was leaving handles what it has, and leaves.
    ///
    /// The [limit of restarts](Self::with_intensity) counts the first workers together, and those that were added together.
    /// When these are over it, they are gone, which counts once with the others.
    ///
    /// Where the supervisor above stops the pool, the workers are told to stop, as by [`Pool::shutdown`](super::Pool::shutdown).
    ///
    /// ```
    /// use aqueduct_actor::{Actor, Cx, Reply, pool};
    /// use aqueduct_supervision::Supervisor;
    ///
    /// struct Hasher;
    ///
    /// impl Actor for Hasher {
    ///     type Msg = (u32, Reply<u32>);
    ///
    ///     async fn handle(&mut self, (n, reply): Self::Msg, _: &mut Cx<Self>) {
    ///         reply.send(n.wrapping_mul(0x9e37_79b9));
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (spec, mut hashers) = pool(4, || Hasher).child("hashers");
    /// let supervisor = Supervisor::one_for_one().with_child(spec).start().await.unwrap();
    /// assert_eq!(hashers.ask(|reply| (0, reply)).await.unwrap(), 0);
    /// hashers.resize(8).await.unwrap();
    /// assert_eq!(hashers.len(), 8);
    /// supervisor.shutdown().await;
    /// # }
    /// ```
    pub fn child(self, id: impl Into<ChildId>) -> (ChildSpec, ChildPool<A>) {
        let id = id.into();
        let name = self.name.unwrap_or_else(|| id.as_str().into());
        let inner = Arc::new(Inner {
            name: name.clone(),
            routing: self.routing,
            table: Table::new(false),
        });
        let (make, mailbox, pool) = (self.make.clone(), self.mailbox.clone(), inner.clone());
        let template = move |number| {
            let kept = Some(pool.clone());
            worker(number, &pool.name, mailbox.clone(), &make, kept)
        };
        let mut more = Supervisor::dynamic(template);
        let mut spec = Supervisor::one_for_one().with_name(name);
        if let Some((restarts, period)) = self.intensity {
            more = more.with_intensity(restarts, period);
            spec = spec.with_intensity(restarts, period);
        }
        for number in 0..self.workers {
            spec = spec.with_child(settler(number, &inner, self.mailbox.clone(), &self.make));
        }
        // After the others: when it takes somebody, those that come back have their numbers.
        let (more, crew) = more.child("more");
        let (spec, _) = spec.with_child(more).child(id);
        let reference = PoolRef { inner };
        (spec, ChildPool { crew, reference })
    }
}

impl<A: Actor> ChildPool<A> {
    /// A reference to it, for others.
    pub fn reference(&self) -> PoolRef<A> {
        self.reference.clone()
    }

    /// Has so many workers from now on, as [`Pool::resize`](super::Pool::resize), until the pool is
    /// [started again](PoolBuilder::child).
    ///
    /// # Errors
    ///
    /// If a worker failed to start, or the pool does not run: it was not started yet, is about to be started again, or is gone.
    /// Those before it stay.
    ///
    /// # Cancel safety
    ///
    /// As [`Pool::resize`](super::Pool::resize): *Strict*.
    pub async fn resize(&mut self, workers: usize) -> Result<(), PoolError> {
        self.inner.resize(&self.crew, workers).await
    }
}

impl<A: Actor> Deref for ChildPool<A> {
    type Target = PoolRef<A>;

    fn deref(&self) -> &PoolRef<A> {
        &self.reference
    }
}

impl<A: Actor> fmt::Debug for ChildPool<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChildPool").field(&self.reference).finish()
    }
}
