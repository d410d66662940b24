//! Where unsafe code may be, and what is to be said of each piece of it.

use super::project::Project;
use super::source::Source;
use super::{Findings, source};

/// The members that may hold unsafe code. A crate is added here with its reason in ARCHITECTURE.md.
const ALLOWED: &[&str] = &[
    "aqueduct-core",
    "aqueduct-channel",
    "aqueduct-cancel",
    "aqueduct-group",
    "aqueduct-metrics",
    "aqueduct-numa",
    "aqueduct-benches",
];

const FORBID: &str = "#![forbid(unsafe_code)]";

/// Every root of a member that may not hold unsafe code forbids it.
pub(super) fn unsafe_code(project: &Project, findings: &mut Findings) {
    for member in project
        .members
        .iter()
        .filter(|m| !ALLOWED.contains(&m.name.as_str()))
    {
        for root in &member.roots {
            let Some(source) = project.sources.get(root) else {
                continue;
            };
            let stripped: String = source.code.split_whitespace().collect();
            if !stripped.contains(FORBID) {
                findings.fail(
                    root,
                    1,
                    format!("{} does not forbid unsafe code", member.name),
                    format!("write `{FORBID}` below the file's doc"),
                );
            }
        }
    }
}

/// Outside tests each unsafe block and impl has a SAFETY comment that cites an invariant by its number, and the doc of
/// the module, or of one it is part of, states that invariant.
pub(super) fn safety_comments(project: &Project, findings: &mut Findings) {
    for (path, source) in &project.sources {
        for at in unsafe_blocks_and_impls(source).filter(|at| !project.is_test(path, *at)) {
            let line = source.line(at);
            let comments = source.comments_on(at);
            let Some((_, argument)) = comments.split_once("SAFETY:") else {
                findings.fail(
                    path,
                    line,
                    "unsafe without a SAFETY comment",
                    "say above it why it is sound: `// SAFETY: … (I2)`, I2 being an invariant of the module's doc",
                );
                continue;
            };
            let cited = cited(argument);
            if cited.is_empty() {
                findings.fail(
                    path,
                    line,
                    "the SAFETY comment cites no invariant",
                    "cite by number (`I2`) the invariant of the module's doc that makes it sound",
                );
            }
            for Citation { invariant, of } in &cited {
                let (stated, whose) = match of {
                    Some(module) => (
                        states_in_module(project, path, module, invariant),
                        format!("the doc of `{module}`"),
                    ),
                    None => (
                        is_stated(project, path, invariant),
                        "this module's doc".to_owned(),
                    ),
                };
                if !stated {
                    findings.fail(
                        path,
                        line,
                        format!("the SAFETY comment cites {invariant}, which {whose} does not state"),
                        format!(
                            "state it there (`//! {invariant}. …`), or name the module that does: `{invariant} of the ring`"
                        ),
                    );
                }
            }
        }
    }
}

/// `I2`, or `I2 of the ring` where another module states it.
struct Citation<'a> {
    invariant: &'a str,
    of: Option<&'a str>,
}

fn cited(argument: &str) -> Vec<Citation<'_>> {
    let said: Vec<&str> = source::words(argument).map(|(_, word)| word).collect();
    let cited = said
        .iter()
        .enumerate()
        .filter(|(_, word)| is_invariant(word));
    cited
        .map(|(index, invariant)| {
            let of = match said[index + 1..] {
                ["of", "the", module, ..] => Some(module),
                _ => None,
            };
            Citation { invariant, of }
        })
        .collect()
}

fn unsafe_blocks_and_impls(source: &Source) -> impl Iterator<Item = usize> {
    source
        .words()
        .filter(|(_, word)| *word == "unsafe")
        .filter_map(|(at, word)| {
            let after = source.code[at + word.len()..].trim_start();
            let is_impl = after
                .strip_prefix("impl")
                .is_some_and(|rest| rest.starts_with([' ', '<', '\n']));
            (after.starts_with('{') || is_impl).then_some(at)
        })
}

/// `I` and a number.
fn is_invariant(word: &str) -> bool {
    word.strip_prefix('I')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the file's doc, or that of a module above it, has a line that opens with the invariant.
fn is_stated(project: &Project, path: &str, invariant: &str) -> bool {
    let mut module = path.strip_suffix(".rs").unwrap_or(path).to_owned();
    loop {
        let source = project.sources.get(&format!("{module}.rs"));
        if source.is_some_and(|source| states(source, invariant)) {
            return true;
        }
        let Some((parent, name)) = module.rsplit_once('/') else {
            return false;
        };
        if parent.ends_with("/src") || parent == "src" {
            let root = format!("{parent}/lib.rs");
            return name != "lib"
                && project
                    .sources
                    .get(&root)
                    .is_some_and(|source| states(source, invariant));
        }
        module = parent.to_owned();
    }
}

/// Whether a module of that name in the crate that holds `path` states the invariant.
fn states_in_module(project: &Project, path: &str, module: &str, invariant: &str) -> bool {
    let crate_root = path.split_inclusive("/src/").next().unwrap_or_default();
    let file = format!("/{module}.rs");
    let mut modules = project
        .sources
        .iter()
        .filter(|(p, _)| p.starts_with(crate_root) && p.ends_with(&file));
    modules.any(|(_, source)| states(source, invariant))
}

fn states(source: &Source, invariant: &str) -> bool {
    source.comments.lines().any(|line| {
        let Some(doc) = line.trim_start().strip_prefix("//!") else {
            return false;
        };
        let doc = doc.trim_start().trim_start_matches(['-', '*', ' ']);
        doc.strip_prefix(invariant)
            .is_some_and(|rest| rest.trim_start_matches('*').starts_with(['.', ':']))
    })
}

#[cfg(test)]
mod tests;
