//! What is in the database in the end, as a table, and what this run did for it.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use aqueduct_examples::duration::shown;
use aqueduct_examples::format::{counted, grouped, megabytes};
use aqueduct_examples::table::{Align, Table};
use rusqlite::Connection;

use crate::crawl::Done;
use crate::verify::kind;

/// Of all runs together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// By what became of them: whole pages, redirects, and then each kind of error.
    kinds: Vec<(String, Kind)>,
    links: u64,
    pending: u64,
    disallowed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kind {
    pages: u64,
    bytes: u64,
    /// How often they were asked for again.
    retries: u64,
}

impl Kind {
    fn add(&mut self, other: Self) {
        self.pages += other.pages;
        self.bytes += other.bytes;
        self.retries += other.retries;
    }
}

impl Totals {
    /// Counts what is in a database. Blocks.
    pub(crate) fn read(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        let count = |sql| {
            let count = connection.query_row(sql, (), |row| row.get::<_, i64>(0));
            count.map(|count| count as u64)
        };
        let mut totals = Self {
            kinds: vec![
                ("whole".to_owned(), Kind::default()),
                ("redirects".to_owned(), Kind::default()),
            ],
            links: count("SELECT count(*) FROM links")?,
            pending: count("SELECT count(*) FROM frontier WHERE state = 'pending'")?,
            disallowed: count("SELECT count(*) FROM frontier WHERE state = 'disallowed'")?,
        };
        let mut select = connection.prepare(
            "SELECT error, status BETWEEN 300 AND 399, count(*), sum(bytes), sum(tries - 1) \
             FROM pages GROUP BY 1, 2 ORDER BY 1",
        )?;
        let mut rows = select.query(())?;
        while let Some(row) = rows.next()? {
            let error: Option<String> = row.get(0)?;
            let redirect: Option<bool> = row.get(1)?;
            let name = match (&error, redirect) {
                (Some(error), _) => kind(error),
                (None, Some(true)) => "redirects",
                (None, _) => "whole",
            };
            totals.entry(name).add(Kind {
                pages: row.get::<_, i64>(2)? as u64,
                bytes: row.get::<_, i64>(3)? as u64,
                retries: row.get::<_, i64>(4)? as u64,
            });
        }
        Ok(totals)
    }

    fn entry(&mut self, name: &str) -> &mut Kind {
        let at = self.kinds.iter().position(|(kind, _)| kind == name);
        let at = at.unwrap_or_else(|| {
            self.kinds.push((name.to_owned(), Kind::default()));
            self.kinds.len() - 1
        });
        &mut self.kinds[at].1
    }

    fn all(&self) -> Kind {
        let mut all = Kind::default();
        self.kinds.iter().for_each(|(_, kind)| all.add(*kind));
        all
    }

    fn table(&self) -> String {
        use Align::{Left, Right};

        let mut table = Table::new([Left, Right, Right, Right]);
        table.row(["", "pages", "read", "retries"].map(str::to_owned));
        table.rule();
        for (name, kind) in &self.kinds {
            table.row(row(name, *kind));
        }
        table.rule();
        table.row(row("all", self.all()));
        table.render()
    }
}

fn row(name: &str, kind: Kind) -> [String; 4] {
    let Kind {
        pages,
        bytes,
        retries,
    } = kind;
    let read = match bytes {
        0 => String::new(),
        bytes => megabytes(bytes),
    };
    [name.to_owned(), grouped(pages), read, grouped(retries)]
}

/// The table, and what else is known.
impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.table())?;
        write!(
            f,
            "{}; {} pending, {} disallowed by robots.txt",
            counted(self.links, "link", "links"),
            counted(self.pending, "URL", "URLs"),
            grouped(self.disallowed)
        )
    }
}

/// What a run did, on one line.
pub(crate) fn of_run(done: &Done, took: Duration) -> String {
    let pages = counted(done.pages, "page", "pages");
    let rate = done.pages as f64 / took.as_secs_f64().max(f64::EPSILON);
    format!(
        "this run: {pages} in {}, {rate:.0} a second, {}; at most {} in memory",
        shown(took),
        counted(done.retries, "retry", "retries"),
        counted(done.urls_most as u64, "URL", "URLs"),
    )
}
