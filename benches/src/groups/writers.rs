//! Rows written into a SQLite database and into a file of JSON lines, such that they survive the death of the process.
//!
//! The runtime is no part of it: ours writes on a thread of its own. Files lie where temporary ones do, and opening them is not
//! measured.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use aqueduct_stream::iter;
use aqueduct_stream::write::WriteOptions;
use aqueduct_stream::write::jsonl::{Jsonl, JsonlWriter};
use aqueduct_stream::write::sqlite::{Sqlite, SqliteWriter};
use rusqlite::Connection;
use serde::Serialize;

use crate::harness::runtime::{Rt, Task, task};
use crate::harness::{Bench, Effort, Entrant};
use crate::report::OURS;
use crate::versions;

/// So many rows are in a batch, ours as by hand.
const BATCH: usize = 1024;

/// A row costs about so many times as much as a message, where each has a transaction.
const COST: usize = 20;

const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, name TEXT, value REAL)";
const INSERT: &str = "INSERT INTO rows (id, name, value) VALUES (?1, ?2, ?3)";

#[derive(Debug, Serialize)]
struct Row {
    id: usize,
    name: String,
    value: f64,
}

fn row(id: usize) -> Row {
    Row {
        id,
        name: format!("row number {id}"),
        value: id as f64 * 0.5,
    }
}

/// Writes so many rows into a new file, and says how long that took.
type Writing = fn(usize, &Path) -> Task<Duration>;

pub(crate) fn benches() -> Vec<Bench> {
    let ours = |writing| (OURS, "aqueduct-stream", writing);
    let about = format!("rows of 3 columns into SQLite, WAL, batches of {BATCH}; per row");
    let sqlite = bench(
        "sqlite_rows",
        about,
        [
            ours(sqlite_ours as Writing),
            ("by hand", "rusqlite", sqlite_by_hand),
            ("one transaction each", "rusqlite", sqlite_each),
        ],
        sqlite_rows,
    );
    let about = format!("rows of 3 fields as JSON lines, batches of {BATCH}; per row");
    let jsonl = bench(
        "jsonl_rows",
        about,
        [
            ours(jsonl_ours as Writing),
            ("by hand", "serde_json", jsonl_by_hand),
            ("one write each", "serde_json", jsonl_each),
        ],
        jsonl_rows,
    );
    vec![sqlite, jsonl]
}

fn bench(
    group: &str,
    about: String,
    cases: [(&str, &str, Writing); 3],
    count: fn(&Path) -> usize,
) -> Bench {
    let mut bench = Bench::per_op(group, about);
    for (name, package, writing) in cases {
        let who = Entrant {
            name: name.to_owned(),
            version: versions::of(package),
            ours: name == OURS,
            shown_only: None,
        };
        let round = move |effort: &Effort| {
            let rows = effort.operations(COST);
            let folder = tempfile::tempdir().expect("there is room for a folder");
            let path = folder.path().join("rows");
            let elapsed = Rt::MultiThread.run(writing(rows, &path));
            assert_eq!(count(&path), rows, "all rows are there");
            vec![elapsed.as_nanos() as f64 / rows as f64]
        };
        bench.case(who, Box::new(round));
    }
    bench
}

fn options() -> WriteOptions {
    WriteOptions::new().with_batch_len_max(BATCH)
}

fn sqlite_ours(rows: usize, path: &Path) -> Task<Duration> {
    let database = Sqlite::new(path, INSERT).with_schema(SCHEMA);
    task(async move {
        let bind = |row: &Row, insert: &mut rusqlite::CachedStatement<'_>| {
            insert.execute((row.id as i64, &row.name, row.value))
        };
        let writer = SqliteWriter::open(database, bind, options()).await;
        let writer = writer.expect("the database opens");
        let start = Instant::now();
        let written = iter(0..rows).map(row).write_batches(writer).await;
        assert_eq!(written.expect("rows are written").items, rows as u64);
        start.elapsed()
    })
}

/// As ours opens it.
fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("the database opens");
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "NORMAL")] {
        let set = connection.pragma_update(None, name, value);
        set.expect("SQLite has the pragma");
    }
    connection.execute_batch(SCHEMA).expect("this is SQL");
    connection
}

/// A transaction for each batch, and a prepared statement, on the thread that makes the rows.
fn sqlite_by_hand(rows: usize, path: &Path) -> Task<Duration> {
    let mut connection = open(path);
    task(async move {
        let start = Instant::now();
        for from in (0..rows).step_by(BATCH) {
            let transaction = connection.transaction().expect("nobody else writes");
            let mut insert = transaction.prepare_cached(INSERT).expect("this is SQL");
            for row in (from..rows.min(from + BATCH)).map(row) {
                let inserted = insert.execute((row.id as i64, &row.name, row.value));
                inserted.expect("the row is new");
            }
            drop(insert);
            transaction.commit().expect("there is room");
        }
        start.elapsed()
    })
}

/// A prepared statement without a transaction around several.
fn sqlite_each(rows: usize, path: &Path) -> Task<Duration> {
    let connection = open(path);
    task(async move {
        let start = Instant::now();
        let mut insert = connection.prepare(INSERT).expect("this is SQL");
        for row in (0..rows).map(row) {
            let inserted = insert.execute((row.id as i64, &row.name, row.value));
            inserted.expect("the row is new");
        }
        start.elapsed()
    })
}

fn sqlite_rows(path: &Path) -> usize {
    let connection = Connection::open(path).expect("the database opens");
    let count = connection.query_row("SELECT count(*) FROM rows", (), |row| row.get::<_, i64>(0));
    count.expect("there is a table") as usize
}

fn jsonl_ours(rows: usize, path: &Path) -> Task<Duration> {
    let file = Jsonl::new(path);
    task(async move {
        let writer = JsonlWriter::open(file, options()).await;
        let writer = writer.expect("the file opens");
        let start = Instant::now();
        let written = iter(0..rows).map(row).write_batches(writer).await;
        assert_eq!(written.expect("rows are written").items, rows as u64);
        start.elapsed()
    })
}

/// A buffer that is flushed after each batch, on the thread that makes the rows.
fn jsonl_by_hand(rows: usize, path: &Path) -> Task<Duration> {
    jsonl(rows, path, BATCH)
}

fn jsonl_each(rows: usize, path: &Path) -> Task<Duration> {
    jsonl(rows, path, 1)
}

fn jsonl(rows: usize, path: &Path, batch: usize) -> Task<Duration> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).expect("the file opens"));
    task(async move {
        let start = Instant::now();
        for from in (0..rows).step_by(batch) {
            for row in (from..rows.min(from + batch)).map(row) {
                serde_json::to_writer(&mut file, &row).expect("a row is JSON");
                file.write_all(b"\n").expect("there is room");
            }
            file.flush().expect("there is room");
        }
        start.elapsed()
    })
}

fn jsonl_rows(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).expect("there is a file");
    text.lines().count()
}
