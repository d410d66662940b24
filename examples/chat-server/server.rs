//! Accepts, and ends without losing what it has taken.
//!
//! ```text
//!  supervisor "chat" ─┬─ sessions: one for each connection, never started again
//!                     ├─ rooms: started when somebody joins, started again when they fail
//!                     └─ directory
//!  group "connections": a task for each client, which reads
//! ```
//!
//! # The stop
//!
//! 1. Nobody is let in any more, and requests are refused.
//! 2. Rooms are closed: they handle what they have taken, and end. All of it is in the sessions' mailboxes then.
//! 3. Connections say farewell, behind all of it, and close. This is bounded by the grace: who has not read by then is cut off.
//! 4. The supervisor stops what is left, which is the directory.
//!
//! If rooms fail more often than they may, their supervisor ends, and so does the one above: it has nothing to put in their
//! place, as all members would be lost. The server ends then with an error.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_examples::listen::is_the_clients;
use aqueduct_group::{Discard, Report, TaskGroup, group};
use aqueduct_supervision::{Exit, ShutdownReport, Supervisor};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout_at};

use crate::books::Books;
use crate::connection::{self, Hub};
use crate::directory::{DirectoryMsg, directory};
use crate::faults::Faults;
use crate::http;
use crate::protocol::Limits;
use crate::room::{RoomOptions, rooms};
use crate::session::sessions;
use crate::wire;

/// What a server is told.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) connections_max: usize,
    /// So many lines a client may be behind.
    pub(crate) outbox_lines: usize,
    pub(crate) grace: Duration,
    pub(crate) room_restarts: (u32, Duration),
    pub(crate) faults: Option<Arc<Faults>>,
}

/// Where to listen.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) tcp: TcpListener,
    pub(crate) http: Option<TcpListener>,
}

/// How a server ended.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) connections: Report,
    pub(crate) tree: ShutdownReport,
    /// Why it ended by itself.
    pub(crate) failed: Option<Exit>,
}

/// How much of what a client does not read is in the system's memory, at most; the system may double it.
const SEND_BUFFER: u32 = 64 * 1024;

/// How long to wait after an error that has nothing to do with the client: descriptors or memory have run out.
const PAUSE: Duration = Duration::from_millis(500);

/// Listens as [`aqueduct_examples::listen::listen`] does.
pub(crate) async fn listen(address: &str) -> io::Result<TcpListener> {
    aqueduct_examples::listen::listen_with(address, |socket| {
        socket.set_send_buffer_size(SEND_BUFFER)
    })
    .await
}

/// A server that is ready to serve.
#[derive(Debug)]
pub(crate) struct Server {
    options: Options,
    supervisor: Supervisor,
    hub: Arc<Hub>,
}

impl Server {
    /// Starts what is supervised.
    pub(crate) async fn start(options: Options, books: Arc<Books>) -> Result<Self, String> {
        let (sessions_spec, sessions) = sessions(options.outbox_lines).child("sessions");
        let of_rooms = RoomOptions {
            limits: options.limits,
            books: books.clone(),
            faults: options.faults.clone(),
            restarts: options.room_restarts,
        };
        let (rooms_spec, rooms) = rooms(of_rooms).child("rooms");
        let (directory_spec, directory) = directory(options.limits, rooms);
        let supervisor = Supervisor::one_for_one()
            .with_name("chat")
            // Not for the supervisors below, whose children would be lost.
            .with_child(sessions_spec.temporary().significant())
            .with_child(rooms_spec.temporary().significant())
            .with_child(directory_spec)
            .with_auto_shutdown(aqueduct_supervision::AutoShutdown::Any)
            .start()
            .await
            .map_err(|error| error.to_string())?;
        let hub = Hub {
            limits: options.limits,
            directory,
            sessions,
            books,
            stopping: CancelScope::new().with_name("stopping"),
            farewell: CancelScope::new().with_name("farewell"),
        };
        Ok(Self {
            options,
            supervisor,
            hub: Arc::new(hub),
        })
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Serves until the scope is cancelled and all connections have ended.
    ///
    /// When this returns, none is left, and nobody listens.
    pub(crate) async fn serve(self, listeners: Listeners, scope: &CancelScope) -> Served {
        let connections = group()
            .with_name("connections")
            .with_limit(self.options.connections_max)
            .with_grace(self.options.grace)
            .open(Discard::new());
        let ids = AtomicU64::new(1);
        let accept = async {
            let over_tcp = self.accept(&listeners.tcp, &connections, &ids, Way::Tcp);
            match &listeners.http {
                Some(http) => {
                    let over_http = self.accept(http, &connections, &ids, Way::Http);
                    tokio::join!(over_tcp, over_http);
                }
                None => over_tcp.await,
            }
        };
        let failed = tokio::select! {
            _ = scope.run(accept) => None,
            exit = self.supervisor.wait() => Some(exit),
        };
        // Who comes now is refused, not left to wait for nothing.
        drop(listeners);
        // From here on the grace runs, at the end of which those that are left are aborted.
        connections.cancel_because("the server stops");
        self.drain(Instant::now() + self.options.grace).await;
        Served {
            connections: connections.join_with_report().await.1,
            tree: self.supervisor.shutdown().await,
            failed,
        }
    }

    /// Accepts for ever.
    async fn accept(
        &self,
        listener: &TcpListener,
        connections: &TaskGroup<Discard>,
        ids: &AtomicU64,
        way: Way,
    ) {
        // First the room, then the connection: in a full server clients wait in the system's queue.
        while let Ok(room) = connections.reserve().await {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) if is_the_clients(&error) => continue,
                Err(error) => {
                    eprintln!("cannot accept: {error}");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let (id, hub) = (ids.fetch_add(1, Relaxed), self.hub.clone());
            room.with_name(format!("connection {peer}"))
                .spawn(async move {
                    // What goes wrong with one client is that client's.
                    let _ = way.serve(stream, id, hub).await;
                });
        }
    }

    /// Has all that was taken put into the mailboxes of sessions, and connections say farewell.
    async fn drain(&self, until: Instant) {
        self.hub.stopping.cancel_because("the server stops");
        let rooms = timeout_at(until, self.hub.directory.ask(DirectoryMsg::RoomRefs)).await;
        let rooms = rooms.ok().and_then(Result::ok).unwrap_or_default();
        for room in &rooms {
            room.close();
        }
        for room in &rooms {
            while room.is_alive() && Instant::now() < until {
                // One that fails meanwhile is started again, and has to be told once more.
                let ended = room.monitor();
                room.close();
                let _ = timeout_at(until, ended).await;
            }
        }
        self.hub.farewell.cancel_because("the server stops");
    }
}

/// How a client speaks.
#[derive(Clone, Copy, Debug)]
enum Way {
    Tcp,
    Http,
}

impl Way {
    async fn serve(self, stream: TcpStream, id: u64, hub: Arc<Hub>) -> io::Result<()> {
        // Lines are gathered by us, and wait for no more of them.
        stream.set_nodelay(true)?;
        let bytes_max = hub.limits.line_bytes_max;
        let (reader, writer) = match self {
            Self::Tcp => wire::tcp(stream, bytes_max),
            Self::Http => {
                let stopping = hub.stopping.clone();
                let served = stopping.run(http::serve(stream, bytes_max)).await;
                match served {
                    Ok(Ok(Some(socket))) => wire::web_socket(socket),
                    Ok(Ok(None)) | Err(_) => return Ok(()),
                    Ok(Err(error)) => return Err(io::Error::other(error)),
                }
            }
        };
        connection::serve(id, reader, writer, hub).await
    }
}

/// The address of a listener, for who connects to it from here.
pub(crate) fn address(listener: &TcpListener) -> Result<SocketAddr, String> {
    listener.local_addr().map_err(|error| error.to_string())
}
