//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use clap::Parser;

/// Count bytes, lines, words and the most frequent identifiers of files, by file type.
///
/// The count is a stream: files are found, read in parallel, written to the outputs that were asked for, and added up.
/// Directories named .git, build output (target beside a Cargo.toml) and symbolic links are not
/// followed; binary and unreadable files are counted as skipped, with the reason.
#[derive(Clone, Debug, Parser)]
#[command(name = "file-processor", after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Files and directories to count [default: the source of this workspace and of all its
    /// dependencies, as cargo unpacked them]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Count a second time, sequentially and by other code, and compare every number, also of what was written
    #[arg(long)]
    pub(crate) verify: bool,

    /// How many identifiers to show for each file type
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) top: usize,

    /// Show every file type, not only the 15 largest
    #[arg(long)]
    all: bool,

    /// How many files are read at once [default: the number of cores]
    // The pool of blocking threads has 512 places, and the walker needs one of them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,

    /// Print one JSON object in place of the tables
    #[arg(long)]
    pub(crate) json: bool,

    /// Write a line of JSON for each file that was counted: its path, type, bytes, lines and words. FILE must be new
    /// or empty
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,

    /// Write the same into a SQLite database, as rows of the table `files`. Where FILE is one of an earlier run, this
    /// one is added to it; the table `runs` tells them apart
    #[arg(long, value_name = "FILE")]
    pub(crate) sqlite: Option<PathBuf>,
}

impl Args {
    /// The number of workers asked for, or one a core.
    pub(crate) fn workers(&self) -> usize {
        let cores = || {
            thread::available_parallelism()
                .map_or(1, NonZeroUsize::get)
                .min(256)
        };
        self.workers.map_or_else(cores, usize::from)
    }

    /// How many file types the table shows before it sums up the rest.
    pub(crate) fn types_max(&self) -> usize {
        if self.all { usize::MAX } else { TYPES_SHOWN }
    }
}

const TYPES_SHOWN: usize = 15;

const EXIT_CODES: &str = "\
Outputs have a row for each file that is in the figures, and for no other, also after Ctrl-C. If writing
fails, figures are partial, and tell of the files that have a row in each output; one of two outputs may
have more. After Ctrl-C an output that another program has locked is waited for, for some seconds; a second
Ctrl-C ends all at once, without a report. What this run writes is not counted, wherever it is.

Exit codes:
  0    all files were counted or skipped (and --verify agreed)
  1    --verify found a difference, or an output could not be written to its end (figures are printed)
  2    a PATH does not exist, an output cannot be opened, or the arguments make no sense: nothing was
       counted
  130  stopped by Ctrl-C; figures that are partial say so";
