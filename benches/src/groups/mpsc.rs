//! Several tasks send, one receives.

use super::pump::Pump;
use crate::channel::Ends;
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt::{self, CurrentThread, MultiThread};

pub(crate) fn benches() -> Vec<Bench> {
    vec![
        bounded(4, MultiThread),
        bounded(4, CurrentThread),
        bounded(1, MultiThread),
        bounded(16, MultiThread),
        bounded(64, MultiThread),
    ]
}

fn bounded(senders: usize, rt: Rt) -> Bench {
    let plural = if senders == 1 { "" } else { "s" };
    let about = format!("{senders} sender{plural}, one receiver, capacity 1024, usize");
    let ends = Ends {
        capacity: 1024,
        senders,
        receivers: 1,
    };
    let mut pump = Pump::<usize>::new(format!("mpsc{senders}_1024_{rt}"), &about, rt, ends);
    entrants::mpsc(&mut pump);
    pump.bench()
}
