//! One client.
//!
//! ```text
//!              readable                       the client closes, or is idle
//!   waiting ─────────────▶ echoing   waiting ───────────────────────────────▶ end
//!      ▲                      │         │  told to stop, or too old
//!      └──────────────────────┘         └──────▶ finishing: echoes until nothing comes for a moment ──▶ end
//! ```
//!
//! Cancellation is heard while the connection waits for its client, and only there: what has been read is written, or
//! it would be lost. So the wait is a `run_for` of the connection's scope, and the write is behind a `shield`, which is
//! bounded too: a client that sends and never reads is as idle as one that does neither.
//!
//! # Why a connection that is told to stop goes on for a moment
//!
//! An echo has no messages, so nobody can say that a client has sent all it had to. Bytes may be on their way when the
//! signal comes; were the socket closed, the system would answer them with a reset, which takes from the client even
//! what was echoed before.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::{CancelScope, ReasonKind, shield};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::stats::Stats;

/// How much is read at once. Only a connection that has something to read holds a buffer.
const CHUNK: usize = 16 * 1024;

/// Why a connection ended in good order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client closed its side.
    Client,
    /// Nothing came for too long, or the client did not read what was echoed.
    Idle,
    /// It had lasted too long.
    Age,
    /// The server was told to stop.
    Stop,
}

impl End {
    pub(crate) const ALL: [Self; 4] = [Self::Client, Self::Idle, Self::Age, Self::Stop];

    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Client => "by their clients",
            Self::Idle => "idle",
            Self::Age => "too old",
            Self::Stop => "by the server's stop",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    /// Below the server's, and cancelled with it.
    pub(crate) scope: CancelScope,
    pub(crate) idle: Duration,
    pub(crate) quiet: Duration,
    pub(crate) grace: Duration,
    pub(crate) stats: Arc<Stats>,
}

/// What there is to do next.
enum Next {
    /// Wait for more.
    Wait,
    End(End),
}

impl Connection {
    /// Serves the client to the end.
    pub(crate) async fn run(mut self) -> io::Result<()> {
        let _alive = self.stats.enter();
        let echoed = self.echo().await;
        match echoed {
            Ok(end) => self.stats.end(end),
            Err(_) => self.stats.fail(),
        }
        echoed.map(drop)
    }

    async fn echo(&mut self) -> io::Result<End> {
        let end = loop {
            match self.scope.run_for(self.idle, self.stream.readable()).await {
                Ok(readable) => readable?,
                Err(stopped) => break self.why(stopped.reason().kind()),
            }
            if let Next::End(end) = self.echo_what_is_here().await? {
                break end;
            }
        };
        let end = match end {
            // As long as the group's grace lets it.
            End::Stop => self.finish(end).await?,
            End::Age => match shield(self.grace, self.finish(end)).await {
                Ok(end) => end?,
                Err(_elapsed) => end,
            },
            End::Client | End::Idle => end,
        };
        self.stream.shutdown().await?;
        Ok(end)
    }

    /// Whose time was up: that of the wait, or the scope's own.
    fn why(&self, kind: ReasonKind) -> End {
        match kind {
            ReasonKind::Deadline if self.scope.is_cancelled() => End::Age,
            ReasonKind::Deadline => End::Idle,
            _ => End::Stop,
        }
    }

    /// Echoes until nothing has come for a moment. The scope has been cancelled, and has no more to say.
    async fn finish(&mut self, end: End) -> io::Result<End> {
        while let Ok(readable) = shield(self.quiet, self.stream.readable()).await {
            readable?;
            if let Next::End(end) = self.echo_what_is_here().await? {
                return Ok(end);
            }
        }
        Ok(end)
    }

    async fn echo_what_is_here(&mut self) -> io::Result<Next> {
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = match self.stream.try_read(&mut buffer) {
                Ok(0) => return Ok(Next::End(End::Client)),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Wait),
                Err(error) => return Err(error),
            };
            self.stats.came_in(read);
            match shield(self.idle, self.stream.write_all(&buffer[..read])).await {
                Ok(written) => written?,
                Err(_elapsed) => return Ok(Next::End(End::Idle)),
            }
            self.stats.went_out(read);
        }
    }
}
