use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::input;
use crate::output::Files;
use crate::report::Verdict;
use crate::scratch::Scratch;
use crate::verify;

fn roots(path: &Path) -> Roots {
    input::roots(&[path.to_owned()]).unwrap()
}

async fn run_on(path: &Path, workers: usize, scope: &CancelScope) -> Outcome {
    let (roots, progress) = (roots(path), Progress::bar("test"));
    run(&roots, workers, Outputs::default(), scope, &progress).await
}

/// More files than the channel and a batch hold, one larger than a batch, of three types.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    for number in 0..ENTRIES_WAITING + 300 {
        let name = format!(
            "{}/{number}.{}",
            number % 7,
            ["rs", "md", "orig"][number % 3]
        );
        scratch.file(&name, format!("fn name_{number}() {{}}\nshared words\n"));
    }
    scratch.file(
        "large.rs",
        "one_name another_name\n".repeat(BATCH_BYTES / 20),
    );
    scratch.file("binary.bin", [0; 100]);
    scratch
}

#[tokio::test]
async fn any_number_of_workers_gives_the_figures_of_a_recount() {
    let scratch = tree();
    for workers in [1, 2, 9] {
        let scope = CancelScope::new();
        let outcome = run_on(scratch.path(), workers, &scope).await;
        assert_eq!(outcome.counts.files(), ENTRIES_WAITING as u64 + 301);
        assert_eq!(outcome.counts.entries(), outcome.found);
        assert!(!outcome.interrupted);
        let verdict = verify::run(
            roots(scratch.path()),
            &outcome.counts,
            &Files::default(),
            &scope,
        )
        .await;
        // Each small file has a name of its own.
        let names = ENTRIES_WAITING + 300;
        assert!(
            matches!(verdict, Verdict::Agrees { figures } if figures > names),
            "{verdict:?}"
        );
    }
}

#[tokio::test]
async fn an_empty_directory_is_no_error() {
    let outcome = run_on(Scratch::new().path(), 2, &CancelScope::new()).await;
    assert_eq!((outcome.counts.entries(), outcome.found), (0, 0));
}

#[tokio::test]
async fn what_is_cancelled_before_it_begins_counts_nothing() {
    let scratch = tree();
    let scope = CancelScope::new();
    scope.cancel();
    let outcome = run_on(scratch.path(), 2, &scope).await;
    assert!(outcome.interrupted);
    assert_eq!(outcome.counts.files(), 0);
}

#[tokio::test]
async fn stopping_at_any_moment_keeps_figures_whole() {
    let scratch = tree();
    for delay in [0, 2, 8] {
        let scope = CancelScope::new();
        let later = scope.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            later.cancel();
        });
        let outcome = run_on(scratch.path(), 2, &scope).await;
        assert!(outcome.counts.entries() <= outcome.found);
        // Each small file has two newlines and is in the figures with both or not at all.
        let small = &outcome.counts.types;
        for (file_type, tally) in small.iter().filter(|(name, _)| name.as_str() != "Rust") {
            assert_eq!(tally.lines, 2 * tally.files, "{file_type}");
            assert_eq!(
                tally
                    .names
                    .iter()
                    .filter(|(name, _)| name == "shared")
                    .count(),
                1
            );
        }
    }
}

/// Another program has locked the database when Ctrl-C comes, and lets go of it when the run has ended.
#[tokio::test]
async fn nothing_is_written_behind_the_figures() {
    let (scratch, beside) = (tree(), Scratch::new());
    let (roots, path) = (roots(scratch.path()), beside.path().join("out.db"));
    let outputs = Outputs::open(None, Some(&path), &roots).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let scope = CancelScope::new();
    let later = scope.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        later.cancel();
    });
    let outcome = run(&roots, 2, outputs, &scope, &Progress::bar("test")).await;

    other.execute_batch("COMMIT").unwrap();
    // Who still waited for the lock would have it by then.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let rows = other.query_row("SELECT count(*) FROM files", (), |row| row.get::<_, i64>(0));
    assert_eq!(rows.unwrap().cast_unsigned(), outcome.counts.files());
}
