use std::pin::pin;

use super::*;
use crate::child::cell::tests::cell_of;
use crate::{ChildContext, ChildSpec, Supervisor};

/// A supervisor below that panics, and then what it left behind is not waited for to its end: it has panicked all the same.
#[tokio::test]
async fn what_has_ended_and_is_dropped_amid_its_leave_has_ended_as_it_did() {
    let stays = ChildSpec::worker("stays", |cx: ChildContext| async move {
        cx.scope().cancelled().await;
    });
    let below = Supervisor::one_for_one().with_child(stays);
    let (mut spec, below) = below.child("below");
    let (cell, _reports) = cell_of(spec.start.nested.clone());
    let mut lives = spec.start.work.start(cell.begin(1));
    let task = cell.running(
        1,
        Box::pin(async move {
            std::future::poll_fn(|cx| {
                assert!(lives.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            panic!("meant: amid its life");
        }),
    );
    let mut task = Box::new(task);
    let waker = Waker::noop();
    assert!(
        pin!(&mut *task)
            .poll(&mut Context::from_waker(waker))
            .is_pending()
    );
    assert!(cell.exit().is_none(), "its child is left");
    drop(task);
    for exit in [cell.exit(), below.watch().exit()] {
        let exit = exit.expect("it has ended");
        let message = exit.panicked().and_then(|panicked| panicked.message());
        assert_eq!(message, Some("meant: amid its life"), "{exit}");
    }
}
