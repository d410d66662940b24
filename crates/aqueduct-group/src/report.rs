//! How a group ended.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use aqueduct_cancel::Reason;
use tokio::time::Instant;

use crate::info::TaskInfo;

/// How a group ended: how many of its tasks ended how, whether it was cancelled and aborted and when, and what could not
/// be stopped. `Display` says it in a line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// What the group was called.
    pub name: Option<Cow<'static, str>>,
    /// The time from its opening to its end, to some milliseconds.
    pub lasted: Duration,
    /// How many tasks it spawned.
    pub spawned: usize,
    /// How many returned.
    pub returned: usize,
    /// How many panicked.
    pub panicked: usize,
    /// How many were dropped before they returned, or returned an error that says no more than that they were cancelled:
    /// see [`policy`](crate::policy#cancelled-is-not-failed).
    pub cancelled: usize,
    /// When the group was cancelled, if it was.
    pub cancelled_at: Option<Instant>,
    /// When its tasks were aborted, if they were.
    pub aborted_at: Option<Instant>,
    /// Why it was cancelled, if it was: by its policy, from outside, or by a deadline.
    pub reason: Option<Reason>,
    /// The tasks that still ran when the group had done waiting, since nothing could stop them: its own, and those of
    /// groups that it had taken in from owners that were dropped. The latter do not count as `spawned`.
    pub unstopped: Vec<TaskInfo>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "group '{name}'")?,
            None => f.write_str("a group")?,
        }
        write!(
            f,
            " ended after {:?}: {} of {} tasks returned, {} panicked, {} were cancelled",
            self.lasted, self.returned, self.spawned, self.panicked, self.cancelled
        )?;
        if let Some(reason) = &self.reason {
            write!(f, " ({reason})")?;
        }
        if !self.unstopped.is_empty() {
            f.write_str("; not stopped:")?;
            for task in &self.unstopped {
                write!(f, " {task}")?;
            }
        }
        Ok(())
    }
}
