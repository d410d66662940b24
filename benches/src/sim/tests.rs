//! That the simulator is one, and that the default does before it what is wanted.

use crate::measure::Better;
use crate::rng::Rng;
use crate::service::{Kind, Service};
use crate::world::{Fate, Request};

use super::*;

/// A smoke run's, which a build without optimization can bear as well.
const SHORT: Effort = Effort::SMOKE;

#[test]
fn the_default_does_what_is_wanted_before_slots() {
    let row = Suite::new(SHAPES[0], SHORT).row(Rule::Knee);
    assert_eq!(row.missed(), [""; 0], "{row:?}");
}

#[test]
fn the_default_keeps_a_service_up_that_fails_without_a_limit() {
    let suite = Suite::new(SHAPES[1], SHORT);
    let goodput = |rule| suite.goodput(&suite.steady(rule, 2.0, 0)) / suite.best.1;
    let default = goodput(Rule::Knee);
    assert!(default > 0.85, "{default}");
    assert!(goodput(Rule::None) < 0.2);
}

#[test]
fn multiplicative_increase_is_unfair_and_the_figures_show_it() {
    let suite = Suite::new(SHAPES[0], SHORT);
    let fairness = |rule| suite.clients(rule, 0).fairness(4, 10.0, 30.0);
    assert!(fairness(Rule::Miad) < 0.8);
    assert!(fairness(Rule::Knee) > 0.95);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let suite = Suite::new(
        SHAPES[1],
        Effort {
            phase: 5.0,
            warm_up: 1.0,
            ..SHORT
        },
    );
    let good = |seed| suite.steady(Rule::Knee, 2.0, seed).goodput(1.0, 5.0);
    assert_eq!(good(3), good(3));
    assert_ne!(good(3), good(4));
}

#[test]
fn seeds_are_not_one_walk() {
    let draw = |seed| {
        let mut rng = Rng::new(seed);
        (0..50)
            .map(|_| rng.exponential().to_bits())
            .collect::<Vec<_>>()
    };
    let (first, second) = (draw(6), draw(9));
    assert!(first.iter().all(|number| !second.contains(number)));
}

#[test]
fn what_is_random_has_its_mean() {
    let mut rng = Rng::new(1);
    let mean = |draw: &mut dyn FnMut() -> f64| (0..100_000).map(|_| draw()).sum::<f64>() / 1e5;
    let exponential = mean(&mut || rng.exponential());
    assert!((exponential - 1.0).abs() < 0.02, "{exponential}");
    let log_normal = mean(&mut || rng.log_normal(0.6));
    assert!((log_normal - 1.0).abs() < 0.02, "{log_normal}");
}

/// Works off as much as it can, with so many inside all the time; responses a second.
fn throughput(shape: Shape, inside: usize) -> f64 {
    let mut rng = Rng::new(7);
    let mut service: Service = shape.open();
    let mut now = 0.0;
    (0..inside).for_each(|id| service.arrive(0.0, id, &mut rng));
    for id in 0..20_000 {
        now = service.next_response().expect("some are inside");
        service.respond(now);
        service.arrive(now, inside + id, &mut rng);
    }
    20_000.0 / now
}

#[test]
fn a_service_has_a_knee() {
    for shape in SHAPES {
        let at_knee = throughput(shape, shape.width);
        assert!((at_knee / shape.capacity() - 1.0).abs() < 0.02, "{at_knee}");
        let half = throughput(shape, shape.width / 2);
        assert!((half / shape.capacity() - 0.5).abs() < 0.02, "{half}");
        let beyond = throughput(shape, 3 * shape.width) / shape.capacity();
        let expected = match shape.kind {
            Kind::Slots => 1.0,
            Kind::Sharing => 1.0 / 1.2,
        };
        assert!((beyond - expected).abs() < 0.02, "{beyond}");
    }
}

fn trace(requests: &[(f64, f64, usize, Fate)]) -> Trace {
    let request = |&(at, latency, client, fate): &(f64, f64, usize, Fate)| Request {
        at,
        latency,
        client,
        fate,
    };
    Trace {
        requests: requests.iter().map(request).collect(),
        ..Trace::default()
    }
}

#[test]
fn figures_are_what_they_say() {
    let trace = trace(&[
        (0.1, 0.2, 0, Fate::Good),
        (0.2, 0.4, 0, Fate::Good),
        (0.3, 0.0, 1, Fate::Rejected),
        (0.4, 0.9, 1, Fate::Late),
        (0.5, 0.1, 1, Fate::Good),
        (2.5, 9.9, 0, Fate::Good),
    ]);
    assert_eq!(trace.goodput(0.0, 2.0), 1.5);
    assert_eq!(trace.rejected(0.0, 2.0), 0.2);
    assert_eq!(trace.p99(0.0, 2.0), 0.9);
    assert_eq!(trace.latency_mean(0.0, 2.0), 0.4);
    assert_eq!(trace.fairness(2, 0.0, 2.0), 9.0 / 10.0);
}

#[test]
fn settling_is_when_the_last_unsteady_second_began_and_a_tenth() {
    let steady = (0..300).map(|tenth| (f64::from(tenth) / 10.0 + 0.05, 0.1, 0, Fate::Good));
    let all: Vec<_> = steady.clone().collect();
    assert_eq!(trace(&all).settled(0.0, 30.0, 1.0), 0.0);
    let late: Vec<_> = steady.filter(|request| request.0 > 2.0).collect();
    let settled = trace(&late).settled(0.0, 30.0, 1.0);
    assert!((1.5..=2.1).contains(&settled), "{settled}");
}

#[test]
fn rejecting_is_over_with_the_last_ten_seconds_of_which_one_in_fifty_was_rejected() {
    // A rejection each half second, for 5.5 s; then one in a hundred.
    let fates = (0..600).map(|tenth| {
        let rejected = if tenth < 55 {
            tenth % 5 == 0
        } else {
            tenth % 100 == 0
        };
        let fate = if rejected { Fate::Rejected } else { Fate::Good };
        (f64::from(tenth) / 10.0 + 0.05, 0.1, 0, fate)
    });
    let fates: Vec<_> = fates.collect();
    // The stretch from 5.0 s on has the one at 5.05 s, and none besides.
    let rejecting = trace(&fates).rejecting(0.0, 60.0, 1.0);
    assert!((4.5..5.15).contains(&rejecting), "{rejecting}");
    assert_eq!(trace(&fates).rejecting(10.0, 60.0, 1.0), 0.0);
}

#[test]
fn a_service_that_becomes_slower_takes_longer() {
    for shape in SHAPES {
        let mean = |times| {
            let mut rng = Rng::new(7);
            let mut service: Service = shape.open();
            service.set_slowness(times);
            let took = |id| {
                let now = id as f64 * 1e4;
                service.arrive(now, id, &mut rng);
                let at = service.next_response().expect("one is inside");
                service.respond(at);
                at - now
            };
            (0..2000).map(took).sum::<f64>() / 2000.0
        };
        let (before, after) = (mean(1.0), mean(4.0));
        assert!((before / shape.mean - 1.0).abs() < 0.05, "{before}");
        assert!((after / before - 4.0).abs() < 1e-3, "{before} {after}");
    }
}

#[test]
fn a_client_sends_nothing_before_it_begins() {
    let suite = Suite::new(
        SHAPES[0],
        Effort {
            phase: 5.0,
            warm_up: 4.0,
            ..SHORT
        },
    );
    let trace = suite.clients_apart(Rule::Fixed(9), 0, 0.0);
    let first = |client| {
        let mut of_it = trace
            .requests
            .iter()
            .filter(|request| request.client == client);
        of_it.next().expect("it sends").at
    };
    let firsts = [0, 1, 2, 3].map(first);
    assert!(firsts.iter().all(|at| *at < 2.2), "{firsts:?}");
    assert!(firsts.iter().any(|at| *at > 0.5), "{firsts:?}");
}

#[test]
fn spreads_know_which_side_is_bad() {
    let figures = || vec![3.0, 1.0, 2.0];
    let spread = Spread::of(figures(), Better::High);
    assert_eq!((spread.median, spread.worst), (2.0, 1.0));
    assert_eq!(Spread::of(figures(), Better::Low).worst, 3.0);
}

#[test]
fn a_picture_has_a_path_for_each_curve() {
    let curve = |name: &str| Curve {
        name: name.to_owned(),
        points: vec![(0.0, 1.0), (1.0, 3.0)],
    };
    let picture = Picture {
        title: "a < b".to_owned(),
        panels: vec![Panel {
            title: "limit".to_owned(),
            curves: vec![curve("one"), curve("two")],
        }],
    };
    let svg = picture.svg();
    assert!(svg.contains("a &lt; b"));
    assert_eq!(svg.matches("fill=\"none\"").count(), 2);
}
