//! Channels without a buffer: each message is handed over.

use super::pump::Pump;
use crate::channel::Ends;
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH.map(pair).into()
}

fn pair(rt: Rt) -> Bench {
    let about = "one sender, one receiver, capacity 0, usize";
    let mut pump = Pump::<usize>::new(format!("rendezvous_{rt}"), about, rt, Ends::pair(0));
    entrants::rendezvous(&mut pump);
    pump.bench()
}
