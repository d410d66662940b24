//! The auto traits of every public type.

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::atomic::AtomicU64;

use aqueduct_core::barrier::{Pace, Payer};
use aqueduct_core::chase::Chase;
use aqueduct_core::node::{Birth, InNode, Node, NodeId};
use aqueduct_core::pad::Padded;
use aqueduct_core::roster::{Held, LetGo, Pair, Roster};
use aqueduct_core::sync::{Lock, UnsafeCell};
use aqueduct_core::wait_cell::WaitCell;
use aqueduct_core::wait_queue::{LazyWait, PassOn, Place, Wait, WaitQueue};
use aqueduct_core::wake_batch::WakeBatch;

/// The auto traits of a type, by their initials: Send, sYnc, Unpin, unWindsafe, Refunwindsafe.
macro_rules! auto_traits {
    ($type:ty) => {{
        struct Of<T: ?Sized>(PhantomData<T>);
        #[allow(dead_code)]
        trait Otherwise {
            const SEND: &str = "";
            const SYNC: &str = "";
            const UNPIN: &str = "";
            const UNWIND: &str = "";
            const REF_UNWIND: &str = "";
        }
        impl<T: ?Sized> Otherwise for Of<T> {}
        // An inherent constant goes before a trait's, where its bound holds.
        #[allow(dead_code)]
        impl<T: ?Sized + Send> Of<T> {
            const SEND: &str = "S";
        }
        #[allow(dead_code)]
        impl<T: ?Sized + Sync> Of<T> {
            const SYNC: &str = "Y";
        }
        #[allow(dead_code)]
        impl<T: ?Sized + Unpin> Of<T> {
            const UNPIN: &str = "U";
        }
        #[allow(dead_code)]
        impl<T: ?Sized + UnwindSafe> Of<T> {
            const UNWIND: &str = "W";
        }
        #[allow(dead_code)]
        impl<T: ?Sized + RefUnwindSafe> Of<T> {
            const REF_UNWIND: &str = "R";
        }
        [
            <Of<$type>>::SEND,
            <Of<$type>>::SYNC,
            <Of<$type>>::UNPIN,
            <Of<$type>>::UNWIND,
            <Of<$type>>::REF_UNWIND,
        ]
        .concat()
    }};
}

struct ByCell(#[allow(dead_code)] Cell<u8>);
struct ByRc(#[allow(dead_code)] Rc<u8>);

impl PassOn for ByCell {
    fn pass_on(self, _: &WaitQueue<Self>) {}
}

impl PassOn for ByRc {
    fn pass_on(self, _: &WaitQueue<Self>) {}
}

#[test]
fn plain_values_are_everything() {
    assert_eq!(auto_traits!(Payer), "SYUWR");
    assert_eq!(auto_traits!(Pace), "SYUWR");
    assert_eq!(auto_traits!(Place), "SYUWR");
    assert_eq!(auto_traits!(Chase), "SYUWR");
    assert_eq!(auto_traits!(NodeId), "SYUWR");
    assert_eq!(auto_traits!(Birth), "SYUWR");
    assert_eq!(auto_traits!(dyn Node), "SY");
    assert_eq!(auto_traits!(WaitCell), "SYUWR");
    assert_eq!(auto_traits!(WakeBatch), "SYUWR");
}

#[test]
fn containers_are_what_they_contain() {
    assert_eq!(auto_traits!(Padded<u8>), "SYUWR");
    assert_eq!(auto_traits!(Padded<ByCell>), "SUW");
    assert_eq!(auto_traits!(Padded<ByRc>), "UWR");
    assert_eq!(auto_traits!(UnsafeCell<u8>), "SUW");
    assert_eq!(auto_traits!(UnsafeCell<ByRc>), "UW");
    assert_eq!(auto_traits!(Lock<u8>), "SYUWR");
    assert_eq!(auto_traits!(Lock<ByCell>), "SYUWR");
    assert_eq!(auto_traits!(Lock<ByRc>), "UWR");
}

#[test]
fn a_queue_sends_requests_between_threads() {
    assert_eq!(auto_traits!(WaitQueue<()>), "SYUWR");
    assert_eq!(auto_traits!(WaitQueue<ByCell>), "SYUWR");
    assert_eq!(auto_traits!(WaitQueue<ByRc>), "UWR");
}

#[test]
fn a_place_in_line_is_pinned_and_goes_where_its_queue_may_go() {
    assert_eq!(auto_traits!(Wait<&'static WaitQueue<()>>), "SY");
    assert_eq!(auto_traits!(Wait<&'static WaitQueue<ByCell>>), "SY");
    assert_eq!(auto_traits!(Wait<&'static WaitQueue<ByRc>>), "");
    assert_eq!(auto_traits!(LazyWait<&'static WaitQueue<()>>), "SY");
    assert_eq!(auto_traits!(LazyWait<&'static WaitQueue<ByRc>>), "");
}

#[test]
fn a_task_in_its_node_is_what_it_was() {
    assert_eq!(auto_traits!(InNode<Told, std::future::Ready<()>>), "SYUWR");
    assert_eq!(auto_traits!(InNode<Told, ByRc>), "UWR");
    assert_eq!(
        auto_traits!(InNode<Told, std::marker::PhantomPinned>),
        "SYWR"
    );
}

#[test]
fn what_is_held_of_a_roster_goes_where_its_value_may_be_shared() {
    assert_eq!(auto_traits!(Held<u8, u8>), "SYUWR");
    assert_eq!(auto_traits!(Held<u8, ByCell>), "U");
    assert_eq!(auto_traits!(Held<ByRc, u8>), "UWR");
    assert_eq!(auto_traits!(Pair<u8, u8>), "SYUWR");
    assert_eq!(auto_traits!(LetGo<u8, u8>), "SYUWR");
    assert_eq!(auto_traits!(Roster<u8, u8>), "SYUWR");
    assert_eq!(auto_traits!(Roster<u8, ByRc>), "UWR");
}

/// A node.
struct Told(Birth);

impl Node for Told {
    fn id(&self) -> NodeId {
        self.0.id
    }

    fn context(&self) -> &AtomicU64 {
        &self.0.context
    }

    fn parent(&self) -> Option<NodeId> {
        self.0.parent
    }

    fn name(&self) -> Option<&str> {
        None
    }

    fn location(&self) -> &'static Location<'static> {
        Location::caller()
    }
}

#[cfg(feature = "tokio")]
#[test]
fn a_future_with_a_deadline_is_what_it_was() {
    use aqueduct_core::rt::{Alarm, Until};

    assert_eq!(auto_traits!(Alarm), "SYUWR");
    assert_eq!(auto_traits!(Until<std::future::Ready<()>>), "SYUWR");
    assert_eq!(auto_traits!(Until<ByRc>), "UWR");
    assert_eq!(auto_traits!(Until<std::marker::PhantomPinned>), "SYWR");
}
