//! Entries with places that stay theirs.

/// Small enough not to be worth giving back.
const SMALL: usize = 1024;

/// Entries by their places, which are used again once free. Gives its memory back when it is empty.
pub(super) struct Slab<T> {
    places: Vec<Place<T>>,
    /// The place freed last.
    free: u32,
    len: usize,
}

enum Place<T> {
    Taken(T),
    /// Free, as is the place named.
    Free(u32),
}

/// No place.
const NONE: u32 = u32::MAX;

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self {
            places: Vec::new(),
            free: NONE,
            len: 0,
        }
    }

    /// The place that the next entry gets.
    ///
    /// # Panics
    ///
    /// With 2³² - 2 entries.
    pub(super) fn next_slot(&self) -> u32 {
        if self.free != NONE {
            return self.free;
        }
        let place = u32::try_from(self.places.len()).ok();
        // The last two numbers mean something else to those who keep places.
        place
            .filter(|place| *place < NONE - 1)
            .expect("a group has fewer than 2^32 - 2 tasks at a time")
    }

    pub(super) fn insert(&mut self, entry: T) {
        let taken = Place::Taken(entry);
        match self.places.get_mut(self.free as usize) {
            Some(place) => {
                let Place::Free(next) = std::mem::replace(place, taken) else {
                    unreachable!("a free place is free");
                };
                self.free = next;
            }
            None => self.places.push(taken),
        }
        self.len += 1;
    }

    /// # Panics
    ///
    /// If the place is free.
    pub(super) fn remove(&mut self, slot: u32) -> T {
        let place = &mut self.places[slot as usize];
        let Place::Taken(entry) = std::mem::replace(place, Place::Free(self.free)) else {
            panic!("a place is freed once");
        };
        self.free = slot;
        self.len -= 1;
        if self.len == 0 && self.places.capacity() > SMALL {
            *self = Self::new();
        }
        entry
    }

    /// One above the last place in use.
    pub(super) fn end(&self) -> usize {
        self.places.len()
    }

    /// Visits the entries of `count` places from `from` on, and says where to go on.
    pub(super) fn scan(
        &mut self,
        from: usize,
        count: usize,
        mut visit: impl FnMut(&mut T),
    ) -> usize {
        let to = self.places.len().min(from.saturating_add(count));
        for place in self.places.get_mut(from..to).unwrap_or_default() {
            if let Place::Taken(entry) = place {
                visit(entry);
            }
        }
        to.max(from)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
