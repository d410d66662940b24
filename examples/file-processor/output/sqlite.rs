//! A row of a database for each file, and one for each run.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use aqueduct_stream::write::BatchSink;
use aqueduct_stream::write::sqlite::{Sqlite, SqliteError, SqliteSink};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags};
use url::Url;

use super::{Database, NAME_OTHER, OutputError, existing, locked, unwritable, with_beside};
use crate::input::Roots;
use crate::part::Part;

/// What tells a database of this program from others, as SQLite recommends: `fprc`.
const APPLICATION: i32 = 0x6670_7263;

/// The number of the schema below. One that is changed gets the next.
const VERSION: i32 = 1;

// A run of which the end is not told was killed, or its rows or its end could not be written. Files have no index: they are written more often than looked for.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    ended_at TEXT,
    is_partial INTEGER,
    roots TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS files (
    run INTEGER NOT NULL REFERENCES runs (id),
    path TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    words INTEGER NOT NULL
) STRICT;
";

const RUN: &str = "INSERT INTO runs (roots) VALUES (?1) RETURNING id";
const FILE: &str =
    "INSERT INTO files (run, path, type, bytes, lines, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const END: &str = "UPDATE runs SET ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), is_partial = ?2 WHERE id = ?1";

/// Whether the database is one of this program, or can become one. Does not change it: what [`open`] does to a database (its
/// journal, tables) is not to happen to somebody else's. Nor is anything left beside it; only where another program died and
/// left a log, SQLite makes the log's index anew (`-shm`) to read it.
pub(super) fn check(path: &Path) -> Result<(), OutputError> {
    if existing(path)? == 0 {
        return Ok(());
    }
    let foreign = match whose(path) {
        Ok(Whose::Ours | Whose::Nobodys) => return Ok(()),
        Ok(Whose::OtherVersion(version)) => {
            format!("another version of this program has made it (schema {version}, not {VERSION})")
        }
        Ok(Whose::Foreign(tables)) => format!("it is a database of something else ({tables})"),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            "it exists and is no SQLite database".to_owned()
        }
        Err(error) => return Err(refused(path, error)),
    };
    Err(OutputError::new(path, foreign, NAME_OTHER))
}

enum Whose {
    Ours,
    Nobodys,
    OtherVersion(i32),
    /// What is in it.
    Foreign(String),
}

fn whose(path: &Path) -> rusqlite::Result<Whose> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = match at_rest(path) {
        Some(url) => Connection::open_with_flags(url.as_str(), flags | OpenFlags::SQLITE_OPEN_URI)?,
        None => Connection::open_with_flags(path, flags)?,
    };
    let number = |pragma| database.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables = "SELECT group_concat(name, ', ') FROM sqlite_schema WHERE type = 'table'";
    let tables: Option<String> = database.query_row(tables, (), |row| row.get(0))?;
    Ok(match (application, version, tables) {
        (APPLICATION, VERSION, _) => Whose::Ours,
        (APPLICATION, version, _) => Whose::OtherVersion(version),
        (0, _, None) => Whose::Nobodys,
        (_, _, Some(tables)) => Whose::Foreign(format!("its tables: {tables}")),
        (application, ..) => Whose::Foreign(format!("its application_id: {application}")),
    })
}

/// The URL of a database that has a write-ahead log, but nothing in it. Opened by its path it would get a log and an index
/// beside it, which who only reads cannot remove. Told that nobody changes it, SQLite makes neither.
fn at_rest(path: &Path) -> Option<Url> {
    let mut header = [0; 20];
    File::open(path).ok()?.read_exact(&mut header).ok()?;
    // The versions of the format for who writes and for who reads, of which 2 has the log.
    let has_log = header.starts_with(b"SQLite format 3\0") && header[18..] == [2, 2];
    let [.., log] = with_beside(path);
    let is_empty = log.metadata().map_or(0, |log| log.len()) == 0;
    if !has_log || !is_empty {
        return None;
    }
    let mut url = Url::from_file_path(path).ok()?;
    url.set_query(Some("immutable=1"));
    Some(url)
}

fn refused(path: &Path, error: rusqlite::Error) -> OutputError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => locked(path),
        _ => unwritable(path, error),
    }
}

/// Opens a database that [`check`] has found fit, and begins a run in it. Gives its number, too.
pub(super) fn open(path: &Path, roots: &Roots) -> Result<(Inserts<impl Bind>, i64), OutputError> {
    begin(path, roots).map_err(|error| match error {
        SqliteError::Sqlite(error) => refused(path, error),
        error => unwritable(path, error),
    })
}

/// What executes the statement for a part.
pub(super) trait Bind:
    FnMut(&Part, &mut CachedStatement<'_>) -> rusqlite::Result<usize> + Send + 'static
{
}

impl<F> Bind for F where
    F: FnMut(&Part, &mut CachedStatement<'_>) -> rusqlite::Result<usize> + Send + 'static
{
}

fn begin(path: &Path, roots: &Roots) -> Result<(Inserts<impl Bind + use<>>, i64), SqliteError> {
    let paths = roots.paths.iter().map(|path| path.to_string_lossy());
    let paths =
        serde_json::to_string(&paths.collect::<Vec<_>>()).expect("strings have a JSON form");
    // All or nothing: half of it would be a database of nobody that this program knows.
    let ours = format!(
        "BEGIN IMMEDIATE;
        PRAGMA application_id = {APPLICATION};
        PRAGMA user_version = {VERSION};
        {TABLES}
        COMMIT;"
    );
    // A connection to begin with, since the writer's is made with the statements, and those need the number of the run.
    let first = Sqlite::new(path, RUN).with_schema(ours).open(())?;
    let run: i64 = first
        .connection()
        .query_row(RUN, (paths,), |row| row.get(0))?;
    let insert = move |part: &Part, insert: &mut CachedStatement<'_>| {
        for row in &part.rows {
            insert.execute((
                run,
                row.path.to_string_lossy(),
                row.file_type.as_str(),
                row.size.bytes.cast_signed(),
                row.size.lines.cast_signed(),
                row.size.words.cast_signed(),
            ))?;
        }
        Ok(part.rows.len())
    };
    let sink = Sqlite::new(path, FILE).open(insert)?;
    sink.connection().busy_timeout(BUSY)?;
    Ok((Inserts(sink), run))
}

/// Writes the rows of parts. Those that have none are no reason to wait for who has the database locked.
pub(super) struct Inserts<F>(SqliteSink<F>);

impl<F: Bind> BatchSink<Part> for Inserts<F> {
    type Error = SqliteError;

    fn write_batch(&mut self, parts: &[Part]) -> Result<(), SqliteError> {
        match parts.iter().all(|part| part.rows.is_empty()) {
            true => Ok(()),
            false => self.0.write_batch(parts),
        }
    }

    fn is_transient(&self, error: &SqliteError) -> bool {
        BatchSink::<Part>::is_transient(&self.0, error)
    }
}

/// Says in the database that a run has ended, and whether it has counted all. Blocks.
pub(crate) fn end(database: &Database, is_partial: bool) -> rusqlite::Result<()> {
    let connection = Connection::open(&database.path)?;
    connection.busy_timeout(END_BUSY)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute(END, (database.run, is_partial))?;
    Ok(())
}

/// How long a try waits for another program that writes into the database.
const BUSY: Duration = Duration::from_secs(2);

/// How long the end of a run waits for one. There is one try, but a second Ctrl-C ends it.
const END_BUSY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
