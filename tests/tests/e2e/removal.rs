//! Leaving, by the committee's word: a member removed, a role taken back, a person not admitted.

use std::fs;
use std::path::Path;
use std::time::Duration;

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Subject};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{BlobId, PublicKey, RecordId};
use campana_tests::rig::{Cluster, Insider, Line, PATIENCE, until};
use serde_json::{Value, json};

/// Longer than the relay takes to hand on an entry to whoever follows.
const SILENCE: Duration = Duration::from_secs(2);

#[test]
fn a_member_whom_two_of_three_remove_hears_it_and_is_shut_out() {
    let mut cluster = Cluster::founded("Red de bajas", &["Founder", "Second", "Third"], 2);
    let members = cluster.members(&["Ana", "Beto", "Rosa", "Away", "Out"]);
    let [ana, beto, rosa, away, out] = members[..] else { unreachable!("five members") };
    for person in [ana, beto, out] {
        cluster.grant(&[0, 1], person, "verifier");
    }
    cluster.wait_until_converged(&cluster.all());
    let first = alert(&cluster, rosa, [ana, beto]);
    cluster.clients[away].kill();
    // What somebody keeps who means to go on reading afterwards.
    cluster.clients[out].kill();
    let kept = cluster.directory.path().join("kept");
    copy(&cluster.clients[out].store, &kept);
    cluster.clients[out].watch();
    let members_before = cluster.clients[0].view()["network"]["members"].as_u64().expect("a number");

    // One signature removes nobody.
    let drafted = cluster.clients[0].done(&["remove", "Out"]);
    assert_eq!(drafted["drafts"][0]["in_force"], false);
    let present: Vec<usize> = cluster.all().into_iter().filter(|id| *id != away).collect();
    cluster.wait_until_converged(&present);
    assert_eq!(cluster.clients[out].view()["stage"], "member");
    // Two do.
    let draft = drafted["drafts"][0]["draft"].as_str().expect("a draft");
    assert_eq!(cluster.clients[2].done(&["approve", draft])["drafts"][0]["in_force"], true);

    cluster.clients[out].wait_for_status("is removed", |status| status["stage"] == "removed");
    removed_and_told(&cluster, out, &first);
    others_go_on(&mut cluster, out, away, [rosa, ana, beto], members_before);
    what_was_kept_opens_nothing(&cluster, &kept);
}

/// Its owner is told so in words, and every command says the same.
fn removed_and_told(cluster: &Cluster, out: usize, known: &str) {
    let client = &cluster.clients[out];
    let english = client.printed("en", &["status"]);
    assert!(english.contains("The membership of this device has ended."), "{english}");
    let spanish = client.printed("es", &["status"]);
    assert!(spanish.contains("La membresía de este aparato terminó."), "{spanish}");
    assert_eq!(client.view()["roles"], json!([]));
    client.refused(1, "not-admitted", &["report", "--activity", "watching"]);
    client.refused(1, "unknown-incident", &attest(known));
    client.refused(1, "unknown-incident", &["all-clear", known]);
    let people = cluster.clients[1].done(&["people"])["people"].take();
    let person = people.as_array().expect("a list").iter().find(|person| person["handle"] == "Out");
    let person = person.expect("the committee remembers whom it removed");
    assert_eq!((&person["state"], &person["roles"]), (&json!("removed"), &json!([])));
}

/// Everybody else reads and writes through the rotation, whoever was away too.
fn others_go_on(
    cluster: &mut Cluster,
    out: usize,
    away: usize,
    [rosa, ana, beto]: [usize; 3],
    members_before: u64,
) {
    let incident = alert_but(cluster, rosa, [ana, beto], &[out, away]);
    let shown = cluster.clients[out].notices();
    assert!(!shown.iter().any(|notice| notice.starts_with(&incident)), "{shown:?}");
    let known = cluster.clients[out].view()["incidents"].clone();
    assert!(known.as_array().is_some_and(|all| all.iter().all(|one| one["id"] != incident)), "{known}");

    cluster.clients[away].watch();
    cluster.clients[away].wait_for_notice(&incident, "alert");
    let stayed: Vec<usize> = cluster.all().into_iter().filter(|id| *id != out).collect();
    cluster.wait_until_converged(&stayed);
    for id in &stayed {
        let client = &cluster.clients[*id];
        client.assert_nothing_shown_twice();
        assert_eq!(client.view()["network"]["members"], members_before - 1, "{}", client.name);
    }
    // Who was away writes under the new key.
    let later = alert_but(cluster, away, [ana, beto], &[out]);
    assert!(!cluster.clients[out].notices().iter().any(|notice| notice.starts_with(&later)));
    cluster.wait_until_converged(&stayed);
}

/// A modified client with the keys of before: it reads up to its removal, and that is all.
fn what_was_kept_opens_nothing(cluster: &Cluster, kept: &Path) {
    let insider = Insider::open(kept);
    for kind in [ChannelKind::Broadcast, ChannelKind::Desk] {
        let channel = insider.channel(kind);
        let key = insider.access_key(kind).expect("a member's key");
        let mut line = Line::open(&cluster.relay.listening);
        let proved = line.prove(1, Subject::Channel(channel), &key);
        assert_eq!(proved, RelayFrame::Done { request: 1 }, "it may read up to its removal");
        let RelayFrame::Subscribed { head, current, last_control, .. } =
            line.ask(&ClientFrame::Subscribe { request: 2, channel, after: 0 })
        else {
            panic!("not subscribed")
        };
        assert!(!current && last_control == head, "its log ends with its removal");
        let seqs: Vec<u64> = line.heard(SILENCE).iter().filter_map(seq).collect();
        assert_eq!(seqs, (1..=head).collect::<Vec<_>>(), "{kind:?}");
        let beyond = line.ask(&ClientFrame::Subscribe { request: 3, channel, after: head });
        assert!(matches!(beyond, RelayFrame::Subscribed { head: end, .. } if end == head), "{beyond:?}");
        assert_eq!(line.heard(SILENCE).iter().filter_map(seq).collect::<Vec<_>>(), Vec::<u64>::new());

        let append = ClientFrame::Append {
            request: 4,
            channel,
            record: RecordId([7; 16]),
            class: Class::Update,
            control_seq: last_control,
            rotate: None,
            body: vec![7; 64].into(),
        };
        assert_eq!(line.refused(&append), Code::Forbidden);
        let reader = PublicKey(key.verifying_key().to_bytes());
        let mailbox = ClientFrame::OpenMailbox { request: 5, channel, reader };
        assert_eq!(line.refused(&mailbox), Code::Forbidden);
        let body = vec![7; 64].into();
        let put = ClientFrame::PutBlob { request: 6, channel, blob: BlobId([7; 16]), part: 0, of: 1, body };
        assert_eq!(line.refused(&put), Code::Forbidden);
        let coverage = ClientFrame::ReadCoverage { request: 7, channel, seq: 0 };
        assert_eq!(line.refused(&coverage), Code::Forbidden);
        let owners = ClientFrame::SetOwners { request: 8, channel, owners: vec![reader], approvals: None };
        assert_eq!(line.refused(&owners), Code::Forbidden);
    }
}

fn seq(frame: &RelayFrame) -> Option<u64> {
    if let RelayFrame::Entry { entry, .. } = frame { Some(entry.seq) } else { None }
}

#[test]
fn what_a_verifier_found_counts_no_more_once_the_role_is_taken_back() {
    let mut cluster = Cluster::founded("Red de cargos", &["Founder", "Second", "Third"], 2);
    let members = cluster.members(&["Ana", "Beto", "Carla", "Rosa"]);
    let [ana, beto, carla, rosa] = members[..] else { unreachable!("four members") };
    for verifier in [ana, beto, carla] {
        cluster.grant(&[0, 1], verifier, "verifier");
    }
    cluster.wait_until_converged(&cluster.all());
    let incident = cluster.report(rosa, "Two vans", false);
    for verifier in [ana, beto, carla] {
        cluster.clients[verifier].wait_for_notice(&incident, "report");
    }
    cluster.attest(ana, &incident, "confirmed", "in-person");
    until("the others have the first finding", PATIENCE, || {
        [beto, carla]
            .iter()
            .all(|id| cluster.clients[*id].incident(&incident).is_some_and(|seen| seen["missing"] == 1))
    });

    let drafted = cluster.clients[1].done(&["revoke", "Ana", "verifier"]);
    assert_eq!(drafted["drafts"][0]["in_force"], false);
    assert_eq!(cluster.clients[ana].view()["roles"], json!(["verifier"]), "one signature takes nothing");
    cluster.clients[2].done(&["approve", "--all"]);
    cluster.clients[ana].wait_for_status("has no role", |status| status["roles"] == json!([]));
    // The desk's reports are nothing to her any more.
    cluster.clients[ana].refused(1, "unknown-incident", &attest(&incident));
    until("the first finding counts no more", PATIENCE, || {
        [beto, carla]
            .iter()
            .all(|id| cluster.clients[*id].incident(&incident).is_some_and(|seen| seen["missing"] == 2))
    });

    // With hers these would be two.
    cluster.attest(beto, &incident, "confirmed", "photo-and-call");
    cluster.wait_until_converged(&cluster.all());
    for id in cluster.all() {
        assert!(!cluster.clients[id].notices().contains(&format!("{incident}/alert")), "one is not two");
    }
    cluster.attest(carla, &incident, "confirmed", "live-video");
    for id in cluster.all() {
        let alert = cluster.clients[id].wait_for_notice(&incident, "alert");
        let attestations = alert["incident"]["attestations"].as_array().expect("a list").clone();
        assert_eq!(attestations.len(), 2, "{attestations:?}");
    }
    cluster.wait_until_converged(&cluster.all());
}

#[test]
fn a_person_who_is_not_admitted_hears_it_and_may_ask_again() {
    let mut cluster = Cluster::founded("Red de puertas", &["Founder", "Second", "Third"], 2);
    let link = cluster.invite(0, &[]);
    let zoe = cluster.client("Zoe");
    let door = cluster.clients[zoe].spawn(&["--timeout", "60", "join", &link, "--handle", "Zoe", "--wait"]);
    cluster.wait_for_request(1, "Zoe");
    cluster.clients[1].done(&["decline", "Zoe"]);
    let out = door.wait_with_output().expect("our own child");
    let said: Value = serde_json::from_slice(&out.stderr).expect("a line of JSON");
    assert_eq!((out.status.code(), &said["error"]["code"]), (Some(1), &json!("declined")), "{said}");
    assert_eq!(cluster.clients[zoe].view()["stage"], "declined");
    let words = cluster.clients[zoe].printed("es", &["--offline", "status"]);
    assert!(words.contains("No admitido. Pregunta a quien te invitó."), "{words}");

    // The whole committee knows, and nobody lets the same request in by mistake.
    for id in [0, 1, 2] {
        until("the committee knows that she was declined", PATIENCE, || {
            let queue = cluster.clients[id].events("queue").pop().unwrap_or_default();
            let people = queue["people"].as_array().cloned().unwrap_or_default();
            people.iter().any(|person| person["handle"] == "Zoe" && person["state"] == "declined")
        });
    }
    assert_eq!(cluster.clients[0].done(&["admit", "--all"])["admitted"], 0);
    assert_eq!(cluster.clients[zoe].view()["stage"], "declined");

    // She asks again, and is let in.
    cluster.clients[zoe].done(&["join", &link, "--handle", "Zoe again"]);
    cluster.wait_for_request(2, "Zoe again");
    cluster.clients[2].done(&["admit", "Zoe again"]);
    cluster.clients[zoe].watch();
    cluster.clients[zoe].wait_for_status("is a member", |status| status["stage"] == "member");
    cluster.wait_until_converged(&cluster.all());
}

/// Her Welcome names a key that the relay has rotated since: what it points to is hers all the same.
#[test]
fn somebody_admitted_before_a_removal_and_first_online_after_it_gets_in() {
    let mut cluster = Cluster::founded("Red de tardanzas", &["Founder", "Second", "Third"], 2);
    let members = cluster.members(&["Ana", "Out"]);
    let [ana, out] = members[..] else { unreachable!("two members") };
    let link = cluster.invite(0, &[]);
    let zoe = cluster.client("Zoe");
    cluster.clients[zoe].done(&["join", &link, "--handle", "Zoe"]);
    cluster.wait_for_request(0, "Zoe");
    cluster.clients[0].done(&["admit", "Zoe"]);
    let drafted = cluster.clients[0].done(&["remove", "Out"]);
    let draft = drafted["drafts"][0]["draft"].as_str().expect("a draft");
    cluster.clients[1].done(&["approve", draft]);
    cluster.clients[out].wait_for_status("is removed", |status| status["stage"] == "removed");

    cluster.clients[zoe].watch();
    cluster.clients[zoe].wait_for_status("is a member", |status| status["stage"] == "member");
    cluster.wait_until_converged(&[0, 1, 2, ana, zoe]);
    // And she speaks under the new key.
    let reported = cluster.report(zoe, "first words", false);
    until("it is sent", PATIENCE, || {
        cluster.clients[zoe].incident(&reported).is_some_and(|seen| seen["status"] == "sent")
    });
}

fn attest(incident: &str) -> [&str; 6] {
    ["attest", incident, "--finding", "confirmed", "--method", "in-person"]
}

fn alert(cluster: &Cluster, reporter: usize, verifiers: [usize; 2]) -> String {
    alert_but(cluster, reporter, verifiers, &[])
}

/// A verified alert that everybody gets but these.
fn alert_but(cluster: &Cluster, reporter: usize, verifiers: [usize; 2], but: &[usize]) -> String {
    let incident = cluster.report(reporter, "somewhere", false);
    for verifier in verifiers {
        cluster.clients[verifier].wait_for_notice(&incident, "report");
        cluster.attest(verifier, &incident, "confirmed", "in-person");
    }
    for id in cluster.all().into_iter().filter(|id| !but.contains(id)) {
        cluster.clients[id].wait_for_notice(&incident, "alert");
    }
    incident
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new directory");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}
