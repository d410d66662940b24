//! Rows of the files that were counted, written while others are being counted.
//!
//! A part of the figures passes through the writer of each output, and goes on once its rows are *acknowledged*: they
//! survive the death of this process. Only then it is added to the report. So at whatever moment a run is stopped, the
//! report tells of the files that have a row in each output, and of no other; and since a part has its files whole or not at
//! all, so have the outputs.
//!
//! Nothing that exists is overwritten. A JSONL file has to be new or empty: it has no place to say which line is of which
//! run. A database has, so a run is added to those that are there; but it has to be one that this program has made.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aqueduct_cancel::CancelScope;
use aqueduct_stream::write::jsonl::JsonlWriter;
use aqueduct_stream::write::sqlite::SqliteWriter;
use aqueduct_stream::write::{WriteError, WriteOptions};
use aqueduct_stream::{Boxed, Flow, Source};

use crate::input::Roots;
use crate::part::{Part, Rows};
use crate::pipeline::Outcome;

pub(crate) mod jsonl;
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
    jsonl: Option<JsonlWriter<Part>>,
    sqlite: Option<SqliteWriter<Part>>,
    files: Files,
}

/// Parts that may be with a writer, or wait for it.
const PARTS_WRITING: usize = 16;

impl Outputs {
    /// Looks at the files, and then opens them: either all, or none is changed. Blocks.
    pub(crate) fn open(
        jsonl: Option<&Path>,
        sqlite: Option<&Path>,
        roots: &Roots,
    ) -> Result<Self, OutputError> {
        let (jsonl, sqlite) = (jsonl.map(place), sqlite.map(place));
        let (jsonl, sqlite) = (jsonl.transpose()?, sqlite.transpose()?);
        if let (Some(one), Some(other)) = (&jsonl, &sqlite)
            && one == other
        {
            return Err(OutputError::new(one, "it cannot be both outputs", NAME_TWO));
        }
        jsonl.as_deref().map(jsonl::check).transpose()?;
        sqlite.as_deref().map(sqlite::check).transpose()?;
        let mut outputs = Self::default();
        // What is written together does not linger, since somebody waits for it to be acknowledged.
        let options = WriteOptions::new();
        if let Some(path) = jsonl {
            outputs.jsonl = Some(JsonlWriter::new(jsonl::open(&path)?, options));
            outputs.files.jsonl = Some(path);
        }
        if let Some(path) = sqlite {
            let (sink, run) = sqlite::open(&path, roots)?;
            outputs.sqlite = Some(SqliteWriter::new(sink, options));
            outputs.files.sqlite = Some(Database { path, run });
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
    pub(crate) fn checkpoint<S>(
        self,
        parts: Flow<S>,
        failure: &Failure,
        scope: &CancelScope,
    ) -> Flow<Boxed<'static, Part>>
    where
        S: Source<Item = Part> + Send + 'static,
    {
        let mut written = parts.boxed();
        if let (Some(writer), Some(path)) = (self.jsonl, self.files.jsonl) {
            let failed = failure.teller(path, scope);
            let checkpoint = written.checkpoint(writer, PARTS_WRITING);
            written = checkpoint.errors_to(failed).boxed();
        }
        if let (Some(writer), Some(database)) = (self.sqlite, self.files.sqlite) {
            let failed = failure.teller(database.path, scope);
            let checkpoint = written.checkpoint(writer, PARTS_WRITING);
            written = checkpoint.errors_to(failed).boxed();
        }
        written
    }
}

impl Files {
    /// Says in the database how a run has ended. Blocks, but nobody else is there any more.
    pub(crate) fn end(&self, outcome: &Outcome) -> Result<(), String> {
        if let Some(why) = outcome.failure.get() {
            return Err(format!("{why} (what was written before stays there)"));
        }
        let Some(database) = &self.sqlite else {
            return Ok(());
        };
        let ended = sqlite::end(database, outcome.interrupted);
        ended.map_err(|error| format!("{}: {error}", database.path.display()))
    }

    /// All files that a run writes, those included that a database has beside it meanwhile.
    pub(crate) fn all(&self) -> BTreeSet<PathBuf> {
        let beside = self.sqlite.iter().flat_map(|database| {
            ["", "-journal", "-shm", "-wal"].map(|end| {
                let mut path = database.path.clone().into_os_string();
                path.push(end);
                PathBuf::from(path)
            })
        });
        self.jsonl.iter().cloned().chain(beside).collect()
    }
}

/// The path of a file that may not exist yet, absolute and without symbolic links: as the walk would find it.
fn place(path: &Path) -> Result<PathBuf, OutputError> {
    if path.exists() {
        return path.canonicalize().map_err(|error| unwritable(path, error));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let Some(name) = path.file_name() else {
        return Err(OutputError::new(path, "it is a directory", NAME_ONE));
    };
    match folder.canonicalize() {
        Ok(folder) => Ok(folder.join(name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let advice = format!("make it (mkdir -p '{}')", folder.display());
            Err(OutputError::new(
                path,
                "its directory does not exist",
                advice,
            ))
        }
        Err(error) => Err(unwritable(path, error)),
    }
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

/// Why rows were not written, once that is so. The first counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failure(Arc<OnceLock<String>>);

impl Failure {
    /// What hears of the failure of an output.
    fn teller<E: Error>(
        &self,
        path: PathBuf,
        scope: &CancelScope,
    ) -> impl FnMut(WriteError<Part, E>) + Send + 'static + use<E> {
        let (failure, scope) = (self.clone(), scope.clone());
        move |error| {
            let told = format!("{}: {}", path.display(), error.source);
            // Of two outputs that fail at once one is enough.
            let _ = failure.0.set(told);
            scope.cancel();
        }
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
