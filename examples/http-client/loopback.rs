//! A server to fetch from, in this process: a group, with a task a connection.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use aqueduct_group::{Discard, TaskGroup, group};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

#[derive(Debug)]
pub(crate) struct Loopback {
    address: SocketAddr,
    faults: usize,
    group: TaskGroup<Discard>,
}

/// What the server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Good,
    Unavailable,
    Cut,
    Silence,
}

impl Answer {
    /// That which a path is named after: `/good/7`, `/cut/8`.
    fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some("unavailable") => Self::Unavailable,
            Some("cut") => Self::Cut,
            Some("silence") => Self::Silence,
            _ => Self::Good,
        }
    }
}

impl Loopback {
    /// Listens when this returns. The first `faults` of the URLs are not answered as they should.
    pub(crate) async fn start(faults: usize) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let group = group().with_name("loopback server").open(Discard::new());
        let spawner = group.spawner();
        let accept = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = spawner.task("server side").spawn(serve(stream)).await;
            }
        };
        let spawned = group.task("accept").spawn(accept).await;
        spawned.expect("a group is open until it is closed");
        Ok(Self {
            address,
            faults,
            group,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn urls(&self, count: usize) -> Vec<Uri> {
        let url = |number: usize| {
            let name = match number {
                _ if number >= self.faults => "good",
                _ => ["unavailable", "cut", "silence"][number % 3],
            };
            let url = format!("http://{}/{name}/{number}", self.address);
            url.parse().expect("it is made as a URL is")
        };
        (0..count).map(url).collect()
    }

    /// Ends the server, and waits until it has.
    pub(crate) async fn stop(self) {
        let _ = self.group.shutdown().await;
    }
}

async fn serve(stream: TcpStream) {
    let connection =
        http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
    // An error is that of the client, which tells of it; or it is the one that was asked for.
    let _ = connection.await;
}

/// A connection that is to be cut ends with this error.
#[derive(Debug)]
struct CutOff;

impl std::fmt::Display for CutOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut off as asked for")
    }
}

impl std::error::Error for CutOff {}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, CutOff> {
    let path = request.uri().path();
    let number: u64 = path
        .rsplit('/')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    // From 1 to 20 ms, in an order that repeats, and looks as if it did not.
    sleep(Duration::from_millis(1 + number * 7 % 20)).await;
    match Answer::of(path) {
        Answer::Good => Ok(Response::new(Full::new(body(number)))),
        Answer::Unavailable => {
            let mut response = Response::new(Full::new(Bytes::new()));
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            Ok(response)
        }
        Answer::Cut => Err(CutOff),
        Answer::Silence => match pending::<Infallible>().await {},
    }
}

/// From 1 to 64 KB.
fn body(number: u64) -> Bytes {
    let length = 1024 * (1 + number % 64) as usize;
    vec![b'.'; length].into()
}
