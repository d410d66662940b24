//! What the manifests must say, and who may depend on whom.

use super::Findings;
use super::project::{Member, Project};

/// A crate depends on strictly lower floors only, dev-dependencies apart.
pub(super) fn floors(project: &Project, findings: &mut Findings) {
    for member in &project.members {
        let manifest = manifest(member);
        let Some(floor) = member.floor else {
            findings.fail(
                &manifest,
                1,
                format!("{} has no floor", member.name),
                "add `[package.metadata.aqueduct]` with `floor = N`, one above the highest crate it depends on",
            );
            continue;
        };
        for name in &member.dependencies {
            let Some(below) = project.members.iter().find(|m| m.name == *name) else {
                continue;
            };
            if below.floor.is_some_and(|below| below >= floor) {
                findings.fail(
                    &manifest,
                    line_of(project, &manifest, name),
                    format!(
                        "{} on floor {floor} depends on {name} on floor {}",
                        member.name,
                        below.floor.unwrap_or_default()
                    ),
                    "depend on lower floors only: move what is shared down, or this crate up",
                );
            }
        }
    }
}

/// What every member takes from the workspace, and what a published crate is called.
pub(super) fn manifests(project: &Project, findings: &mut Findings) {
    for member in &project.members {
        let path = manifest(member);
        let Some(text) = project.files.get(&path) else {
            continue;
        };
        for key in ["edition", "rust-version", "license"] {
            if !has_line(text, &format!("{key}.workspace = true")) {
                findings.fail(
                    &path,
                    1,
                    format!("{} has its own {key}", member.name),
                    format!("write `{key}.workspace = true` under `[package]`"),
                );
            }
        }
        if !text.contains("[lints]\nworkspace = true") {
            findings.fail(
                &path,
                1,
                format!("{} does not take the workspace's lints", member.name),
                "write `[lints]` and below it `workspace = true`",
            );
        }
        let folder = member.dir.strip_prefix("crates/");
        if folder.is_some_and(|folder| folder != member.name) {
            findings.fail(
                &path,
                line_of(project, &path, &member.name),
                format!("the crate {} sits in {}", member.name, member.dir),
                format!("move it to crates/{}", member.name),
            );
        }
        if folder.is_some() != member.published {
            let (wrong, fix) = if member.published {
                (
                    "is published and not under crates/",
                    "move it there, or write `publish = false`",
                )
            } else {
                (
                    "is under crates/ and not published",
                    "what is not published is a folder of its own beside crates/",
                )
            };
            findings.fail(&path, 1, format!("{} {wrong}", member.name), fix);
        }
    }
}

/// Whoever can build our crates' rust-version can build their dependencies.
pub(super) fn rust_versions(project: &Project, findings: &mut Findings) {
    let Some(ours) = &project.rust_version else {
        findings.fail(
            "Cargo.toml",
            1,
            "no member states a rust-version",
            "state it under `[workspace.package]`",
        );
        return;
    };
    for dependency in &project.dependencies {
        let Some(theirs) = dependency
            .rust_version
            .as_ref()
            .filter(|theirs| *theirs > ours)
        else {
            continue;
        };
        let (name, version, below) = (&dependency.name, &dependency.version, &dependency.below);
        findings.fail(
            "Cargo.toml",
            line_of(project, "Cargo.toml", name),
            format!(
                "{name} {version}, which {below} depends on, needs Rust {theirs}; we promise {ours}"
            ),
            format!("`cargo update -p {name} --precise` to an older version, or do without it"),
        );
    }
}

fn manifest(member: &Member) -> String {
    format!("{}/Cargo.toml", member.dir)
}

fn has_line(text: &str, wanted: &str) -> bool {
    text.lines().any(|line| line.trim() == wanted)
}

/// The first line that begins with `word`; the first of all if none does.
fn line_of(project: &Project, path: &str, word: &str) -> usize {
    let Some(text) = project.files.get(path) else {
        return 1;
    };
    text.lines()
        .position(|line| line.starts_with(word))
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests;
