//! Runs every figure of the project beside its peers'. See the README.

mod alloc;
mod channel;
mod entrants;
mod groups;
mod harness;
mod ours;
#[cfg_attr(not(feature = "peers"), path = "peers/none.rs")]
mod peers;
mod report;
mod versions;

use std::process::ExitCode;

use clap::Parser;

use harness::run::Runner;
use harness::{Bench, Effort};
use report::machine::Machine;
use report::{Report, table};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

/// Measures Aqueduct beside its peers, in interleaved rounds.
#[derive(Debug, Parser)]
struct Args {
    /// Substrings of group names, separated by commas; all groups without it.
    #[arg(value_delimiter = ',')]
    filter: Vec<String>,
    /// Fewer rounds of fewer messages.
    #[arg(long)]
    quick: bool,
    /// Ours alone, one short round: does everything still run?
    #[arg(long, conflicts_with = "quick")]
    smoke: bool,
    /// Names the groups and their rows, and runs nothing.
    #[arg(long)]
    list: bool,
}

impl Args {
    fn effort(&self) -> Effort {
        match (self.smoke, self.quick) {
            (true, _) => Effort::SMOKE,
            (_, true) => Effort::QUICK,
            _ => Effort::FULL,
        }
    }

    fn wants(&self, group: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|part| group.contains(part.as_str()))
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    peers::prepare();
    match measure(&args, select(&args)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The benches with a wanted group, without peers if they are not wanted.
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

fn measure(args: &Args, benches: Vec<Bench>) -> std::io::Result<ExitCode> {
    if args.list {
        for bench in &benches {
            for metric in &bench.metrics {
                let names: Vec<_> = bench.cases.iter().map(|c| c.who.name.as_str()).collect();
                println!("{}: {}", metric.group, names.join(", "));
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::new(Machine::here());
    let path = report::folder().join("report.json");
    let runner = Runner::new(&benches, args.effort());
    for bench in &benches {
        let outcomes = runner.run(bench);
        for (place, metric) in bench.metrics.iter().enumerate() {
            if !args.wants(&metric.group) {
                continue;
            }
            let rows = report::rows(metric, place, &outcomes);
            runner.printing(|| println!("{}", table::table(metric, &rows, &outcomes)));
            report.results.extend(rows);
        }
        report.write(&path)?;
    }
    runner.finish();
    Ok(ExitCode::SUCCESS)
}
