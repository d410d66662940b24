//! How things end: [`Exit`], and what it is made of.
//!
//! ```text
//!  the work returned            ── () , Ok(())            ▶ Normal
//!                               ── Err(error)             ▶ Failed
//!                               ── Exit                   ▶ that
//!  it was told to stop, and did                           ▶ Shutdown
//!  it panicked, in a poll or in its destructor            ▶ Panicked
//!  it was dropped at an await                             ▶ Killed
//!  it was to be dropped, and never came to an await       ▶ Unresponsive
//! ```
//!
//! An exit is told to many: the supervisor, who monitors, the log. So it is cheap to clone, and errors are shared.

mod failure;
mod panics;

use std::fmt;
use std::sync::Arc;

pub use failure::Failure;
pub use panics::{PanicLocation, Panicked, catch_panic};
pub(crate) use panics::{drop_caught, ignore_panic};

/// How a child, an actor or a supervisor has ended.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Exit {
    /// It was done.
    #[default]
    Normal,
    /// An orderly end, told from outside or chosen by itself, perhaps with words. What Erlang has as `shutdown` and
    /// `{shutdown, Why}`.
    Shutdown(Option<Arc<str>>),
    /// It returned an error.
    Failed(Failure),
    /// It panicked.
    Panicked(Panicked),
    /// It was dropped at an `.await`: by `Shutdown::Brutal`, since its time to stop was up, or by `kill`.
    Killed,
    /// It was to be dropped, and was still running when it was waited for no longer: it never came to an `.await`.
    Unresponsive,
}

impl Exit {
    /// A [`Shutdown`](Self::Shutdown) with words.
    pub fn shutdown(why: impl Into<Arc<str>>) -> Self {
        Self::Shutdown(Some(why.into()))
    }

    /// A [`Failed`](Self::Failed) with this error.
    pub fn failed(failure: impl Into<Failure>) -> Self {
        Self::Failed(failure.into())
    }

    /// Whether it is [`Normal`](Self::Normal).
    pub fn is_normal(&self) -> bool {
        matches!(self, Self::Normal)
    }

    /// Whether it is [`Normal`](Self::Normal) or [`Shutdown`](Self::Shutdown): an end after which a transient child is not
    /// started again.
    pub fn is_orderly(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown(_))
    }

    /// The error, if it is [`Failed`](Self::Failed).
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// The panic, if it is [`Panicked`](Self::Panicked).
    pub fn panicked(&self) -> Option<&Panicked> {
        match self {
            Self::Panicked(panicked) => Some(panicked),
            _ => None,
        }
    }
}

/// "normal", "shutdown: the words", "failed: the error: its cause", "panicked at src/main.rs:7:5: the message", "killed",
/// "unresponsive".
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Shutdown(None) => f.write_str("shutdown"),
            Self::Shutdown(Some(why)) => write!(f, "shutdown: {why}"),
            Self::Failed(failure) => write!(f, "failed: {failure:#}"),
            Self::Panicked(panicked) => panicked.fmt(f),
            Self::Killed => f.write_str("killed"),
            Self::Unresponsive => f.write_str("unresponsive"),
        }
    }
}

impl From<Panicked> for Exit {
    fn from(panicked: Panicked) -> Self {
        Self::Panicked(panicked)
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What a child's work may return: `()`, an [`Exit`], `!`, or a `Result` of these, whose error is a [`Failure`] or becomes one.
///
/// That is whatever is an [`Error`](std::error::Error). What is not one itself becomes one by `.map_err(Failure::new)`: a
/// `Box<dyn Error + Send + Sync>`, an `anyhow::Error`, a `String`. The compiler says so:
///
/// ```compile_fail
/// # type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// # async fn serve() -> Result<(), BoxError> { Ok(()) }
/// use aqueduct_supervision::ChildSpec;
///
/// // error: a child cannot end with `Result<(), Box<dyn std::error::Error + Send + Sync>>`
/// let spec = ChildSpec::worker("server", |_| serve());
/// ```
///
/// ```
/// # type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// # async fn serve() -> Result<(), BoxError> { Ok(()) }
/// use aqueduct_supervision::{ChildSpec, Failure};
///
/// let spec = ChildSpec::worker("server", |_| async { serve().await.map_err(Failure::new) });
/// ```
#[diagnostic::on_unimplemented(
    message = "a child cannot end with `{Self}`",
    label = "its work returns `{Self}`",
    note = "it may return `()`, an `Exit`, nothing ever (`!`), or a `Result` of these with an error that is `Error + Send + Sync + 'static`, or a `Failure`",
    note = "of an error that is no `Error` itself (`Box<dyn Error + Send + Sync>`, `anyhow::Error`, `String`): `.map_err(Failure::new)`; of words: `Failure::msg(\"…\")`",
    note = "any other value is nobody's: end with `.map(drop)`, or with `Ok(())`"
)]
pub trait IntoExit {
    /// The end that it stands for.
    fn into_exit(self) -> Exit;
}

impl IntoExit for () {
    fn into_exit(self) -> Exit {
        Exit::Normal
    }
}

impl IntoExit for Exit {
    fn into_exit(self) -> Exit {
        self
    }
}

/// Of work that never returns: `async { loop { … } }`.
// It has a name that nobody knows.
#[diagnostic::do_not_recommend]
impl IntoExit for Never {
    fn into_exit(self) -> Exit {
        match self {}
    }
}

/// `!`, which stable Rust knows as what a function returns, and not by itself.
type Never = <fn() -> ! as Returns>::Value;

#[doc(hidden)]
pub trait Returns {
    type Value;
}

impl<T> Returns for fn() -> T {
    type Value = T;
}

// Else the compiler would follow what an error must be to become a failure, and end at "the size of `dyn Error` cannot be
// known".
#[diagnostic::do_not_recommend]
impl<T: IntoExit, E: Into<Failure>> IntoExit for Result<T, E> {
    fn into_exit(self) -> Exit {
        match self {
            Ok(done) => done.into_exit(),
            Err(error) => Exit::Failed(error.into()),
        }
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
