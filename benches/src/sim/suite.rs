//! Which limits are tried, at what, and which figures come of it.

use std::time::Duration;

use aqueduct_backpressure::limit::{Aimd, Algorithm, Gradient2, Limiter, Miad, Vegas};
use tokio::time::Instant;

use crate::measure::{Better, Spread};
use crate::rng::Rng;
use crate::service::{Kind, Shape, Time};
use crate::world::{Scenario, Trace};

/// The services. The second ([`Kind::Sharing`]) was softened after an early run of the algorithms: what
/// is measured there was looked at before it was fixed, and so the wanted figures are asked of the first alone.
pub(crate) const SHAPES: [Shape; 3] = [
    Shape {
        name: "slots",
        about: "20 workers before a queue, 50 ms each: 400 a second, deadline 300 ms",
        kind: Kind::Slots,
        width: 20,
        mean: 0.050,
        deadline: 0.300,
        pace: 1.0,
    },
    Shape {
        name: "sharing",
        about: "8 shared processors, 10 ms of work each: 800 a second, fewer if many are inside, deadline 100 ms",
        kind: Kind::Sharing,
        width: 8,
        mean: 0.010,
        deadline: 0.100,
        pace: 1.0,
    },
    Shape {
        name: "slow",
        about: "`slots`, and all of it lasts 200 times as long: 10 s each, 2 a second, deadline 60 s",
        kind: Kind::Slots,
        width: 20,
        mean: 10.0,
        deadline: 60.0,
        pace: 200.0,
    },
];

/// How a limit is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Knee,
    Gradient2,
    Vegas,
    Aimd,
    Miad,
    Fixed(usize),
    None,
}

impl Rule {
    pub(crate) const ADAPTIVE: [Self; 5] = [
        Self::Knee,
        Self::Gradient2,
        Self::Vegas,
        Self::Aimd,
        Self::Miad,
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Knee => "Knee (default)".to_owned(),
            Self::Gradient2 => "Gradient2".to_owned(),
            Self::Vegas => "Vegas".to_owned(),
            Self::Aimd => "Aimd".to_owned(),
            Self::Miad => "Miad".to_owned(),
            Self::Fixed(limit) => format!("Fixed, {limit}"),
            Self::None => "no limit".to_owned(),
        }
    }

    /// With the options that are there if nothing is said, but for the limit to begin with, and the time of the day when the
    /// run begins.
    pub(crate) fn limiter(self, shape: &Shape, limit: usize, clock: Time) -> Limiter {
        let clock = Duration::from_secs_f64(clock);
        let adaptive = |algorithm: Box<dyn Algorithm>| {
            let builder = Limiter::builder().algorithm(algorithm);
            builder.limit(limit).clock(clock).build()
        };
        match self {
            Self::Knee => Limiter::builder().limit(limit).clock(clock).build(),
            Self::Gradient2 => adaptive(Box::new(Gradient2::new())),
            Self::Vegas => adaptive(Box::new(Vegas::new())),
            Self::Aimd => adaptive(Box::new(Aimd::new())),
            // It has to be told what latency is wanted.
            Self::Miad => adaptive(Box::new(Miad::new(Duration::from_secs_f64(
                shape.deadline / 2.0,
            )))),
            Self::Fixed(limit) => Limiter::fixed(limit),
            Self::None => Limiter::fixed(1 << 20),
        }
    }
}

/// For how long, and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) seeds: u64,
    /// How long a phase lasts: what is measured is the part after `warm_up`.
    pub(crate) phase: Time,
    pub(crate) warm_up: Time,
}

impl Effort {
    pub(crate) const FULL: Self = Self {
        seeds: 10,
        phase: 60.0,
        warm_up: 10.0,
    };

    /// To see that it runs.
    pub(crate) const SMOKE: Self = Self {
        seeds: 2,
        phase: 30.0,
        warm_up: 10.0,
    };
}

/// What one rule did against one service.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) rule: Rule,
    /// Of the best fixed limit's, at twice the capacity.
    pub(crate) goodput: Spread,
    pub(crate) p99: Spread,
    /// The same at the capacity.
    pub(crate) goodput_at_1: Spread,
    /// Of the requests, at 0.8 of the capacity.
    pub(crate) rejected: Spread,
    /// After the load went from 0.8 to 2 times the capacity.
    pub(crate) settled_load: Spread,
    /// After half of the workers went away, and after they came back; the longer.
    pub(crate) settled_capacity: Spread,
    pub(crate) fairness: Spread,
    /// Four clients together, as `goodput`.
    pub(crate) goodput_of_4: Spread,
    /// For how long some are rejected in vain after all takes four times as long.
    pub(crate) rejecting: Spread,
    /// Of four clients whose clocks are up to a window apart.
    pub(crate) fairness_a_window_apart: Spread,
    /// Of four clients whose clocks have nothing in common.
    pub(crate) fairness_apart: Spread,
    pub(crate) goodput_apart: Spread,
    pub(crate) p99_apart: Spread,
}

/// The limits that four equal clients begin with.
const UNEQUAL: [usize; 4] = [40, 20, 10, 5];

/// Clocks are so far apart, in seconds, where somebody keeps them.
const WINDOW: Time = 0.1;

/// And so far where nobody does: what happens at multiples of ten seconds happens at any time.
const NO_COMMON_CLOCK: Time = 10.0;

/// What a limiter begins with, if nothing is said.
const BEGIN: usize = 20;

pub(crate) struct Suite {
    pub(crate) shape: Shape,
    pub(crate) effort: Effort,
    epoch: Instant,
    /// The best fixed limit, and its goodput at 2 and at 1 times the capacity.
    pub(crate) best: (usize, f64),
    pub(crate) best_at_1: f64,
}

impl Suite {
    pub(crate) fn new(shape: Shape, effort: Effort) -> Self {
        let mut suite = Self {
            shape,
            effort,
            epoch: Instant::now(),
            best: (0, 0.0),
            best_at_1: 0.0,
        };
        suite.best = suite.search(2.0);
        suite.best_at_1 = suite.search(1.0).1;
        suite
    }

    /// The fixed limit with the most goodput, of those from half to four times the width, a tenth apart; on some seeds.
    fn search(&self, load: f64) -> (usize, f64) {
        let mut best = (0, 0.0);
        let seeds = self.effort.seeds.min(3);
        let mut next = self.shape.width / 2;
        while next <= self.shape.width * 4 {
            let limit = next;
            next += (limit / 10).max(1);
            let goodput = |seed| self.goodput(&self.steady(Rule::Fixed(limit), load, seed));
            let mean = (0..seeds).map(goodput).sum::<f64>() / seeds as f64;
            if mean > best.1 {
                best = (limit, mean);
            }
        }
        best
    }

    fn phase(&self) -> Time {
        self.effort.phase * self.shape.pace
    }

    fn warm_up(&self) -> Time {
        self.effort.warm_up * self.shape.pace
    }

    pub(crate) fn goodput(&self, trace: &Trace) -> f64 {
        trace.goodput(self.warm_up(), self.phase())
    }

    /// One client, one load.
    pub(crate) fn steady(&self, rule: Rule, load: f64, seed: u64) -> Trace {
        let scenario = Scenario::steady(self.shape, self.phase(), load);
        self.run(&scenario, rule, &[(BEGIN, 0.0)], seed)
    }

    /// The load goes from 0.8 to 2 times the capacity.
    pub(crate) fn load_step(&self, rule: Rule, seed: u64) -> Trace {
        let mut scenario = Scenario::steady(self.shape, 2.0 * self.phase(), 0.8);
        scenario.loads.push((self.phase(), 2.0));
        self.run(&scenario, rule, &[(BEGIN, 0.0)], seed)
    }

    /// Half of the workers go away, and come back, at twice the load that all can bear.
    pub(crate) fn capacity_step(&self, rule: Rule, seed: u64) -> Trace {
        let phase = self.phase();
        let width = self.shape.width;
        let mut scenario = Scenario::steady(self.shape, 3.0 * phase, 2.0);
        scenario.widths = vec![(phase, width / 2), (2.0 * phase, width)];
        self.run(&scenario, rule, &[(BEGIN, 0.0)], seed)
    }

    /// All takes four times as long from a moment on, as when what the service calls became slower. The load is half of what it
    /// can bear then, and clients wait four times as long as usual: whoever is rejected is rejected in vain.
    pub(crate) fn latency_step(&self, rule: Rule, seed: u64) -> Trace {
        const TIMES: f64 = 4.0;
        let shape = Shape {
            deadline: TIMES * self.shape.deadline,
            ..self.shape
        };
        let mut scenario = Scenario::steady(shape, 2.0 * self.phase(), 0.5 / TIMES);
        scenario.slownesses.push((self.phase(), TIMES));
        self.run(&scenario, rule, &[(BEGIN, 0.0)], seed)
    }

    /// Four clients with a limiter each, who begin with unequal limits, at twice the capacity.
    pub(crate) fn clients(&self, rule: Rule, seed: u64) -> Trace {
        let scenario = Scenario::steady(self.shape, self.phase(), 2.0);
        let begin = UNEQUAL.map(|limit| (limit, 0.0));
        self.run(&scenario, rule, &begin, seed)
    }

    /// The same with clocks that are up to so much apart, and clients that begin when they please, in the first half of the
    /// warming up. What counts is the second of two phases: going astray takes time.
    pub(crate) fn clients_apart(&self, rule: Rule, seed: u64, apart: Time) -> Trace {
        let mut rng = Rng::new(!seed);
        let mut scenario = Scenario::steady(self.shape, 2.0 * self.phase(), 2.0);
        scenario.starts = UNEQUAL
            .map(|_| rng.uniform() * 0.5 * self.warm_up())
            .to_vec();
        let begin = UNEQUAL.map(|limit| (limit, rng.uniform() * apart));
        self.run(&scenario, rule, &begin, seed)
    }

    /// With a client for each pair of a limit to begin with and the time by its clock.
    fn run(&self, scenario: &Scenario, rule: Rule, begin: &[(usize, Time)], seed: u64) -> Trace {
        let limiter = |&(limit, clock): &(usize, Time)| rule.limiter(&self.shape, limit, clock);
        let limiters: Vec<Limiter> = begin.iter().map(limiter).collect();
        // Limiters count time from when they were made.
        let epoch = self.epoch.max(Instant::now());
        scenario.run(&limiters, epoch, seed)
    }

    /// Every seed's figure, together.
    fn over_seeds(&self, better: Better, figure: impl Fn(u64) -> f64) -> Spread {
        Spread::of((0..self.effort.seeds).map(figure).collect(), better)
    }

    pub(crate) fn row(&self, rule: Rule) -> Row {
        let (warm_up, phase, pace) = (self.warm_up(), self.phase(), self.shape.pace);
        let clients = UNEQUAL.len();
        let (mut goodput, mut p99, mut fairness, mut of_4) = (vec![], vec![], vec![], vec![]);
        let mut apart = [vec![], vec![], vec![]];
        for seed in 0..self.effort.seeds {
            let trace = self.steady(rule, 2.0, seed);
            goodput.push(self.goodput(&trace) / self.best.1);
            p99.push(trace.p99(warm_up, phase));
            let trace = self.clients(rule, seed);
            fairness.push(trace.fairness(clients, warm_up, phase));
            of_4.push(self.goodput(&trace) / self.best.1);
            let trace = self.clients_apart(rule, seed, NO_COMMON_CLOCK);
            let (from, to) = (phase, 2.0 * phase);
            apart[0].push(trace.fairness(clients, from, to));
            apart[1].push(trace.goodput(from, to) / self.best.1);
            apart[2].push(trace.p99(from, to));
        }
        let [fairness_apart, goodput_apart, p99_apart] = apart;
        Row {
            rule,
            goodput: Spread::of(goodput, Better::High),
            p99: Spread::of(p99, Better::Low),
            goodput_at_1: self.over_seeds(Better::High, |seed| {
                self.goodput(&self.steady(rule, 1.0, seed)) / self.best_at_1
            }),
            rejected: self.over_seeds(Better::Low, |seed| {
                self.steady(rule, 0.8, seed).rejected(warm_up, phase)
            }),
            settled_load: self.over_seeds(Better::Low, |seed| {
                let trace = self.load_step(rule, seed);
                trace.settled(phase, 2.0 * phase, pace)
            }),
            settled_capacity: self.over_seeds(Better::Low, |seed| {
                let trace = self.capacity_step(rule, seed);
                let less = trace.settled(phase, 2.0 * phase, pace);
                less.max(trace.settled(2.0 * phase, 3.0 * phase, pace))
            }),
            fairness: Spread::of(fairness, Better::High),
            goodput_of_4: Spread::of(of_4, Better::High),
            rejecting: self.over_seeds(Better::Low, |seed| {
                let trace = self.latency_step(rule, seed);
                trace.rejecting(phase, 2.0 * phase, pace)
            }),
            fairness_a_window_apart: self.over_seeds(Better::High, |seed| {
                let trace = self.clients_apart(rule, seed, WINDOW);
                trace.fairness(clients, phase, 2.0 * phase)
            }),
            fairness_apart: Spread::of(fairness_apart, Better::High),
            goodput_apart: Spread::of(goodput_apart, Better::High),
            p99_apart: Spread::of(p99_apart, Better::Low),
        }
    }
}
