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

#[cfg(unix)]
#[test]
fn links_to_what_is_not_there_yet_are_the_file_that_will_be() {
    use std::os::unix::fs::symlink;

    let scratch = Scratch::new();
    let at = |name: &str| scratch.path().join(name);
    symlink("file", at("link")).unwrap();
    symlink(at("link"), at("longer")).unwrap();
    for (jsonl, sqlite) in [("link", "file"), ("file", "longer"), ("longer", "link")] {
        let told = open(Some(&at(jsonl)), Some(&at(sqlite))).unwrap_err();
        assert!(told.contains("it cannot be both outputs"), "{told}");
    }
    let outputs = open(Some(&at("longer")), None).unwrap();
    assert_eq!(outputs.files().jsonl, Some(at("file")));
    assert!(outputs.files().all().contains(&at("file")));

    symlink("loop", at("loop")).unwrap();
    let told = open(Some(&at("loop")), None).unwrap_err();
    assert!(
        told.contains("loop: it is a symbolic link that leads nowhere; name another file"),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn hard_links_of_a_file_are_one_file() {
    let scratch = Scratch::new();
    let (file, link) = (scratch.file("file", ""), scratch.path().join("link"));
    fs::hard_link(&file, &link).unwrap();
    let told = open(Some(&file), Some(&link)).unwrap_err();
    assert!(told.contains("it cannot be both outputs"), "{told}");
}

#[test]
fn what_a_database_has_beside_it_is_no_file_for_lines() {
    let scratch = Scratch::new();
    let (lines, rows) = (scratch.path().join("a.db-wal"), scratch.path().join("a.db"));
    let told = open(Some(&lines), Some(&rows)).unwrap_err();
    assert!(
        told.contains("a.db-wal: the database has this file beside it; name another file"),
        "{told}"
    );
    assert!(!lines.exists() && !rows.exists());
}

#[test]
fn what_is_locked_is_to_be_waited_for() {
    let scratch = Scratch::new();
    let (lines, rows) = (scratch.path().join("a.jsonl"), scratch.path().join("a.db"));
    let other = open(Some(&lines), Some(&rows)).unwrap();
    let lock = rusqlite::Connection::open(&rows).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let advice = "another program is writing to it; wait for that to end, or name another file";
    for (jsonl, sqlite) in [(Some(&*lines), None), (None, Some(&*rows))] {
        let told = open(jsonl, sqlite).unwrap_err();
        assert!(told.ends_with(advice), "{told}");
    }
    drop(other);
}

/// Shows only when it is opened.
#[test]
fn where_a_database_is_locked_the_other_output_is_made_and_empty_at_most() {
    let scratch = Scratch::new();
    let (lines, rows) = (scratch.path().join("a.jsonl"), scratch.path().join("a.db"));
    drop(open(None, Some(&rows)).unwrap());
    let lock = rusqlite::Connection::open(&rows).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    open(Some(&lines), Some(&rows)).unwrap_err();
    assert_eq!(fs::metadata(&lines).map_or(0, |lines| lines.len()), 0);
    lock.execute_batch("ROLLBACK").unwrap();
    let runs = lock.query_row("SELECT count(*) FROM runs", (), |row| row.get::<_, i64>(0));
    assert_eq!(runs, Ok(1));
    open(Some(&lines), Some(&rows)).unwrap();
}

#[test]
fn a_way_there_and_back_through_what_is_not_there_is_left_out() {
    let scratch = Scratch::new();
    let to = |path: &str| open(Some(&scratch.path().join(path)), None).unwrap_err();
    let told = to("none/../b");
    let advice = format!("name it '{}'", scratch.path().join("b").display());
    assert!(told.ends_with(&advice), "{told}");
    let told = to("none/../other/b");
    let advice = format!("name it '{}'", scratch.path().join("other/b").display());
    assert!(told.ends_with(&advice), "{told}");
    let told = to("it's/none/b");
    let advice = format!(
        "make it (mkdir -p '{}/it'\\''s/none')",
        scratch.path().display()
    );
    assert!(told.ends_with(&advice), "{told}");
}
