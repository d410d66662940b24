//! Rows of a SQLite database, with feature `sqlite`.
//!
//! The closures that write them are given types of [`rusqlite`], which is re-exported here: a program that names them, or
//! looks into a [`SqliteError::Sqlite`], has the right version by it, and two of them could not be linked into one program.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use rusqlite;
use rusqlite::{CachedStatement, Connection, ErrorCode, Transaction, TransactionBehavior};

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
    /// For rows of several tables, see [`open_transactions`](Self::open_transactions).
    ///
    /// # Errors
    ///
    /// If the database cannot be opened, or the schema or the insert statement is none; and
    /// [`SqliteError::Journal`] if it can have no write-ahead log.
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

    /// Opens a database, or makes one, for items that are rows of several tables, or anything but an insert. `write` writes a
    /// batch in a transaction, which is committed once it has returned, and rolled back if it fails or panics; so a batch that
    /// is tried again finds nothing of the last try.
    ///
    /// Use [`prepare_cached`](Connection::prepare_cached): the connection is the same for each batch. Leave the transaction
    /// open; what `write` commits by itself is not undone when the rest fails, and the batch counts as failed.
    ///
    /// ```
    /// use aqueduct_stream::write::WriteOptions;
    /// use aqueduct_stream::write::sqlite::{Sqlite, SqliteWriter};
    ///
    /// struct Page {
    ///     url: String,
    ///     links: Vec<String>,
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("pages.db");
    /// let pages = Sqlite::at(&path).with_schema(
    ///     "CREATE TABLE IF NOT EXISTS pages (url TEXT PRIMARY KEY);
    ///      CREATE TABLE IF NOT EXISTS links (url TEXT, target TEXT);",
    /// );
    /// let writer = SqliteWriter::open_transactions(
    ///     pages,
    ///     |transaction, pages: &[Page]| {
    ///         let mut page_row = transaction.prepare_cached("INSERT INTO pages VALUES (?1)")?;
    ///         let mut link_row = transaction.prepare_cached("INSERT INTO links VALUES (?1, ?2)")?;
    ///         for page in pages {
    ///             page_row.execute((&page.url,))?;
    ///             for link in &page.links {
    ///                 link_row.execute((&page.url, link))?;
    ///             }
    ///         }
    ///         Ok(())
    ///     },
    ///     WriteOptions::new(),
    /// )
    /// .await?;
    ///
    /// let links = vec!["/about".to_owned(), "/news".to_owned()];
    /// writer.write_acked(Page { url: "/".to_owned(), links }).await?;
    /// # let links = rusqlite::Connection::open(&path)?
    /// #     .query_row("SELECT count(*) FROM links", (), |row| row.get::<_, i64>(0))?;
    /// # assert_eq!(links, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Panics
    ///
    /// If the system starts no thread.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: the database may have been made.
    pub async fn open_transactions<F>(
        database: Sqlite<()>,
        write: F,
        options: WriteOptions,
    ) -> Result<Self, SqliteError>
    where
        F: FnMut(&Transaction<'_>, &[T]) -> rusqlite::Result<()> + Send + 'static,
    {
        Self::open_with(move || database.open_transactions(write), options).await
    }
}

/// Which database, what is inserted, and what *acknowledged* promises.
///
/// `I` is the statement that inserts a row, or `()` where a closure writes transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sqlite<I = String> {
    path: PathBuf,
    schema: String,
    insert: I,
    durability: Durability,
    journal: Journal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Journal {
    WriteAhead,
    Any,
}

impl Sqlite<()> {
    /// The database at a path, for [`open_transactions`](BatchWriter::open_transactions), with [`Durability::Process`].
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            schema: String::new(),
            insert: (),
            durability: Durability::Process,
            journal: Journal::WriteAhead,
        }
    }

    /// Opens the database. Blocks for as long as that takes.
    ///
    /// # Errors
    ///
    /// Of SQLite, and [`SqliteError::Journal`] if it can have no write-ahead log.
    pub fn open_transactions<F>(self, write: F) -> Result<SqliteTransactionSink<F>, SqliteError> {
        Ok(SqliteTransactionSink {
            connection: self.connect()?,
            write,
        })
    }
}

impl Sqlite {
    /// The database at a path, and the statement that inserts a row, with [`Durability::Process`].
    pub fn new(path: impl Into<PathBuf>, insert: impl Into<String>) -> Self {
        let Sqlite {
            path,
            schema,
            insert: (),
            durability,
            journal,
        } = Sqlite::at(path);
        Self {
            path,
            schema,
            insert: insert.into(),
            durability,
            journal,
        }
    }

    /// Opens the database, and checks the insert statement. Blocks for as long as that takes.
    ///
    /// # Errors
    ///
    /// Of SQLite, and [`SqliteError::Journal`] if it can have no write-ahead log.
    pub fn open<F>(self, bind: F) -> Result<SqliteSink<F>, SqliteError> {
        let connection = self.connect()?;
        connection.prepare_cached(&self.insert)?;
        Ok(SqliteSink {
            connection,
            insert: self.insert,
            bind,
        })
    }
}

impl<I> Sqlite<I> {
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

    /// Takes whatever journal the database can have, where that is no write-ahead log: a database in memory has none, nor has
    /// one on most network file systems. Without this, opening such a database is an error.
    ///
    /// What is in memory survives nothing, whatever the [`Durability`]. A rollback journal on a disk survives the death of the
    /// process, and with [`Durability::PowerLoss`] that of the machine; but readers and the writer wait for each other.
    pub fn with_any_journal(mut self) -> Self {
        self.journal = Journal::Any;
        self
    }

    fn connect(&self) -> Result<Connection, SqliteError> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(BUSY)?;
        // It answers with the mode that there is, and with no error where that is another.
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if self.journal == Journal::WriteAhead && !mode.eq_ignore_ascii_case("wal") {
            return Err(SqliteError::Journal { mode });
        }
        let synchronous = match self.durability {
            Durability::Process => "NORMAL",
            Durability::PowerLoss => "FULL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.execute_batch(&self.schema)?;
        Ok(connection)
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
        in_transaction(&mut self.connection, |transaction| {
            let mut insert = transaction.prepare_cached(&self.insert)?;
            for item in batch {
                (self.bind)(item, &mut insert)?;
            }
            Ok(())
        })
    }

    /// What is busy, locked or full, or a disk that errs. Not what breaks a constraint.
    fn is_transient(&self, error: &SqliteError) -> bool {
        error.is_transient()
    }
}

/// A database that batches are written into by a closure, each in a transaction.
pub struct SqliteTransactionSink<F> {
    connection: Connection,
    write: F,
}

impl<F> SqliteTransactionSink<F> {
    /// The connection, to set it up further before a writer has it.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl<T, F> BatchSink<T> for SqliteTransactionSink<F>
where
    F: FnMut(&Transaction<'_>, &[T]) -> rusqlite::Result<()> + Send + 'static,
{
    type Error = SqliteError;

    fn write_batch(&mut self, batch: &[T]) -> Result<(), SqliteError> {
        in_transaction(&mut self.connection, |transaction| {
            (self.write)(transaction, batch)
        })
    }

    /// What is busy, locked or full, or a disk that errs. Not what breaks a constraint.
    fn is_transient(&self, error: &SqliteError) -> bool {
        error.is_transient()
    }
}

/// Writes all or nothing.
fn in_transaction(
    connection: &mut Connection,
    write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
) -> Result<(), SqliteError> {
    // It takes the lock at once, so that nothing fails for want of it later. Dropped without a commit it is rolled back, by an
    // error as by a panic.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    write(&transaction)?;
    transaction.commit()?;
    Ok(())
}

impl<F> fmt::Debug for SqliteSink<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteSink")
            .field("connection", &self.connection)
            .field("insert", &self.insert)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for SqliteTransactionSink<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTransactionSink")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// Why rows were not written.
#[derive(Debug)]
#[non_exhaustive]
pub enum SqliteError {
    /// SQLite's error.
    Sqlite(rusqlite::Error),
    /// The database can have no write-ahead log. See [`Sqlite::with_any_journal`].
    Journal {
        /// The journal mode that it has.
        mode: String,
    },
    /// The system has started no thread.
    Io(io::Error),
}

impl SqliteError {
    /// Whether the same might succeed at another try.
    fn is_transient(&self) -> bool {
        let Self::Sqlite(error) = self else {
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
            Self::Journal { mode } => write!(
                f,
                "the database cannot have a write-ahead log: its journal mode is {mode}"
            ),
            Self::Io(error) => write!(f, "cannot start a thread: {error}"),
        }
    }
}

impl std::error::Error for SqliteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Sqlite(error) => Some(error),
            Self::Journal { .. } => None,
            Self::Io(error) => Some(error),
        }
    }
}
