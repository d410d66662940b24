//! What is modelled, and how the models are switched on.

use super::Findings;
use super::project::Project;
use super::source::words;

/// Tokio changes shape under `cfg(loom)`, so ours has another name.
pub(super) fn bare_loom(project: &Project, findings: &mut Findings) {
    let fix = "write `aqueduct_loom`: other crates change shape under `loom`";
    for (path, source) in &project.sources {
        for (at, word) in source
            .words()
            .filter(|(_, word)| matches!(*word, "cfg" | "cfg_attr"))
        {
            let after = &source.code[at + word.len()..];
            let open = at + word.len() + (after.len() - after.trim_start_matches(['!', ' ']).len());
            if source.code.as_bytes().get(open) != Some(&b'(') {
                continue;
            }
            let predicate = &source.code[open..source.closing(open)];
            // Only the first argument of `cfg_attr` is a predicate; a path such as `loom::x` is none.
            let hit = words(predicate)
                .find(|(i, w)| *w == "loom" && !predicate[i + w.len()..].starts_with("::"));
            if let Some((i, _)) = hit {
                findings.fail(path, source.line(open + i), "a bare `loom` in a cfg", fix);
            }
        }
    }
    for (path, text) in project
        .files
        .iter()
        .filter(|(path, _)| !path.ends_with(".rs") && !path.ends_with(".md"))
    {
        for (index, line) in text.lines().enumerate() {
            if ["cfg(loom)", "--cfg loom", "--cfg=loom"]
                .iter()
                .any(|bare| line.contains(bare))
            {
                findings.fail(path, index + 1, "a bare `loom` in a cfg", fix);
            }
        }
    }
}

/// A module with models (`foo.rs` beside `foo/tests/loom.rs`) is compiled against loom: it names no Tokio, whose types
/// loom cannot look into, and no atomics, locks or threads but those of `aqueduct_core::sync`.
pub(super) fn modelled(project: &Project, findings: &mut Findings) {
    for models in project.sources.keys() {
        let Some(module) = models.strip_suffix("/tests/loom.rs") else {
            continue;
        };
        let path = format!("{module}.rs");
        let Some(source) = project.sources.get(&path) else {
            findings.fail(
                models,
                1,
                "models of no module",
                format!("they belong to {path}: move one of the two"),
            );
            continue;
        };
        for (at, word) in source
            .words()
            .filter(|(at, _)| !project.is_test(&path, *at))
        {
            let after = &source.code[at + word.len()..];
            let unseen = match word {
                "tokio" => after.starts_with("::"),
                "std" | "core" => OF_THE_SHIM.iter().any(|path| after.starts_with(path)),
                _ => false,
            };
            if unseen {
                findings.fail(
                    &path,
                    source.line(at),
                    format!("a modelled module names {word}'s own, which loom does not see"),
                    "use `aqueduct_core::sync`; what needs Tokio goes into a module without models",
                );
            }
        }
    }
}

/// What `aqueduct_core::sync` has in two forms. A compiler fence has no other form: it orders nothing between threads.
const OF_THE_SHIM: &[&str] = &[
    "::sync::atomic::{",
    "::sync::atomic::A",
    "::sync::atomic::fence",
    "::sync::Arc",
    "::sync::Mutex",
    "::sync::RwLock",
    "::sync::Condvar",
    "::cell::UnsafeCell",
    "::thread::",
];

#[cfg(test)]
mod tests;
