//! Random programs, run on Tokio's channel and on ours: every result and every wake-up must be the same.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use proptest::prelude::*;

/// One step of a program; the number is the task that takes it, each side having tasks of its own.
#[derive(Clone, Copy, Debug)]
enum Step {
    Poll(usize),
    PollClosed(usize),
    Send,
    DropSender,
    Close,
    TryRecv,
    DropReceiver,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3usize).prop_map(Step::Poll),
        4 => (3..6usize).prop_map(Step::PollClosed),
        2 => Just(Step::Send),
        1 => Just(Step::DropSender),
        2 => Just(Step::Close),
        2 => Just(Step::TryRecv),
        1 => Just(Step::DropReceiver),
    ]
}

#[derive(Default)]
struct Task {
    woken: AtomicBool,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
    }
}

/// Counts its drops.
struct Token(Arc<AtomicUsize>);

impl Drop for Token {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs a program and writes down all that can be seen of it.
macro_rules! diary {
    ($oneshot:path, $steps:expr) => {{
        use $oneshot as oneshot;
        let drops = Arc::new(AtomicUsize::new(0));
        let tasks: [Arc<Task>; 6] = Default::default();
        let (sender, receiver) = oneshot::channel::<Token>();
        let (mut sender, mut receiver) = (Some(sender), Some(receiver));
        // The task that waits on each side, and is asked whether it was woken.
        let mut waiting: [Option<usize>; 2] = [None; 2];
        let mut diary = Vec::new();
        for step in $steps {
            let note = match step {
                Step::Poll(task) => match receiver.as_mut().filter(|r| !r.is_terminated()) {
                    None => "nobody".to_owned(),
                    Some(receiver) => {
                        let waker = Waker::from(tasks[*task].clone());
                        tasks[*task].woken.store(false, Ordering::Relaxed);
                        waiting[0] = None;
                        match Pin::new(receiver).poll(&mut Context::from_waker(&waker)) {
                            Poll::Ready(result) => format!("{:?}", result.map(|_| ())),
                            Poll::Pending => {
                                waiting[0] = Some(*task);
                                "pending".to_owned()
                            }
                        }
                    }
                },
                Step::PollClosed(task) => match &mut sender {
                    None => "nobody".to_owned(),
                    Some(sender) => {
                        let waker = Waker::from(tasks[*task].clone());
                        tasks[*task].woken.store(false, Ordering::Relaxed);
                        waiting[1] = None;
                        match sender.poll_closed(&mut Context::from_waker(&waker)) {
                            Poll::Ready(()) => "ready".to_owned(),
                            Poll::Pending => {
                                waiting[1] = Some(*task);
                                "pending".to_owned()
                            }
                        }
                    }
                },
                Step::Send => match sender.take() {
                    None => "nobody".to_owned(),
                    Some(sender) => format!("{}", sender.send(Token(drops.clone())).is_ok()),
                },
                Step::DropSender => format!("{:?}", sender.take().map(drop)),
                Step::Close => format!("{:?}", receiver.as_mut().map(|r| r.close())),
                Step::TryRecv => format!(
                    "{:?}",
                    receiver
                        .as_mut()
                        .map(|r| r.try_recv().map(|_| ()).map_err(|e| e.to_string()))
                ),
                Step::DropReceiver => format!("{:?}", receiver.take().map(drop)),
            };
            let woken =
                waiting.map(|task| task.map(|task| tasks[task].woken.load(Ordering::Relaxed)));
            diary.push((
                note,
                woken,
                sender.as_ref().map(|s| s.is_closed()),
                receiver.as_ref().map(|r| (r.is_empty(), r.is_terminated())),
                drops.load(Ordering::Relaxed),
            ));
        }
        drop((sender, receiver));
        let refs = tasks.each_ref().map(Arc::strong_count);
        (diary, drops.load(Ordering::Relaxed), refs)
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn does_what_tokio_does(steps in prop::collection::vec(step(), 0..14)) {
        let theirs = diary!(tokio::sync::oneshot, &steps);
        let ours = diary!(crate::oneshot, &steps);
        prop_assert_eq!(&ours.2, &[1; 6], "a waker was leaked or dropped twice");
        prop_assert_eq!(ours, theirs);
    }
}
