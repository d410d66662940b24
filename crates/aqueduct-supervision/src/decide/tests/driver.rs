//! Plays a case with the core, as a shell would, and writes down what can be seen.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aqueduct_resilience::{Backoff, Jitter};
use tokio::time::Instant;

use super::invariants;
use super::world::{Ask, Case, PATIENCE, Process, Time, duration};
use crate::decide::children::State;
use crate::decide::{
    Begun, Cause, ChildRow, ChildStatus, Command, Core, DeleteChildError, Fate, Input, Job, Key,
    Outcome, Request, RestartChildError, StartChildError, StartFailure, Target,
    TerminateChildError, Verdict, WhichChildError,
};
use crate::spec::{ChildPolicy, Plan, Readiness, Strategy};

/// A line of what can be seen: when, and what.
pub(super) type Line = (Time, String);

struct Driver<'a> {
    case: &'a Case,
    core: Core,
    epoch: Instant,
    now: Time,
    alarm: Option<Time>,
    /// By key: its name, and its run if that has not ended.
    children: BTreeMap<Key, Known>,
    /// How often each was started, under all its keys.
    starts: HashMap<String, usize>,
    /// The names of those that were added, in order, with their keys.
    added: Vec<(String, Key)>,
    /// The children of calls that are not answered yet.
    calls: HashMap<u64, (String, usize)>,
    lines: Vec<Line>,
    swept: Vec<Line>,
    /// The most children that there were at a time.
    peak: usize,
    ended: bool,
}

struct Known {
    name: String,
    spec: usize,
    run: u64,
    process: Option<(Process, bool)>,
    fate: Option<Fate>,
}

/// What happened, and after it all that was swept, whatever else happened at the same time.
pub(super) fn with_swept(mut lines: Vec<Line>, mut swept: Vec<Line>) -> Vec<Line> {
    swept.sort();
    lines.extend(
        swept
            .into_iter()
            .map(|(at, name)| (at, format!("swept {name}"))),
    );
    lines
}

pub(super) fn name_of(spec: usize) -> String {
    ["a", "b", "c", "d", "e", "f", "g", "h"][spec].to_owned()
}

fn policy(case: &Case, spec: usize, name: &str) -> ChildPolicy {
    let of = &case.specs[spec];
    ChildPolicy {
        restart: of.restart,
        shutdown: of.shutdown,
        significant: of.significant,
        start_timeout: of.start_timeout.map(duration),
        backoff: of.backoff.map(|(base, cap)| {
            Backoff::exponential(duration(base))
                .with_cap(duration(cap))
                .with_jitter(Jitter::None)
        }),
        ..ChildPolicy::new(
            name,
            of.kind,
            match of.acknowledged {
                true => Readiness::Acknowledged,
                false => Readiness::AtOnce,
            },
        )
    }
}

pub(super) fn play(case: &Case) -> Vec<Line> {
    let plan = Plan {
        intensity: case.intensity,
        auto_shutdown: case.auto,
        abort_patience: duration(PATIENCE),
        ..Plan::new(case.strategy)
    };
    let initial: Vec<_> = (0..case.initial)
        .map(|spec| policy(case, spec, &name_of(spec)))
        .collect();
    let (core, keys) = Core::new(plan, initial).expect("a plan that can be followed");
    let mut driver = Driver {
        case,
        core,
        epoch: Instant::now(),
        now: 0,
        alarm: None,
        children: BTreeMap::new(),
        starts: HashMap::new(),
        added: Vec::new(),
        calls: HashMap::new(),
        lines: Vec::new(),
        swept: Vec::new(),
        peak: 0,
        ended: false,
    };
    for (spec, key) in keys.into_iter().enumerate() {
        driver.admit(key, name_of(spec), spec);
    }
    driver.run();
    with_swept(driver.lines, driver.swept)
}

/// The next thing that happens.
enum Next {
    Ready(Key),
    Ended(Key),
    Alarm,
    Call(usize),
    Stop,
}

impl Driver<'_> {
    fn run(&mut self) {
        self.input(Input::Begin);
        let (mut calls, mut is_stopped) = (0, false);
        while !self.ended {
            let mut all: Vec<(Time, Next)> = Vec::new();
            for (key, known) in &self.children {
                if let Some((process, is_ready)) = &known.process {
                    let ends = process.ends();
                    if let Some((at, _)) = ends {
                        all.push((at, Next::Ended(*key)));
                    }
                    if let Some(at) = process.ready().filter(|_| !is_ready)
                        && ends.is_none_or(|(end, _)| at < end)
                    {
                        all.push((at, Next::Ready(*key)));
                    }
                }
            }
            all.extend(self.alarm.map(|at| (at, Next::Alarm)));
            all.extend(
                self.case
                    .calls
                    .get(calls)
                    .map(|(at, _)| (*at, Next::Call(calls))),
            );
            if !is_stopped {
                all.push((self.case.stop_at, Next::Stop));
            }
            let Some((at, next)) = all.into_iter().min_by_key(|(at, _)| *at) else {
                self.now = Time::MAX;
                return self.see("stuck".to_owned());
            };
            self.now = self.now.max(at);
            match next {
                Next::Ready(key) => {
                    let known = self.children.get_mut(&key).unwrap();
                    known.process.as_mut().unwrap().1 = true;
                    let run = known.run;
                    self.input(Input::Ready { key, run });
                }
                Next::Ended(key) => {
                    let known = self.children.get_mut(&key).unwrap();
                    let (process, _) = known.process.take().unwrap();
                    let (run, (_, class)) = (known.run, process.ends().unwrap());
                    known.fate = None;
                    self.input(Input::Exited { key, run, class });
                }
                Next::Alarm => {
                    self.alarm = None;
                    self.input(Input::Alarm);
                }
                Next::Call(nth) => {
                    calls += 1;
                    self.call(nth);
                }
                Next::Stop => {
                    is_stopped = true;
                    self.input(Input::Stop);
                }
            }
        }
        self.check_the_end();
    }

    /// After the end: who still runs is told, and all else was settled; calls are refused.
    fn check_the_end(&mut self) {
        for known in self.children.values() {
            if known.process.is_none() && known.run > 0 {
                assert_ne!(known.fate, None, "{} was not settled", known.name);
                assert_ne!(known.fate, Some(Fate::Restarting), "{}", known.name);
            }
        }
        assert!(self.calls.is_empty(), "calls without an answer");
        let mut out = Vec::new();
        let request = Request::Count;
        let now = self.epoch + duration(self.now);
        self.core
            .step(now, Input::Call { call: 77, request }, &mut out);
        let [Command::Reply { call: 77, outcome }] = &out[..] else {
            panic!("{out:?}");
        };
        assert_eq!(*outcome, Outcome::Refused);
    }

    fn call(&mut self, nth: usize) {
        let is_dynamic = self.case.strategy == Strategy::Dynamic;
        let ask = self.case.calls[nth].1;
        let specs = self.case.specs.len();
        let request = match ask {
            Ask::Start(spec) => {
                let spec = spec % specs;
                let name = match is_dynamic {
                    true => format!("{}{nth}", name_of(spec)),
                    false => name_of(spec),
                };
                let policy = policy(self.case, spec, &name);
                self.calls.insert(nth as u64, (name, spec));
                Request::Start(Box::new(policy))
            }
            Ask::Terminate(of) => Request::Terminate(self.target(of)),
            Ask::TerminateById(of) => Request::Terminate(Target::Id(name_of(of % specs).into())),
            Ask::Restart(of) => Request::Restart(self.target(of)),
            Ask::Delete(of) => Request::Delete(self.target(of)),
            Ask::Which(of) => Request::WhichChild(self.target(of)),
            Ask::WhichAll => Request::WhichChildren,
            Ask::Count => Request::Count,
        };
        self.calls.entry(nth as u64).or_default();
        let call = nth as u64;
        self.input(Input::Call { call, request });
    }

    fn target(&self, of: usize) -> Target {
        if self.case.strategy != Strategy::Dynamic {
            return Target::Id(name_of(of % self.case.specs.len()).into());
        }
        match self.added.len() {
            0 => Target::Key(Key {
                index: 9,
                generation: 9,
            }),
            added => Target::Key(self.added[of % added].1),
        }
    }

    fn admit(&mut self, key: Key, name: String, spec: usize) {
        self.added.push((name.clone(), key));
        let known = Known {
            name,
            spec,
            run: 0,
            process: None,
            fate: None,
        };
        assert!(
            self.children.insert(key, known).is_none(),
            "{key:?} is taken"
        );
        self.peak = self.peak.max(self.children.len());
    }

    fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.core
            .step(self.epoch + duration(self.now), input, &mut out);
        invariants::check(&self.core);
        for command in out {
            assert!(!self.ended, "after the end: {command:?}");
            self.follow(command);
        }
        if !self.ended {
            // There is a place for each, and what is swept leaves its own to who comes next.
            let places = self.core.children.places();
            assert_eq!(places, (self.children.len(), self.peak));
        }
        if matches!(self.core.job, Job::Idle) && self.core.ending.is_none() {
            self.check_the_fates();
        }
    }

    /// Between two jobs, what was said of each child is what is.
    fn check_the_fates(&self) {
        for (key, known) in &self.children {
            let fates: &[_] = match self.core.children.get(*key).state() {
                State::Running | State::Unresponsive(_) => &[None],
                State::Restarting { .. } => &[Some(Fate::Restarting)],
                State::Resting => &[Some(Fate::Resting)],
                // One that rested is held with its group.
                State::Held => &[Some(Fate::Restarting), Some(Fate::Resting)],
                state => panic!("{} is {state:?} between two jobs", known.name),
            };
            assert!(
                fates.contains(&known.fate),
                "{}: {:?}",
                known.name,
                known.fate
            );
        }
    }

    fn follow(&mut self, command: Command) {
        let now = self.now;
        match command {
            Command::Admit { call, key } => {
                let (name, spec) = self.calls[&call].clone();
                self.admit(key, name, spec);
            }
            Command::Start { key, run } => {
                let known = self.children.get_mut(&key).unwrap();
                assert!(known.process.is_none(), "{} runs", known.name);
                assert_eq!(run, known.run + 1);
                known.run = run;
                known.fate = None;
                let starts = self.starts.entry(known.name.clone()).or_default();
                let spec = &self.case.specs[known.spec];
                known.process = Some((
                    Process::start(spec, &known.name, *starts, now),
                    !spec.acknowledged,
                ));
                *starts += 1;
                let line = format!("start {}", known.name);
                self.see(line);
            }
            Command::AskStop { key } => self.tell(key, "ask", Process::ask),
            Command::Abort { key, run } => {
                assert_eq!(run, self.children[&key].run);
                self.tell(key, "abort", Process::abort);
            }
            Command::Settled { key, fate } => {
                let known = self.children.get_mut(&key).unwrap();
                assert!(known.process.is_none(), "{} runs", known.name);
                known.fate = Some(fate);
            }
            Command::Forget { key } => {
                let known = self.children.remove(&key).unwrap();
                assert!(known.process.is_none() && known.fate == Some(Fate::Gone));
                self.swept.push((now, known.name));
            }
            Command::Reply { call, outcome } => {
                assert!(self.calls.remove(&call).is_some(), "one answer a call");
                let line = format!("reply {call} {}", self.outcome(&outcome));
                self.see(line);
            }
            Command::Alarm(at) => {
                self.alarm = at.map(|at| nanos(at.saturating_duration_since(self.epoch)));
            }
            Command::Event(_) => {}
            Command::End(verdict) => {
                let line = self.verdict(&verdict);
                self.see(line);
                self.ended = true;
            }
        }
    }

    fn tell(&mut self, key: Key, what: &str, to: fn(&mut Process, Time)) {
        let known = self.children.get_mut(&key).unwrap();
        let (process, _) = known.process.as_mut().expect("it runs");
        to(process, self.now);
        let line = format!("{what} {}", known.name);
        self.see(line);
    }

    fn see(&mut self, line: String) {
        self.lines.push((self.now, line));
    }

    fn verdict(&self, verdict: &Verdict) -> String {
        let why = |why: &StartFailure| failure(*why);
        let cause = match &verdict.cause {
            Cause::Stopped => "stopped".to_owned(),
            Cause::Intensity(child) => format!("intensity {}", child.id),
            Cause::AutoShutdown(child) => format!("auto {}", child.id),
            Cause::FailedToStart { child, why: of } => format!("failed {} {}", child.id, why(of)),
            Cause::Unresponsive(child) => format!("unresponsive {}", child.id),
        };
        let left: Vec<_> = verdict.unresponsive.iter().map(|c| c.id.as_str()).collect();
        format!("end {cause}, left {left:?}")
    }

    fn name(&self, key: &Key) -> &str {
        &self.children[key].name
    }

    fn begun(&self, begun: &Begun) -> String {
        match begun {
            Begun::Running { key, run } => {
                assert_eq!(self.children[key].run, *run);
                format!("running {}", self.name(key))
            }
            Begun::Ignored { key, .. } => format!("ignored {}", self.name(key)),
        }
    }

    fn outcome(&self, outcome: &Outcome) -> String {
        use StartChildError as S;
        match outcome {
            Outcome::Start(Ok(begun)) | Outcome::Restart(Ok(begun)) => self.begun(begun),
            Outcome::Start(Err(S::AlreadyStarted(key))) => {
                format!("already started {}", self.name(key))
            }
            Outcome::Start(Err(S::AlreadyPresent(key))) => {
                format!("already present {}", self.name(key))
            }
            Outcome::Start(Err(S::Invalid(_))) => "invalid".to_owned(),
            Outcome::Start(Err(S::Failed { key, why, .. }))
            | Outcome::Restart(Err(RestartChildError::Failed { key, why, .. })) => {
                format!("failed {} {}", self.name(key), failure(*why))
            }
            Outcome::Terminate(Ok(())) | Outcome::Delete(Ok(())) => "ok".to_owned(),
            Outcome::Terminate(Err(TerminateChildError::Unresponsive(key))) => {
                format!("unresponsive {}", self.name(key))
            }
            Outcome::Terminate(Err(TerminateChildError::NotFound))
            | Outcome::Restart(Err(RestartChildError::NotFound))
            | Outcome::Delete(Err(DeleteChildError::NotFound))
            | Outcome::WhichChild(Err(WhichChildError::NotFound)) => "not found".to_owned(),
            Outcome::Terminate(Err(TerminateChildError::Dynamic))
            | Outcome::Restart(Err(RestartChildError::Dynamic))
            | Outcome::Delete(Err(DeleteChildError::Dynamic))
            | Outcome::WhichChild(Err(WhichChildError::Dynamic)) => "dynamic".to_owned(),
            Outcome::Restart(Err(RestartChildError::Running(key)))
            | Outcome::Delete(Err(DeleteChildError::Running(key))) => {
                format!("running already {}", self.name(key))
            }
            Outcome::Restart(Err(RestartChildError::Restarting(key)))
            | Outcome::Delete(Err(DeleteChildError::Restarting(key))) => {
                format!("restarting {}", self.name(key))
            }
            Outcome::WhichChild(Ok(row)) => self.row(row),
            Outcome::WhichChildren(rows) => {
                let rows: Vec<_> = rows.iter().map(|row| self.row(row)).collect();
                rows.join(", ")
            }
            Outcome::Count(c) => format!(
                "specs {} active {} supervisors {} workers {}",
                c.specs, c.active, c.supervisors, c.workers
            ),
            Outcome::Refused => "refused".to_owned(),
        }
    }

    fn row(&self, row: &ChildRow) -> String {
        let known = &self.children[&row.key];
        assert_eq!(row.id.as_str(), known.name);
        let status = match row.status {
            ChildStatus::Running(run) => {
                assert_eq!(run, known.run);
                "pid"
            }
            ChildStatus::Restarting => "restarting",
            ChildStatus::Resting => "undefined",
        };
        format!("{} {status} {:?}", row.id, row.kind)
    }
}

fn failure(why: StartFailure) -> &'static str {
    match why {
        StartFailure::Exited => "exited",
        StartFailure::TimedOut => "timed out",
        StartFailure::Unresponsive => "unresponsive",
    }
}

fn nanos(duration: Duration) -> Time {
    u64::try_from(duration.as_nanos()).unwrap()
}
