//! Who is shed first.

use crate::limit::Priority;

/// How many priorities there are.
const COUNT: f64 = 4.0;

/// Whether one of this priority is shed where a share of all is, given its draw from `[0, 1)`. Where all priorities are
/// equally frequent, that is the share that is shed: all of the least important before any of the next.
pub(super) fn is_shed(priority: Priority, share: f64, draw: f64) -> bool {
    let rank = match priority {
        Priority::Low => 0.0,
        Priority::Normal => 1.0,
        Priority::High => 2.0,
        Priority::Critical => 3.0,
    };
    (rank + draw) / COUNT < share
}
