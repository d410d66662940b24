//! When windows end, and what a step leaves.

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const CADENCE: Cadence = Cadence {
    window: ms(100),
    samples_min: 10,
};

#[test]
fn a_window_has_enough_samples_or_lasts_ten_times_as_long() {
    let enough = |ended, open_for| {
        let so_far = SoFar { ended, rtt: ms(20) };
        CADENCE.is_enough(so_far, Some(ms(20)), ms(open_for))
    };
    assert!(enough(10, 100));
    assert!(!enough(9, 999));
    assert!(enough(1, 1000));
    assert!(!enough(0, 5000));
}

#[test]
fn a_window_is_no_shorter_than_a_round_trip() {
    assert_eq!(CADENCE.next(ms(20)), ms(100));
    assert_eq!(CADENCE.next(ms(250)), ms(250));
    assert_eq!(CADENCE.next(ms(10_000)), ms(10_000));
    assert_eq!(CADENCE.next(ms(900_000)), ms(60_000), "within reason");
}

#[test]
fn where_operations_are_slow_there_is_patience_for_three_round_trips() {
    let enough = |ended, open_for| {
        let so_far = SoFar {
            ended,
            rtt: ms(10_000),
        };
        CADENCE.is_enough(so_far, Some(ms(10_000)), ms(open_for))
    };
    assert!(!enough(9, 29_999));
    assert!(enough(1, 30_000));
    assert!(enough(10, 10_000));
}

#[test]
fn the_first_window_waits_for_more_than_the_quickest() {
    let enough = |rtt, open_for| {
        let so_far = SoFar {
            ended: 10,
            rtt: ms(rtt),
        };
        CADENCE.is_enough(so_far, None, ms(open_for))
    };
    assert!(
        !enough(50, 199),
        "those that ended are those that were quick"
    );
    assert!(enough(50, 200));
    assert!(enough(1, 100));
    assert!(enough(100_000, 60_000), "within reason");
}

#[derive(Debug)]
struct Says(f64);

impl Algorithm for Says {
    fn step(&mut self, _: f64, _: &Window) -> f64 {
        self.0
    }
}

fn step(says: f64) -> (usize, Step) {
    let mut stepper = Stepper::new(Box::new(Says(says)), 10, 2, 50);
    (stepper.step(&Window::default()), stepper.step)
}

#[test]
fn the_limit_stays_within_its_bounds_whatever_the_algorithm_says() {
    assert_eq!(step(20.9), (20, Step::Raised));
    assert_eq!(step(1e9), (50, Step::Raised));
    assert_eq!(step(f64::INFINITY), (50, Step::Raised));
    assert_eq!(step(-3.0), (2, Step::Lowered));
    assert_eq!(step(f64::NAN), (10, Step::Held));
    assert_eq!(step(10.0), (10, Step::Held));
}

/// Remembers what was set by hand.
#[derive(Debug, Default)]
struct Told(std::sync::Arc<std::sync::Mutex<Vec<f64>>>);

impl Algorithm for Told {
    fn step(&mut self, limit: f64, _: &Window) -> f64 {
        limit
    }

    fn limit_was_set(&mut self, limit: f64) {
        self.0.lock().unwrap().push(limit);
    }
}

#[test]
fn an_algorithm_is_told_of_a_limit_set_by_hand() {
    let told = Told::default();
    let seen = told.0.clone();
    // In a box of its own, as one that is chosen at run time is.
    let boxed: Box<dyn Algorithm> = Box::new(told);
    let mut stepper = Stepper::new(Box::new(boxed), 10, 2, 50);
    stepper.set_limit(7);
    assert_eq!(stepper.step(&Window::default()), 7);
    assert_eq!(*seen.lock().unwrap(), [7.0]);
}
