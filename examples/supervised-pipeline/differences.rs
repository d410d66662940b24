//! Whether two results are the same, figure by figure.

use std::collections::{BTreeMap, BTreeSet};

use crate::tally::Counts;

/// A figure of which there are two values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) figure: String,
    pub(crate) with: u64,
    pub(crate) without: u64,
}

/// What was compared.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) figures: usize,
    pub(crate) differences: Vec<Difference>,
}

/// Compares all figures of a run with faults and of the one without. One that is missing is zero.
pub(crate) fn compare(with: &Counts, without: &Counts) -> Compared {
    let (with, without) = (figures(with), figures(without));
    let names: BTreeSet<&String> = with.keys().chain(without.keys()).collect();
    let value =
        |figures: &BTreeMap<String, u64>, name: &String| figures.get(name).copied().unwrap_or(0);
    let difference = |name: &&String| {
        let (with, without) = (value(&with, name), value(&without, name));
        (with != without).then(|| Difference {
            figure: (*name).clone(),
            with,
            without,
        })
    };
    Compared {
        figures: names.len(),
        differences: names.iter().filter_map(difference).collect(),
    }
}

/// Every figure by its name.
fn figures(counts: &Counts) -> BTreeMap<String, u64> {
    let mut figures = BTreeMap::new();
    for (file_type, tally) in &counts.types {
        figures.insert(format!("{file_type}: files"), tally.files);
        figures.insert(format!("{file_type}: bytes"), tally.bytes);
        figures.insert(format!("{file_type}: lines"), tally.lines);
        figures.insert(format!("{file_type}: words"), tally.words);
        for (name, count) in tally.names.iter() {
            figures.insert(format!("{file_type}: identifier {name}"), count);
        }
    }
    for (why, count) in &counts.skipped {
        figures.insert(format!("skipped: {why}"), *count);
    }
    figures.insert("directories left out".to_owned(), counts.left_out);
    figures
}

#[cfg(test)]
mod tests;
