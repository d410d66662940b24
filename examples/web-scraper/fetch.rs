//! One URL: when it may be asked for, the answer, and what is on it.
//!
//! Each *try* waits for its host's turn, so that retries are in the rate as well. The time limit is for the answer alone:
//! to wait for a turn is nobody's fault.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aqueduct_backpressure::rate::{AcquireError, KeyedRateLimiter, Quota};
use aqueduct_cancel::CancelScope;
use aqueduct_examples::connections::InGroup;
use aqueduct_examples::duration::shown;
use aqueduct_group::{Discard, Spawner};
use aqueduct_resilience::{
    Backoff, Decision, HintOverMax, Retry, RetryBudget, RetryErrorKind, parse_retry_after,
};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderName, LOCATION, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::time::timeout;
use url::Url;

use crate::frontier::{Hosts, Job, authority};
use crate::page::{self, Page};
use crate::resolve::Resolve;
use crate::robots::Robots;
use crate::store::{PageRecord, Record};

/// What this program is called in robots.txt.
pub(crate) const AGENT: &str = "aqueduct-web-scraper";

/// More of a page is not read.
const BYTES_MAX: usize = 2 << 20;

/// A URL is asked for so often, if its host is busy or the connection breaks.
pub(crate) const TRIES_MAX: u32 = 4;

/// Who wants to be asked again later than this is not waited for: the URL stays pending, for another run.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks for URLs.
pub(crate) struct Fetcher {
    client: Client<HttpConnector<Resolve>, Empty<Bytes>>,
    limiter: KeyedRateLimiter<String>,
    retry: Retry<Trouble>,
    retries: Arc<AtomicU64>,
    hosts: Hosts,
    deadline: Duration,
    scope: CancelScope,
}

/// What a fetcher has to know.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) hosts: Hosts,
    pub(crate) quota: Quota,
    pub(crate) deadline: Duration,
    pub(crate) concurrency: usize,
    /// Where all hosts are, if not where DNS says.
    pub(crate) address: Option<SocketAddr>,
}

/// An answer that is one, whatever its status.
#[derive(Debug)]
struct Answer {
    status: u16,
    location: Option<String>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Of the type that was wanted.
    Whole(Vec<u8>),
    TooLong,
    /// Of another.
    Other(String),
    /// Not looked at: the status says that it is no page.
    Unread,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The host is busy, and may have said for how long.
    Busy(u16, Option<Duration>),
    NoConnection(String),
    BrokenOff(String),
    Late(Duration),
    /// The limiter has no room for the host.
    Crowded(Duration),
    /// The run ends, and this has not begun.
    Draining,
}

impl Trouble {
    fn decision(&self) -> Decision {
        match self {
            Self::Busy(_, Some(after)) => Decision::RetryAfter(*after),
            Self::Busy(_, None) | Self::NoConnection(_) | Self::BrokenOff(_) => Decision::Retry,
            Self::Crowded(after) => Decision::RetryFree {
                after: Some(*after),
            },
            // Who takes so long is not helped by another question.
            Self::Late(_) | Self::Draining => Decision::Stop,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(status, None) => write!(f, "busy: {status}"),
            Self::Busy(status, Some(after)) => {
                write!(f, "busy: {status}, for another {}", shown(*after))
            }
            Self::NoConnection(why) => write!(f, "no connection: {why}"),
            Self::BrokenOff(why) => write!(f, "broken off: {why}"),
            Self::Late(deadline) => write!(f, "late: nothing within {}", shown(*deadline)),
            Self::Crowded(_) => f.write_str("too many hosts at once"),
            Self::Draining => f.write_str("the run ends"),
        }
    }
}

impl Error for Trouble {}

/// When something is asked for again. Who wants to be left alone for longer than [`PATIENCE`] is.
fn policy() -> Retry<Trouble> {
    Retry::new(Backoff::exponential(Duration::from_millis(100)))
        .with_tries_max(TRIES_MAX)
        .with_hint_max(PATIENCE)
        .with_hint_over_max(HintOverMax::GiveUp)
        .with_budget(RetryBudget::default())
        .with_classifier(Trouble::decision)
}

impl Fetcher {
    /// Asks within a scope: when it drains nothing new is begun, when it is cancelled all is dropped. What hyper runs are tasks
    /// of the group `connections`.
    pub(crate) fn new(
        options: Options,
        connections: Spawner<Discard>,
        scope: &CancelScope,
    ) -> Self {
        let connector = HttpConnector::new_with_resolver(Resolve::new(options.address));
        let client = Client::builder(InGroup(connections))
            .pool_max_idle_per_host(options.concurrency)
            .build(connector);
        let retries = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&retries);
        let retry = policy().with_on_retry(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        Self {
            client,
            // All hosts are known, so that there is always room for them.
            limiter: KeyedRateLimiter::new(options.quota, (2 * options.hosts.len()).max(1024)),
            retry,
            retries,
            hosts: options.hosts,
            deadline: options.deadline,
            scope: scope.clone(),
        }
    }

    /// How often something was asked for again.
    pub(crate) fn retries_counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.retries)
    }

    /// What has become of a URL, or nothing, if it is to stay pending.
    pub(crate) async fn fetch(&self, job: Job) -> Option<Record> {
        if !job.allowed {
            return Some(Record::Disallowed(job.url.into()));
        }
        let (tries, fetched) = self.ask_often(&job.url, "text/html").await;
        let mut record = PageRecord {
            url: job.url.as_str().to_owned(),
            depth: job.depth,
            status: None,
            bytes: 0,
            title: None,
            fetched_at: now(),
            error: None,
            tries,
            links: Default::default(),
            follow: Vec::new(),
        };
        match fetched {
            Ok(answer) => self.fill(&mut record, &job.url, answer),
            Err(trouble) => {
                let trouble = trouble?;
                if let Trouble::Busy(status, _) = trouble {
                    record.status = Some(status);
                }
                record.error = Some(trouble.to_string());
            }
        }
        Some(Record::Page(record))
    }

    /// Writes an answer down.
    fn fill(&self, record: &mut PageRecord, url: &Url, answer: Answer) {
        record.status = Some(answer.status);
        record.error = match (answer.status, answer.content) {
            (300..400, _) => {
                let to = answer.location.and_then(|to| page::resolved(url, &to));
                let nowhere = to.is_none();
                // A redirect is a page with one link. So those that lead in a circle end like any other.
                record.links.extend(to);
                nowhere.then(|| "redirect: to nowhere".to_owned())
            }
            (_, Content::Whole(html)) => {
                record.bytes = html.len() as u64;
                let Page { title, links } = page::read(&html, url);
                record.title = title;
                record.links = links;
                None
            }
            (_, Content::TooLong) => Some("too long".to_owned()),
            (_, Content::Other(kind)) => Some(format!("not HTML: {kind}")),
            (status, Content::Unread) => Some(format!("status: {status}")),
        };
        let follow = record.links.iter().filter(|link| self.hosts.has(link));
        record.follow = follow.cloned().collect();
    }

    /// What the host of a URL allows, or nothing if it does not answer.
    ///
    /// As RFC 9309 has it: without the file all is allowed, and from a host in trouble nothing is to be asked.
    pub(crate) async fn robots(&self, url: &Url) -> Option<Robots> {
        let url = url.join("/robots.txt").ok()?;
        let told =
            |why: &dyn fmt::Display| eprintln!("{url}: {why}: nothing is asked of this host");
        match self.ask_often(&url, "text/plain").await.1 {
            Ok(Answer {
                content: Content::Whole(text),
                ..
            }) => Some(Robots::parse(&String::from_utf8_lossy(&text), AGENT)),
            Ok(Answer {
                status: status @ 500..,
                ..
            }) => {
                told(&format!("status: {status}"));
                None
            }
            Ok(_) => Some(Robots::none()),
            Err(trouble) => {
                told(&trouble?);
                None
            }
        }
    }

    /// Asks until there is an answer, or it has been often enough. An error of nothing says nothing of the URL: the run
    /// ends, or the host wants to be left alone for longer than anybody waits.
    async fn ask_often(&self, url: &Url, wanted: &str) -> (u32, Result<Answer, Option<Trouble>>) {
        let ask = || self.ask(url, wanted);
        let error = match self.retry.run_counted_in(&self.scope, ask).await {
            Ok((answer, how)) => return (how.tries, Ok(answer)),
            Err(error) => error,
        };
        let (tries, kind) = (error.tries(), error.kind());
        let trouble = match (kind, error.into_last_error()) {
            (RetryErrorKind::Cancelled | RetryErrorKind::BudgetEmpty, _) => None,
            (RetryErrorKind::HintTooLong, _) => None,
            (RetryErrorKind::NotRetryable, Some(Trouble::Late(limit))) => {
                Some(Trouble::Late(limit))
            }
            (RetryErrorKind::NotRetryable, _) => None,
            (_, trouble) => trouble,
        };
        (tries, Err(trouble))
    }

    async fn ask(&self, url: &Url, wanted: &str) -> Result<Answer, Trouble> {
        self.turn(url).await?;
        let answered = timeout(self.deadline, self.answer(url, wanted)).await;
        answered.unwrap_or(Err(Trouble::Late(self.deadline)))
    }

    /// Waits until the host may be asked.
    async fn turn(&self, url: &Url) -> Result<(), Trouble> {
        let host = authority(url).unwrap_or_default();
        let turn = tokio::select! {
            biased;
            () = self.scope.draining() => return Err(Trouble::Draining),
            turn = self.limiter.acquire(&host, 1) => turn,
        };
        turn.map_err(|error| match error {
            AcquireError::Crowded { retry_after } => Trouble::Crowded(retry_after),
            other => unreachable!("one permit is in each burst: {other}"),
        })
    }

    async fn answer(&self, url: &Url, wanted: &str) -> Result<Answer, Trouble> {
        let request = Request::get(url.as_str())
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, wanted)
            .body(Empty::new());
        let request = request.map_err(|error| Trouble::NoConnection(error.to_string()))?;
        let response =
            self.client
                .request(request)
                .await
                .map_err(|error| match error.is_connect() {
                    true => Trouble::NoConnection(root(&error)),
                    false => Trouble::BrokenOff(root(&error)),
                })?;
        let status = response.status().as_u16();
        if let 429 | 503 = status {
            return Err(Trouble::Busy(status, retry_after(&response)));
        }
        Ok(Answer {
            status,
            location: header(&response, &LOCATION).map(str::to_owned),
            content: match status {
                200..300 => content(response, wanted).await?,
                _ => Content::Unread,
            },
        })
    }
}

async fn content(response: Response<Incoming>, wanted: &str) -> Result<Content, Trouble> {
    let kind = header(&response, &CONTENT_TYPE).unwrap_or("");
    let plain = kind.split(';').next().unwrap_or("").trim();
    if !plain.eq_ignore_ascii_case(wanted) {
        return Ok(Content::Other(plain.to_owned()));
    }
    let mut body = response.into_body();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Trouble::BrokenOff(root(&error)))?;
        whole.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        if whole.len() > BYTES_MAX {
            return Ok(Content::TooLong);
        }
    }
    Ok(Content::Whole(whole))
}

/// How long a host that is busy wants to be left alone. A date is by its own clock, if it tells it.
fn retry_after(response: &Response<Incoming>) -> Option<Duration> {
    let date = header(response, &DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    let now = date.unwrap_or_else(SystemTime::now);
    parse_retry_after(header(response, &RETRY_AFTER)?, now)
}

fn header<'a>(response: &'a Response<Incoming>, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The error at the root of one: those on the way say where in the library it passed.
fn root(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(below) = root.source() {
        root = below;
    }
    root.to_string()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher")
            .field("limiter", &self.limiter)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
