//! Devices that were away, and stores that went back in time.

use std::fs;
use std::path::Path;

use campana_tests::rig::{Cluster, PATIENCE, until};

#[test]
fn a_device_away_for_twenty_epochs_catches_up_and_sees_the_alert_once() {
    let mut cluster = Cluster::founded("Red de veinte", &["Founder"], 1);
    let members = cluster.members(&["Ana", "Beto", "Away", "Rosa"]);
    let [ana, beto, away, rosa] = members[..] else { unreachable!("four members") };
    cluster.clients[away].kill();
    let before = cluster.clients[away].view()["network"]["epoch"].as_u64().expect("an epoch");
    for (person, role) in [(ana, "verifier"), (beto, "verifier")] {
        cluster.grant(&[0], person, role);
    }
    for round in 0..20 {
        let verb = if round % 2 == 0 { "grant" } else { "revoke" };
        cluster.clients[0].done(&[verb, "Rosa", "responder"]);
    }
    let incident = cluster.report(rosa, "while somebody was away", false);
    for verifier in [ana, beto] {
        cluster.clients[verifier].wait_for_notice(&incident, "report");
        cluster.attest(verifier, &incident, "confirmed", "in-person");
    }
    cluster.clients[rosa].wait_for_notice(&incident, "alert");
    let after = cluster.clients[rosa].view()["network"]["epoch"].as_u64().expect("an epoch");
    assert!(after >= before + 20, "{before} to {after}");

    cluster.clients[away].watch();
    cluster.clients[away].wait_for_notice(&incident, "alert");
    cluster.wait_until_converged(&cluster.all());
    cluster.clients[away].kill();
    cluster.clients[away].watch();
    cluster.wait_until_converged(&cluster.all());
    cluster.clients[away].assert_nothing_shown_twice();
}

#[test]
fn a_store_restored_from_yesterdays_copy_is_noticed_and_rejoins() {
    let mut cluster = Cluster::founded("Red de ayer", &["Founder"], 1);
    let members = cluster.members(&["Ana", "Beto", "Rosa"]);
    let [ana, beto, rosa] = members[..] else { unreachable!("three members") };
    cluster.grant(&[0], ana, "verifier");
    cluster.grant(&[0], beto, "verifier");
    let first = alert(&cluster, rosa, [ana, beto]);

    cluster.clients[ana].kill();
    let store = cluster.clients[ana].store.clone();
    let yesterday = cluster.directory.path().join("yesterday");
    copy(&store, &yesterday);
    cluster.clients[ana].watch();
    let second = alert(&cluster, rosa, [ana, beto]);

    cluster.clients[ana].kill();
    fs::remove_dir_all(&store).expect("our own directory");
    copy(&yesterday, &store);
    let shown = cluster.clients[ana].notices();
    cluster.clients[ana].watch();
    cluster.clients[ana].wait_for_notice(&second, "alert");
    until("the restored device says what happened to it", PATIENCE, || {
        let warned = |event: &serde_json::Value| {
            event["warnings"].as_array().is_some_and(|all| all.contains(&"rolled-back".into()))
        };
        cluster.clients[ana].events("status").iter().any(warned)
    });
    cluster.wait_until_converged(&cluster.all());
    let again = cluster.clients[ana].notices().split_off(shown.len());
    assert!(!again.iter().any(|notice| notice.starts_with(&first)), "what the copy knew is not shown again");
    let mut once = again.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), again.len(), "and nothing twice: {again:?}");

    let third = alert(&cluster, rosa, [ana, beto]);
    for client in &cluster.clients {
        client.wait_for_notice(&third, "alert");
    }
    cluster.wait_until_converged(&cluster.all());
}

fn alert(cluster: &Cluster, reporter: usize, verifiers: [usize; 2]) -> String {
    let incident = cluster.report(reporter, "somewhere", false);
    for verifier in verifiers {
        cluster.clients[verifier].wait_for_notice(&incident, "report");
        cluster.attest(verifier, &incident, "confirmed", "in-person");
    }
    for client in &cluster.clients {
        client.wait_for_notice(&incident, "alert");
    }
    incident
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new directory");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}
