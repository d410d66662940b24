//! Each operator has its tables of timelines, and its bound: this reads the sources for what there is, and the tests for what
//! they name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Which need no timelines, and why.
const NO_TIMELINES: &[(&str, &str)] = &[
    ("new", "wraps a source"),
    (
        "next",
        "takes an item out; `play` and all else is made of it",
    ),
    ("next_many", "takes items out"),
    ("poll_item", "takes an item out"),
    ("poll_many", "takes items out: `play` is made of it"),
    ("source_ref", "to look at"),
    ("into_source", "to look at"),
    ("through", "all stages are made of it"),
    ("boundary_stats", "to look at"),
    ("lost", "to look at"),
];

/// Which need no count of what they hold, and why.
const NO_BOUNDS: &[(&str, &str)] = &[
    ("new", "wraps a source"),
    ("into_source", "to look at"),
    ("source_ref", "to look at"),
    ("cycle", "holds a copy of its source, and no item"),
    ("interval", "has no items but moments"),
    ("interval_at", "has no items but moments"),
    ("with_missed_ticks", "has no items but moments"),
    ("repeat_with", "makes items when they are asked for"),
];

#[test]
fn every_operator_has_its_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = operators(&folder.join("src"));
    assert!(names.len() > 100, "only {} are found", names.len());
    let tests = folder.join("tests/it");
    let missing = |areas: &[&str], but: &[(&str, &str)]| -> Vec<String> {
        let text: String = areas
            .iter()
            .map(|area| text_of(&tests.join(area)))
            .collect();
        let names = names.iter().filter(|name| !is_named(&text, name));
        names
            .filter(|name| but.iter().all(|(other, _)| other != name))
            .cloned()
            .collect()
    };
    for (name, _) in NO_TIMELINES.iter().chain(NO_BOUNDS) {
        assert!(names.contains(*name), "there is no {name}");
    }
    println!("{} operators, sources and ends:", names.len());
    println!("{}", names.iter().cloned().collect::<Vec<_>>().join(" "));
    let timelines = missing(&["marbles"], NO_TIMELINES);
    let bounds = missing(&["bounds", "io", "write", "shared.rs", "tasks"], NO_BOUNDS);
    assert_eq!([timelines, bounds], [Vec::<String>::new(), Vec::new()]);
}

/// The methods of streams, and the functions that make one.
fn operators(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files(folder) {
        let path = file.strip_prefix(folder).expect("it is in there");
        let is_source = path.starts_with("from") || path.starts_with("op");
        let text = fs::read_to_string(&file).expect("it can be read");
        let mut in_flow = false;
        for line in text.lines() {
            if line.starts_with("impl") {
                in_flow = line.contains(" Flow<") && !line.contains(" for ");
            } else if line == "}" {
                in_flow = false;
            }
            let public = match line.strip_prefix("    pub ") {
                Some(public) if in_flow => Some(public),
                _ => line.strip_prefix("pub ").filter(|_| is_source),
            };
            let function = public.and_then(|public| {
                let public = public.strip_prefix("async ").unwrap_or(public);
                public
                    .strip_prefix("const ")
                    .unwrap_or(public)
                    .strip_prefix("fn ")
            });
            if let Some(function) = function {
                let end = function.find(['(', '<']).expect("a function");
                names.insert(function[..end].to_owned());
            }
        }
    }
    names
}

/// Whether a text calls a function, or names one that is called.
fn is_named(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        before.is_some_and(|c| " .(!:".contains(c)) && after.is_some_and(|c| "(:),".contains(c))
    })
}

fn text_of(path: &Path) -> String {
    let texts = files(path)
        .into_iter()
        .map(|file| fs::read_to_string(file).expect("it can be read"));
    texts.collect()
}

/// All files below a folder, or the one.
fn files(path: &Path) -> Vec<std::path::PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).expect("it is a folder");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    paths.flat_map(|path| files(&path)).collect()
}
