//! Which worker gets a message.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::actor::Actor;

use super::Inner;
use super::member::{Member, Table};

/// Which worker of a pool gets a message.
///
/// One that is being started again keeps its share: what it is told waits in its mailbox.
#[non_exhaustive]
pub enum Routing<M> {
    /// They take turns. One that is full is waited for.
    RoundRobin,
    /// The one with the fewest messages in its mailbox and in its hands; among equals they take turns.
    LeastLoaded,
    /// The same one for the same key. Made by [`by_key`](Self::by_key).
    Keyed(RoutingKey<M>),
}

/// What is the key of a message, as a number.
pub struct RoutingKey<M>(Arc<dyn Fn(&M) -> u64 + Send + Sync>);

impl<M> Routing<M> {
    /// All messages of a key go to the same worker, in their order, as long as that one is in the pool. When the pool is
    /// resized few keys move: see [`Pool::resize`](super::Pool::resize).
    ///
    /// The algorithm is rendezvous hashing (D. G. Thaler and C. V. Ravishankar, "Using name-based mappings to increase hit
    /// rates", IEEE/ACM Transactions on Networking 6(1), 1998): each worker's number and the key make a weight, and the
    /// greatest one wins. It looks at each worker for each message; that suits pools of up to some hundred.
    ///
    /// ```
    /// use aqueduct_actor::Routing;
    ///
    /// struct Order {
    ///     customer: u64,
    /// }
    ///
    /// let routing = Routing::by_key(|order: &Order| order.customer);
    /// ```
    pub fn by_key<K: Hash>(key: impl Fn(&M) -> K + Send + Sync + 'static) -> Self {
        Self::Keyed(RoutingKey(Arc::new(move |message| {
            let mut hasher = DefaultHasher::new();
            key(message).hash(&mut hasher);
            hasher.finish()
        })))
    }
}

/// The way of one message.
pub(super) struct Route {
    by: By,
    /// The numbers of those that did not take it.
    tried: Vec<usize>,
}

#[derive(Clone, Copy)]
enum By {
    Turn(usize),
    Load(usize),
    Key(u64),
}

impl<A: Actor> Inner<A> {
    pub(super) fn route(&self, message: &A::Msg) -> Route {
        let by = match &self.routing {
            Routing::RoundRobin => By::Turn(self.table.turn()),
            Routing::LeastLoaded => By::Load(self.table.turn()),
            // The user's, before the lock is taken (P3).
            Routing::Keyed(RoutingKey(key)) => By::Key(key(message)),
        };
        Route {
            by,
            tried: Vec::new(),
        }
    }
}

impl Route {
    /// The best worker that was not tried.
    pub(super) fn next<A: Actor>(&mut self, table: &Table<A>) -> Option<Arc<Member<A>>> {
        let by = self.by;
        let tried = &self.tried;
        let member = table.pick(|members| {
            let at = match by {
                By::Turn(turn) => in_turn(members, turn, tried).next(),
                By::Load(turn) => {
                    in_turn(members, turn, tried).min_by_key(|&at| members[at].load())
                }
                By::Key(hash) => in_turn(members, 0, tried)
                    .max_by_key(|&at| (weight(hash, members[at].number()), usize::MAX - at)),
            };
            at.map(|at| members[at].clone())
        })?;
        self.tried.push(member.number());
        Some(member)
    }

    pub(super) fn is_keyed(&self) -> bool {
        matches!(self.by, By::Key(_))
    }
}

/// Those that may be asked, beginning with whose turn it is.
fn in_turn<A: Actor>(
    members: &[Arc<Member<A>>],
    turn: usize,
    tried: &[usize],
) -> impl Iterator<Item = usize> {
    let all = members.len();
    let order = (0..all).map(move |n| (turn % all + n) % all);
    order.filter(|&at| !tried.contains(&members[at].number()) && members[at].takes())
}

/// What a worker weighs for a key: the greatest wins.
pub(super) fn weight(hash: u64, number: usize) -> u64 {
    mix(hash ^ mix(number as u64 + 1))
}

/// The finalizer of SplitMix64 (G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014): each bit of the input may change each of the output.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl<M> Clone for Routing<M> {
    fn clone(&self) -> Self {
        match self {
            Self::RoundRobin => Self::RoundRobin,
            Self::LeastLoaded => Self::LeastLoaded,
            Self::Keyed(RoutingKey(key)) => Self::Keyed(RoutingKey(key.clone())),
        }
    }
}

impl<M> fmt::Debug for Routing<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RoundRobin => "RoundRobin",
            Self::LeastLoaded => "LeastLoaded",
            Self::Keyed(_) => "Keyed(..)",
        })
    }
}

impl<M> fmt::Debug for RoutingKey<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoutingKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::weight;

    const KEYS: u64 = 20_000;

    fn owner(key: u64, workers: impl Iterator<Item = usize>) -> usize {
        workers.max_by_key(|&worker| weight(key, worker)).unwrap()
    }

    #[test]
    fn each_worker_has_its_share_of_the_keys() {
        let mut shares = [0_u64; 8];
        for key in 0..KEYS {
            shares[owner(key, 0..8)] += 1;
        }
        // Of a binomial distribution with n = 20,000 and p = 1/8, six standard deviations are 281.
        assert!(
            shares.iter().all(|&share| share.abs_diff(KEYS / 8) < 281),
            "{shares:?}"
        );
    }

    #[test]
    fn keys_move_to_new_workers_and_from_those_that_leave_and_no_others() {
        let mut moved = 0;
        for key in 0..KEYS {
            let (before, after) = (owner(key, 0..7), owner(key, 0..8));
            if before != after {
                assert_eq!(after, 7, "it moves to the new one, or stays");
                moved += 1;
            }
            // One in the middle leaves.
            let without = owner(key, (0..8).filter(|&worker| worker != 3));
            assert!(after == 3 || without == after, "only what it had moves");
        }
        assert!(u64::abs_diff(moved, KEYS / 8) < 281, "{moved}");
    }
}
