use std::fs;
use std::path::PathBuf;

use super::*;
use crate::input;
use crate::scratch::Scratch;

fn made_by(path: &Path, statements: &str) {
    let database = Connection::open(path).unwrap();
    database.execute_batch(statements).unwrap();
}

fn begun(path: &Path) -> i64 {
    let roots = input::roots(&[PathBuf::from(".")]).unwrap();
    check(path).unwrap();
    open(path, &roots).unwrap().1
}

#[test]
fn a_new_file_an_empty_one_and_an_empty_database_become_ours() {
    let scratch = Scratch::new();
    let (new, empty) = (scratch.path().join("new"), scratch.file("empty", ""));
    let database = scratch.path().join("database");
    made_by(&database, "CREATE TABLE a (b); DROP TABLE a;");
    for path in [&new, &empty, &database] {
        assert_eq!(begun(path), 1);
        assert_eq!(begun(path), 2, "a run is added");
    }
}

#[test]
fn the_database_of_somebody_else_is_left_as_it_is() {
    let scratch = Scratch::new();
    for (name, statements, why) in [
        (
            "tables",
            "CREATE TABLE pages (url); CREATE TABLE files (name)",
            "(its tables: pages, files); name another file",
        ),
        (
            "application",
            "PRAGMA application_id = 7; CREATE TABLE a (b); DROP TABLE a",
            "(its application_id: 7); name another file",
        ),
        (
            "version",
            &format!(
                "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 99; CREATE TABLE a (b)"
            ),
            "(schema 99, not 1); name another file",
        ),
    ] {
        let path = scratch.path().join(name);
        made_by(&path, statements);
        let before = fs::read(&path).unwrap();
        let told = check(&path).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
        assert!(before == fs::read(&path).unwrap(), "{name} was changed");
    }
}

/// The names of what is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_look_at_a_database_with_a_log_leaves_nothing_beside_it() {
    let scratch = Scratch::new();
    let path = scratch.path().join("it's 100% #1?.db");
    made_by(&path, "PRAGMA journal_mode = WAL; CREATE TABLE pages (url)");
    let (before, beside) = (fs::read(&path).unwrap(), names(scratch.path()));
    let told = check(&path).unwrap_err().to_string();
    assert!(told.contains("(its tables: pages)"), "{told}");
    assert!(before == fs::read(&path).unwrap());
    assert_eq!(names(scratch.path()), beside);
}

/// What another program has written last may be in the log only.
#[test]
fn a_database_that_somebody_has_open_is_known_by_its_log() {
    let scratch = Scratch::new();
    let path = scratch.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    let statements = "PRAGMA journal_mode = WAL; CREATE TABLE pages (url)";
    other.execute_batch(statements).unwrap();
    let beside = names(scratch.path());
    assert_eq!(beside, ["other.db", "other.db-shm", "other.db-wal"]);
    let told = check(&path).unwrap_err().to_string();
    assert!(told.contains("(its tables: pages)"), "{told}");
    assert_eq!(names(scratch.path()), beside);
}

#[test]
fn a_run_has_no_end_until_it_is_told() {
    let scratch = Scratch::new();
    let path = scratch.path().join("a.db");
    let ends = || {
        let database = Connection::open(&path).unwrap();
        let mut select = database
            .prepare("SELECT ended_at >= started_at, is_partial FROM runs ORDER BY id")
            .unwrap();
        let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
        let rows: Vec<(Option<bool>, Option<bool>)> = rows.unwrap().map(Result::unwrap).collect();
        rows
    };
    for (run, is_partial) in [(1, true), (2, false)] {
        assert_eq!(begun(&path), run);
        assert_eq!(ends().last(), Some(&(None, None)));
        let path = path.clone();
        end(&Database { path, run }, is_partial).unwrap();
        assert_eq!(ends().last(), Some(&(Some(true), Some(is_partial))));
    }
}
