use super::*;
use crate::skip::Skip;

fn file(name: &str, bytes: u64) -> Found {
    Found::File(PathBuf::from(name), bytes)
}

fn parted(entries: Vec<Found>) -> Vec<Batch> {
    batches(entries, Key::root(0))
}

#[test]
fn batches_are_of_a_megabyte_and_have_all() {
    const HALF: u64 = BATCH_BYTES as u64 / 2;
    let batches = parted(vec![
        file("c", HALF + 1),
        file("a", HALF),
        file("b", HALF),
        file("d", HALF * 10),
        file("e", 1),
    ]);
    let names = |batch: &Batch| -> String {
        let paths = batch.entries.iter().filter_map(path);
        paths.map(|path| path.to_str().unwrap()).collect()
    };
    let names: Vec<String> = batches.iter().map(names).collect();
    assert_eq!(names, ["ab", "c", "d", "e"]);
}

#[test]
fn a_batch_has_not_too_many_entries() {
    let many = (0..BATCH_LEN * 2 + 1).map(|_| Found::LeftOut).collect();
    let lens: Vec<usize> = parted(many)
        .iter()
        .map(|batch| batch.entries.len())
        .collect();
    assert_eq!(lens, [BATCH_LEN, BATCH_LEN, 1]);
}

#[test]
fn nothing_is_no_batch() {
    assert!(parted(Vec::new()).is_empty());
}

/// A directory that is listed a second time has the same batches, in whatever order the system gives its entries.
#[test]
fn the_order_of_entries_changes_nothing() {
    let entries = || vec![file("b", 1), Found::Skipped(Skip::Symlink), file("a", 2)];
    let mut reversed = entries();
    reversed.reverse();
    let (one, other) = (parted(entries()), parted(reversed));
    assert_eq!(one[0].entries, other[0].entries);
    assert_eq!(one[0].key, other[0].key);
}
