//! Counts bytes, lines, words and identifiers of a source tree, by file type, on every core.
//!
//! ```text
//!              spmc, one path to          mpsc, partial counts
//!              exactly one worker         of about a megabyte
//!
//!   walker ───────────┬──────▶ worker ──────────┬──────▶ aggregator ──▶ report
//!   (thread)          ├──────▶ worker ──────────┤        (async task)
//!                     └──────▶ worker ──────────┤
//!   entries it skips ───────────────────────────┘
//! ```
//!
//! Both channels are bounded, so the walker cannot run ahead of the disk, nor the workers ahead of
//! the aggregator: memory stays at the channels' capacity, one read buffer and one partial count a
//! worker, and the vocabulary found (each distinct identifier once a file type).
//!
//! # Why blocking workers
//!
//! Files have no readiness: Tokio's own `tokio::fs` hands every `open`, `read` and `close` to a
//! thread of its blocking pool and waits for the answer. Here whole workers live on that pool
//! instead (`spawn_blocking`), take paths with `blocking_recv` and give counts with `blocking_send`,
//! while the aggregator, which waits for three things at once (a count, a tick of the progress bar,
//! the end), is an async task on the *same* channel. See [`pipeline`] for the figures.
//!
//! # Modules, in the order of the data
//!
//! [`input`] which roots · [`walk`] roots to paths · [`read`] a path to bytes · [`count`] bytes to
//! numbers · [`tally`] numbers added up · [`pipeline`] all of it in parallel · [`report`] a table or
//! JSON · [`verify`] the same numbers by other means.
#![forbid(unsafe_code)]

mod channel;
mod cli;
mod count;
mod file_type;
mod input;
mod pipeline;
mod progress;
mod read;
mod report;
mod skip;
mod stop;
mod tally;
mod verify;
mod walk;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Args;
use crate::progress::Progress;
use crate::report::{Report, Verdict};
use crate::stop::Stop;

/// What the process says to its caller; clap answers bad usage with 2 by itself.
mod exit {
    pub(crate) const DISAGREES: u8 = 1;
    pub(crate) const BAD_INPUT: u8 = 2;
    pub(crate) const INTERRUPTED: u8 = 130;
}

// One thread is enough for the runtime: its only tasks are the aggregator and the wait for Ctrl-C.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let roots = match input::roots(&args.paths) {
        Ok(roots) => roots,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(exit::BAD_INPUT);
        }
    };

    let stop = Stop::on_ctrl_c().await;
    let workers = args.workers();
    eprintln!("Counting {roots} with {workers} workers (Ctrl-C stops)");

    let outcome = pipeline::run(&roots, workers, &stop, &Progress::bar("counting")).await;
    let verdict = match args.verify {
        true if !outcome.interrupted => verify::run(roots, &outcome.counts, &stop).await,
        true => Verdict::Unfinished,
        false => Verdict::NotAsked,
    };

    let code = match &verdict {
        _ if stop.is_set() => ExitCode::from(exit::INTERRUPTED),
        Verdict::Disagrees(_) => ExitCode::from(exit::DISAGREES),
        Verdict::NotAsked | Verdict::Unfinished | Verdict::Agrees { .. } => ExitCode::SUCCESS,
    };
    let report = Report {
        outcome: &outcome,
        verdict: &verdict,
        workers,
    };
    let text = match args.json {
        true => report.json(args.top),
        false => report.tables(args.top, args.types_max()),
    };
    // A reader that has seen enough (`| head`) closes the pipe; that is no failure of the count.
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot write the report: {error}");
            ExitCode::FAILURE
        }
        _ => code,
    }
}
