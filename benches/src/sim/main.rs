//! Runs limits against services that have a knee, and prints what came of it: the program behind `cargo xtask sim`.
//!
//! Nothing sleeps and nothing is measured: the clock is a number, all that is random hangs on a seed, and what decides is
//! the code that ships. So the figures are the same on every machine.
#![forbid(unsafe_code)]

mod measure;
mod rng;
mod service;
mod suite;
mod world;

use suite::{Effort, Rule, SHAPES, Suite};

fn main() {
    let effort = if std::env::args().any(|a| a == "--smoke") {
        Effort::SMOKE
    } else {
        Effort::FULL
    };
    let only = std::env::args().nth(1).unwrap_or_default();
    for shape in SHAPES {
        let suite = Suite::new(shape, effort);
        println!(
            "{}: best fixed {:?}, at 1x {:.0}",
            shape.name, suite.best, suite.best_at_1
        );
        for rule in Rule::ADAPTIVE.into_iter().chain([
            Rule::Fixed(shape.width),
            Rule::Fixed(suite.best.0),
            Rule::None,
        ]) {
            if !rule.name().contains(&only) && !only.starts_with("--") {
                continue;
            }
            let r = suite.row(rule);
            println!(
                "{:16} good {:.3}/{:.3} p99 {:4.0}/{:4.0} ms at1 {:.3}/{:.3} rej {:.2}%/{:.2}% load {:.1}/{:.1} cap {:.1}/{:.1} fair {:.3}/{:.3} of4 {:.3}/{:.3}",
                rule.name(),
                r.goodput.median,
                r.goodput.worst,
                r.p99.median * 1e3,
                r.p99.worst * 1e3,
                r.goodput_at_1.median,
                r.goodput_at_1.worst,
                r.rejected.median * 100.,
                r.rejected.worst * 100.,
                r.settled_load.median,
                r.settled_load.worst,
                r.settled_capacity.median,
                r.settled_capacity.worst,
                r.fairness.median,
                r.fairness.worst,
                r.goodput_of_4.median,
                r.goodput_of_4.worst
            );
        }
    }
}
