//! One task sends, one receives.

use super::pump::Pump;
use crate::channel::Ends;
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt;

/// kanal hands a message over to a receiver that waits, beside the one in its queue.
const KANAL_HOLDS_TWO: &str = "holds 2 while a receiver waits";

pub(crate) fn benches() -> Vec<Bench> {
    let wide = Rt::BOTH.map(|rt| bounded(1024, rt));
    let narrow = Rt::BOTH.map(|rt| bounded(1, rt).show_only("kanal", KANAL_HOLDS_TWO));
    wide.into_iter().chain(narrow).collect()
}

fn bounded(capacity: usize, rt: Rt) -> Bench {
    let about = format!("one sender, one receiver, capacity {capacity}, usize");
    let ends = Ends::pair(capacity);
    let mut pump = Pump::<usize>::new(format!("spsc_{capacity}_{rt}"), &about, rt, ends);
    entrants::spsc(&mut pump);
    pump.bench()
}
