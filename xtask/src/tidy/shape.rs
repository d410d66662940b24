//! The shape of files and what must not be left in them.

use super::Findings;
use super::project::Project;

const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

const LINES_WANTED: usize = 400;
const LINES_LIMIT: usize = 600;

/// No `todo!`, `unimplemented!` or `dbg!`, in tests either.
pub(super) fn unfinished(project: &Project, findings: &mut Findings) {
    for (path, source) in &project.sources {
        for (at, word) in source.words().filter(|(_, word)| UNFINISHED.contains(word)) {
            let after = source.code[at + word.len()..].trim_start();
            if after
                .strip_prefix('!')
                .is_some_and(|rest| rest.trim_start().starts_with(['(', '[', '{']))
            {
                findings.fail(
                    path,
                    source.line(at),
                    format!("`{word}!` is left here"),
                    "finish it, or take it out",
                );
            }
        }
    }
}

/// An ignored test says how to run it.
pub(super) fn ignored_tests(project: &Project, findings: &mut Findings) {
    for (path, source) in &project.sources {
        for (at, _) in source.words().filter(|(_, word)| *word == "ignore") {
            if !source.code[..at].trim_end().ends_with(['[', ',', '('])
                || !in_attribute(&source.code[..at])
            {
                continue;
            }
            let end = source.code[at..]
                .find(']')
                .map_or(source.code.len(), |len| at + len);
            if !source.text[at..end].contains("cargo ") {
                findings.fail(
                    path,
                    source.line(at),
                    "an ignored test that does not say how to run it",
                    "give the command as its reason: `#[ignore = \"long: cargo xtask soak\"]`",
                );
            }
        }
    }
}

/// Whether the code ends inside an attribute.
fn in_attribute(before: &str) -> bool {
    before.rfind('#').is_some_and(|hash| {
        let attribute = &before[hash..];
        attribute.starts_with("#[")
            && attribute.matches('[').count() > attribute.matches(']').count()
    })
}

/// Where files may be.
pub(super) fn layout(project: &Project, findings: &mut Findings) {
    for path in project.files.keys() {
        if let Some(module) = path.strip_suffix("/mod.rs") {
            findings.fail(path, 1, "a `mod.rs`", format!("call it {module}.rs"));
        }
        let Some((_, inside)) = path
            .strip_prefix("crates/")
            .and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        let Some(test) = inside.strip_prefix("tests/") else {
            continue;
        };
        if !["it/", "soak/", "ui/"]
            .iter()
            .any(|folder| test.starts_with(folder))
        {
            findings.fail(
                path,
                1,
                "an outside test in a program of its own",
                "make it a module of tests/it/main.rs: each program more is linked and started once more",
            );
        }
        if !test.starts_with("soak/") && project.files[path].contains("fn soak_") {
            findings.fail(
                path,
                1,
                "a soak outside of tests/soak/",
                "move it there: `cargo xtask soak` builds nothing else, and so does not run it here",
            );
        }
    }
}

pub(super) fn size(project: &Project, findings: &mut Findings) {
    for (path, source) in &project.sources {
        let lines = source.code_lines();
        if lines > LINES_LIMIT {
            findings.fail(
                path,
                1,
                format!("{lines} lines of code, {LINES_LIMIT} is the limit"),
                format!("split it by what changes together; {LINES_WANTED} is wanted"),
            );
        } else if lines > LINES_WANTED {
            findings.notes.push(format!(
                "{path}: {lines} lines of code, {LINES_WANTED} is wanted"
            ));
        }
    }
}

#[cfg(test)]
mod tests;
