//! Models of the stripes.

use ::loom::thread;
use aqueduct_core::sync::Arc;

use super::*;

/// Nothing that was noted is lost or counted twice, whoever drains meanwhile.
///
/// Fails if a stripe is given back with a Relaxed store, or taken by a Relaxed exchange.
#[test]
fn every_sample_is_in_one_window() {
    ::loom::model(|| {
        let sampler = Arc::new(Sampler::new(1));
        let other = sampler.clone();
        let thread = thread::spawn(move || other.note(Sample::Success(5_000), 2));
        sampler.note(Sample::Drop, 1);
        let first = sampler.drain(Duration::ZERO, Duration::ZERO);
        thread.join().unwrap();
        let second = sampler.drain(Duration::ZERO, Duration::ZERO);
        assert_eq!(first.samples + second.samples, 1);
        assert_eq!((first.drops, second.drops), (1, 0));
        let with = if first.samples == 1 { first } else { second };
        assert_eq!(with.rtt_mean, Duration::from_nanos(5_000));
        assert_eq!(with.in_flight_max, 2);
    });
}
