//! Memory for one cell: the allocator's, or loom's record of it, which finds leaks and double frees.

pub(super) use imp::{alloc, free};

#[cfg(not(aqueduct_loom))]
mod imp {
    use std::ptr::NonNull;

    /// Uninitialised room for a `C`.
    #[inline]
    pub(in super::super) fn alloc<C>() -> NonNull<C> {
        NonNull::from(Box::leak(Box::<C>::new_uninit())).cast()
    }

    /// Drops what is in there and gives the room back.
    ///
    /// # Safety
    ///
    /// `room` is from [`alloc`], holds a `C`, and is not used again.
    #[inline]
    pub(in super::super) unsafe fn free<C>(room: NonNull<C>) {
        // SAFETY: `alloc` took it from a Box of the same type, and the caller says that it was initialised since and
        // that this is its one free (I1).
        drop(unsafe { Box::from_raw(room.as_ptr()) });
    }
}

#[cfg(aqueduct_loom)]
mod imp {
    use std::alloc::Layout;
    use std::ptr::NonNull;

    /// Uninitialised room for a `C`.
    pub(in super::super) fn alloc<C>() -> NonNull<C> {
        // SAFETY: the layout is not of size zero: a cell, whose life is I1, has a state word.
        let room = unsafe { loom::alloc::alloc(Layout::new::<C>()) };
        NonNull::new(room.cast()).expect("the allocator has memory")
    }

    /// Drops what is in there and gives the room back.
    ///
    /// # Safety
    ///
    /// `room` is from [`alloc`], holds a `C`, and is not used again.
    pub(in super::super) unsafe fn free<C>(room: NonNull<C>) {
        // SAFETY: the caller promises that this is the one free (I1).
        unsafe {
            room.drop_in_place();
            loom::alloc::dealloc(room.as_ptr().cast(), Layout::new::<C>());
        }
    }
}
