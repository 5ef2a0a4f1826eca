//! What is wrong with a world from its beginning, beside what goes wrong in it ([`super::faults`]): clocks
//! that are off and jump, insiders with a changed program, apps of another version. Each seed draws some:
//! most worlds have one or two, and some have none.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use super::insiders::{Act, Insider};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The troubles of a world.
#[derive(Debug, Clone, Default)]
pub(super) struct Troubles {
    /// Of how many devices the clock is off from the beginning, in parts per 10,000.
    pub(super) clocks: u64,
    /// How often a clock jumps when its owner looks at the device, in parts per 10,000.
    pub(super) jumps: u64,
    /// Insiders do what no honest device does.
    pub(super) begun: bool,
    /// Those that do something have done what they could; whoever withholds goes on.
    pub(super) over: bool,
    /// Devices with a changed program.
    pub(super) insiders: Vec<Insider>,
    /// The committee raises the rules while these apps do not follow the new ones.
    pub(super) old_apps: BTreeSet<usize>,
}

impl Troubles {
    /// A mix drawn from the seed, for a world of so many devices and so large a committee.
    pub(super) fn draw(rng: &mut ChaCha8Rng, devices: usize, committee: usize) -> Self {
        let one_in = |rng: &mut ChaCha8Rng, many: u64| rng.next_u64().is_multiple_of(many);
        let mut troubles = Self::default();
        if one_in(rng, 3) {
            troubles.clocks = rng.next_u64() % 5_000;
            troubles.jumps = rng.next_u64() % 300;
        }
        if one_in(rng, 2) {
            let role = rng.next_u64();
            // The founder is honest: without one nobody is let in.
            let device = match role % 3 {
                0 if committee > 2 => 1 + (role >> 8) as usize % (committee - 1),
                1 => 6,
                _ => 9,
            };
            let act = Act::draw(rng, device < committee);
            troubles.insiders.extend((device < devices).then_some(Insider { device, act }));
        }
        if one_in(rng, 4) {
            let mut old = || committee + rng.next_u64() as usize % (devices - committee);
            troubles.old_apps = [old(), old(), old(), old()].into();
            // Two of the committee raise the rules, and the third may be behind.
            if committee > 2 && troubles.insiders.is_empty() && one_in(rng, 2) {
                troubles.old_apps.insert(committee - 1);
            }
        }
        troubles
    }

    /// How far a clock is off: minutes, a time zone, days or up to ten years, either way.
    pub(super) fn clock(rng: &mut ChaCha8Rng) -> i64 {
        let most = match rng.next_u64() % 4 {
            0 => 10 * MINUTE,
            1 => 12 * HOUR,
            2 => 40 * DAY,
            _ => 3_652 * DAY,
        };
        let (way, size) = (rng.next_u64(), (rng.next_u64() % most.unsigned_abs()) as i64);
        if way.is_multiple_of(2) { size } else { -size }
    }

    /// Whether somebody commits what does not open for all.
    pub(super) fn fragments(&self) -> bool {
        self.insiders.iter().any(|insider| matches!(insider.act, Act::Fragment { .. }))
    }

    /// Whether this device's program is a changed one.
    pub(super) fn is_insider(&self, device: usize) -> bool {
        self.insiders.iter().any(|insider| insider.device == device)
    }

    /// Whether this device had a changed program, has done what it could, and is gone.
    pub(super) fn is_gone(&self, device: usize) -> bool {
        self.over && self.is_insider(device) && self.act(device).is_none()
    }

    /// What a device's changed program does.
    pub(super) fn act(&self, device: usize) -> Option<&Act> {
        let goes_on = |act: &Act| self.begun && (!self.over || matches!(act, Act::Withhold(_)));
        let own = |insider: &&Insider| insider.device == device && goes_on(&insider.act);
        self.insiders.iter().find(own).map(|insider| &insider.act)
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn most_worlds_have_a_trouble_or_two_and_some_none() {
        let kinds = |troubles: &Troubles| {
            usize::from(troubles.clocks > 0)
                + usize::from(!troubles.insiders.is_empty())
                + usize::from(!troubles.old_apps.is_empty())
        };
        let mut counts = [0; 4];
        for seed in 0..1_000 {
            let troubles = Troubles::draw(&mut ChaCha8Rng::seed_from_u64(seed), 30, 3);
            counts[kinds(&troubles)] += 1;
        }
        let [none, one, two, three] = counts;
        assert!(one + two > 600 && none > 100 && three > 10, "{counts:?}");
    }
}
