//! JSON lines.

use std::fs;
use std::io::{self, Write};

use aqueduct_stream::iter;
use aqueduct_stream::write::jsonl::{Jsonl, JsonlError, JsonlWriter, Repair, repair};
use aqueduct_stream::write::{AckError, BatchSink, Durability, ShutdownError};
use serde::{Serialize, Serializer};

use super::sink::{GRACE, patient};

#[derive(Serialize)]
struct Row {
    id: u32,
    text: String,
}

fn row(id: u32) -> Row {
    let text = format!("a line\nfeed, a \"quote\" and {id}");
    Row { id, text }
}

#[tokio::test]
async fn each_item_is_a_line() {
    for durability in [Durability::Process, Durability::PowerLoss] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        let file = Jsonl::new(&path).with_durability(durability);
        for start in [0, 50] {
            let writer = JsonlWriter::open(file.clone(), patient()).await.unwrap();
            let rows = iter(start..start + 50).map(row);
            assert_eq!(rows.write_batches(writer).await.unwrap().items, 50);
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with('\n'));
        for (id, line) in text.lines().enumerate() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["id"], id);
            assert_eq!(value["text"], row(id as u32).text);
        }
        assert_eq!(text.lines().count(), 100);
    }
}

#[tokio::test]
async fn acknowledged_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let writer = JsonlWriter::open(Jsonl::new(&path), patient())
        .await
        .unwrap();
    for n in 0..20 {
        writer.write_acked(n).await.unwrap();
        let lines = fs::read_to_string(&path).unwrap();
        assert_eq!(lines.lines().last(), Some(&*n.to_string()));
    }
}

#[test]
fn a_torn_line_is_cut_off_or_completed() {
    let long = format!("1\n\"{}", "x".repeat(20_000));
    let whole = format!("1\n\"{}\"", "x".repeat(20_000));
    let completed = format!("{whole}\n");
    for (before, done, after) in [
        ("", Repair::Whole, ""),
        ("{}\n", Repair::Whole, "{}\n"),
        ("{}\n{\"a\":", Repair::Cut(5), "{}\n"),
        ("{}\n{\"a\":1}", Repair::Completed, "{}\n{\"a\":1}\n"),
        ("[1,2]", Repair::Completed, "[1,2]\n"),
        ("\"torn", Repair::Cut(5), ""),
        // Perhaps the beginning of 123.
        ("{}\n12", Repair::Cut(2), "{}\n"),
        ("{}\n{} x", Repair::Cut(4), "{}\n"),
        (&long, Repair::Cut(20_001), "1\n"),
        (&whole, Repair::Completed, &completed),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        fs::write(&path, before).unwrap();
        assert_eq!(Jsonl::new(&path).open().unwrap().repair(), done, "{before}");
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
        assert_eq!(repair(&path).unwrap(), Repair::Whole);
    }
}

#[tokio::test]
async fn a_file_has_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let writer = JsonlWriter::<u32>::open(Jsonl::new(&path), patient())
        .await
        .unwrap();
    let second = JsonlWriter::<u32>::open(Jsonl::new(&path), patient()).await;
    let Err(JsonlError::Io(error)) = second else {
        panic!("a second writer was let in");
    };
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    writer.shutdown(GRACE).await.unwrap();
    JsonlWriter::<u32>::open(Jsonl::new(&path), patient())
        .await
        .unwrap();
}

struct Odd(u32);

impl Serialize for Odd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 2 {
            1 => serializer.serialize_u32(self.0),
            _ => Err(serde::ser::Error::custom("even")),
        }
    }
}

#[tokio::test]
async fn a_batch_with_an_item_that_is_no_json_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let writer = JsonlWriter::open(Jsonl::new(&path), patient())
        .await
        .unwrap();
    writer.write_acked(Odd(1)).await.unwrap();
    let bad = vec![Odd(3), Odd(4), Odd(5)];
    assert_eq!(writer.write_many_acked(bad).await.map_err(drop), Err(()));
    let Err(ShutdownError::Failed(error)) = writer.shutdown(GRACE).await else {
        panic!("it did not fail");
    };
    assert_eq!(error.batch.len(), 3);
    assert!(matches!(error.source, JsonlError::Json(_)));
    assert_eq!(writer.stats().failed_tries, 1, "it was tried again in vain");
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    assert!(matches!(
        writer.write_acked(Odd(7)).await,
        Err(AckError::Closed(Odd(7)))
    ));
}

/// The lock is advice: `echo >> file` does not take it.
#[test]
fn lines_that_others_append_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let mut sink = Jsonl::new(&path).open().unwrap();
    sink.write_batch(&[1, 2]).unwrap();
    let mut other = fs::OpenOptions::new().append(true).open(&path).unwrap();
    other.write_all(b"3\n").unwrap();
    sink.write_batch(&[4]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n3\n4\n");
}

/// Whoever rotates a log copies the file and empties it.
#[test]
fn a_file_that_was_emptied_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let mut sink = Jsonl::new(&path).open().unwrap();
    sink.write_batch(&[1, 2]).unwrap();
    let other = fs::OpenOptions::new().write(true).open(&path).unwrap();
    other.set_len(0).unwrap();
    sink.write_batch(&[3]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "3\n");
}

/// A last line without its newline may be one that the writer is in the middle of.
#[test]
fn a_file_that_has_a_writer_is_not_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let sink = Jsonl::new(&path).open().unwrap();
    fs::write(&path, "{}\n{\"half\":").unwrap();
    let error = repair(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n{\"half\":");
    drop(sink);
    assert_eq!(repair(&path).unwrap(), Repair::Cut(8));
}
