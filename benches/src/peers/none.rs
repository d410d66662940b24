//! No peers: built without the feature `peers`, for a run of ours alone.

use crate::channel::Message;
use crate::entrants::Entrants;

pub(crate) fn prepare() {}

pub(crate) fn spsc<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn mpsc<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn mpmc<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn unbounded<T: Message>(_: &mut impl Entrants<T>) {}
