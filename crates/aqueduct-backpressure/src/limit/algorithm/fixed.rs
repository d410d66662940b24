//! A limit that stays.

use super::{Algorithm, Window};

/// The limit that the limiter was built with, until somebody sets another: a bulkhead.
///
/// Take it where the capacity is known and does not change: connections of a pool, licences, memory by a known amount
/// each. A limiter with it measures nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixed;

impl Algorithm for Fixed {
    fn step(&mut self, limit: f64, _: &Window) -> f64 {
        limit
    }

    fn is_adaptive(&self) -> bool {
        false
    }
}
