//! Fetches a list of URLs, so many at once, and tells how long they took.
//!
//! ```text
//!   SIGINT ──▶ scope ──▶ group "fetches": limit, policy
//!                │             ├── task "http://…/1": connect, request, answer, within the deadline
//!                │             └── task "http://…/2", …
//!                └─────▶ group "connections": what hyper runs behind them
//! ```
//!
//! Whether the first failure ends the run or all are collected is one value, the group's policy: `AllOk` or `Collect`.
//! The loop that spawns, the fetching and the figures are the same for both.
//!
//! # Modules
//!
//! [`urls`] what to fetch · [`fetch`] one of them · [`fetches`] all of them · [`figures`] how long they took ·
//! [`loopback`] a server to fetch from when there is nothing else
#![forbid(unsafe_code)]

mod cli;
mod fetch;
mod fetches;
mod figures;
mod loopback;
mod urls;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_examples::INTERRUPTED;
use aqueduct_examples::format::counted;
use aqueduct_group::{Discard, Spawner, group, tree};
use clap::Parser;
use hyper::Uri;

use crate::cli::Args;
use crate::figures::Figures;
use crate::loopback::Loopback;

/// What the process says to its caller; clap answers bad usage with 2 by itself.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const BAD_INPUT: u8 = 2;
}

// One thread is enough: what takes time is the network's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let listed = match urls::listed(&args) {
        Ok(listed) => listed,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(exit::BAD_INPUT);
        }
    };
    run(&args, listed).await.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(exit::FAILED)
    })
}

/// Everything, in a group that Ctrl-C cancels. What is below ends at once then, and leaves the time to say how far it came.
async fn run(args: &Args, listed: Option<Vec<Uri>>) -> io::Result<ExitCode> {
    let app = group()
        .with_name("http-client")
        .with_signals()
        .with_grace(Duration::MAX);
    let job = async |app: Spawner<Discard>| fetch_all(args, listed, app.scope()).await;
    let (code, _) = app.run_with(Discard::new(), job).await;
    code.unwrap_or(Ok(ExitCode::from(INTERRUPTED)))
}

async fn fetch_all(
    args: &Args,
    listed: Option<Vec<Uri>>,
    scope: &CancelScope,
) -> io::Result<ExitCode> {
    let (loopback, urls) = match listed {
        Some(urls) => (None, urls),
        None => {
            let loopback = Loopback::start(args.faults).await?;
            let urls = loopback.urls(args.requests);
            (Some(loopback), urls)
        }
    };
    let from = loopback.as_ref().map_or(String::new(), |loopback| {
        format!(" from a server of our own, {}", loopback.address())
    });
    let count = counted(urls.len() as u64, "URL", "URLs");
    eprintln!(
        "Fetching {count}{from}, {} at once (Ctrl-C stops)",
        args.limit
    );
    let figures = fetches::run(urls, args, scope).await;
    if let Some(loopback) = loopback {
        loopback.stop().await;
    }
    debug_assert_eq!(tree().task_count(), 0, "{}", tree());
    print!("{figures}");
    Ok(code(&figures, scope))
}

fn code(figures: &Figures, scope: &CancelScope) -> ExitCode {
    if scope.is_cancelled() {
        ExitCode::from(INTERRUPTED)
    } else if figures.failed() > 0 {
        ExitCode::from(exit::FAILED)
    } else {
        ExitCode::SUCCESS
    }
}
