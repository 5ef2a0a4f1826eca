//! Whoever seizes the relay, its disk, its logs and its memory, learns nothing that is anybody's.

use std::fs;

use campana_protocol::id::{IncidentId, NetworkId, PublicKey};
use campana_protocol::link::InviteLink;
use campana_tests::rig::{Canaries, Cluster, Insider, files, memory};

const NETWORK: &str = "Canario Red Secreta";
const COMMITTEE: [&str; 2] = ["Canario Fundadora", "Canario Segunda"];
const MEMBERS: [&str; 3] = ["Canario Anabel", "Canario Bertoldo", "Canario Rosalinda"];
const ZONES: [&str; 2] = ["Canario Holyoke", "Canario Springfield"];
const WORDS: &str = "Canario esquina de Main y Segunda, dos camionetas";

#[test]
fn a_seized_relay_holds_no_name_no_word_no_key_and_no_list() {
    let mut cluster = Cluster::founded(NETWORK, &COMMITTEE, 2);
    let members = cluster.members(&MEMBERS);
    let [ana, beto, rosa] = members[..] else { unreachable!("three members") };
    let link = cluster.invite(0, &[]);
    let zones = cluster.clients[0].done(&["zones", ZONES[0], ZONES[1]]);
    cluster.clients[1].done(&["approve", zones["drafts"][0]["draft"].as_str().expect("a draft")]);
    cluster.grant(&[0, 1], ana, "verifier");
    cluster.grant(&[1, 0], beto, "verifier");
    let incident = cluster.report(rosa, WORDS, false);
    for verifier in [ana, beto] {
        cluster.clients[verifier].wait_for_notice(&incident, "report");
        cluster.attest(verifier, &incident, "confirmed", "in-person");
    }
    for client in &cluster.clients {
        client.wait_for_notice(&incident, "alert");
    }
    cluster.clients[ana].done(&["all-clear", &incident]);
    cluster.clients[beto].done(&["all-clear", &incident]);
    for client in &cluster.clients {
        client.wait_for_notice(&incident, "all-clear");
    }
    cluster.wait_until_converged(&cluster.all());

    let mut canaries = Canaries::default();
    for text in [NETWORK, WORDS].into_iter().chain(COMMITTEE).chain(MEMBERS).chain(ZONES) {
        canaries.text(text);
    }
    let invite = InviteLink::parse(&link).expect("a link").invite;
    canaries.bytes("invite secret", &invite.secret.0);
    canaries.bytes("invite id", invite.id.as_bytes());
    canaries.bytes("network id", invite.network.as_bytes());
    let incident = IncidentId::parse(&incident).expect("an id");
    canaries.bytes("incident id", incident.as_bytes());
    for client in &cluster.clients {
        let view = client.view();
        let me = PublicKey::parse(view["me"].as_str().expect("a key")).expect("a key");
        canaries.bytes(&format!("{}'s role key", client.name), me.as_bytes());
        assert_eq!(NetworkId::parse(view["network"]["id"].as_str().expect("an id")), Some(invite.network));
    }
    secrets(&cluster, &mut canaries);

    let place = cluster.relay.place.clone();
    let on_disk = files(&place.data, &canaries);
    assert!(on_disk.is_empty(), "on the relay's disk: {on_disk:#?}");
    let logged = files(&place.log, &canaries);
    assert!(logged.is_empty(), "in the relay's log: {logged:#?}");
    let (in_memory, searched) = memory(cluster.relay.id(), &canaries);
    assert!(in_memory.is_empty(), "in the relay's memory: {in_memory:#?}");
    assert!(searched > 500_000, "only {searched} bytes of memory were searched");
    assert!(
        fs::metadata(&place.log).expect("a log").len() > 0,
        "the log says nothing even at its most talkative"
    );

    the_search_finds_what_is_there(&cluster, &canaries, rosa);
}

/// Every secret and private key in every device's store: what the desk, the channels and the people
/// are opened with.
fn secrets(cluster: &Cluster, canaries: &mut Canaries) {
    let mut names = Vec::new();
    for client in &cluster.clients {
        for key in Insider::open(&client.store).keys() {
            canaries.bytes(&format!("{}'s {}", client.name, key.name), &key.bytes);
            names.push(key.name);
        }
    }
    for kind in [
        "role v1",
        "owner desk v1",
        "desk mailbox's secret",
        "join mailbox's",
        "Desk access",
        "Broadcast leaf",
    ] {
        assert!(names.iter().any(|name| name.contains(kind)), "no {kind} among {names:?}");
    }
}

/// The positive control: the same canaries, where they may be, are found by the same search.
fn the_search_finds_what_is_there(cluster: &Cluster, canaries: &Canaries, rosa: usize) {
    let planted = cluster.directory.path().join("planted");
    fs::create_dir(&planted).expect("a directory");
    fs::write(planted.join("text"), format!("xx{WORDS}yy")).expect("a file");
    let utf16: Vec<u8> = NETWORK.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(planted.join("wide"), utf16).expect("a file");
    use base64::Engine;
    let coded = base64::engine::general_purpose::STANDARD.encode(format!("x{}zzz", MEMBERS[2]));
    fs::write(planted.join("coded"), coded).expect("a file");
    let hex: String = ZONES[1].bytes().map(|byte| format!("{byte:02x}")).collect();
    fs::write(planted.join("hex"), hex).expect("a file");
    let desk = Insider::open(&cluster.clients[0].store).keys();
    let desk =
        desk.iter().find(|key| key.name == "desk mailbox's secret").expect("the committee reads the desk");
    let coded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&desk.bytes);
    fs::write(planted.join("key"), coded).expect("a file");
    let found: Vec<(String, &str)> =
        files(&planted, canaries).into_iter().map(|found| (found.canary, found.form)).collect();
    for (canary, form) in [(WORDS, "raw"), (NETWORK, "UTF-16"), (MEMBERS[2], "base64"), (ZONES[1], "hex")] {
        assert!(found.contains(&(canary.to_owned(), form)), "{form} is not found: {found:?}");
    }
    let key = (format!("{}'s desk mailbox's secret", COMMITTEE[0]), "base64url");
    assert!(found.contains(&key), "a key is not found: {found:?}");
    // A member's own process knows its network's name: the same search of memory finds it there.
    let watch = cluster.clients[rosa].watch_id().expect("it watches");
    let (found, _) = memory(watch, canaries);
    assert!(found.iter().any(|found| found.canary == NETWORK), "a client's memory holds its network's name");
    let own = format!("{}'s device secret", MEMBERS[2]);
    assert!(found.iter().any(|found| found.canary == own && found.form == "raw"), "and its own secret");
}
