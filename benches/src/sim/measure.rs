//! Figures of a run.

use crate::service::Time;
use crate::world::{Fate, Request, Trace};

impl Trace {
    fn between(&self, from: Time, to: Time) -> impl Iterator<Item = &Request> {
        // In the order of time, as they were decided.
        let start = self.requests.partition_point(|request| request.at < from);
        let end = self.requests.partition_point(|request| request.at < to);
        self.requests[start..end.max(start)].iter()
    }

    fn count(&self, from: Time, to: Time, fate: Fate) -> usize {
        let of_fate = |request: &&Request| request.fate == fate;
        self.between(from, to).filter(of_fate).count()
    }

    /// Responses in time, a second.
    pub(crate) fn goodput(&self, from: Time, to: Time) -> f64 {
        self.count(from, to, Fate::Good) as f64 / (to - from)
    }

    /// The part of requests that were rejected.
    pub(crate) fn rejected(&self, from: Time, to: Time) -> f64 {
        let rejected = self.count(from, to, Fate::Rejected);
        rejected as f64 / self.between(from, to).count().max(1) as f64
    }

    /// What one in a hundred of those that were sent waited longer than. Who gave up waited for the deadline.
    pub(crate) fn p99(&self, from: Time, to: Time) -> Time {
        let sent = |request: &&Request| request.fate != Fate::Rejected;
        let requests = self.between(from, to).filter(sent);
        let mut latencies: Vec<Time> = requests.map(|request| request.latency).collect();
        latencies.sort_by(f64::total_cmp);
        let at = (latencies.len() * 99).div_ceil(100).max(1) - 1;
        latencies.get(at).copied().unwrap_or(0.0)
    }

    pub(crate) fn latency_mean(&self, from: Time, to: Time) -> Time {
        let sent = |request: &&Request| request.fate != Fate::Rejected;
        let (mut sum, mut count) = (0.0, 0);
        for request in self.between(from, to).filter(sent) {
            sum += request.latency;
            count += 1;
        }
        sum / f64::from(count.max(1))
    }

    /// Jain's index of the clients' goodputs: 1 if all have the same, 1/n if one has everything.
    pub(crate) fn fairness(&self, clients: usize, from: Time, to: Time) -> f64 {
        let mut good = vec![0.0; clients];
        for request in self.between(from, to) {
            if request.fate == Fate::Good {
                good[request.client] += 1.0;
            }
        }
        let sum: f64 = good.iter().sum();
        let squares: f64 = good.iter().map(|good| good * good).sum();
        if squares == 0.0 {
            return 0.0;
        }
        sum * sum / (clients as f64 * squares)
    }

    /// How long after `step` it takes until goodput and latency are what they are at the end, and stay so: every second from
    /// then on has at least 0.75 of the goodput of the last ten, and at most 1.5 times their mean latency. Chance alone makes
    /// one second in some hundred differ by 0.15, and there are six hundred to look at.
    ///
    /// A second lasts `pace` seconds.
    pub(crate) fn settled(&self, step: Time, end: Time, pace: f64) -> Time {
        let goodput = self.goodput(end - 10.0 * pace, end);
        let latency = self.latency_mean(end - 10.0 * pace, end);
        let steady = |at: Time| {
            self.goodput(at, at + pace) >= 0.75 * goodput
                && self.latency_mean(at, at + pace) <= 1.5 * latency
        };
        after_the_last(step, end - pace, pace / 10.0, |at| !steady(at))
    }

    /// How long after `step` it takes until fewer than one in fifty are rejected, and stays so: in each stretch of ten
    /// seconds from then on. A second lasts `pace` seconds.
    pub(crate) fn rejecting(&self, step: Time, end: Time, pace: f64) -> Time {
        let stretch = 10.0 * pace;
        let rejects = |at: Time| self.rejected(at, at + stretch) >= 0.02;
        after_the_last(step, end - stretch, pace / 10.0, rejects)
    }
}

/// How long after `from` the last moment is over of which something is so; moments are a `grain` apart.
fn after_the_last(from: Time, to: Time, grain: Time, is_so: impl Fn(Time) -> bool) -> Time {
    let grains = ((to - from) / grain).round() as usize;
    let last = (0..=grains)
        .rev()
        .find(|at| is_so(from + *at as f64 * grain));
    last.map_or(0.0, |at| (at + 1) as f64 * grain)
}

/// Of several runs: the one in the middle, and the worst.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) worst: f64,
}

/// Which figures are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    High,
    Low,
}

impl Spread {
    pub(crate) fn of(mut figures: Vec<f64>, better: Better) -> Self {
        figures.sort_by(f64::total_cmp);
        let worst = match better {
            Better::High => figures.first(),
            Better::Low => figures.last(),
        };
        Self {
            median: figures[figures.len() / 2],
            worst: *worst.expect("there is a run"),
        }
    }
}
