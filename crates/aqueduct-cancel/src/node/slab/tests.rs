use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use super::*;

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn places_are_found_again_and_given_anew() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = || Waker::from(count.clone());
    let mut slab = Slab::default();
    let keys: Vec<_> = (0..100).map(|_| slab.insert(waker())).collect();
    assert_eq!(slab.len(), 100);
    for key in keys.iter().step_by(2) {
        assert!(slab.remove(*key).is_some());
        assert!(slab.remove(*key).is_none(), "it is free");
        assert!(slab.replace(*key, waker()).is_none());
    }
    for _ in 0..50 {
        assert!(slab.insert(waker()) < 100, "a free place is taken first");
    }
    assert_eq!(slab.len(), 100);
    assert!(slab.replace(keys[3], waker()).is_some());
    assert!(slab.remove(1000).is_none());
    slab.into_wakers().for_each(Waker::wake);
    assert_eq!(count.0.load(Ordering::Relaxed), 100);
    assert_eq!(Arc::strong_count(&count), 1);
}

#[test]
fn an_empty_slab_gives_its_memory_back() {
    let mut slab = Slab::default();
    let keys: Vec<_> = (0..1000)
        .map(|_| slab.insert(Waker::noop().clone()))
        .collect();
    for key in keys {
        slab.remove(key);
    }
    assert_eq!((slab.len(), slab.places.capacity()), (0, 0));
    assert_eq!(slab.insert(Waker::noop().clone()), 0);
}
