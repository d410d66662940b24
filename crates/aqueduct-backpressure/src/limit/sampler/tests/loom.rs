//! Models of the stripes.

use aqueduct_core::model::{asymmetric, race_bounded, spawn};
use aqueduct_core::sync::Arc;

use super::*;

/// Nothing that was noted is lost or counted twice, whoever drains meanwhile: with stripes for all, and with owners.
///
/// Fails if a stripe is given back with a Relaxed store, or taken by a Relaxed exchange.
#[test]
fn every_sample_is_in_one_window() {
    let model = || {
        race_bounded(2, || {
            let sampler = Arc::new(Sampler::new(2));
            let other = sampler.clone();
            let thread = spawn(move || other.note(Sample::Success(5_000), 2));
            sampler.note(Sample::Drop, 1);
            let first = sampler.drain(Duration::ZERO, Duration::ZERO);
            thread.join().unwrap();
            let second = sampler.drain(Duration::ZERO, Duration::ZERO);
            assert_eq!(first.samples + second.samples, 1);
            assert_eq!(first.drops + second.drops, 1);
            let with = if first.samples == 1 { first } else { second };
            assert_eq!(with.rtt_mean, Duration::from_nanos(5_000));
            assert_eq!(with.in_flight_max, 2);
        });
    };
    model();
    asymmetric(model);
}

/// An owner and one who drains its stripe keep out of each other's way.
///
/// Fails without either barrier, without the second look of `try_enter`, and if the mark is taken off with a Relaxed
/// store or looked for with a Relaxed load.
#[test]
fn an_owner_that_is_drained_loses_nothing() {
    asymmetric(|| {
        race_bounded(3, || {
            let sampler = Arc::new(Sampler::new(2));
            let other = sampler.clone();
            let thread = spawn(move || {
                for nanos in [5_000, 7_000] {
                    other.note(Sample::Success(nanos), 2);
                }
            });
            let first = sampler.drain(Duration::ZERO, Duration::ZERO);
            thread.join().unwrap();
            let second = sampler.drain(Duration::ZERO, Duration::ZERO);
            assert_eq!(first.samples + second.samples, 2);
            let sum = |window: &Window| window.rtt_mean * window.samples as u32;
            assert_eq!(sum(&first) + sum(&second), Duration::from_nanos(12_000));
        });
    });
}
