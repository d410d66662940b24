//! Rooms to talk in, over TCP and in the browser: actors under supervisors.
//!
//! ```text
//!  client ──▶ connection (task) ──say──▶ room (actor) ──line──▶ session (actor) ──▶ client
//!                    │  who is called what, where each room is      │ … one for each member
//!                    └──────────▶ directory (actor)                 └ full: that client is cut off, nobody waits
//! ```
//!
//! What fails is started again by its supervisor, and what must outlive that lies outside: members of a room, names, and
//! which message a room was about when it failed. So every message that does not arrive is known, with the reason; the
//! self-test does not believe it, and counts.
//!
//! # Modules
//!
//! [`protocol`] what is said · [`line`], [`wire`], [`http`] how it comes and goes · [`connection`] the way in · [`room`] with
//! its [`ledger`] · [`session`] the way out · [`directory`] names · [`server`] all of it · [`books`] the accounts · [`faults`]
//! failures on purpose · [`self_test`] all of it from the other side
#![forbid(unsafe_code)]

mod books;
mod cli;
mod connection;
mod directory;
mod faults;
mod http;
mod ledger;
mod line;
mod protocol;
mod room;
mod self_test;
mod server;
mod session;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_examples::duration::shown;
use aqueduct_examples::format::counted;
use aqueduct_examples::{INTERRUPTED, descriptors};
use aqueduct_group::{Discard, Spawner, group};
use clap::Parser;

use crate::books::Books;
use crate::cli::Args;
use crate::server::{Listeners, Served, Server};

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

/// Everything, in a group that signals cancel. The server has a grace of its own, of which it takes none away.
async fn run(args: &Args) -> Result<ExitCode, String> {
    let app = group()
        .with_name("chat-server")
        .with_signals()
        .with_grace(Duration::MAX);
    if args.self_test {
        return self_test::run(app, args).await;
    }
    let job = async |app: Spawner<Discard>| serve(args, app.scope()).await;
    let (code, _) = app.run_with(Discard::new(), job).await;
    code.unwrap_or(Ok(ExitCode::from(INTERRUPTED)))
}

async fn serve(args: &Args, scope: &CancelScope) -> Result<ExitCode, String> {
    descriptors::make_room_for(args.connections_max)?;
    let listen = async |address: &str| {
        let listener = server::listen(address).await;
        listener.map_err(|error| format!("cannot listen on {address}: {error}"))
    };
    let tcp = listen(&args.listen).await?;
    eprintln!("Listening on {} (Ctrl-C stops)", server::address(&tcp)?);
    let http = match &args.http {
        Some(address) => {
            let http = listen(address).await?;
            eprintln!("The page is http://{}/", server::address(&http)?);
            Some(http)
        }
        None => None,
    };
    let books = Arc::new(Books::default());
    let server = Server::start(args.options(), books.clone()).await?;
    let since = Instant::now();
    let served = server.serve(Listeners { tcp, http }, scope).await;
    tell(&served, &books, since.elapsed())
}

/// The last words, and what to end with.
fn tell(served: &Served, books: &Books, lasted: Duration) -> Result<ExitCode, String> {
    println!(
        "served {} in {}: {} accepted, {} made",
        counted(books.connections.value(), "connection", "connections"),
        shown(lasted),
        counted(books.accepted.value(), "message", "messages"),
        counted(books.queued.value(), "delivery", "deliveries"),
    );
    for (number, one, many) in [
        (
            books.sessions_cut.value(),
            "slow client was cut off",
            "slow clients were cut off",
        ),
        (
            books.rooms_restarted.value(),
            "restart of a room",
            "restarts of rooms",
        ),
    ] {
        if number > 0 {
            println!("{}", counted(number, one, many));
        }
    }
    if let Some(exit) = &served.failed {
        return Err(format!("rooms failed too often: {exit}"));
    }
    match books.cut_at_stop.value() {
        0 => {
            println!("stopped: all that was taken was delivered");
            Ok(ExitCode::SUCCESS)
        }
        cut_off => {
            let cut_off = counted(cut_off, "client was", "clients were");
            println!("stopped: {cut_off} cut off when the grace was over");
            Ok(ExitCode::from(exit::CUT_OFF))
        }
    }
}
