//! What is told of a case's rounds.

/// Order statistics over the rounds of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) rounds: usize,
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) p90: f64,
    pub(crate) max: f64,
}

impl Summary {
    /// # Panics
    ///
    /// If there was no round, or a figure is not a number.
    pub(crate) fn of(rounds: &[f64]) -> Self {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(|a, b| a.partial_cmp(b).expect("a figure is a number"));
        Summary {
            rounds: sorted.len(),
            min: sorted[0],
            median: quantile(&sorted, 0.5),
            p90: quantile(&sorted, 0.9),
            max: sorted[sorted.len() - 1],
        }
    }
}

/// The quantile of a sorted slice, linear between its two neighbours: with nine rounds the nearest one above 0.9 would
/// be the maximum, and say nothing new.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = place.ceil() as usize;
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests;
