//! A server driven from clients in the same process, over loopback.
//!
//! First it is looked at in particular, each time with a server of its own. Then many clients talk while rooms fail, and every
//! message is accounted for. One that fails does not keep the next from running. When all are over, no task of the runtime
//! may be alive.

mod client;
mod load;
mod server;
mod stages;

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aqueduct_examples::duration::shown;
use aqueduct_examples::format::{counted, grouped, megabytes};
use aqueduct_examples::table::{Align, Table};
use aqueduct_examples::{INTERRUPTED, descriptors};
use aqueduct_group::{Discard, GroupBuilder, Spawner, tree};
use tokio::runtime::Handle;
use tokio::time::sleep;

use self::load::{Done, Plan};
use crate::cli::Args;
use crate::exit;

/// What a stage found in order; what it did not is an error, in words.
#[derive(Debug)]
struct Passed {
    messages: u64,
    deliveries: u64,
    found: String,
}

type Outcome = Result<Passed, String>;

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

/// Something that must be so.
fn expect<T: PartialEq + fmt::Debug>(what: &str, found: T, wanted: T) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: {found:?}, not {wanted:?}"))
}

pub(crate) async fn run(app: GroupBuilder, args: &Args) -> Result<ExitCode, String> {
    // A connection has both of its ends in this process.
    descriptors::make_room_for(2 * args.clients)?;
    let plan = Plan {
        clients: args.clients,
        messages: args.messages,
        time_max: args.time_max,
        seed: args.seed,
    };
    let job = async |app: Spawner<Discard>| {
        eprintln!(
            "Self-test: {} by {} clients, rooms fail at random with seed {} (Ctrl-C stops)",
            counted(plan.messages as u64, "message", "messages"),
            grouped(plan.clients as u64),
            plan.seed
        );
        let scope = app.scope();
        let rows = scope.run(stages(&app, plan)).await.ok();
        // A stage that was interrupted may say that it failed.
        rows.filter(|_| !scope.is_cancelled())
    };
    let (rows, _) = app.run_with(Discard::new(), job).await;
    // Told when the group has ended, and all that was in it.
    match rows.flatten() {
        Some((rows, done)) => Ok(tell(&rows, done.as_ref(), alive().await)),
        None => {
            eprintln!("interrupted: the self-test is not finished");
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

struct Row {
    stage: &'static str,
    time: Duration,
    outcome: Outcome,
}

async fn stages(app: &server::App, plan: Plan) -> (Vec<Row>, Option<Done>) {
    let mut rows = vec![
        row("limits", stages::limits(app)).await,
        row("slow", stages::slow(app)).await,
        row("restart", stages::restart(app)).await,
        row("drain", stages::drain(app)).await,
    ];
    let mut done = None;
    let load = async {
        let run = done.insert(load::run(app, plan).await?);
        Ok(Passed {
            messages: run.account.accepted,
            deliveries: run.account.received,
            found: format!(
                "{} in {}; order kept, every loss explained",
                counted(run.clients as u64, "client", "clients"),
                counted(run.rooms as u64, "room", "rooms"),
            ),
        })
    };
    rows.push(row("load", load).await);
    (rows, done)
}

async fn row(stage: &'static str, outcome: impl Future<Output = Outcome>) -> Row {
    let start = Instant::now();
    Row {
        stage,
        outcome: outcome.await,
        time: start.elapsed(),
    }
}

/// How many tasks the runtime has: actors and supervisors are such, of no group. One that has told its end is about to go.
async fn alive() -> usize {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let until = Instant::now() + Duration::from_secs(5);
    while tasks() > 0 && Instant::now() < until {
        sleep(Duration::from_millis(5)).await;
    }
    tasks()
}

/// Prints the tables; says whether all is well.
fn tell(rows: &[Row], done: Option<&Done>, tasks: usize) -> ExitCode {
    print!("\n{}\n", of_stages(rows).render());
    if let Some(done) = done {
        println!("{}", of_messages(done).render());
        println!("{}", of_failures(done).render());
    }
    println!("actors and tasks alive after shutdown: {tasks}");
    let left = tree();
    if left.task_count() > 0 {
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

fn of_stages(rows: &[Row]) -> Table {
    use Align::{Left, Right};

    let mut table = Table::new([Left, Right, Right, Right, Left]);
    table.row(["Stage", "Messages", "Deliveries", "Time", "Found"].map(str::to_owned));
    table.rule();
    for row in rows {
        let (messages, deliveries, found) = match &row.outcome {
            Ok(passed) => (
                grouped(passed.messages),
                grouped(passed.deliveries),
                passed.found.clone(),
            ),
            Err(wrong) => (String::new(), String::new(), format!("FAILED: {wrong}")),
        };
        let stage = row.stage.to_owned();
        table.row([stage, messages, deliveries, shown(row.time), found]);
    }
    table
}

/// What became of what was said under load.
fn of_messages(done: &Done) -> Table {
    let account = &done.account;
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    let mut row = |what: &str, number: u64, why: String| {
        table.row([what.to_owned(), grouped(number), why]);
    };
    row("Messages said", account.said, String::new());
    row(
        "  came back to the sender",
        account.came_back,
        String::new(),
    );
    row(
        "  did not, and the sender was told",
        account.lost,
        format!(
            "the room failed on them (of {} that it failed on)",
            grouped(account.failed_on)
        ),
    );
    for (code, count) in &account.refused {
        row("  refused", *count, code.clone());
    }
    row(
        "Deliveries due",
        account.due,
        "each message to each who was a member".to_owned(),
    );
    row("  received, in order", account.received, String::new());
    row(
        "  lost: room restarting",
        account.abandoned,
        "the room failed on the message before it came to the member".to_owned(),
    );
    row(
        "  lost: slow reader cut",
        account.cut,
        format!(
            "left unread by {} of {} that do not read",
            grouped(account.members_cut),
            counted(done.slow as u64, "client", "clients")
        ),
    );
    row(
        "  unexplained",
        account.due - account.received - account.abandoned - account.cut,
        String::new(),
    );
    table
}

fn of_failures(done: &Done) -> Table {
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    let mut row =
        |what: &str, value: String, more: String| table.row([what.to_owned(), value, more]);
    row(
        "Rooms killed",
        grouped(done.killed),
        format!(
            "and {} told to fail in the midst of a message; {} restarts",
            grouped(done.fuses),
            grouped(done.restarts)
        ),
    );
    row(
        "Clients over WebSocket",
        grouped(done.web_sockets as u64),
        String::new(),
    );
    let seconds = done.lasted.as_secs_f64();
    row(
        "Deliveries a second",
        grouped((done.account.received as f64 / seconds) as u64),
        format!("for {}", shown(done.lasted)),
    );
    row(
        "Memory, at most",
        megabytes(done.memory.late as u64),
        format!(
            "{} in the first tenth; server and clients together",
            megabytes(done.memory.early as u64)
        ),
    );
    table
}
