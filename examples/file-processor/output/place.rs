//! Where an output lies, before it is there.
//!
//! What is to be told apart (two outputs, what the run writes from what it counts) is told apart by path. So a path is made
//! absolute and free of links, also of one to a file that is not there yet: who opens it makes the file that it leads to.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{NAME_ONE, NAME_OTHER, OutputError, unwritable};

/// As the walk would find it.
pub(super) fn place(path: &Path) -> Result<PathBuf, OutputError> {
    let mut followed = path.to_owned();
    for _ in 0..LINKS_MAX {
        if followed.exists() {
            let placed = followed.canonicalize();
            return placed.map_err(|error| unwritable(path, error));
        }
        let (folder, name) = parted(path, &followed)?;
        match fs::read_link(folder.join(&name)) {
            Ok(target) => followed = folder.join(target),
            Err(_) => return Ok(folder.join(name)),
        }
    }
    let why = "it is a symbolic link that leads nowhere";
    Err(OutputError::new(path, why, NAME_OTHER))
}

/// As many as Linux follows.
const LINKS_MAX: usize = 40;

/// The folder, as the walk would find it, and the name in there, of what `path` leads to.
fn parted(path: &Path, followed: &Path) -> Result<(PathBuf, PathBuf), OutputError> {
    let folder = match followed.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let Some(name) = followed.file_name() else {
        return Err(OutputError::new(path, "it is a directory", NAME_ONE));
    };
    match folder.canonicalize() {
        Ok(folder) => Ok((folder, name.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let direct = direct(followed);
            let advice = match direct == followed {
                true => format!("make it (mkdir -p {})", quoted(folder)),
                false => format!("name it {}", quoted(&direct)),
            };
            let why = "its directory does not exist";
            Err(OutputError::new(path, why, advice))
        }
        Err(error) => Err(unwritable(path, error)),
    }
}

/// Without the ways to directories that do not exist, and back from there.
fn direct(path: &Path) -> PathBuf {
    let mut direct = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if direct.file_name().is_some() && !direct.exists() => {
                direct.pop();
            }
            part => direct.push(part),
        }
    }
    direct
}

/// For a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Whether two paths that are [`place`]d are one file: by its name, or by two of its names.
pub(super) fn are_one(one: &Path, other: &Path) -> bool {
    one == other || id(one).is_some_and(|one| id(other) == Some(one))
}

#[cfg(unix)]
fn id(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    let metadata = path.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere the standard library does not tell.
#[cfg(not(unix))]
fn id(_: &Path) -> Option<()> {
    None
}
