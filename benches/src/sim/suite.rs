//! Which limits are tried, at what, and which figures come of it.

use std::time::Duration;

use aqueduct_backpressure::limit::{Aimd, Algorithm, Gradient2, Limiter, Miad, Vegas};
use tokio::time::Instant;

use crate::measure::{Better, Spread};
use crate::service::{Kind, Shape, Time};
use crate::world::{Scenario, Trace};

/// The services. The second ([`Kind::Sharing`]) was softened after an early run of the algorithms: what
/// is measured there was looked at before it was fixed, and so the wanted figures are asked of the first alone.
pub(crate) const SHAPES: [Shape; 2] = [
    Shape {
        name: "slots",
        about: "20 workers before a queue, 50 ms each: 400 a second, deadline 300 ms",
        kind: Kind::Slots,
        width: 20,
        mean: 0.050,
        deadline: 0.300,
    },
    Shape {
        name: "sharing",
        about: "8 shared processors, 10 ms of work each: 800 a second, fewer if many are inside, deadline 100 ms",
        kind: Kind::Sharing,
        width: 8,
        mean: 0.010,
        deadline: 0.100,
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

    /// With the options that are there if nothing is said, but for the limit to begin with, and the time of the day: runs
    /// begin at midnight.
    pub(crate) fn limiter(self, shape: &Shape, limit: usize) -> Limiter {
        let adaptive = |algorithm: Box<dyn Algorithm>| {
            let builder = Limiter::builder().algorithm(algorithm);
            builder.limit(limit).clock(Duration::ZERO).build()
        };
        match self {
            Self::Knee => Limiter::builder()
                .limit(limit)
                .clock(Duration::ZERO)
                .build(),
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
}

/// The limits that four equal clients begin with.
const UNEQUAL: [usize; 4] = [40, 20, 10, 5];

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

    pub(crate) fn goodput(&self, trace: &Trace) -> f64 {
        trace.goodput(self.effort.warm_up, self.effort.phase)
    }

    /// One client, one load.
    pub(crate) fn steady(&self, rule: Rule, load: f64, seed: u64) -> Trace {
        let scenario = Scenario {
            shape: self.shape,
            length: self.effort.phase,
            loads: vec![(0.0, load)],
            widths: Vec::new(),
        };
        self.run(&scenario, rule, &[BEGIN], seed)
    }

    /// The load goes from 0.8 to 2 times the capacity.
    pub(crate) fn load_step(&self, rule: Rule, seed: u64) -> Trace {
        let scenario = Scenario {
            shape: self.shape,
            length: 2.0 * self.effort.phase,
            loads: vec![(0.0, 0.8), (self.effort.phase, 2.0)],
            widths: Vec::new(),
        };
        self.run(&scenario, rule, &[BEGIN], seed)
    }

    /// Half of the workers go away, and come back, at twice the load that all can bear.
    pub(crate) fn capacity_step(&self, rule: Rule, seed: u64) -> Trace {
        let phase = self.effort.phase;
        let width = self.shape.width;
        let scenario = Scenario {
            shape: self.shape,
            length: 3.0 * phase,
            loads: vec![(0.0, 2.0)],
            widths: vec![(phase, width / 2), (2.0 * phase, width)],
        };
        self.run(&scenario, rule, &[BEGIN], seed)
    }

    /// Four clients with a limiter each, who begin with unequal limits, at twice the capacity.
    pub(crate) fn clients(&self, rule: Rule, seed: u64) -> Trace {
        let scenario = Scenario {
            shape: self.shape,
            length: self.effort.phase,
            loads: vec![(0.0, 2.0)],
            widths: Vec::new(),
        };
        self.run(&scenario, rule, &UNEQUAL, seed)
    }

    fn run(&self, scenario: &Scenario, rule: Rule, begin: &[usize], seed: u64) -> Trace {
        let limiter = |limit: &usize| rule.limiter(&self.shape, *limit);
        let limiters: Vec<Limiter> = begin.iter().map(limiter).collect();
        // Limiters count time from when they were made.
        let epoch = self.epoch.max(Instant::now());
        scenario.run(&limiters, epoch, seed)
    }

    pub(crate) fn row(&self, rule: Rule) -> Row {
        let (warm_up, phase) = (self.effort.warm_up, self.effort.phase);
        let over_seeds = |better, figure: &dyn Fn(u64) -> f64| {
            Spread::of((0..self.effort.seeds).map(figure).collect(), better)
        };
        let (mut goodput, mut p99, mut fairness, mut of_4) = (vec![], vec![], vec![], vec![]);
        for seed in 0..self.effort.seeds {
            let trace = self.steady(rule, 2.0, seed);
            goodput.push(self.goodput(&trace) / self.best.1);
            p99.push(trace.p99(warm_up, phase));
            let trace = self.clients(rule, seed);
            fairness.push(trace.fairness(UNEQUAL.len(), warm_up, phase));
            of_4.push(self.goodput(&trace) / self.best.1);
        }
        Row {
            rule,
            goodput: Spread::of(goodput, Better::High),
            p99: Spread::of(p99, Better::Low),
            goodput_at_1: over_seeds(Better::High, &|seed| {
                self.goodput(&self.steady(rule, 1.0, seed)) / self.best_at_1
            }),
            rejected: over_seeds(Better::Low, &|seed| {
                self.steady(rule, 0.8, seed).rejected(warm_up, phase)
            }),
            settled_load: over_seeds(Better::Low, &|seed| {
                self.load_step(rule, seed).settled(phase, 2.0 * phase)
            }),
            settled_capacity: over_seeds(Better::Low, &|seed| {
                let trace = self.capacity_step(rule, seed);
                let less = trace.settled(phase, 2.0 * phase);
                less.max(trace.settled(2.0 * phase, 3.0 * phase))
            }),
            fairness: Spread::of(fairness, Better::High),
            goodput_of_4: Spread::of(of_4, Better::High),
        }
    }
}
