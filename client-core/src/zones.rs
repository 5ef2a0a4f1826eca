//! A network's places. Reports and alerts name a zone by its number, so a number is given once: a
//! zone that is no longer offered is retired, and its name stays with what was reported there.

use campana_protocol::governance::Zone;
use campana_protocol::limits::MAX_ZONES;
use campana_protocol::name::clean;

use crate::command::{CommandError, ZoneChange};
use crate::governance::name_holds;
use crate::sorted::{self, Set};
use crate::view::ZoneChangeView;

/// The zones after a prefix of the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Zones {
    current: Vec<Zone>,
    /// In the order of their numbers; beyond [`MAX_ZONES`] the first are forgotten.
    retired: Vec<Zone>,
}

impl Zones {
    /// Those to choose from, in the committee's order.
    pub(crate) fn current(&self) -> &[Zone] {
        &self.current
    }

    /// Those that only old reports name.
    pub(crate) fn retired(&self) -> &[Zone] {
        &self.retired
    }

    /// The name of a zone, whether it is still offered or not.
    pub(crate) fn name(&self, code: u16) -> Option<&str> {
        let zone = find(&self.current, code).or_else(|| find(&self.retired, code));
        zone.map(|zone| zone.name.as_str())
    }

    /// Takes over what a statement names; what it leaves out retires. `None`: it makes no sense.
    pub(crate) fn set(&self, zones: &[Zone]) -> Option<Self> {
        let codes: Set<u16> = zones.iter().map(|zone| zone.code).collect();
        let sound = zones.len() <= MAX_ZONES
            && codes.len() == zones.len()
            && !codes.contains(&0)
            && zones.iter().all(|zone| name_holds(&zone.name));
        let known = self.retired.iter().chain(&self.current).filter(|zone| !codes.contains(&zone.code));
        let mut retired = sorted::sort(known.cloned().collect(), &|a: &Zone, b| a.code.cmp(&b.code));
        retired.drain(..retired.len().saturating_sub(MAX_ZONES));
        sound.then(|| Self { current: zones.to_vec(), retired })
    }

    /// What a statement that makes these changes says. `drafted`: numbers that drafts have given
    /// already.
    pub(crate) fn changed(
        &self,
        changes: &[ZoneChange],
        drafted: impl Iterator<Item = u16>,
    ) -> Result<Vec<Zone>, CommandError> {
        let mut zones = self.current.clone();
        let given = zones.iter().chain(&self.retired).map(|zone| zone.code);
        let mut last = given.chain(drafted).max().unwrap_or(0);
        for change in changes {
            match change {
                ZoneChange::Add(name) => {
                    last = last.checked_add(1).ok_or(CommandError::TooLong)?;
                    zones.push(Zone { code: last, name: clean(name) });
                }
                ZoneChange::Rename { code, name } => {
                    let zone = zones.iter_mut().find(|zone| zone.code == *code);
                    zone.ok_or(CommandError::UnknownZone)?.name = clean(name);
                }
                ZoneChange::Retire(code) => {
                    let at = zones.iter().position(|zone| zone.code == *code);
                    zones.remove(at.ok_or(CommandError::UnknownZone)?);
                }
                ZoneChange::Restore(code) => {
                    zones.push(find(&self.retired, *code).ok_or(CommandError::UnknownZone)?.clone());
                }
            }
        }
        if zones.len() > MAX_ZONES {
            return Err(CommandError::TooLong);
        }
        if !zones.iter().all(|zone| name_holds(&zone.name)) {
            return Err(CommandError::BadName);
        }
        if zones == self.current || self.set(&zones).is_none() {
            return Err(CommandError::AlreadyDone);
        }
        Ok(zones)
    }

    /// What a statement that says these zones would change now.
    pub(crate) fn difference(&self, zones: &[Zone]) -> Vec<ZoneChangeView> {
        let said = zones.iter().filter_map(|zone| {
            let (code, name) = (zone.code, clean(&zone.name));
            match (find(&self.current, code), find(&self.retired, code)) {
                (Some(known), _) if known.name == zone.name => None,
                (Some(known), _) => Some(ZoneChangeView::Rename { code, from: clean(&known.name), name }),
                // Offered again, and under another name: the name is the news.
                (None, Some(known)) if known.name != zone.name => {
                    Some(ZoneChangeView::Rename { code, from: clean(&known.name), name })
                }
                (None, Some(_)) => Some(ZoneChangeView::Restore { code, name }),
                (None, None) => Some(ZoneChangeView::Add { code, name }),
            }
        });
        let left_out = self.current.iter().filter(|zone| find(zones, zone.code).is_none());
        let retired =
            left_out.map(|zone| ZoneChangeView::Retire { code: zone.code, name: clean(&zone.name) });
        said.chain(retired).collect()
    }
}

fn find(zones: &[Zone], code: u16) -> Option<&Zone> {
    zones.iter().find(|zone| zone.code == code)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn zones(list: &[(u16, &str)]) -> Vec<Zone> {
        list.iter().map(|(code, name)| Zone { code: *code, name: (*name).into() }).collect()
    }

    fn of(list: &[(u16, &str)]) -> Zones {
        Zones::default().set(&zones(list)).expect("they make sense")
    }

    #[test]
    fn a_number_keeps_its_place_when_another_retires() {
        let before = of(&[(1, "north"), (2, "centre"), (3, "south")]);
        let after = before.changed(&[ZoneChange::Retire(2)], std::iter::empty()).unwrap();
        assert_eq!(after, zones(&[(1, "north"), (3, "south")]));
        let after = before.set(&after).unwrap();
        assert_eq!((after.name(2), after.name(3)), (Some("centre"), Some("south")));
        // The number of the last one is not given again either.
        let after = after.set(&zones(&[(1, "north")])).unwrap();
        let more = after.changed(&[ZoneChange::Add(" west ".into())], std::iter::empty()).unwrap();
        assert_eq!(more, zones(&[(1, "north"), (4, "west")]));
        let back = after.changed(&[ZoneChange::Restore(3)], std::iter::empty()).unwrap();
        assert_eq!(back, zones(&[(1, "north"), (3, "south")]));
        assert_eq!(after.set(&back).unwrap().retired(), zones(&[(2, "centre")]));
    }

    #[test]
    fn numbers_that_drafts_have_given_are_not_given_again() {
        let after = of(&[(1, "north")]).changed(&[ZoneChange::Add("west".into())], [7, 3].into_iter());
        assert_eq!(after.unwrap()[1].code, 8);
        let full = of(&[(u16::MAX, "last")]).changed(&[ZoneChange::Add("west".into())], std::iter::empty());
        assert_eq!(full, Err(CommandError::TooLong));
    }

    #[test]
    fn changes_that_make_no_sense_are_refused() {
        let before = of(&[(1, "north"), (2, "south")]);
        let refused = |change| before.changed(&[change], std::iter::empty()).unwrap_err();
        for change in
            [ZoneChange::Retire(9), ZoneChange::Restore(1), ZoneChange::Rename { code: 9, name: "x".into() }]
        {
            assert_eq!(refused(change), CommandError::UnknownZone);
        }
        assert_eq!(refused(ZoneChange::Add("  ".into())), CommandError::BadName);
        assert_eq!(refused(ZoneChange::Rename { code: 1, name: "north".into() }), CommandError::AlreadyDone);
        assert_eq!(before.changed(&[], std::iter::empty()), Err(CommandError::AlreadyDone));
        let twice = of(&[(2, "south")]).set(&[]).unwrap();
        let twice = twice.changed(&[ZoneChange::Restore(2), ZoneChange::Restore(2)], std::iter::empty());
        assert_eq!(twice, Err(CommandError::AlreadyDone));
        let many = vec![ZoneChange::Add("z".into()); MAX_ZONES];
        assert_eq!(before.changed(&many, std::iter::empty()), Err(CommandError::TooLong));
    }

    #[test]
    fn a_draft_says_what_it_changes_now() {
        let now =
            of(&[(1, "north"), (2, "centre"), (3, "south")]).set(&zones(&[(1, "north"), (2, "centre")]));
        let now = now.unwrap();
        let change = now.difference(&zones(&[(1, "Norte"), (3, "south"), (4, "west")]));
        let expected = [
            ZoneChangeView::Rename { code: 1, from: "north".into(), name: "Norte".into() },
            ZoneChangeView::Restore { code: 3, name: "south".into() },
            ZoneChangeView::Add { code: 4, name: "west".into() },
            ZoneChangeView::Retire { code: 2, name: "centre".into() },
        ];
        assert_eq!(change, expected);
    }

    #[test]
    fn what_was_ever_retired_has_a_limit() {
        let full = |from: u16| -> Vec<Zone> {
            (from..from + 256).map(|code| Zone { code, name: "z".into() }).collect()
        };
        let all = Zones::default().set(&full(1)).unwrap().set(&full(257)).unwrap().set(&full(513)).unwrap();
        assert_eq!((all.retired().len(), all.name(1), all.name(512)), (256, None, Some("z")));
    }
}
