//! The core and its model see the same, at the same times: starts, stops, answers, counts, which children nothing is kept of
//! any more, and the end.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::driver::play;
use super::model::imitate;
use super::world::case;

proptest! {
    // PROPTEST_CASES=100000 looks for long.
    #![proptest_config(Config {
        cases: Config::default().cases * 8,
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn the_core_does_what_the_model_does(case in case()) {
        prop_assert_eq!(play(&case), imitate(&case));
    }
}

/// Cases that never come to it would show nothing.
#[test]
fn the_cases_reach_all_that_there_is() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    // Without names and numbers.
    let words = |line: &str| {
        let words = line.split_whitespace().filter(|word| word.len() > 2);
        words.collect::<Vec<_>>().join(" ")
    };
    let (cases, mut seen) = (case(), HashSet::new());
    for _ in 0..1500 {
        let case = cases.new_tree(&mut runner).unwrap().current();
        seen.extend(play(&case).iter().map(|(_, line)| words(line)));
    }
    for what in [
        "reply running",
        "reply ignored",
        "reply already started",
        "reply already present",
        "reply failed exited",
        "reply failed timed out",
        "reply failed unresponsive",
        "reply invalid",
        "reply ok",
        "reply not found",
        "reply dynamic",
        "reply running already",
        "reply restarting",
        "reply unresponsive",
        "reply refused",
        "undefined",
        "end stopped",
        "end intensity",
        "end auto",
        "end failed exited",
        "end failed timed out",
        "end failed unresponsive",
        "end unresponsive",
        "stuck",
        "swept",
    ] {
        let what = words(what);
        let is_seen = seen.iter().any(|line| line.contains(&what));
        assert!(is_seen, "no case came to {what:?}");
    }
}
