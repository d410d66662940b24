//! The file processor, from outside: what it prints and writes.

mod outputs;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::scratch::Scratch;

fn command(args: &[&str], paths: &[&Path]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_file-processor"));
    command.args(args).args(paths);
    command
}

fn run(args: &[&str], paths: &[&Path]) -> Output {
    command(args, paths)
        .output()
        .expect("cannot run the file processor")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} in {output:?}"))
}

/// The number of entries skipped for `reason`.
fn skipped(report: &Value, reason: &str) -> u64 {
    let list = report["skipped"].as_array().expect("a list of reasons");
    let entry = list.iter().find(|entry| entry["reason"] == reason);
    entry.map_or(0, |entry| entry["entries"].as_u64().expect("a number"))
}

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("src/good.rs", "fn good() {}\n");
    scratch.file("good.md", "# good words\n\nhere\n");
    scratch.file("binary.png", [0x89, b'P', b'N', b'G', 0, 0]);
    scratch
}

#[test]
fn counts_what_is_good_and_skips_what_is_binary() {
    let scratch = scratch();
    let output = run(&["--json"], &[scratch.path()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = json(&output);
    let total = serde_json::json!({"files": 2, "bytes": 32, "lines": 4, "words": 7});
    assert_eq!(report["total"], total);
    assert_eq!(report["partial"], false);
    assert_eq!(skipped(&report, "binary (holds NUL bytes)"), 1);
    assert_eq!(report["found"], 3);
}

#[test]
fn the_table_shows_types_totals_and_speed() {
    let scratch = scratch();
    let output = run(&["--workers", "1"], &[scratch.path()]);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "Markdown      1     19      3      4",
        "Rust          1     13      1      3",
        "Total         2     32      4      7",
        "binary (holds NUL bytes)        1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line:?} is not in\n{text}"
        );
    }
    assert!(text.contains(" MB/s with 1 worker\n"), "{text}");
    // Nothing is drawn when standard error is no terminal.
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "Counting 1 path with 1 worker (Ctrl-C stops)\n");
}

#[test]
fn verify_agrees() {
    let scratch = scratch();
    let output = run(&["--verify"], &[scratch.path()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("a sequential recount agrees on all "),
        "{text}"
    );
}

#[test]
fn missing_paths_are_all_named_before_any_work() {
    let scratch = scratch();
    let (one, two) = (scratch.path().join("one"), scratch.path().join("two"));
    let output = run(&[], &[&one, scratch.path(), &two]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    let named = |path: &Path| format!("error: no such file or directory: {}\n", path.display());
    assert_eq!(text, named(&one) + &named(&two));
}

#[test]
fn bad_usage_has_the_same_exit_code() {
    for args in [["--workers", "0"], ["--workers", "999"], ["--top", "many"]] {
        assert_eq!(run(&args, &[]).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn help_lists_options_and_exit_codes() {
    let text = String::from_utf8(run(&["--help"], &[]).stdout).unwrap();
    for part in [
        "[PATH]...",
        "--verify",
        "--top",
        "--workers",
        "--json",
        "--jsonl <FILE>",
        "--sqlite <FILE>",
        "--all",
        "130 ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[cfg(unix)]
#[test]
fn links_dangling_or_looping_are_skipped() {
    let scratch = scratch();
    std::os::unix::fs::symlink("nowhere", scratch.path().join("dangling.rs")).unwrap();
    std::os::unix::fs::symlink(scratch.path(), scratch.path().join("src/loop")).unwrap();
    let output = run(&["--json", "--verify"], &[scratch.path()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = json(&output);
    assert_eq!(skipped(&report, "symbolic link, not followed"), 2);
    assert_eq!(report["total"]["files"], 2);
    assert_eq!(report["verify"]["agrees"], true);
}

/// A process's own memory is a regular file that cannot be read from its start, not even by root.
#[cfg(target_os = "linux")]
#[test]
fn an_unreadable_file_is_skipped_and_the_rest_goes_on() {
    let scratch = scratch();
    let output = run(&["--json"], &[Path::new("/proc/self/mem"), scratch.path()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = json(&output);
    assert_eq!(skipped(&report, "unreadable: Input/output error"), 1);
    assert_eq!(report["total"]["files"], 2);
}

/// A reader that closes the pipe early ends the program without an error, let alone a panic.
#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    let scratch = scratch();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command(&[], &[scratch.path()])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[cfg(unix)]
mod interrupt {
    use std::fs::File;
    use std::time::Duration;

    use super::*;
    use crate::process::Running;

    /// Starts the program on files of a text and then a hole of a terabyte, which takes minutes to
    /// count; sends SIGINT once it has begun.
    fn interrupted(args: &[&str]) -> (Option<i32>, String) {
        let scratch = scratch();
        let endless = scratch.file("endless.txt", "text ".repeat(4_000));
        File::options()
            .write(true)
            .open(endless)
            .unwrap()
            .set_len(1 << 40)
            .unwrap();

        let mut running = Running::start(&mut command(args, &[scratch.path()]));
        let begun = running.line();
        assert!(begun.starts_with("Counting"), "{begun}");
        running.signal("INT");
        let ended = running.end(Duration::from_secs(10));
        (ended.code, ended.stdout)
    }

    #[test]
    fn gives_partial_figures_marked_as_such() {
        let (code, text) = interrupted(&["--verify"]);
        assert_eq!(code, Some(130), "{text}");
        assert!(text.contains("\nTotal (PARTIAL)"), "{text}");
        assert!(
            text.contains("\nPARTIAL: stopped by Ctrl-C after "),
            "{text}"
        );
        assert!(text.ends_with("verify: not finished\n"), "{text}");
    }

    #[test]
    fn leaves_the_file_it_was_in_out_of_the_figures() {
        let (code, text) = interrupted(&["--json"]);
        assert_eq!(code, Some(130), "{text}");
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["partial"], true);
        assert!(report["total"]["bytes"].as_u64().unwrap() <= 32, "{text}");
    }
}
