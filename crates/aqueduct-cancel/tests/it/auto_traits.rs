//! What may cross threads, be moved and be unwound through.

use std::cell::Cell;
use std::future::{Ready, ready};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use aqueduct_cancel::{
    CancelScope, Cancelled, DropGuard, DropGuardRef, Elapsed, InAmbient, Reason, ReasonKind, Run,
    RunUntil, Shield, Stats, TakeUntil, UntilCancelled, UntilDraining, WeakScope, shield,
};

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

macro_rules! all {
    ($($type:ty),+ $(,)?) => { $( send::<$type>(); sync::<$type>(); unpin::<$type>(); unwind_safe::<$type>(); )+ };
}

#[test]
fn handles_and_reasons_go_anywhere() {
    all!(CancelScope, WeakScope, DropGuard, DropGuardRef<'static>);
    all!(Reason, ReasonKind, Cancelled, Elapsed, Stats);
    all!(UntilCancelled<'static>, UntilDraining<'static>);
}

#[test]
fn futures_are_what_is_inside_of_them() {
    all!(Run<'static, Ready<()>>);
    // `Cell` is Send and not Sync.
    type Inside = Ready<Cell<u8>>;
    send::<Run<'static, Inside>>();
    send::<RunUntil<'static, Inside>>();
    send::<Shield<Inside>>();
    send::<InAmbient<Inside>>();
    send::<TakeUntil<Inside>>();
    unpin::<RunUntil<'static, Inside>>();
    unpin::<Shield<Inside>>();
    unpin::<TakeUntil<Inside>>();
    sync::<RunUntil<'static, Ready<()>>>();
    sync::<Shield<Ready<()>>>();
    sync::<InAmbient<Ready<()>>>();
}

#[test]
fn futures_of_an_async_block_can_be_spawned() {
    fn spawned<F: Future + Send + 'static>(_: F) {}
    let scope = CancelScope::new();
    spawned({
        let scope = scope.clone();
        async move {
            let inner = scope.child().with_timeout(Duration::from_secs(1));
            let _guard = inner.drop_guard_ref();
            inner.run(shield(Duration::ZERO, ready(()))).await.ok();
            inner.check()?;
            inner.draining().await;
            Err::<(), Cancelled>(inner.cancelled().await.into())
        }
    });
    spawned(scope.run_owned(ready(())));
    spawned(scope.cancelled_owned());
    spawned(scope.draining_owned());
}
