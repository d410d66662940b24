//! Models of the inbox: nothing lies there while its driver sleeps, and nothing stays when it is closed.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use aqueduct_core::model::{block_on, bounded};
use loom::thread;

use super::Inbox;

/// Takes until there are so many, as a driver does.
async fn take(inbox: &Inbox<u32>, count: usize) -> Vec<u32> {
    let (mut taken, mut fresh, mut ours) = (Vec::new(), Vec::new(), None);
    poll_fn(|cx: &mut Context<'_>| {
        if let Some(waker) = inbox.take(&mut fresh) {
            ours = Some(waker);
        }
        loop {
            taken.append(&mut fresh);
            if taken.len() == count {
                return Poll::Ready(());
            }
            let waker = ours.take().unwrap_or_else(|| cx.waker().clone());
            match inbox.arm(waker) {
                Ok(()) => return Poll::Pending,
                Err(waker) => ours = Some(waker),
            }
            let _ = inbox.take(&mut fresh);
        }
    })
    .await;
    taken
}

/// A push whose wake-up is lost shows as a deadlock. Fails if `arm` does not look at the list.
#[test]
fn a_driver_sleeps_only_while_nothing_lies_there() {
    bounded(3, || {
        let inbox = Arc::new(Inbox::new());
        let pushing = [1, 2].map(|task| {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.push(task))
        });
        let mut taken = block_on(take(&inbox, 2));
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
        for thread in pushing {
            thread.join().unwrap();
        }
    });
}

/// Fails if `push` does not look whether it is closed.
#[test]
fn a_push_against_a_close_leaves_nothing() {
    bounded(3, || {
        let (inbox, task) = (Arc::new(Inbox::new()), Arc::new(()));
        let pushing = {
            let (inbox, task) = (inbox.clone(), task.clone());
            thread::spawn(move || inbox.push(task))
        };
        inbox.close();
        pushing.join().unwrap();
        assert_eq!(Arc::strong_count(&task), 1);
    });
}
