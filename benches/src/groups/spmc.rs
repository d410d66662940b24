//! One task sends, several receive, each message goes to one of them.

use super::pump::Pump;
use crate::channel::Ends;
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH.map(one_by_four).into()
}

fn one_by_four(rt: Rt) -> Bench {
    let ends = Ends {
        capacity: 1024,
        senders: 1,
        receivers: 4,
    };
    let about = "one sender, 4 receivers, capacity 1024, usize";
    let mut pump = Pump::<usize>::new(format!("spmc1x4_1024_{rt}"), about, rt, ends);
    entrants::spmc(&mut pump);
    pump.bench()
}
