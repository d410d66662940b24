//! What a crawl of the made-up site must find, by a walk over what is meant to be there: no HTML is read, no URL resolved, and
//! nothing is asked of a server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::path::Path;

use rusqlite::Connection;

use crate::fetch::TRIES_MAX;
use crate::frontier::{Limits, place};
use crate::site::html::rendered;
use crate::site::{Answer, Html, Site};

/// More differences are counted, and not shown.
const SHOWN: usize = 10;

/// What is in a database, or should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crawled {
    pages: BTreeMap<String, Row>,
    links: BTreeSet<(String, String)>,
    frontier: BTreeMap<String, (u32, String)>,
}

/// A page, without what differs from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    depth: u32,
    status: Option<u16>,
    bytes: u64,
    title: Option<String>,
    /// What kind.
    error: Option<String>,
    tries: u32,
}

/// What is not as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    shown: Vec<String>,
    count: usize,
}

/// Whether a crawl was to come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    /// What there is must be as it should, and there may be more to come.
    Partial,
}

impl Crawled {
    /// What is in a database. Blocks.
    pub(crate) fn read(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        let mut crawled = Self::default();
        let mut pages = connection
            .prepare("SELECT url, depth, status, bytes, title, error, tries FROM pages")?;
        let mut rows = pages.query(())?;
        while let Some(row) = rows.next()? {
            let error: Option<String> = row.get(5)?;
            let page = Row {
                depth: row.get(1)?,
                status: row.get(2)?,
                bytes: row.get::<_, i64>(3)? as u64,
                title: row.get(4)?,
                error: error.map(|error| kind(&error).to_owned()),
                tries: row.get(6)?,
            };
            crawled.pages.insert(row.get(0)?, page);
        }
        let mut links = connection.prepare(r#"SELECT "from", "to" FROM links"#)?;
        let mut rows = links.query(())?;
        while let Some(row) = rows.next()? {
            crawled.links.insert((row.get(0)?, row.get(1)?));
        }
        let mut frontier = connection.prepare("SELECT url, depth, state FROM frontier")?;
        let mut rows = frontier.query(())?;
        while let Some(row) = rows.next()? {
            let known = (row.get(1)?, row.get(2)?);
            crawled.frontier.insert(row.get(0)?, known);
        }
        Ok(crawled)
    }

    /// What a crawl of a site finds within limits.
    pub(crate) fn expected(site: &Site, limits: Limits) -> Self {
        let mut crawled = Self::default();
        let start = site.start();
        crawled.know(start.clone(), 0);
        let mut level = vec![start];
        let mut left = limits.pages;
        for depth in 0..=limits.depth {
            level.sort_by_key(|url| (place(url), url.clone()));
            let mut next = Vec::new();
            for url in level {
                if left == 0 {
                    return crawled;
                }
                let (host, path) = parts(&url);
                if !site.allows(path) {
                    crawled.settle(&url, "disallowed");
                    continue;
                }
                left -= 1;
                let (row, links) = row(&site.answer(host, path), host, path, depth);
                for to in links {
                    let found = to.starts_with("http://")
                        && site.hosts().iter().any(|host| host == parts(&to).0)
                        && crawled.know(to.clone(), depth + 1);
                    if found {
                        next.push(to.clone());
                    }
                    crawled.links.insert((url.clone(), to));
                }
                crawled.settle(&url, "done");
                crawled.pages.insert(url, row);
            }
            level = next;
        }
        crawled
    }

    /// False if it was known before.
    fn know(&mut self, url: String, depth: u32) -> bool {
        let is_new = !self.frontier.contains_key(&url);
        if is_new {
            self.frontier.insert(url, (depth, "pending".to_owned()));
        }
        is_new
    }

    fn settle(&mut self, url: &str, state: &str) {
        if let Some((_, before)) = self.frontier.get_mut(url) {
            *before = state.to_owned();
        }
    }

    /// In what it differs from what it should be.
    pub(crate) fn differences(&self, expected: &Self, extent: Extent) -> Differences {
        let mut told = Differences::default();
        told.compare("page", &self.pages, &expected.pages, extent);
        // Of a crawl that goes on, all links of the pages that are there.
        let links = expected.links.iter();
        let due: BTreeSet<_> = links
            .filter(|(from, _)| extent == Extent::Whole || self.pages.contains_key(from))
            .cloned()
            .collect();
        for link in due.symmetric_difference(&self.links) {
            let what = if due.contains(link) {
                "missing"
            } else {
                "not on the site"
            };
            told.tell(format!("link {} -> {}: {what}", link.0, link.1));
        }
        if extent == Extent::Whole {
            told.compare("URL", &self.frontier, &expected.frontier, extent);
            return told;
        }
        for (url, (_, state)) in &self.frontier {
            if (state == "done") != self.pages.contains_key(url) {
                told.tell(format!("URL {url}: it is {state}, and its page is not so"));
            }
        }
        told
    }
}

impl Differences {
    fn compare<T: Debug + PartialEq>(
        &mut self,
        what: &str,
        found: &BTreeMap<String, T>,
        expected: &BTreeMap<String, T>,
        extent: Extent,
    ) {
        for (url, row) in found {
            match expected.get(url) {
                Some(due) if due == row => {}
                Some(due) => self.tell(format!("{what} {url}: it is {row:?}, and not {due:?}")),
                None => self.tell(format!("{what} {url}: it is not to be found")),
            }
        }
        for url in expected.keys().filter(|_| extent == Extent::Whole) {
            if !found.contains_key(url) {
                self.tell(format!("{what} {url}: missing"));
            }
        }
    }

    /// One more.
    pub(crate) fn tell(&mut self, difference: String) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(difference);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.shown {
            writeln!(f, "differs: {difference}")?;
        }
        match self.count - self.shown.len() {
            0 => Ok(()),
            more => writeln!(f, "differs: and {more} more"),
        }
    }
}

/// What an error is, without what is said of it.
pub(crate) fn kind(error: &str) -> &str {
    error.split_once(": ").map_or(error, |(kind, _)| kind)
}

/// The host and the path of a URL of the site.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// What is written of an answer, and where it links to.
fn row(answer: &Answer, host: &str, path: &str, depth: u32) -> (Row, Vec<String>) {
    let without = |status, error: &str| Row {
        depth,
        status,
        bytes: 0,
        title: None,
        error: Some(error.to_owned()),
        tries: 1,
    };
    let with = |page: &Html, tries| {
        let row = Row {
            depth,
            status: Some(200),
            bytes: rendered(page, host, path).len() as u64,
            title: Some(page.title.clone()),
            error: None,
            tries,
        };
        (row, page.links.clone())
    };
    match answer {
        Answer::Html(page) => with(page, 1),
        Answer::Busy(page, busy) => match busy.times {
            Some(times) => with(page, 1 + times),
            None => {
                let row = without(Some(busy.status), "busy");
                (
                    Row {
                        tries: TRIES_MAX,
                        ..row
                    },
                    Vec::new(),
                )
            }
        },
        Answer::Redirect(status, Some(to)) => {
            let row = without(Some(*status), "");
            (Row { error: None, ..row }, vec![to.clone()])
        }
        Answer::Redirect(status, None) => (without(Some(*status), "redirect"), Vec::new()),
        Answer::Status(status) => (without(Some(*status), "status"), Vec::new()),
        Answer::Picture => (without(Some(200), "not HTML"), Vec::new()),
        Answer::Heavy => (without(Some(200), "too long"), Vec::new()),
        Answer::Torn => {
            let row = without(None, "broken off");
            (
                Row {
                    tries: TRIES_MAX,
                    ..row
                },
                Vec::new(),
            )
        }
        Answer::Silent => (without(None, "late"), Vec::new()),
    }
}

#[cfg(test)]
mod tests;
