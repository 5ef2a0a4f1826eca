//! `kill -9` at random moments. `SEED=… cargo test` repeats a run's choices.

use std::thread;
use std::time::{Duration, Instant};

use campana_tests::rig::{Cluster, Out, PATIENCE, until};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// How long everything is being killed.
const STORM: Duration = Duration::from_secs(20);

#[test]
fn whatever_is_killed_nothing_acknowledged_is_lost_or_shown_twice() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock);
    eprintln!("SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut cluster = Cluster::founded("Red en la tormenta", &["Founder", "Second", "Third"], 2);
    let members = cluster.members(&["Ana", "Beto", "Rosa", "Luis", "Eva"]);
    let [ana, beto, rosa, luis, eva] = members[..] else { unreachable!("five members") };
    cluster.grant(&[0, 1], ana, "verifier");
    cluster.grant(&[1, 2], beto, "verifier");
    cluster.wait_until_converged(&cluster.all());

    let mut acknowledged: Vec<String> = Vec::new();
    let mut attested: Vec<(usize, String)> = Vec::new();
    let storm_ends = Instant::now() + STORM;
    while Instant::now() < storm_ends {
        strike(&mut cluster, &mut random);
        match random.next_u32() % 3 {
            0 => {
                let by = [rosa, luis, eva][random.next_u32() as usize % 3];
                let line = ["--timeout", "3", "report", "--activity", "watching", "--words", "storm"];
                if let Some(out) = perhaps_killed(&cluster, by, &line, &mut random)
                    && matches!(out.code, Some(0 | 3))
                {
                    acknowledged.push(out.json["incident"].as_str().expect("an incident").to_owned());
                }
            }
            1 => {
                let by = [ana, beto][random.next_u32() as usize % 2];
                let Some(incident) = pick(&acknowledged, &mut random) else { continue };
                let line = [
                    "--timeout",
                    "3",
                    "attest",
                    &incident,
                    "--finding",
                    "confirmed",
                    "--method",
                    "in-person",
                ];
                if let Some(out) = perhaps_killed(&cluster, by, &line, &mut random)
                    && matches!(out.code, Some(0 | 3))
                {
                    attested.push((by, incident));
                }
            }
            _ => thread::sleep(Duration::from_millis(u64::from(random.next_u32() % 150))),
        }
    }
    eprintln!("{} reports and {} findings were acknowledged", acknowledged.len(), attested.len());
    assert!(!acknowledged.is_empty(), "the storm let nothing through");

    calm(&mut cluster);
    cluster.wait_until_converged(&cluster.all());
    for incident in &acknowledged {
        for verifier in [ana, beto] {
            until(&format!("{verifier} has the report {incident}"), PATIENCE, || {
                cluster.clients[verifier].incident(incident).is_some_and(|seen| !seen["report"].is_null())
            });
        }
    }
    for (by, incident) in &attested {
        let seen = cluster.clients[*by].incident(incident).expect("its own finding is about something");
        let mine =
            seen["attestations"].as_array().is_some_and(|all| all.iter().any(|one| one["mine"] == true));
        assert!(mine, "{by}'s finding about {incident} was acknowledged and is gone");
    }
    let by_both =
        |incident: &&String| [ana, beto].iter().all(|by| attested.contains(&(*by, (*incident).clone())));
    for incident in acknowledged.iter().filter(by_both) {
        for client in &cluster.clients {
            client.wait_for_notice(incident, "alert");
        }
    }
    for client in &cluster.clients {
        client.assert_nothing_shown_twice();
        let stage = client.view()["stage"].clone();
        assert_eq!(stage, "member");
    }
}

/// Kills something, or brings something back.
fn strike(cluster: &mut Cluster, random: &mut ChaCha8Rng) {
    if random.next_u32().is_multiple_of(4) {
        cluster.relay.kill();
        thread::sleep(Duration::from_millis(u64::from(random.next_u32() % 300)));
        cluster.relay.restart();
        return;
    }
    let victim = random.next_u32() as usize % cluster.clients.len();
    let client = &mut cluster.clients[victim];
    if client.watches() { client.kill() } else { client.watch() }
}

/// Everything runs again.
fn calm(cluster: &mut Cluster) {
    for client in &mut cluster.clients {
        if !client.watches() {
            client.watch();
        }
    }
}

/// Runs a command and, one time in three, kills it somewhere on the way.
fn perhaps_killed(cluster: &Cluster, by: usize, line: &[&str], random: &mut ChaCha8Rng) -> Option<Out> {
    if !random.next_u32().is_multiple_of(3) {
        return Some(cluster.clients[by].run(line));
    }
    let mut child = cluster.clients[by].spawn(line);
    thread::sleep(Duration::from_millis(u64::from(random.next_u32() % 120)));
    child.kill().expect("our own child");
    child.wait().expect("our own child");
    None
}

fn pick(from: &[String], random: &mut ChaCha8Rng) -> Option<String> {
    (!from.is_empty()).then(|| from[random.next_u32() as usize % from.len()].clone())
}

fn clock() -> u64 {
    campana_native::device::now()
}
