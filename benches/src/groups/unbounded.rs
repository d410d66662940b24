//! Several tasks send without a bound, one or several receive.

use super::pump::Pump;
use crate::channel::Ends;
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt;

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH
        .map(mpsc)
        .into_iter()
        .chain(Rt::BOTH.map(mpmc))
        .collect()
}

fn mpsc(rt: Rt) -> Bench {
    let about = "4 senders, one receiver, unbounded, usize";
    let mut pump = pump(format!("unb_mpsc4_{rt}"), about, rt, 1);
    entrants::unbounded(&mut pump);
    pump.bench()
}

fn mpmc(rt: Rt) -> Bench {
    let about = "4 senders, 4 receivers, unbounded, usize";
    let mut pump = pump(format!("unb_mpmc4x4_{rt}"), about, rt, 4);
    entrants::unbounded_mpmc(&mut pump);
    pump.bench()
}

fn pump(group: String, about: &str, rt: Rt, receivers: usize) -> Pump<usize> {
    Pump::new(
        group,
        about,
        rt,
        Ends {
            capacity: usize::MAX,
            senders: 4,
            receivers,
        },
    )
}
