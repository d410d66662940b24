//! Wakers are the user's: they may panic, come back, and go whenever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use aqueduct_cancel::CancelScope;

type Hook = Box<dyn Fn() + Send>;

/// Runs a hook when it is woken, and another when it is dropped.
#[derive(Default)]
struct Task {
    woken: AtomicUsize,
    on_wake: Mutex<Option<Hook>>,
    on_drop: Mutex<Option<Hook>>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::Relaxed);
        let hook = self.on_wake.lock().unwrap().take();
        if let Some(hook) = hook {
            hook();
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(hook) = self.on_drop.get_mut().unwrap().take() {
            hook();
        }
    }
}

fn wait(scope: &CancelScope, task: &Arc<Task>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let until = scope.cancelled_owned();
    let mut wait = Box::pin(async { drop(until.await) });
    let waker = Waker::from(task.clone());
    assert!(
        wait.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    wait
}

#[test]
fn one_that_panics_keeps_nobody_from_being_woken() {
    for bad in 0..40 {
        let root = CancelScope::new();
        let scopes: Vec<_> = (0..40)
            .map(|n| {
                if n % 3 == 0 {
                    root.clone()
                } else {
                    root.child().child()
                }
            })
            .collect();
        let tasks: Vec<_> = scopes.iter().map(|_| Arc::new(Task::default())).collect();
        let waits: Vec<_> = scopes
            .iter()
            .zip(&tasks)
            .map(|(scope, task)| wait(scope, task))
            .collect();
        *tasks[bad].on_wake.lock().unwrap() = Some(Box::new(|| panic!("a bad waker")));
        let caught = catch_unwind(AssertUnwindSafe(|| root.cancel()));
        assert!(caught.is_err(), "the panic is passed on");
        for (scope, task) in scopes.iter().zip(&tasks) {
            assert_eq!(task.woken.load(Ordering::Relaxed), 1);
            assert!(scope.is_cancelled());
        }
        drop(waits);
    }
}

/// What a panic throws may itself panic when it is dropped.
#[test]
fn nor_do_several_that_throw_bombs() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("went off");
            }
        }
    }
    let root = CancelScope::new();
    let scopes: Vec<_> = (0..100).map(|_| root.child()).collect();
    let tasks: Vec<_> = scopes.iter().map(|_| Arc::new(Task::default())).collect();
    let _waits: Vec<_> = scopes
        .iter()
        .zip(&tasks)
        .map(|(scope, task)| wait(scope, task))
        .collect();
    for task in tasks.iter().step_by(3) {
        *task.on_wake.lock().unwrap() = Some(Box::new(|| std::panic::panic_any(Bomb)));
    }
    let thrown = catch_unwind(AssertUnwindSafe(|| root.cancel())).unwrap_err();
    std::mem::forget(thrown);
    assert!(scopes.iter().all(|scope| scope.stats().waiters == 0));
    let woken = tasks.iter().map(|task| task.woken.load(Ordering::Relaxed));
    assert_eq!(woken.sum::<usize>(), 100);
}

#[test]
fn one_that_comes_back_meets_no_lock() {
    let root = CancelScope::new();
    let scope = root.child();
    let task = Arc::new(Task::default());
    let waits = wait(&scope, &task);
    let (above, here) = (root.clone(), scope.clone());
    *task.on_wake.lock().unwrap() = Some(Box::new(move || {
        assert!(above.is_cancelled() && here.is_cancelled());
        assert!(!here.cancel() && !above.drain());
        assert_eq!(here.stats().waiters + above.stats().waiters, 0);
        assert!(here.child().is_cancelled());
        assert!(here.reason().is_some());
    }));
    root.cancel();
    assert_eq!(task.woken.load(Ordering::Relaxed), 1);
    drop(waits);
}

#[test]
fn one_that_is_dropped_meets_no_lock() {
    let root = CancelScope::new();
    let scope = root.child();
    let dropped = Arc::new(AtomicUsize::new(0));
    let touches = |scope: &CancelScope| {
        let (scope, dropped) = (scope.clone(), dropped.clone());
        Box::new(move || {
            dropped.fetch_add(1, Ordering::Relaxed);
            assert!(scope.stats().waiters < 2);
            drop(scope.child().cancelled());
        }) as Hook
    };
    let task = Arc::new(Task::default());
    *task.on_drop.lock().unwrap() = Some(touches(&scope));
    let mut replaced = wait(&scope, &task);
    drop(task);
    // Another waker takes its place.
    assert!(
        replaced
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    let task = Arc::new(Task::default());
    *task.on_drop.lock().unwrap() = Some(touches(&scope));
    drop(replaced);
    let left = wait(&scope, &task);
    drop(task);
    drop(left);
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn futures_that_are_leaked_are_woken_and_cost_their_place() {
    let root = CancelScope::new();
    let scope = root.child();
    let task = Arc::new(Task::default());
    std::mem::forget(wait(&scope, &task));
    assert_eq!(scope.stats().waiters, 1);
    root.cancel();
    assert_eq!(task.woken.load(Ordering::Relaxed), 1);
    assert_eq!(Arc::strong_count(&task), 1);
}
