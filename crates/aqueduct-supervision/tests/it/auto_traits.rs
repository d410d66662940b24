//! Which handles, futures, values and errors may cross threads.

use std::cell::Cell;
use std::panic::{RefUnwindSafe, UnwindSafe};

use aqueduct_cancel::CancelScope;
use aqueduct_supervision::child::{ChildFuture, Doing};
use aqueduct_supervision::error::*;
use aqueduct_supervision::exit::PanicLocation;
use aqueduct_supervision::spec::{SpecError, SpecField};
use aqueduct_supervision::watch::{Ends, Lifeline, Link, MonitorId, Told};
use aqueduct_supervision::*;

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

fn send_value<T: Send>(_: &T) {}

macro_rules! all {
    ($($type:ty),+ $(,)?) => { $( send::<$type>(); sync::<$type>(); unpin::<$type>(); )+ };
}

#[test]
fn handles_are_send_sync_and_unpin() {
    all!(
        Supervisor,
        SupervisorRef,
        DynamicSupervisor<Cell<u8>, Cell<u8>>,
        DynamicSupervisorRef<Cell<u8>, Cell<u8>>,
        ChildRef,
        ChildContext,
        ChildTarget,
        Watch,
        Lifeline,
        Monitor,
        Downs,
        Ends,
        Told,
        Link,
        MonitorId,
        ProcessId,
    );
}

/// What starts a child need not be shared.
#[test]
fn specs_are_send() {
    send::<ChildSpec>();
    unpin::<ChildSpec>();
    send::<SupervisorSpec>();
    unpin::<SupervisorSpec>();
    send::<DynamicSpec<Cell<u8>, Cell<u8>>>();
    unpin::<DynamicSpec<Cell<u8>, Cell<u8>>>();
    send::<ChildFuture>();
}

#[test]
fn what_is_told_is_plain() {
    all!(
        Exit,
        Failure,
        Panicked,
        PanicLocation,
        Down,
        Event,
        EventKind,
        Events,
        Tree,
        TreeChild,
        ShutdownReport,
        Leftover,
        ChildInfo,
        ChildCount,
        ChildStatus,
        ChildKind,
        ChildId,
        Doing,
        Fate,
        Restart,
        Shutdown,
        Strategy,
        AutoShutdown,
        Intensity,
        SpecError,
        SpecField,
        StartError,
        StartFailure,
        StartChildError,
        TerminateChildError,
        RestartChildError,
        DeleteChildError,
        WhichChildError,
        NotRunning,
        CannotReplace,
    );
    unwind_safe::<ChildId>();
    unwind_safe::<ChildCount>();
    unwind_safe::<Leftover>();
    unwind_safe::<Panicked>();
    unwind_safe::<NotRunning>();
}

#[test]
fn futures_are_send() {
    let spec = Supervisor::one_for_one;
    send_value(&spec().start());
    send_value(&spec().run(&CancelScope::new()));
    let (_, below) = spec().child("it");
    send_value(&below.start_child(ChildSpec::worker("it", |_| async {})));
    send_value(&below.terminate_child("it"));
    send_value(&below.restart_child("it"));
    send_value(&below.delete_child("it"));
    send_value(&below.which_child("it"));
    send_value(&below.shutdown());
    send_value(&below.which_children());
    send_value(&below.count_children());
    send_value(&below.watch().monitor());
    let dynamic = Supervisor::dynamic(|n: u8| (ChildSpec::worker("it", |_| async {}), n));
    let (_, dynamic) = dynamic.child("it");
    send_value(&dynamic.start_child(1));
}
