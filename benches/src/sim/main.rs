//! Runs limits against services that have a knee, and prints what came of it: the program behind `cargo xtask sim`.
//!
//! Nothing sleeps and nothing is measured: the clock is a number, all that is random hangs on a seed, and what decides is
//! the code that ships. So the figures are the same on every machine.
#![forbid(unsafe_code)]

mod measure;
mod rng;
mod service;
mod suite;
mod svg;
mod table;
mod world;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, io, thread};

use clap::Parser;

use measure::Spread;
use service::Shape;
use suite::{Effort, Row, Rule, SHAPES, Suite};
use svg::{Curve, Panel, Picture};
use world::Trace;

#[derive(Debug, Parser)]
struct Args {
    /// Two seeds and short phases: shows that it runs, and that the default does what is wanted
    #[arg(long)]
    smoke: bool,
    /// Before this service alone: slots, sharing or slow
    #[arg(long)]
    service: Option<String>,
    /// The default algorithm alone, and no curves
    #[arg(long)]
    default_alone: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let effort = if args.smoke {
        Effort::SMOKE
    } else {
        Effort::FULL
    };
    println!(
        "{} seeds, phases of {:.0} s of which {:.0} s count. Median over the seeds / worst.",
        effort.seeds,
        effort.phase,
        effort.phase - effort.warm_up
    );
    let mut missed = Vec::new();
    for (number, shape) in SHAPES.into_iter().enumerate() {
        if args.service.as_ref().is_some_and(|name| name != shape.name) {
            continue;
        }
        let rows = play(shape, effort, args.default_alone);
        // The wanted figures are those of the service with slots; the other shows what becomes of them elsewhere.
        if number == 0 {
            missed = rows[0].missed();
        }
    }
    if missed.is_empty() {
        println!("\nThe default has all that is wanted of it before `slots`.");
        ExitCode::SUCCESS
    } else {
        println!("\nThe default misses: {}", missed.join("; "));
        ExitCode::FAILURE
    }
}

fn play(shape: Shape, effort: Effort, default_alone: bool) -> Vec<Row> {
    let suite = Suite::new(shape, effort);
    let (best, goodput) = suite.best;
    println!(
        "\n{}: {}.\nThe best fixed limit at 2 times the capacity is {best}, with {goodput:.0} good responses a second.\n",
        shape.name, shape.about
    );
    let fixed = [Rule::Fixed(shape.width), Rule::Fixed(best), Rule::None];
    let mut rules: Vec<Rule> = Rule::ADAPTIVE.into_iter().chain(fixed).collect();
    if default_alone {
        rules.truncate(1);
    }
    let rows = rows(&suite, rules);
    println!("{}", table::HEADER);
    rows.iter().for_each(|row| println!("{}", table::line(row)));
    println!("\n{}", table::MORE);
    rows.iter().for_each(|row| println!("{}", table::more(row)));
    if default_alone {
        return rows;
    }
    match draw(&suite) {
        Ok(path) => println!("curves: {}", path.display()),
        Err(error) => eprintln!("no curves: {error}"),
    }
    rows
}

/// A row for each rule, on as many threads as there are processors: which runs when changes no figure.
fn rows(suite: &Suite, rules: Vec<Rule>) -> Vec<Row> {
    let next = AtomicUsize::new(0);
    let slots: Vec<OnceLock<Row>> = rules.iter().map(|_| OnceLock::new()).collect();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(rule) = rules.get(at) else {
                return;
            };
            let _ = slots[at].set(suite.row(*rule));
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        (0..threads.min(rules.len())).for_each(|_| {
            scope.spawn(work);
        });
    });
    let row = |slot: OnceLock<Row>| slot.into_inner().expect("each rule had its turn");
    slots.into_iter().map(row).collect()
}

impl Row {
    /// Which of the wanted figures it has not.
    fn missed(&self) -> Vec<String> {
        let wanted = [
            ("goodput at 2", self.goodput.worst >= 0.93, self.goodput),
            (
                "false rejections",
                self.rejected.worst < 0.02,
                self.rejected,
            ),
            (
                "settling, load",
                self.settled_load.worst <= 3.0,
                self.settled_load,
            ),
            (
                "settling, capacity",
                self.settled_capacity.worst <= 3.0,
                self.settled_capacity,
            ),
            ("fairness", self.fairness.worst >= 0.95, self.fairness),
        ];
        let missed = wanted.iter().filter(|(_, met, _)| !met);
        missed
            .map(|(what, _, Spread { median, worst })| format!("{what} ({median:.3}/{worst:.3})"))
            .collect()
    }
}

/// What one client sees over time, by a rule and a seed.
type Step = fn(&Suite, Rule, u64) -> Trace;

/// The limit and the goodput over time, with a step of the load and with steps of the capacity.
fn draw(suite: &Suite) -> io::Result<PathBuf> {
    let steps: [(&str, Step); 2] = [
        (
            "the load goes from 0.8 to 2 times the capacity",
            Suite::load_step,
        ),
        (
            "half of the capacity goes, and comes back",
            Suite::capacity_step,
        ),
    ];
    let mut panels = Vec::new();
    for (what, run) in steps {
        let traces = Rule::ADAPTIVE.map(|rule| (rule.name(), run(suite, rule, 0)));
        panels.push(panel(format!("limit, when {what}"), &traces, limit));
        panels.push(panel(
            format!("good responses a second, when {what}"),
            &traces,
            goodput,
        ));
    }
    let picture = Picture {
        title: format!("{}: {}", suite.shape.name, suite.shape.about),
        panels,
    };
    let folder = target().join("sim");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}.svg", suite.shape.name));
    fs::write(&path, picture.svg())?;
    Ok(path)
}

fn panel(
    title: String,
    traces: &[(String, Trace)],
    points: fn(&Trace) -> Vec<(f64, f64)>,
) -> Panel {
    let curve = |(name, trace): &(String, Trace)| Curve {
        name: name.clone(),
        points: points(trace),
    };
    Panel {
        title,
        curves: traces.iter().map(curve).collect(),
    }
}

fn limit(trace: &Trace) -> Vec<(f64, f64)> {
    let points = trace.limits.iter().enumerate().step_by(5);
    points
        .map(|(number, limit)| (number as f64 * trace.sample, *limit as f64))
        .collect()
}

fn goodput(trace: &Trace) -> Vec<(f64, f64)> {
    let stretch = 10.0 * trace.sample;
    let stretches = trace.limits.len() / 10;
    (0..stretches)
        .map(|number| {
            let at = number as f64 * stretch;
            (at, trace.goodput(at, at + stretch))
        })
        .collect()
}

/// Where cargo builds, as the program lies in a folder of it.
fn target() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let profile = program.parent();
    let target = profile.and_then(|folder| folder.parent());
    target.map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

#[cfg(test)]
mod tests;
