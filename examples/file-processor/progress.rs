//! The progress bar: on standard error, and only when that is a terminal.
//!
//! Its end moves while it fills, since the walk goes on while files are read.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use aqueduct_examples::format::{megabytes, rate};

/// A bar of files; draws nothing when nobody would see it.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn bar(what: &'static str) -> Self {
        if !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style =
            ProgressStyle::with_template("{prefix} [{bar:32}] {human_pos}/{human_len} files {msg}")
                .expect("the template is well formed")
                .progress_chars("=> ");
        Self(ProgressBar::new(0).with_style(style).with_prefix(what))
    }

    /// Shows `done` of the `found` entries so far, and the rate at which `bytes` were read.
    pub(crate) fn show(&self, done: u64, found: u64, bytes: u64, elapsed: Duration) {
        if self.0.is_hidden() {
            return;
        }
        // One redraw for all three: a new end with an old position would make the bar jump back.
        self.0.update(|state| {
            state.set_len(found);
            state.set_pos(done);
        });
        self.0
            .set_message(format!("{} {}", megabytes(bytes), rate(bytes, elapsed)));
    }

    /// Takes the bar off the screen.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
