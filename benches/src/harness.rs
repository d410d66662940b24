//! Benches, their cases, and how they are run.
//!
//! A [`Bench`] is one contest: several [`Case`]s do the same work, each with another crate's means. A round of a case
//! gives one figure for each of the bench's [`Metric`]s, and each metric is one *group* of the report. [`run`] takes
//! the cases in turn, round by round, so that noise of the machine falls on all alike.

pub(crate) mod effort;
pub(crate) mod run;
pub(crate) mod runtime;
pub(crate) mod stats;
mod watchdog;

pub(crate) use effort::Effort;

/// One group of the report.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    pub(crate) group: String,
    pub(crate) unit: Unit,
    /// What is measured, in one line under the table's title.
    pub(crate) about: String,
}

/// What a figure counts. Less is better in each of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    NanosPerOp,
    Nanos,
    Bytes,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::NanosPerOp => "ns/op",
            Unit::Nanos => "ns",
            Unit::Bytes => "bytes",
        }
    }
}

/// Who a case measures.
#[derive(Clone, Debug)]
pub(crate) struct Entrant {
    pub(crate) name: String,
    pub(crate) version: &'static str,
    pub(crate) ours: bool,
    /// Why this row is shown and not compared, where it is not comparable.
    pub(crate) shown_only: Option<&'static str>,
}

/// Runs one round and gives one figure for each metric of the bench.
pub(crate) type Round = Box<dyn Fn(&Effort) -> Vec<f64>>;

pub(crate) struct Case {
    pub(crate) who: Entrant,
    pub(crate) round: Round,
}

pub(crate) struct Bench {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) cases: Vec<Case>,
    /// Fewer rounds than the effort says, for a bench whose rounds are long.
    pub(crate) rounds_max: usize,
    /// Whether a round of the same case, which is not counted, goes before each that is.
    pub(crate) settles: bool,
}

impl Bench {
    pub(crate) fn new(metrics: Vec<Metric>) -> Self {
        Bench {
            metrics,
            cases: Vec::new(),
            rounds_max: usize::MAX,
            settles: false,
        }
    }

    /// Each round then finds the heap as its own case has left it, and not another. For work that allocates a lot: a
    /// hundred thousand tasks cost a fifth more or less by what the allocator has at hand, or gave back to the system.
    pub(crate) fn settled(mut self) -> Self {
        self.settles = true;
        self
    }

    /// A bench with one metric: nanoseconds per operation.
    pub(crate) fn per_op(group: impl Into<String>, about: impl Into<String>) -> Self {
        let metric = Metric {
            group: group.into(),
            unit: Unit::NanosPerOp,
            about: about.into(),
        };
        Bench::new(vec![metric])
    }

    /// How many rounds of each case are counted.
    pub(crate) fn rounds(&self, effort: &Effort) -> usize {
        effort.rounds.min(self.rounds_max)
    }

    /// Adds a case.
    ///
    /// # Panics
    ///
    /// If the name is taken: the report tells rows apart by their names.
    pub(crate) fn case(&mut self, who: Entrant, round: Round) {
        let taken = self.cases.iter().any(|case| case.who.name == who.name);
        assert!(
            !taken,
            "{}: two cases named {}",
            self.metrics[0].group, who.name
        );
        self.cases.push(Case { who, round });
    }

    /// Shows the case `name` without comparing it, and says why.
    pub(crate) fn show_only(mut self, name: &str, why: &'static str) -> Self {
        for case in &mut self.cases {
            if case.who.name == name {
                case.who.shown_only = Some(why);
            }
        }
        self
    }
}
