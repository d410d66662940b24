//! Outlets that several terminals and operators use.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use crate::source::Outlet;

/// Room for one item.
#[derive(Debug)]
pub(crate) struct Slot<T>(Option<T>);

impl<T> Slot<T> {
    pub(crate) fn new() -> Self {
        Self(None)
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        self.0.take()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.0.is_some())
    }
}

impl<T> Outlet<T> for Slot<T> {
    #[inline]
    fn room(&self) -> usize {
        1 - self.len()
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        debug_assert!(
            self.0.is_none(),
            "P1: more was pushed than there was room for"
        );
        self.0 = Some(item);
        ControlFlow::Break(())
    }
}

/// Appends to a buffer, up to a length of it.
#[derive(Debug)]
pub(crate) struct Fill<'a, T> {
    buffer: &'a mut Vec<T>,
    len_max: usize,
}

impl<'a, T> Fill<'a, T> {
    /// Lets the buffer have so many items.
    pub(crate) fn up_to(buffer: &'a mut Vec<T>, len_max: usize) -> Self {
        Self { buffer, len_max }
    }
}

impl<T> Outlet<T> for Fill<'_, T> {
    #[inline]
    fn room(&self) -> usize {
        self.len_max - self.buffer.len()
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.buffer.push(item);
        flow_if(self.buffer.len() < self.len_max)
    }
}

/// Appends to a queue, up to a length of it.
#[derive(Debug)]
pub(crate) struct Queue<'a, T> {
    queue: &'a mut VecDeque<T>,
    len_max: usize,
}

impl<'a, T> Queue<'a, T> {
    /// Lets the queue have so many items.
    pub(crate) fn up_to(queue: &'a mut VecDeque<T>, len_max: usize) -> Self {
        Self { queue, len_max }
    }
}

impl<T> Outlet<T> for Queue<'_, T> {
    #[inline]
    fn room(&self) -> usize {
        self.len_max - self.queue.len()
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.queue.push_back(item);
        flow_if(self.queue.len() < self.len_max)
    }
}

/// Hands on to another outlet, up to so many items, and counts them.
#[derive(Debug)]
pub(crate) struct Counted<'a, O: ?Sized> {
    outlet: &'a mut O,
    left: usize,
    count: usize,
    broke: bool,
}

impl<'a, O: ?Sized> Counted<'a, O> {
    /// Lets through so many items.
    pub(crate) fn up_to(outlet: &'a mut O, limit: usize) -> Self {
        Self {
            outlet,
            left: limit,
            count: 0,
            broke: false,
        }
    }

    /// How many items came through.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether the outlet below wants no other item in this pull.
    pub(crate) fn broke(&self) -> bool {
        self.broke
    }
}

impl<T, O: Outlet<T> + ?Sized> Outlet<T> for Counted<'_, O> {
    #[inline]
    fn room(&self) -> usize {
        self.outlet.room().min(self.left)
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.left -= 1;
        self.count += 1;
        self.broke = self.outlet.push(item).is_break();
        flow_if(!self.broke && self.left > 0)
    }
}

/// `Continue` if there is a reason to.
#[inline]
pub(crate) fn flow_if(go_on: bool) -> ControlFlow<()> {
    if go_on {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}
