use std::fmt;

use crate::exit::Exit;
use crate::refs::Text;

/// How a shutdown went.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How the supervisor ended.
    pub exit: Exit,
    /// Children, of it and of supervisors below, that did not stop in their time, and were dropped.
    pub killed: Leftover,
    /// Children, of it and of supervisors below, that still run: they were aborted, and never came to an `.await`. Each is
    /// named, as each is to be looked for.
    pub unresponsive: Leftover,
}

impl ShutdownReport {
    /// Whether all children have ended by themselves.
    pub fn is_clean(&self) -> bool {
        self.killed.is_empty() && self.unresponsive.is_empty()
    }
}

/// Children that a report is about: how many, and by name; of those that were killed the first hundred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftover {
    count: usize,
    paths: Vec<Text>,
}

/// How many are named, of what may be a million; and shown, of what may be a hundred thousand.
const NAMED: usize = 100;

impl Leftover {
    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Where they are in the tree, "root/branch/child". All that are unresponsive; of those that were killed the first
    /// hundred.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|path| &**path)
    }

    /// With its name.
    pub(super) fn add(&mut self, path: Text) {
        self.count += 1;
        self.paths.push(path);
    }

    /// With its name, if there is room for it.
    pub(super) fn add_some(&mut self, path: impl FnOnce() -> Text) {
        self.count += 1;
        if self.paths.len() < NAMED {
            self.paths.push(path());
        }
    }

    /// With all their names.
    pub(super) fn append(&mut self, other: &Self) {
        self.count += other.count;
        self.paths.extend(other.paths.iter().cloned());
    }

    /// With those of their names for which there is room.
    pub(super) fn append_some(&mut self, other: &Self) {
        self.count += other.count;
        let room = NAMED.saturating_sub(self.paths.len());
        self.paths.extend(other.paths.iter().take(room).cloned());
    }
}

/// "shutdown; killed: a/b; still running: a/c, a/d"
impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.exit)?;
        for (what, which) in [
            ("killed", &self.killed),
            ("still running", &self.unresponsive),
        ] {
            if !which.is_empty() {
                write!(f, "; {what}: {which}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, path) in self.paths().take(NAMED).enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{path}")?;
        }
        match self.count - self.paths.len().min(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
