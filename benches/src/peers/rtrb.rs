//! rtrb: a ring without waiting, the mark for a bare spsc queue.

use crate::channel::Queue;

pub(crate) const NAME: &str = "rtrb";

pub(crate) struct Ring {
    tx: rtrb::Producer<usize>,
    rx: rtrb::Consumer<usize>,
}

impl Queue for Ring {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = rtrb::RingBuffer::new(capacity);
        Ring { tx, rx }
    }

    #[inline]
    fn try_send(&mut self, value: usize) -> bool {
        self.tx.push(value).is_ok()
    }

    #[inline]
    fn try_recv(&mut self) -> Option<usize> {
        self.rx.pop().ok()
    }
}
