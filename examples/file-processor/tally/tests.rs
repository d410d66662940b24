use std::path::Path;

use super::*;
use crate::count::Counter;

fn counts(files: &[(&str, &str)], skipped: &[Skip]) -> Counts {
    let mut counts = Counts::default();
    for (path, text) in files {
        let tally = counts
            .types
            .entry(FileType::of(Path::new(path)))
            .or_default();
        let mut counter = Counter::new(tally);
        counter.feed(text.as_bytes());
        counter.finish();
    }
    for why in skipped {
        counts.skip(why.clone());
    }
    counts
}

fn flat(counts: &Counts) -> Vec<String> {
    let mut flat: Vec<_> = counts
        .types
        .iter()
        .map(|(file_type, tally)| {
            let figures = [tally.files, tally.bytes, tally.lines, tally.words];
            format!("{file_type} {figures:?} {:?}", tally.names.top(usize::MAX))
        })
        .chain(counts.skipped.iter().map(|skipped| format!("{skipped:?}")))
        .collect();
    flat.sort();
    flat
}

#[test]
fn parts_add_up_in_any_order() {
    let files = [
        ("a.rs", "fn aa"),
        ("b.md", "# bb\n"),
        ("c.rs", "fn aa cc\n"),
    ];
    let parts = [
        || counts(&[("a.rs", "fn aa")], &[Skip::Binary]),
        || counts(&[("b.md", "# bb\n")], &[]),
        || counts(&[("c.rs", "fn aa cc\n")], &[Skip::Binary, Skip::Symlink]),
    ];
    let whole = flat(&counts(
        &files,
        &[Skip::Binary, Skip::Binary, Skip::Symlink],
    ));
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut sum = Counts::default();
        for part in order {
            sum.merge(parts[part]());
        }
        assert_eq!(flat(&sum), whole);
        assert_eq!((sum.files(), sum.bytes(), sum.entries()), (3, 19, 6));
    }
}

#[test]
fn directories_left_out_add_up_and_are_no_entries() {
    let mut sum = Counts {
        left_out: 1,
        ..Counts::default()
    };
    sum.merge(Counts {
        left_out: 2,
        ..Counts::default()
    });
    assert_eq!((sum.left_out, sum.entries()), (3, 0));
}
