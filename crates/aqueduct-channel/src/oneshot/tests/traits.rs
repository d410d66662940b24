//! The auto traits of the handles and their futures: Tokio's, whatever the payload.

use std::cell::Cell;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use super::super::error::{RecvError, TryRecvError};
use super::super::{Receiver, Sender};

/// Asks about a type at compile time whether it has a trait: the inherent constant is there if it has, and shadows
/// the one that every type has.
macro_rules! has {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code)]
        trait Otherwise {
            const HAS: bool = false;
        }
        impl<T: ?Sized> Otherwise for T {}
        struct Ask<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + $($bound)+> Ask<T> {
            const HAS: bool = true;
        }
        <Ask<$type>>::HAS
    }};
}

/// Send but not Sync.
type Sends = Cell<u32>;
/// Neither.
type Stays = Rc<u32>;

const _: () = {
    assert!(has!(Sender<u32>: Send) && has!(Sender<u32>: Sync));
    assert!(has!(Sender<Sends>: Send) && has!(Sender<Sends>: Sync));
    assert!(!has!(Sender<Stays>: Send) && !has!(Sender<Stays>: Sync));

    assert!(has!(Receiver<u32>: Send) && has!(Receiver<u32>: Sync));
    assert!(has!(Receiver<Sends>: Send) && has!(Receiver<Sends>: Sync));
    assert!(!has!(Receiver<Stays>: Send) && !has!(Receiver<Stays>: Sync));

    assert!(has!(Sender<std::marker::PhantomPinned>: Unpin));
    assert!(has!(Receiver<std::marker::PhantomPinned>: Unpin));

    assert!(!has!(Sender<u32>: UnwindSafe) && !has!(Sender<u32>: RefUnwindSafe));
    assert!(!has!(Receiver<u32>: UnwindSafe) && !has!(Receiver<u32>: RefUnwindSafe));

    assert!(has!(RecvError: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe));
    assert!(has!(TryRecvError: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe));
};

/// The same questions about Tokio's handles, so that the answers above are Tokio's and stay so.
const _: () = {
    use tokio::sync::oneshot::{Receiver, Sender};

    assert!(has!(Sender<Sends>: Send) && has!(Sender<Sends>: Sync));
    assert!(!has!(Sender<Stays>: Send) && !has!(Sender<Stays>: Sync));
    assert!(has!(Receiver<Sends>: Send) && has!(Receiver<Sends>: Sync));
    assert!(!has!(Receiver<Stays>: Send) && !has!(Receiver<Stays>: Sync));
    assert!(!has!(Sender<u32>: UnwindSafe) && !has!(Sender<u32>: RefUnwindSafe));
    assert!(!has!(Receiver<u32>: UnwindSafe) && !has!(Receiver<u32>: RefUnwindSafe));
};

/// The future of `closed` has no name, so it is asked about by way of inference.
macro_rules! closed_is {
    ($payload:ty: $($bound:tt)+) => {
        const _: fn(&mut Sender<$payload>) = |sender| {
            fn is<F: $($bound)+>(_: F) {}
            is(sender.closed());
        };
    };
}

closed_is!(u32: Send + Sync);
closed_is!(Sends: Send + Sync);

#[test]
fn a_handle_is_one_pointer() {
    assert_eq!(size_of::<Sender<[u64; 9]>>(), size_of::<usize>());
    assert_eq!(size_of::<Receiver<[u64; 9]>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Sender<u8>>>(), size_of::<usize>());
}
