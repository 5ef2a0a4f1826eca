//! What phones whose service fails for them alone cost the healthy phones of the same service.

use core::time::Duration;
use std::collections::HashSet;
use std::io;
use std::time::Instant;

use campana_sink::{Arrival, Behaviour};

use super::{PATIENCE, World};

/// From each alert to the last push of the healthy phones, seconds. The failing ones are tried again
/// between the alerts.
pub(super) fn delays(
    registrations: u32,
    bad: u32,
    alerts: usize,
) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let mut world = World::new(registrations)?;
    let all = world.expected(1)?[0];
    let step = u32::try_from(world.sinks.len())?;
    // A path ends with the number and what makes it as long as others are.
    let bad: HashSet<String> = (0..bad).map(|number| (number * step).to_string()).collect();
    let healthy = all.saturating_sub(bad.len());
    world.sinks[0].behave(move |path| {
        let number = path.rsplit('/').next().unwrap_or_default().trim_end_matches('e');
        Behaviour::Answer(if bad.contains(number) { 502 } else { 201 })
    });
    let mut delays = Vec::new();
    for alert in 1..=alerts.max(4) {
        let began = Instant::now();
        if !world.alert()? {
            return Err(io::Error::other("not appended").into());
        }
        let taken = |arrivals: &[Arrival]| arrivals.iter().filter(|at| at.status == Some(201)).count();
        let reached = |arrivals: &[Arrival]| taken(arrivals) >= alert * healthy;
        if !world.runtime.block_on(world.sinks[0].wait(PATIENCE, reached)) {
            return Err(io::Error::other("not all pushes came").into());
        }
        delays.push(began.elapsed().as_secs_f64());
        std::thread::sleep(Duration::from_secs(2));
    }
    Ok(delays)
}
