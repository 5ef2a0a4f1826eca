//! One network of ten devices, from its founding to the all clear.

use campana_tests::rig::{Cluster, PATIENCE, until};
use serde_json::Value;

#[test]
fn ten_devices_live_through_a_raid() {
    let mut cluster = Cluster::founded("Red del Valle", &["Founder", "Second", "Third"], 2);
    let link = cluster.invite(0, &[]);

    // One comes alone and waits at the door; six come together and are let in together.
    let ana = cluster.client("Ana");
    let door = cluster.clients[ana].spawn(&["--timeout", "60", "join", &link, "--handle", "Ana", "--wait"]);
    cluster.wait_for_request(0, "Ana");
    cluster.clients[1].done(&["admit", "Ana"]);
    let out = door.wait_with_output().expect("our own child");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    cluster.clients[ana].watch();
    let members = cluster.members(&["Beto", "Carla", "Dora", "Elena", "Fidel", "Gloria"]);
    let [beto, carla, dora, elena, fidel, _gloria] = members[..] else { unreachable!("six members") };
    assert_eq!(cluster.clients.len(), 10);
    cluster.wait_until_converged(&cluster.all());

    zones(&cluster);
    a_role_takes_two(&cluster, ana);
    cluster.grant(&[1, 2], beto, "verifier");
    cluster.grant(&[2, 0], carla, "dispatcher");
    cluster.grant(&[0, 1], dora, "responder");

    let incident = cluster.report(elena, "Corner of Main and Second, two vans", false);
    for desk in [ana, beto, carla] {
        let notice = cluster.clients[desk].wait_for_notice(&incident, "report");
        assert_eq!(notice["incident"]["status"], "unverified");
        assert_eq!(notice["incident"]["words"], "Corner of Main and Second, two vans");
        assert_eq!(notice["incident"]["report"]["zone_name"], "Holyoke");
    }
    assert_eq!(cluster.clients[elena].view()["incidents"][0]["status"], "sent");

    cluster.attest(ana, &incident, "confirmed", "in-person");
    cluster.clients[ana].refused(1, "already-done", &attest_again(&incident));
    cluster.clients[elena].refused(1, "needs-role", &attest_again(&incident));
    for other in [0, 1, 2, dora, fidel] {
        assert_eq!(cluster.clients[other].incident(&incident), None, "one confirmation is not two");
    }
    cluster.attest(beto, &incident, "confirmed", "photo-and-call");
    for id in cluster.all() {
        let alert = cluster.clients[id].wait_for_notice(&incident, "alert");
        let attestations = alert["incident"]["attestations"].as_array().expect("a list").clone();
        assert_eq!(alert["incident"]["status"], "verified");
        assert_eq!(attestations.len(), 2);
        assert!(attestations.iter().all(|attestation| attestation["finding"] == "confirmed"));
        assert_eq!(alert["incident"]["drill"], false);
    }
    // The watch says the notice first, then what its list shows.
    until("the alert is in the list", PATIENCE, || cluster.clients[fidel].incident(&incident).is_some());
    assert_eq!(cluster.clients[fidel].incident(&incident).expect("the alert")["words"], Value::Null);

    let members_cannot = ["all-clear", incident.as_str()];
    cluster.clients[fidel].refused(1, "needs-role", &members_cannot);
    cluster.clients[carla].done(&["all-clear", &incident[..8]]);
    everybody_is_told(&cluster, &incident, "said-all-clear");
    cluster.clients[ana].done(&["all-clear", &incident[..8]]);
    everybody_is_told(&cluster, &incident, "all-clear");

    let wrong = verified(&cluster, elena, [ana, beto], false);
    everybody_is_told(&cluster, &wrong, "alert");
    cluster.clients[carla].done(&["correct", &wrong]);
    cluster.clients[beto].done(&["correct", &wrong]);
    everybody_is_told(&cluster, &wrong, "false-alarm");

    let drill = verified(&cluster, fidel, [ana, beto], true);
    everybody_is_told(&cluster, &drill, "drill");
    for id in cluster.all() {
        until("the drill is in the list", PATIENCE, || cluster.clients[id].incident(&drill).is_some());
        let shown = cluster.clients[id].incident(&drill).expect("the drill");
        assert_eq!(shown["drill"], true);
        assert!(
            !cluster.clients[id].notices().contains(&format!("{drill}/alert")),
            "a drill is never an alert"
        );
    }

    cluster.wait_until_converged(&cluster.all());
    for client in &cluster.clients {
        client.assert_nothing_shown_twice();
    }
}

fn zones(cluster: &Cluster) {
    let drafted = cluster.clients[0].done(&["zones", "Holyoke", "Springfield"]);
    let draft = drafted["drafts"][0]["draft"].as_str().expect("a draft").to_owned();
    cluster.clients[2].done(&["approve", &draft[..8]]);
    for client in &cluster.clients {
        client.wait_for_status("knows the zones", |status| {
            status["network"]["zones"].as_array().is_some_and(|zones| zones.len() == 2)
        });
    }
}

/// Nothing changes anywhere until the second signature.
fn a_role_takes_two(cluster: &Cluster, ana: usize) {
    let drafted = cluster.clients[0].done(&["grant", "ana", "verifier"]);
    let draft = &drafted["drafts"][0];
    assert_eq!(
        (&draft["signatures"], &draft["needed"], &draft["in_force"]),
        (&1.into(), &2.into(), &false.into())
    );
    cluster.wait_until_converged(&cluster.all());
    let heights: Vec<Value> =
        cluster.clients.iter().map(|client| client.view()["network"]["governance_height"].clone()).collect();
    assert!(heights.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(cluster.clients[ana].view()["roles"], serde_json::json!([]));
    let approved = cluster.clients[1].done(&["approve", "--all"]);
    assert_eq!(approved["drafts"][0]["in_force"], true);
    cluster.clients[ana]
        .wait_for_status("is a verifier", |status| status["roles"] == serde_json::json!(["verifier"]));
    for client in &cluster.clients {
        client.wait_for_status("knows the new rules", |status| {
            status["network"]["governance_height"].as_u64() > heights[0].as_u64()
        });
    }
}

fn attest_again(incident: &str) -> [&str; 6] {
    ["attest", incident, "--finding", "confirmed", "--method", "in-person"]
}

/// Reports and has two verifiers confirm.
fn verified(cluster: &Cluster, reporter: usize, verifiers: [usize; 2], drill: bool) -> String {
    let incident = cluster.report(reporter, "Second corner", drill);
    for verifier in verifiers {
        cluster.clients[verifier].wait_for_notice(&incident, "report");
        cluster.attest(verifier, &incident, "confirmed", "live-video");
    }
    incident
}

fn everybody_is_told(cluster: &Cluster, incident: &str, kind: &str) {
    for client in &cluster.clients {
        client.wait_for_notice(incident, kind);
    }
    until("everybody keeps it", PATIENCE, || {
        cluster.clients.iter().all(|client| client.incident(incident).is_some())
    });
}
