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
