//! Rows of the files that were counted, written while others are being counted.
//!
//! A part of the figures passes through the writer of each output, and goes on once its rows are *acknowledged*: they
//! survive the death of this process. Only then it is added to the report. So at whatever moment a run is stopped, the
//! report tells of the files that have a row in each output, and of no other; and since a part has its files whole or not at
//! all, so have the outputs. Nothing has more rows than that but, where a write fails, the other one of two outputs; and what
//! is being written when even the last try after Ctrl-C does not come to an end, which is told.
//!
//! Nothing that exists is overwritten. A JSONL file has to be new or empty: it has no place to say which line is of which
//! run. A database has, so a run is added to those that are there; but it has to be one that this program has made.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_stream::write::jsonl::JsonlError;
use aqueduct_stream::write::sqlite::SqliteError;
use aqueduct_stream::write::{BatchWriter, ShutdownError, WriteOptions};
use aqueduct_stream::{Boxed, Flow, Source};
use tokio::time::timeout;

use crate::input::Roots;
use crate::part::{Part, Rows};
use crate::pipeline::long_cancelled;
use place::{are_one, place};

pub(crate) mod jsonl;
mod place;
pub(crate) mod sqlite;

/// Where rows go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) jsonl: Option<PathBuf>,
    pub(crate) sqlite: Option<Database>,
}

/// A database, and which of its runs this one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    pub(crate) run: i64,
}

/// The writers of rows.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    jsonl: Option<Output<JsonlError>>,
    sqlite: Option<Output<SqliteError>>,
    files: Files,
}

/// A file, and who writes into it.
#[derive(Debug)]
struct Output<E> {
    path: PathBuf,
    writer: BatchWriter<Part, E>,
}

/// Parts that may be with a writer, or wait for it.
const PARTS_WRITING: usize = 16;

/// How long after Ctrl-C what fails is tried again: rows may have to wait for another program.
const WRITE_GRACE: Duration = Duration::from_secs(5);

/// How long the try that is under way then may take: longer than one waits for a locked database.
const LAST_TRY: Duration = Duration::from_secs(3);

impl Outputs {
    /// Looks at the files, and then opens them. Where one is unfit, none is changed or made. What shows only when it is opened,
    /// such as that another program has it locked, may leave the one for lines made, and empty. Blocks.
    pub(crate) fn open(
        jsonl: Option<&Path>,
        sqlite: Option<&Path>,
        roots: &Roots,
    ) -> Result<Self, OutputError> {
        let (jsonl, sqlite) = (jsonl.map(place), sqlite.map(place));
        let (jsonl, sqlite) = (jsonl.transpose()?, sqlite.transpose()?);
        if let (Some(lines), Some(rows)) = (&jsonl, &sqlite) {
            check_both(lines, rows)?;
        }
        jsonl.as_deref().map(jsonl::check).transpose()?;
        sqlite.as_deref().map(sqlite::check).transpose()?;
        // Both before there is a thread for one: that would have the file open for a moment more if the other fails.
        let lines = jsonl.as_deref().map(jsonl::open).transpose()?;
        let rows = sqlite.as_deref().map(|path| sqlite::open(path, roots));
        let rows = rows.transpose()?;
        let mut outputs = Self::default();
        // What is written together does not linger, since somebody waits for it to be acknowledged.
        let options = WriteOptions::new();
        if let (Some(path), Some(sink)) = (jsonl, lines) {
            let writer = BatchWriter::new(sink, options);
            outputs.files.jsonl = Some(path.clone());
            outputs.jsonl = Some(Output { path, writer });
        }
        if let (Some(path), Some((sink, run))) = (sqlite, rows) {
            let writer = BatchWriter::new(sink, options);
            let database = path.clone();
            outputs.files.sqlite = Some(Database {
                path: database,
                run,
            });
            outputs.sqlite = Some(Output { path, writer });
        }
        Ok(outputs)
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn rows(&self) -> Rows {
        match self.files == Files::default() {
            true => Rows::Unwanted,
            false => Rows::Wanted,
        }
    }

    /// Gives parts on once their rows are written everywhere. Where that fails the scope is cancelled, and the stream ends.
    pub(crate) fn checkpoint<'a, S>(
        &'a self,
        parts: Flow<S>,
        scope: &CancelScope,
    ) -> Flow<Boxed<'a, Part>>
    where
        S: Source<Item = Part> + Send + 'a,
    {
        let mut written = parts.boxed();
        if let Some(jsonl) = &self.jsonl {
            written = jsonl.checkpoint(written, scope);
        }
        if let Some(sqlite) = &self.sqlite {
            written = sqlite.checkpoint(written, scope);
        }
        written
    }

    /// Waits until parts are `written`, which is what the stream of [`checkpoint`](Self::checkpoint) is made into, and until
    /// the writers have ended: nothing is written behind what was added up. Gives what failed.
    ///
    /// A writer that is left alone tries on. So its stream is not dropped when the time after Ctrl-C is over; instead the
    /// writers are told to try nothing again, and what comes of the last try comes through the stream.
    pub(crate) async fn finish(
        &self,
        written: impl Future<Output = ()>,
        scope: &CancelScope,
    ) -> Vec<String> {
        let mut failures = Vec::new();
        let mut written = pin!(written);
        tokio::select! {
            () = &mut written => {}
            () = long_cancelled(scope, WRITE_GRACE) => {
                self.shut(Duration::ZERO, &mut failures).await;
                // If it is over before, the writers are not done either, which is told below.
                let _ = timeout(LAST_TRY, written).await;
            }
        }
        for path in self.shut(LAST_TRY, &mut failures).await {
            let why = "its last write has not ended; it may have rows that are not in the report";
            failures.push(format!("{}: {why}", path.display()));
        }
        failures
    }

    /// Shuts the writers down, so long for each. Gives the paths of those that were not done by then.
    async fn shut(&self, grace: Duration, failures: &mut Vec<String>) -> Vec<&Path> {
        let mut writing = Vec::new();
        if let Some(jsonl) = &self.jsonl {
            writing.extend(jsonl.shut(grace, failures).await);
        }
        if let Some(sqlite) = &self.sqlite {
            writing.extend(sqlite.shut(grace, failures).await);
        }
        writing
    }
}

impl<E: Error + Send + 'static> Output<E> {
    fn checkpoint<'a>(
        &'a self,
        parts: Flow<Boxed<'a, Part>>,
        scope: &CancelScope,
    ) -> Flow<Boxed<'a, Part>> {
        let scope = scope.clone();
        let written = parts.checkpoint_by_ref(&self.writer, PARTS_WRITING);
        // Why, says the writer when it is shut down.
        let stop = move |_| {
            scope.cancel();
        };
        written.errors_to(stop).boxed()
    }

    async fn shut(&self, grace: Duration, failures: &mut Vec<String>) -> Option<&Path> {
        match self.writer.shutdown(grace).await {
            Ok(_) | Err(ShutdownError::AlreadyShutDown) => None,
            Err(ShutdownError::Failed(error)) => {
                let (path, why) = (self.path.display(), error.source);
                failures.push(format!(
                    "{path}: {why} (what was written before stays there)"
                ));
                None
            }
            Err(ShutdownError::Elapsed) => Some(&self.path),
        }
    }
}

impl Files {
    /// Says in the database how a run has ended. Blocks.
    pub(crate) fn end(&self, is_partial: bool) -> Result<(), String> {
        let Some(database) = &self.sqlite else {
            return Ok(());
        };
        sqlite::end(database, is_partial).map_err(|error| {
            let path = database.path.display();
            format!("{path}: {error} (all rows are written, but not that the run has ended)")
        })
    }

    /// All files that a run writes, those included that a database has beside it meanwhile.
    pub(crate) fn all(&self) -> BTreeSet<PathBuf> {
        let databases = self.sqlite.iter();
        let beside = databases.flat_map(|database| with_beside(&database.path));
        self.jsonl.iter().cloned().chain(beside).collect()
    }
}

/// A database, and what it has beside it while it is written to.
fn with_beside(database: &Path) -> [PathBuf; 4] {
    ["", "-journal", "-shm", "-wal"].map(|end| {
        let mut path = database.as_os_str().to_owned();
        path.push(end);
        PathBuf::from(path)
    })
}

/// What exists and is to be written to must be an ordinary file. Gives how long it is.
fn existing(path: &Path) -> Result<u64, OutputError> {
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            Err(OutputError::new(path, "it is a directory", NAME_ONE))
        }
        Ok(metadata) if !metadata.is_file() => {
            Err(OutputError::new(path, "it is no ordinary file", NAME_OTHER))
        }
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(unwritable(path, error)),
    }
}

/// Whether two files can be written at once.
fn check_both(lines: &Path, rows: &Path) -> Result<(), OutputError> {
    if are_one(lines, rows) {
        let why = "it cannot be both outputs";
        return Err(OutputError::new(lines, why, NAME_TWO));
    }
    if with_beside(rows).iter().any(|beside| lines == beside) {
        let why = "the database has this file beside it";
        return Err(OutputError::new(lines, why, NAME_OTHER));
    }
    Ok(())
}

fn locked(path: &Path) -> OutputError {
    let advice = "wait for that to end, or name another file";
    OutputError::new(path, "another program is writing to it", advice)
}

fn unwritable(path: &Path, why: impl fmt::Display) -> OutputError {
    OutputError::new(path, why, "name a file where you may write")
}

const NAME_ONE: &str = "name a file in it";
const NAME_OTHER: &str = "name another file";
const NAME_TWO: &str = "name two files";

/// An output that cannot be written to: which, why, and what to do.
#[derive(Debug)]
pub(crate) struct OutputError {
    path: PathBuf,
    why: String,
    advice: String,
}

impl OutputError {
    fn new(path: &Path, why: impl fmt::Display, advice: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            why: why.to_string(),
            advice: advice.into(),
        }
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, why, advice } = self;
        write!(f, "cannot write to {}: {why}; {advice}", path.display())
    }
}

impl Error for OutputError {}

#[cfg(test)]
mod tests;
