//! What the checks look at: every file of the workspace as text, and what its manifests say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::semver::Version;
use cargo_metadata::{
    CargoOpt, DependencyKind, Metadata, MetadataCommand, NodeDep, Package, TargetKind,
};

use super::source::Source;
use crate::context::{Context, floor, is_published};
use crate::shell::Cmd;

#[derive(Debug, Default)]
pub(super) struct Project {
    /// By path from the workspace's root, with `/`.
    pub(super) files: BTreeMap<String, String>,
    pub(super) sources: BTreeMap<String, Source>,
    pub(super) members: Vec<Member>,
    pub(super) rust_version: Option<Version>,
    /// What the published crates make their users build.
    pub(super) dependencies: Vec<Dependency>,
    test_files: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    pub(super) name: String,
    /// The folder, from the workspace's root.
    pub(super) dir: String,
    pub(super) floor: Option<u64>,
    pub(super) published: bool,
    /// The names of what it depends on, dev-dependencies apart.
    pub(super) dependencies: Vec<String>,
    /// The root files of its library and programs.
    pub(super) roots: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) version: Version,
    pub(super) rust_version: Option<Version>,
    /// The published crate that it was first found under.
    pub(super) below: String,
}

impl Project {
    pub(super) fn load(ctx: &Context) -> Result<Self> {
        let metadata = MetadataCommand::new()
            .current_dir(ctx.root())
            .features(CargoOpt::AllFeatures)
            .exec()
            .context("`cargo metadata` failed")?;
        let mut project = Self::from_files(read_files(ctx)?);
        project.members = metadata
            .workspace_packages()
            .iter()
            .map(|p| Member::new(&metadata, p))
            .collect();
        project.rust_version = metadata
            .workspace_packages()
            .iter()
            .filter_map(|p| p.rust_version.clone())
            .max();
        project.dependencies = dependencies(&metadata);
        Ok(project)
    }

    pub(super) fn from_files(files: BTreeMap<String, String>) -> Self {
        let rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
        let sources: BTreeMap<String, Source> = rust
            .map(|(path, text)| (path.clone(), Source::new(text)))
            .collect();
        let test_files = test_files(&sources);
        Self {
            files,
            sources,
            test_files,
            ..Self::default()
        }
    }

    #[cfg(test)]
    pub(super) fn sample(files: &[(&str, &str)]) -> Self {
        Self::from_files(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }

    #[cfg(test)]
    pub(super) fn with_members(mut self, members: impl IntoIterator<Item = Member>) -> Self {
        self.members.extend(members);
        self
    }

    /// Whether what is at `at` in `path` is compiled for tests only.
    pub(super) fn is_test(&self, path: &str, at: usize) -> bool {
        self.is_test_file(path)
            || self
                .sources
                .get(path)
                .is_some_and(|source| source.is_test(at))
    }

    pub(super) fn is_test_file(&self, path: &str) -> bool {
        self.test_files.contains(path)
    }

    /// The sources of a member.
    pub(super) fn sources_of(&self, member: &Member) -> impl Iterator<Item = (&str, &Source)> {
        let folder = format!("{}/", member.dir);
        let all = self
            .sources
            .iter()
            .map(|(path, source)| (path.as_str(), source));
        all.filter(move |(path, _)| path.starts_with(&folder))
    }
}

impl Member {
    fn new(metadata: &Metadata, package: &Package) -> Self {
        let from_root = |path: &Path| {
            let path = path
                .strip_prefix(metadata.workspace_root.as_std_path())
                .unwrap_or(path);
            path.to_string_lossy().replace('\\', "/")
        };
        let dir = package
            .manifest_path
            .parent()
            .map(|dir| from_root(dir.as_std_path()))
            .unwrap_or_default();
        let ours = package
            .dependencies
            .iter()
            .filter(|dep| dep.kind != DependencyKind::Development);
        let kinds = [TargetKind::Lib, TargetKind::Bin, TargetKind::ProcMacro];
        let roots = package
            .targets
            .iter()
            .filter(|t| t.kind.iter().any(|kind| kinds.contains(kind)));
        Self {
            name: package.name.to_string(),
            dir,
            floor: floor(package),
            published: is_published(package),
            dependencies: ours.map(|dep| dep.name.clone()).collect(),
            roots: roots.map(|t| from_root(t.src_path.as_std_path())).collect(),
        }
    }
}

/// Everything a user of the published crates builds: their dependencies, all features on, on every platform. What is
/// there for tests or for loom is left out.
fn dependencies(metadata: &Metadata) -> Vec<Dependency> {
    let Some(resolve) = &metadata.resolve else {
        return Vec::new();
    };
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for root in metadata
        .workspace_packages()
        .into_iter()
        .filter(|p| is_published(p))
    {
        let mut next = vec![&root.id];
        while let Some(id) = next.pop() {
            if !seen.insert(id) {
                continue;
            }
            let package = &metadata[id];
            if !metadata.workspace_members.contains(id) {
                found.push(Dependency {
                    name: package.name.to_string(),
                    version: package.version.clone(),
                    rust_version: package.rust_version.clone(),
                    below: root.name.to_string(),
                });
            }
            next.extend(
                nodes[id]
                    .deps
                    .iter()
                    .filter(|dep| reaches_users(dep))
                    .map(|dep| &dep.pkg),
            );
        }
    }
    found
}

fn reaches_users(dep: &NodeDep) -> bool {
    dep.dep_kinds.iter().any(|kind| {
        let for_loom = kind
            .target
            .as_ref()
            .is_some_and(|target| target.to_string().contains("loom"));
        kind.kind != DependencyKind::Development && !for_loom
    })
}

/// The files under a `tests` folder, and those of modules declared for tests only.
fn test_files(sources: &BTreeMap<String, Source>) -> BTreeSet<String> {
    let mut prefixes = BTreeSet::new();
    for (path, source) in sources {
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        let (dir, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let children = if matches!(name, "lib" | "main") {
            dir
        } else {
            stem
        };
        prefixes.extend(
            source
                .test_modules()
                .map(|module| format!("{children}/{module}")),
        );
    }
    let declared = |path: &str| {
        let mut prefix = path.strip_suffix(".rs").unwrap_or(path);
        loop {
            if prefixes.contains(prefix) {
                return true;
            }
            match prefix.rsplit_once('/') {
                Some((parent, _)) => prefix = parent,
                None => return false,
            }
        }
    };
    sources
        .keys()
        .filter(|path| path.contains("/tests/") || declared(path))
        .cloned()
        .collect()
}

/// The text of every file that git tracks or would add; of every file but build output where there is no git.
fn read_files(ctx: &Context) -> Result<BTreeMap<String, String>> {
    let git = Cmd::new("git").args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]);
    let paths: Vec<String> = if ctx.root().join(".git").exists() {
        git.capture(ctx)?
            .stdout
            .split_terminator('\0')
            .map(str::to_owned)
            .collect()
    } else {
        let mut paths = Vec::new();
        walk(ctx.root(), ctx, &mut paths)?;
        paths
    };
    let mut files = BTreeMap::new();
    for path in paths {
        // A tracked file may have been deleted; one that is no text has no rule to break.
        if let Ok(text) = std::fs::read_to_string(ctx.root().join(&path)) {
            files.insert(path, text);
        }
    }
    Ok(files)
}

fn walk(dir: &Path, ctx: &Context, paths: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            if path != ctx.target_dir() && !path.ends_with("target") && !path.is_symlink() {
                walk(&path, ctx, paths)?;
            }
        } else if let Ok(path) = path.strip_prefix(ctx.root()) {
            paths.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
