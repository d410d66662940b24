//! A million children: an event costs what it costs among a thousand.

use std::time::{Duration, Instant};

use tokio::time::Instant as Now;

use super::desk::{patient, task};
use crate::decide::{Command, Core, ExitClass, Input, Key, Request, Target};
use crate::spec::{ChildId, ChildPolicy, Strategy};

struct Many {
    core: Core,
    now: Now,
    out: Vec<Command>,
    keys: Vec<Key>,
}

impl Many {
    fn with(children: usize) -> Self {
        let (core, _) = Core::new(patient(Strategy::Dynamic), vec![]).unwrap();
        let mut many = Self {
            core,
            now: Now::now(),
            out: Vec::new(),
            keys: Vec::new(),
        };
        many.input(Input::Begin);
        let id = ChildId::from("child");
        for _ in 0..children {
            many.add(&id);
        }
        many
    }

    fn input(&mut self, input: Input) {
        self.out.clear();
        self.core.step(self.now, input, &mut self.out);
    }

    fn add(&mut self, id: &ChildId) {
        let request = Request::Start(Box::new(ChildPolicy {
            id: id.clone(),
            ..task("")
        }));
        self.input(Input::Call { call: 0, request });
        let Some(Command::Admit { key, .. }) = self.out.first() else {
            panic!("{:?}", self.out);
        };
        self.keys.push(*key);
    }

    /// Restarts, ends, looks and starts, in the middle: the time of one round.
    fn rounds(&mut self, rounds: usize) -> Duration {
        let id = ChildId::from("child");
        // Time goes on, so that the window of restarts stays what it is.
        let begin = Instant::now();
        for round in 0..rounds {
            self.now += Duration::from_millis(10);
            let at = self.keys.len() / 2 + round % 100;
            let key = self.keys[at];
            let class = ExitClass::Abnormal;
            self.input(Input::Exited { key, run: 1, class });
            assert!(matches!(self.out[..], [.., Command::Start { .. }, _]));
            let request = Request::Count;
            self.input(Input::Call { call: 0, request });
            let request = Request::Terminate(Target::Key(key));
            self.input(Input::Call { call: 0, request });
            let class = ExitClass::Shutdown;
            self.input(Input::Exited { key, run: 2, class });
            assert!(self.out.iter().any(|c| matches!(c, Command::Forget { .. })));
            self.add(&id);
            self.keys[at] = self.keys.pop().unwrap();
        }
        begin.elapsed()
    }
}

#[test]
fn an_event_among_a_million_dynamic_children_costs_what_it_costs_among_a_thousand() {
    const ROUNDS: usize = 2_000;
    let mut few = Many::with(1_000);
    let mut many = Many::with(1_000_000);
    // The least of several, as another program may take the processor at any time.
    let best = |of: &mut Many| (0..7).map(|_| of.rounds(ROUNDS)).min().unwrap();
    let (few, many_took) = (best(&mut few), best(&mut many));
    // One pass over a million would be a thousand times as long; caches are the rest.
    assert!(many_took < 20 * few, "{many_took:?} against {few:?}");

    let (asked, begin) = (many.keys.len(), Instant::now());
    many.input(Input::Stop);
    let asks = many
        .out
        .iter()
        .filter(|c| matches!(c, Command::AskStop { .. }));
    assert_eq!(asks.count(), asked);
    let keys = std::mem::take(&mut many.keys);
    let class = ExitClass::Shutdown;
    let last = keys.len() - 1;
    for (nth, key) in keys.into_iter().enumerate() {
        many.input(Input::Exited { key, run: 1, class });
        let ended = matches!(many.out.last(), Some(Command::End(_)));
        assert_eq!(ended, nth == last);
    }
    println!(
        "{few:?} and {many_took:?} for {ROUNDS} rounds, {:?} for the stop",
        begin.elapsed()
    );
}
