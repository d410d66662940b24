//! `--jsonl` and `--sqlite`: what is in the files when the program has ended, however it did.

use std::path::PathBuf;

use rusqlite::Connection;

use super::*;

type Row = (String, String, u64, u64, u64);

/// A tree, and a folder beside it for what is written.
struct Place {
    scratch: Scratch,
    tree: PathBuf,
    lines: PathBuf,
    rows: PathBuf,
}

impl Place {
    /// So many files of a line and three words, beside some that are not counted.
    fn new(files: usize) -> Self {
        let scratch = Scratch::new();
        for number in 0..files {
            let name = format!("tree/{}/{number}.rs", number % 10);
            scratch.file(&name, format!("fn f{number}() {{}}\n"));
        }
        scratch.file("tree/binary.png", [0; 10]);
        scratch.file("tree/näme \"quoted\".md", "text");
        Self {
            tree: scratch.path().join("tree"),
            lines: scratch.path().join("out.jsonl"),
            rows: scratch.path().join("out.db"),
            scratch,
        }
    }

    fn command(&self, outputs: &[(&str, &Path)], args: &[&str]) -> Command {
        let mut command = command(args, &[&self.tree]);
        for (option, file) in outputs {
            command.arg(option).arg(file);
        }
        command
    }

    fn run(&self, outputs: &[(&str, &Path)], args: &[&str]) -> Output {
        let output = self.command(outputs, args).output();
        output.expect("cannot run the file processor")
    }

    fn both(&self) -> [(&'static str, &Path); 2] {
        [("--jsonl", &self.lines), ("--sqlite", &self.rows)]
    }

    /// The lines, each of which must be whole, in order of path.
    fn lines(&self) -> Vec<Row> {
        let text = std::fs::read_to_string(&self.lines).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "the last is torn");
        let row = |line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            let number = |name: &str| line[name].as_u64().unwrap();
            (
                text("path"),
                text("type"),
                number("bytes"),
                number("lines"),
                number("words"),
            )
        };
        let mut rows: Vec<Row> = text.lines().map(row).collect();
        rows.sort();
        rows
    }

    /// The rows of a run, in order of path.
    fn rows(&self, run: i64) -> Vec<Row> {
        let database = Connection::open(&self.rows).unwrap();
        let integrity = database.query_row("PRAGMA integrity_check", (), |row| row.get(0));
        assert_eq!(integrity, Ok("ok".to_owned()));
        let rows = "SELECT path, type, bytes, lines, words FROM files WHERE run = ? ORDER BY path";
        let mut select = database.prepare(rows).unwrap();
        let rows = select.query_map((run,), |row| {
            let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok((row.get(0)?, row.get(1)?, number(2)?, number(3)?, number(4)?))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Whether the runs have ended, and were partial.
    fn ends(&self) -> Vec<(bool, Option<bool>)> {
        let database = Connection::open(&self.rows).unwrap();
        let runs = "SELECT ended_at IS NOT NULL, is_partial FROM runs ORDER BY id";
        let mut select = database.prepare(runs).unwrap();
        let runs = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
        runs.unwrap().map(Result::unwrap).collect()
    }

    /// Nothing but what the user named, and the tree.
    fn assert_tidy(&self, files: &[&str]) {
        let mut names: Vec<_> = std::fs::read_dir(self.scratch.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, files);
    }
}

/// Rows add up to the totals of the report.
fn assert_adds_up(rows: &[Row], report: &Value) {
    let sum = |figure: fn(&Row) -> u64| rows.iter().map(figure).sum::<u64>();
    let total = serde_json::json!({
        "files": rows.len(),
        "bytes": sum(|row| row.2),
        "lines": sum(|row| row.3),
        "words": sum(|row| row.4),
    });
    assert_eq!(report["total"], total);
}

#[test]
fn both_outputs_have_each_file_once() {
    let place = Place::new(2_000);
    let output = place.run(&place.both(), &["--json", "--verify"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = json(&output);
    assert_eq!(report["verify"]["agrees"], true);
    let rows = place.lines();
    assert_eq!(rows.len(), 2_001);
    assert_adds_up(&rows, &report);
    assert_eq!(rows, place.rows(1));
    assert_eq!(place.ends(), [(true, Some(false))]);
    assert!(rows.windows(2).all(|two| two[0].0 < two[1].0), "twice");
    let named = place.tree.join("näme \"quoted\".md");
    let named = (
        named.to_str().unwrap().to_owned(),
        "Markdown".to_owned(),
        4,
        0,
        1,
    );
    assert!(rows.contains(&named));
    // The database is one file, to be copied as it is.
    place.assert_tidy(&["out.db", "out.jsonl", "tree"]);
}

#[test]
fn each_output_goes_alone() {
    let place = Place::new(10);
    for output in place.both() {
        let output = place.run(&[output], &["--verify"]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    assert_eq!(place.lines(), place.rows(1));
    assert_eq!(place.lines().len(), 11);
}

#[test]
fn outputs_within_the_tree_are_not_counted() {
    let mut place = Place::new(1_000);
    place.lines = place.tree.join("0/out.jsonl");
    place.rows = place.tree.join("out.db");
    let output = place.run(&place.both(), &["--json", "--verify"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(json(&output)["total"]["files"], 1_001);
    assert_eq!(place.lines(), place.rows(1));
}

/// By way of links to what is not there when the run begins.
#[cfg(unix)]
#[test]
fn outputs_within_the_tree_are_not_counted_by_whatever_name() {
    use std::os::unix::fs::symlink;

    let place = Place::new(100);
    symlink(place.tree.join("0/own.jsonl"), &place.lines).unwrap();
    symlink("tree/own.db", &place.rows).unwrap();
    let output = place.run(&place.both(), &["--json", "--verify"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(json(&output)["total"]["files"], 101);
    assert_eq!(place.lines(), place.rows(1));
}

#[test]
fn a_second_run_is_added_to_a_database_and_lines_are_not_overwritten() {
    let place = Place::new(10);
    assert_eq!(place.run(&place.both(), &[]).status.code(), Some(0));
    let before = place.lines();

    let again = place.run(&place.both(), &[]);
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    assert!(again.stdout.is_empty());
    let told = String::from_utf8(again.stderr).unwrap();
    let why = "out.jsonl: it exists and is not empty; remove it, or name another file\n";
    assert!(
        told.starts_with("error: cannot write to /") && told.ends_with(why),
        "{told}"
    );
    assert_eq!((place.lines(), place.ends().len()), (before.clone(), 1));

    let sqlite = [("--sqlite", place.rows.as_path())];
    assert_eq!(place.run(&sqlite, &["--verify"]).status.code(), Some(0));
    assert_eq!((place.rows(1), place.rows(2)), (before.clone(), before));
}

#[test]
fn an_output_that_cannot_be_opened_is_told_before_anything_is_counted() {
    let place = Place::new(1);
    let text = place.scratch.file("notes.txt", "mine");
    let (none, tree) = (place.scratch.path().join("none/a"), &place.tree);
    for (option, file, why) in [
        (
            "--sqlite",
            &text,
            "it exists and is no SQLite database; name another file",
        ),
        (
            "--jsonl",
            &none,
            "its directory does not exist; make it (mkdir -p ",
        ),
        (
            "--sqlite",
            &none,
            "its directory does not exist; make it (mkdir -p ",
        ),
        ("--jsonl", tree, "it is a directory; name a file in it"),
    ] {
        let output = place.run(&[(option, file)], &[]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        let file = file.display();
        let expected = format!("error: cannot write to {file}: {why}");
        assert!(told.starts_with(&expected), "{told}");
        assert!(!told.contains("Counting"), "{told}");
    }
    assert_eq!(std::fs::read_to_string(&text).unwrap(), "mine");
}

/// Not even root may make a file there.
#[cfg(target_os = "linux")]
#[test]
fn where_nobody_may_write_the_system_says_why() {
    let place = Place::new(1);
    for option in ["--jsonl", "--sqlite"] {
        let output = place.run(&[(option, Path::new("/sys/out"))], &[]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        let advice = "; name a file where you may write\n";
        assert!(
            told.starts_with("error: cannot write to /sys/out: "),
            "{told}"
        );
        assert!(told.ends_with(advice), "{told}");
    }
}

#[cfg(unix)]
mod stopped {
    use std::fs::File;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::process::Running;

    impl Place {
        /// A tree with a file that takes minutes to count, so that no run comes to its end.
        fn endless(files: usize) -> Self {
            let place = Self::new(files);
            let endless = place
                .scratch
                .file("tree/0/endless.txt", "text ".repeat(4_000));
            let endless = File::options().write(true).open(endless).unwrap();
            endless.set_len(1 << 40).unwrap();
            place
        }

        /// A tree of nothing but such a file, so that no row waits to be written.
        fn only_endless() -> Self {
            let place = Self::endless(0);
            std::fs::remove_file(place.tree.join("näme \"quoted\".md")).unwrap();
            place
        }

        fn rows_now(&self) -> i64 {
            let count = Connection::open(&self.rows)
                .and_then(|it| it.query_row("SELECT count(*) FROM files", (), |row| row.get(0)));
            count.unwrap_or(0)
        }
    }

    /// Of each file that has a row it is that of the whole file.
    fn assert_whole(rows: &[Row]) {
        for (path, _, bytes, lines, words) in rows {
            let text = std::fs::read_to_string(path).unwrap();
            let words_in_it = text.split_whitespace().count() as u64;
            assert_eq!(*bytes, text.len() as u64, "{path}");
            assert_eq!(
                *lines,
                text.lines().count() as u64 * u64::from(text.ends_with('\n'))
            );
            assert_eq!(*words, words_in_it, "{path}");
        }
    }

    #[test]
    fn ctrl_c_leaves_whole_files_the_same_in_each_output_and_in_the_report() {
        let place = Place::endless(3_000);
        let mut command = place.command(&place.both(), &["--json", "--workers", "2"]);
        let mut running = Running::start(&mut command);
        assert!(running.line().starts_with("Counting"));
        let until = Instant::now() + Duration::from_secs(30);
        while place.rows_now() == 0 {
            assert!(Instant::now() < until, "nothing is written");
            std::thread::sleep(Duration::from_millis(2));
        }
        running.signal("INT");
        let ended = running.end(Duration::from_secs(30));
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(report["partial"], true);
        let rows = place.lines();
        assert!(!rows.is_empty());
        assert_adds_up(&rows, &report);
        assert_eq!(rows, place.rows(1));
        assert_whole(&rows);
        assert_eq!(place.ends(), [(true, Some(true))]);
        place.assert_tidy(&["out.db", "out.jsonl", "tree"]);
    }

    #[test]
    fn a_kill_leaves_whole_files_and_a_run_without_an_end() {
        let place = Place::endless(3_000);
        let sqlite = [("--sqlite", place.rows.as_path())];
        let mut running = Running::start(&mut place.command(&sqlite, &["--workers", "2"]));
        assert!(running.line().starts_with("Counting"));
        while place.rows_now() == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
        running.signal("KILL");
        assert_eq!(running.end(Duration::from_secs(10)).code, None);
        let rows = place.rows(1);
        assert!(!rows.is_empty());
        assert_whole(&rows);
        assert_eq!(place.ends(), [(false, None)]);
    }

    /// A limit of the system on the length of a file stands for a disk that is full.
    #[test]
    fn a_full_disk_ends_the_run_and_leaves_whole_rows() {
        let place = Place::new(3_000);
        for (option, file) in place.both() {
            let program = env!("CARGO_BIN_EXE_file-processor");
            // In blocks of 512 or 1024 bytes, as the shell has it. Rows are longer than 100 bytes.
            let limited = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";
            let mut shell = Command::new("sh");
            shell.args(["-c", limited, "sh", program, option]);
            let output = shell.arg(file).arg(&place.tree).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            let report = String::from_utf8(output.stdout).unwrap();
            assert!(
                report.contains("PARTIAL: an output failed after "),
                "{report}"
            );
            let told = String::from_utf8(output.stderr).unwrap();
            let told = told.lines().last().unwrap();
            let named = format!("error: {}: cannot write ", file.display());
            assert!(told.starts_with(&named), "{told}");
        }
        assert_whole(&place.lines());
        assert_whole(&place.rows(1));
        assert!(place.lines().len() < 3_000 && place.rows(1).len() < 3_000);
        assert_eq!(place.ends(), [(false, None)]);
    }

    /// Another program that writes into the database, as long as this lives.
    fn locked(path: &Path) -> Connection {
        let other = Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }

    #[test]
    fn ctrl_c_while_rows_wait_for_a_lock_tells_what_was_written() {
        let place = Place::endless(3_000);
        // So that there is one to be locked.
        let sqlite = [("--sqlite", place.rows.as_path())];
        let empty = place.scratch.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        let made = command(&["--sqlite"], &[&place.rows, &empty]).output();
        assert_eq!(made.unwrap().status.code(), Some(0));

        let mut running = Running::start(&mut place.command(&sqlite, &["--json"]));
        while place.ends().len() == 1 {}
        let lock = locked(&place.rows);
        assert!(running.line().starts_with("Counting"));
        std::thread::sleep(Duration::from_millis(200));
        running.signal("INT");
        let ended = running.end(Duration::from_secs(30));
        drop(lock);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(report["partial"], true);
        assert_adds_up(&place.rows(2), &report);
        let why = "out.db: cannot write rows: database is locked";
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
        assert_eq!(place.ends()[1], (false, None));
    }

    #[test]
    fn where_the_end_of_a_run_cannot_be_written_its_report_is_printed_nevertheless() {
        let place = Place::only_endless();
        let sqlite = [("--sqlite", place.rows.as_path())];
        let mut running = Running::start(&mut place.command(&sqlite, &["--json"]));
        assert!(running.line().starts_with("Counting"));
        let lock = locked(&place.rows);
        running.signal("INT");
        let ended = running.end(Duration::from_secs(30));
        drop(lock);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(report["partial"], true);
        let why = "out.db: database is locked";
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
        assert_eq!(place.ends(), [(false, None)]);
    }

    /// At its beginning, and at its end.
    #[test]
    fn a_second_ctrl_c_is_heard_while_a_lock_is_waited_for() {
        let place = Place::only_endless();
        let sqlite = [("--sqlite", place.rows.as_path())];
        let twice = |running: Running| {
            running.signal("INT");
            std::thread::sleep(Duration::from_millis(500));
            running.signal("INT");
            let ended = running.end(Duration::from_secs(2));
            assert_eq!(ended.code, Some(130), "{ended:?}");
        };
        let mut running = Running::start(&mut place.command(&sqlite, &[]));
        assert!(running.line().starts_with("Counting"));
        let _lock = locked(&place.rows);
        twice(running);

        let running = Running::start(&mut place.command(&sqlite, &[]));
        std::thread::sleep(Duration::from_millis(500));
        twice(running);
    }
}
