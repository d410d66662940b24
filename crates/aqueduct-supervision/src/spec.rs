//! What a supervisor is told: its strategy, how often it may restart, and the policy of each child.
//!
//! These are values. They know no clock, no runtime and no future, and what is decided by them is a pure function of them.
//! What is wrong with them is found before anything starts: a [`SpecError`] names the field and says what to do.

mod validate;

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use validate::{SpecError, SpecField};
pub(crate) use validate::{check_child, check_children};

use aqueduct_resilience::Backoff;

/// How a child is called by its supervisor: unique among its siblings, except below a dynamic supervisor, which knows its
/// children by what was started.
///
/// A clone costs a reference count.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildId(Arc<str>);

/// What becomes of the others when a child is restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// Nothing: they do not need each other.
    #[default]
    OneForOne,
    /// All are stopped, in the reverse of their order, and started again in order: each needs all others.
    OneForAll,
    /// Those that were started after it are stopped, in the reverse of their order, and started again with it: each needs
    /// those before it.
    RestForOne,
    /// Nothing: they are of one kind, come and go at run time, and may be a million. Erlang's `simple_one_for_one`.
    Dynamic,
}

/// When a child that ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// When it ended otherwise than it should: not after `Normal` and `Shutdown`.
    Transient,
    /// Never. Its spec goes with it.
    Temporary,
}

/// How a child is made to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shutdown {
    /// Dropped at its next await, without being asked.
    Brutal,
    /// Asked, and dropped at its next await if it is still there after this time.
    Within(Duration),
    /// Asked, and waited for. For supervisors, whose children have limits of their own.
    Infinity,
}

/// What a child is, for who looks at the tree. It decides the default of [`Shutdown`] only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildKind {
    /// It does the work.
    #[default]
    Worker,
    /// It has children of its own.
    Supervisor,
}

/// Whether a supervisor ends by itself when children that are significant have ended by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AutoShutdown {
    /// It does not, and no child may be significant.
    #[default]
    Never,
    /// At the first one.
    Any,
    /// At the last one.
    All,
}

/// How many restarts are normal: more than `restarts` within `period` and the supervisor stops its children and ends, so
/// that its own parent decides.
///
/// The period slides, is continuous, and includes its end: with `period` of 5 s a restart counts for exactly 5 s. There is
/// one count a supervisor. Each try to start a child again counts, whether it works or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Intensity {
    /// How many restarts are allowed within the period. With 0 the first one ends the supervisor; `u32::MAX` is no limit.
    pub restarts: u32,
    /// How long one counts.
    pub period: Duration,
}

/// When a child is taken for started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Readiness {
    /// When it has been spawned.
    AtOnce,
    /// When it says so. If it ends before, the start has failed, or was one to ignore.
    Acknowledged,
}

/// The policy of a child: all that the decision knows of it.
#[derive(Clone, Debug)]
pub(crate) struct ChildPolicy {
    pub(crate) id: ChildId,
    pub(crate) kind: ChildKind,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    pub(crate) readiness: Readiness,
    /// How long it may take until it says that it is ready. `None` is for ever, as in OTP.
    pub(crate) start_timeout: Option<Duration>,
    /// How long to wait before each restart. `None` is not at all, as in OTP.
    pub(crate) backoff: Option<Backoff>,
}

/// The policy of a supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) auto_shutdown: AutoShutdown,
    /// How long what was aborted is waited for.
    pub(crate) abort_patience: Duration,
}

impl ChildId {
    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Shutdown {
    /// Five seconds for a worker; a supervisor is waited for.
    #[must_use]
    pub const fn default_of(kind: ChildKind) -> Self {
        match kind {
            ChildKind::Worker => Self::Within(Duration::from_secs(5)),
            ChildKind::Supervisor => Self::Infinity,
        }
    }
}

impl ChildPolicy {
    /// A permanent one with the default limit of its kind.
    pub(crate) fn new(id: impl Into<ChildId>, kind: ChildKind, readiness: Readiness) -> Self {
        Self {
            id: id.into(),
            kind,
            restart: Restart::default(),
            shutdown: Shutdown::default_of(kind),
            significant: false,
            readiness,
            start_timeout: None,
            backoff: None,
        }
    }
}

impl Plan {
    pub(crate) const ABORT_PATIENCE: Duration = Duration::from_secs(1);

    pub(crate) fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            intensity: Intensity::default(),
            auto_shutdown: AutoShutdown::default(),
            abort_patience: Self::ABORT_PATIENCE,
        }
    }
}

/// One restart in five seconds, as in OTP.
impl Default for Intensity {
    fn default() -> Self {
        Self {
            restarts: 1,
            period: Duration::from_secs(5),
        }
    }
}

impl<T: Into<Arc<str>>> From<T> for ChildId {
    fn from(id: T) -> Self {
        Self(id.into())
    }
}

impl Borrow<str> for ChildId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ChildId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests;
