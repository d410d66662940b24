//! Several tasks send, one receives.

use super::pump::Pump;
use crate::channel::Ends;
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH.map(|rt| bounded(4, rt)).into()
}

fn bounded(senders: usize, rt: Rt) -> Bench {
    let about = format!("{senders} senders, one receiver, capacity 1024, usize");
    let ends = Ends {
        capacity: 1024,
        senders,
        receivers: 1,
    };
    let mut pump = Pump::<usize>::new(format!("mpsc{senders}_1024_{rt}"), &about, rt, ends);
    entrants::mpsc(&mut pump);
    pump.bench()
}
