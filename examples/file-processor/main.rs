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
//! # Why the workers block
//!
//! Files have no readiness: Tokio's own `tokio::fs` hands each operation to a thread of its blocking
//! pool and waits for the answer. Here whole workers live on that pool (`spawn_blocking`), take paths
//! with `blocking_recv` and give parts with `blocking_send`; the aggregator, which waits for a part
//! and for the next tick of the progress bar at once, is an async task at the other end of the *same*
//! channel. On 2 busy cores, 92 MB in 6,182 files from the page cache, 2 workers, medians of 11
//! interleaved runs:
//!
//! | a worker is | MB/s |
//! |---|---|
//! | a blocking thread (this program) | 314 |
//! | an async task, `tokio::fs::read` for each file | 196 on 2 runtime threads, 144 on one |
//! | an async task, `spawn_blocking` for each file | 175 on 2 runtime threads, 170 on one |
//!
//! Reading inside an async task without the pool would be as fast as the first, and would hold up
//! every other task of the runtime while a disk seeks.
//!
//! # Modules, in the order of the data
//!
//! [`input`] which roots · [`walk`] roots to paths · [`read`] a path to bytes · [`count`] bytes to
//! numbers · [`tally`] numbers added up · [`pipeline`] all of it in parallel · [`report`] a table or
//! JSON · [`verify`] the same numbers by other means.
#![forbid(unsafe_code)]

mod cli;
mod count;
mod file_type;
mod input;
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
use crate::progress::Progress;
use crate::report::{Report, Verdict};
use aqueduct_examples::format::counted;

/// What the process says to its caller; clap answers bad usage with 2 by itself.
mod exit {
    pub(crate) const DISAGREES: u8 = 1;
    pub(crate) const BAD_INPUT: u8 = 2;
}

fn main() -> ExitCode {
    let args = Args::parse();
    // One thread is enough: the only tasks are the aggregator and the wait for Ctrl-C.
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
    let roots = match input::roots(&args.paths) {
        Ok(roots) => roots,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(exit::BAD_INPUT);
        }
    };

    let workers = args.workers();
    let staff = counted(workers as u64, "worker", "workers");
    eprintln!("Counting {roots} with {staff} (Ctrl-C stops)");

    let outcome = pipeline::run(&roots, workers, scope, &Progress::bar("counting")).await;
    let verdict = match args.verify {
        true if !outcome.interrupted => {
            eprintln!("Recounting sequentially");
            verify::run(roots, &outcome.counts, scope).await
        }
        true => Verdict::Unfinished,
        false => Verdict::NotAsked,
    };

    let code = match &verdict {
        _ if scope.is_cancelled() => ExitCode::from(INTERRUPTED),
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
