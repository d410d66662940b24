//! What a list costs, and what it gives back.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use super::super::*;

/// Counts this thread's allocations, so that tests beside each other do not disturb each other.
struct Counting;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Used {
    calls: usize,
    bytes: isize,
}

thread_local! {
    static USED: Cell<Used> = const { Cell::new(Used { calls: 0, bytes: 0 }) };
}

fn count(calls: usize, bytes: isize) {
    // A thread that ends may free after its thread-locals are gone; nobody counts there.
    let _ = USED.try_with(|used| {
        let before = used.get();
        used.set(Used {
            calls: before.calls + calls,
            bytes: before.bytes + bytes,
        });
    });
}

// SAFETY: passes everything on to `System`, and counts without allocating.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn used() -> Used {
    USED.get()
}

fn pop<T>(list: &List<T>) -> Pop<T> {
    // SAFETY: these tests have one thread.
    unsafe { list.sole() }.pop()
}

fn drain<T>(list: &List<T>) {
    while let Pop::Value(_) = pop(list) {}
}

#[test]
fn an_idle_list_is_small() {
    let before = used();
    let list = List::<usize>::new();
    let bytes = size_of_val(&list) as isize + used().bytes - before.bytes;
    assert!(bytes <= 320, "{bytes} bytes");
    let large = List::<[u8; 4096]>::new();
    let with_large = used().bytes - before.bytes;
    assert!(with_large <= 320 + 4096 + 64, "{with_large} bytes");
    drop((list, large));
    assert_eq!(used().bytes, before.bytes);
}

#[test]
fn a_steady_flow_allocates_nothing() {
    let list = List::new();
    let mut out = Vec::with_capacity(200);
    for inside in [1, 10, 32, 64] {
        for warm_up in [true, false] {
            let before = used();
            for _ in 0..1000 {
                (0..inside).for_each(|i| list.push(i, |_| {}).unwrap());
                out.clear();
                assert_eq!(list.pop_many(&mut out, 200), inside);
            }
            assert!(warm_up || used() == before, "with {inside} inside");
        }
    }
}

fn after_a_burst<T>(message: impl Fn() -> T) -> isize {
    let before = used().bytes;
    let list = List::new();
    (0..100_000).for_each(|_| assert!(list.push(message(), |_| {}).is_ok()));
    assert!(used().bytes - before >= 100_000 * size_of::<T>() as isize);
    drain(&list);
    let kept = used().bytes - before;
    let blocks = 1 + spares::Spares::<T>::KEPT;
    assert!(
        kept <= (blocks * Block::<T>::WHOLE) as isize,
        "{kept} bytes"
    );

    list.shrink();
    let shrunk = used().bytes - before;
    assert!(shrunk <= Block::<T>::WHOLE as isize, "{shrunk} bytes");
    list.push(message(), |_| {})
        .unwrap_or_else(|_| panic!("open"));
    drop(list);
    assert_eq!(used().bytes, before);
    kept
}

#[test]
fn a_burst_gives_its_memory_back() {
    let small = after_a_burst(|| 1_usize);
    assert!(small <= 1024, "{small} bytes");
    after_a_burst(|| [1_u8; 300]);
}

#[test]
fn slots_are_dense() {
    let before = used().bytes;
    let list = List::new();
    (0..100_000_usize).for_each(|i| list.push(i, |_| {}).unwrap());
    let each = (used().bytes - before) as f64 / 100_000.0;
    assert!(each < 10.1, "{each} bytes for a message of 8");
    drop(list);
}
