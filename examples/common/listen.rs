//! Listening for connections.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// How many clients the system lets wait until they are accepted. The default is 128, and a client that finds the queue
/// full tries again after a second.
const BACKLOG: u32 = 4096;

/// Listens on the first of an address's meanings on which it can.
///
/// # Errors
///
/// Of the last of them.
pub async fn listen(address: &str) -> io::Result<TcpListener> {
    listen_with(address, |_| Ok(())).await
}

/// As [`listen`], with sockets that are set up first. What is accepted has what `set_up` sets, on most systems.
///
/// # Errors
///
/// As [`listen`], and those of `set_up`.
pub async fn listen_with(
    address: &str,
    set_up: impl Fn(&TcpSocket) -> io::Result<()>,
) -> io::Result<TcpListener> {
    let mut failed = io::Error::other("it means no address");
    for address in lookup_host(address).await? {
        match listen_on(address, &set_up) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn listen_on(
    address: SocketAddr,
    set_up: impl Fn(&TcpSocket) -> io::Result<()>,
) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Elsewhere it would let others take the address over.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    set_up(&socket)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Whether an error of accepting is that the client went away while it waited.
pub fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
