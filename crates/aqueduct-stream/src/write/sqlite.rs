//! Rows of a SQLite database.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, ErrorCode, TransactionBehavior};

use super::{BatchSink, BatchWriter, Durability, WriteOptions};

/// Writes rows into a SQLite database, a transaction a batch.
pub type SqliteWriter<T> = BatchWriter<T, SqliteError>;

impl<T: Send + 'static> BatchWriter<T, SqliteError> {
    /// Opens a database, or makes one. `bind` executes the insert statement for an item, with the item's parameters.
    ///
    /// ```
    /// use aqueduct_stream::write::WriteOptions;
    /// use aqueduct_stream::write::sqlite::{Sqlite, SqliteWriter};
    ///
    /// struct Page {
    ///     url: String,
    ///     len: i64,
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("pages.db");
    /// let pages = Sqlite::new(&path, "INSERT INTO pages (url, len) VALUES (?1, ?2)")
    ///     .with_schema("CREATE TABLE IF NOT EXISTS pages (url TEXT PRIMARY KEY, len INTEGER)");
    /// let writer = SqliteWriter::open(
    ///     pages,
    ///     |page: &Page, insert| insert.execute((&page.url, page.len)),
    ///     WriteOptions::new(),
    /// )
    /// .await?;
    ///
    /// let stats = aqueduct_stream::iter(0..1000)
    ///     .map(|n| Page { url: format!("https://example.com/{n}"), len: n })
    ///     .write_batches(writer)
    ///     .await?;
    /// assert_eq!(stats.items, 1000);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the database cannot be opened, or the schema or the insert statement is none.
    ///
    /// # Panics
    ///
    /// If the system starts no thread.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: the database may have been made.
    pub async fn open<F>(
        database: Sqlite,
        bind: F,
        options: WriteOptions,
    ) -> Result<Self, SqliteError>
    where
        F: FnMut(&T, &mut CachedStatement<'_>) -> rusqlite::Result<usize> + Send + 'static,
    {
        Self::open_with(move || database.open(bind), options).await
    }
}

/// Which database, what is inserted, and what *acknowledged* promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sqlite {
    path: PathBuf,
    schema: String,
    insert: String,
    durability: Durability,
}

impl Sqlite {
    /// The database at a path, and the statement that inserts a row, with [`Durability::Process`].
    pub fn new(path: impl Into<PathBuf>, insert: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            schema: String::new(),
            insert: insert.into(),
            durability: Durability::Process,
        }
    }

    /// Statements that are executed when the database is opened, such as `CREATE TABLE IF NOT EXISTS …`.
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// What *acknowledged* promises. The journal is a write-ahead log either way: with [`Durability::Process`] it is
    /// `synchronous=NORMAL`, with [`Durability::PowerLoss`] `synchronous=FULL`.
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Opens the database, and checks the insert statement. Blocks for as long as that takes.
    ///
    /// # Errors
    ///
    /// Of SQLite.
    pub fn open<F>(self, bind: F) -> Result<SqliteSink<F>, SqliteError> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match self.durability {
            Durability::Process => "NORMAL",
            Durability::PowerLoss => "FULL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.execute_batch(&self.schema)?;
        connection.prepare_cached(&self.insert)?;
        Ok(SqliteSink {
            connection,
            insert: self.insert,
            bind,
        })
    }
}

/// How long a batch waits for another process that writes into the database, before the try counts as failed.
const BUSY: Duration = Duration::from_secs(5);

/// A database that batches of rows are inserted into.
pub struct SqliteSink<F> {
    connection: Connection,
    insert: String,
    bind: F,
}

impl<F> SqliteSink<F> {
    /// The connection, to set it up further before a writer has it.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl<T, F> BatchSink<T> for SqliteSink<F>
where
    F: FnMut(&T, &mut CachedStatement<'_>) -> rusqlite::Result<usize> + Send + 'static,
{
    type Error = SqliteError;

    fn write_batch(&mut self, batch: &[T]) -> Result<(), SqliteError> {
        // It takes the lock at once, so that nothing fails for want of it later. Dropped without a commit it is rolled
        // back, by an error as by a panic.
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut insert = transaction.prepare_cached(&self.insert)?;
        for item in batch {
            (self.bind)(item, &mut insert)?;
        }
        drop(insert);
        transaction.commit()?;
        Ok(())
    }

    /// What is busy, locked or full, or a disk that errs. Not what breaks a constraint.
    fn is_transient(&self, error: &SqliteError) -> bool {
        let SqliteError::Sqlite(error) = error else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::DiskFull
                    | ErrorCode::OutOfMemory
                    | ErrorCode::OperationInterrupted
            )
        )
    }
}

impl<F> fmt::Debug for SqliteSink<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteSink")
            .field("connection", &self.connection)
            .field("insert", &self.insert)
            .finish_non_exhaustive()
    }
}

/// Why rows were not written.
#[derive(Debug)]
#[non_exhaustive]
pub enum SqliteError {
    /// SQLite's error.
    Sqlite(rusqlite::Error),
    /// The system has started no thread.
    Io(io::Error),
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for SqliteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => write!(f, "cannot write rows: {error}"),
            Self::Io(error) => write!(f, "cannot start a thread: {error}"),
        }
    }
}

impl std::error::Error for SqliteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Sqlite(error) => Some(error),
            Self::Io(error) => Some(error),
        }
    }
}
