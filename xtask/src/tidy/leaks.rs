//! What a commit must not hold: traces of the machine it was made on.
//!
//! The forbidden words are put together from halves, or this file would be the first to hold them.

use super::Findings;
use super::project::Project;

/// Folders that are somebody's own, as absolute paths.
const FOLDERS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
    concat!("/wo", "rk/"),
    concat!("/Use", "rs/"),
    concat!("C:\\Use", "rs\\"),
];

/// What the addresses of mirrors have in them.
const MIRRORS: &[&str] = &[
    concat!("artifact", "ory"),
    concat!("/nexus", "/repository"),
    concat!("sparse+", "http://"),
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn leaks(project: &Project, findings: &mut Findings) {
    for (path, text) in &project.files {
        for (index, line) in text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| names_folder(line, folder)) {
                findings.fail(
                    path,
                    index + 1,
                    format!("a path of one machine ({folder}…)"),
                    "write it relative to the workspace, or ask the system for it (`std::env::temp_dir`)",
                );
            }
            let lower = line.to_lowercase();
            if MIRRORS.iter().any(|mirror| lower.contains(mirror)) {
                findings.fail(
                    path,
                    index + 1,
                    "the address of a mirror of the registry",
                    "leave it to the configuration of your own cargo: here everything is from crates.io",
                );
            }
        }
    }
    sources(project, findings);
    configuration(project, findings);
}

/// Whether `line` has `folder` as the beginning of a path: what it follows is no part of one, nor of an address.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| {
            !c.is_alphanumeric() && !matches!(c, '.' | '_' | '-' | '}' | ')' | '/' | '~' | '*')
        })
    })
}

/// The lock file knows crates.io alone: a mirror is one machine's.
fn sources(project: &Project, findings: &mut Findings) {
    let Some(lock) = project.files.get("Cargo.lock") else {
        findings.fail(
            "Cargo.lock",
            1,
            "there is no lock file",
            "commit it: everybody tests the same dependencies",
        );
        return;
    };
    for (index, line) in lock.lines().enumerate() {
        let source = line
            .strip_prefix("source = \"")
            .and_then(|rest| rest.strip_suffix('"'));
        if source.is_some_and(|source| source != CRATES_IO) {
            findings.fail(
                "Cargo.lock",
                index + 1,
                "a dependency that is not from crates.io",
                "depend on a published version; keep a mirror in your own cargo configuration",
            );
        }
    }
}

/// The workspace's own cargo configuration names no registry.
fn configuration(project: &Project, findings: &mut Findings) {
    for (path, text) in project
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".cargo/config.toml"))
    {
        for (index, line) in text.lines().enumerate() {
            if ["[source", "[registr", "[http", "[net", "replace-with"]
                .iter()
                .any(|key| line.starts_with(key))
            {
                findings.fail(
                    path,
                    index + 1,
                    "a registry or network setting in the workspace's configuration",
                    "keep it in the configuration of your own cargo",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
