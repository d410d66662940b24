//! Why something was cancelled, and the error that says so.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use crate::refs::Arc;

/// Why a scope was cancelled: what for, by which line of code, and at which scope. Cheap to clone.
///
/// Strings are reasons, and so is any error ([`Reason::from_error`]). The place and the scope's name are filled in when
/// the reason is first used to cancel; a reason that is handed on to another scope keeps them.
///
/// ```
/// use aqueduct_cancel::{CancelScope, ReasonKind};
///
/// let scope = CancelScope::new().with_name("import");
/// scope.cancel_because("the user closed the window");
/// let reason = scope.reason().expect("it was cancelled");
/// assert_eq!(reason.kind(), ReasonKind::Requested);
/// assert_eq!(reason.message(), "the user closed the window");
/// assert_eq!(reason.scope(), Some("import"));
/// assert!(reason.location().is_some());
/// ```
#[derive(Clone)]
pub struct Reason(Arc<Cause>);

/// What kind of thing cancelled a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReasonKind {
    /// Somebody asked for it.
    Requested,
    /// Time was up.
    Deadline,
    /// A [`DropGuard`](crate::DropGuard) was dropped.
    Dropped,
    /// Something failed; [`Reason::source`] may say what.
    Failed,
    /// A signal of the operating system.
    Signal,
    /// A `tokio_util` token was cancelled.
    Token,
}

/// What a [`Reason`] refers to, and a cancelled scope's word points to.
#[derive(Clone)]
#[repr(align(8))]
pub(crate) struct Cause {
    kind: ReasonKind,
    message: Option<Cow<'static, str>>,
    location: Option<&'static Location<'static>>,
    scope: Option<Arc<str>>,
    source: Option<Arc<dyn Error + Send + Sync>>,
    /// Whether it has cancelled a scope, so that place and scope are what they stay.
    used: bool,
}

impl Reason {
    /// A reason of some kind, with words of its own.
    pub fn new(kind: ReasonKind, message: impl Into<Cow<'static, str>>) -> Self {
        let mut cause = Cause::new(kind);
        cause.message = Some(message.into());
        Self(Arc::new(cause))
    }

    /// An error that makes going on pointless. The message is the error's.
    pub fn from_error(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        let mut cause = Cause::new(ReasonKind::Failed);
        cause.message = Some(Cow::Owned(error.to_string()));
        cause.source = Some(Arc::from(error));
        Self(Arc::new(cause))
    }

    /// Says where in the source it comes from, in place of the line that will call `cancel`: for who cancels on behalf of
    /// somebody else. One that has cancelled a scope keeps its place.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use aqueduct_cancel::{CancelScope, Reason, ReasonKind};
    ///
    /// let scope = CancelScope::new();
    /// let spawned_at = Location::caller();
    /// let reason = Reason::new(ReasonKind::Failed, "a worker failed").with_location(spawned_at);
    /// scope.cancel_because(reason);
    /// assert_eq!(scope.reason().and_then(|reason| reason.location()), Some(spawned_at));
    /// ```
    #[must_use]
    pub fn with_location(mut self, location: &'static Location<'static>) -> Self {
        if !self.0.used {
            Arc::make_mut(&mut self.0).location = Some(location);
        }
        self
    }

    /// What kind of thing it was.
    pub fn kind(&self) -> ReasonKind {
        self.0.kind
    }

    /// In words: those that were given, or else some that say the kind.
    pub fn message(&self) -> &str {
        self.0.message()
    }

    /// Where in the source `cancel` was called, or where the reason was [said](Self::with_location) to come from. None for
    /// what is not called anywhere, as a deadline.
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.0.location
    }

    /// The name of the scope that was cancelled, itself or an ancestor, if it has one.
    pub fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    /// The error behind it.
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|error| error as &(dyn Error + 'static))
    }

    pub(crate) fn cause(&self) -> &Arc<Cause> {
        &self.0
    }

    pub(crate) fn from_cause(cause: Arc<Cause>) -> Self {
        Self(cause)
    }

    /// The cause, with place and scope filled in unless it has been used before.
    pub(crate) fn into_cause(
        self,
        location: &'static Location<'static>,
        scope: Option<&Arc<str>>,
    ) -> Arc<Cause> {
        let mut cause = self.0;
        if !cause.used {
            let cause = Arc::make_mut(&mut cause);
            cause.used = true;
            cause.location.get_or_insert(location);
            cause.scope = scope.cloned();
        }
        cause
    }
}

impl Cause {
    pub(crate) fn new(kind: ReasonKind) -> Self {
        Self {
            kind,
            message: None,
            location: None,
            scope: None,
            source: None,
            used: false,
        }
    }

    pub(crate) fn in_scope(mut self, scope: Option<&Arc<str>>) -> Self {
        self.used = true;
        self.scope = scope.cloned();
        self
    }

    pub(crate) fn at(mut self, location: &'static Location<'static>) -> Self {
        self.location = Some(location);
        self
    }

    fn message(&self) -> &str {
        match (&self.message, self.kind) {
            (Some(message), _) => message,
            (None, ReasonKind::Requested) => "cancellation was requested",
            (None, ReasonKind::Deadline) => "the deadline has passed",
            (None, ReasonKind::Dropped) => "its guard was dropped",
            (None, ReasonKind::Failed) => "something failed",
            (None, ReasonKind::Signal) => "a signal came",
            (None, ReasonKind::Token) => "its token was cancelled",
        }
    }
}

impl From<&'static str> for Reason {
    fn from(message: &'static str) -> Self {
        Self::new(ReasonKind::Requested, message)
    }
}

impl From<String> for Reason {
    fn from(message: String) -> Self {
        Self::new(ReasonKind::Requested, message)
    }
}

/// Whoever stops because of a [`Cancelled`] may hand on why.
impl From<Cancelled> for Reason {
    fn from(cancelled: Cancelled) -> Self {
        cancelled.0
    }
}

/// `message (scope "name", at file:line:column)`, without what is not known.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        match (self.scope(), self.location()) {
            (Some(scope), Some(location)) => write!(f, " (scope \"{scope}\", at {location})"),
            (Some(scope), None) => write!(f, " (scope \"{scope}\")"),
            (None, Some(location)) => write!(f, " (at {location})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reason")
            .field("kind", &self.kind())
            .field("message", &self.message())
            .field("scope", &self.scope())
            .field("location", &self.location().map(ToString::to_string))
            .field("source", &self.0.source)
            .finish()
    }
}

// A reason is never changed once it is shared: a panic elsewhere cannot leave one half made.
impl UnwindSafe for Reason {}
impl RefUnwindSafe for Reason {}

/// The error of what was cancelled. It names the [`Reason`].
///
/// As an [`io::Error`] it is of kind `TimedOut` if time was up, and `Other` else. It is never `Interrupted`, though that
/// is its name: code that reads and writes takes `Interrupted` as the advice to try again.
///
/// ```
/// use aqueduct_cancel::CancelScope;
///
/// let scope = CancelScope::new();
/// scope.cancel_because("enough");
/// let error = scope.check().expect_err("it was cancelled");
/// assert!(error.to_string().starts_with("cancelled: enough (at "));
/// assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::Other);
/// ```
#[derive(Clone)]
pub struct Cancelled(Reason);

impl Cancelled {
    /// Why.
    pub fn reason(&self) -> &Reason {
        &self.0
    }

    /// Why, without the error.
    pub fn into_reason(self) -> Reason {
        self.0
    }
}

impl From<Reason> for Cancelled {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cancelled: {}", self.0)
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancelled").field(&self.0).finish()
    }
}

impl Error for Cancelled {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl From<Cancelled> for io::Error {
    fn from(cancelled: Cancelled) -> Self {
        let kind = match cancelled.0.kind() {
            ReasonKind::Deadline => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, cancelled)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
