//! Which handles can be cases. How each of them waits is told in its own kind's modules.

use super::case::{Case, Join, LineCase, Sole, SoleCase};
use crate::error::SendError;
use crate::ring::{self, RoomLine};
use crate::{mpmc, mpsc, spmc, spsc};

/// A receiver that a [`Select`](super::Select) can wait on.
///
/// Every receiver of this crate, given by value; those that cannot be cloned by `&mut` as well, those that can by `&`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be received from in a `Select`",
    note = "receivers of `spsc`, `mpsc`, `oneshot` and `broadcast` are given by `&mut`, those of `spmc` and `mpmc` by `&`, or all by value"
)]
pub trait Receive {
    /// What `recv().await` gives.
    type Output;

    #[doc(hidden)]
    fn into_case<'a, O>(self, then: impl FnMut(Self::Output) -> O + Send + 'a) -> Case<'a, O>
    where
        Self: 'a;
}

/// A sender on which a [`Select`](super::Select) can wait for room.
///
/// Every sender of a bounded channel but the rendezvous': those that can be cloned by `&`, those that cannot by `&mut`,
/// and those of `spsc` by value as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent with in a `Select`",
    note = "senders of `mpsc` and `mpmc` are given by `&`, those of `spmc` and `spsc` by `&mut`, those of `spsc` also by value"
)]
pub trait Reserve {
    /// What `reserve().await` gives.
    type Permit;

    #[doc(hidden)]
    fn into_case<'a, O>(
        self,
        then: impl FnMut(Result<Self::Permit, SendError<()>>) -> O + Send + 'a,
    ) -> Case<'a, O>
    where
        Self: 'a;
}

impl<S: Sole + Send> Receive for S {
    type Output = S::Output;

    fn into_case<'a, O>(self, then: impl FnMut(S::Output) -> O + Send + 'a) -> Case<'a, O>
    where
        Self: 'a,
    {
        Case::new(SoleCase(self), then)
    }
}

/// A case with a place in line for `handle`.
fn in_line<'a, O, L, H>(
    line: L,
    handle: H,
    then: impl FnMut(L::Output) -> O + Send + 'a,
) -> Case<'a, O>
where
    L: Join + Send + 'a,
    H: Send + 'a,
{
    let side = LineCase {
        line,
        _handle: handle,
    };
    Case::new(side, then)
}

impl<T: Send> Receive for mpmc::Receiver<T> {
    type Output = Option<T>;

    fn into_case<'a, O>(self, then: impl FnMut(Option<T>) -> O + Send + 'a) -> Case<'a, O>
    where
        Self: 'a,
    {
        in_line(self.line(), self, then)
    }
}

impl<T: Send> Receive for &mpmc::Receiver<T> {
    type Output = Option<T>;

    fn into_case<'a, O>(self, then: impl FnMut(Option<T>) -> O + Send + 'a) -> Case<'a, O>
    where
        Self: 'a,
    {
        in_line(self.line(), self, then)
    }
}

impl<T: Send> Receive for mpmc::UnboundedReceiver<T> {
    type Output = Option<T>;

    fn into_case<'a, O>(self, then: impl FnMut(Option<T>) -> O + Send + 'a) -> Case<'a, O>
    where
        Self: 'a,
    {
        in_line(self.line(), self, then)
    }
}

impl<T: Send> Receive for &mpmc::UnboundedReceiver<T> {
    type Output = Option<T>;

    fn into_case<'a, O>(self, then: impl FnMut(Option<T>) -> O + Send + 'a) -> Case<'a, O>
    where
        Self: 'a,
    {
        in_line(self.line(), self, then)
    }
}

impl<T: Send> Receive for mpmc::RendezvousReceiver<T> {
    type Output = Option<T>;

    fn into_case<'a, O>(self, then: impl FnMut(Option<T>) -> O + Send + 'a) -> Case<'a, O>
    where
        Self: 'a,
    {
        in_line(self.line(), self, then)
    }
}

impl<T: Send> Receive for &mpmc::RendezvousReceiver<T> {
    type Output = Option<T>;

    fn into_case<'a, O>(self, then: impl FnMut(Option<T>) -> O + Send + 'a) -> Case<'a, O>
    where
        Self: 'a,
    {
        in_line(self.line(), self, then)
    }
}

impl<'s, T: Send> Reserve for &'s mpsc::Sender<T> {
    type Permit = ring::Permit<'s, T>;

    fn into_case<'a, O>(
        self,
        then: impl FnMut(Result<Self::Permit, SendError<()>>) -> O + Send + 'a,
    ) -> Case<'a, O>
    where
        Self: 'a,
    {
        Case::new(RoomLine::new(self.ring()), then)
    }
}

impl<'s, T: Send> Reserve for &'s mpmc::Sender<T> {
    type Permit = ring::Permit<'s, T>;

    fn into_case<'a, O>(
        self,
        then: impl FnMut(Result<Self::Permit, SendError<()>>) -> O + Send + 'a,
    ) -> Case<'a, O>
    where
        Self: 'a,
    {
        Case::new(RoomLine::new(self.ring()), then)
    }
}

impl<'s, T: Send> Reserve for &'s mut spmc::Sender<T> {
    type Permit = ring::Permit<'s, T>;

    fn into_case<'a, O>(
        self,
        then: impl FnMut(Result<Self::Permit, SendError<()>>) -> O + Send + 'a,
    ) -> Case<'a, O>
    where
        Self: 'a,
    {
        Case::new(RoomLine::new(self.ring()), then)
    }
}

impl<'s, T: Send> Reserve for &'s mut spsc::Sender<T> {
    type Permit = spsc::Permit<'s, T>;

    fn into_case<'a, O>(
        self,
        then: impl FnMut(Result<Self::Permit, SendError<()>>) -> O + Send + 'a,
    ) -> Case<'a, O>
    where
        Self: 'a,
    {
        Case::new(SoleCase(spsc::Room::borrowed(self)), then)
    }
}

impl<T: Send> Reserve for spsc::Sender<T> {
    type Permit = spsc::OwnedPermit<T>;

    fn into_case<'a, O>(
        self,
        then: impl FnMut(Result<Self::Permit, SendError<()>>) -> O + Send + 'a,
    ) -> Case<'a, O>
    where
        Self: 'a,
    {
        Case::new(SoleCase(spsc::Room::owned(self)), then)
    }
}
