//! A directory for one test, removed with all it holds when the test ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// The directory; its path is absolute and without symbolic links.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let unique = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("file-processor-{}-{unique}", process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("no place for a scratch directory");
        Self(path.canonicalize().expect("it was created just now"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, and the directories above it; gives its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it lies in the scratch directory"))
            .and_then(|()| fs::write(&path, content))
            .expect("cannot write into the scratch directory");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's cleaning of its temporary directory.
        let _ = fs::remove_dir_all(&self.0);
    }
}
