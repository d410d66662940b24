//! The tests that the docs name.
//!
//! A table of rules with the test that shows each is worth what its names are: a test that was renamed or deleted leaves a
//! rule that nothing shows. In `docs` a test is named as `` `path/file.rs::name` ``, of which the path may lack its
//! beginning.

use super::Findings;
use super::project::Project;
use super::source::{Source, words};

/// Each test that a file in `docs` names is there, and is a test.
pub(super) fn named_tests(project: &Project, findings: &mut Findings) {
    let docs = project
        .files
        .iter()
        .filter(|(path, _)| path.starts_with("docs/") && path.ends_with(".md"));
    for (path, text) in docs {
        for (index, line) in text.lines().enumerate() {
            for (file, name) in named_in(line) {
                if let Err(wrong) = find(project, file, name) {
                    findings.fail(
                        path,
                        index + 1,
                        format!("`{file}::{name}`: {wrong}"),
                        "name the test that shows it now, or write it",
                    );
                }
            }
        }
    }
}

/// What stands between backticks and is a file of Rust, `::`, and one name.
fn named_in(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split('`').skip(1).step_by(2).filter_map(|code| {
        let (file, name) = code.split_once("::")?;
        let is_name = words(name).eq([(0, name)]);
        (file.ends_with(".rs") && is_name).then_some((file, name))
    })
}

fn find(project: &Project, file: &str, name: &str) -> Result<(), &'static str> {
    let tail = format!("/{file}");
    let mut files = project
        .sources
        .iter()
        .filter(|(path, _)| *path == file || path.ends_with(&tail))
        .peekable();
    if files.peek().is_none() {
        return Err("there is no such file");
    }
    if files.any(|(_, source)| has_test(source, name)) {
        Ok(())
    } else {
        Err("there is no such test in that file")
    }
}

/// Whether there is a function of the name with an attribute that makes it a test.
fn has_test(source: &Source, name: &str) -> bool {
    let mut before = "";
    for (at, word) in source.words() {
        if before == "fn" && word == name {
            let from = source.statement_start(at);
            let head = &source.code[from..at];
            return words(head).any(|(_, word)| word == "test");
        }
        before = word;
    }
    false
}

#[cfg(test)]
mod tests;
