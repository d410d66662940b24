use super::*;
use crate::output::Files;
use crate::report::tests::{differences, outcome, written};

fn text(interrupted: bool, verdict: &Verdict, top: usize, types_max: usize) -> String {
    let outcome = outcome(interrupted);
    Report {
        outcome: &outcome,
        files: &Files::default(),
        verdict,
        workers: 2,
    }
    .tables(top, types_max)
}

#[test]
fn a_whole_run_reads_like_this() {
    let expected = "
Type      Files   Bytes  Lines  Words
─────────────────────────────────────
Rust          2  10,000    770  3,077
Markdown      1       5      1      2
─────────────────────────────────────
Total         3  10,005    771  3,079

Most frequent identifiers
────────────────────────
Rust      aa 770  bb 769
Markdown  cc 1

Skipped                          Entries
────────────────────────────────────────
binary (holds NUL bytes)               2
not entered: .git, build output        1

3 files, 0.0 MB in 0.010 s: 1 MB/s with 2 workers
";
    assert_eq!(text(false, &Verdict::NotAsked, 2, 15), expected);
}

#[test]
fn types_beyond_the_shown_are_summed_up() {
    let text = text(false, &Verdict::NotAsked, 5, 0);
    assert!(
        text.contains("2 other types      3  10,005    771  3,079\n"),
        "{text}"
    );
    assert!(!text.contains("identifiers"), "{text}");
}

#[test]
fn many_identifiers_take_several_lines() {
    let mut outcome = outcome(false);
    for tally in outcome.counts.types.values_mut() {
        for name in ["n1", "n2", "n3", "n4", "n5", "n6"] {
            tally.names.add(name.as_bytes(), 2);
        }
    }
    let report = Report {
        outcome: &outcome,
        files: &Files::default(),
        verdict: &Verdict::NotAsked,
        workers: 2,
    };
    let text = report.tables(7, 15);
    let indent = " ".repeat("Markdown".len());
    assert!(
        text.contains(&format!("\n{indent}  n5 1    n6 1\n")),
        "{text}"
    );
}

#[test]
fn a_long_name_is_cut() {
    assert_eq!(cut("a_name_of_exactly_24_xxx"), "a_name_of_exactly_24_xxx");
    assert_eq!(
        cut("a_name_of_more_than_24_xx"),
        "a_name_of_more_than_24_x…"
    );
}

#[test]
fn an_interrupted_run_says_so() {
    let text = text(true, &Verdict::Unfinished, 1, 15);
    assert!(text.contains("\nTotal (PARTIAL)  "), "{text}");
    assert!(
        text.contains("PARTIAL: stopped by Ctrl-C after 5 of the 7 entries"),
        "{text}"
    );
    assert!(text.ends_with("verify: not finished\n"), "{text}");
}

#[test]
fn the_verdict_comes_last() {
    let agrees = text(false, &Verdict::Agrees { figures: 1_234 }, 1, 15);
    assert!(
        agrees.ends_with("agrees on all 1,234 figures\n"),
        "{agrees}"
    );
    let disagrees = text(false, &differences(12), 1, 15);
    assert!(disagrees.contains("DISAGREES on 12 figures"), "{disagrees}");
    assert!(
        disagrees.ends_with("  Rust: figure 9: counted 9, recounted 10\n"),
        "{disagrees}"
    );
}

#[test]
fn outputs_are_named_with_their_rows() {
    let outcome = outcome(false);
    let files = written();
    let report = Report {
        outcome: &outcome,
        files: &files,
        verdict: &Verdict::NotAsked,
        workers: 2,
    };
    let text = report.tables(2, 15);
    let lines = "3 rows in /out/a.jsonl\n3 rows in /out/a.db (run 7)\n";
    assert!(text.ends_with(lines), "{text}");
}
