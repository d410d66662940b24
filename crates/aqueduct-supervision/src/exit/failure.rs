use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use aqueduct_cancel::Cancelled;

use super::ignore_panic;

/// An error that ended something, shared by all who are told of it.
///
/// Any error becomes one by `?`. It is no [`Error`] itself (or that could not be); [`error`](Self::error) is the one that it
/// was made from.
///
/// ```
/// use aqueduct_supervision::exit::Failure;
///
/// fn port(text: &str) -> Result<u16, Failure> {
///     let port = text.trim().parse()?;
///     if port == 0 {
///         return Err(Failure::msg("port 0 is no port to serve on"));
///     }
///     Ok(port)
/// }
///
/// assert_eq!(port("0").unwrap_err().to_string(), "port 0 is no port to serve on");
/// assert!(port("x").unwrap_err().downcast_ref::<std::num::ParseIntError>().is_some());
/// ```
#[derive(Clone)]
pub struct Failure {
    /// None while it is dropped.
    error: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    /// Of what is not an [`Error`] and can become one: a `Box<dyn Error + Send + Sync>`, an `anyhow::Error`, a string.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::shared(Arc::from(error.into()))
    }

    /// Of words.
    pub fn msg(message: impl Into<Cow<'static, str>>) -> Self {
        Self::shared(Arc::new(Message(message.into())))
    }

    fn shared(error: Arc<dyn Error + Send + Sync>) -> Self {
        Self { error: Some(error) }
    }

    /// The error.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.error.as_deref().expect("it is not being dropped")
    }

    /// What caused the error.
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error().source()
    }

    /// The error, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error().downcast_ref()
    }

    /// The [`Cancelled`] that it is, or that caused it. What an [`io::Error`] was made from is looked at as well.
    pub(crate) fn cancelled(&self) -> Option<&Cancelled> {
        let mut next: Option<&(dyn Error + 'static)> = Some(self.error());
        while let Some(error) = next {
            if let Some(cancelled) = error.downcast_ref() {
                return Some(cancelled);
            }
            let made_from = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            next = match made_from {
                Some(error) => Some(error),
                None => error.source(),
            };
        }
        None
    }
}

// So that of a `?` the compiler says which error it is that does not become one, and not why.
#[diagnostic::do_not_recommend]
impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::shared(Arc::new(error))
    }
}

/// It is dropped by the last who knows of it, a supervisor or somebody who watches, who is not to blame for a panic of the
/// error's destructor: that is told by the panic hook alone.
impl Drop for Failure {
    fn drop(&mut self) {
        let error = self.error.take();
        ignore_panic(|| drop(error));
    }
}

/// The error; and with `{:#}` what caused it as well: "cannot load the rates: connection refused".
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error())?;
        let mut next = self.source().filter(|_| f.alternate());
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.error(), f)
    }
}

struct Message(Cow<'static, str>);

impl Error for Message {}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
