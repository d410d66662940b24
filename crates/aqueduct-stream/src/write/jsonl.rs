//! JSON lines, with feature `jsonl`: a file with a JSON value on each line.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::IgnoredAny;

use super::{BatchSink, BatchWriter, Durability, WriteOptions};

/// Writes JSON lines into a file, in batches.
pub type JsonlWriter<T> = BatchWriter<T, JsonlError>;

impl<T: Serialize + Send + 'static> BatchWriter<T, JsonlError> {
    /// Opens a file to append JSON lines to, or makes one.
    ///
    /// The file is locked against other writers that do so, and a last line that was torn by the end of another process is
    /// [repaired](repair). Where the file system has no locks it is up to you that there is one writer.
    ///
    /// ```
    /// use aqueduct_stream::write::WriteOptions;
    /// use aqueduct_stream::write::jsonl::{Jsonl, JsonlWriter};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("numbers.jsonl");
    /// let writer = JsonlWriter::open(Jsonl::new(&path), WriteOptions::new()).await?;
    /// let stats = aqueduct_stream::iter(0..1000).write_batches(writer).await?;
    /// assert_eq!(stats.items, 1000);
    /// assert!(std::fs::read_to_string(&path)?.starts_with("0\n1\n2\n"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, repaired or locked.
    ///
    /// # Panics
    ///
    /// If the system starts no thread.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: the file may have been made, and repaired.
    pub async fn open(file: Jsonl, options: WriteOptions) -> Result<Self, JsonlError> {
        Self::open_with(move || Ok(file.open()?), options).await
    }
}

/// Which file, and what *acknowledged* promises for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jsonl {
    path: PathBuf,
    durability: Durability,
}

impl Jsonl {
    /// The file at a path, with [`Durability::Process`].
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            durability: Durability::Process,
        }
    }

    /// What *acknowledged* promises: with [`Durability::Process`] that `write(2)` was done, with [`Durability::PowerLoss`]
    /// also `fdatasync(2)`, for each batch, and `fsync(2)` of the folder, once.
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Opens the file, locks it if the file system can, and repairs it. Blocks for as long as that takes.
    ///
    /// # Errors
    ///
    /// Of the file system; [`io::ErrorKind::WouldBlock`] if another writer has locked it.
    pub fn open(&self) -> io::Result<JsonlSink> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // Elsewhere a file that is appended to cannot be cut.
        if cfg!(unix) {
            options.append(true);
        }
        let mut file = options.open(&self.path)?;
        lock(&file)?;
        let repair = repair_file(&mut file)?;
        if self.durability == Durability::PowerLoss {
            file.sync_all()?;
            sync_folder(&self.path)?;
        }
        Ok(JsonlSink {
            file,
            torn: None,
            lines: Vec::new(),
            durability: self.durability,
            repair,
        })
    }
}

/// Keeps other writers out that do so.
fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        // A file system that knows no locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What makes a new file's name survive a loss of power.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// A file that batches of JSON lines are appended to.
///
/// A batch is one `write` to the end of the file, so that a reader hardly sees a part of it. What one that failed has left is
/// cut off, and the batch can be tried again. Nothing else is ever cut off: lines of others that append to the file without
/// minding its lock stay, and it may be emptied. (Where such a line came behind what is to be cut off, that stays as well, and
/// a part of the batch is there twice once it is written.)
#[derive(Debug)]
pub struct JsonlSink {
    file: File,
    /// What the last try has left, if it failed.
    torn: Option<Torn>,
    lines: Vec<u8>,
    durability: Durability,
    repair: Repair,
}

/// A part of the file.
#[derive(Clone, Copy, Debug)]
struct Torn {
    from: u64,
    len: u64,
}

impl JsonlSink {
    /// What was done to the file when it was opened.
    pub fn repair(&self) -> Repair {
        self.repair
    }

    fn append(&mut self) -> io::Result<()> {
        let from = self.file.seek(SeekFrom::End(0))?;
        let mut lines = &self.lines[..];
        while !lines.is_empty() {
            match self.file.write(lines) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => lines = &lines[len..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            let len = (self.lines.len() - lines.len()) as u64;
            self.torn = Some(Torn { from, len });
        }
        if self.durability == Durability::PowerLoss {
            self.file.sync_data()?;
        }
        self.torn = None;
        Ok(())
    }

    /// Cuts off what a try has left, if that is the end of the file.
    fn cut_back(&mut self) -> io::Result<()> {
        if let Some(Torn { from, len }) = self.torn {
            if self.file.metadata()?.len() == from + len {
                self.file.set_len(from)?;
            }
            self.torn = None;
        }
        Ok(())
    }
}

impl<T: Serialize> BatchSink<T> for JsonlSink {
    type Error = JsonlError;

    fn write_batch(&mut self, batch: &[T]) -> Result<(), JsonlError> {
        self.lines.clear();
        for item in batch {
            serde_json::to_writer(&mut self.lines, item).map_err(JsonlError::Json)?;
            self.lines.push(b'\n');
        }
        // If cutting it off failed at the last try.
        self.cut_back()?;
        if let Err(error) = self.append() {
            let _ = self.cut_back();
            return Err(error.into());
        }
        if self.lines.capacity() > LINES_KEPT {
            self.lines = Vec::new();
        }
        Ok(())
    }

    /// All but what cannot be made into JSON.
    fn is_transient(&self, error: &JsonlError) -> bool {
        matches!(error, JsonlError::Io(_))
    }
}

/// A buffer that a large batch has made larger than this is let go of.
const LINES_KEPT: usize = 1024 * 1024;

/// Why lines were not written.
#[derive(Debug)]
#[non_exhaustive]
pub enum JsonlError {
    /// The file system's error.
    Io(io::Error),
    /// An item of the batch cannot be made into JSON. None of the batch was written.
    Json(serde_json::Error),
}

impl From<io::Error> for JsonlError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for JsonlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot write lines: {error}"),
            Self::Json(error) => write!(f, "an item is not JSON: {error}"),
        }
    }
}

impl std::error::Error for JsonlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Json(error) => Some(error),
        }
    }
}

/// What was done about the last line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Nothing: it was whole.
    Whole,
    /// It was given the newline that it lacked.
    Completed,
    /// So many bytes were cut off: the beginning of a line, which no writer had acknowledged.
    Cut(u64),
}

/// Makes the last line of a file whole, as [`Jsonl::open`] does: where it has no newline, because a process died in the middle
/// of writing it, it is cut off; but if it is a whole object, array or string it is given the newline.
///
/// (A number without newline may be the beginning of a longer one.) No line before the last is looked at.
///
/// The file is locked meanwhile: what a writer is in the middle of is not torn.
///
/// # Errors
///
/// Of the file system; [`io::ErrorKind::WouldBlock`] if a writer has locked it.
pub fn repair(path: impl AsRef<Path>) -> io::Result<Repair> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    lock(&file)?;
    repair_file(&mut file)
}

fn repair_file(file: &mut File) -> io::Result<Repair> {
    let len = file.seek(SeekFrom::End(0))?;
    let from = last_line(file, len)?;
    if from == len {
        return Ok(Repair::Whole);
    }
    file.seek(SeekFrom::Start(from))?;
    let mut line = Vec::new();
    file.read_to_end(&mut line)?;
    let delimits_itself = matches!(line.first(), Some(b'{' | b'[' | b'"'));
    if delimits_itself && serde_json::from_slice::<IgnoredAny>(&line).is_ok() {
        file.write_all(b"\n")?;
        return Ok(Repair::Completed);
    }
    file.set_len(from)?;
    Ok(Repair::Cut(len - from))
}

/// Behind the last newline before `to`.
fn last_line(file: &mut File, mut to: u64) -> io::Result<u64> {
    let mut block = [0; 8192];
    while to > 0 {
        let from = to.saturating_sub(block.len() as u64);
        let block = &mut block[..(to - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + at as u64 + 1);
        }
        to = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests;
