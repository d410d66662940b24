//! Why an entry was not counted.

use std::fmt;
use std::io;

/// A reason to leave a file out and go on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Skip {
    /// A symbolic link: what it points at is counted where it lies, and links can form loops.
    Symlink,
    /// A socket, pipe or device: reading it could wait for ever.
    Special,
    /// A NUL byte among the first [`BINARY_PROBE`](crate::read::BINARY_PROBE) bytes.
    Binary,
    /// The entry was listed and is not there any more.
    Vanished,
    /// The system would not let us read it; in the system's words.
    Unreadable(String),
}

impl From<io::Error> for Skip {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            return Self::Vanished;
        }
        let text = error.to_string();
        let words = text.split(" (os error").next().unwrap_or(&text);
        Self::Unreadable(words.to_owned())
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symlink => f.write_str("symbolic link, not followed"),
            Self::Special => f.write_str("not a regular file"),
            Self::Binary => f.write_str("binary (holds NUL bytes)"),
            Self::Vanished => f.write_str("vanished before it was read"),
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
        }
    }
}
