//! What was written, as figures: those of each file, and whether all of it can be read.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;

use super::Figures;
use crate::output::{Database, Files};

/// A file's row, as the recount would write it.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) path: String,
    #[serde(rename = "type")]
    pub(super) file_type: String,
    pub(super) bytes: u64,
    pub(super) lines: u64,
    pub(super) words: u64,
}

impl Row {
    /// Adds the row to the figures of an output. A file that is there twice has them twice.
    fn add_to(&self, figures: &mut Figures, output: &Path) {
        let Self {
            path, file_type, ..
        } = self;
        let output = output.display();
        for (name, value) in [
            ("rows", 1),
            ("bytes", self.bytes),
            ("lines", self.lines),
            ("words", self.words),
        ] {
            let name = format!("{output}: {path} ({file_type}): {name}");
            *figures.entry(name).or_default() += value;
        }
    }
}

/// The figures that the outputs should have, all of them alike.
pub(super) fn expected(rows: &[Row], files: &Files) -> Figures {
    let mut figures = Figures::new();
    let database = files.sqlite.iter();
    for output in files
        .jsonl
        .iter()
        .chain(database.clone().map(|it| &it.path))
    {
        for row in rows {
            row.add_to(&mut figures, output);
        }
    }
    figures.extend(database.map(|database| (ended(database), 1)));
    figures
}

/// The figures that they have. What cannot be read is a figure that nobody expects.
pub(super) fn read(files: &Files) -> Figures {
    let mut figures = Figures::new();
    if let Some(path) = &files.jsonl
        && let Err(error) = read_lines(path, &mut figures)
    {
        figures.insert(format!("{}: {error}", path.display()), 1);
    }
    if let Some(database) = &files.sqlite
        && let Err(error) = read_database(database, &mut figures)
    {
        figures.insert(format!("{}: {error}", database.path.display()), 1);
    }
    figures
}

fn read_lines(path: &Path, figures: &mut Figures) -> io::Result<()> {
    for line in BufReader::new(File::open(path)?).lines() {
        let row: Row = serde_json::from_str(&line?)?;
        row.add_to(figures, path);
    }
    Ok(())
}

fn read_database(database: &Database, figures: &mut Figures) -> rusqlite::Result<()> {
    // One that can only read leaves its shared memory beside the database.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&database.path, flags)?;
    let rows = "SELECT path, type, bytes, lines, words FROM files WHERE run = ?1";
    let mut select = connection.prepare(rows)?;
    let mut rows = select.query((database.run,))?;
    while let Some(row) = rows.next()? {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        let row = Row {
            path: row.get(0)?,
            file_type: row.get(1)?,
            bytes: number(2)?,
            lines: number(3)?,
            words: number(4)?,
        };
        row.add_to(figures, &database.path);
    }
    let whole =
        "SELECT count(*) FROM runs WHERE id = ?1 AND ended_at >= started_at AND NOT is_partial";
    let whole: i64 = connection.query_row(whole, (database.run,), |row| row.get(0))?;
    figures.insert(ended(database), whole.cast_unsigned());
    Ok(())
}

fn ended(database: &Database) -> String {
    let Database { path, run } = database;
    format!("{}: run {run} has ended", path.display())
}

#[cfg(test)]
mod tests;
