//! An `Arc<dyn Trait>` of one word.
//!
//! A fat pointer has its vtable beside it, in each of its copies. Where many places wait for a pointer that most of them never
//! get, as the slots of a mailbox do, that is a word a slot for nothing. Here the value says itself what it is: in front of
//! it, in its own allocation, is a function that makes the fat pointer out of the thin one.
//!
//! ```text
//!   Thin<D> ──▶ ┌─────────┬───────┐
//!               │ restore │ value │   Headed<T, D>, in an Arc; `restore` knows T
//!               └─────────┴───────┘
//! ```
//!
//! # Invariants
//!
//! I1. A `Head` that is reached by a `Thin` is the first field of a `Headed<T, D>`, and its function is `restore::<T, D>` of
//!     that very `T`: both are written in one place, `Headed::new`, and neither changes.
//! I2. A `Thin` owns one count of its `Arc`, as `Arc::into_raw` gives it, and gives it back once: by `into_arc`, or where it is dropped.
//!
//! I3. What a `Thin` points at may be used and dropped on any thread, and at any time, whatever `D` is, which need not be made
//!     of it: so [`Erase`] asks for `Send`, `Sync` and `'static`.
//!
//! # Why not a trait object that is boxed again
//!
//! `Arc<Box<dyn Trait>>` has one word too, and costs an allocation more and a step more to what it points at.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use crate::sync::Arc;

/// A type that [`Thin`] can point at, where a `D` is wanted.
pub trait Erase<D: ?Sized>: Sized + Send + Sync + 'static {
    /// Forgets the type: `this`, wherever `D` is a trait of [`Headed`]'s.
    fn erase(this: Arc<Headed<Self, D>>) -> Arc<D>;
}

/// A value, and what restores its type.
#[repr(C)]
pub struct Headed<T, D: ?Sized> {
    head: Head<D>,
    value: T,
}

struct Head<D: ?Sized> {
    restore: unsafe fn(NonNull<Head<D>>) -> Arc<D>,
}

/// An `Arc<D>` of one word, also as an `Option`.
pub struct Thin<D: ?Sized> {
    head: NonNull<Head<D>>,
    _owns: PhantomData<Arc<D>>,
}

// SAFETY: I3; and it gives an `Arc<D>`, which may be sent if D may be sent and shared.
unsafe impl<D: ?Sized + Send + Sync> Send for Thin<D> {}
// SAFETY: I3; and by a shared reference nothing can be reached.
unsafe impl<D: ?Sized + Send + Sync> Sync for Thin<D> {}

impl<T: Erase<D>, D: ?Sized> Headed<T, D> {
    /// A value that [`Thin::new`] takes, once it is in an `Arc`.
    #[inline]
    pub fn new(value: T) -> Self {
        let restore = restore::<T, D>;
        Self {
            head: Head { restore },
            value,
        }
    }
}

impl<T, D: ?Sized> Deref for Headed<T, D> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.value
    }
}

/// # Safety
///
/// `head` is that of a `Headed<T, D>` (I1), of whose `Arc` the caller gives one count.
unsafe fn restore<T: Erase<D>, D: ?Sized>(head: NonNull<Head<D>>) -> Arc<D> {
    // SAFETY: I1: the head is the first field, and the pointer the one that `into_raw` gave, for all of it. The count is
    // the caller's.
    T::erase(unsafe { Arc::from_raw(head.as_ptr().cast::<Headed<T, D>>()) })
}

impl<D: ?Sized> Thin<D> {
    /// Forgets the type.
    #[inline]
    pub fn new<T: Erase<D>>(value: Arc<Headed<T, D>>) -> Self {
        let value = Arc::into_raw(value).cast_mut().cast::<Head<D>>();
        Self {
            // SAFETY: I1: it points at the head of a value.
            head: unsafe { NonNull::new_unchecked(value) },
            _owns: PhantomData,
        }
    }

    /// The fat pointer to the same value.
    #[inline]
    pub fn into_arc(self) -> Arc<D> {
        let this = ManuallyDrop::new(self);
        // SAFETY: I2: the value lives, as a count of it is ours. That goes on to the caller, and by I1 the function is that
        // of the head's own type.
        unsafe { (this.head.as_ref().restore)(this.head) }
    }
}

impl<D: ?Sized> Drop for Thin<D> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: I2, I1, as in `into_arc`; it is not used again.
        drop(unsafe { (self.head.as_ref().restore)(self.head) });
    }
}

impl<T: fmt::Debug, D: ?Sized> fmt::Debug for Headed<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<D: ?Sized> fmt::Debug for Thin<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thin").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
