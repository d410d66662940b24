//! Which handles, futures, values and errors may cross threads.

use std::cell::Cell;
use std::panic::{RefUnwindSafe, UnwindSafe};

use aqueduct_group::policy::{Ending, Next, Told, Triage, Verdict};
use aqueduct_group::*;

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

fn send_value<T: Send>(_: &T) {}

macro_rules! all {
    ($($type:ty),+ $(,)?) => { $( send::<$type>(); sync::<$type>(); unpin::<$type>(); )+ };
}

/// `Cell` is Send and not Sync: what tasks give need not be Sync.
type Output = Result<Cell<u8>, Cell<u16>>;

#[test]
fn handles_are_send_sync_and_unpin_whatever_tasks_give() {
    all!(
        TaskGroup<AllOk<Cell<u8>, Cell<u16>>>,
        TaskGroup<Collect<Output>>,
        TaskGroup<FirstOk<Cell<u8>, Cell<u16>>>,
        TaskGroup<Race<Output>>,
        TaskGroup<Quorum<Cell<u8>, Cell<u16>>>,
        TaskGroup<Discard<Output>>,
        TaskGroup<Supervise<Cell<u16>>>,
        TaskGroup<AsCompleted<Output>>,
        Spawner<Collect<Output>>,
        TaskBuilder<'static, Collect<Output>>,
        GroupBuilder,
        TaskHandle<Cell<u8>>,
        Permit<Collect<Output>>,
        Ready<Cell<u8>>,
    );
}

#[test]
fn what_is_told_is_plain() {
    all!(
        TaskId,
        TaskInfo,
        TaskKind,
        TaskState,
        TaskRef<'static>,
        Report,
        Tree,
        GroupSnapshot,
        TaskSnapshot,
        GroupPhase,
        Panics,
        Panicked,
        Next,
        Triage,
        NoOutput,
        StartError,
        ReserveError,
        TryReserveError,
        SpawnError<u8>,
        TrySpawnError<u8>,
        Failures<u8>,
        Failure<u8>,
        FailureKind<u8>,
        GroupError<u8>,
        ErasedGroupError,
        Closed,
        TaskEnd<u8>,
        Ending<u8>,
        Verdict<u8>,
        Told<'static, u8>,
    );
    unwind_safe::<TaskId>();
    unwind_safe::<TaskInfo>();
    unwind_safe::<Panicked>();
    unwind_safe::<SpawnError<u8>>();
    unwind_safe::<TrySpawnError<u8>>();
    unwind_safe::<StartError>();
    unwind_safe::<NoOutput>();
    unwind_safe::<GroupError<u8>>();
    unwind_safe::<Closed>();
    unwind_safe::<Report>();
    unwind_safe::<Tree>();
}

/// A policy, and an error of a task, is as much of a thread as what it holds.
#[test]
fn policies_and_values_are_send_where_what_they_hold_is() {
    send::<AllOk<Cell<u8>, Cell<u16>>>();
    send::<Collect<Output>>();
    send::<FirstOk<Cell<u8>, Cell<u16>>>();
    send::<Race<Output>>();
    send::<Quorum<Cell<u8>, Cell<u16>>>();
    send::<Supervise<Cell<u16>>>();
    send::<AsCompleted<Output>>();
    send::<GroupError<Cell<u16>>>();
    send::<TaskEnd<Cell<u8>>>();
    // Of what it drops it holds nothing.
    all!(Discard<*const ()>);
}

#[test]
fn futures_are_send() {
    let group = || group().open(Collect::<Cell<u8>>::new());
    let owner = group();
    send_value(&owner.spawn(async { Cell::new(1) }));
    send_value(&owner.task("named").spawn_blocking(|| Cell::new(1)));
    send_value(
        &owner
            .unnamed()
            .spawn_with_handle(async { Cell::new(1_u16) }),
    );
    send_value(
        &owner
            .unnamed()
            .start(|_: Ready<Cell<u8>>| async { Cell::new(1) }),
    );
    send_value(&owner.wait_closed());
    send_value(&owner.join());
    send_value(&group().join_with_report());
    send_value(&group().shutdown());
    let mut ends = aqueduct_group::group().open(AsCompleted::<Cell<u8>>::new());
    send_value(&ends.next());
    send_value(&aqueduct_group::group().run(Collect::<Cell<u8>>::new(), async |_| ()));
}
