//! When to tell a producer at the other end of a wire that there is room again.

/// The receiving side of a window of bytes, as HTTP/2 has them: adds up what was consumed, and says when to send an
/// update for it.
///
/// An update for each message would be as much traffic as the messages; one for a whole window would stop the producer
/// until it has arrived. So an update is sent for each half of the window.
///
/// ```
/// use aqueduct_backpressure::credit::Window;
///
/// let mut window = Window::new(100);
/// assert_eq!(window.consume(30), None);
/// assert_eq!(window.consume(30), Some(60));
/// assert_eq!(window.consume(10), None);
/// assert_eq!(window.pending(), 10);
/// ```
///
/// Within a process: `if let Some(update) = window.consume(n) { grantor.grant(update) }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    size: u64,
    pending: u64,
}

impl Window {
    /// HTTP/2's first window: 65,535 bytes.
    pub const DEFAULT_SIZE: u64 = 65_535;

    /// A window of so many bytes, or whatever is counted.
    pub const fn new(size: u64) -> Self {
        Self { size, pending: 0 }
    }

    /// So much was consumed. The update to send, if it is time for one: the producer may send so much more.
    #[must_use = "the producer waits for the update"]
    pub fn consume(&mut self, amount: u64) -> Option<u64> {
        self.pending = self.pending.saturating_add(amount);
        let due = self.pending > 0 && self.pending >= self.size.div_ceil(2);
        due.then(|| self.flush())
    }

    /// What was consumed and not told yet, which counts as told now.
    #[must_use = "the producer waits for the update"]
    pub fn flush(&mut self) -> u64 {
        std::mem::take(&mut self.pending)
    }

    /// The size.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What was consumed and not told yet.
    pub fn pending(&self) -> u64 {
        self.pending
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::new(Self::DEFAULT_SIZE)
    }
}
