//! What a handler that may fail answers with.

/// A `Result`, as `#[messages]` takes it apart: the type of an answer and that of an error, though the handler may have
/// written an alias, such as `io::Result<u64>`.
pub trait Answer {
    /// What the asker gets.
    type Ok;
    /// What the asker gets as [`AskError::Handler`](crate::AskError::Handler).
    type Err;

    /// The answer itself.
    ///
    /// # Errors
    ///
    /// The handler's.
    fn into_result(self) -> Result<Self::Ok, Self::Err>;
}

impl<R, E> Answer for Result<R, E> {
    type Ok = R;
    type Err = E;

    #[inline]
    fn into_result(self) -> Result<R, E> {
        self
    }
}
