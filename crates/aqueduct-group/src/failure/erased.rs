//! A group's error without the type of its tasks' errors.
//!
//! Not `impl Error for GroupError<E>` for all `E` that can be shown: it would have no `source`, since `String` and
//! `anyhow::Error`, for which it would be, are no errors themselves.

use std::error::Error;
use std::fmt;

use super::{FailureKind, GroupError};

/// Why a group gave no result, in words, and the first error behind it. Made by [`GroupError::erase`].
#[derive(Debug)]
pub struct ErasedGroupError {
    text: String,
    source: Box<dyn Error + Send + Sync>,
}

impl<E> GroupError<E>
where
    E: Into<Box<dyn Error + Send + Sync>> + fmt::Display,
{
    /// Makes an [`Error`] of it, whatever the tasks' errors are, so that `?` takes it into `Box<dyn Error>`,
    /// `anyhow::Error` and their like. It says the same, and its `source` is the first error.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() {
    /// use std::error::Error;
    ///
    /// use aqueduct_group::{AllOk, GroupError, group};
    ///
    /// async fn dial_all() -> Result<(), Box<dyn Error>> {
    ///     // A `String` is no `Error`; nor is an `anyhow::Error`.
    ///     let dialled = group().run_try(AllOk::<(), String>::new(), async |g| {
    ///         g.task("dial").spawn(async { Err("no route".to_owned()) }).await?;
    ///         Ok(())
    ///     });
    ///     dialled.await.map_err(GroupError::erase)?;
    ///     Ok(())
    /// }
    ///
    /// let error = dial_all().await.unwrap_err();
    /// assert!(error.to_string().starts_with("task 'dial' ("));
    /// assert!(error.to_string().ends_with("failed: no route"));
    /// assert_eq!(error.source().unwrap().to_string(), "no route");
    /// # }
    /// ```
    pub fn erase(self) -> ErasedGroupError {
        ErasedGroupError {
            text: self.to_string(),
            source: match self {
                Self::Cancelled(cancelled) => cancelled.into(),
                Self::Failed(failures) => match failures.first.kind {
                    FailureKind::Error(error) => error.into(),
                    FailureKind::Panic(panic) => panic.into(),
                },
            },
        }
    }
}

impl fmt::Display for ErasedGroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for ErasedGroupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
