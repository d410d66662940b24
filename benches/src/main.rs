//! Measures every figure of the project beside its peers'. The README says how to run it and how to read it.

mod actors;
mod alloc;
mod cancel;
mod channel;
mod cli;
mod entrants;
mod groups;
mod harness;
mod limits;
mod ours;
#[cfg_attr(not(feature = "peers"), path = "peers/none.rs")]
mod peers;
mod permits;
mod report;
mod stream;
mod supervisors;
mod tasks;
mod versions;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use cli::Args;
use harness::run::Runner;
use harness::{Bench, Case, Effort};
use report::group::Group;
use report::machine::Machine;
use report::{Report, compare, html, table};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let args = Args::parse();
    peers::prepare();
    let done = match &args.once {
        Some(names) => once(&names[0], &names[1], args.effort()),
        None if args.list => list(&select(&args)),
        None => measure(&args, &select(&args)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The benches with a wanted group; without the peers in a smoke run.
fn select(args: &Args) -> Vec<Bench> {
    let mut benches = groups::all();
    benches.retain(|bench| bench.metrics.iter().any(|metric| args.wants(&metric.group)));
    if args.smoke {
        benches
            .iter_mut()
            .for_each(|bench| bench.cases.retain(|case| case.who.ours));
    }
    benches.retain(|bench| !bench.cases.is_empty());
    benches
}

fn list(benches: &[Bench]) -> Outcome<()> {
    for bench in benches {
        let names: Vec<_> = bench
            .cases
            .iter()
            .map(|case| case.who.name.as_str())
            .collect();
        for metric in &bench.metrics {
            println!("{}: {}", metric.group, names.join(", "));
        }
    }
    Ok(())
}

/// Runs the case `name` of `group` once, alone in the process.
fn once(group: &str, name: &str, effort: Effort) -> Outcome<()> {
    let benches = groups::all();
    let bench = benches
        .iter()
        .find(|bench| bench.metrics.iter().any(|m| m.group == group));
    let bench = bench.ok_or_else(|| format!("no group is called {group}; see --list"))?;
    let case = bench.cases.iter().find(|case| case.who.name == name);
    let case = case.ok_or_else(|| format!("{group} has no row {name}; see --list"))?;
    for (metric, figure) in bench.metrics.iter().zip(measured(case, effort)) {
        println!(
            "{} · {name}: {figure:.3} {}",
            metric.group,
            metric.unit.name()
        );
    }
    Ok(())
}

/// The function that a profiler is told to watch: nothing but the case.
#[inline(never)]
fn measured(case: &Case, effort: Effort) -> Vec<f64> {
    (case.round)(&effort)
}

/// Runs `benches`, prints a table for each group, and writes the report after each bench, so that what was measured is
/// there even if a later case ends the program.
fn measure(args: &Args, benches: &[Bench]) -> Outcome<()> {
    if benches.is_empty() {
        return Err("no group matches; see --list".into());
    }
    let before = args.against.as_deref().map(|name| Ok((name, saved(name)?)));
    let before = before.transpose().map_err(|error: Box<dyn Error>| error)?;
    let machine = Machine::here();
    println!("{machine}\n");

    let runner = Runner::new(benches, args.effort());
    let mut groups = Vec::new();
    for bench in benches {
        let outcomes = runner.run(bench);
        for (place, metric) in bench.metrics.iter().enumerate() {
            if args.wants(&metric.group) {
                let group = Group::new(metric, place, &outcomes);
                runner.printing(|| println!("{}", table::table(&group)));
                groups.push(group);
            }
        }
        Report::new(machine.clone(), &groups).write(&report::json_path())?;
    }
    runner.finish();

    let report = Report::new(machine, &groups);
    if let Some((name, before)) = before {
        println!("{}", compare::comparison(name, &before, &report));
    }
    println!("report: {}", report::json_path().display());
    if args.html {
        report::write(&report::html_path(), &html::page(&report.machine, &groups))?;
        println!("plots:  {}", report::html_path().display());
    }
    if let Some(name) = &args.save {
        report.write(&report::saved_path(name))?;
        println!("saved:  {}", report::saved_path(name).display());
    }
    verdict(&groups)
}

/// The report that was kept as `name`.
fn saved(name: &str) -> Outcome<Report> {
    let path = report::saved_path(name);
    Report::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

/// A case of ours that panicked fails the run; a peer's is told and left out.
fn verdict(groups: &[Group]) -> Outcome<()> {
    let failed: Vec<String> = groups
        .iter()
        .flat_map(|group| {
            group
                .panicked
                .iter()
                .map(|name| (&group.metric.group, name))
        })
        .filter(|(_, name)| name.starts_with(report::OURS))
        .map(|(group, name)| format!("{name} in {group}"))
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("panicked: {}", failed.join(", ")).into())
    }
}
