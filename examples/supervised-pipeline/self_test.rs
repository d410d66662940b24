//! The same tree, counted without faults and with those of several seeds.
//!
//! The first row is a run under supervision in which nothing goes wrong: no child may be started again then, and nothing
//! handed out again. In each other row children must have died, and in all of them together each stage must have, and each kind
//! of fault must have come; or the test would show nothing.

mod source;

use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_examples::duration::shown;
use aqueduct_examples::format::{counted, grouped};
use aqueduct_examples::table::{Align, Table};
use aqueduct_group::tree;

use crate::differences::compare;
use crate::faults::Faults;
use crate::input;
use crate::supervised::{self, Options, Outcome};
use crate::tally::Counts;
use crate::{input::Roots, plain};

/// How the test is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seeds: u64,
    pub(crate) lasting: Duration,
    pub(crate) options: Options,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
    Interrupted,
}

/// An item passes nine places: about every second one dies somewhere on its way.
const RATE: f64 = 0.06;

/// Nothing that is well takes so long.
const PATIENCE: Duration = Duration::from_millis(80);

struct Row {
    run: String,
    outcome: Outcome,
    /// In how many figures it is not as it should be.
    differences: usize,
    wrong: Vec<String>,
}

pub(crate) async fn run(plan: Plan, scope: &CancelScope) -> Result<Verdict, String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let files = source::make(scratch.path()).map_err(|error| error.to_string())?;
    let roots = input::roots(&[scratch.path().to_owned()]).map_err(|error| error.to_string())?;
    eprintln!(
        "Self-test: {}, {} and a run without faults (Ctrl-C stops)",
        counted(files, "file", "files"),
        counted(plan.seeds, "seed", "seeds"),
    );
    let Some(rows) = rows(&roots, plan, scope).await else {
        eprintln!("interrupted: the self-test is not finished");
        return Ok(Verdict::Interrupted);
    };
    Ok(tell(&rows, plan.seeds))
}

/// None if it was told to stop.
async fn rows(roots: &Roots, plan: Plan, scope: &CancelScope) -> Option<Vec<Row>> {
    let start = Instant::now();
    let expected = plain::run(roots.clone(), scope).await?;
    let mut rows = Vec::new();
    let mut seed = 0;
    while seed <= plan.seeds || start.elapsed() < plan.lasting {
        let (run, faults) = match seed {
            0 => ("no faults".to_owned(), Faults::new(0.0, 0)),
            seed => (format!("seed {seed}"), Faults::new(RATE, seed)),
        };
        let options = match seed {
            0 => plan.options,
            _ => Options {
                patience: PATIENCE,
                ..plan.options
            },
        };
        let mut outcome = supervised::run(roots.clone(), faults, options, scope).await;
        if scope.is_cancelled() {
            return None;
        }
        let differences = compare(&outcome.counts, &expected).differences.len();
        // A test that lasts for long does not grow by it.
        outcome.counts = Counts::default();
        rows.push(Row {
            wrong: wrong(seed, &outcome, differences, plan.options.stages()),
            run,
            outcome,
            differences,
        });
        seed += 1;
    }
    Some(rows)
}

/// What is not as it should be in one run, of so many stages.
fn wrong(seed: u64, outcome: &Outcome, differences: usize, stages: u64) -> Vec<String> {
    let (restarts, struck) = (outcome.restarts.sum(), outcome.struck);
    let faults = struck.panics + struck.errors + struck.stalls;
    let checks = [
        (!outcome.is_whole(), "it did not come to its end"),
        (differences > 0, "its result is not that of the run without"),
        (
            seed == 0 && (restarts > 0 || outcome.again > 0),
            "children were started again without a fault",
        ),
        (seed > 0 && faults == 0, "nothing went wrong in it"),
        // The last one of a stage may not be: what it had in hand others have done before its back-off was over, and nothing
        // is left to do.
        (
            restarts + stages < faults,
            "a fault was not answered by a restart",
        ),
    ];
    let wrong = checks.into_iter().filter(|check| check.0);
    wrong.map(|check| check.1.to_owned()).collect()
}

/// What did not happen in any run, so that the test does not show how it is answered.
fn missing(rows: &[Row]) -> Vec<&'static str> {
    let sum = |figure| sum(rows, figure);
    let happened = [
        (sum(|it| it.struck.panics), "panic"),
        (sum(|it| it.struck.errors), "error"),
        (sum(|it| it.struck.stalls), "stall"),
        (sum(|it| it.restarts.walker), "restart of the walker"),
        (sum(|it| it.restarts.readers), "restart of a reader"),
        (sum(|it| it.restarts.tally), "restart of the tally"),
        (sum(|it| it.again), "item that was handed out again"),
        (sum(|it| it.twice), "batch that came to the sum twice"),
    ];
    let missing = happened.into_iter().filter(|(times, _)| *times == 0);
    missing.map(|(_, what)| what).collect()
}

/// Prints the table; says whether all is well.
fn tell(rows: &[Row], seeds: u64) -> Verdict {
    use Align::{Left, Right};
    let mut table = Table::new([
        Left, Right, Right, Right, Right, Right, Right, Right, Right, Right, Left,
    ]);
    table.row(
        [
            "Run", "Panics", "Errors", "Stalls", "Walker", "Readers", "Tally", "Again", "Twice",
            "Time", "Result",
        ]
        .map(str::to_owned),
    );
    table.rule();
    let (shown, more) = rows.split_at(rows.len().min(seeds as usize + 1));
    for row in shown {
        table.row(cells(row.run.clone(), std::slice::from_ref(row)));
    }
    if !more.is_empty() {
        let label = counted(more.len() as u64, "more seed", "more seeds");
        table.row(cells(label, more));
    }
    print!("\n{}\n", table.render());
    println!(
        "Walker, Readers, Tally: how many times they were started again. Again: items that were handed out again. Twice: \
         batches that came to the sum a second time, and did not count."
    );
    verdict(rows)
}

/// A line of the table, of one run or the sum of several.
fn cells(label: String, rows: &[Row]) -> Vec<String> {
    let figures: [fn(&Outcome) -> u64; 8] = [
        |it| it.struck.panics,
        |it| it.struck.errors,
        |it| it.struck.stalls,
        |it| it.restarts.walker,
        |it| it.restarts.readers,
        |it| it.restarts.tally,
        |it| it.again,
        |it| it.twice,
    ];
    let mut cells = vec![label];
    cells.extend(figures.map(|figure| grouped(sum(rows, figure))));
    cells.push(shown(rows.iter().map(|row| row.outcome.elapsed).sum()));
    let differ: usize = rows.iter().map(|row| row.differences).sum();
    cells.push(match differ {
        0 => "equal".to_owned(),
        _ => format!("{} differ", counted(differ as u64, "figure", "figures")),
    });
    cells
}

fn sum(rows: &[Row], figure: fn(&Outcome) -> u64) -> u64 {
    rows.iter().map(|row| figure(&row.outcome)).sum()
}

fn verdict(rows: &[Row]) -> Verdict {
    let mut failed = false;
    for row in rows {
        for wrong in &row.wrong {
            failed = true;
            println!("{}: {wrong} ({})", row.run, row.outcome.exit);
        }
    }
    for missing in missing(rows) {
        failed = true;
        println!("in no run there was a {missing}");
    }
    let left = tree();
    let tasks = left.task_count();
    println!("tasks alive after all runs: {tasks}");
    if tasks > 0 {
        print!("{left}");
    }
    match failed || tasks > 0 {
        false => {
            println!("self-test passed");
            Verdict::Passed
        }
        true => {
            println!("self-test FAILED");
            Verdict::Failed
        }
    }
}
