//! What a try that failed has left.

use std::fs;
use std::io::Write;

use super::{BatchSink, Jsonl, Torn};

#[test]
fn what_a_try_has_left_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let mut sink = Jsonl::new(&path).open().unwrap();
    sink.write_batch(&[1, 2]).unwrap();
    sink.file.write_all(b"3\n4").unwrap();
    sink.torn = Some(Torn { from: 4, len: 3 });
    sink.write_batch(&[3, 45]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n3\n45\n");
}

#[test]
fn it_stays_where_another_line_is_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let mut sink = Jsonl::new(&path).open().unwrap();
    sink.file.write_all(b"3\n").unwrap();
    sink.torn = Some(Torn { from: 0, len: 2 });
    let mut other = fs::OpenOptions::new().append(true).open(&path).unwrap();
    other.write_all(b"{}\n").unwrap();
    sink.write_batch(&[3, 45]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "3\n{}\n3\n45\n");
}

/// A try that cannot write leaves nothing, also where it cannot be cut off.
#[test]
fn a_try_that_wrote_nothing_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let mut sink = Jsonl::new(&path).open().unwrap();
    sink.write_batch(&[1]).unwrap();
    let file = std::mem::replace(&mut sink.file, fs::File::open(&path).unwrap());
    assert!(sink.write_batch(&[2]).is_err());
    sink.file = file;
    sink.write_batch(&[3]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n3\n");
}
