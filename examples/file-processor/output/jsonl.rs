//! A line of JSON for each file.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use aqueduct_stream::write::BatchSink;
use aqueduct_stream::write::jsonl::{Jsonl, JsonlError, JsonlSink};
use serde::{Serialize, Serializer};

use super::{OutputError, existing, locked, unwritable};
use crate::part::{Part, Row};

/// A line. Fields are only ever added.
#[derive(Serialize)]
struct Line<'a> {
    /// What of it is not UTF-8 is replaced.
    path: Cow<'a, str>,
    #[serde(rename = "type")]
    file_type: &'a str,
    bytes: u64,
    lines: u64,
    words: u64,
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = Line {
            path: self.path.to_string_lossy(),
            file_type: self.file_type.as_str(),
            bytes: self.size.bytes,
            lines: self.size.lines,
            words: self.size.words,
        };
        line.serialize(serializer)
    }
}

/// Whether the file can be written to.
pub(super) fn check(path: &Path) -> Result<(), OutputError> {
    match existing(path)? {
        0 => Ok(()),
        _ => {
            let advice = "remove it, or name another file";
            Err(OutputError::new(path, "it exists and is not empty", advice))
        }
    }
}

pub(super) fn open(path: &Path) -> Result<Lines, OutputError> {
    match Jsonl::new(path).open() {
        Ok(sink) => Ok(Lines(sink)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(locked(path)),
        Err(error) => Err(unwritable(path, error)),
    }
}

/// Writes the rows of parts. The crate's sink makes a line of an item, and a part is many.
pub(super) struct Lines(JsonlSink);

impl BatchSink<Part> for Lines {
    type Error = JsonlError;

    fn write_batch(&mut self, parts: &[Part]) -> Result<(), JsonlError> {
        let rows: Vec<&Row> = parts.iter().flat_map(|part| &part.rows).collect();
        self.0.write_batch(&rows)
    }

    fn is_transient(&self, error: &JsonlError) -> bool {
        BatchSink::<&Row>::is_transient(&self.0, error)
    }
}
