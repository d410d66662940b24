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

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The place that the next entry will get.
    ///
    /// # Panics
    ///
    /// With 2³² - 1 entries.
    #[inline]
    pub(super) fn next_slot(&self) -> u32 {
        if self.free != NONE {
            return self.free;
        }
        let slot = u32::try_from(self.places.len()).ok();
        slot.filter(|slot| *slot != NONE)
            .expect("fewer than 2^32 - 1 tasks at a time")
    }

    /// Puts an entry in, and says where.
    #[inline]
    pub(super) fn insert(&mut self, entry: T) -> u32 {
        let slot = self.next_slot();
        self.len += 1;
        let taken = Place::Taken(entry);
        match self.places.get_mut(slot as usize) {
            None => self.places.push(taken),
            Some(place) => {
                let Place::Free(next) = std::mem::replace(place, taken) else {
                    unreachable!("a free place is free");
                };
                self.free = next;
            }
        }
        slot
    }

    /// Takes an entry out, unless it was taken out before.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32) -> Option<T> {
        let place = self.places.get_mut(slot as usize)?;
        if let Place::Free(_) = place {
            return None;
        }
        let Place::Taken(entry) = std::mem::replace(place, Place::Free(self.free)) else {
            unreachable!("looked above");
        };
        self.free = slot;
        self.len -= 1;
        if self.len == 0 && self.places.capacity() > SMALL {
            *self = Self::new();
        }
        Some(entry)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().filter_map(|place| match place {
            Place::Taken(entry) => Some(entry),
            Place::Free(_) => None,
        })
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        match self.places.get_mut(slot as usize)? {
            Place::Taken(entry) => Some(entry),
            Place::Free(_) => None,
        }
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
