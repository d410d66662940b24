//! Wakers in numbered places. A place is found again without a search, and given anew when it is free.

use std::mem;
use std::task::Waker;

/// The end of the list of free places.
const END: u32 = u32::MAX;

/// Above this many places, an empty slab gives its memory back.
const KEPT: usize = 32;

pub(super) struct Slab {
    places: Vec<Place>,
    /// The free place that is given next.
    free: u32,
    len: u32,
}

enum Place {
    Taken(Waker),
    /// With the next free one.
    Free(u32),
}

impl Slab {
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn insert(&mut self, waker: Waker) -> u32 {
        self.len += 1;
        if self.free == END {
            let key =
                u32::try_from(self.places.len()).expect("2^32 waiters do not fit into memory");
            self.places.push(Place::Taken(waker));
            return key;
        }
        let key = self.free;
        let place = &mut self.places[key as usize];
        if let Place::Free(next) = mem::replace(place, Place::Taken(waker)) {
            self.free = next;
        }
        key
    }

    pub(super) fn remove(&mut self, key: u32) -> Option<Waker> {
        let Place::Taken(_) = self.places.get(key as usize)? else {
            return None;
        };
        let place = mem::replace(&mut self.places[key as usize], Place::Free(self.free));
        self.free = key;
        self.len -= 1;
        if self.len == 0 && self.places.len() > KEPT {
            *self = Self::default();
        }
        match place {
            Place::Taken(waker) => Some(waker),
            Place::Free(_) => None,
        }
    }

    /// Puts another waker in a place that is taken.
    pub(super) fn replace(&mut self, key: u32, waker: Waker) -> Option<Waker> {
        match self.places.get_mut(key as usize) {
            Some(Place::Taken(old)) => Some(mem::replace(old, waker)),
            _ => None,
        }
    }

    /// All wakers; the slab is to be empty after this.
    pub(super) fn into_wakers(self) -> impl Iterator<Item = Waker> {
        self.places.into_iter().filter_map(|place| match place {
            Place::Taken(waker) => Some(waker),
            Place::Free(_) => None,
        })
    }
}

impl Default for Slab {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: END,
            len: 0,
        }
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
