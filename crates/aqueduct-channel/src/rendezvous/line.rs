//! Lines of waiters, whose nodes lie in one vector.
//!
//! A list by index: no unsafe, and a place in line is a number that a future can hold without being pinned. The
//! vector grows to the most waiters that there were at once, and its nodes are used again.

/// Names a node until it is [removed](Nodes::remove).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u32);

const NOBODY: u32 = u32::MAX;

/// The nodes of several lines.
#[derive(Debug)]
pub(super) struct Nodes<V> {
    nodes: Vec<Node<V>>,
    /// The first of those not in use, which are chained by `next`.
    free: u32,
}

#[derive(Debug)]
struct Node<V> {
    prev: u32,
    next: u32,
    /// Nothing in a node that is not in use.
    entry: Option<V>,
}

/// One line, first come first. Its nodes are in the `Nodes` that all its methods are given.
#[derive(Debug)]
pub(super) struct Line {
    front: u32,
    back: u32,
    len: usize,
}

impl<V> Nodes<V> {
    pub(super) const fn new() -> Self {
        Self {
            nodes: Vec::new(),
            free: NOBODY,
        }
    }

    /// Puts an entry into a node that is in no line.
    pub(super) fn insert(&mut self, entry: V) -> Key {
        let index = self.free;
        if index == NOBODY {
            let index = u32::try_from(self.nodes.len()).unwrap_or(NOBODY);
            assert!(index != NOBODY, "more waiters than a channel can have");
            self.nodes.push(Node {
                prev: NOBODY,
                next: NOBODY,
                entry: Some(entry),
            });
            return Key(index);
        }
        let node = &mut self.nodes[index as usize];
        self.free = node.next;
        node.entry = Some(entry);
        Key(index)
    }

    /// Takes the entry out of a node that is in no line, which may then be used again.
    pub(super) fn remove(&mut self, key: Key) -> V {
        let node = &mut self.nodes[key.0 as usize];
        node.next = self.free;
        self.free = key.0;
        node.entry.take().expect(IN_USE)
    }

    pub(super) fn get(&mut self, key: Key) -> &mut V {
        self.nodes[key.0 as usize].entry.as_mut().expect(IN_USE)
    }
}

impl Line {
    pub(super) const fn new() -> Self {
        Self {
            front: NOBODY,
            back: NOBODY,
            len: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn front(&self) -> Option<Key> {
        key(self.front)
    }

    pub(super) fn back(&self) -> Option<Key> {
        key(self.back)
    }

    /// The node behind one of this line.
    pub(super) fn after<V>(&self, nodes: &Nodes<V>, node: Key) -> Option<Key> {
        key(nodes.nodes[node.0 as usize].next)
    }

    /// Links a node that is in no line.
    pub(super) fn push_back<V>(&mut self, nodes: &mut Nodes<V>, key: Key) {
        self.link(nodes, self.back, key, NOBODY);
    }

    /// Links a node that is in no line, before all others.
    pub(super) fn push_front<V>(&mut self, nodes: &mut Nodes<V>, key: Key) {
        self.link(nodes, NOBODY, key, self.front);
    }

    fn link<V>(&mut self, nodes: &mut Nodes<V>, prev: u32, key: Key, next: u32) {
        let node = &mut nodes.nodes[key.0 as usize];
        (node.prev, node.next) = (prev, next);
        self.join(nodes, prev, key.0, key.0, next);
        self.len += 1;
    }

    /// Unlinks a node of this line.
    pub(super) fn unlink<V>(&mut self, nodes: &mut Nodes<V>, key: Key) {
        let node = &nodes.nodes[key.0 as usize];
        let (prev, next) = (node.prev, node.next);
        self.join(nodes, prev, next, prev, next);
        self.len -= 1;
    }

    /// Makes `after` follow `prev`, and `before` precede `next`.
    fn join<V>(&mut self, nodes: &mut Nodes<V>, prev: u32, after: u32, before: u32, next: u32) {
        match nodes.nodes.get_mut(prev as usize) {
            Some(node) => node.next = after,
            None => self.front = after,
        }
        match nodes.nodes.get_mut(next as usize) {
            Some(node) => node.prev = before,
            None => self.back = before,
        }
    }
}

fn key(index: u32) -> Option<Key> {
    (index != NOBODY).then_some(Key(index))
}

const IN_USE: &str = "a key names a node until the node is removed";
