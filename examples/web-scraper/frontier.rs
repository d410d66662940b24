//! What is asked for next: a window on the URLs that are pending in the database.
//!
//! ```text
//!   database: pending ──▶ [ a bounded queue ] ──▶ the pipeline ──▶ database: done, and new ones pending
//!       ▲                                                                    │
//!       └────── the next depth, when all of this one is written ◀────────────┘
//! ```
//!
//! URLs are given out by depth, and within a depth by [`place`], which is as good as random and the same in every run. The next
//! depth begins when all of this one is written. So the depth of a page is the shortest way to it, whatever came back first;
//! and where there is a limit of pages, it is always the same that are within.
//!
//! # Invariants
//!
//! F1. No more than so many URLs are in memory here: what is read from the database plus what is in the queue.
//!
//! F2. A URL that is given out stays pending in the database until its page is written. So one that is dropped, in a process
//!     that is killed or that ends early, is given out again by the next.
//!
//! # Why not a queue in memory, and a set of what was seen
//!
//! They would grow with the site. And they would have to be rebuilt after a kill, from the same database.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aqueduct_cancel::CancelScope;
use aqueduct_channel::mpsc;
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::watch;
use url::Url;

use crate::fetch::Fetcher;
use crate::robots::Robots;

/// A URL to be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) url: Url,
    pub(crate) depth: u32,
    /// Whether its host allows it.
    pub(crate) allowed: bool,
}

/// How far a crawl goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) pages: u64,
    pub(crate) depth: u32,
}

/// How many URLs were here at most.
#[derive(Debug, Default)]
pub(crate) struct Most(AtomicUsize);

impl Most {
    fn note(&self, count: usize) {
        self.0.fetch_max(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The order in which URLs of a depth are asked for: neighbours, which are mostly of one host, are far apart, so that no host
/// has to wait for another. FNV-1a.
pub(crate) fn place(url: &str) -> i64 {
    let hash = url.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 1) as i64
}

/// The shares of the memory (F1): what is read at once, and the queue.
pub(crate) fn shares(urls_max: usize) -> (usize, usize) {
    let read = (urls_max / 4).max(1);
    (read, urls_max - read)
}

/// Gives out URLs until there are none left within the limits.
pub(crate) struct Frontier {
    reader: Option<Reader>,
    fetcher: Arc<Fetcher>,
    limits: Limits,
    read_max: usize,
    most: Arc<Most>,
    robots: HashMap<String, Option<Robots>>,
    /// How many were given out in this run.
    given: u64,
}

impl Frontier {
    /// Reads so many URLs at once.
    pub(crate) fn new(
        reader: Reader,
        fetcher: Arc<Fetcher>,
        limits: Limits,
        read_max: usize,
        most: Arc<Most>,
    ) -> Self {
        Self {
            reader: Some(reader),
            fetcher,
            limits,
            read_max,
            most,
            robots: HashMap::new(),
            given: 0,
        }
    }

    /// Runs until all is settled, or the scope drains. `settled` counts what was given out and is done with.
    pub(crate) async fn run(
        mut self,
        jobs: mpsc::Sender<Job>,
        mut settled: watch::Receiver<u64>,
        scope: CancelScope,
    ) -> rusqlite::Result<()> {
        tokio::select! {
            biased;
            () = scope.draining() => Ok(()),
            ended = self.give_out(&jobs, &mut settled) => ended,
        }
    }

    async fn give_out(
        &mut self,
        jobs: &mpsc::Sender<Job>,
        settled: &mut watch::Receiver<u64>,
    ) -> rusqlite::Result<()> {
        let mut left = self
            .limits
            .pages
            .saturating_sub(self.read(Reader::pages).await?);
        let mut after = None;
        while let Some(depth) = self.read(move |reader| reader.depth_after(after)).await? {
            if depth > self.limits.depth {
                break;
            }
            let mut last = (-1, String::new());
            while left > 0 {
                let (from, most) = (last.clone(), self.read_max);
                let urls = self
                    .read(move |reader| reader.pending(depth, &from, most))
                    .await?;
                let Some(end) = urls.last() else {
                    break;
                };
                last = end.clone();
                // Only by this does it grow; who takes one out of the queue has it, and it is no more here.
                let queued = jobs.max_capacity() - jobs.capacity();
                self.most.note(urls.len() + queued);
                for (_, url) in urls {
                    if left == 0 {
                        break;
                    }
                    let Some(job) = self.job(url, depth).await else {
                        // It stays pending.
                        continue;
                    };
                    left -= u64::from(job.allowed);
                    self.given += 1;
                    if jobs.send(job).await.is_err() {
                        return Ok(());
                    }
                }
            }
            let given = self.given;
            if left == 0 || settled.wait_for(|settled| *settled >= given).await.is_err() {
                break;
            }
            after = Some(depth);
        }
        Ok(())
    }

    /// Nothing, if it is not known whether the host allows it.
    async fn job(&mut self, url: String, depth: u32) -> Option<Job> {
        let url = Url::parse(&url).ok()?;
        let host = authority(&url)?;
        if !self.robots.contains_key(&host) {
            let robots = self.fetcher.robots(&url).await;
            self.robots.insert(host.clone(), robots);
        }
        let robots = self.robots.get(&host)?.as_ref()?;
        let path = &url[url::Position::BeforePath..];
        let allowed = robots.allows(path);
        Some(Job {
            url,
            depth,
            allowed,
        })
    }

    /// Asks the database, on a thread that may block.
    async fn read<T, F>(&mut self, ask: F) -> rusqlite::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Reader) -> rusqlite::Result<T> + Send + 'static,
    {
        let reader = self.reader.take().expect("one question at a time");
        let asked = tokio::task::spawn_blocking(move || (ask(&reader), reader));
        let (answer, reader) = match asked.await {
            Ok(answered) => answered,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        self.reader = Some(reader);
        answer
    }
}

/// The hosts that are crawled, as they are in URLs: with the port, where it is not 80.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hosts(HashSet<String>);

impl Hosts {
    pub(crate) fn of<'a>(urls: impl IntoIterator<Item = &'a Url>) -> Self {
        Self(urls.into_iter().filter_map(authority).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a URL is to be followed.
    pub(crate) fn has(&self, url: &str) -> bool {
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "http");
        let host = url.as_ref().and_then(authority);
        host.is_some_and(|host| self.0.contains(&host))
    }
}

/// The host and port of a URL.
pub(crate) fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// The database, to read. In a write-ahead log who reads and who writes do not wait for each other.
pub(crate) struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens a database that has its tables.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        Ok(Self { connection })
    }

    fn pages(&self) -> rusqlite::Result<u64> {
        let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let pages = self
            .connection
            .query_row("SELECT count(*) FROM pages", (), count)?;
        Ok(pages as u64)
    }

    /// The next depth at which something is pending.
    fn depth_after(&self, depth: Option<u32>) -> rusqlite::Result<Option<u32>> {
        let mut select = self.connection.prepare_cached(
            "SELECT depth FROM frontier WHERE state = 'pending' AND depth > ?1 ORDER BY depth LIMIT 1",
        )?;
        let after = depth.map_or(-1, i64::from);
        select.query_row([after], |row| row.get(0)).optional()
    }

    /// The next URLs of a depth, behind one.
    fn pending(
        &self,
        depth: u32,
        (place, url): &(i64, String),
        most: usize,
    ) -> rusqlite::Result<Vec<(i64, String)>> {
        let mut select = self.connection.prepare_cached(
            "SELECT place, url FROM frontier WHERE state = 'pending' AND depth = ?1 \
             AND (place, url) > (?2, ?3) ORDER BY place, url LIMIT ?4",
        )?;
        let urls = select.query_map((depth, place, url, most as i64), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        urls.collect()
    }
}

#[cfg(test)]
mod tests;
