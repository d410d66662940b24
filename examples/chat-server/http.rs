//! The page, and the way from HTTP to a WebSocket.
//!
//! Any page of the web may open a WebSocket to a server on one's own machine, and browsers let it. They say which page it is,
//! in `Origin`; one that is not ours is refused. What is no browser says nothing there, and is let in as over TCP.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::wire::web_socket_config;

/// A WebSocket that was an HTTP connection.
pub(crate) type Socket = TokioIo<Upgraded>;

const PAGE: &str = include_str!("page.html");

/// Nothing but what is in the page itself runs or is loaded, and nobody shows it inside of a page of theirs.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
    connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves a connection until it becomes a WebSocket, or ends: then there is none.
pub(crate) async fn serve(
    stream: TcpStream,
    message_bytes_max: usize,
) -> hyper::Result<Option<WebSocketStream<Socket>>> {
    // At most one of its requests upgrades it.
    let upgrade = Arc::new(Mutex::new(None));
    let slot = upgrade.clone();
    let service = service_fn(move |request| {
        let slot = slot.clone();
        async move {
            let (answer, upgrade) = answer(request);
            if let Some(upgrade) = upgrade {
                *slot.lock().await = Some(upgrade);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await?;
    let Some(upgrade) = upgrade.lock().await.take() else {
        return Ok(None);
    };
    let socket = TokioIo::new(upgrade.await?);
    let config = web_socket_config(message_bytes_max);
    let stream = WebSocketStream::from_raw_socket(socket, Role::Server, Some(config)).await;
    Ok(Some(stream))
}

/// Also how long a connection may be idle between two requests.
const HEADERS_WITHIN: std::time::Duration = std::time::Duration::from_secs(15);

type Answer = Response<Full<Bytes>>;

fn answer(mut request: Request<Incoming>) -> (Answer, Option<hyper::upgrade::OnUpgrade>) {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/") => (page(), None),
        (&Method::GET, "/ws") => match accepted(request.headers()) {
            Ok(key) => {
                let upgrade = hyper::upgrade::on(&mut request);
                (switch(&key), Some(upgrade))
            }
            Err((status, text)) => (told(status, text), None),
        },
        (_, "/" | "/ws") => (
            told(StatusCode::METHOD_NOT_ALLOWED, "only GET is served here\n"),
            None,
        ),
        _ => (
            told(StatusCode::NOT_FOUND, "the page is /, the WebSocket /ws\n"),
            None,
        ),
    }
}

fn page() -> Answer {
    let mut page = Response::new(Full::from(PAGE));
    let headers = page.headers_mut();
    let all = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    page
}

fn told(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    answer
}

fn switch(key: &str) -> Answer {
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, key)
        .body(Full::default())
        .expect("a key is base64")
}

/// The answer to the key of a handshake as it should be; else what is wrong with it.
fn accepted(headers: &HeaderMap) -> Result<String, (StatusCode, &'static str)> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let names = |name, wanted: &str| {
        let mut listed = text(name).unwrap_or_default().split(',');
        listed.any(|word| word.trim().eq_ignore_ascii_case(wanted))
    };
    if !names(header::CONNECTION, "upgrade") || !names(header::UPGRADE, "websocket") {
        return Err((StatusCode::UPGRADE_REQUIRED, "speak WebSocket here\n"));
    }
    if text(header::SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err((StatusCode::UPGRADE_REQUIRED, "speak version 13\n"));
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let host = text(header::HOST);
        let is_ours = origin
            .to_str()
            .is_ok_and(|origin| origin.split_once("://").map(|(_, host)| host) == host);
        if !is_ours {
            let text = "a page of another host asks: open the page that is served here\n";
            return Err((StatusCode::FORBIDDEN, text));
        }
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) => Ok(derive_accept_key(key.as_bytes())),
        None => Err((StatusCode::BAD_REQUEST, "there is no Sec-WebSocket-Key\n")),
    }
}

#[cfg(test)]
mod tests;
