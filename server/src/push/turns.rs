//! Which alerts are pushed at once when there are very many: half the places are the newest ones',
//! the other half go round among all others, and no channel takes a place from another that has
//! fewer. So nobody who floods one channel parks another's alert, nor any alert for good.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::{HashMap, HashSet};

use campana_protocol::id::ChannelId;
use tokio::time::Instant;

use crate::limits::{MAX_PUSH_JOBS, PUSH_TURN_MS};

/// Which alert a job is for, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) created_at: u64,
    pub(super) channel: ChannelId,
    pub(super) seq: u64,
}

/// A job, and what it has had.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) name: Name,
    /// When its last turn began (`None`: it has had none).
    pub(super) turn: Option<Instant>,
    pub(super) running: bool,
}

/// Those that are to run now.
pub(super) fn choose(jobs: &[Candidate], now: Instant) -> HashSet<Name> {
    if jobs.len() <= MAX_PUSH_JOBS {
        return jobs.iter().map(|job| job.name).collect();
    }
    let mut newest = jobs.to_vec();
    newest.sort_unstable_by_key(|job| Reverse(job.name));
    let mut chosen: HashSet<Name> =
        fair(newest).into_iter().take(MAX_PUSH_JOBS / 2).map(|job| job.name).collect();
    let others = jobs.iter().filter(|job| !chosen.contains(&job.name)).copied();
    let length = Duration::from_millis(PUSH_TURN_MS);
    let (mut in_turn, mut waiting): (Vec<_>, Vec<_>) =
        others.partition(|job| job.running && job.turn.is_some_and(|turn| now - turn < length));
    let longest_ago = |job: &Candidate| (job.turn, job.name);
    in_turn.sort_unstable_by_key(longest_ago);
    waiting.sort_unstable_by_key(longest_ago);
    let room = MAX_PUSH_JOBS - chosen.len();
    chosen.extend(in_turn.into_iter().chain(fair(waiting)).take(room).map(|job| job.name));
    chosen
}

/// The first of each channel, then the second of each, and so on.
fn fair(jobs: Vec<Candidate>) -> Vec<Candidate> {
    let mut seen: HashMap<ChannelId, usize> = HashMap::new();
    let mut numbered: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            let number = seen.entry(job.name.channel).or_default();
            *number += 1;
            (*number, job)
        })
        .collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, job)| job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(channel: u8, seq: u64) -> Candidate {
        let name = Name { created_at: seq, channel: ChannelId([channel; 32]), seq };
        Candidate { name, turn: None, running: false }
    }

    /// Lets those run that are chosen.
    fn run(jobs: &mut [Candidate], now: Instant) -> HashSet<Name> {
        let chosen = choose(jobs, now);
        for job in jobs {
            let running = chosen.contains(&job.name);
            if running && !job.running {
                job.turn = Some(now);
            }
            job.running = running;
        }
        chosen
    }

    #[test]
    fn few_run_all_and_of_many_the_newest_at_once() {
        let now = Instant::now();
        let few: Vec<_> = (0..64).map(|seq| job(1, seq)).collect();
        assert_eq!(choose(&few, now).len(), 64);
        let many: Vec<_> = (0..1_000).map(|seq| job(1, seq)).collect();
        let chosen = choose(&many, now);
        assert_eq!(chosen.len(), MAX_PUSH_JOBS);
        assert!((968..1_000).all(|seq| chosen.contains(&job(1, seq).name)));
    }

    #[test]
    fn a_flood_on_one_channel_parks_no_alert_of_another() {
        let now = Instant::now();
        let mut jobs: Vec<_> = (1..1_000).map(|seq| job(1, seq)).collect();
        jobs.push(job(2, 0));
        assert!(choose(&jobs, now).contains(&job(2, 0).name));
    }

    #[test]
    fn each_has_its_turn_while_newer_ones_keep_coming() {
        let (mut now, mut jobs) = (Instant::now(), (0..200).map(|seq| job(1, seq)).collect::<Vec<_>>());
        let mut had = HashSet::new();
        for round in 0..20 {
            had.extend(run(&mut jobs, now));
            // Not before the turn is over.
            let before: HashSet<_> = jobs.iter().filter(|job| job.running).map(|job| job.name).collect();
            let kept = choose(&jobs, now + Duration::from_millis(PUSH_TURN_MS / 2));
            assert_eq!(before, kept);
            jobs.extend((0..5).map(|more| job(1, 200 + round * 5 + more)));
            now += Duration::from_millis(PUSH_TURN_MS);
        }
        assert!((0..200).all(|seq| had.contains(&job(1, seq).name)), "{}", had.len());
    }
}
