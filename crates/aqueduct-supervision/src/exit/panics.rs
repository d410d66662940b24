//! Panics, caught with the place where they happened.
//!
//! A payload does not say where it was thrown; only the panic hook is told. So one hook is chained, at the first supervisor
//! or actor: while a [`catch_panic`] is on this thread's stack it notes message and place in a thread-local, and in any
//! case it then calls the hook that was there before.
//!
//! Who replaces the hook later, without calling ours, takes the place away: it is none then, and all else works.
//!
//! # Invariants
//!
//! I1. A note is of the last panic on this thread since the outermost catch began. It is taken only for a payload with the
//!     same message: one that somebody else caught, and that goes on by `resume_unwind`, calls no hook.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Arc, Once};
use std::thread;

/// A panic: its message and where it happened. The payload itself is not kept.
#[derive(Clone)]
pub struct Panicked(Arc<Note>);

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PanicLocation {
    file: Box<str>,
    line: u32,
    column: u32,
}

#[derive(Default)]
struct Note {
    message: Option<Box<str>>,
    location: Option<PanicLocation>,
}

thread_local! {
    /// How many catches are on this thread's stack.
    static CATCHES: Cell<u32> = const { Cell::new(0) };
    static NOTE: RefCell<Option<Note>> = const { RefCell::new(None) };
}

impl Panicked {
    /// What it said, unless its payload was not a string.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Where. None if the program has replaced the panic hook since the first supervisor or actor was started, or if the
    /// panic was handed on by [`resume_unwind`](std::panic::resume_unwind).
    pub fn location(&self) -> Option<&PanicLocation> {
        self.0.location.as_ref()
    }

    fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = message_of(&*payload);
        let note = NOTE
            .take()
            .filter(|note| note.message.as_deref() == message);
        let note = note.unwrap_or_else(|| Note {
            message: message.map(Box::from),
            location: None,
        });
        ignore_panic(|| drop(payload));
        Self(Arc::new(note))
    }
}

/// "panicked at src/main.rs:7:5: the message"
impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("panicked")?;
        if let Some(location) = self.location() {
            write!(f, " at {location}")?;
        }
        match self.message() {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panicked")
            .field("message", &self.message())
            .field("location", &self.location())
            .finish()
    }
}

impl Error for Panicked {}

impl PanicLocation {
    /// The file, as the compiler was given it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column, from 1.
    pub fn column(&self) -> u32 {
        self.column
    }
}

/// "src/main.rs:7:5"
impl fmt::Display for PanicLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Runs `work`, and catches its panic with message and place.
///
/// As [`catch_unwind`] it catches nothing where panics abort. What `work` leaves broken when it panics is the
/// caller's to know: there is no `UnwindSafe` to satisfy.
///
/// # Errors
///
/// The panic.
///
/// ```
/// use aqueduct_supervision::exit::catch_panic;
///
/// # std::panic::set_hook(Box::new(|_| ()));
/// let panicked = catch_panic(|| assert_eq!(1 + 1, 3, "sums")).unwrap_err();
/// assert!(panicked.message().unwrap().contains("sums"));
/// assert!(panicked.location().is_some());
/// ```
#[inline]
pub fn catch_panic<R>(work: impl FnOnce() -> R) -> Result<R, Panicked> {
    install_hook();
    let caught = {
        let _counted = Counted::new();
        catch_unwind(AssertUnwindSafe(work))
    };
    caught.map_err(Panicked::new)
}

/// Drops a value of the user's, and gives the panic of its destructor.
pub(crate) fn drop_caught<T>(value: T) -> Result<(), Panicked> {
    catch_panic(|| drop(value))
}

/// Runs what is the user's and whose panic nobody could be told of but by the panic hook.
pub(crate) fn ignore_panic(work: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        // Not dropped, as that may panic too.
        std::mem::forget(payload);
    }
}

struct Counted;

impl Counted {
    #[inline]
    fn new() -> Self {
        CATCHES.set(CATCHES.get() + 1);
        Self
    }
}

impl Drop for Counted {
    #[inline]
    fn drop(&mut self) {
        CATCHES.set(CATCHES.get() - 1);
    }
}

#[inline]
fn install_hook() {
    static ONCE: Once = Once::new();
    // The hook cannot be taken while this thread panics; then it is by the next catch.
    if ONCE.is_completed() || thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            note(info);
            before(info);
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    // A thread that ends may have no thread-locals any more.
    if CATCHES.try_with(Cell::get).unwrap_or(0) == 0 {
        return;
    }
    let location = info.location().map(|location| PanicLocation {
        file: location.file().into(),
        line: location.line(),
        column: location.column(),
    });
    let note = Note {
        message: message_of(info.payload()).map(Box::from),
        location,
    };
    NOTE.set(Some(note));
}

fn message_of(payload: &(dyn Any + Send)) -> Option<&str> {
    match payload.downcast_ref::<&'static str>() {
        Some(message) => Some(message),
        None => payload.downcast_ref::<String>().map(String::as_str),
    }
}
