use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use super::super::Lifeline;
use super::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll(downs: &mut Downs, waker: &Waker) -> Poll<Option<Down>> {
    // A new future each time: dropped at every poll.
    pin!(downs.next()).poll(&mut Context::from_waker(waker))
}

fn now(downs: &mut Downs) -> Option<Down> {
    match poll(downs, Waker::noop()) {
        Poll::Ready(down) => down,
        Poll::Pending => panic!("there is something to tell"),
    }
}

fn is_pending(downs: &mut Downs) -> bool {
    poll(downs, Waker::noop()).is_pending()
}

/// An incarnation, from its beginning to its end.
fn one(ends: &Ends, exit: Exit) -> ProcessId {
    let lifeline = Lifeline::new(None);
    drop(ends.tell(lifeline.id(), &exit));
    lifeline.id()
}

#[test]
fn each_end_is_told_once_and_then_that_there_are_no_more() {
    let ends = Ends::new(Some("it".into()));
    let last = Lifeline::new(None).id();
    let mut all = ends.downs(None);
    let mut late = ends.downs(Some((last, Exit::Killed)));
    assert!(is_pending(&mut all));
    let first = now(&mut late).unwrap();
    assert!(first.id == last && matches!(first.exit, Exit::Killed));
    let ids = [Exit::Normal, Exit::Killed].map(|exit| one(&ends, exit));
    for downs in [&mut all, &mut late] {
        for id in ids {
            let down = now(downs).unwrap();
            assert_eq!((down.id, down.monitor), (id, downs.id()));
            assert_eq!(down.name.as_deref(), Some("it"));
        }
        assert!(is_pending(downs));
    }
    let third = one(&ends, Exit::Normal);
    drop(ends);
    for downs in [&mut all, &mut late] {
        assert_eq!(now(downs).unwrap().id, third);
        assert!(now(downs).is_none() && now(downs).is_none());
        assert_eq!(downs.missed(), 0);
    }
}

/// The bound: an end more takes the place of the oldest.
#[test]
fn who_is_far_behind_loses_the_oldest_and_learns_how_many() {
    let ends = Ends::new(None);
    let (mut behind, mut reads) = (ends.downs(None), ends.downs(None));
    let mut ids = Vec::new();
    for _ in 0..KEPT + 10 {
        ids.push(one(&ends, Exit::Normal));
        assert_eq!(now(&mut reads).unwrap().id, *ids.last().unwrap());
    }
    assert_eq!((behind.missed(), reads.missed()), (10, 0));
    assert_eq!(
        behind.record.state.lock().listeners[&behind.id].ends.len(),
        KEPT
    );
    for id in &ids[10..] {
        assert_eq!(now(&mut behind).unwrap().id, *id);
    }
    assert!(is_pending(&mut behind));
}

#[test]
fn the_last_task_that_polled_is_woken_once_for_each_that_it_waited_for() {
    let ends = Ends::new(None);
    let mut downs = ends.downs(None);
    let [first, second] = [(); 2].map(|()| Arc::new(Count::default()));
    let wakers = [&first, &second].map(|it| Waker::from(it.clone()));
    for waker in &wakers {
        assert!(poll(&mut downs, waker).is_pending());
    }
    one(&ends, Exit::Normal);
    one(&ends, Exit::Normal);
    let woken = || [&first, &second].map(|it| it.0.load(Ordering::SeqCst));
    assert_eq!(woken(), [0, 1]);
    for _ in 0..2 {
        assert!(poll(&mut downs, &wakers[1]).is_ready());
    }
    assert!(poll(&mut downs, &wakers[0]).is_pending());
    drop(ends);
    assert_eq!(woken(), [1, 1]);
}

#[test]
fn a_dropped_one_leaves_nothing() {
    let ends = Ends::new(None);
    let mut downs = ends.downs(None);
    let count = Arc::new(Count::default());
    assert!(poll(&mut downs, &Waker::from(count.clone())).is_pending());
    assert!(ends.is_heard());
    drop(downs);
    assert!(!ends.is_heard());
    assert_eq!(Arc::strong_count(&count), 1);
    one(&ends, Exit::Normal);
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
}
