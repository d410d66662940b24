//! A whole program that ends when it is asked to: this test binary, run again as one, and sent real signals.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use aqueduct_cancel::ReasonKind;
use aqueduct_group::{Collect, Discard, GroupPhase, Spawner, TaskEnd, group};

/// Says which program to be.
const PROGRAM: &str = "AQUEDUCT_GROUP_SIGNAL_PROGRAM";

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(60);

/// Run by itself it is no test, but the program that the others start.
#[test]
fn the_program() {
    let Ok(program) = env::var(PROGRAM) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    match program.strip_prefix("draining ") {
        Some(how) => runtime.block_on(run_draining(how)),
        None if program.starts_with("from ") => runtime.block_on(run_from(&program[5..])),
        None => runtime.block_on(run(&program)),
    }
    // What the test harness would print is not for the reader.
    std::process::exit(0);
}

async fn run(program: &str) {
    let (obeys, early) = (program == "obedient", program == "early");
    let line = line!() + 1;
    let app = group().with_name("app").with_signals().with_grace(LONG);
    let app = app.open(Collect::new());
    if early {
        // Before it has run anything: it listens from when it was opened.
        println!("ready");
        std::thread::sleep(Duration::from_millis(300));
        let reason = app.scope().cancelled().await;
        println!("cancelled early by {}", reason.message());
        return;
    }
    let scope = app.scope().clone();
    let server = async move {
        println!("ready");
        let reason = scope.cancelled().await;
        assert_eq!(reason.kind(), ReasonKind::Signal);
        let place = reason.location().unwrap();
        assert!(
            place.file().ends_with("signals.rs") && place.line() == line,
            "{place}"
        );
        println!(
            "cancelled by {} in {}",
            reason.message(),
            reason.scope().unwrap()
        );
        if !obeys {
            std::future::pending::<()>().await;
        }
    };
    app.task("server").spawn(server).await.unwrap();
    let (ends, report) = app.join_with_report().await;
    match ends[..] {
        [TaskEnd::Returned(())] => println!("returned"),
        [TaskEnd::Cancelled] => println!("aborted"),
        _ => println!("{ends:?}"),
    }
    assert_eq!(report.aborted_at.is_some(), !obeys);
}

/// A task in a group in the body of the one that listens, whose work takes a while: it finishes that when it is asked to
/// drain, unless it is `stubborn`, and then only a third signal helps.
async fn run_draining(how: &str) {
    let drain = match how {
        "late" => Duration::from_millis(200),
        _ => LONG,
    };
    let app = group().with_name("app").with_signals();
    let app = app.with_drain(drain).with_grace(LONG);
    let stubborn = how == "stubborn";
    // To drain takes none.
    let inner_grace = if how == "well" { Duration::ZERO } else { LONG };
    let body = async |_: Spawner<Discard>| {
        let inner = group().with_grace(inner_grace);
        let inner = inner.run(Collect::new(), async |inner: Spawner<Collect<()>>| {
            let scope = inner.scope().clone();
            let task = async move {
                println!("ready");
                scope.draining().await;
                println!("draining, cancelled: {}", scope.is_cancelled());
                tokio::time::sleep(Duration::from_millis(50)).await;
                if how_ends(stubborn, drain) {
                    return;
                }
                let reason = scope.cancelled().await;
                println!(
                    "cancelled by {} in {}",
                    reason.message(),
                    reason.scope().unwrap()
                );
                if stubborn {
                    std::future::pending::<()>().await;
                }
            };
            inner.spawn(task).await.unwrap();
        });
        match inner.await[..] {
            [TaskEnd::Returned(())] => println!("returned"),
            _ => println!("aborted"),
        }
    };
    let _ = app.run(Discard::new(), body).await;
}

/// Whether the work is done by the time that it may take.
fn how_ends(stubborn: bool, drain: Duration) -> bool {
    !stubborn && drain == LONG
}

/// A group that is somewhere on its way when the first signal comes. Tells each phase that it comes to.
async fn run_from(how: &str) {
    let drain = match how {
        "zero" => Duration::ZERO,
        "over" => Duration::from_millis(200),
        _ => LONG,
    };
    let builder = group().with_name("app").with_signals().with_grace(LONG);
    let builder = match how {
        "cancelled, no drain" | "nested, no drain" => builder,
        _ => builder.with_drain(drain),
    };
    // One inside of another, both of which listen.
    let inner = builder.clone().with_name("inner");
    let app = builder.open(Collect::<()>::new());
    let id = match how.starts_with("nested") {
        false => {
            app.spawn(std::future::pending()).await.unwrap();
            app.id()
        }
        true => {
            let (tell, told) = tokio::sync::oneshot::channel();
            let opener = async move {
                let inner = inner.open(Collect::<()>::new());
                inner.spawn(std::future::pending()).await.unwrap();
                let _ = tell.send(inner.id());
                let _ = inner.join().await;
                std::future::pending().await
            };
            app.spawn(opener).await.unwrap();
            told.await.unwrap()
        }
    };
    match how {
        "drained" => assert!(app.scope().drain()),
        "cancelled" | "cancelled, no drain" => assert!(app.scope().cancel()),
        _ => {}
    }
    println!("ready");
    let mut last = None;
    loop {
        let tree = aqueduct_group::tree();
        let found = tree.groups.iter().find(|it| it.id == id);
        let Some(phase) = found.map(|group| group.phase) else {
            return println!("gone");
        };
        if last != Some(phase) {
            println!("{phase:?}");
            last = Some(phase);
        }
        if phase == GroupPhase::Aborted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
    started: Instant,
}

impl Program {
    fn start(which: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["signals::the_program", "--exact", "--nocapture"])
            .env(PROGRAM, which)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut program = Self {
            child,
            output,
            started: Instant::now(),
        };
        program.read_until("ready");
        program
    }

    /// Reads on to a line that ends so: the harness prints the name of the test before the first.
    fn read_until(&mut self, end: &str) {
        let mut line = String::new();
        while !line.trim_end().ends_with(end) {
            line.clear();
            let read = self.output.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "it ended before it said {end:?}");
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end, and gives what it still had to say.
    fn finish(mut self) -> String {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        assert!(self.started.elapsed() < LONG, "it took all of the grace");
        rest
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_interrupt_cancels_and_tasks_end_by_themselves() {
    let program = Program::start("obedient");
    program.signal("-INT");
    assert_eq!(program.finish(), "cancelled by SIGINT in app\nreturned\n");
}

/// The program is not killed by a signal that comes before its first task.
#[test]
fn it_listens_from_when_it_is_opened() {
    let program = Program::start("early");
    program.signal("-INT");
    assert_eq!(program.finish(), "cancelled early by SIGINT\n");
}

#[test]
fn so_does_a_request_to_terminate() {
    let program = Program::start("obedient");
    program.signal("-TERM");
    assert_eq!(program.finish(), "cancelled by SIGTERM in app\nreturned\n");
}

#[test]
fn a_second_signal_aborts_at_once() {
    let mut program = Program::start("stubborn");
    program.signal("-INT");
    program.read_until("cancelled by SIGINT in app");
    program.signal("-INT");
    assert_eq!(program.finish(), "aborted\n");
}

/// Also of a group inside, which has no grace and no time to drain of its own.
#[test]
fn with_a_time_to_drain_the_first_signal_drains() {
    let program = Program::start("draining well");
    program.signal("-INT");
    assert_eq!(program.finish(), "draining, cancelled: false\nreturned\n");
}

#[test]
fn what_has_not_drained_in_time_is_cancelled_for_the_signal() {
    let program = Program::start("draining late");
    program.signal("-TERM");
    let told = program.finish();
    let wanted = "draining, cancelled: false\ncancelled by SIGTERM in app\nreturned\n";
    assert_eq!(told, wanted);
}

#[test]
fn a_second_signal_cancels_what_drains_and_a_third_aborts() {
    let mut program = Program::start("draining stubborn");
    program.signal("-INT");
    program.read_until("draining, cancelled: false");
    program.signal("-TERM");
    program.read_until("cancelled by SIGTERM in app");
    program.signal("-INT");
    // It is dropped with the body.
    assert_eq!(program.finish(), "");
}

/// A signal goes on from where the group is. (how it starts, the phases it is found in; a signal after each, unless it goes
/// on by itself from there)
const FROM: &[(&str, &[&str])] = &[
    ("live", &["Running", "Draining", "Grace", "gone"]),
    ("drained", &["Draining", "Grace", "gone"]),
    ("over", &["Running", "(Draining)", "Grace", "gone"]),
    ("zero", &["Running", "Grace", "gone"]),
    ("cancelled", &["Grace", "gone"]),
    ("cancelled, no drain", &["Grace", "gone"]),
    ("nested", &["Running", "Draining", "Grace", "gone"]),
    ("nested, no drain", &["Running", "Grace", "gone"]),
];

#[test]
fn a_signal_goes_on_from_where_the_group_is() {
    for (how, phases) in FROM {
        let mut program = Program::start(&format!("from {how}"));
        for phase in *phases {
            if *phase == "gone" {
                // Aborted, and over before that could be seen, or not.
                let mut told = String::new();
                program.output.read_line(&mut told).unwrap();
                assert!(matches!(told.trim(), "Aborted" | "gone"), "{how}: {told}");
                continue;
            }
            let by_itself = phase.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
            let mut told = String::new();
            program.output.read_line(&mut told).unwrap();
            assert_eq!(told.trim(), by_itself.unwrap_or(phase), "{how}");
            if by_itself.is_none() {
                // Whoever listens has been told of the one before.
                std::thread::sleep(Duration::from_millis(50));
                program.signal("-INT");
            }
        }
        program.finish();
    }
}
