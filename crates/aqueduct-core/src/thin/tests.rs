use std::sync::Weak;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

trait Named: Send + Sync {
    fn name(&self) -> String;
}

type Thing<T> = Headed<T, dyn Named>;

macro_rules! named {
    ($($type:ty),*) => {$(
        impl Named for Thing<$type> {
            fn name(&self) -> String {
                format!("{:?}", **self)
            }
        }

        impl Erase<dyn Named> for $type {
            fn erase(this: Arc<Thing<Self>>) -> Arc<dyn Named> {
                this
            }
        }
    )*};
}

#[repr(align(64))]
struct Wide(u8);

impl fmt::Debug for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wide({})", self.0)
    }
}

#[derive(Debug)]
struct Nothing;

struct Counts(Arc<AtomicUsize>);

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counts")
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

named!(u8, String, Wide, Nothing, Counts);

#[test]
fn it_is_one_word() {
    assert_eq!(size_of::<Thin<dyn Named>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Thin<dyn Named>>>(), size_of::<usize>());
}

#[test]
fn values_of_any_layout_come_back() {
    let things = [
        Thin::<dyn Named>::new(Arc::new(Thing::new(7_u8))),
        Thin::new(Arc::new(Thing::new(String::from(
            "long enough to be elsewhere",
        )))),
        Thin::new(Arc::new(Thing::new(Wide(3)))),
        Thin::new(Arc::new(Thing::new(Nothing))),
    ];
    let names = things.map(|thing| thing.into_arc().name());
    assert_eq!(
        names,
        ["7", "\"long enough to be elsewhere\"", "Wide(3)", "Nothing"]
    );
}

#[test]
fn it_holds_one_count_and_gives_it_back_once() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let value = Arc::new(Thing::new(Counts(dropped.clone())));
    let thin = Thin::new(value.clone());
    assert_eq!(Arc::strong_count(&value), 2);
    drop(thin);
    assert_eq!(Arc::strong_count(&value), 1);

    let fat = Thin::new(value.clone()).into_arc();
    assert_eq!(Arc::strong_count(&value), 2);
    assert!(std::ptr::addr_eq(Arc::as_ptr(&fat), Arc::as_ptr(&value)));
    drop(value);
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    drop(fat);
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

/// The last hold may be a thin one, on another thread; weak ones see that the value is gone.
#[test]
fn the_last_hold_frees() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let value = Arc::new(Thing::new(Counts(dropped.clone())));
    let weak: Weak<_> = Arc::downgrade(&value);
    let thin = Thin::new(value);
    thread::spawn(move || drop(thin)).join().unwrap();
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert!(weak.upgrade().is_none());
}
