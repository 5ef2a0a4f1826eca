//! What people and disks get wrong: each has its own answer, and nothing is lost.

use std::fs;
use std::thread;
use std::time::Duration;

use campana_protocol::id::InviteId;
use campana_protocol::link::InviteLink;
use campana_tests::rig::{Cluster, PATIENCE, until};
use serde_json::json;

#[test]
fn links_that_are_not_what_they_should_be_are_refused_by_name() {
    let mut cluster = Cluster::founded("Red de enlaces", &["Founder"], 1);
    let good = cluster.invite(0, &[]);
    let stranger = cluster.client("Stranger");
    let join = |link: &str| cluster.clients[stranger].run(&["join", link, "--handle", "Stranger"]);

    for (link, word) in [
        ("https://example.org/", "link-bare"),
        ("hello", "link-not-a-link"),
        (&good[..good.len() - 7], "link-cut-short"),
        (&good[..good.len() / 2], "link-cut-short"),
        (&format!("{good}A"), "link-damaged"),
        (&good.replacen("#join=", "#join=*", 1), "link-damaged"),
        (&good.replacen("#join=", "#jon=", 1), "link-bare"),
        (cluster.relay.invitation.as_deref().expect("an invitation"), "link-other-kind"),
    ] {
        let out = join(link);
        assert_eq!((out.code, out.error_code()), (Some(1), word), "{link}: {}", out.error);
    }
    assert_eq!(cluster.clients[stranger].view()["stage"], "nowhere", "nothing was changed");

    // Revoked: the request arrives, and is refused by name.
    let made = cluster.clients[0].done(&["invite"]);
    cluster.clients[0].done(&["invite", "revoke", made["invite"].as_str().expect("an id")]);
    refused_later(&mut cluster, "Late", made["link"].as_str().expect("a link"), "invite-revoked");

    // Expired (an invite of no hours is over as soon as it is made).
    let expired = cluster.invite(0, &["--hours", "0"]);
    thread::sleep(Duration::from_millis(5));
    refused_later(&mut cluster, "Later", &expired, "invite-expired");

    // Forged: the right network, an invite its committee never made. Nobody can tell that from one
    // whose announcement is still on its way: the request waits, and says so, and is never admitted.
    let mut forged = InviteLink::parse(&good).expect("a good link");
    forged.invite.id = InviteId([9; 16]);
    forged.invite.secret.0 = [9; 32];
    waits_in_vain(&mut cluster, "Forger", &forged.format());
    // The id of one that was made, and another secret: the proof does not hold.
    let mut guessed = InviteLink::parse(&good).expect("a good link");
    guessed.invite.secret.0 = [9; 32];
    waits_in_vain(&mut cluster, "Guesser", &guessed.format());

    // And the good one still works.
    cluster.clients[stranger].done(&["join", &good, "--handle", "Stranger"]);
    cluster.wait_for_request(0, "Stranger");
    cluster.clients[0].done(&["admit", "Stranger"]);
    cluster.clients[stranger].watch();
    cluster.clients[stranger].wait_for_status("is a member", |status| status["stage"] == "member");
}

fn waits_in_vain(cluster: &mut Cluster, name: &str, link: &str) {
    let id = cluster.client(name);
    let out = cluster.clients[id].run(&["--timeout", "4", "join", link, "--handle", name, "--wait"]);
    assert_eq!((out.code, out.error_code()), (Some(3), "waiting"), "{} {}", out.json, out.error);
    assert_eq!(cluster.clients[id].view()["stage"], "waiting");
    let people = cluster.clients[0].done(&["people"]);
    assert!(!people["people"].to_string().contains(name), "{people}");
    assert_eq!(cluster.clients[0].done(&["admit", "--all"])["admitted"], 0);
    assert_eq!(cluster.clients[id].view()["stage"], "waiting");
}

fn refused_later(cluster: &mut Cluster, name: &str, link: &str, word: &str) {
    let id = cluster.client(name);
    let out = cluster.clients[id].run(&["--timeout", "30", "join", link, "--handle", name, "--wait"]);
    assert_eq!((out.code, out.error_code()), (Some(1), word), "{} {}", out.json, out.error);
    assert_eq!(cluster.clients[id].view()["stage"], word);
}

#[test]
fn an_operators_invitation_starts_one_network() {
    let mut cluster = Cluster::founded("Red primera", &["Founder"], 1);
    let used = cluster.relay.invitation.clone().expect("an invitation");
    let second = cluster.client("Second founder");
    let start = ["start", "--name", "Red segunda", "--committee", "1", "--threshold", "1", used.as_str()];
    cluster.clients[second].refused(1, "invitation-refused", &start);
    assert_eq!(cluster.clients[second].view()["stage"], "invitation-refused");
    let made_up = format!("http://{}/#operator={}", cluster.relay.listening, "A".repeat(43));
    let third = cluster.client("Third founder");
    let start = ["start", "--name", "Red tercera", "--committee", "1", "--threshold", "1", made_up.as_str()];
    cluster.clients[third].refused(1, "invitation-refused", &start);
    // The first network is as it was.
    cluster.clients[0].refused(1, "already-in-a-network", &start);
    cluster.members(&["Ana"]);
}

#[test]
fn commands_out_of_place_are_refused_by_name() {
    let mut cluster = Cluster::founded("Red de errores", &["Founder"], 1);
    let nobody = cluster.client("Nobody");
    let client = &cluster.clients[nobody];
    client.refused(1, "not-in-a-network", &["people"]);
    client.refused(1, "not-in-a-network", &["report", "--activity", "watching"]);
    client.refused(1, "unknown-incident", &["all-clear", "abcdefgh"]);
    assert_eq!(client.run(&["report", "--activity", "dancing"]).code, Some(2));
    assert_eq!(client.run(&["fly"]).code, Some(2));
    let invitation = cluster.relay.invitation.as_deref().expect("an invitation");
    let start = ["start", "--name", "x", "--committee", "2", "--threshold", "3", invitation];
    client.refused(1, "bad-threshold", &start);
    let founder = &cluster.clients[0];
    founder.refused(1, "unknown-person", &["admit", "Nobody at all"]);
    founder.refused(1, "unknown-draft", &["approve", "abcdefgh"]);
    founder.refused(1, "unknown-invite", &["invite", "revoke", "abcdefgh"]);
    founder.refused(4, "watch-running", &["watch"]);
}

#[test]
fn what_is_sent_without_a_relay_waits_and_arrives() {
    let mut cluster = Cluster::founded("Red sin relevo", &["Founder"], 1);
    let members = cluster.members(&["Ana", "Rosa"]);
    let [ana, rosa] = members[..] else { unreachable!("two members") };
    cluster.grant(&[0], ana, "verifier");
    cluster.relay.kill();
    cluster.clients[rosa].kill();
    let line = ["--timeout", "1", "report", "--activity", "loading"];
    let out = cluster.clients[rosa].run(&line);
    assert_eq!((out.code, out.error_code()), (Some(3), "waiting"), "{} {}", out.json, out.error);
    let incident = out.json["incident"].as_str().expect("an incident").to_owned();
    assert_eq!(cluster.clients[rosa].view()["incidents"][0]["status"], "waiting-to-send");
    cluster.relay.restart();
    cluster.clients[rosa].watch();
    cluster.clients[ana].wait_for_notice(&incident, "report");
    until("the reporter knows", PATIENCE, || {
        cluster.clients[rosa].incident(&incident).is_some_and(|seen| seen["status"] == "sent")
    });
}

#[test]
fn stores_that_cannot_be_used_are_left_alone() {
    let mut cluster = Cluster::founded("Red de discos", &["Founder"], 1);
    let ana = cluster.members(&["Ana"])[0];
    cluster.clients[ana].kill();
    let store = cluster.clients[ana].store.clone();
    let rows = store.join("store.redb");
    let whole = fs::read(&rows).expect("a store");

    // Damaged.
    fs::write(&rows, b"not a store").expect("our own file");
    cluster.clients[ana].refused(4, "store-damaged", &["status"]);
    assert_eq!(fs::read(&rows).expect("a file"), b"not a store", "nothing was changed");

    // Written by a newer version.
    fs::write(&rows, &whole).expect("our own file");
    newer(&rows);
    cluster.clients[ana].refused(4, "store-newer", &["status"]);

    // Another vault's key; no key; no passphrase here.
    fs::write(&rows, &whole).expect("our own file");
    let key = fs::read(store.join("vault.key")).expect("a key");
    fs::write(store.join("vault.key"), [7; 32]).expect("our own file");
    cluster.clients[ana].refused(4, "rows-damaged", &["status"]);
    fs::remove_file(store.join("vault.key")).expect("our own file");
    cluster.clients[ana].refused(4, "vault-missing", &["status"]);
    fs::write(store.join("vault.key"), key).expect("our own file");
    let phrase = cluster.directory.path().join("phrase");
    fs::write(&phrase, "correct horse\n").expect("our own file");
    let phrase = phrase.to_str().expect("a path").to_owned();
    cluster.clients[ana].refused(4, "passphrase-unused", &["--passphrase-file", &phrase, "status"]);
    cluster.clients[ana].refused(4, "passphrase-file", &["--passphrase-file", "/no/such/file", "status"]);

    // Whole again, and it goes on where it was.
    cluster.clients[ana].watch();
    cluster.wait_until_converged(&cluster.all());

    // Locked by a passphrase.
    let locked = cluster.client("Locked");
    cluster.clients[locked].done(&["--passphrase-file", &phrase, "status"]);
    let link = cluster.invite(0, &[]);
    cluster.clients[locked].done(&["--passphrase-file", &phrase, "join", &link, "--handle", "Locked"]);
    cluster.clients[locked].refused(4, "passphrase-needed", &["status"]);
    let wrong = cluster.directory.path().join("wrong");
    fs::write(&wrong, "wrong").expect("our own file");
    let wrong = wrong.to_str().expect("a path").to_owned();
    cluster.clients[locked].refused(4, "passphrase-wrong", &["--passphrase-file", &wrong, "status"]);
    let view = cluster.clients[locked].done(&["--offline", "--passphrase-file", &phrase, "status"]);
    assert_eq!(view["view"]["stage"], json!("waiting"));

    // A place that cannot be one.
    let nowhere = cluster.client("Nowhere");
    cluster.clients[nowhere].store = "/proc/no-such-place".into();
    cluster.clients[nowhere].refused(4, "store-unreadable", &["status"]);
}

fn newer(rows: &std::path::Path) {
    let database = redb::Database::open(rows).expect("a store");
    let transaction = database.begin_write().expect("a transaction");
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    transaction.open_table(meta).expect("a table").insert("format", 99).expect("a row");
    transaction.commit().expect("a disk");
}
