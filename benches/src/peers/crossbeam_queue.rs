//! crossbeam-queue: a ring without waiting, the mark for a bare mpmc queue.

use ::crossbeam_queue::ArrayQueue;

use crate::channel::Queue;

pub(crate) const NAME: &str = "crossbeam-queue";

/// Used by reference, as many threads would: by `&mut` it has cheaper operations.
pub(crate) struct Array(ArrayQueue<usize>);

impl Queue for Array {
    fn open(capacity: usize) -> Self {
        Array(ArrayQueue::new(capacity))
    }

    #[inline]
    fn try_send(&mut self, value: usize) -> bool {
        self.0.push(value).is_ok()
    }

    #[inline]
    fn try_recv(&mut self) -> Option<usize> {
        self.0.pop()
    }
}
