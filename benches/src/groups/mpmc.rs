//! Several tasks send, several receive.

use super::pump::Pump;
use crate::channel::Ends;
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH.map(four_by_four).into()
}

fn four_by_four(rt: Rt) -> Bench {
    let ends = Ends {
        capacity: 1024,
        senders: 4,
        receivers: 4,
    };
    let about = "4 senders, 4 receivers, capacity 1024, usize";
    let mut pump = Pump::<usize>::new(format!("mpmc4x4_1024_{rt}"), about, rt, ends);
    entrants::mpmc(&mut pump);
    pump.bench()
}
