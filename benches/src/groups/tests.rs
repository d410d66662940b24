use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use super::{all, cancel, million};
use crate::channel::{Channel, Ends, Sender};
use crate::entrants::{self, Entrants};
use crate::harness::{Effort, Entrant};
use crate::report::OURS;

/// How the names of groups begin that run without a runtime, or of which it is no part.
const NO_RUNTIME: [&str; 15] = [
    "bulkhead_",
    "limit_permit_",
    "actor_bytes",
    "actor_million_bytes",
    "try_pair_",
    "bytes_",
    "cancel_check",
    "cancel_child_create_drop",
    "cancel_tree_",
    "cancel_guard_future_",
    "timeout_pending_once",
    "group_million_bytes",
    "ratelimit_check_",
    "sqlite_rows",
    "jsonl_rows",
];

#[test]
fn groups_have_names_of_their_own() {
    let benches = all();
    let mut names: Vec<_> = benches
        .iter()
        .flat_map(|bench| &bench.metrics)
        .map(|metric| &metric.group)
        .collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn ours_is_in_every_group_once() {
    for bench in all() {
        let group = bench.metrics[0].group.as_str();
        let ours = bench
            .cases
            .iter()
            .filter(|case| case.who.name == OURS)
            .count();
        assert_eq!(ours, 1, "{group}");
        assert!(
            bench
                .cases
                .iter()
                .all(|case| case.who.ours == case.who.name.starts_with(OURS))
        );
    }
}

#[test]
fn a_groups_name_says_which_runtime_it_needs() {
    for metric in all().iter().flat_map(|bench| &bench.metrics) {
        let group = metric.group.as_str();
        let runtime = group.ends_with("_mt") || group.ends_with("_ct");
        let none = NO_RUNTIME.iter().any(|part| group.starts_with(part));
        assert!(runtime != none, "{group}");
    }
}

#[test]
fn the_full_measure_is_what_the_names_say() {
    assert_eq!(Effort::FULL.tasks(), 100_000);
    assert_eq!(Effort::FULL.live_tasks(), 1_000_000);
    assert_eq!(million::tasks(&Effort::FULL), 1_000_000);
    assert_eq!(cancel::nodes(&Effort::FULL), 111_111);
}

/// Each round checks itself that what arrived is what was sent.
#[test]
fn every_case_runs_and_gives_a_figure_for_each_metric() {
    let effort = Effort {
        rounds: 1,
        warm_up: false,
        messages: 300,
    };
    for bench in all() {
        for case in &bench.cases {
            let figures = (case.round)(&effort);
            let (group, name) = (&bench.metrics[0].group, &case.who.name);
            assert_eq!(figures.len(), bench.metrics.len(), "{group} {name}");
            assert!(
                figures.iter().all(|figure| *figure > 0.0),
                "{group} {name}: {figures:?}"
            );
        }
    }
}

/// How many messages each entrant takes while nobody receives.
struct Holds {
    capacity: usize,
    held: Vec<(String, usize)>,
}

impl Entrants<usize> for Holds {
    fn enter<C: Channel<usize>>(&mut self, who: Entrant) {
        let (mut senders, receivers) = C::open(Ends::pair(self.capacity));
        let mut context = Context::from_waker(Waker::noop());
        let held = (0..10 * self.capacity)
            .take_while(|message| {
                pin!(senders[0].send(*message))
                    .poll(&mut context)
                    .is_ready()
            })
            .count();
        self.held.push((who.name, held));
        drop(receivers);
    }
}

/// A channel that held more than was asked would wait less than the others.
#[test]
fn every_bounded_channel_holds_what_was_asked() {
    for capacity in [1, 16, 1024] {
        let mut contest = Holds {
            capacity,
            held: Vec::new(),
        };
        entrants::spsc(&mut contest);
        entrants::mpsc(&mut contest);
        entrants::mpmc(&mut contest);
        for (name, held) in contest.held {
            assert_eq!(held, capacity, "{name}");
        }
    }
}
