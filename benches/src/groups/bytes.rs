//! What a channel weighs: the heap bytes of one of capacity 16, and its handles.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::alloc;
use crate::channel::{Channel, Ends, Received, Receiver, Sender};
use crate::entrants::{self, Entrants};
use crate::harness::{Bench, Effort, Entrant, Metric, Unit};

const CAPACITY: usize = 16;

pub(crate) fn benches() -> Vec<Bench> {
    let metric = |end: &str, state: &str| Metric {
        group: format!("bytes_per_channel_{CAPACITY}{end}"),
        unit: Unit::Bytes,
        about: format!("bytes of a channel of {CAPACITY} usize with its two handles, {state}"),
    };
    let mut bytes = Bytes(Bench::new(vec![
        metric("", "just opened"),
        metric("_parked", "with a receiver waiting"),
        metric("_used", "filled once and drained"),
    ]));
    entrants::every_kind(&mut bytes);
    vec![bytes.0]
}

struct Bytes(Bench);

impl Entrants<usize> for Bytes {
    fn enter<C: Channel<usize>>(&mut self, who: Entrant) {
        let round = |_: &Effort| {
            // What a process allocates once for all channels (tables of parked threads, thread-locals) is not the
            // channel's.
            weigh::<C>();
            weigh::<C>().map(|bytes| bytes as f64).into()
        };
        self.0.case(who, Box::new(round));
    }
}

/// Live bytes of a channel just opened, with a waiting receiver, and after it was filled and drained. Its two handles
/// are in vectors of one element, so they count, for some channels keep a part of their state there. The futures are on
/// the stack: they belong to the task that waits.
fn weigh<C: Channel<usize>>() -> [isize; 3] {
    alloc::count(|| {
        let (mut senders, mut receivers) = C::open(Ends::pair(CAPACITY));
        let (sender, receiver) = (&mut senders[0], &mut receivers[0]);
        let opened = alloc::live();

        let parked = {
            let mut receive = pin!(receiver.recv());
            let mut context = Context::from_waker(Waker::noop());
            assert!(
                receive.as_mut().poll(&mut context).is_pending(),
                "the channel is empty"
            );
            alloc::live()
        };
        for message in 0..CAPACITY {
            assert!(at_once(sender.send(message)).is_ok(), "the channel is open");
        }
        for message in 0..CAPACITY {
            assert_eq!(at_once(receiver.recv()).received(), Some(message));
        }
        [opened, parked, alloc::live()]
    })
}

/// The output of a future that has no reason to wait.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("there is room, or a message"),
    }
}
