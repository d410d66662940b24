//! What a case is: a way to look, a way to get in line, and a way out of it.

use std::fmt;
use std::task::{Context, Poll};

use crate::pop::Pop;

/// What a look at a case found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look<R> {
    /// This, and perhaps more later.
    Ready(R),
    /// This, and nothing will come after it.
    Last(R),
    /// Nothing now.
    Nothing,
    /// Something is in the making, by a thread that was stopped in it.
    Lagging,
}

impl<R> Look<R> {
    fn map<O>(self, then: impl FnOnce(R) -> O) -> Look<O> {
        match self {
            Self::Ready(value) => Look::Ready(then(value)),
            Self::Last(value) => Look::Last(then(value)),
            Self::Nothing => Look::Nothing,
            Self::Lagging => Look::Lagging,
        }
    }
}

impl<T> Look<Option<T>> {
    /// What a look for a message found.
    pub(crate) fn popped(pop: Pop<T>) -> Self {
        match pop {
            Pop::Value(value) => Self::Ready(Some(value)),
            Pop::Ended => Self::Last(None),
            Pop::Empty => Self::Nothing,
            Pop::Lagging => Self::Lagging,
        }
    }

    /// What came of waiting for a message.
    pub(crate) fn received(poll: Poll<Option<T>>) -> Self {
        match poll {
            Poll::Ready(Some(value)) => Self::Ready(Some(value)),
            Poll::Ready(None) => Self::Last(None),
            Poll::Pending => Self::Nothing,
        }
    }
}

/// One side of a channel, as a case waits on it.
///
/// No method spends coop budget: the set does, once for each event.
pub(crate) trait Join {
    /// What comes of it.
    type Output;
    /// Whether others may wait in the same line.
    const SHARED: bool;

    /// Takes what is there. Leaves no waker, and gets in no line; in line already, it looks at its place.
    fn look(&mut self, cx: &mut Context<'_>) -> Look<Self::Output>;

    /// Takes what is there, or leaves the waker of `cx` to be woken and says `Nothing`.
    fn join(&mut self, cx: &mut Context<'_>) -> Look<Self::Output>;

    /// Leaves a shared line; what it was given there goes to the next. Says whether it was in it.
    fn stand_back(&mut self) -> bool;
}

/// A receiver with one owner: its handle is all that a case needs, and it waits alone.
pub trait Sole {
    /// What receiving gives.
    type Output;

    /// Takes what is there.
    fn look(&mut self) -> Look<Self::Output>;

    /// Takes what is there, or leaves the waker of `cx` to be woken and says `Nothing`.
    fn join(&mut self, cx: &mut Context<'_>) -> Look<Self::Output>;
}

impl<S: Sole> Sole for &mut S {
    type Output = S::Output;

    fn look(&mut self) -> Look<S::Output> {
        (**self).look()
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<S::Output> {
        (**self).join(cx)
    }
}

/// A [`Sole`] as a case.
pub(super) struct SoleCase<S>(pub(super) S);

impl<S: Sole> Join for SoleCase<S> {
    type Output = S::Output;
    const SHARED: bool = false;

    fn look(&mut self, _: &mut Context<'_>) -> Look<S::Output> {
        self.0.look()
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<S::Output> {
        self.0.join(cx)
    }

    fn stand_back(&mut self) -> bool {
        false
    }
}

/// A place in a shared line, with the handle that it is for.
pub(super) struct LineCase<L, H> {
    // Dropped before the handle, while its channel counts it.
    pub(super) line: L,
    pub(super) _handle: H,
}

impl<L: Join, H> Join for LineCase<L, H> {
    type Output = L::Output;
    const SHARED: bool = true;

    fn look(&mut self, cx: &mut Context<'_>) -> Look<L::Output> {
        self.line.look(cx)
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<L::Output> {
        self.line.join(cx)
    }

    fn stand_back(&mut self) -> bool {
        self.line.stand_back()
    }
}

/// A side of a channel with its closure, whatever the two are. Users get hold of none.
pub struct Case<'a, O>(Box<dyn Side<O> + Send + 'a>);

impl<'a, O> Case<'a, O> {
    pub(crate) fn new<J, F>(side: J, then: F) -> Self
    where
        J: Join + Send + 'a,
        F: FnMut(J::Output) -> O + Send + 'a,
    {
        Self(Box::new(Then { side, then }))
    }

    pub(super) fn is_shared(&self) -> bool {
        self.0.is_shared()
    }

    pub(super) fn look(&mut self, cx: &mut Context<'_>) -> Look<O> {
        self.0.look(cx)
    }

    pub(super) fn join(&mut self, cx: &mut Context<'_>) -> Look<O> {
        self.0.join(cx)
    }

    pub(super) fn stand_back(&mut self) -> bool {
        self.0.stand_back()
    }
}

impl<O> fmt::Debug for Case<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").finish_non_exhaustive()
    }
}

/// A [`Join`] whose output is what its closure makes of it.
trait Side<O> {
    fn is_shared(&self) -> bool;
    fn look(&mut self, cx: &mut Context<'_>) -> Look<O>;
    fn join(&mut self, cx: &mut Context<'_>) -> Look<O>;
    fn stand_back(&mut self) -> bool;
}

struct Then<J, F> {
    side: J,
    then: F,
}

impl<O, J: Join, F: FnMut(J::Output) -> O> Side<O> for Then<J, F> {
    fn is_shared(&self) -> bool {
        J::SHARED
    }

    fn look(&mut self, cx: &mut Context<'_>) -> Look<O> {
        self.side.look(cx).map(&mut self.then)
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<O> {
        self.side.join(cx).map(&mut self.then)
    }

    fn stand_back(&mut self) -> bool {
        self.side.stand_back()
    }
}
