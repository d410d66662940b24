//! Without the feature, nobody wants signals.

use std::task::{Poll, Waker};

use aqueduct_cancel::CancelScope;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted;

pub(crate) struct Listening;

#[derive(Clone, Copy, Debug)]
pub(crate) enum FirstSignal {
    Cancels,
    Drains,
}

impl Wanted {
    pub(crate) const fn none() -> Self {
        Self
    }

    pub(crate) fn is_wanted(self) -> bool {
        false
    }

    pub(crate) fn listen(self, _: &CancelScope, _: FirstSignal, _: &Waker) -> Listening {
        Listening
    }
}

impl Listening {
    pub(crate) fn first(&self) -> Option<&'static str> {
        None
    }

    pub(crate) fn poll_impatient(&self, _: &Waker) -> Poll<()> {
        Poll::Pending
    }
}
