//! A stream for each key.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll};

use super::hub::{Bell, Hub};
use super::lane::{Consumer, Lane, Work};
use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # A stream for each key
impl<S: Source> Flow<S> {
    /// Gives, for each key that comes up, the key and a stream of the items that have it.
    ///
    /// At most `groups_max` groups are open. When another key comes up, the group that has been without an item for the longest
    /// time is closed: its stream ends after what is inside. If its key comes again, another group is opened for it. Finding
    /// that group costs a look at each.
    ///
    /// As with [`partition`](Self::partition), whichever of the streams is polled pulls the source, and **one that is
    /// neither polled nor dropped holds up the others**: this one included, whose items are the groups. A group that is dropped
    /// counts as open, and its items are dropped, until it is closed. When this stream is dropped, groups that are open go
    /// on, and items of other keys are dropped. All end when the source does.
    ///
    /// Each group holds up to a [chunk](CHUNK) of items; this stream holds up to `groups_max` groups, at most a chunk, that have
    /// not been taken.
    ///
    /// # Panics
    ///
    /// If `groups_max` is 0.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let words = aqueduct_stream::iter(["an", "be", "ask", "by", "all"]);
    /// let mut counts: Vec<(char, usize)> = words
    ///     .group_by(26, |word| word.chars().next().unwrap_or(' '))
    ///     .flat_map_merge(26, |(letter, group)| {
    ///         aqueduct_stream::once(group).then(move |group| async move { (letter, group.count().await) })
    ///     })
    ///     .collect()
    ///     .await;
    /// counts.sort();
    /// assert_eq!(counts, [('a', 3), ('b', 2)]);
    /// # }
    /// ```
    #[track_caller]
    pub fn group_by<K, F>(self, groups_max: usize, key: F) -> Flow<GroupBy<S, K, F>>
    where
        K: Clone + Eq + Hash,
        F: FnMut(&S::Item) -> K,
    {
        assert!(groups_max > 0, "no group could ever be open");
        let bell = Arc::<Bell>::default();
        let full = Arc::<AtomicUsize>::default();
        let lane = Lane::new(bell.seat(), groups_max.min(CHUNK), &full);
        let work = Dealing {
            source: Box::pin(self),
            key,
            groups: Groups {
                open: HashMap::new(),
                groups_max,
                items: 0,
                new: Arc::clone(&lane),
                full,
            },
        };
        Flow::new(GroupBy {
            hub: Arc::new(Hub::new(bell, work)),
            consumer: Consumer::new(lane),
        })
    }
}

/// The source of [`Flow::group_by`].
pub struct GroupBy<S: Source, K, F> {
    hub: Shared<S, K, F>,
    consumer: Consumer<Keyed<S, K, F>>,
}

/// The source of a stream that [`Flow::group_by`] gives.
pub struct Group<S: Source, K, F> {
    hub: Shared<S, K, F>,
    consumer: Consumer<S::Item>,
}

/// A new group.
type Keyed<S, K, F> = (K, Flow<Group<S, K, F>>);

type Shared<S, K, F> = Arc<Hub<Dealing<S, K, F>>>;

// Nothing in them is pinned.
impl<S: Source, K, F> Unpin for GroupBy<S, K, F> {}
impl<S: Source, K, F> Unpin for Group<S, K, F> {}

struct Dealing<S: Source, K, F> {
    source: Pin<Box<Flow<S>>>,
    key: F,
    groups: Groups<S, K, F>,
}

struct Groups<S: Source, K, F> {
    open: HashMap<K, Open<S::Item>>,
    groups_max: usize,
    /// How many items there were, which is the time here.
    items: u64,
    /// Where new groups go.
    new: Arc<Lane<Keyed<S, K, F>>>,
    full: Arc<AtomicUsize>,
}

struct Open<T> {
    lane: Arc<Lane<T>>,
    /// When the last item came.
    last: u64,
}

struct Dealer<'a, S: Source, K, F> {
    key: &'a mut F,
    groups: &'a mut Groups<S, K, F>,
    hub: &'a Shared<S, K, F>,
    limit: usize,
    touched: &'a mut Vec<usize>,
}

impl<S, K, F> Dealer<'_, S, K, F>
where
    S: Source,
    K: Clone + Eq + Hash,
    F: FnMut(&S::Item) -> K,
{
    /// The lane of a new group, and whether there is room for another group. Without a consumer of groups there is none.
    fn open(&mut self, key: K) -> Option<(Arc<Lane<S::Item>>, bool)> {
        if self.groups.new.is_gone() {
            return None;
        }
        if self.groups.open.len() == self.groups.groups_max {
            self.close_stalest();
        }
        let lane = Lane::new(self.hub.bell().seat(), CHUNK, &self.groups.full);
        let open = Open {
            lane: Arc::clone(&lane),
            last: self.groups.items,
        };
        self.groups.open.insert(key.clone(), open);
        let group = Flow::new(Group {
            hub: Arc::clone(self.hub),
            consumer: Consumer::new(Arc::clone(&lane)),
        });
        let pushed = self.groups.new.push((key, group));
        if pushed.is_first {
            self.touched.push(self.groups.new.seat());
        }
        Some((lane, !pushed.is_full))
    }

    fn close_stalest(&mut self) {
        let open = &mut self.groups.open;
        let stalest = open.iter().min_by_key(|(_, open)| open.last);
        let Some(key) = stalest.map(|(key, _)| key.clone()) else {
            return;
        };
        if let Some(open) = open.remove(&key) {
            open.lane.finish();
            self.touched.push(open.lane.seat());
        }
    }
}

impl<S, K, F> Outlet<S::Item> for Dealer<'_, S, K, F>
where
    S: Source,
    K: Clone + Eq + Hash,
    F: FnMut(&S::Item) -> K,
{
    fn room(&self) -> usize {
        self.limit
    }

    fn push(&mut self, item: S::Item) -> ControlFlow<()> {
        self.limit -= 1;
        self.groups.items += 1;
        let key = (self.key)(&item);
        let (lane, new_has_room) = match self.groups.open.get_mut(&key) {
            Some(open) => {
                open.last = self.groups.items;
                (Arc::clone(&open.lane), true)
            }
            None => match self.open(key) {
                Some(opened) => opened,
                None => return flow_if(self.limit > 0),
            },
        };
        let pushed = lane.push(item);
        if pushed.is_first {
            self.touched.push(lane.seat());
        }
        flow_if(self.limit > 0 && new_has_room && !pushed.is_full)
    }
}

impl<S, K, F> Work for Dealing<S, K, F>
where
    S: Source,
    K: Clone + Eq + Hash,
    F: FnMut(&S::Item) -> K,
{
    type Beside = Shared<S, K, F>;

    fn poll_deal(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
        hub: &Self::Beside,
        touched: &mut Vec<usize>,
    ) -> Poll<Pull> {
        let mut dealer = Dealer {
            key: &mut self.key,
            groups: &mut self.groups,
            hub,
            limit,
            touched,
        };
        self.source.as_mut().poll_pull(cx, &mut dealer)
    }
}

impl<S, K, F> Source for GroupBy<S, K, F>
where
    S: Source,
    K: Clone + Eq + Hash,
    F: FnMut(&S::Item) -> K,
{
    type Item = (K, Flow<Group<S, K, F>>);

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let this = &mut *self;
        this.consumer.poll_pull(&this.hub, &this.hub, cx, outlet)
    }
}

impl<S, K, F> Source for Group<S, K, F>
where
    S: Source,
    K: Clone + Eq + Hash,
    F: FnMut(&S::Item) -> K,
{
    type Item = S::Item;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = &mut *self;
        this.consumer.poll_pull(&this.hub, &this.hub, cx, outlet)
    }
}

impl<S: Source, K, F> Drop for GroupBy<S, K, F> {
    fn drop(&mut self) {
        self.consumer.leave(&self.hub);
    }
}

impl<S: Source, K, F> Drop for Group<S, K, F> {
    fn drop(&mut self) {
        self.consumer.leave(&self.hub);
    }
}

impl<S: Source, K, F> fmt::Debug for GroupBy<S, K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupBy").finish_non_exhaustive()
    }
}

impl<S: Source, K, F> fmt::Debug for Group<S, K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}
