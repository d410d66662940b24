//! What a message costs of Tokio's coop budget.

/// After one unit of the budget was spent, this many messages more are free.
///
/// A task has 128 units before it must yield. A unit is meant for an operation that costs about 100 ns; a message
/// here costs a tenth of that, and asking for a unit costs half as much as the message. With this the budget lasts
/// for 512 messages: in time, what it lasts for elsewhere or less.
pub(crate) const MESSAGES_PER_UNIT: u8 = 3;
