use aqueduct_group::group;

use super::*;
use crate::scratch::Scratch;
use crate::skip::Skip;

fn entries(scratch: &Scratch) -> Vec<Found> {
    let files = [
        ("a.rs", "fn a\n"),
        ("b.rs", "fn"),
        ("c.bin", "\0"),
        ("d.md", ""),
    ];
    let files = files.map(|(name, text)| Found::File(scratch.file(name, text), 0));
    let rest = [Found::Skipped(Skip::Symlink), Found::LeftOut];
    files.into_iter().chain(rest).collect()
}

fn part(scratch: &Scratch, scope: &CancelScope, rows: Rows) -> Part {
    let mut counter = FileCounter::new(scope.clone());
    count(entries(scratch), &mut counter, scope, rows)
}

#[test]
fn a_part_has_a_row_for_each_file_in_its_counts() {
    let scratch = Scratch::new();
    let part = part(&scratch, &CancelScope::new(), Rows::Wanted);
    assert_eq!((part.counts.files(), part.counts.entries()), (3, 5));
    assert_eq!(part.counts.left_out, 1);
    let rows: Vec<_> = part
        .rows
        .iter()
        .map(|row| {
            let name = row.path.file_name().unwrap().to_str().unwrap();
            let size = (row.size.bytes, row.size.lines, row.size.words);
            (name, row.file_type.as_str(), size)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("a.rs", "Rust", (5, 1, 2)),
            ("b.rs", "Rust", (2, 0, 1)),
            ("d.md", "Markdown", (0, 0, 0)),
        ]
    );
}

#[test]
fn rows_that_nobody_wants_are_not_made() {
    let scratch = Scratch::new();
    let part = part(&scratch, &CancelScope::new(), Rows::Unwanted);
    assert_eq!((part.counts.files(), part.rows.len()), (3, 0));
}

#[test]
fn once_it_is_cancelled_nothing_is_counted() {
    let scratch = Scratch::new();
    let scope = CancelScope::new();
    scope.cancel();
    let part = part(&scratch, &scope, Rows::Wanted);
    assert_eq!((part.counts.entries(), part.rows.len()), (0, 0));
}

#[tokio::test]
async fn in_a_group_that_is_cancelled_nothing_is_counted_and_nobody_waits() {
    let scratch = Scratch::new();
    let group = group().open(Discard::new());
    let before = Counters::employ(&group, 2, Rows::Wanted).await;
    group.cancel();
    let after = Counters::employ(&group, 2, Rows::Wanted).await;
    for counters in [before, after] {
        let part = counters.count(entries(&scratch)).await;
        assert_eq!(part.counts.entries(), 0);
    }
    assert!(group.join().await.is_err(), "it was cancelled");
}
