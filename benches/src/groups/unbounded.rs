//! Several tasks send without a bound, one receives.

use super::pump::Pump;
use crate::channel::Ends;
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH.map(four_senders).into()
}

fn four_senders(rt: Rt) -> Bench {
    let ends = Ends {
        capacity: usize::MAX,
        senders: 4,
        receivers: 1,
    };
    let about = "4 senders, one receiver, unbounded, usize";
    let mut pump = Pump::<usize>::new(format!("unb_mpsc4_{rt}"), about, rt, ends);
    entrants::unbounded(&mut pump);
    pump.bench()
}
