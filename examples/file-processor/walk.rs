//! Roots to paths.
//!
//! Invariants:
//!
//! 1. Each file below the roots is given exactly once, even when one root lies below another: an
//!    entry that is itself a root is left to its own walk.
//! 2. Symbolic links are never followed, so the walk ends (roots were resolved beforehand).
//! 3. A directory that cannot be listed is skipped with its reason; its siblings are not.
//! 4. The files that this run writes are passed over, wherever they are: what is in them depends on how far it has come.
//! 5. `.git` is not entered, nor is build output: a directory `target` beside a `Cargo.toml`, or
//!    with the `CACHEDIR.TAG` that cargo puts there. By name alone would be wrong: crates have source
//!    directories called `target`.
//!
//! A stack in place of recursion: depth costs no stack, and one directory is open at a time.

use std::fs::{self, DirEntry};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::input::Roots;
use crate::skip::Skip;

/// What the walk meets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A regular file, and how many bytes it had when it was met.
    File(PathBuf, u64),
    /// An entry that is not to be read.
    Skipped(Skip),
    /// A directory not entered by rule.
    LeftOut,
}

impl Found {
    /// How much there is to read.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::File(_, len) => usize::try_from(*len).unwrap_or(usize::MAX),
            Self::Skipped(_) | Self::LeftOut => 0,
        }
    }
}

/// Gives everything below `roots` to `visit`, until it breaks.
pub(crate) fn walk(
    roots: &Roots,
    mut visit: impl FnMut(Found) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut directories = Vec::new();
    for root in roots.paths.difference(&roots.own) {
        if let Some(found) = meet(root, &mut directories) {
            visit(found)?;
        }
        while let Some(directory) = directories.pop() {
            list(roots, &directory, &mut directories, &mut visit)?;
        }
    }
    ControlFlow::Continue(())
}

/// What a root is. One that is to be listed is put to the `directories`.
pub(crate) fn meet(root: &Path, directories: &mut Vec<PathBuf>) -> Option<Found> {
    match fs::symlink_metadata(root) {
        Ok(metadata) if metadata.is_dir() => {
            directories.push(root.to_owned());
            None
        }
        Ok(metadata) if metadata.is_file() => Some(Found::File(root.to_owned(), metadata.len())),
        Ok(_) => Some(Found::Skipped(Skip::Special)),
        Err(error) => Some(Found::Skipped(error.into())),
    }
}

/// Gives what is in one directory to `visit`, until it breaks. Those below, found and not yet listed, are put to the
/// `directories`.
pub(crate) fn list(
    roots: &Roots,
    directory: &Path,
    directories: &mut Vec<PathBuf>,
    visit: &mut impl FnMut(Found) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return visit(Found::Skipped(error.into())),
    };
    for entry in entries {
        match entry.and_then(|entry| classify(roots, &entry, directories)) {
            Ok(Some(found)) => visit(found)?,
            Ok(None) => {}
            Err(error) => visit(Found::Skipped(error.into()))?,
        }
    }
    ControlFlow::Continue(())
}

/// What to tell of `entry` now: nothing of a directory to be listed later, nor of another root, nor of what this run
/// writes.
fn classify(
    roots: &Roots,
    entry: &DirEntry,
    directories: &mut Vec<PathBuf>,
) -> io::Result<Option<Found>> {
    let file_type = entry.file_type()?;
    if file_type.is_symlink() {
        return Ok(Some(Found::Skipped(Skip::Symlink)));
    }
    let path = entry.path();
    if roots.paths.contains(&path) || roots.own.contains(&path) {
        return Ok(None);
    }
    if file_type.is_file() {
        // Relative to the directory, which is open: less than a microsecond, and parts of about the same size for it.
        let len = entry.metadata()?.len();
        return Ok(Some(Found::File(path, len)));
    }
    if !file_type.is_dir() {
        return Ok(Some(Found::Skipped(Skip::Special)));
    }
    if is_left_out(&path) {
        return Ok(Some(Found::LeftOut));
    }
    directories.push(path);
    Ok(None)
}

/// Whether a directory is left out by rule 5.
pub(crate) fn is_left_out(directory: &Path) -> bool {
    match directory.file_name().and_then(|name| name.to_str()) {
        Some(".git") => true,
        Some("target") => {
            directory.with_file_name("Cargo.toml").exists()
                || directory.join("CACHEDIR.TAG").exists()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
