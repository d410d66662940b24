//! The run without: the same stages one after the other, on one thread, with no channel, no child and no fault.

use std::ops::ControlFlow;

use aqueduct_cancel::CancelScope;

use crate::input::Roots;
use crate::read::FileCounter;
use crate::reader::add;
use crate::shop::on_thread;
use crate::tally::Counts;
use crate::walk::walk;

/// Counts everything below `roots`; nothing if it was told to stop.
pub(crate) async fn run(roots: Roots, scope: &CancelScope) -> Option<Counts> {
    let scope = scope.clone();
    on_thread("run without", move || {
        let mut counts = Counts::default();
        let mut counter = FileCounter::new(scope.clone());
        let walked = walk(&roots, |found| {
            match add(&found, &mut counter, &mut counts) {
                Some(()) if !scope.is_cancelled() => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        });
        walked.is_continue().then_some(counts)
    })
    .await
}
