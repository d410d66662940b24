//! A server driven from clients in the same process, over loopback.
//!
//! Each stage runs a server of its own and looks at it from both sides: what its clients sent and got, and what it says
//! it did. Stages are independent; one that fails does not keep the next from running. When all are over no task may be
//! alive, which [`tree`] knows.

mod client;
mod stages;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use aqueduct_examples::duration::shown;
use aqueduct_examples::format::{counted, grouped, megabytes};
use aqueduct_examples::table::{Align, Table};
use aqueduct_examples::{INTERRUPTED, descriptors};
use aqueduct_group::{Discard, GroupBuilder, Spawner, tree};

use crate::exit;

/// What a stage found in order; what it did not is an error, in words.
#[derive(Debug)]
struct Passed {
    connections: u64,
    bytes: u64,
    found: String,
}

type Outcome = Result<Passed, String>;

/// The stages after the first need so many connections.
const AT_ONCE_MIN: usize = 36;

pub(crate) async fn run(app: GroupBuilder, connections: usize) -> Result<ExitCode, String> {
    // A connection has both of its ends in this process.
    let at_once_max = descriptors::raise() / 2;
    if at_once_max < AT_ONCE_MIN {
        return Err(format!(
            "the self-test makes {AT_ONCE_MIN} connections at once, for which this process has not enough file \
             descriptors: raise the limit (ulimit -Hn)"
        ));
    }
    let waves = connections.div_ceil(at_once_max);
    let wave = connections.div_ceil(waves);

    let job = async |app: Spawner<Discard>| {
        eprintln!("{}", plan(connections, waves, wave));
        let scope = app.scope();
        let rows = scope.run(stages(&app, connections, wave)).await.ok();
        // A stage that was interrupted may say that it failed.
        rows.filter(|_| !scope.is_cancelled())
    };
    let (rows, _) = app.run_with(Discard::new(), job).await;
    // Told when the group has ended, and all that was in it.
    match rows.flatten() {
        Some(rows) => Ok(tell(&rows)),
        None => {
            eprintln!("interrupted: the self-test is not finished");
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

fn plan(connections: usize, waves: usize, wave: usize) -> String {
    let count = grouped(connections as u64);
    match waves {
        1 => format!("Self-test: {count} connections, all at once (Ctrl-C stops)"),
        waves => format!(
            "Self-test: {count} connections in {waves} waves of at most {}, for which there are file descriptors \
             (ulimit -Hn; Ctrl-C stops)",
            grouped(wave as u64)
        ),
    }
}

struct Row {
    stage: &'static str,
    time: Duration,
    outcome: Outcome,
}

async fn stages(app: &stages::App, connections: usize, wave: usize) -> Vec<Row> {
    vec![
        row("echo", stages::echo(app, connections, wave)).await,
        row("limit", stages::limit(app)).await,
        row("idle", stages::idle(app)).await,
        row("age", stages::age(app)).await,
        row("drain", stages::drain(app, wave)).await,
        row("grace", stages::grace(app)).await,
    ]
}

async fn row(stage: &'static str, outcome: impl Future<Output = Outcome>) -> Row {
    let start = Instant::now();
    Row {
        stage,
        outcome: outcome.await,
        time: start.elapsed(),
    }
}

/// Prints the table; says whether all is well.
fn tell(rows: &[Row]) -> ExitCode {
    use Align::{Left, Right};

    let mut table = Table::new([Left, Right, Right, Right, Left]);
    table.row(["Stage", "Connections", "Echoed", "Time", "Found"].map(str::to_owned));
    table.rule();
    for Row {
        stage,
        time,
        outcome,
    } in rows
    {
        let (connections, bytes, found) = match outcome {
            Ok(passed) => (
                grouped(passed.connections),
                megabytes(passed.bytes),
                passed.found.clone(),
            ),
            Err(wrong) => (String::new(), String::new(), format!("FAILED: {wrong}")),
        };
        table.row([stage.to_string(), connections, bytes, shown(*time), found]);
    }
    print!("\n{}\n", table.render());

    let left = tree();
    let tasks = left.task_count();
    println!("tasks alive after shutdown: {tasks}");
    if tasks > 0 {
        print!("{left}");
    }
    let failed = rows.iter().filter(|row| row.outcome.is_err()).count();
    if failed == 0 && tasks == 0 {
        println!("self-test passed");
        return ExitCode::SUCCESS;
    }
    println!(
        "self-test FAILED: {} of {} did not pass",
        counted(failed as u64, "stage", "stages"),
        rows.len()
    );
    ExitCode::from(exit::FAILED)
}
