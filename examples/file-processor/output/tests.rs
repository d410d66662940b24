use std::fs;

use super::*;
use crate::input;
use crate::scratch::Scratch;

fn open(jsonl: Option<&Path>, sqlite: Option<&Path>) -> Result<Outputs, String> {
    let roots = input::roots(&[PathBuf::from(".")]).unwrap();
    Outputs::open(jsonl, sqlite, &roots).map_err(|error| error.to_string())
}

#[test]
fn without_outputs_nobody_wants_rows() {
    let outputs = open(None, None).unwrap();
    assert_eq!(outputs.rows(), Rows::Unwanted);
    assert!(outputs.files().all().is_empty());
}

#[test]
fn what_is_beside_a_database_is_written_too() {
    let scratch = Scratch::new();
    let (lines, rows) = (scratch.path().join("a.jsonl"), scratch.path().join("a.db"));
    let outputs = open(Some(&lines), Some(&rows)).unwrap();
    assert_eq!(outputs.rows(), Rows::Wanted);
    let written = outputs.files().all();
    for entry in fs::read_dir(scratch.path()).unwrap() {
        let path = entry.unwrap().path();
        assert!(written.contains(&path), "{path:?} is not in {written:?}");
    }
}

#[test]
fn what_cannot_be_opened_says_why_and_what_to_do() {
    let scratch = Scratch::new();
    let full = scratch.file("full", "text");
    let dir = scratch.path().join("dir");
    fs::create_dir(&dir).unwrap();
    let none = scratch.path().join("none/a");
    let new = scratch.path().join("new");
    for (jsonl, sqlite, why) in [
        (
            Some(&full),
            None,
            "full: it exists and is not empty; remove it, or",
        ),
        (
            None,
            Some(&full),
            "full: it exists and is no SQLite database; name another",
        ),
        (
            Some(&dir),
            None,
            "dir: it is a directory; name a file in it",
        ),
        (
            None,
            Some(&dir),
            "dir: it is a directory; name a file in it",
        ),
        (
            Some(&none),
            None,
            "none/a: its directory does not exist; make it (mkdir -p '",
        ),
        (
            None,
            Some(&none),
            "none/a: its directory does not exist; make it (mkdir -p '",
        ),
        (
            Some(&new),
            Some(&new),
            "new: it cannot be both outputs; name two files",
        ),
    ] {
        let told = open(jsonl.map(PathBuf::as_path), sqlite.map(PathBuf::as_path));
        let told = told.expect_err(why);
        assert!(told.contains(why), "{told}");
    }
    assert_eq!(fs::read_to_string(&full).unwrap(), "text");
    assert!(!new.exists());
}

#[test]
fn where_one_is_unfit_the_other_is_not_made() {
    let scratch = Scratch::new();
    let (full, new) = (scratch.file("full", "text"), scratch.path().join("new"));
    open(Some(&new), Some(&full)).unwrap_err();
    open(Some(&full), Some(&new)).unwrap_err();
    assert!(!new.exists());
}

#[cfg(unix)]
#[test]
fn two_names_of_a_file_are_one_file() {
    let scratch = Scratch::new();
    let (file, link) = (scratch.file("file", ""), scratch.path().join("link"));
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let told = open(Some(&file), Some(&link)).unwrap_err();
    assert!(told.contains("it cannot be both outputs"), "{told}");
}
