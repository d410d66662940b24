//! Programs that write, and are killed.
//!
//! The program is this test binary again, which runs [`program`] as its only test, with the folder in an environment variable.
//! It prints the number of each row that was acknowledged. It is killed by SIGKILL at some moment; then all that it has printed
//! must be there.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_resilience::Backoff;
use aqueduct_stream::write::jsonl::{Jsonl, JsonlWriter, repair};
use aqueduct_stream::write::sqlite::{Sqlite, SqliteWriter};
use aqueduct_stream::write::{BatchWriter, WriteOptions};
use rusqlite::Connection;

const FOLDER: &str = "AQUEDUCT_KILLED_IN";
const TASKS: u64 = 8;
const PAYLOAD: &str =
    "so long that a line is torn sometimes, and that a page of the database is full soon enough";

/// Writes until it is killed. Without a folder, and so in an ordinary run, it is no test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn program() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    // It must not outlive the test that was to kill it, and was killed itself.
    let options = WriteOptions::new()
        .with_batch_len_max(50)
        .with_linger(Duration::from_millis(1));
    let lines = Jsonl::new(folder.join("rows.jsonl"));
    let lines = Arc::new(JsonlWriter::open(lines, options).await.unwrap());
    let rows = Sqlite::new(folder.join("rows.db"), "INSERT INTO rows VALUES (?1, ?2)")
        .with_schema("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT)");
    let bind = |(id, text): &(u64, &str), insert: &mut rusqlite::CachedStatement<'_>| {
        insert.execute((*id as i64, text))
    };
    let rows = Arc::new(SqliteWriter::open(rows, bind, options).await.unwrap());
    println!("ready 0");
    for task in 0..TASKS {
        tokio::spawn(write("jsonl", Arc::clone(&lines), task));
        tokio::spawn(write("sqlite", Arc::clone(&rows), task));
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
}

/// Writes the numbers that are `task` modulo 8: one by one, and several as one.
async fn write<E: Send + 'static>(
    name: &str,
    writer: Arc<BatchWriter<(u64, &'static str), E>>,
    task: u64,
) {
    let mut numbers = (task..).step_by(TASKS as usize);
    loop {
        let run: Vec<u64> = numbers.by_ref().take(1 + task as usize % 4).collect();
        let rows = run.iter().map(|n| (*n, PAYLOAD)).collect();
        if writer.write_many_acked(rows).await.is_err() {
            return;
        }
        let told: String = run.iter().map(|n| format!("{name} {n}\n")).collect();
        // One write, so that no line is torn on its way.
        let _ = std::io::stdout().write_all(told.as_bytes());
    }
}

/// Starts the program, kills it so long after it was ready, and gives the rows that it says were acknowledged.
fn killed(folder: &Path, after: Duration) -> [Vec<u64>; 2] {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "kill::program",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // What the test harness says, too.
    assert!(
        lines
            .by_ref()
            .any(|line| line.unwrap().ends_with("ready 0"))
    );
    let begun = Instant::now();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(after.saturating_sub(begun.elapsed()));
        child.kill().unwrap();
        child.wait().unwrap();
    });
    let mut acknowledged = [Vec::new(), Vec::new()];
    for line in lines {
        let line = line.unwrap();
        match line.split_once(' ') {
            Some(("jsonl", number)) => acknowledged[0].push(number.parse().unwrap()),
            Some(("sqlite", number)) => acknowledged[1].push(number.parse().unwrap()),
            _ => panic!("it says {line}"),
        }
    }
    killer.join().unwrap();
    acknowledged.map(|mut rows| {
        rows.sort_unstable();
        rows
    })
}

/// Kills the program once, and looks at what it has left. Returns how many rows were acknowledged.
fn kill_once(after: Duration) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let [lines, rows] = killed(folder.path(), after);

    let file = folder.path().join("rows.jsonl");
    repair(&file).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "a line is torn");
    let mut written: Vec<u64> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<(u64, String)>(line)
                .expect("a line is torn")
                .0
        })
        .collect();
    written.sort_unstable();
    assert_has_all(&written, &lines, "rows.jsonl");

    let database = Connection::open(folder.path().join("rows.db")).unwrap();
    let check: String = database
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    let mut select = database.prepare("SELECT id FROM rows ORDER BY id").unwrap();
    let written: Vec<u64> = select
        .query_map((), |row| row.get::<_, i64>(0).map(|id| id as u64))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_has_all(&written, &rows, "rows.db");
    lines.len() + rows.len()
}

fn assert_has_all(written: &[u64], acknowledged: &[u64], file: &str) {
    assert!(
        written.windows(2).all(|pair| pair[0] < pair[1]),
        "{file} has a row twice"
    );
    for row in acknowledged {
        assert!(
            written.binary_search(row).is_ok(),
            "{file} has lost {row}, which was acknowledged"
        );
    }
}

/// Moments at which to kill: up to so long after the start, as random as a policy of back-off draws them.
fn moments(most: Duration) -> impl Iterator<Item = Duration> {
    Backoff::constant(most)
        .with_jitter(aqueduct_resilience::Jitter::Full)
        .delays()
}

#[test]
fn what_was_acknowledged_survives_sigkill() {
    let rows: usize = moments(Duration::from_millis(60))
        .take(20)
        .map(kill_once)
        .sum();
    assert!(rows > 0, "it was always killed before it had done anything");
}

/// 200 runs, or as many as `AQUEDUCT_KILLS` says. Without that, and where `AQUEDUCT_SOAK_SECONDS` says for how long, as many as
/// fit.
#[test]
#[ignore = "cargo xtask soak -p aqueduct-stream"]
fn soak_what_was_acknowledged_survives_sigkill() {
    let said = |name| {
        let number = std::env::var(name).ok()?;
        Some(number.parse().expect("a number"))
    };
    let runs_max = said("AQUEDUCT_KILLS");
    let seconds = said("AQUEDUCT_SOAK_SECONDS").filter(|_| runs_max.is_none());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let (mut runs, mut rows) = (0, 0);
    for after in moments(Duration::from_millis(300)) {
        rows += kill_once(after);
        runs += 1;
        if until.map_or(runs == runs_max.unwrap_or(200), |until| {
            Instant::now() >= until
        }) {
            break;
        }
    }
    println!("{runs} runs killed, {rows} rows acknowledged, none lost");
    assert!(rows > 0, "it was always killed before it had done anything");
}
