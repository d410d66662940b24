//! What supervision is in a program that is built with `panic = "abort"`, pinned.
//!
//! `cargo run --profile abort -p aqueduct-supervision --example supervised_abort` ends well if it holds: what fails by an
//! error is restarted and stopped as ever, that panics cannot be is said once, and a panic ends the process there and then.

use std::env;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aqueduct_supervision::{ChildContext, ChildSpec, Failure, Supervisor, restarts_can_work};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Counts warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<AtomicUsize>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "aqueduct::supervision" && *metadata.level() == Level::WARN
    }

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn main() -> ExitCode {
    if restarts_can_work() {
        eprintln!("built with unwinding, under which the tests say more: use --profile abort");
        return ExitCode::from(2);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if env::args().nth(1).is_some() {
        runtime.block_on(panics());
        // Not to be reached.
        return ExitCode::SUCCESS;
    }
    let warnings = Warnings::default();
    tracing::subscriber::with_default(warnings.clone(), || {
        runtime.block_on(start_and_stop());
        runtime.block_on(start_and_stop());
    });
    assert_eq!(warnings.0.load(Ordering::Relaxed), 1, "it is said once");
    runtime.block_on(fails());
    let program = env::current_exe().expect("this program");
    let output = Command::new(program)
        .arg("panics")
        .output()
        .expect("it runs");
    assert!(!output.status.success(), "a panic ends the process");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("meant: a child"), "{said}");
    println!("all holds under panic = \"abort\"");
    ExitCode::SUCCESS
}

async fn start_and_stop() {
    let top = Supervisor::one_for_one().start().await.expect("it starts");
    assert!(top.shutdown().await.is_clean());
}

/// An error is no panic.
async fn fails() {
    let fails_once = ChildSpec::worker("it", |cx: ChildContext| async move {
        if cx.incarnation() == 1 {
            return Err(Failure::msg("once"));
        }
        cx.scope().cancelled().await;
        Ok(())
    });
    let top = Supervisor::one_for_one()
        .with_child(fails_once)
        .start()
        .await
        .expect("it starts");
    while top.tree().children[0].incarnation < 2 {
        tokio::task::yield_now().await;
    }
    assert!(top.shutdown().await.is_clean());
}

async fn panics() {
    let spec = ChildSpec::worker("it", |_| async { panic!("meant: a child") });
    let top = Supervisor::one_for_one()
        .with_child(spec)
        .start()
        .await
        .expect("it starts");
    top.wait().await;
}
