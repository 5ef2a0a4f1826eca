//! The relay's own `backup`, put back while everybody goes on.

use std::fs;
use std::process::Command;
use std::time::Duration;

use campana_tests::rig::{Cluster, Programs, until};

/// Everything that has to come back, an owner's minute and a half of quiet, and slow machines.
const PUT_BACK: Duration = Duration::from_secs(300);

#[test]
fn a_role_a_removal_and_an_alert_that_the_backup_lacks_are_put_back() {
    let mut cluster = Cluster::founded("Red de la copia", &["Founder", "Second", "Third"], 2);
    let members = cluster.members(&["Ana", "Beto", "Rosa", "Luis", "Eva"]);
    let [ana, beto, rosa, luis, eva] = members[..] else { unreachable!("five members") };
    cluster.grant(&[0, 1], ana, "verifier");
    cluster.wait_until_converged(&cluster.all());
    let backup = cluster.directory.path().join("backup");
    let mut command = Command::new(&Programs::find().relay);
    let backed_up = command.arg("backup").arg(&backup).arg("--data-dir").arg(&cluster.relay.place.data);
    assert!(backed_up.status().expect("the relay's program runs").success());

    // One phone is off from before the backup until it is all over.
    cluster.clients[luis].kill();
    cluster.grant(&[0, 1], beto, "verifier");
    let drafted = cluster.clients[0].done(&["remove", "Eva"]);
    let draft = drafted["drafts"][0]["draft"].as_str().expect("a draft").to_owned();
    cluster.clients[1].done(&["approve", &draft]);
    cluster.clients[eva].wait_for_status("is removed", |status| status["stage"] == "removed");
    let incident = cluster.report(rosa, "the farm gate", false);
    for verifier in [ana, beto] {
        until("the report is there", PUT_BACK, || cluster.clients[verifier].incident(&incident).is_some());
        cluster.attest(verifier, &incident, "confirmed", "in-person");
    }
    cluster.clients[rosa].wait_for_notice(&incident, "alert");

    cluster.relay.kill();
    let data = cluster.relay.place.data.clone();
    fs::rename(&data, cluster.directory.path().join("lost")).expect("moved");
    fs::create_dir(&data).expect("made");
    fs::rename(backup.join("store"), data.join("store")).expect("moved");
    cluster.relay.restart();
    cluster.clients[rosa].wait_for_status("is told", |status| {
        status["warnings"].as_array().is_some_and(|all| all.iter().any(|one| one == "relay-restored"))
    });
    let stay: Vec<usize> = cluster.all().into_iter().filter(|id| ![luis, eva].contains(id)).collect();
    for id in &stay {
        until("nobody waits any more", PUT_BACK, || {
            let status = cluster.clients[*id].status();
            status["warnings"].as_array().is_some_and(Vec::is_empty) && status["caught_up"] == true
        });
    }
    cluster.clients[luis].watch();
    cluster.clients[luis].wait_for_notice(&incident, "alert");
    let everybody: Vec<usize> = stay.iter().copied().chain([luis]).collect();
    cluster.wait_until_converged(&everybody);
    assert_eq!(cluster.clients[0].status()["network"]["members"], everybody.len());
    assert_eq!(cluster.clients[eva].status()["stage"], "removed");
    let next = cluster.report(luis, "the station", false);
    for verifier in [ana, beto] {
        until("the report is there", PUT_BACK, || cluster.clients[verifier].incident(&next).is_some());
        cluster.attest(verifier, &next, "confirmed", "in-person");
    }
    for id in &everybody {
        cluster.clients[*id].wait_for_notice(&next, "alert");
        cluster.clients[*id].assert_nothing_shown_twice();
    }
}
