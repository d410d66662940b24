//! Every memory ordering stronger than Relaxed says what it pairs with.

use std::collections::BTreeSet;

use super::Findings;
use super::project::Project;
use super::source::{Source, words};

const STRONG: &[&str] = &["Acquire", "Release", "AcqRel", "SeqCst"];

/// The words that name the other side.
const NAMES_THE_PARTNER: &[&str] = &["pairs with", "pair with", "partner"];

pub(super) fn orderings(project: &Project, findings: &mut Findings) {
    for (path, source) in &project.sources {
        let bare = imported(source);
        for (at, word) in source.words().filter(|(_, word)| STRONG.contains(word)) {
            let qualified = source.code[..at].ends_with("Ordering::");
            if !qualified && !bare.contains(word) || in_use(source, at) || project.is_test(path, at)
            {
                continue;
            }
            let comments = one_line(&source.comments_on(at));
            if !NAMES_THE_PARTNER
                .iter()
                .any(|naming| comments.contains(naming))
            {
                findings.fail(
                    path,
                    source.line(at),
                    format!("{word} does not say what it pairs with"),
                    "write on its line or above its statement `// Pairs with …: what is seen thereby`",
                );
            }
        }
    }
}

/// The orderings that this file can name bare; the words mean other things elsewhere.
fn imported(source: &Source) -> BTreeSet<&str> {
    let mut imported = BTreeSet::new();
    for (at, _) in source.words().filter(|(_, word)| *word == "use") {
        let end = source.code[at..]
            .find(';')
            .map_or(source.code.len(), |len| at + len);
        let import = &source.code[at..end];
        if import.contains("Ordering::*") {
            imported.extend(STRONG);
        } else if import.contains("Ordering") {
            imported.extend(
                words(import)
                    .map(|(_, word)| word)
                    .filter(|word| STRONG.contains(word)),
            );
        }
    }
    imported
}

fn in_use(source: &Source, at: usize) -> bool {
    // A list of imports is one bracket deep at least: look for the statement around it.
    let mut start = source.statement_start(at);
    while start > 0 && source.code[..start].trim_end().ends_with(['{', ',']) {
        let outer = source.code[..start].trim_end().len() - 1;
        if source.code.as_bytes()[outer] == b'{' && !source.code[..outer].trim_end().ends_with("::")
        {
            break;
        }
        start = source.statement_start(outer);
    }
    words(&source.code[start..at])
        .map(|(_, word)| word)
        .find(|word| !matches!(*word, "pub" | "crate" | "super"))
        == Some("use")
}

/// Comment text in lower case, without its line breaks: a phrase may be broken across two lines.
fn one_line(comments: &str) -> String {
    let words = comments
        .split_whitespace()
        .filter(|word| !matches!(*word, "//" | "///" | "//!"));
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests;
