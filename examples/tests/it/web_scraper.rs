//! The crawler, from outside: what it prints and writes, and what a server sees of it.

mod kill;
mod polite;
mod site;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::{Ended, Running};

const SOON: Duration = Duration::from_secs(30);

/// A crawl of the site that is made up, with a database that stays.
fn of_site(db: &Path, args: &[&str]) -> Command {
    let mut command = command(&["--deadline", "1s", "--site-pages", "30", "--verify"]);
    command.arg("--db").arg(db).args(args);
    command
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_web-scraper"));
    command.args(args);
    command
}

fn run(command: &mut Command) -> Ended {
    Running::start(command).end(SOON)
}

/// What a query gives, a line a row.
fn rows(db: &Path, query: &str) -> Vec<String> {
    let database = rusqlite::Connection::open(db).unwrap();
    let mut select = database.prepare(query).unwrap();
    let columns = select.column_count();
    let rows = select.query_map((), |row| {
        let cells = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
        let cells: Vec<_> = cells.collect::<Result<_, _>>()?;
        Ok(format!("{cells:?}"))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// All that is the same in each crawl of the same site.
fn content(db: &Path) -> Vec<String> {
    let mut content = rows(
        db,
        "SELECT url, status, depth, bytes, title, error, tries FROM pages ORDER BY url",
    );
    content.extend(rows(db, "SELECT * FROM links ORDER BY 1, 2"));
    content.extend(rows(db, "SELECT * FROM frontier ORDER BY url"));
    content
}

fn assert_is_sound(db: &Path) {
    assert_eq!(rows(db, "PRAGMA integrity_check"), ["[Text(\"ok\")]"]);
    // What is done has a page, and what has a page is done.
    let torn = "SELECT url FROM frontier LEFT JOIN pages USING (url) \
        WHERE (state = 'done') <> (pages.depth IS NOT NULL)";
    assert_eq!(rows(db, torn), [""; 0]);
}
