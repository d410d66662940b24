//! Accepts, and ends with its connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_examples::duration::shown;
use aqueduct_examples::format::counted;
use aqueduct_examples::listen::is_the_clients;
use aqueduct_group::policy::Told;
use aqueduct_group::{Report, Supervise, TaskGroup, group};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::connection::Connection;
use crate::stats::Stats;

/// What a server is told.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) connections_max: usize,
    pub(crate) idle: Duration,
    pub(crate) age_max: Option<Duration>,
    pub(crate) grace: Duration,
    pub(crate) quiet: Duration,
    pub(crate) log: Log,
}

/// Whether a server speaks of what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    Loud,
    Silent,
}

/// How a server ended.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) report: Report,
}

/// How long to wait after an error that has nothing to do with the client: descriptors or memory have run out.
const PAUSE: Duration = Duration::from_millis(500);

/// Failures are told when they happen, and counted; there is no use for them afterwards.
const FAILURES_KEPT: usize = 1;

/// Serves until the scope is cancelled and all connections have ended.
///
/// When this returns, none is left, and nobody listens.
pub(crate) async fn serve(
    listener: TcpListener,
    options: Options,
    scope: &CancelScope,
    stats: &Arc<Stats>,
) -> Served {
    let log = options.log;
    let connections = group()
        .with_name("connections")
        .with_scope(scope)
        .with_limit(options.connections_max)
        .with_grace(options.grace)
        .with_failures_kept_max(FAILURES_KEPT)
        .open(Supervise::new(move |task, told| {
            if log == Log::Loud {
                let name = task.name().unwrap_or("a connection");
                match told {
                    Told::Error(error) => eprintln!("{name} failed: {error}"),
                    Told::Panic(panic) => eprintln!("{name} {panic}"),
                }
            }
        }));
    accept(&listener, &connections, &options, stats).await;
    // Who comes now is refused, not left to wait for nothing.
    drop(listener);
    if let (Log::Loud, Some(reason)) = (log, scope.reason()) {
        let left = counted(connections.len() as u64, "connection", "connections");
        let grace = shown(options.grace);
        eprintln!("{}: {left} may finish within {grace}", reason.message());
    }
    let (_failures, report) = connections.join_with_report().await;
    Served { report }
}

type Connections = TaskGroup<Supervise<io::Error>>;

/// Accepts until the group is cancelled.
async fn accept(
    listener: &TcpListener,
    connections: &Connections,
    options: &Options,
    stats: &Arc<Stats>,
) {
    let scope = connections.scope();
    // First the room, then the connection: in a full server clients wait in the system's queue, all of them.
    while let Ok(Ok(room)) = scope.run(connections.reserve()).await {
        let (stream, peer) = match scope.run(listener.accept()).await {
            Err(_cancelled) => return,
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) if is_the_clients(&error) => continue,
            Ok(Err(error)) => {
                eprintln!("cannot accept: {error}");
                let _ = scope.run(sleep(PAUSE)).await;
                continue;
            }
        };
        let name = format!("connection {peer}");
        let connection = connect(stream, &name, scope, options, stats);
        room.with_name(name).spawn(connection.run());
    }
}

fn connect(
    stream: TcpStream,
    name: &str,
    scope: &CancelScope,
    options: &Options,
    stats: &Arc<Stats>,
) -> Connection {
    let scope = scope.child().with_name(name);
    Connection {
        stream,
        scope: match options.age_max {
            Some(age) => scope.with_timeout(age),
            None => scope,
        },
        idle: options.idle,
        quiet: options.quiet,
        grace: options.grace,
        stats: stats.clone(),
    }
}
