//! Counts a source tree in a pipeline whose stages die on purpose; the result is that of a run in which nothing dies.
//!
//! ```text
//!                directories ◀─┐ found                    returns ◀──────────┐ what a dead child had in hand
//!                     │        │                             │               │
//!                     └────▶ walker ──▶ batches ──▶ readers ◀┘ ──▶ counts ──▶ tally ──▶ sum
//!                                      (channel)              (channel)
//! ```
//!
//! What makes it so is not in the stages, which are written as if nothing could happen to them:
//!
//! - what outlives a child is outside of it: channels, the book of items, the sum ([`shop`]);
//! - what a child has in hand is a lease, whose destructor hands the item out again ([`desk`], [`book`]);
//! - what a child does to the outside is one step, in which nothing waits or fails (`commit` in [`walker`] and [`sum`]);
//! - what comes twice is counted once ([`sum`]);
//! - who waits for ever is found by its lease, and stopped ([`watchdog`]).
//!
//! The supervisor does the rest ([`supervised`]).
//!
//! # Modules
//!
//! [`faults`] what goes wrong · [`book`], [`desk`] who has what · [`shop`] all that outlives the children · [`walker`],
//! [`reader`], [`sum`] the stages · [`watchdog`], [`herald`] two more children · [`supervised`] the tree · [`plain`] the run
//! without · [`differences`] whether they are equal · [`report`], [`self_test`] what is told of it. The work itself is
//! `file-processor`'s.
#![forbid(unsafe_code)]

mod book;
mod cli;
mod desk;
mod differences;
mod faults;
mod herald;
mod plain;
mod reader;
mod report;
mod self_test;
mod shop;
mod sum;
mod supervised;
mod walker;
mod watchdog;

/// What `file-processor` does in its stages, with the tests of that. The rest of it is about how they are put together.
#[path = "../file-processor"]
mod file_processor {
    pub(crate) mod count;
    pub(crate) mod file_type;
    pub(crate) mod input;
    pub(crate) mod read;
    #[cfg(test)]
    pub(crate) mod scratch;
    pub(crate) mod skip;
    pub(crate) mod tally;
    pub(crate) mod walk;
}

use std::process::ExitCode;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_examples::INTERRUPTED;
use aqueduct_group::{Discard, Spawner, group};
use clap::Parser;
use tokio::runtime::Builder;

use crate::cli::Args;
use crate::faults::Faults;
use crate::self_test::{Plan, Verdict};
#[cfg(test)]
use file_processor::scratch;
use file_processor::{count, file_type, input, read, skip, tally, walk};

/// What the process says to its caller; clap answers bad usage with 2 by itself.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const BAD_INPUT: u8 = 2;
}

fn main() -> ExitCode {
    let args = Args::parse();
    faults::keep_quiet();
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start a runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(&args));
    // Its end would wait for all threads, also for one that hangs in a read.
    runtime.shutdown_background();
    code
}

/// What has not ended so long after a second Ctrl-C hangs.
const LINGER: Duration = Duration::from_millis(500);

/// Everything, in a group that Ctrl-C cancels. Children have limits of their own, of which the group takes none away.
async fn run(args: &Args) -> ExitCode {
    let app = group()
        .with_name("supervised-pipeline")
        .with_signals()
        .with_grace(Duration::MAX)
        .with_linger(LINGER);
    let job = async |app: Spawner<Discard>| match args.self_test {
        true => self_test(args, app.scope()).await,
        false => process(args, app.scope()).await,
    };
    let (code, _) = app.run_with(Discard::new(), job).await;
    code.unwrap_or(ExitCode::from(INTERRUPTED))
}

async fn self_test(args: &Args, scope: &CancelScope) -> ExitCode {
    let plan = Plan {
        seeds: args.seeds,
        lasting: args.lasting.unwrap_or_default(),
        options: args.options(),
    };
    match self_test::run(plan, scope).await {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::from(exit::FAILED),
        Ok(Verdict::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(exit::FAILED)
        }
    }
}

async fn process(args: &Args, scope: &CancelScope) -> ExitCode {
    let paths = args.paths.clone();
    let roots = match shop::on_thread("roots", move || input::roots(&paths)).await {
        Ok(roots) => roots,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(exit::BAD_INPUT);
        }
    };
    let (options, faults) = (args.options(), Faults::new(args.panics, args.seed));
    eprintln!(
        "Counting {roots} with {} readers (Ctrl-C stops)",
        options.readers
    );
    let outcome = supervised::run(roots.clone(), faults, options, scope).await;
    print!(
        "\n{}\n{}",
        report::figures(&outcome),
        report::summary(&outcome)
    );
    if scope.is_cancelled() {
        return ExitCode::from(INTERRUPTED);
    }
    if !outcome.is_whole() {
        return ExitCode::from(exit::FAILED);
    }
    if !args.verify {
        return ExitCode::SUCCESS;
    }
    eprintln!("Counting without faults, one file after the other");
    let Some(without) = plain::run(roots, scope).await else {
        println!("verify: not finished");
        return ExitCode::from(INTERRUPTED);
    };
    let compared = differences::compare(&outcome.counts, &without);
    print!("{}", report::verdict(&compared));
    match compared.differences.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(exit::FAILED),
    }
}
