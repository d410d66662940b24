//! Counts bytes, lines, words and identifiers of a source tree, by file type, on every core.
//!
//! ```text
//!   files ─▶ batches ─▶ counted on threads ─▶ written, if asked for ─▶ summed up ─▶ report
//! ```
//!
//! # Why the threads block
//!
//! Files have no readiness: Tokio's own `tokio::fs` hands each operation to a thread of its blocking
//! pool and waits for the answer. Here a thread of that pool gets files of a megabyte at a time, so that the
//! way there and back is nothing beside the work: on 2 cores, 116 MB in 10,437 files from the page cache, 281 MB/s;
//! with JSONL 263, with SQLite 253, with both 246. When each of the threads took its next path from a channel, and the
//! parts were another one's messages, it was 257. Of that program, on busier cores, 92 MB in 6,182 files, medians of 11
//! interleaved runs:
//!
//! | a worker is | MB/s |
//! |---|---|
//! | a blocking thread | 314 |
//! | an async task, `tokio::fs::read` for each file | 196 on 2 runtime threads, 144 on one |
//! | an async task, `spawn_blocking` for each file | 175 on 2 runtime threads, 170 on one |
//!
//! Reading inside an async task without the pool would be as fast as the first, and would hold up
//! every other task of the runtime while a disk seeks.
//!
//! # Modules, in the order of the data
//!
//! [`input`] which roots · [`walk`] roots to entries · [`part`] entries to a part of the figures · [`read`] a path to
//! bytes · [`count`] bytes to numbers · [`tally`] numbers added up · [`pipeline`] all of it, as a stream · [`output`] rows
//! to files · [`report`] a table or JSON · [`verify`] the same numbers by other means.
#![forbid(unsafe_code)]

mod cli;
mod count;
mod file_type;
mod input;
mod output;
mod part;
mod pipeline;
mod progress;
mod read;
mod report;
#[cfg(test)]
mod scratch;
mod skip;
mod tally;
mod verify;
mod walk;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_examples::INTERRUPTED;
use aqueduct_group::{Discard, Spawner, group};
use clap::Parser;
use tokio::runtime::Builder;

use crate::cli::Args;
use crate::input::Roots;
use crate::output::{Files, Outputs};
use crate::pipeline::Outcome;
use crate::progress::Progress;
use crate::report::{Report, Verdict};
use aqueduct_examples::format::counted;

/// What the process says to its caller; clap answers bad usage with 2 by itself.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const BAD_INPUT: u8 = 2;
}

fn main() -> ExitCode {
    let args = Args::parse();
    // One thread is enough: what its tasks do is to pass things on. The work is done on threads that may block.
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start a runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(&args));
    // Its end would wait for all threads, also for one that hangs, and that the group has gone on without.
    runtime.shutdown_background();
    code
}

/// What has not ended so long after a second Ctrl-C hangs.
const LINGER: Duration = Duration::from_millis(500);

/// Everything, in a group that Ctrl-C cancels. What is below ends in its own time, of which the group takes none away.
async fn run(args: &Args) -> ExitCode {
    let app = group()
        .with_name("file-processor")
        .with_signals()
        .with_grace(Duration::MAX)
        .with_linger(LINGER);
    let job = async |app: Spawner<Discard>| process(args, app.scope()).await;
    let (code, _) = app.run_with(Discard::new(), job).await;
    code.unwrap_or(ExitCode::from(INTERRUPTED))
}

async fn process(args: &Args, scope: &CancelScope) -> ExitCode {
    let asked = args.clone();
    let (roots, outputs) = match pipeline::unstoppable("open", move || open(&asked)).await {
        Ok(opened) => opened,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(exit::BAD_INPUT);
        }
    };

    let workers = args.workers();
    let staff = counted(workers as u64, "worker", "workers");
    eprintln!("Counting {roots} with {staff} (Ctrl-C stops)");

    let files = outputs.files().clone();
    let progress = Progress::bar("counting");
    let outcome = pipeline::run(&roots, workers, outputs, scope, &progress).await;
    let all_written = tell(&outcome, &files).await;
    let verdict = match args.verify {
        true if !outcome.is_partial() => {
            eprintln!("Recounting sequentially");
            verify::run(roots, &outcome.counts, &files, scope).await
        }
        true => Verdict::Unfinished,
        false => Verdict::NotAsked,
    };

    let code = match &verdict {
        _ if scope.is_cancelled() => ExitCode::from(INTERRUPTED),
        _ if !all_written => ExitCode::from(exit::FAILED),
        Verdict::Disagrees(_) => ExitCode::from(exit::FAILED),
        Verdict::NotAsked | Verdict::Unfinished | Verdict::Agrees { .. } => ExitCode::SUCCESS,
    };
    let report = Report {
        outcome: &outcome,
        files: &files,
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

/// Tells the database how the run has ended, and the user what could not be written. Whether nothing is to be told.
async fn tell(outcome: &Outcome, files: &Files) -> bool {
    let mut failures = outcome.failures.clone();
    // A run of which rows are missing has no end.
    if failures.is_empty() {
        let (files, interrupted) = (files.clone(), outcome.interrupted);
        let end = move || files.end(interrupted);
        failures.extend(pipeline::unstoppable("end", end).await.err());
    }
    for failure in &failures {
        eprintln!("error: {failure}");
    }
    failures.is_empty()
}

/// Looks what is to be counted, and opens the outputs, which are no part of it then. Blocks.
fn open(args: &Args) -> Result<(Roots, Outputs), String> {
    let roots = input::roots(&args.paths);
    let mut roots = roots.map_err(|error| error.to_string())?;
    let outputs = Outputs::open(args.jsonl.as_deref(), args.sqlite.as_deref(), &roots);
    let outputs = outputs.map_err(|error| error.to_string())?;
    roots.own = outputs.files().all();
    Ok((roots, outputs))
}
