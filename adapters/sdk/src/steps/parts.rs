//! The parts of the calls of a step, read so that no more than two of the vendor's pages of them are held, in whatever order the vendor lists them.
//!
//! Legs of a call that began in a step may be listed before and after it, so that a margin is read on both sides. Where many calls come, the margins alone
//! are more than two pages. Then the step is read first, and of its margins what belongs to the step's own calls is kept, and nothing else.

use std::collections::HashSet;

use async_trait::async_trait;
use callgauge_schema::Moment;

use super::{Step, StepPlan};
use crate::{AdapterError, Next, Page, Span, Window};

/// The shortest stretch that a check looks back.
const GLANCE: Span = Span::minutes(1);

/// A vendor's list of parts of calls: legs, segments, or rows that share a call's id.
#[async_trait]
pub trait Listing: Sync {
    /// One row.
    type Part: Send;

    /// Reads what is listed in a window, page by page, into the room; rows that cannot be read become rejects of `page`. `false` where it left off
    /// before the end, because the room was full.
    ///
    /// # Errors
    /// As [`crate::Adapter::fetch`].
    async fn list(
        &self,
        window: Window,
        room: &mut Room<Self::Part>,
        page: &mut Page,
    ) -> Result<bool, AdapterError>;

    /// The id that all parts of a call share; empty where a part has none.
    fn call_of(part: &Self::Part) -> String;
}

/// Where parts are gathered.
#[derive(Debug)]
pub struct Room<P> {
    parts: Vec<P>,
    most: Option<usize>,
    /// Whose parts are kept; everybody's where `None`.
    among: Option<Calls<P>>,
}

/// Calls by their ids, and which of them a part belongs to.
#[derive(Debug)]
struct Calls<P> {
    ids: HashSet<String>,
    of: fn(&P) -> String,
}

impl<P> Room<P> {
    const fn of(most: Option<usize>) -> Self {
        Self { parts: Vec::new(), most, among: None }
    }

    /// Takes a page's parts in, those that are wanted.
    pub fn add(&mut self, parts: Vec<P>) {
        match &self.among {
            None => self.parts.extend(parts),
            Some(Calls { ids, of }) => {
                self.parts.extend(parts.into_iter().filter(|part| ids.contains(&of(part))));
            }
        }
    }

    /// Whether no other page fits.
    pub fn is_full(&self) -> bool {
        !self.holds(self.parts.len() + 1)
    }

    /// Whether so many fit, where the vendor says beforehand how many there are.
    pub fn holds(&self, parts: usize) -> bool {
        self.most.is_none_or(|most| parts <= most)
    }
}

impl StepPlan {
    /// The parts of all calls of a step: whatever is listed in `window`, which is the step with its margins; or where that is too much, what is listed in
    /// the step, with what belongs to the same calls in the margins. `None` where the step itself is too much, and is to be read in two ([`Self::halved`]).
    ///
    /// # Errors
    /// As [`Listing::list`].
    pub async fn parts<L: Listing>(
        &self,
        listing: &L,
        step: &Step,
        window: Window,
        page: &mut Page,
    ) -> Result<Option<Vec<L::Part>>, AdapterError> {
        let core = Window { from: step.core.from.max(window.from), until: step.core.until.min(window.until) };
        let most = self.most(step);
        {
            let mut room = Room::of(Some(self.rows));
            if listing.list(window, &mut room, page).await? {
                return Ok(Some(room.parts));
            }
        }
        *page = Page::empty(Next::Done);
        // Half of a long step is half as much; half of a short one is little less, because of the margins.
        if most.is_some() && 2 * core.millis() > window.millis() {
            return Ok(None);
        }
        // A page of its own, so that there is room for as much from the margins.
        let mut room = Room::of(most.map(|most| most / 2));
        if core.from < core.until && !listing.list(core, &mut room, page).await? {
            return Ok(None);
        }
        let mut ids: HashSet<String> = room.parts.iter().map(L::call_of).collect();
        ids.remove("");
        room.most = None;
        room.among = Some(Calls { ids, of: L::call_of });
        let margins = [
            Window { from: window.from, until: core.from },
            Window { from: core.until, until: window.until },
        ];
        for margin in margins.into_iter().filter(|margin| margin.from < margin.until) {
            // What cannot be read there is told with the step that it lies in.
            let mut aside = Page::empty(Next::Done);
            listing.list(margin, &mut room, &mut aside).await?;
        }
        Ok(Some(room.parts))
    }

    /// What is listed in the last while, and how long that is: `longest`, or a twelfth of it and so on, where there is more than two pages of it.
    ///
    /// # Errors
    /// As [`Listing::list`].
    pub async fn latest<L: Listing>(
        &self,
        listing: &L,
        until: Moment,
        longest: Span,
        page: &mut Page,
    ) -> Result<(Span, Vec<L::Part>), AdapterError> {
        let mut back = longest;
        loop {
            let window = Window { from: until.plus_millis(-super::millis(back)), until };
            let mut room = Room::of((back > GLANCE).then_some(self.rows));
            if listing.list(window, &mut room, page).await? {
                return Ok((back, room.parts));
            }
            *page = Page::empty(Next::Done);
            back = Span { secs: back.secs / 12 }.max(GLANCE);
        }
    }
}

#[cfg(test)]
mod tests;
