//! Where the newest row of each identity is: a table of small slots, laid out so that a batch of look-ups can miss the cache side by side.

use super::hot::Place;

/// An open-addressing table. A slot holds a part of the identity, so that a row is looked at only where it is very likely the right one.
#[derive(Default)]
pub(super) struct Newest {
    slots: Vec<Slot>,
    used: usize,
}

/// Part of the identity, chunk (plus 1; 0 where free) and row.
#[derive(Clone, Copy, Default)]
struct Slot {
    tag: u32,
    chunk: u32,
    row: u32,
}

impl Slot {
    fn place(self) -> Option<Place> {
        self.chunk.checked_sub(1).map(|chunk| Place { chunk, row: self.row })
    }

    fn of(identity: u128, place: Place) -> Self {
        Self { tag: tag(identity), chunk: place.chunk + 1, row: place.row }
    }
}

/// What a removed row leaves: never free, so that what was put behind it is still found, and never anybody's.
const GONE: Slot = Slot { tag: 0, chunk: 0, row: u32::MAX };

fn tag(identity: u128) -> u32 {
    (identity >> 96) as u32
}

impl Newest {
    fn first(&self, identity: u128) -> usize {
        identity as usize & (self.slots.len() - 1)
    }

    /// The slot of the identity, or the one that it would get.
    fn slot(&self, identity: u128, is: impl Fn(Place) -> bool) -> Result<usize, usize> {
        let mut at = self.first(identity);
        let mut free = None;
        loop {
            let slot = self.slots[at];
            match slot.place() {
                Some(place) if slot.tag == tag(identity) && is(place) => return Ok(at),
                Some(_) => {}
                None if slot.row == GONE.row => free = free.or(Some(at)),
                None => return Err(free.unwrap_or(at)),
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The place of an identity; `is` says whether a place is its.
    pub(super) fn find(&self, identity: u128, is: impl Fn(Place) -> bool) -> Option<Place> {
        if self.slots.is_empty() {
            return None;
        }
        self.slot(identity, is).ok().and_then(|at| self.slots[at].place())
    }

    /// Puts an identity at a place; gives the place where it was. `identity_at` says whose a place is.
    pub(super) fn put(
        &mut self,
        identity: u128,
        place: Place,
        identity_at: impl Fn(Place) -> u128,
    ) -> Option<Place> {
        self.reserve(1, &identity_at);
        match self.slot(identity, |at| identity_at(at) == identity) {
            Ok(at) => std::mem::replace(&mut self.slots[at], Slot::of(identity, place)).place(),
            Err(at) => {
                self.used += usize::from(self.slots[at].row != GONE.row);
                self.slots[at] = Slot::of(identity, place);
                None
            }
        }
    }

    /// Puts an identity back where it was, or takes it out.
    pub(super) fn put_back(
        &mut self,
        identity: u128,
        before: Option<Place>,
        identity_at: impl Fn(Place) -> u128,
    ) {
        if self.slots.is_empty() {
            return;
        }
        if let Ok(at) = self.slot(identity, |at| identity_at(at) == identity) {
            self.slots[at] = before.map_or(GONE, |place| Slot::of(identity, place));
        }
    }

    /// Makes room for so many more, at most two thirds full.
    pub(super) fn reserve(&mut self, more: usize, identity_at: impl Fn(Place) -> u128) {
        let wanted = ((self.used + more) * 3 / 2 + 1).next_power_of_two().max(64);
        if wanted <= self.slots.len() {
            return;
        }
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); wanted]);
        self.used = 0;
        for place in old.into_iter().filter_map(Slot::place) {
            let identity = identity_at(place);
            if let Err(at) = self.slot(identity, |_| false) {
                self.slots[at] = Slot::of(identity, place);
                self.used += 1;
            }
        }
    }

    /// Reads the slots of these identities; the result only keeps the reads alive.
    pub(super) fn touch(&self, identities: impl Iterator<Item = u128>) -> u64 {
        if self.slots.is_empty() {
            return 0;
        }
        identities.fold(0, |seen, identity| seen ^ u64::from(self.slots[self.first(identity)].tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identities that fall on few slots and few tags, so that everything collides.
    fn identities() -> Vec<u128> {
        (0..200_u128).map(|n| (n % 3) << 96 | (n / 3) << 64 | (n % 7)).collect()
    }

    #[test]
    fn what_was_put_last_is_found_and_what_was_undone_is_not() {
        let identities = identities();
        let whose = |place: Place| identities[place.row as usize % identities.len()];
        let mut newest = Newest::default();
        for (row, &identity) in identities.iter().enumerate() {
            let place = Place { chunk: 0, row: row as u32 };
            assert_eq!(newest.put(identity, place, whose), None);
        }
        for (row, &identity) in identities.iter().enumerate() {
            let (old, new) = (Place { chunk: 0, row: row as u32 }, Place { chunk: 9, row: row as u32 });
            assert_eq!(newest.put(identity, new, whose), Some(old));
            assert_eq!(newest.find(identity, |at| whose(at) == identity), Some(new));
        }
        for (row, &identity) in identities.iter().enumerate() {
            let before = (row % 2 == 0).then_some(Place { chunk: 0, row: row as u32 });
            newest.put_back(identity, before, whose);
        }
        for (row, &identity) in identities.iter().enumerate() {
            let found = newest.find(identity, |at| whose(at) == identity);
            assert_eq!(found.map(|at| at.chunk), (row % 2 == 0).then_some(0), "{row}");
        }
    }
}
