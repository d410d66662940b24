//! What has gone through a channel.

/// A channel's figures at one moment, read from what it keeps anyway.
///
/// The parts are read one after another while the channel goes on, so that they may be a few messages apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages that entered the channel, since it was made.
    pub sent: u64,
    /// Messages that receivers took out.
    pub received: u64,
    /// Messages that overflow has cost: dropped, evicted, or handed to `on_drop`.
    pub dropped: u64,
    /// Messages inside.
    pub len: usize,
    /// The most messages that were inside at once: an estimate, from looks that senders take when they seem to run
    /// out of room, receivers before they sleep, and this call. A short peak between two looks is missed.
    pub len_max: usize,
    /// Senders that wait for room.
    pub senders_waiting: usize,
    /// Receivers that wait for a message.
    pub receivers_waiting: usize,
}
