//! A TCP server that sends back what it gets, and ends without losing any of it.
//!
//! ```text
//!   SIGINT ──▶ group "echo-server" ──▶ group "connections": limit, grace
//!                                              ├── accepts (the group's owner)
//!                                              ├── task "connection 127.0.0.1:50001", with a scope of its own
//!                                              └── task "connection 127.0.0.1:50002", …
//! ```
//!
//! Shutdown is the group's: once it is cancelled it takes no more connections, those that are there have the
//! grace to finish what they have, and what has not ended then is aborted. Nothing in this program counts connections
//! down, or waits for them one by one.
//!
//! # Modules
//!
//! [`server`] accepts · [`connection`] one client · [`stats`] what was done · [`self_test`] all of
//! it from the other side
#![forbid(unsafe_code)]

mod cli;
mod connection;
mod self_test;
mod server;
mod stats;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_examples::duration::shown;
use aqueduct_examples::format::{counted, megabytes};
use aqueduct_examples::listen::listen;
use aqueduct_examples::{INTERRUPTED, descriptors};
use aqueduct_group::{Discard, Spawner, group};
use clap::Parser;

use crate::cli::Args;
use crate::server::{Log, Served};
use crate::stats::Stats;

/// What the process says to its caller; clap answers bad usage with 2 by itself.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const CUT_OFF: u8 = 3;
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    run(&args).await.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(exit::FAILED)
    })
}

/// Everything, in a group that signals cancel. Connections have a grace of their own, of which it takes none away.
async fn run(args: &Args) -> Result<ExitCode, String> {
    let app = group()
        .with_name("echo-server")
        .with_signals()
        .with_grace(Duration::MAX);
    if args.self_test {
        return self_test::run(app, args.connections).await;
    }
    let job = async |app: Spawner<Discard>| serve(args, app.scope()).await;
    let (code, _) = app.run_with(Discard::new(), job).await;
    code.unwrap_or(Ok(ExitCode::from(INTERRUPTED)))
}

async fn serve(args: &Args, scope: &CancelScope) -> Result<ExitCode, String> {
    descriptors::make_room_for(args.connections_max)?;
    let listener = listen(&args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    eprintln!("Listening on {address} (Ctrl-C stops)");
    let stats = Arc::new(Stats::default());
    let served = server::serve(listener, args.options(Log::Loud), scope, &stats).await;
    Ok(tell(&served, &stats))
}

/// The last words, and what to end with.
fn tell(served: &Served, stats: &Stats) -> ExitCode {
    println!(
        "served {} in {}: {} came in, {} went out",
        counted(stats.served(), "connection", "connections"),
        shown(served.report.lasted),
        megabytes(stats.bytes_in()),
        megabytes(stats.bytes_out()),
    );
    if stats.served() > 0 {
        println!("connections ended {stats}");
    }
    match served.report.cancelled as u64 {
        0 => {
            println!("stopped: nothing was cut off");
            ExitCode::SUCCESS
        }
        cut_off => {
            let cut_off = counted(cut_off, "connection was", "connections were");
            println!("stopped: {cut_off} cut off when the grace was over");
            ExitCode::from(exit::CUT_OFF)
        }
    }
}
