//! What actors tell `tracing`, and that a message has no span where nobody wants one.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use aqueduct_actor::{Actor, Cx, actor, actor_with};
use aqueduct_supervision::{Exit, Supervisor};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// Writes down what it is told of actors that is not less than its level, and all spans.
#[derive(Clone)]
struct Listener {
    level: Level,
    target: &'static str,
    spans: Arc<AtomicU64>,
    lines: Arc<Mutex<Vec<String>>>,
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Numbers of actors are of the whole process.
        if !matches!(field.name(), "id" | "of") {
            self.0 += &format!(" {}={value:?}", field.name());
        }
    }
}

impl Listener {
    fn say(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == self.target && *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.into())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.say(format!("{}{}", event.metadata().level(), line.0));
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line::default();
        span.record(&mut line);
        self.say(format!("new {}{}", span.metadata().name(), line.0));
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn enter(&self, _: &Id) {
        self.say("enter".into());
    }

    fn exit(&self, _: &Id) {
        self.say("exit".into());
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

enum Msg {
    Say,
    Pause,
    Panic,
    End,
}

struct Speaker;

impl Actor for Speaker {
    type Msg = Msg;

    async fn handle(&mut self, message: Msg, cx: &mut Cx<Self>) {
        match message {
            Msg::Say => tracing::info!(target: "aqueduct::actor", "hello"),
            Msg::Pause => tokio::task::yield_now().await,
            Msg::Panic => panic!("it was told to"),
            Msg::End => cx.stop(Exit::Normal),
        }
    }
}

/// While no more than one subscriber lives, a place that is first come by in a thread without one is taken for one that
/// nobody wants to hear of, in all threads. Other tests run in such threads; so two more live.
fn keep_two() -> &'static [Dispatch; 2] {
    static TWO: OnceLock<[Dispatch; 2]> = OnceLock::new();
    TWO.get_or_init(|| {
        let deaf = || Listener {
            level: Level::ERROR,
            target: "nobody",
            spans: Arc::default(),
            lines: Arc::default(),
        };
        [Dispatch::new(deaf()), Dispatch::new(deaf())]
    })
}

fn lines(level: Level, target: &'static str, work: impl AsyncFnOnce()) -> Vec<String> {
    let listener = Listener {
        level,
        target,
        spans: Arc::default(),
        lines: Arc::default(),
    };
    let lines = listener.lines.clone();
    keep_two();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    tracing::subscriber::with_default(listener, || runtime.block_on(work()));
    std::mem::take(&mut *lines.lock().unwrap())
}

async fn speaks() {
    let speaker = actor(Speaker).with_name("it").spawn();
    for message in [Msg::Say, Msg::Pause, Msg::End, Msg::Say, Msg::Say] {
        assert!(speaker.tell(message).await.is_ok());
    }
    assert!(speaker.ended().await.exit.is_normal());
}

async fn panics() {
    let speaker = actor(Speaker).spawn();
    assert!(speaker.tell(Msg::Panic).await.is_ok());
    assert!(matches!(speaker.ended().await.exit, Exit::Panicked(_)));
}

#[test]
fn each_message_has_a_span_where_somebody_listens() {
    let new = "new message actor=\"it\"";
    assert_eq!(
        lines(Level::TRACE, "aqueduct::actor", speaks),
        [
            "DEBUG message=started actor=\"it\"",
            new,
            "enter",
            "INFO message=hello",
            "exit",
            // As it is dropped.
            "enter",
            "exit",
            new,
            "enter",
            "exit",
            // It has waited once.
            "enter",
            "exit",
            "enter",
            "exit",
            new,
            "enter",
            "exit",
            "enter",
            "exit",
            "DEBUG message=left undelivered actor=\"it\" messages=2",
            "DEBUG message=ended: normal actor=\"it\"",
        ]
    );
}

#[test]
fn nobody_pays_for_spans_at_debug() {
    assert_eq!(
        lines(Level::DEBUG, "aqueduct::actor", speaks),
        [
            "DEBUG message=started actor=\"it\"",
            "INFO message=hello",
            "DEBUG message=left undelivered actor=\"it\" messages=2",
            "DEBUG message=ended: normal actor=\"it\"",
        ]
    );
    // Interested in all, but not in this.
    assert_eq!(lines(Level::TRACE, "else", speaks), [""; 0]);
}

#[test]
fn a_panic_is_told_where_no_supervisor_tells_it() {
    let told = lines(Level::WARN, "aqueduct::actor", panics);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("WARN message=ended: panicked"),
        "{told:?}"
    );
    let supervised = lines(Level::WARN, "aqueduct::actor", async || {
        let (spec, speaker) = actor_with(|| Speaker).child("it");
        let top = Supervisor::one_for_one().with_child(spec.temporary());
        let top = top.start().await.unwrap();
        assert!(speaker.tell(Msg::Panic).await.is_ok());
        assert!(matches!(speaker.ended().await.exit, Exit::Panicked(_)));
        top.shutdown().await;
    });
    assert_eq!(supervised, [""; 0]);
}
