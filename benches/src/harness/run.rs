//! Runs a bench's cases in interleaved rounds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use indicatif::{ProgressBar, ProgressStyle};

use super::watchdog::Watchdog;
use super::{Bench, Case, Effort, Entrant};

/// What the rounds of one case gave.
pub(crate) struct Outcome {
    pub(crate) who: Entrant,
    /// For each metric of the bench the figures of all rounds; `None` if the case panicked, which ends its part.
    pub(crate) figures: Option<Vec<Vec<f64>>>,
}

/// Runs benches one after another.
pub(crate) struct Runner {
    effort: Effort,
    watchdog: Watchdog,
    progress: ProgressBar,
}

impl Runner {
    /// Prepares to run `benches`, whose rounds the progress bar counts. The bar is drawn on stderr if that is a
    /// terminal.
    pub(crate) fn new(benches: &[Bench], effort: Effort) -> Self {
        let each = |bench: &Bench| match (effort.warm_up, bench.settles) {
            (true, true) => 2 * bench.rounds(&effort),
            (true, false) => bench.rounds(&effort) + 1,
            (false, _) => bench.rounds(&effort),
        };
        let rounds = benches
            .iter()
            .map(|bench| bench.cases.len() * each(bench))
            .sum::<usize>();
        let progress = ProgressBar::new(rounds as u64);
        progress.set_style(
            ProgressStyle::with_template("{bar:32} {percent:>3}% {eta:>4} left  {msg}")
                .expect("the template is well formed"),
        );
        Runner {
            effort,
            watchdog: Watchdog::start(),
            progress,
        }
    }

    /// Runs every case of `bench` as often as the effort says: round by round, each beginning with another case, so that
    /// a slow spell of the machine hits all.
    pub(crate) fn run(&self, bench: &Bench) -> Vec<Outcome> {
        let metrics = bench.metrics.len();
        let mut outcomes: Vec<Outcome> = bench
            .cases
            .iter()
            .map(|case| Outcome {
                who: case.who.clone(),
                figures: Some(vec![Vec::new(); metrics]),
            })
            .collect();

        if self.effort.warm_up && !bench.settles {
            for (case, outcome) in bench.cases.iter().zip(&mut outcomes) {
                if self.round(bench, case).is_none() {
                    outcome.figures = None;
                }
            }
        }
        for round in 0..bench.rounds(&self.effort) {
            for turn in 0..bench.cases.len() {
                let place = (turn + round) % bench.cases.len();
                let Some(all) = &mut outcomes[place].figures else {
                    continue;
                };
                let case = &bench.cases[place];
                let settled =
                    !(self.effort.warm_up && bench.settles) || self.round(bench, case).is_some();
                match settled.then(|| self.round(bench, case)).flatten() {
                    Some(figures) => {
                        all.iter_mut()
                            .zip(figures)
                            .for_each(|(all, figure)| all.push(figure));
                    }
                    None => outcomes[place].figures = None,
                }
            }
        }
        outcomes
    }

    /// Takes the progress bar away while `print` writes to the terminal.
    pub(crate) fn printing<R>(&self, print: impl FnOnce() -> R) -> R {
        self.progress.suspend(print)
    }

    pub(crate) fn finish(&self) {
        self.progress.finish_and_clear();
    }

    /// One round, or `None` if it panicked: a peer that fails must not take the others' figures with it.
    fn round(&self, bench: &Bench, case: &Case) -> Option<Vec<f64>> {
        let label = format!("{} · {}", bench.metrics[0].group, case.who.name);
        self.progress.set_message(label.clone());
        let figures = self.watchdog.guard(label.clone(), || {
            catch_unwind(AssertUnwindSafe(|| (case.round)(&self.effort))).ok()
        });
        self.progress.inc(1);
        if figures.is_none() {
            self.printing(|| eprintln!("{label}: the round panicked; it is left out"));
        }
        figures
    }
}

#[cfg(test)]
mod tests;
