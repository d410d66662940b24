//! Events of the `tracing` crate.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use aqueduct_supervision::Supervisor;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::support::{Census, Log, boom, child, paused, soon};

/// Writes down what it is told that is not less than its level.
#[derive(Clone)]
struct Listener {
    level: Level,
    lines: Arc<Mutex<Vec<String>>>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

impl Subscriber for Listener {
    /// Asked each time: what is remembered for a place is shared by all threads, which have other subscribers or none.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "aqueduct::supervision" && *metadata.level() <= self.level
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        unreachable!("there are no spans")
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn lines(level: Level) -> Vec<String> {
    let listener = Listener {
        level,
        lines: Arc::default(),
    };
    let told = listener.lines.clone();
    // Where there is one subscriber, a place that another thread, without any, comes to first is remembered as of no interest
    // to anybody. So there are two.
    let _other = tracing::Dispatch::new(listener.clone());
    tracing::subscriber::with_default(listener, || {
        paused(async {
            let (spec, trigger) = child("it", &Log::new(), &Census::default());
            let top = Supervisor::one_for_one()
                .with_name("top")
                .with_child(spec)
                .start()
                .await
                .unwrap();
            trigger.pull(boom());
            soon("it is back", || top.tree().children[0].incarnation == 2).await;
            drop(top.shutdown().await);
        });
    });
    std::mem::take(&mut *told.lock().unwrap())
}

#[test]
fn what_happens_is_told_with_fields_and_levels() {
    assert_eq!(
        lines(Level::DEBUG),
        [
            "DEBUG message=started supervisor=\"top\" child=\"it\" incarnation=1",
            "DEBUG message=all children are started supervisor=\"top\" incarnation=1",
            "WARN message=ended: failed: boom supervisor=\"top\" child=\"it\" incarnation=1",
            "WARN message=is started again supervisor=\"top\" child=\"it\" incarnation=1",
            "DEBUG message=started supervisor=\"top\" child=\"it\" incarnation=2",
            "DEBUG message=was asked to stop supervisor=\"top\" child=\"it\" incarnation=2",
            "DEBUG message=was stopped: shutdown supervisor=\"top\" child=\"it\" incarnation=2",
            "DEBUG message=the supervisor has ended: shutdown supervisor=\"top\" incarnation=1",
        ]
    );
    // In one test, as two subscribers at a time are of no more use.
    let lines = lines(Level::INFO);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("WARN")));
}
