//! A client as others may write one, over either way.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::client_async_with_config;

use super::text;
use crate::line::Incoming;
use crate::protocol::{Line, Request};
use crate::wire::{self, Reader, Writer, web_socket_config};

/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server may say in one line.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub(super) tcp: SocketAddr,
    pub(super) http: SocketAddr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Tcp,
    WebSocket,
}

/// How much the system keeps for a client that does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Buffer {
    AsUsual,
    Small,
}

#[derive(Debug)]
pub(super) struct Client {
    pub(super) name: String,
    reader: Reader<TcpStream>,
    writer: Writer<TcpStream>,
}

/// What the server says, read as quickly as can be: the parts that an event has.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Told<'a> {
    pub(super) event: &'a str,
    pub(super) room: Option<&'a str>,
    pub(super) seq: Option<u64>,
    pub(super) from: Option<&'a str>,
    pub(super) id: Option<u64>,
    pub(super) code: Option<&'a str>,
    pub(super) delivered: Option<usize>,
    pub(super) due: Option<usize>,
    #[serde(default)]
    pub(super) members: Vec<&'a str>,
}

impl<'a> Told<'a> {
    pub(super) fn of(line: &'a str) -> Result<Self, String> {
        serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))
    }
}

impl Client {
    /// Connects, without a word.
    pub(super) async fn open(
        to: Addresses,
        via: Via,
        name: &str,
        buffer: Buffer,
    ) -> Result<Self, String> {
        let address = match via {
            Via::Tcp => to.tcp,
            Via::WebSocket => to.http,
        };
        let socket = TcpSocket::new_v4().map_err(text)?;
        if buffer == Buffer::Small {
            socket.set_recv_buffer_size(4096).map_err(text)?;
        }
        let stream = socket.connect(address).await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let (reader, writer) = match via {
            Via::Tcp => wire::tcp(stream, LINE_BYTES_MAX),
            Via::WebSocket => {
                let url = format!("ws://{address}/ws");
                let config = Some(web_socket_config(LINE_BYTES_MAX));
                let opened = client_async_with_config(url, stream, config).await;
                wire::web_socket(opened.map_err(text)?.0)
            }
        };
        Ok(Self {
            name: name.to_owned(),
            reader,
            writer,
        })
    }

    /// Connects, and says its name.
    pub(super) async fn connect(to: Addresses, via: Via, name: &str) -> Result<Self, String> {
        let mut client = Self::open(to, via, name, Buffer::AsUsual).await?;
        client.hello().await?;
        Ok(client)
    }

    pub(super) async fn hello(&mut self) -> Result<(), String> {
        let name = self.name.clone();
        self.ask(&Request::Hello { name }).await?;
        self.wait_for("welcome").await.map(drop)
    }

    /// Joins a room; gives the number of its last message.
    pub(super) async fn join(&mut self, room: &str) -> Result<u64, String> {
        let room = room.to_owned();
        self.ask(&Request::Join { room }).await?;
        let line = self.wait_for("joined").await?;
        Told::of(&line)?.seq.ok_or(line.clone())
    }

    /// Joins a room, and waits until all others have.
    pub(super) async fn gather(&mut self, room: &str, members: usize) -> Result<(), String> {
        let line = {
            let room = room.to_owned();
            self.ask(&Request::Join { room }).await?;
            self.wait_for("joined").await?
        };
        let mut here = Told::of(&line)?.members.len();
        while here < members {
            self.wait_for("entered").await?;
            here += 1;
        }
        Ok(())
    }

    pub(super) async fn ask(&mut self, request: &Request) -> Result<(), String> {
        self.put(request).await?;
        self.flush().await
    }

    /// Asks, and expects to be refused.
    pub(super) async fn refused(&mut self, request: &Request, code: &str) -> Result<(), String> {
        self.ask(request).await?;
        self.expect_refusal(code).await
    }

    pub(super) async fn expect_refusal(&mut self, code: &str) -> Result<(), String> {
        let line = self.wait_for("error").await?;
        match Told::of(&line)?.code {
            Some(found) if found == code => Ok(()),
            _ => Err(format!("{line} came, and not the error {code}")),
        }
    }

    /// Any text, as a line.
    pub(super) async fn put_raw(&mut self, line: &str) -> Result<(), String> {
        let line = Line(line.into());
        self.writer.write(&line).await.map_err(text)?;
        self.flush().await
    }

    /// Asks with the next [`flush`](Self::flush).
    pub(super) async fn put(&mut self, request: &Request) -> Result<(), String> {
        self.writer.write(&Line::of(request)).await.map_err(text)
    }

    pub(super) async fn say(
        &mut self,
        room: &str,
        what: String,
        id: Option<u64>,
    ) -> Result<(), String> {
        let room = room.to_owned();
        let say = Request::Say {
            room,
            text: what,
            id,
        };
        self.put(&say).await
    }

    pub(super) async fn flush(&mut self) -> Result<(), String> {
        self.writer.flush().await.map_err(text)
    }

    /// The next line; none when the server has closed, also when it was not polite about it. Dropping the future loses
    /// nothing.
    pub(super) async fn line(&mut self) -> Result<Option<String>, String> {
        match self.reader.next().await {
            Ok(Incoming::Line(line)) => Ok(Some(line)),
            Ok(Incoming::End) | Err(_) => Ok(None),
            Ok(wrong) => Err(format!("{wrong:?} came")),
        }
    }

    /// The next line of a kind; others are passed over.
    pub(super) async fn wait_for(&mut self, event: &str) -> Result<String, String> {
        self.wait_for_one_of(&[event]).await
    }

    pub(super) async fn wait_for_one_of(&mut self, events: &[&str]) -> Result<String, String> {
        let wait = async {
            while let Some(line) = self.line().await? {
                let found = Told::of(&line)?;
                if events.contains(&found.event) {
                    return Ok(line);
                }
                if found.event == "error" {
                    return Err(format!("{line} came, and not one of {events:?}"));
                }
            }
            Err(format!(
                "the server closed, and none of {events:?} had come"
            ))
        };
        let waited = timeout(PATIENCE, wait).await;
        waited.unwrap_or_else(|_| Err(format!("none of {events:?} came")))
    }

    /// Says goodbye, and reads to the end.
    pub(super) async fn bye(mut self) -> Result<(), String> {
        self.ask(&Request::Bye).await?;
        self.wait_for("farewell").await?;
        match self.line().await? {
            None => Ok(()),
            Some(line) => Err(format!("{line} came after the farewell")),
        }
    }
}
