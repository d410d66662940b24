//! Both halves, as cases of a `Select`.

use std::borrow::BorrowMut;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use super::ring::{Lack, Rx, Tx};
use super::{OwnedPermit, Permit, Receiver, Sender};
use crate::error::SendError;
use crate::pop::Pop;
use crate::select::{Look, Sole};

fn pop<T>(rx: &mut Rx<T>) -> Pop<T> {
    match rx.pop() {
        Ok(value) => Pop::Value(value),
        Err(Lack::Empty) => Pop::Empty,
        Err(Lack::Ended) => Pop::Ended,
    }
}

impl<T> Sole for Receiver<T> {
    type Output = Option<T>;

    fn look(&mut self) -> Look<Option<T>> {
        Look::popped(pop(&mut self.rx))
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        Look::received(self.rx.poll_wait(cx, |rx| pop(rx).settled()))
    }
}

/// A sender that waits for room, until it becomes a permit.
pub(crate) struct Room<H, P, T> {
    /// Nothing once it became one.
    sender: Option<H>,
    permit: fn(H) -> P,
    _messages: PhantomData<fn(T)>,
}

impl<'a, T> Room<&'a mut Sender<T>, Permit<'a, T>, T> {
    pub(crate) fn borrowed(sender: &'a mut Sender<T>) -> Self {
        Self::new(sender, Permit::new)
    }
}

impl<T> Room<Sender<T>, OwnedPermit<T>, T> {
    pub(crate) fn owned(sender: Sender<T>) -> Self {
        Self::new(sender, OwnedPermit::new)
    }
}

impl<H: BorrowMut<Sender<T>>, P, T> Room<H, P, T> {
    fn new(sender: H, permit: fn(H) -> P) -> Self {
        Self {
            sender: Some(sender),
            permit,
            _messages: PhantomData,
        }
    }

    /// The permit, for room that was found, or the news that the channel is closed.
    fn last(&mut self, found: Result<(), SendError<()>>) -> Look<Result<P, SendError<()>>> {
        let sender = self.sender.take().filter(|_| found.is_ok());
        Look::Last(match sender {
            Some(mut sender) => match sender.borrow_mut().tx.reserve(1) {
                true => Ok((self.permit)(sender)),
                false => Err(SendError(())),
            },
            None => Err(SendError(())),
        })
    }
}

fn room<T>(tx: &mut Tx<T>) -> Option<Result<(), SendError<()>>> {
    if tx.is_closed() {
        return Some(Err(SendError(())));
    }
    tx.look_for(1).then_some(Ok(()))
}

impl<H: BorrowMut<Sender<T>>, P, T> Sole for Room<H, P, T> {
    type Output = Result<P, SendError<()>>;

    fn look(&mut self) -> Look<Self::Output> {
        let found = match &mut self.sender {
            Some(sender) => room(&mut sender.borrow_mut().tx),
            None => Some(Err(SendError(()))),
        };
        found.map_or(Look::Nothing, |found| self.last(found))
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Self::Output> {
        let found = match &mut self.sender {
            Some(sender) => sender.borrow_mut().tx.poll_wait(cx, room),
            None => Poll::Ready(Err(SendError(()))),
        };
        match found {
            Poll::Ready(found) => self.last(found),
            Poll::Pending => Look::Nothing,
        }
    }
}
