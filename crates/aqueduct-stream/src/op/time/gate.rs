//! The way to an outlet, shared by an operator and what it gives to its source.

use std::ops::ControlFlow;

use crate::outlet::flow_if;
use crate::source::{CHUNK, Outlet};

/// An outlet that knows whether it may be pushed to: rule P1, for operators that push before a pull of their own, in it, and
/// after it. All of these together push no more than a chunk.
pub(super) struct Gate<'a, O: ?Sized> {
    outlet: &'a mut O,
    room: usize,
}

impl<'a, O: ?Sized> Gate<'a, O> {
    #[inline]
    pub(super) fn new<T>(outlet: &'a mut O) -> Self
    where
        O: Outlet<T>,
    {
        let room = outlet.room().min(CHUNK);
        Self { outlet, room }
    }

    /// How many items may be pushed in this pull. 0 after a `Break`.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.room
    }

    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.room > 0
    }

    /// Pushes, and says whether another may be.
    #[inline]
    pub(super) fn push<T>(&mut self, item: T) -> ControlFlow<()>
    where
        O: Outlet<T>,
    {
        debug_assert!(self.is_open(), "P1: a push without room");
        self.room = match self.outlet.push(item) {
            ControlFlow::Continue(()) => self.room - 1,
            ControlFlow::Break(()) => 0,
        };
        flow_if(self.is_open())
    }
}
