//! A connection, whichever way it speaks: lines over TCP, or messages over a WebSocket. Both carry the same text.
//!
//! The two halves are apart, since they have different owners: what reads waits for its client, what writes waits for the
//! network. Neither knows what is said.

use std::io;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::line::{Incoming, LineReader};
use crate::protocol::Line;

/// The half from which comes what the other side says.
pub(crate) enum Reader<S> {
    Tcp(LineReader<OwnedReadHalf>),
    WebSocket(SplitStream<WebSocketStream<S>>),
}

/// The half into which lines go. They are gathered, and sent by [`flush`](Self::flush) or when there are many.
pub(crate) enum Writer<S> {
    Tcp {
        half: OwnedWriteHalf,
        gathered: Vec<u8>,
    },
    WebSocket(SplitSink<WebSocketStream<S>, Message>),
}

/// So much is gathered before it is sent without being told to.
const GATHERED_MAX: usize = 16 * 1024;

pub(crate) fn tcp<S>(stream: TcpStream, line_bytes_max: usize) -> (Reader<S>, Writer<S>) {
    let (reader, half) = stream.into_split();
    let reader = Reader::Tcp(LineReader::new(reader, line_bytes_max));
    let gathered = Vec::new();
    (reader, Writer::Tcp { half, gathered })
}

pub(crate) fn web_socket<S>(stream: WebSocketStream<S>) -> (Reader<S>, Writer<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sink, stream) = stream.split();
    (Reader::WebSocket(stream), Writer::WebSocket(sink))
}

/// Small buffers, as there are many connections, of which few have much to say at once.
pub(crate) fn web_socket_config(message_bytes_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(GATHERED_MAX)
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<S> {
    /// What comes next. Dropping the future loses nothing.
    ///
    /// A message that is too long is the last of a WebSocket: how much of it to pass over, nobody knows.
    pub(crate) async fn next(&mut self) -> io::Result<Incoming> {
        let stream = match self {
            Self::Tcp(lines) => return lines.next().await,
            Self::WebSocket(stream) => stream,
        };
        loop {
            return Ok(match stream.next().await {
                None | Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) => Incoming::End,
                Some(Ok(Message::Text(text))) => Incoming::Line(text.as_str().to_owned()),
                Some(Ok(Message::Binary(_)) | Err(Error::Utf8(_))) => Incoming::NotText,
                // Tungstenite answers them by itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(Error::Capacity(CapacityError::MessageTooLong { .. }))) => {
                    Incoming::TooLong
                }
                Some(Err(error)) => return Err(to_io(error)),
            });
        }
    }

    /// Whether anything can follow what was too long.
    pub(crate) fn survives_too_long(&self) -> bool {
        matches!(self, Self::Tcp(_))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Writer<S> {
    pub(crate) async fn write(&mut self, line: &Line) -> io::Result<()> {
        match self {
            Self::Tcp { half, gathered } => {
                gathered.extend_from_slice(line.as_str().as_bytes());
                gathered.push(b'\n');
                if gathered.len() >= GATHERED_MAX {
                    send(half, gathered).await?;
                }
                Ok(())
            }
            Self::WebSocket(sink) => {
                let message = Message::Text(line.0.clone());
                sink.feed(message).await.map_err(to_io)
            }
        }
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp { half, gathered } => send(half, gathered).await,
            Self::WebSocket(sink) => sink.flush().await.map_err(to_io),
        }
    }

    /// Sends what is gathered, and says that it was all.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        match self {
            Self::Tcp { half, .. } => half.shutdown().await,
            Self::WebSocket(sink) => sink.close().await.map_err(to_io),
        }
    }
}

async fn send(half: &mut OwnedWriteHalf, gathered: &mut Vec<u8>) -> io::Result<()> {
    half.write_all(gathered).await?;
    gathered.clear();
    // An idle connection holds no buffer.
    gathered.shrink_to(1024);
    Ok(())
}

fn to_io(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

impl<S> std::fmt::Debug for Reader<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Reader::Tcp",
            Self::WebSocket(_) => "Reader::WebSocket",
        })
    }
}

impl<S> std::fmt::Debug for Writer<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tcp { .. } => "Writer::Tcp",
            Self::WebSocket(_) => "Writer::WebSocket",
        })
    }
}
