//! Which worlds are played: those that once failed, and new ones from the clock.

use campana_protocol::id::hash;

/// A world that once did not come to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its seed.
    pub seed: u64,
    /// How many devices it needs.
    pub devices: usize,
    /// What it was.
    pub what: &'static str,
}

/// The worlds of `seeds.txt`. `None` stands for a line that does not read `seed devices what`.
pub fn known() -> impl Iterator<Item = Option<Known>> {
    let lines = include_str!("seeds.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut parts = line.splitn(3, ' ');
        let (seed, devices) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Known { seed, devices, what: parts.next()? })
    })
}

/// The seed of the `number`th new world of a run that began at this time. Below 2^32, so that a
/// person can type it.
#[must_use]
pub fn fresh(began: u64, number: u64) -> u64 {
    let hash = hash("campana fresh seed", &[&began.to_be_bytes(), &number.to_be_bytes()]);
    hash.0.iter().take(4).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_of_the_list_is_a_world() {
        assert!(known().count() >= 8);
        assert!(known().all(|world| world.is_some_and(|world| !world.what.is_empty())));
    }

    #[test]
    fn fresh_seeds_differ_by_run_and_number() {
        let seeds: BTreeSet<u64> = [1, 2].iter().flat_map(|run| (0..100).map(|n| fresh(*run, n))).collect();
        assert_eq!(seeds.len(), 200);
    }
}
