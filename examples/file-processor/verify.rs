//! The same numbers by other means.
//!
//! A recount shares nothing with the count but the rules that are names (the type of a file, the
//! words for a skipped one, which directories are left out): it walks recursively on one thread,
//! reads whole files, splits them with the standard library's iterators, and keeps everything in one
//! ordered map from the name of a figure to its value. It is slow and plain on purpose.
//!
//! What was written is read again, row by row, and compared with a row for each file of the recount.
//!
//! When files change between the two passes the passes disagree, and rightly so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use aqueduct_cancel::CancelScope;
use aqueduct_group::{Collect, TaskEnd};

use crate::count::{NAME_MAX, NAME_MIN};
use crate::file_type::FileType;
use crate::input::Roots;
use crate::output::Files;
use crate::pipeline;
use crate::read;
use crate::report::{Difference, Verdict};
use crate::skip::Skip;
use crate::tally::Counts;
use crate::walk;

mod rows;

use rows::Row;

/// Every figure by its name, such as `Rust: lines` or `Rust: identifier self`.
type Figures = BTreeMap<String, u64>;

/// Recounts `roots`, on a thread of its own so that Ctrl-C is heard meanwhile, and compares each figure with `counts` and
/// with what is in `files`.
pub(crate) async fn run(
    roots: Roots,
    counts: &Counts,
    files: &Files,
    scope: &CancelScope,
) -> Verdict {
    let recount = pipeline::threads("recount", scope).open(Collect::new());
    let of_roots = {
        let (scope, files) = (recount.scope().clone(), files.clone());
        move || {
            let mut recount = Recount::of(&roots, &scope)?;
            let written = rows::read(&files);
            let expected = rows::expected(&recount.rows, &files);
            recount.figures.extend(expected);
            Some((written, recount.figures))
        }
    };
    // A scope that was cancelled before lets nothing begin, and then there is nothing to wait for.
    let _ = recount.unnamed().spawn_blocking(of_roots).await;
    let recounted = recount.join().await.pop().and_then(TaskEnd::returned);
    match recounted.flatten() {
        Some((written, recounted)) => {
            let mut counted = figures(counts);
            counted.extend(written);
            compare(&counted, &recounted)
        }
        None => Verdict::Unfinished,
    }
}

/// The figures of a count, under the names that the recount gives them.
fn figures(counts: &Counts) -> Figures {
    let mut figures = Figures::new();
    for (file_type, tally) in &counts.types {
        figures.insert(format!("{file_type}: files"), tally.files);
        figures.insert(format!("{file_type}: bytes"), tally.bytes);
        figures.insert(format!("{file_type}: lines"), tally.lines);
        figures.insert(format!("{file_type}: words"), tally.words);
        for (name, count) in tally.names.iter() {
            figures.insert(format!("{file_type}: identifier {name}"), count);
        }
    }
    for (why, count) in &counts.skipped {
        figures.insert(format!("skipped: {why}"), *count);
    }
    if counts.left_out > 0 {
        figures.insert(LEFT_OUT.to_owned(), counts.left_out);
    }
    figures
}

/// Compares two sets of figures; one that is missing counts as zero.
fn compare(counted: &Figures, recounted: &Figures) -> Verdict {
    let names: BTreeSet<_> = counted.keys().chain(recounted.keys()).collect();
    let value = |figures: &Figures, name| figures.get(name).copied().unwrap_or(0);
    let differences: Vec<_> = names
        .iter()
        .map(|&name| Difference {
            figure: name.clone(),
            counted: value(counted, name),
            recounted: value(recounted, name),
        })
        .filter(|difference| difference.counted != difference.recounted)
        .collect();
    match differences.is_empty() {
        true => Verdict::Agrees {
            figures: names.len(),
        },
        false => Verdict::Disagrees(differences),
    }
}

#[derive(Debug)]
struct Recount<'a> {
    roots: &'a Roots,
    figures: Figures,
    rows: Vec<Row>,
    seen: BTreeSet<PathBuf>,
    scope: &'a CancelScope,
}

impl<'a> Recount<'a> {
    /// Counts everything below `roots`; nothing when stopped.
    fn of(roots: &'a Roots, scope: &'a CancelScope) -> Option<Self> {
        let mut recount = Self {
            roots,
            figures: Figures::new(),
            rows: Vec::new(),
            seen: BTreeSet::new(),
            scope,
        };
        for root in &roots.paths {
            recount.entry(root);
        }
        (!scope.is_cancelled()).then_some(recount)
    }

    fn entry(&mut self, path: &Path) {
        // A root below another root is met twice; its second meeting is passed over.
        let again = !self.seen.insert(path.to_owned());
        if self.scope.is_cancelled() || again || self.roots.own.contains(path) {
            return;
        }
        let outcome = fs::symlink_metadata(path)
            .map_err(Skip::from)
            .and_then(|metadata| match metadata.file_type() {
                kind if kind.is_symlink() => Err(Skip::Symlink),
                kind if kind.is_dir() => self.directory(path),
                kind if kind.is_file() => self.file(path),
                _ => Err(Skip::Special),
            });
        if let Err(why) = outcome {
            self.add(format!("skipped: {why}"), 1);
        }
    }

    fn directory(&mut self, path: &Path) -> Result<(), Skip> {
        for entry in fs::read_dir(path)? {
            let below = match entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    self.add(format!("skipped: {}", Skip::from(error)), 1);
                    continue;
                }
            };
            let is_dir = fs::symlink_metadata(&below).is_ok_and(|metadata| metadata.is_dir());
            if !is_dir || !walk::is_left_out(&below) {
                self.entry(&below);
            } else if !self.roots.paths.contains(&below) {
                self.add(LEFT_OUT.to_owned(), 1);
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), Skip> {
        let text = fs::read(path)?;
        if read::is_binary(&text) {
            return Err(Skip::Binary);
        }
        let file_type = FileType::of(path);
        let newlines = text.iter().filter(|&&byte| byte == b'\n').count();
        let words = text.split(|byte| b" \t\n\x0b\x0c\r".contains(byte));
        let words = words.filter(|word| !word.is_empty()).count();
        self.add(format!("{file_type}: files"), 1);
        self.add(format!("{file_type}: bytes"), text.len());
        self.add(format!("{file_type}: lines"), newlines);
        self.add(format!("{file_type}: words"), words);
        self.rows.push(Row {
            path: path.to_string_lossy().into_owned(),
            file_type: file_type.to_string(),
            bytes: text.len() as u64,
            lines: newlines as u64,
            words: words as u64,
        });
        let mut names: BTreeMap<&[u8], usize> = BTreeMap::new();
        for run in text.split(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_')) {
            let long_enough = run.len() >= NAME_MIN && run.len() <= NAME_MAX;
            if long_enough && !run[0].is_ascii_digit() {
                *names.entry(run).or_default() += 1;
            }
        }
        for (name, count) in names {
            let name = String::from_utf8_lossy(name);
            self.add(format!("{file_type}: identifier {name}"), count);
        }
        Ok(())
    }

    fn add(&mut self, figure: String, count: usize) {
        *self.figures.entry(figure).or_default() += count as u64;
    }
}

const LEFT_OUT: &str = "directories left out";

#[cfg(test)]
mod tests;
