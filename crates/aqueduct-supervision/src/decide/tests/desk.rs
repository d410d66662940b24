//! A core at a desk: inputs by name, commands as words.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::invariants;
use crate::decide::{
    CallId, Command, Core, EventKind, ExitClass, Fate, Input, Key, Outcome, Request, Run, Target,
    Verdict,
};
use crate::spec::{ChildKind, ChildPolicy, Plan, Readiness, Restart, Shutdown, Strategy};

pub(super) struct Desk {
    pub(super) core: Core,
    epoch: Instant,
    /// Since the beginning.
    pub(super) now: Duration,
    pub(super) alarm: Option<Duration>,
    names: BTreeMap<Key, String>,
    runs: BTreeMap<String, (Key, Run)>,
    calls: CallId,
    /// Names of children that calls brought.
    added: BTreeMap<CallId, String>,
    pub(super) answers: BTreeMap<CallId, Outcome>,
    pub(super) events: Vec<(String, EventKind)>,
    pub(super) verdict: Option<Verdict>,
}

/// A worker that acknowledges.
pub(super) fn child(id: &str) -> ChildPolicy {
    ChildPolicy::new(id, ChildKind::Worker, Readiness::Acknowledged)
}

/// A worker that is ready at once.
pub(super) fn task(id: &str) -> ChildPolicy {
    ChildPolicy::new(id, ChildKind::Worker, Readiness::AtOnce)
}

impl ChildPolicy {
    pub(super) fn with(self, restart: Restart) -> Self {
        Self { restart, ..self }
    }

    pub(super) fn stops(self, shutdown: Shutdown) -> Self {
        Self { shutdown, ..self }
    }

    pub(super) fn matters(self) -> Self {
        Self {
            significant: true,
            ..self
        }
    }
}

pub(super) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn plan(strategy: Strategy) -> Plan {
    Plan::new(strategy)
}

/// One that never has had enough.
pub(super) fn patient(strategy: Strategy) -> Plan {
    let mut plan = Plan::new(strategy);
    plan.intensity.restarts = u32::MAX;
    plan
}

impl Desk {
    pub(super) fn new(plan: Plan, children: Vec<ChildPolicy>) -> Self {
        let names: Vec<_> = children.iter().map(|c| c.id.to_string()).collect();
        let (core, keys) = Core::new(plan, children).expect("a plan that can be followed");
        Self {
            core,
            epoch: Instant::now(),
            now: Duration::ZERO,
            alarm: None,
            names: keys.into_iter().zip(names).collect(),
            runs: BTreeMap::new(),
            calls: 0,
            added: BTreeMap::new(),
            answers: BTreeMap::new(),
            events: Vec::new(),
            verdict: None,
        }
    }

    /// With all children started, in order.
    pub(super) fn begun(plan: Plan, children: Vec<ChildPolicy>) -> Self {
        let ready: Vec<_> = children
            .iter()
            .filter(|child| child.readiness == Readiness::Acknowledged)
            .map(|child| child.id.to_string())
            .collect();
        let mut desk = Self::new(plan, children);
        desk.begin();
        for name in ready {
            desk.ready(&name);
        }
        desk
    }

    pub(super) fn begin(&mut self) -> String {
        self.input(Input::Begin)
    }

    pub(super) fn ready(&mut self, name: &str) -> String {
        let (key, run) = self.run(name);
        self.input(Input::Ready { key, run })
    }

    pub(super) fn exit(&mut self, name: &str, class: ExitClass) -> String {
        let (key, run) = self.run(name);
        self.input(Input::Exited { key, run, class })
    }

    pub(super) fn crash(&mut self, name: &str) -> String {
        self.exit(name, ExitClass::Abnormal)
    }

    /// At the time of the alarm.
    pub(super) fn ring(&mut self) -> String {
        self.now = self.now.max(self.alarm.take().expect("an alarm"));
        self.input(Input::Alarm)
    }

    pub(super) fn stop(&mut self) -> String {
        self.input(Input::Stop)
    }

    pub(super) fn call(&mut self, request: Request) -> String {
        self.calls += 1;
        let call = self.calls;
        if let Request::Start(policy) = &request {
            self.added.insert(call, policy.id.to_string());
        }
        self.input(Input::Call { call, request })
    }

    /// The next input is this call, which brings this child.
    pub(super) fn added_by(&mut self, call: CallId, id: &str) {
        self.added.insert(call, id.to_owned());
    }

    pub(super) fn start_child(&mut self, policy: ChildPolicy) -> String {
        self.call(Request::Start(Box::new(policy)))
    }

    pub(super) fn terminate(&mut self, id: &str) -> String {
        self.call(Request::Terminate(Target::Id(id.into())))
    }

    pub(super) fn restart(&mut self, id: &str) -> String {
        self.call(Request::Restart(Target::Id(id.into())))
    }

    pub(super) fn delete(&mut self, id: &str) -> String {
        self.call(Request::Delete(Target::Id(id.into())))
    }

    /// What `which_children` shows.
    pub(super) fn shown(&mut self) -> String {
        self.call(Request::WhichChildren);
        let Some(Outcome::WhichChildren(rows)) = self.answers.get(&self.calls) else {
            panic!("no answer");
        };
        let row = |row: &crate::decide::ChildRow| format!("{} {:?}", row.id, row.status);
        let rows: Vec<_> = rows.iter().map(row).collect();
        rows.join(", ")
    }

    /// What `count_children` tells: specs, active, supervisors, workers.
    pub(super) fn counted(&mut self) -> [usize; 4] {
        self.call(Request::Count);
        let Some(Outcome::Count(count)) = self.answers.get(&self.calls) else {
            panic!("no answer");
        };
        [count.specs, count.active, count.supervisors, count.workers]
    }

    /// The answer to the last call.
    pub(super) fn answer(&self) -> &Outcome {
        self.answers.get(&self.calls).expect("an answer")
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answers.contains_key(&self.calls)
    }

    pub(super) fn key(&self, name: &str) -> Key {
        let mut keys = self.names.iter().filter(|(_, n)| *n == name);
        *keys.next_back().expect("a child of this name").0
    }

    /// The key and the latest run.
    pub(super) fn run(&self, name: &str) -> (Key, Run) {
        self.runs[name]
    }

    pub(super) fn has_event(&self, name: &str, kind: EventKind) -> bool {
        self.events.contains(&(name.to_owned(), kind))
    }

    /// What is to be done, without events and alarms.
    pub(super) fn input(&mut self, input: Input) -> String {
        let mut out = Vec::new();
        self.core.step(self.epoch + self.now, input, &mut out);
        invariants::check(&self.core);
        let words: Vec<_> = out.into_iter().filter_map(|c| self.word(c)).collect();
        words.join(", ")
    }

    fn word(&mut self, command: Command) -> Option<String> {
        let name = |key: Key| self.names[&key].clone();
        Some(match command {
            Command::Admit { call, key } => {
                self.names.insert(key, self.added[&call].clone());
                return None;
            }
            Command::Start { key, run } => {
                self.runs.insert(name(key), (key, run));
                format!("start {}", name(key))
            }
            Command::AskStop { key } => format!("ask {}", name(key)),
            Command::Abort { key, .. } => format!("abort {}", name(key)),
            Command::Settled { key, fate } => match fate {
                Fate::Restarting => format!("{} restarts", name(key)),
                Fate::Resting => format!("{} rests", name(key)),
                Fate::Gone => format!("{} gone", name(key)),
            },
            Command::Forget { key } => format!("forget {}", name(key)),
            Command::Reply { call, outcome } => {
                let word = match outcome {
                    Outcome::Refused => "refused",
                    _ => "reply",
                };
                assert!(self.answers.insert(call, outcome).is_none());
                word.to_owned()
            }
            Command::Alarm(at) => {
                self.alarm = at.map(|at| at - self.epoch);
                return None;
            }
            Command::Event(event) => {
                let name = event.child.map(|(key, _)| name(key));
                self.events.push((name.unwrap_or_default(), event.kind));
                return None;
            }
            Command::End(verdict) => {
                assert!(self.verdict.replace(verdict).is_none());
                "end".to_owned()
            }
        })
    }
}
