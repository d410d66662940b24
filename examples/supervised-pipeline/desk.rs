//! Where work lies that nobody has in hand, and from where it is taken: a [`Book`] with channels around it.
//!
//! There is one desk for directories and one for batches. Both live outside of all children, and so do their channels: a
//! child that is started again finds them as the one before it has left them.
//!
//! # A lease is either somewhere, or given back
//!
//! A [`Lease`] is the right to work on an item, and there is one for each that is open. It is moved, into a channel, out of it,
//! into a variable of a child. If it is dropped anywhere and for whatever reason (a panic, an error by `?`, a kill at an
//! await), its item goes back to the desk, and a new lease of it into the *lane of returns*. So nothing has to find out what
//! a dead child had in hand, and no stage has code for it.
//!
//! That lane has no bound, since a destructor cannot wait; there is never more in it than is open.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_channel::mpmc;
use aqueduct_supervision::ChildRef;
use tokio::time::Instant;

use crate::book::{Book, GivenBack, Id, Overdue};

/// A book, and the lane of returns.
pub(crate) struct Desk<W: Send + Sync + 'static> {
    book: Mutex<Book<W, ChildRef>>,
    returns: (
        mpmc::UnboundedSender<Lease<W>>,
        mpmc::UnboundedReceiver<Lease<W>>,
    ),
    is_closed: AtomicBool,
    all: Arc<Open>,
}

/// How many items are open at all desks together.
#[derive(Debug, Default)]
pub(crate) struct Open {
    count: AtomicUsize,
    over: CancelScope,
}

/// An item, and the right to work on it.
pub(crate) struct Lease<W: Send + Sync + 'static> {
    desk: Arc<Desk<W>>,
    id: Id,
    work: Arc<W>,
    handing: u32,
    /// Whether there is something to give back.
    is_open: bool,
}

impl<W: Send + Sync + 'static> Desk<W> {
    pub(crate) fn new(handings_max: u32, all: Arc<Open>) -> Arc<Self> {
        Arc::new(Self {
            book: Mutex::new(Book::new(handings_max)),
            returns: mpmc::unbounded_channel(),
            is_closed: AtomicBool::new(false),
            all,
        })
    }

    /// A new item. Its lease is the caller's, to be sent to who does the work.
    pub(crate) fn add(self: &Arc<Self>, work: W) -> Lease<W> {
        let work = Arc::new(work);
        self.all.count.fetch_add(1, Ordering::Relaxed);
        let id = self.book().add(work.clone());
        self.lease(id, work, 1)
    }

    fn lease(self: &Arc<Self>, id: Id, work: Arc<W>, handing: u32) -> Lease<W> {
        Lease {
            desk: self.clone(),
            id,
            work,
            handing,
            is_open: true,
        }
    }

    /// What was given back, to be taken before what is new.
    pub(crate) fn returns(&self) -> &mpmc::UnboundedReceiver<Lease<W>> {
        &self.returns.1
    }

    /// Puts a lease into the lane of returns, from which who does this work takes first.
    pub(crate) fn put(&self, lease: Lease<W>) {
        if let Err(mut refused) = self.returns.0.send(lease) {
            refused.0.is_open = false;
        }
    }

    pub(crate) fn overdue(&self, patience: Duration) -> Vec<Overdue<ChildRef>> {
        self.book().overdue(Instant::now(), patience)
    }

    /// What is dropped from now on is not handed out again. Nothing waits at the desk any more.
    pub(crate) fn close(&self) {
        // Pairs with the Acquire in `give_back`: what was done before the desk closed.
        self.is_closed.store(true, Ordering::Release);
        self.returns.0.close();
        // Leases have their desk, and this one has leases.
        while self.returns.1.try_recv().is_ok() {}
    }

    /// A book is whole whenever its lock is free: nothing in it calls what could panic.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book<W, ChildRef>> {
        self.book.lock().expect("nobody panics while he writes")
    }

    fn give_back(self: &Arc<Self>, id: Id) {
        // Pairs with the Release in `close`: who finds it closed gives nothing back.
        if self.is_closed.load(Ordering::Acquire) {
            return;
        }
        let given_back = self.book().give_back(id);
        match given_back {
            GivenBack::Again(work, handing) => self.put(self.lease(id, work, handing)),
            GivenBack::GivenUp => self.all.close_one(),
            GivenBack::Over => {}
        }
    }
}

impl Open {
    /// When none is open. Whoever closes an item has added before what follows from it, so that there is no way back.
    pub(crate) async fn none(&self) {
        self.over.cancelled().await;
    }

    fn close_one(&self) {
        // Pairs with itself in the others: the last one sees what all have done.
        if self.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.over.cancel();
        }
    }
}

impl<W: Send + Sync + 'static> Lease<W> {
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn work(&self) -> &Arc<W> {
        &self.work
    }

    /// How many times the item was handed out, this one included.
    pub(crate) fn handing(&self) -> u32 {
        self.handing
    }

    /// It is in the hands of this child from now on.
    pub(crate) fn hold(&self, by: &ChildRef) {
        self.desk.book().hold(self.id, by.clone(), Instant::now());
    }

    /// It is in nobody's hands: it is about to be sent on, which may have to wait for room.
    pub(crate) fn put_down(&self) {
        self.desk.book().put_down(self.id);
    }

    /// There is nothing left to do with the item.
    pub(crate) fn done(mut self) {
        self.is_open = false;
        if self.desk.book().done(self.id) {
            self.desk.all.close_one();
        }
    }
}

impl<W: Send + Sync + 'static> Drop for Lease<W> {
    fn drop(&mut self) {
        if self.is_open {
            self.desk.give_back(self.id);
        }
    }
}

impl<W: Send + Sync + 'static> fmt::Debug for Lease<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("id", &self.id)
            .field("handing", &self.handing)
            .finish_non_exhaustive()
    }
}

impl<W: Send + Sync + 'static> fmt::Debug for Desk<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("open_at_all", &self.all)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
