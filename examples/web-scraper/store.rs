//! The database: pages, links, and the frontier, which is every URL that is known and what became of it.
//!
//! All that follows from a page (its row, its links, the URLs that are new, and that its own is done) is written in one
//! transaction. So whenever the process dies, a URL is pending or its page is there; and what was found is found again in the
//! frontier, where nothing is lost for want of room in memory.
//!
//! A page is rows of three tables, so the writer has a closure for a batch, and not a statement for an item.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use aqueduct_stream::write::WriteOptions;
use aqueduct_stream::write::sqlite::{Sqlite, SqliteError, SqliteWriter};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::frontier::place;

/// What is written as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Page(PageRecord),
    /// The host does not want this URL to be asked for.
    Disallowed(String),
}

/// What has become of a URL that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageRecord {
    pub(crate) url: String,
    pub(crate) depth: u32,
    /// Of the last answer, if there was one.
    pub(crate) status: Option<u16>,
    /// The length of a page that was read whole.
    pub(crate) bytes: u64,
    pub(crate) title: Option<String>,
    /// Milliseconds since 1970.
    pub(crate) fetched_at: i64,
    /// Why it is no page, as `kind` or `kind: more`.
    pub(crate) error: Option<String>,
    pub(crate) tries: u32,
    /// Where it links to.
    pub(crate) links: BTreeSet<String>,
    /// Those of the links that are to be followed.
    pub(crate) follow: Vec<String>,
}

const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS pages (
    url TEXT PRIMARY KEY, status INTEGER, depth INTEGER NOT NULL, bytes INTEGER NOT NULL, title TEXT,
    fetched_at INTEGER NOT NULL, error TEXT, tries INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links ("from" TEXT NOT NULL, "to" TEXT NOT NULL, PRIMARY KEY ("from", "to")) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS frontier (
    url TEXT PRIMARY KEY, depth INTEGER NOT NULL, place INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'disallowed'))
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending ON frontier (depth, place, url) WHERE state = 'pending';
"#;

// Not OR IGNORE: a page that is fetched twice is an error.
const PAGE: &str = "INSERT INTO pages (url, status, depth, bytes, title, fetched_at, error, tries) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const LINK: &str = r#"INSERT OR IGNORE INTO links ("from", "to") VALUES (?1, ?2)"#;
const FOUND: &str =
    "INSERT OR IGNORE INTO frontier (url, depth, place, state) VALUES (?1, ?2, ?3, 'pending')";
const SETTLED: &str = "UPDATE frontier SET state = ?2 WHERE url = ?1";

/// Small batches: to lose little when it is killed is worth more here than speed, of which there is enough.
const BATCH: usize = 64;

/// Why the database is not to be used.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// It holds a crawl that began elsewhere.
    OtherCrawl(Vec<String>),
    Sqlite(SqliteError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error.into())
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherCrawl(starts) => {
                let starts = starts.join(" ");
                write!(
                    f,
                    "it is of a crawl that began at {starts}: name that, or another file"
                )
            }
            Self::Sqlite(error) => error.fmt(f),
        }
    }
}

/// Opens a database, or makes one, for a crawl from these URLs. Blocks.
pub(crate) fn open(path: &Path, starts: &[String]) -> Result<SqliteWriter<Record>, OpenError> {
    let sink = Sqlite::at(path)
        .with_schema(SCHEMA)
        .open_transactions(write)
        .map_err(OpenError::Sqlite)?;
    begin(sink.connection(), starts)?;
    let options = WriteOptions::new()
        .with_batch_len_max(BATCH)
        .with_linger(Duration::from_millis(50));
    Ok(SqliteWriter::new(sink, options))
}

fn begin(connection: &Connection, starts: &[String]) -> Result<(), OpenError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let known: BTreeSet<String> = {
        let mut select = transaction.prepare("SELECT url FROM frontier WHERE depth = 0")?;
        let urls = select.query_map((), |row| row.get(0))?;
        urls.collect::<Result<_, _>>()?
    };
    if known.is_empty() {
        for url in starts {
            transaction.execute(FOUND, (url, 0, place(url)))?;
        }
    } else if known
        .iter()
        .ne(&starts.iter().cloned().collect::<BTreeSet<_>>())
    {
        return Err(OpenError::OtherCrawl(known.into_iter().collect()));
    }
    transaction.commit()?;
    Ok(())
}

fn write(transaction: &Transaction<'_>, batch: &[Record]) -> rusqlite::Result<()> {
    let mut settled = transaction.prepare_cached(SETTLED)?;
    for record in batch {
        let (url, state) = match record {
            Record::Disallowed(url) => (url, "disallowed"),
            Record::Page(page) => {
                write_page(transaction, page)?;
                (&page.url, "done")
            }
        };
        settled.execute((url, state))?;
    }
    Ok(())
}

fn write_page(transaction: &Transaction<'_>, page: &PageRecord) -> rusqlite::Result<()> {
    transaction.prepare_cached(PAGE)?.execute((
        &page.url,
        page.status,
        page.depth,
        page.bytes as i64,
        &page.title,
        page.fetched_at,
        &page.error,
        page.tries,
    ))?;
    let mut link = transaction.prepare_cached(LINK)?;
    for to in &page.links {
        link.execute((&page.url, to))?;
    }
    let mut found = transaction.prepare_cached(FOUND)?;
    for url in &page.follow {
        found.execute((url, page.depth + 1, place(url)))?;
    }
    Ok(())
}
