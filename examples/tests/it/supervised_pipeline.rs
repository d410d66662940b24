use std::process::{Command, Output};
use std::time::Duration;

use crate::process::Running;
use crate::scratch::Scratch;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supervised-pipeline"));
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().expect("cannot run the pipeline")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("it is text")
}

/// Directories with some files each.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    for directory in 0..20 {
        for file in 0..3 {
            let text = format!("fn f{directory}() {{ g{file}() }}\n");
            scratch.file(&format!("d{directory}/f{file}.rs"), text.repeat(50));
        }
    }
    scratch
}

/// The number that stands before `what` in a text.
fn number_before(what: &str, text: &str) -> u64 {
    let (before, _) = text
        .split_once(what)
        .unwrap_or_else(|| panic!("no{what}: {text}"));
    let number = before.rsplit(' ').next().unwrap_or_default();
    number.replace(',', "").parse().expect("it is a number")
}

#[test]
fn the_self_test_passes() {
    let mut test = Running::start(&mut command(&["--self-test", "--seeds", "3"]));
    let begun = test.line();
    assert!(
        begun.starts_with("Self-test: 602 files, 3 seeds"),
        "{begun}"
    );
    let ended = test.end(Duration::from_secs(60));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.matches("  equal\n").count(), 4, "{ended:?}");
    let told = "tasks alive after all runs: 0\nself-test passed\n";
    assert!(ended.stdout.ends_with(told), "{ended:?}");
    assert_eq!(ended.stderr, "", "no panic is printed that is meant");
}

#[test]
fn its_result_is_that_of_the_run_without() {
    let tree = tree();
    let root = tree.path().to_str().unwrap();
    let args = ["--panics", "0.1", "--patience", "100ms", "--verify"];
    let output = run(&[&args[..], &[root]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("\n60 files, "), "{text}");
    assert!(number_before(" panics", text) > 0, "{text}");
    assert!(number_before(" handed out again", text) > 0, "{text}");
    assert!(
        text.contains("verify: equal to the run without, in all "),
        "{text}"
    );
}

#[test]
fn it_counts_what_the_file_processor_counts() {
    let tree = tree();
    let root = tree.path().to_str().unwrap();
    let json = Command::new(env!("CARGO_BIN_EXE_file-processor"))
        .args(["--json", root])
        .output()
        .expect("cannot run the file processor");
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("it is JSON");
    let output = run(&["--panics", "0.1", "--patience", "100ms", root]);
    let row: Vec<&str> = stdout(&output)
        .lines()
        .find(|line| line.starts_with("Rust"))
        .expect("there is a row")
        .split_whitespace()
        .collect();
    for (column, figure) in ["files", "bytes", "lines", "words"].iter().enumerate() {
        let counted = row[column + 1].replace(',', "");
        assert_eq!(counted, json["total"][figure].to_string(), "{figure}");
    }
}

#[test]
fn without_faults_nothing_is_started_again() {
    let tree = tree();
    let output = run(&["--panics", "0", tree.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert!(
        text.contains("restarts: walker 0, readers 0, tally 0\n"),
        "{text}"
    );
    assert!(text.contains(" 0 handed out again; 0 came"), "{text}");
}

#[test]
fn events_and_the_tree_are_told() {
    let tree = tree();
    let root = tree.path().to_str().unwrap();
    let output = run(&["--panics", "0.1", "--patience", "100ms", "--events", root]);
    let text = String::from_utf8(output.stderr).unwrap();
    for part in [
        "supervised-pipeline/herald: started",
        "supervised-pipeline: all children are started\nsupervised-pipeline: alive\n├─ herald: running, incarnation 1\n",
        "├─ readers: running, incarnation 1\n│  ├─ reader 1: running, incarnation 1\n",
        ": ended: panicked",
        "handing out 1\n",
        "is started again in ",
        "supervised-pipeline/tally: is significant and has ended: so does the supervisor",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn too_many_restarts_end_it_and_are_told() {
    let tree = tree();
    let root = tree.path().to_str().unwrap();
    let output = run(&["--panics", "0.3", "--restarts-max", "0", root]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = stdout(&output);
    assert!(
        text.contains("PARTIAL: the supervisor has ended ("),
        "{text}"
    );
    assert!(text.contains("too many restarts"), "{text}");
}

#[test]
fn an_item_that_kills_everybody_is_given_up_and_named() {
    let tree = tree();
    let root = tree.path().to_str().unwrap();
    let args = ["--panics", "0.3", "--patience", "100ms", "--attempts", "1"];
    let output = run(&[&args[..], &[root]].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = stdout(&output);
    assert!(
        text.contains("given up, as everybody died of it: /"),
        "{text}"
    );
    assert!(text.contains(" 0 handed out again"), "{text}");
}

#[test]
fn what_is_wrong_with_the_arguments_is_said() {
    for (args, wrong) in [
        (&["--panics", "1"][..], "it must be from 0 to 0.3"),
        (&["--panics", "often"], "it is no number"),
        (&["--patience", "0s"], "longer than no time at all"),
        (&["--seeds", "3"], "--self-test"),
        (&["--self-test", "src"], "cannot be used with"),
        (&["/no/such/place"], "/no/such/place"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(wrong), "{args:?}: {text}");
    }
}

#[cfg(unix)]
mod signals {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    /// Somebody stands still with something in hand, and nobody ends him: a reader or the tally, both of which are asked to
    /// stop and have so much time. For the walker there is nothing to do, as files are given and no directory.
    fn stalled(tree: &Scratch, grace: &str) -> Running {
        let args = [
            "--panics",
            "0.3",
            "--patience",
            "1h",
            "--events",
            "--grace",
            grace,
        ];
        let files = (0..200).map(|number| tree.file(&format!("{number}.rs"), "fn main() {}\n"));
        let mut pipeline = Running::start(command(&args).args(files));
        // Told when it has subscribed, so that a signal is heard from here on.
        while !pipeline.line().contains("all children are started\n") {}
        std::thread::sleep(Duration::from_secs(1));
        pipeline
    }

    #[test]
    fn a_signal_stops_children_in_reverse_each_in_its_time() {
        let tree = Scratch::new();
        let pipeline = stalled(&tree, "100ms");
        pipeline.signal("INT");
        let ended = pipeline.end(SOON);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let asked = [
            "/walker: was aborted",
            "/readers: was asked",
            "/tally: was asked",
            "/herald: was asked",
        ];
        let at = asked.map(|what| {
            ended
                .stderr
                .rfind(what)
                .unwrap_or_else(|| panic!("{what}: {ended:?}"))
        });
        assert!(at.is_sorted(), "{ended:?}");
        assert!(ended.stderr.contains(" was stopped: killed\n"), "{ended:?}");
        assert!(
            ended
                .stdout
                .contains("PARTIAL: the supervisor has ended (shutdown: SIGINT)"),
            "{ended:?}"
        );
    }

    #[test]
    fn a_second_signal_ends_it_at_once() {
        let tree = Scratch::new();
        let mut pipeline = stalled(&tree, "1h");
        pipeline.signal("INT");
        while !pipeline.line().contains("/readers: was asked to stop") {}
        pipeline.signal("INT");
        let ended = pipeline.end(SOON);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert_eq!(ended.stdout, "", "{ended:?}");
    }
}
