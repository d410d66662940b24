use std::fmt;

use aqueduct_core::node::{Birth, NodeId};

use super::MonitorId;
use crate::exit::Exit;
use crate::refs::Text;

/// Something that was watched has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Down {
    /// Which monitor this answers: who watches several things tells by it which one has ended.
    pub monitor: MonitorId,
    /// The number of what has ended.
    pub id: ProcessId,
    /// Its name, if it has one.
    pub name: Option<Text>,
    /// How.
    pub exit: Exit,
}

/// "worker (17): failed: the error"
impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} ({}): {}", self.id, self.exit),
            None => write!(f, "{}: {}", self.id, self.exit),
        }
    }
}

/// A number that nothing else that lives, or has lived, in this process has: one for each incarnation of a child, and for
/// each supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(NodeId);

impl ProcessId {
    pub(crate) fn next() -> Self {
        Self(Birth::here().id)
    }

    /// As a number, never 0.
    pub fn as_u64(self) -> u64 {
        self.0.as_u64()
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
