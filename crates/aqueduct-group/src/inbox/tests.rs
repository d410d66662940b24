use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use super::Inbox;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn only_a_driver_that_sleeps_is_woken() {
    let (inbox, count) = (Inbox::new(), Arc::new(Count::default()));
    let woken = || count.0.load(Ordering::Relaxed);
    let mut tasks = Vec::new();

    inbox.push(1);
    assert!(inbox.arm(Waker::from(count.clone())).is_err());
    assert!(inbox.take(&mut tasks).is_none());
    assert!(inbox.arm(Waker::from(count.clone())).is_ok());
    assert_eq!(woken(), 0);

    inbox.push(2);
    inbox.push(3);
    assert_eq!(woken(), 1);
    assert_eq!(std::mem::take(&mut tasks), [1]);
    assert!(inbox.take(&mut tasks).is_none());
    assert_eq!(std::mem::take(&mut tasks), [2, 3]);

    assert!(inbox.arm(Waker::from(count.clone())).is_ok());
    assert!(inbox.take(&mut tasks).is_some());
    inbox.push(4);
    assert_eq!(woken(), 1);
}

#[test]
fn a_closed_one_drops_what_it_has_and_what_comes() {
    let (inbox, task) = (Inbox::new(), Arc::new(()));
    inbox.push(task.clone());
    assert_eq!(Arc::strong_count(&task), 2);
    inbox.close();
    assert_eq!(Arc::strong_count(&task), 1);
    inbox.push(task.clone());
    assert_eq!(Arc::strong_count(&task), 1);
}

/// A task that pushes another when it is dropped would deadlock if it were dropped under the lock.
#[test]
fn what_is_dropped_may_push() {
    struct Pushes(Arc<Inbox<Option<Pushes>>>);
    impl Drop for Pushes {
        fn drop(&mut self) {
            self.0.push(None);
        }
    }
    let inbox = Arc::new(Inbox::new());
    inbox.push(Some(Pushes(inbox.clone())));
    inbox.close();
    inbox.push(Some(Pushes(inbox.clone())));
    assert_eq!(Arc::strong_count(&inbox), 1);
}
