//! A scripted world: what each child does at each of its starts, who calls when, and when the supervisor is told to stop.
//! Times are nanoseconds since the beginning, drawn at random, so that no two things happen at a time by accident.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use crate::decide::ExitClass;
use crate::spec::{AutoShutdown, ChildKind, Intensity, Restart, Shutdown, Strategy as Kind};

pub(super) type Time = u64;

pub(super) const PATIENCE: Time = 700_000_000;

/// What one start of a child comes to.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// After this long …
    pub(super) starts_in: Time,
    /// … this, if it acknowledges.
    pub(super) start: StartScript,
    /// How long it runs by itself, and how it ends then.
    pub(super) life: Option<(Time, ExitClass)>,
    /// How long it takes to end once it was asked; `None` does not listen.
    pub(super) ends_in: Option<Time>,
    /// How long it takes to end once it was aborted; `None` cannot be.
    pub(super) dies_in: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StartScript {
    Ready,
    Ends(ExitClass),
    Hangs,
}

#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) kind: ChildKind,
    pub(super) significant: bool,
    pub(super) acknowledged: bool,
    pub(super) start_timeout: Option<Time>,
    /// Base and cap, doubled without jitter.
    pub(super) backoff: Option<(Time, Time)>,
    pub(super) scripts: Vec<Script>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ask {
    Start(usize),
    Terminate(usize),
    Restart(usize),
    Delete(usize),
    /// By an id where there are keys.
    TerminateById(usize),
    Which(usize),
    WhichAll,
    Count,
}

#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) strategy: Kind,
    pub(super) intensity: Intensity,
    pub(super) auto: AutoShutdown,
    /// All that there may be; the first few are there from the beginning.
    pub(super) specs: Vec<Spec>,
    pub(super) initial: usize,
    pub(super) calls: Vec<(Time, Ask)>,
    pub(super) stop_at: Time,
}

/// A process: one run of a child.
#[derive(Clone, Debug)]
pub(super) struct Process {
    script: Script,
    acknowledged: bool,
    started: Time,
    asked: Option<Time>,
    aborted: Option<Time>,
}

impl Process {
    pub(super) fn start(spec: &Spec, name: &str, nth: usize, now: Time) -> Self {
        let mut script = spec.scripts[nth % spec.scripts.len()].clone();
        // Two of one script that start together do not end together: what is first would be left open.
        let own = name
            .bytes()
            .fold(0, |sum, byte| 131 * sum + Time::from(byte));
        script.starts_in += own;
        script.life = script.life.map(|(life, class)| (life + own, class));
        script.ends_in = script.ends_in.map(|takes| takes + own);
        script.dies_in = script.dies_in.map(|takes| takes + own);
        Self {
            script,
            acknowledged: spec.acknowledged,
            started: now,
            asked: None,
            aborted: None,
        }
    }

    pub(super) fn ask(&mut self, now: Time) {
        self.asked = Some(now);
    }

    pub(super) fn abort(&mut self, now: Time) {
        self.aborted = Some(now);
    }

    /// When it is ready, if it lives so long.
    pub(super) fn ready(&self) -> Option<Time> {
        match (self.acknowledged, self.script.start) {
            (false, _) => Some(self.started),
            (true, StartScript::Ready) => Some(self.started + self.script.starts_in),
            (true, StartScript::Ends(_) | StartScript::Hangs) => None,
        }
    }

    /// When it ends, by itself or as it was told, whatever is first.
    pub(super) fn ends(&self) -> Option<(Time, ExitClass)> {
        let script = &self.script;
        let by_itself = match (self.ready(), script.start) {
            (Some(ready), _) => script.life.map(|(life, class)| (ready + life, class)),
            (None, StartScript::Ends(class)) => Some((self.started + script.starts_in, class)),
            (None, _) => None,
        };
        let asked = self.asked.zip(script.ends_in);
        let asked = asked.map(|(at, takes)| (at + takes, ExitClass::Shutdown));
        let aborted = self.aborted.zip(script.dies_in);
        let aborted = aborted.map(|(at, takes)| (at + takes, ExitClass::Abnormal));
        let ends = [by_itself, asked, aborted].into_iter().flatten();
        ends.min_by_key(|(at, _)| *at)
    }

    pub(super) fn has_ended(&self, now: Time) -> bool {
        self.ends().is_some_and(|(at, _)| at <= now)
    }
}

pub(super) fn duration(time: Time) -> Duration {
    Duration::from_nanos(time)
}

/// Up to so many milliseconds, to the nanosecond. Smaller ones would meet.
fn within(millis: u64) -> impl Strategy<Value = Time> + Clone {
    (1..millis * 1_000_000).no_shrink()
}

fn class() -> impl Strategy<Value = ExitClass> + Clone {
    prop_oneof![
        1 => Just(ExitClass::Normal),
        1 => Just(ExitClass::Shutdown),
        3 => Just(ExitClass::Abnormal),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let start = prop_oneof![
        12 => Just(StartScript::Ready),
        4 => class().prop_map(StartScript::Ends),
        1 => Just(StartScript::Hangs),
    ];
    let life = prop_oneof![
        1 => Just(None),
        1 => (within(6000), class()).prop_map(Some),
    ];
    let ends_in = prop_oneof![6 => within(600).prop_map(Some), 1 => Just(None)];
    // Some later than anyone waits.
    let dies_in = prop_oneof![6 => within(1200).prop_map(Some), 1 => Just(None)];
    (within(400), start, life, ends_in, dies_in).prop_map(
        |(starts_in, start, life, ends_in, dies_in)| Script {
            starts_in,
            start,
            life,
            ends_in,
            dies_in,
        },
    )
}

fn spec() -> impl Strategy<Value = Spec> {
    let restart = prop_oneof![
        3 => Just(Restart::Permanent),
        3 => Just(Restart::Transient),
        2 => Just(Restart::Temporary),
    ];
    let shutdown = prop_oneof![
        2 => Just(Shutdown::Brutal),
        6 => within(500).prop_map(|limit| Shutdown::Within(duration(limit))),
        2 => Just(Shutdown::Infinity),
    ];
    let backoff = prop_oneof![
        2 => Just(None),
        1 => (within(800), within(3000)).prop_map(Some),
    ];
    let start_timeout = prop_oneof![1 => Just(None), 3 => within(600).prop_map(Some)];
    (
        restart,
        shutdown,
        select(vec![ChildKind::Worker, ChildKind::Supervisor]),
        any::<bool>(),
        prop_oneof![1 => Just(false), 2 => Just(true)],
        start_timeout,
        backoff,
        prop::collection::vec(script(), 1..5),
    )
        .prop_map(
            |(
                restart,
                shutdown,
                kind,
                significant,
                acknowledged,
                start_timeout,
                backoff,
                scripts,
            )| Spec {
                restart,
                shutdown,
                kind,
                significant,
                acknowledged,
                start_timeout,
                backoff,
                scripts,
            },
        )
}

fn ask(specs: usize) -> impl Strategy<Value = Ask> {
    prop_oneof![
        6 => (0..specs).prop_map(Ask::Start),
        3 => (0..specs).prop_map(Ask::Terminate),
        3 => (0..specs).prop_map(Ask::Restart),
        2 => (0..specs).prop_map(Ask::Delete),
        1 => (0..specs).prop_map(Ask::TerminateById),
        1 => (0..specs).prop_map(Ask::Which),
        1 => Just(Ask::WhichAll),
        1 => Just(Ask::Count),
    ]
}

const STRATEGIES: [Kind; 4] = [
    Kind::OneForOne,
    Kind::OneForAll,
    Kind::RestForOne,
    Kind::Dynamic,
];

pub(super) fn case() -> impl Strategy<Value = Case> {
    let auto = prop_oneof![
        2 => Just(AutoShutdown::Never),
        1 => Just(AutoShutdown::Any),
        2 => Just(AutoShutdown::All),
    ];
    (
        select(STRATEGIES.to_vec()),
        prop_oneof![0u32..6, Just(1000)],
        within(4000),
        auto,
        prop::collection::vec(spec(), 1..8),
        0usize..8,
        prop_oneof![
            prop::collection::vec((within(3000), ask(8)), 0..24),
            prop::collection::vec((within(12_000), ask(8)), 0..24),
        ],
        prop_oneof![1 => within(3_000), 2 => within(25_000)],
    )
        .prop_map(
            |(strategy, restarts, period, auto, mut specs, initial, mut calls, stop_at)| {
                let is_dynamic = strategy == Kind::Dynamic;
                let auto = if is_dynamic {
                    AutoShutdown::Never
                } else {
                    auto
                };
                for spec in &mut specs {
                    // What remains may be wrong, and is to be refused: see `initial`.
                    if is_dynamic || auto == AutoShutdown::Never {
                        spec.significant = false;
                    }
                }
                let initial = match is_dynamic {
                    true => 0,
                    false => initial.min(specs.len()),
                };
                for spec in &mut specs[..initial] {
                    spec.significant &= spec.restart != Restart::Permanent;
                }
                calls.sort_by_key(|(at, _)| *at);
                Case {
                    strategy,
                    intensity: Intensity {
                        restarts,
                        period: duration(period),
                    },
                    auto,
                    specs,
                    initial,
                    calls,
                    stop_at,
                }
            },
        )
}
