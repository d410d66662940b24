//! Rows of a SQLite database.

use std::path::Path;

use aqueduct_stream::iter;
use aqueduct_stream::write::sqlite::{Sqlite, SqliteError, SqliteWriter};
use aqueduct_stream::write::{Durability, ShutdownError, WriteOptions};
use rusqlite::{Connection, ErrorCode};

use super::sink::{GRACE, patient};

type Row = (i64, String);

async fn open(path: &Path, durability: Durability, options: WriteOptions) -> SqliteWriter<Row> {
    let rows = Sqlite::new(path, "INSERT INTO rows (id, text) VALUES (?1, ?2)")
        .with_schema("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        .with_durability(durability);
    SqliteWriter::open(
        rows,
        |(id, text): &Row, insert| insert.execute((id, text)),
        options,
    )
    .await
    .unwrap()
}

fn row(id: i64) -> Row {
    (id, format!("row {id}"))
}

fn ids(path: &Path) -> Vec<i64> {
    let connection = Connection::open(path).unwrap();
    let mut select = connection
        .prepare("SELECT id FROM rows ORDER BY id")
        .unwrap();
    let ids = select.query_map((), |row| row.get(0)).unwrap();
    ids.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn rows_are_in_the_database() {
    for durability in [Durability::Process, Durability::PowerLoss] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.db");
        for start in [0, 500] {
            let writer = open(&path, durability, patient()).await;
            let rows = iter(start..start + 500).map(row);
            assert_eq!(rows.write_batches(writer).await.unwrap().items, 500);
        }
        assert_eq!(ids(&path), (0..1000).collect::<Vec<_>>());
        let mode: String = Connection::open(&path)
            .unwrap()
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "wal");
    }
}

#[tokio::test]
async fn acknowledged_is_seen_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.db");
    let writer = open(&path, Durability::Process, patient()).await;
    for n in 0..10 {
        writer.write_acked(row(n)).await.unwrap();
        assert_eq!(ids(&path).last(), Some(&n));
    }
}

#[tokio::test]
async fn a_batch_that_breaks_a_constraint_is_handed_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.db");
    let writer = open(&path, Durability::Process, patient()).await;
    writer.write_acked(row(1)).await.unwrap();
    let again = vec![row(2), row(1), row(3)];
    assert!(writer.write_many_acked(again.clone()).await.is_err());
    let Err(ShutdownError::Failed(error)) = writer.shutdown(GRACE).await else {
        panic!("it did not fail");
    };
    assert_eq!(error.batch, again);
    let SqliteError::Sqlite(source) = &error.source else {
        panic!("{:?}", error.source);
    };
    assert_eq!(
        source.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation)
    );
    assert_eq!(writer.stats().failed_tries, 1, "it was tried again in vain");
    assert_eq!(ids(&path), [1]);
}

#[tokio::test]
async fn a_batch_waits_for_another_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.db");
    let writer = open(&path, Durability::Process, patient()).await;
    let mut other = Connection::open(&path).unwrap();
    let transaction = other
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    writer.write(row(1)).await.unwrap();
    let flush = tokio::spawn(async move { writer.flush().await });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!flush.is_finished());
    transaction.commit().unwrap();
    assert_eq!(flush.await.unwrap(), Ok(()));
    assert_eq!(ids(&path), [1]);
}

#[tokio::test]
async fn what_is_no_sql_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.db");
    let rows = Sqlite::new(&path, "INSERT INTO rows VALUES (?1)");
    let bind = |id: &i64, insert: &mut rusqlite::CachedStatement<'_>| insert.execute([id]);
    let writer = SqliteWriter::open(rows, bind, patient()).await;
    assert!(matches!(writer, Err(SqliteError::Sqlite(_))));
}

/// Databases that can have no write-ahead log are refused, unless they are wanted.
#[tokio::test]
async fn a_database_without_a_write_ahead_log_is_an_error() {
    let bind = |id: &i64, insert: &mut rusqlite::CachedStatement<'_>| insert.execute([id]);
    let rows = || {
        Sqlite::new(":memory:", "INSERT INTO rows VALUES (?1)")
            .with_schema("CREATE TABLE rows (id INTEGER)")
    };
    let refused = SqliteWriter::open(rows(), bind, patient()).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the database cannot have a write-ahead log: its journal mode is memory"
    );
    let nothing = |_: &rusqlite::Transaction<'_>, _: &[i64]| Ok(());
    let refused = SqliteWriter::open_transactions(Sqlite::at(":memory:"), nothing, patient()).await;
    assert!(matches!(
        refused.unwrap_err(),
        SqliteError::Journal { mode } if mode == "memory"
    ));
    let writer = SqliteWriter::open(rows().with_any_journal(), bind, patient()).await;
    let writer = writer.unwrap();
    assert_eq!(writer.write_acked(1).await, Ok(()));
}

/// A row for each item in one table, and so many in another.
async fn open_two(path: &Path) -> SqliteWriter<(i64, usize)> {
    let tables = Sqlite::at(path).with_schema(
        "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY);
         CREATE TABLE IF NOT EXISTS parts (id INTEGER NOT NULL, part INTEGER NOT NULL)",
    );
    let write = |transaction: &rusqlite::Transaction<'_>, batch: &[(i64, usize)]| {
        let mut row = transaction.prepare_cached("INSERT INTO rows VALUES (?1)")?;
        let mut part = transaction.prepare_cached("INSERT INTO parts VALUES (?1, ?2)")?;
        for (id, parts) in batch {
            for n in 0..*parts {
                part.execute((id, n as i64))?;
            }
            assert_ne!(*id, 13, "told to");
            row.execute([id])?;
        }
        Ok(())
    };
    SqliteWriter::open_transactions(tables, write, patient())
        .await
        .unwrap()
}

fn parts(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    let count = connection.query_row("SELECT count(*) FROM parts", (), |row| row.get(0));
    count.unwrap()
}

#[tokio::test]
async fn a_batch_of_several_tables_is_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.db");
    let writer = open_two(&path).await;
    writer
        .write_many_acked(vec![(1, 2), (2, 0), (3, 1)])
        .await
        .unwrap();
    assert_eq!((ids(&path), parts(&path)), (vec![1, 2, 3], 3));
    // By an error, behind what was written of the batch.
    let again = vec![(4, 5), (3, 5)];
    assert!(writer.write_many_acked(again.clone()).await.is_err());
    assert_eq!((ids(&path), parts(&path)), (vec![1, 2, 3], 3));
    let Err(ShutdownError::Failed(error)) = writer.shutdown(GRACE).await else {
        panic!("it did not fail");
    };
    assert_eq!(error.batch, again);
    assert_eq!(writer.stats().failed_tries, 1, "it was tried again in vain");

    // By a panic.
    let writer = open_two(&path).await;
    assert!(
        writer
            .write_many_acked(vec![(4, 1), (13, 1)])
            .await
            .is_err()
    );
    let shutdown = tokio::spawn(async move { writer.shutdown(GRACE).await.is_ok() });
    assert!(shutdown.await.unwrap_err().is_panic());
    assert_eq!((ids(&path), parts(&path)), (vec![1, 2, 3], 3));
}

/// A try that fails leaves nothing for the next one to trip over.
#[tokio::test]
async fn a_transaction_that_fails_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.db");
    let rows = Sqlite::at(&path).with_schema("CREATE TABLE rows (id INTEGER PRIMARY KEY)");
    let mut tries = 0;
    let write = move |transaction: &rusqlite::Transaction<'_>, batch: &[i64]| {
        for id in batch {
            transaction.execute("INSERT INTO rows VALUES (?1)", [id])?;
        }
        tries += 1;
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        (tries == 3)
            .then_some(())
            .ok_or(rusqlite::Error::SqliteFailure(busy, None))
    };
    let writer = SqliteWriter::open_transactions(rows, write, patient());
    let writer = writer.await.unwrap();
    assert_eq!(writer.write_many_acked(vec![1, 2]).await, Ok(()));
    assert_eq!(writer.stats().failed_tries, 2);
    assert_eq!(ids(&path), [1, 2]);
}
