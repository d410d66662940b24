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
    assert!(CADENCE.is_enough(10, ms(100)));
    assert!(!CADENCE.is_enough(9, ms(999)));
    assert!(CADENCE.is_enough(1, ms(1000)));
    assert!(!CADENCE.is_enough(0, ms(5000)));
}

#[test]
fn a_window_is_no_shorter_than_a_round_trip() {
    assert_eq!(CADENCE.next(ms(20)), ms(100));
    assert_eq!(CADENCE.next(ms(250)), ms(250));
    assert_eq!(CADENCE.next(ms(9000)), ms(1000), "within reason");
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
