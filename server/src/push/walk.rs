//! The order in which a job reads a channel's registrations: from a place that only the relay
//! knows, round to it again. Members choose their ids, and none is to choose to be first.

use campana_protocol::id::RegistrationId;

use crate::store::{Registration, RegistrationPage};

/// How far a reader has come. What it has read last says it all, so it can be found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walk {
    /// The place: the ids after it come first, then those up to it.
    start: RegistrationId,
    at: Option<RegistrationId>,
    /// The ids after `start` have been read.
    wrapped: bool,
    done: bool,
}

impl Walk {
    /// Goes on after `at`, or begins.
    pub(super) fn from(start: RegistrationId, at: Option<RegistrationId>) -> Self {
        Self { start, at, wrapped: at.is_some_and(|at| at <= start), done: false }
    }

    /// The last that was read.
    pub(super) fn at(&self) -> Option<RegistrationId> {
        self.at
    }

    pub(super) fn done(&self) -> bool {
        self.done
    }

    /// After which id the next page begins.
    pub(super) fn after(&self) -> Option<RegistrationId> {
        if self.wrapped {
            self.at.filter(|at| *at <= self.start)
        } else {
            Some(self.at.unwrap_or(self.start))
        }
    }

    /// Moves past a page that was read after [`Self::after`]: those of it that are next.
    pub(super) fn take(&mut self, page: RegistrationPage) -> Vec<Registration> {
        let RegistrationPage { mut items, through } = page;
        let last = items.last().map(|item| item.registration).max(through);
        if self.wrapped {
            items.retain(|item| item.registration <= self.start);
            self.at = last.map(|last| last.min(self.start)).or(self.at);
            self.done = through.is_none_or(|through| through >= self.start);
        } else {
            self.at = last.or(self.at);
            self.wrapped = through.is_none();
        }
        items
    }

    /// The same reader when it had just read `id`.
    pub(super) fn moved(self, id: RegistrationId) -> Self {
        Self::from(self.start, Some(id))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> RegistrationId {
        RegistrationId([number; 16])
    }

    fn page(all: &BTreeSet<u8>, after: Option<RegistrationId>, limit: usize) -> RegistrationPage {
        let ids = all.iter().map(|number| id(*number)).filter(|id| after.is_none_or(|after| *id > after));
        let items: Vec<_> = ids
            .take(limit)
            .map(|registration| Registration { registration, sealed: Vec::new(), refused_at: None })
            .collect();
        let through = items.last().map(|item| item.registration).filter(|_| items.len() == limit);
        RegistrationPage { items, through }
    }

    proptest! {
        #[test]
        fn each_is_read_once_from_the_start_round_to_it_however_often_it_is_begun_anew(
            all: BTreeSet<u8>, start: u8, limit in 1..20usize, anew in any::<u32>(),
        ) {
            let mut walk = Walk::from(id(start), None);
            let mut read = Vec::new();
            for step in 0..600u32 {
                if walk.done() {
                    break;
                }
                if anew >> (step % 32) & 1 == 1 {
                    walk = Walk::from(id(start), walk.at());
                    let items = walk.take(page(&all, walk.after(), limit));
                    read.extend(items.into_iter().map(|item| item.registration));
                }
                let items = walk.take(page(&all, walk.after(), limit));
                read.extend(items.into_iter().map(|item| item.registration));
            }
            prop_assert!(walk.done());
            let (first, last): (Vec<_>, Vec<_>) = all.iter().map(|number| id(*number)).partition(|at| *at > id(start));
            prop_assert_eq!(read, [first, last].concat());
        }

        #[test]
        fn from_the_middle_of_a_page_it_goes_on_behind_that(all: BTreeSet<u8>, start: u8, middle: u8) {
            let mut walk = Walk::from(id(start), None).moved(id(middle));
            let mut read = Vec::new();
            while !walk.done() {
                let items = walk.take(page(&all, walk.after(), 7));
                read.extend(items.into_iter().map(|item| item.registration));
            }
            let place = |at: RegistrationId| (at <= id(start), at);
            let expected: BTreeSet<_> =
                all.iter().map(|number| id(*number)).map(place).filter(|at| *at > place(id(middle))).collect();
            prop_assert_eq!(read, expected.into_iter().map(|(_, at)| at).collect::<Vec<_>>());
        }
    }
}
