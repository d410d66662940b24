//! One URL.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aqueduct_cancel::{CancelScope, Cancelled, ReasonKind};
use aqueduct_examples::connections::InGroup;
use aqueduct_examples::duration::shown;
use aqueduct_group::{Discard, Spawner};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;

pub(crate) type HttpClient = Client<HttpConnector, Empty<Bytes>>;

/// A client whose connections are tasks of a group, and end with it.
pub(crate) fn client(connections: Spawner<Discard>, idle_max: usize) -> HttpClient {
    Client::builder(InGroup(connections))
        .pool_max_idle_per_host(idle_max)
        .build(HttpConnector::new())
}

/// Why a URL was not fetched.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An answer, but not the one that was asked for.
    Status(StatusCode),
    /// No whole answer within the deadline.
    Late(Duration),
    /// No connection, or one that broke.
    Broken(String),
    /// The run was cancelled before there was an answer.
    Cancelled(Cancelled),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the answer is {status}"),
            Self::Late(deadline) => write!(f, "no answer within {}", shown(*deadline)),
            Self::Broken(why) => f.write_str(why),
            Self::Cancelled(cancelled) => cancelled.fmt(f),
        }
    }
}

impl Error for Failure {}

/// Gives the answer's length, once all of it is here.
pub(crate) async fn fetch(
    client: &HttpClient,
    url: Uri,
    deadline: Duration,
    scope: &CancelScope,
) -> Result<u64, Failure> {
    match scope.run_for(deadline, answer(client, url)).await {
        Ok(answered) => answered,
        Err(late) if late.reason().kind() == ReasonKind::Deadline => Err(Failure::Late(deadline)),
        Err(cancelled) => Err(Failure::Cancelled(cancelled)),
    }
}

async fn answer(client: &HttpClient, url: Uri) -> Result<u64, Failure> {
    let answer = client
        .get(url)
        .await
        .map_err(|error| match error.is_connect() {
            true => broken("cannot connect", &error),
            false => broken("the request failed", &error),
        })?;
    if !answer.status().is_success() {
        return Err(Failure::Status(answer.status()));
    }
    let mut body = answer.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken("the answer broke off", &error))?;
        bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
    }
    Ok(bytes)
}

/// What happened, and the error at the root of it: those on the way say where in the library it passed.
fn broken(what: &str, error: &dyn Error) -> Failure {
    let mut root = error;
    while let Some(below) = root.source() {
        root = below;
    }
    Failure::Broken(format!("{what}: {root}"))
}
