use std::path::Path;

use super::*;
use crate::count::Counter;
use crate::file_type::FileType;
use crate::skip::Skip;

fn counts(text: &str) -> Counts {
    let mut counts = Counts::default();
    let tally = counts.types.entry(FileType::of(Path::new("a.rs")));
    let mut counter = Counter::new(tally.or_default());
    counter.feed(text.as_bytes());
    counter.finish();
    counts
}

#[test]
fn the_same_is_the_same() {
    let compared = compare(
        &counts("let seven = seven;\n"),
        &counts("let seven = seven;\n"),
    );
    assert_eq!(compared.differences, []);
    // Four of the type, two identifiers, and what was left out.
    assert_eq!(compared.figures, 7);
}

#[test]
fn each_figure_that_differs_is_named() {
    let mut with = counts("let seven = eight;\n");
    with.skip(Skip::Binary);
    with.left_out = 2;
    let compared = compare(&with, &counts("let seven = seven;\n"));
    let named: Vec<_> = compared
        .differences
        .iter()
        .map(|difference| (&*difference.figure, difference.with, difference.without))
        .collect();
    let expected = [
        ("Rust: identifier eight", 1, 0),
        ("Rust: identifier seven", 1, 2),
        ("directories left out", 2, 0),
        ("skipped: binary (holds NUL bytes)", 1, 0),
    ];
    assert_eq!(named, expected);
}

#[test]
fn a_file_that_is_counted_twice_is_found() {
    let mut twice = counts("fn main() {}\n");
    twice.merge(counts("fn main() {}\n"));
    assert!(
        !compare(&twice, &counts("fn main() {}\n"))
            .differences
            .is_empty()
    );
}
