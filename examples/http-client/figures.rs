//! How it went: counted while it goes, so that a run that ends early has figures too.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aqueduct_examples::duration::shown;
use aqueduct_examples::format::{counted, grouped, megabytes};
use aqueduct_examples::table::{Align, Table};
use hdrhistogram::Histogram;
use hyper::Uri;
use indicatif::ProgressBar;

use crate::fetch::Failure;

/// More failures are counted, and not shown.
const SHOWN: usize = 10;

/// Latencies are kept to three digits, in microseconds, up to an hour.
const DIGITS: u8 = 3;
const LONGEST: u64 = 3_600_000_000;

/// What all fetches write down.
#[derive(Debug)]
pub(crate) struct Recorder {
    figures: Mutex<Figures>,
    bar: ProgressBar,
}

/// What was written down.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    wanted: usize,
    fetched: Histogram<u64>,
    failed: Histogram<u64>,
    bytes: u64,
    /// The first few.
    failures: Vec<String>,
    elapsed: Duration,
}

impl Recorder {
    /// For so many URLs.
    pub(crate) fn new(wanted: usize, bar: ProgressBar) -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("bounds that fit");
        let figures = Figures {
            wanted,
            fetched: histogram.clone(),
            failed: histogram,
            bytes: 0,
            failures: Vec::new(),
            elapsed: Duration::ZERO,
        };
        Self {
            figures: Mutex::new(figures),
            bar,
        }
    }

    pub(crate) fn record(&self, url: &Uri, took: Duration, fetched: &Result<u64, Failure>) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(bytes) => {
                figures.fetched.saturating_record(micros);
                figures.bytes += bytes;
            }
            // It says nothing of the URL.
            Err(Failure::Cancelled(_)) => return,
            Err(failure) => {
                figures.failed.saturating_record(micros);
                if figures.failures.len() < SHOWN {
                    figures.failures.push(format!("{url}: {failure}"));
                }
            }
        }
        drop(figures);
        self.bar.inc(1);
    }

    /// The figures, of a run that took so long.
    pub(crate) fn finish(&self, elapsed: Duration) -> Figures {
        self.bar.finish_and_clear();
        let figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        Figures {
            elapsed,
            ..figures.clone()
        }
    }
}

impl Figures {
    pub(crate) fn failed(&self) -> u64 {
        self.failed.len()
    }

    /// How many were neither fetched nor failed.
    fn missing(&self) -> u64 {
        self.wanted as u64 - self.fetched.len() - self.failed.len()
    }

    fn table(&self) -> String {
        use Align::{Left, Right};

        let mut table = Table::new([Left, Right, Right, Right, Right, Right]);
        table.row(["", "URLs", "p50", "p90", "p99", "max"].map(str::to_owned));
        table.rule();
        table.row(row("fetched", &self.fetched));
        if !self.failed.is_empty() {
            table.row(row("failed", &self.failed));
        }
        table.render()
    }
}

fn row(name: &str, latencies: &Histogram<u64>) -> Vec<String> {
    let mut row = vec![name.to_owned(), grouped(latencies.len())];
    if !latencies.is_empty() {
        let quantiles = [0.5, 0.9, 0.99, 1.0].map(|q| latencies.value_at_quantile(q));
        row.extend(quantiles.map(|micros| shown(Duration::from_micros(micros))));
    }
    row
}

/// The table, the failures, and a line that sums them up.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.table())?;
        for failure in &self.failures {
            writeln!(f, "failed: {failure}")?;
        }
        let more = self.failed() - self.failures.len() as u64;
        if more > 0 {
            writeln!(f, "failed: and {} more", grouped(more))?;
        }
        let fetched = counted(self.fetched.len(), "URL", "URLs");
        let rate = self.fetched.len() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON);
        write!(
            f,
            "{fetched}, {} in {}: {rate:.0} a second",
            megabytes(self.bytes),
            shown(self.elapsed)
        )?;
        if self.missing() > 0 {
            write!(f, " (PARTIAL: {} not fetched)", grouped(self.missing()))?;
        }
        writeln!(f)
    }
}

#[cfg(test)]
mod tests;
