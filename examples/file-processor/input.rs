//! Which roots to count: the paths given, or else this workspace and all it is built from.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// Existing paths, absolute and without symbolic links.
#[derive(Clone, Debug)]
pub(crate) struct Roots {
    pub(crate) paths: BTreeSet<PathBuf>,
    /// Files that this run writes, which are not part of its input.
    pub(crate) own: BTreeSet<PathBuf>,
    origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Given,
    /// The workspace and this many packages.
    Workspace {
        packages: usize,
    },
}

/// Why there is nothing to count.
#[derive(Debug)]
pub(crate) enum InputError {
    /// Paths that were given and cannot be resolved, each with the reason.
    Paths(Vec<(PathBuf, io::Error)>),
    /// Cargo could not say what the workspace is made of.
    Cargo(String),
}

/// The part of `cargo metadata` that is read here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    manifest_path: PathBuf,
}

/// Resolves the paths given; with none, asks cargo for the default input.
pub(crate) fn roots(given: &[PathBuf]) -> Result<Roots, InputError> {
    if !given.is_empty() {
        return Ok(Roots::new(resolve(given)?, Origin::Given));
    }
    let metadata = workspace_metadata(&workspace_directory())?;
    let packages = metadata.packages.len();
    let paths = resolve(&source_directories(metadata))?;
    Ok(Roots::new(paths, Origin::Workspace { packages }))
}

impl Roots {
    fn new(paths: BTreeSet<PathBuf>, origin: Origin) -> Self {
        Self {
            paths,
            own: BTreeSet::new(),
            origin,
        }
    }
}

/// Resolves every path, or names every one that cannot be.
fn resolve(paths: &[PathBuf]) -> Result<BTreeSet<PathBuf>, InputError> {
    let mut resolved = BTreeSet::new();
    let mut failed = Vec::new();
    for path in paths {
        match path.canonicalize() {
            Ok(path) => drop(resolved.insert(path)),
            Err(error) => failed.push((path.clone(), error)),
        }
    }
    if failed.is_empty() {
        Ok(resolved)
    } else {
        Err(InputError::Paths(failed))
    }
}

/// The workspace's root, which holds its members, and the directory of each package outside it.
fn source_directories(metadata: Metadata) -> Vec<PathBuf> {
    let root = metadata.workspace_root;
    let mut directories: Vec<_> = metadata
        .packages
        .into_iter()
        .filter_map(|package| package.manifest_path.parent().map(Path::to_owned))
        .filter(|directory| !directory.starts_with(&root))
        .collect();
    directories.push(root);
    directories
}

/// Where to ask cargo: in the sources that this program was built from, wherever it is called;
/// when they have moved since, in the current directory.
fn workspace_directory() -> PathBuf {
    let built_from = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    if built_from.join("Cargo.toml").exists() {
        built_from
    } else {
        PathBuf::from(".")
    }
}

/// Asks for the packages that are built on this machine: those of other platforms would have to be
/// fetched for nothing.
///
/// The first try is without the network, since mostly cargo has unpacked everything already. But a
/// build unpacks only what it compiles, so in a fresh clone some package may be missing, and the
/// second try fetches it. Without a network there is still the workspace itself.
fn workspace_metadata(directory: &Path) -> Result<Metadata, InputError> {
    let platform = host().map(|host| ["--filter-platform".to_owned(), host]);
    let platform = platform.iter().flatten().map(String::as_str);
    let fetching: Vec<_> = platform.collect();
    let offline = [&fetching[..], &["--offline"]].concat();
    if let Ok(metadata) = ask(directory, &offline) {
        return Ok(metadata);
    }
    eprintln!("Fetching the dependencies that are not unpacked yet (cargo metadata)");
    ask(directory, &fetching).or_else(|why| {
        eprintln!("warning: the dependencies cannot be fetched, so only the workspace is counted");
        eprintln!("{why}");
        ask(directory, &["--offline", "--no-deps"]).map_err(InputError::Cargo)
    })
}

/// The platform that the compiler builds for when it is not told otherwise.
fn host() -> Option<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(rustc).arg("-vV").output().ok()?;
    host_line(&String::from_utf8(output.stdout).ok()?)
}

fn host_line(version: &str) -> Option<String> {
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}

fn ask(directory: &Path, flags: &[&str]) -> Result<Metadata, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .current_dir(directory)
        .args(["metadata", "--format-version", "1"])
        .args(flags)
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("not understood: {error}"))
}

impl fmt::Display for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Workspace { packages } => {
                write!(
                    f,
                    "this workspace and its dependencies ({packages} packages)"
                )
            }
            Origin::Given if self.paths.len() == 1 => f.write_str("1 path"),
            Origin::Given => write!(f, "{} paths", self.paths.len()),
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paths(failed) => {
                for (position, (path, error)) in failed.iter().enumerate() {
                    let lead = if position == 0 { "" } else { "\nerror: " };
                    match error.kind() {
                        io::ErrorKind::NotFound => {
                            write!(f, "{lead}no such file or directory: {}", path.display())?;
                        }
                        _ => write!(f, "{lead}cannot open {}: {error}", path.display())?,
                    }
                }
                Ok(())
            }
            Self::Cargo(why) => write!(
                f,
                "cargo metadata, which finds the default input, failed; give a PATH to count \
                 something else\n{why}"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
