//! The site's server on loopback: one port for all of its hosts, a group with a task a connection.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aqueduct_backpressure::rate::Quota;
use aqueduct_cancel::CancelScope;
use aqueduct_group::{Discard, TaskGroup, group};
use aqueduct_stream::{Boxed, Flow, iter, once};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::html::rendered;
use super::witness::{Testimony, Witness};
use super::{After, Answer, Busy, HEAVY, Html, Site};

/// A server, as long as it is not stopped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    witness: Arc<Witness>,
    group: TaskGroup<Discard>,
}

/// A body is a stream. One that is torn ends with an error, upon which the connection is cut.
type Body = StreamBody<Flow<Boxed<'static, io::Result<Frame<Bytes>>>>>;

impl Server {
    /// Listens when this returns. Whoever asks is expected to keep to the quota.
    pub(crate) async fn start(site: Site, quota: Quota) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let witness = Arc::new(Witness::new(quota));
        // As any server, it knows nothing of the Ctrl-C that is for the crawler.
        let group = group()
            .with_name("made-up site")
            .with_scope(&CancelScope::new())
            .open(Discard::new());
        let spawner = group.spawner();
        let served = Arc::new(Served {
            site,
            witness: Arc::clone(&witness),
        });
        let accept = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serve(stream, Arc::clone(&served));
                let _ = spawner.task("server side").spawn(serving).await;
            }
        };
        let spawned = group.task("accept").spawn(accept).await;
        spawned.expect("a group is open until it is closed");
        Ok(Self {
            address,
            witness,
            group,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server, waits until it has, and says what it has seen.
    pub(crate) async fn stop(self) -> Testimony {
        let _ = self.group.shutdown().await;
        self.witness.testimony()
    }
}

async fn serve(stream: TcpStream, served: Arc<Served>) {
    let service = service_fn(async |request| served.answer(request).await);
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // An error is that of the client, which tells of it; or it is the one that was meant.
    let _ = connection.await;
}

#[derive(Debug)]
struct Served {
    site: Site,
    witness: Arc<Witness>,
}

impl Served {
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let host = request.headers().get(HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or("");
        let path = request.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        self.witness.asked(host, path, self.site.allows(path));
        if path == "/robots.txt" {
            return Ok(text(self.site.robots()));
        }
        Ok(match self.site.answer(host, path) {
            Answer::Html(page) => page_of(&page, host, path).await,
            Answer::Redirect(status, to) => {
                let mut response = empty(status);
                let to = to.and_then(|to| to.parse().ok());
                response.headers_mut().extend(to.map(|to| (LOCATION, to)));
                response
            }
            Answer::Status(status) => empty(status),
            Answer::Busy(page, busy) => match self.put_off(host, path, busy) {
                Some(response) => response,
                None => page_of(&page, host, path).await,
            },
            Answer::Picture => typed(200, "image/png", "\u{fffd}PNG <a href=/trap/picture>no</a>"),
            Answer::Torn => torn(),
            Answer::Heavy => heavy(),
            Answer::Silent => pending().await,
        })
    }

    /// That it is busy, unless it has said so often enough.
    fn put_off(&self, host: &str, path: &str, busy: Busy) -> Option<Response<Body>> {
        let (now, clock) = (Instant::now(), SystemTime::now());
        let (said, wait) = match busy.after {
            After::Unsaid => (None, None),
            After::Seconds(seconds) => (
                Some(seconds.to_string()),
                Some(Duration::from_secs(seconds)),
            ),
            After::Date(seconds) => {
                // A date has whole seconds.
                let since = clock
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap_or_default();
                let date =
                    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs() + 1 + seconds);
                let wait = date.duration_since(clock).unwrap_or_default();
                (Some(httpdate::fmt_http_date(date)), Some(wait))
            }
        };
        let times = busy.times.unwrap_or(u32::MAX);
        let until = wait.map(|wait| now + wait);
        if !self.witness.put_off(host, path, times, until) {
            return None;
        }
        let mut response = empty(busy.status);
        let said = said.and_then(|said| said.parse().ok());
        response
            .headers_mut()
            .extend(said.map(|said| (RETRY_AFTER, said)));
        Some(response)
    }
}

async fn page_of(page: &Html, host: &str, path: &str) -> Response<Body> {
    sleep(page.delay).await;
    typed(200, "text/html; charset=utf-8", rendered(page, host, path))
}

fn text(text: &'static str) -> Response<Body> {
    typed(200, "text/plain", text)
}

fn empty(status: u16) -> Response<Body> {
    typed(status, "text/html", "")
}

fn typed(status: u16, kind: &'static str, content: impl Into<Bytes>) -> Response<Body> {
    let content: Bytes = content.into();
    let length = content.len();
    body(
        status,
        kind,
        Some(length),
        once(Ok(Frame::data(content))).boxed(),
    )
}

/// Half of what it says it is.
fn torn() -> Response<Body> {
    let half = Bytes::from("<title>Torn</title><a href=/trap/torn>never read</a>");
    let length = 2 * half.len();
    let parts = [Ok(Frame::data(half)), Err(io::ErrorKind::BrokenPipe.into())];
    body(200, "text/html", Some(length), iter(parts).boxed())
}

/// In pieces, and without its length, so that it is known only when it has come.
fn heavy() -> Response<Body> {
    let piece = Bytes::from(" ".repeat(1 << 16));
    let pieces = iter(0..=HEAVY / piece.len()).map(move |_| Ok(Frame::data(piece.clone())));
    body(200, "text/html", None, pieces.boxed())
}

fn body(
    status: u16,
    kind: &'static str,
    length: Option<usize>,
    content: Flow<Boxed<'static, io::Result<Frame<Bytes>>>>,
) -> Response<Body> {
    let mut response = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, kind);
    if let Some(length) = length {
        response = response.header(CONTENT_LENGTH, length);
    }
    let response = response.body(StreamBody::new(content));
    response.expect("the parts are good")
}
