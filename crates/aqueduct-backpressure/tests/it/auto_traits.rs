//! What may cross threads, be moved and be unwound through.

use std::panic::{RefUnwindSafe, UnwindSafe};

use aqueduct_backpressure::codel::Codel;
use aqueduct_backpressure::limit::{
    AcquireOwned, Aimd, Fixed, Gradient2, Knee, Limiter, Miad, Order, OwnedPermit, Permit,
    Priority, Queue, Rejected, Rejections, Request, Stats, Step, Vegas, Window,
};

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

macro_rules! all {
    ($($type:ty),+ $(,)?) => { $( send::<$type>(); sync::<$type>(); unpin::<$type>(); unwind_safe::<$type>(); )+ };
}

#[test]
fn limits_go_anywhere() {
    all!(Limiter, Permit<'static>, OwnedPermit);
    all!(Rejected, Rejections, Request, Stats, Step, Window);
    all!(Order, Priority, Queue, Codel);
    all!(Aimd, Fixed, Gradient2, Knee, Miad, Vegas);
    send::<AcquireOwned>();
    unpin::<AcquireOwned>();
}

#[test]
fn futures_can_be_spawned() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let limiter = Limiter::fixed(1);
    drop(is_send(limiter.acquire()));
    drop(is_send(limiter.acquire_for(Request::new())));
    drop(is_send(limiter.acquire_owned(Request::new())));
}
