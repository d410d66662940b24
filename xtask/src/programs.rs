//! Test programs: what `cargo test --no-run` says it built, and many jobs at a time.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cargo_metadata::{Message, PackageId, Target, TargetKind};

use crate::shell::Cmd;

/// A program of tests.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) package: PackageId,
    pub(crate) target: Target,
    path: String,
    /// Of its package.
    folder: PathBuf,
}

impl Program {
    /// As cargo runs it: in its package's folder, which it is told.
    pub(crate) fn cmd(&self) -> Cmd {
        Cmd::new(&self.path)
            .in_folder(&self.folder)
            .env("CARGO_MANIFEST_DIR", self.folder.display().to_string())
    }

    /// What `cargo test` is told to run just this.
    pub(crate) fn selection(&self) -> Vec<String> {
        let name = self.target.name.clone();
        let kinds = &self.target.kind;
        if kinds.contains(&TargetKind::Test) {
            vec!["--test".to_owned(), name]
        } else if kinds.contains(&TargetKind::Bin) {
            vec!["--bin".to_owned(), name]
        } else if kinds.contains(&TargetKind::Example) {
            vec!["--example".to_owned(), name]
        } else {
            vec!["--lib".to_owned()]
        }
    }
}

/// The test programs in what cargo said in JSON, in the order in which they were ready.
pub(crate) fn built(messages: &str) -> Vec<Program> {
    let messages = Message::parse_stream(Cursor::new(messages));
    let programs = messages.filter_map(|message| match message {
        Ok(Message::CompilerArtifact(artifact)) if artifact.profile.test => Some(Program {
            path: artifact.executable?.into_string(),
            folder: artifact.manifest_path.parent()?.as_std_path().to_owned(),
            package: artifact.package_id,
            target: artifact.target,
        }),
        _ => None,
    });
    programs.collect()
}

/// Does all jobs, `at_once` at a time, begun in their order. `done` is called as each is, never twice at once.
pub(crate) fn side_by_side<J: Sync, T: Send>(
    jobs: &[J],
    at_once: usize,
    run: impl Fn(&J) -> T + Sync,
    done: impl FnMut(&J, T) + Send,
) {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(done);
    thread::scope(|scope| {
        for _ in 0..at_once.min(jobs.len()) {
            scope.spawn(|| {
                // Relaxed: the counter hands out numbers and nothing else.
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = run(job);
                    let mut done = done.lock().expect("nothing panics under this lock");
                    done(job, result);
                }
            });
        }
    });
}

#[cfg(test)]
mod tests;
