//! Plays worlds on virtual time: `sim --seeds N`, `sim --seed S` to replay one, `sim --fresh N` for new
//! ones and `sim --known` for those that once failed.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use campana_tests::sim::{Outcome, Size, fresh, known, play, play_explained};
use clap::Parser;

/// Simulates whole networks with faults, one world for each seed.
#[derive(Debug, Parser)]
struct Options {
    /// How many worlds.
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// The first seed; with `--seeds 1`, replays one world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Devices in each world.
    #[arg(long, default_value_t = 30)]
    devices: usize,
    /// Plays each world twice and compares the traces.
    #[arg(long)]
    twice: bool,
    /// Says of a world that failed what happened in it, and how every device ended.
    #[arg(long)]
    explain: bool,
    /// Plays this many worlds from seeds that the clock decides, and prints the seeds.
    #[arg(long, conflicts_with_all = ["seed", "seeds"])]
    fresh: Option<u64>,
    /// Starts no further world after so many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// Leaves out clocks that are off, insiders and old apps.
    #[arg(long)]
    no_troubles: bool,
    /// How many worlds are played at once: each is one thread's.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Plays the worlds that once failed.
    #[arg(long, conflicts_with_all = ["seed", "seeds", "fresh", "devices"])]
    known: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let Some(worlds) = worlds(&options) else {
        report("a line of the list of worlds is not `seed devices what`");
        return ExitCode::FAILURE;
    };
    let ends = options.minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let threads = options.threads.max(1);
    let worlds = Mutex::new(worlds.into_iter());
    let counts = thread::scope(|scope| {
        let players: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| play_all(&options, &worlds, ends))).collect();
        players.into_iter().map(|player| player.join().unwrap_or((0, 1))).collect::<Vec<_>>()
    });
    let (passed, failed) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    report(&format!("{passed} passed, {failed} failed"));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays one world after the other, until none is left or the time is up. How many passed and failed; a
/// world that panics counts as one that failed.
fn play_all(
    options: &Options,
    worlds: &Mutex<impl Iterator<Item = (u64, usize)>>,
    ends: Option<Instant>,
) -> (u64, u64) {
    let (mut passed, mut failed) = (0, 0);
    loop {
        if ends.is_some_and(|ends| Instant::now() >= ends) {
            report("the time is up");
            return (passed, failed);
        }
        let next = worlds.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((seed, devices)) = next else { return (passed, failed) };
        match world(options, seed, devices) {
            Ok(line) => {
                passed += 1;
                report(&format!("seed {seed}: ok, {line}"));
            }
            Err(why) => {
                failed += 1;
                report(&format!(
                    "seed {seed}: FAILED, {why}\n  replay: cargo xtask sim --seeds 1 --seed {seed} --devices {devices} --explain{}",
                    if options.no_troubles { " --no-troubles" } else { "" }
                ));
                if !options.known {
                    report(&format!("  and add it to tests/src/sim/seeds.txt: {seed} {devices} {why}"));
                }
            }
        }
    }
}

/// Seeds and how many devices each has.
fn worlds(options: &Options) -> Option<Vec<(u64, usize)>> {
    if options.known {
        return known().map(|world| world.map(|world| (world.seed, world.devices))).collect();
    }
    let devices = options.devices;
    let Some(count) = options.fresh else {
        return Some((options.seed..options.seed + options.seeds).map(|seed| (seed, devices)).collect());
    };
    let began = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    Some((0..count).map(|number| (fresh(began, number), devices)).collect())
}

/// Plays one world. What to say of it, or why it failed.
fn world(options: &Options, seed: u64, devices: usize) -> Result<String, String> {
    let size = Size { troubles: !options.no_troubles, ..Size::of(devices) };
    let first = play_explained(seed, size).map_err(|(violation, history)| {
        history.iter().filter(|_| options.explain).for_each(|line| report(line));
        violation.to_string()
    })?;
    if options.twice {
        let second = play(seed, size).map_err(|violation| violation.to_string())?;
        if second.trace != first.trace {
            return Err("two runs took two courses".into());
        }
    }
    let Outcome { steps, deaths, reports, keys, verified, seconds, .. } = first;
    let ([devices, relay, rollbacks], [arrived, reported]) = (deaths, reports);
    Ok(format!(
        "{steps} steps, {devices} deaths, {relay} relay deaths, {rollbacks} rollbacks, {arrived} of \
         {reported} reports, {keys} keys, {verified} verified, {seconds:.1} s"
    ))
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn report(line: &str) {
    println!("{line}");
}
