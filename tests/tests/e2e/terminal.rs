//! The terminal as people and scripts use it: one command at a time, and true words.

use std::net::TcpListener;

use campana_tests::rig::{Client, Cluster};
use serde_json::{Value, json};

/// The recipe of docs/TERMINAL.md, as it is written there: no `watch` runs anywhere.
#[test]
fn two_of_three_are_founded_one_command_at_a_time() {
    let mut cluster = Cluster::new();
    let link = cluster.relay.invitation.clone().expect("an invitation");
    let [ana, beto, caro] = ["Ana", "Beto", "Caro"].map(|name| cluster.client(name));
    let clients = &cluster.clients;
    clients[ana].done(&["start", "--name", "Valle", "--committee", "3", "--threshold", "2", &link]);
    for (device, missing) in [(beto, "founding-invite"), (caro, "founding-sign")] {
        let made = clients[ana].done(&["invite", "--committee"]);
        let link = made["link"].as_str().expect("a link");
        clients[device].done(&["join", link, "--handle", &clients[device].name]);
        let admitted = clients[ana].done(&["admit", &clients[device].name]);
        assert_eq!(admitted["next"], missing, "the command says what comes next");
        clients[device].done(&["status"]);
    }
    assert_eq!(clients[ana].done(&["status"])["next"], "founding-sign", "one is missing");
    assert_eq!(clients[beto].done(&["status"])["next"], "founding-finish");
    for device in [ana, beto, caro] {
        let said = clients[device].done(&["status"]);
        assert_eq!((&said["view"]["stage"], &said["next"]), (&json!("member"), &Value::Null));
        assert_eq!((&said["unsent"], &said["caught_up"]), (&json!(0), &json!(true)));
        assert_eq!(said["view"]["roles"], json!(["committee"]));
    }
    // And it works: a rule takes two.
    let draft = clients[ana].done(&["zones", "North"])["drafts"][0]["draft"].clone();
    clients[caro].done(&["approve", draft.as_str().expect("a draft")]);
    assert_eq!(clients[beto].done(&["status"])["view"]["network"]["zones"][0]["name"], "North");
}

#[test]
fn unknown_is_never_none() {
    let mut cluster = Cluster::founded("Red", &["Ana"], 1);
    let [stranger, eva, rosa] = ["Stranger", "Eva", "Rosa"].map(|name| cluster.client(name));
    let link = cluster.invite(0, &[]);
    let clients = &cluster.clients;
    clients[stranger].refused(1, "not-in-a-network", &["incidents"]);

    // Who does not wait is not admitted, and not declined either.
    clients[eva].done(&["join", &link, "--handle", "Eva"]);
    clients[eva].refused(1, "not-admitted", &["incidents"]);
    clients[0].done(&["decline", "Eva"]);
    clients[0].refused(1, "not-waiting", &["admit", "Eva"]);
    clients[0].refused(1, "not-waiting", &["decline", "Eva"]);
    clients[eva].refused(1, "declined", &["incidents"]);
    clients[rosa].done(&["join", &link, "--handle", "Rosa"]);
    clients[0].done(&["admit", "Rosa"]);
    clients[0].refused(1, "not-waiting", &["admit", "Rosa"]);
    clients[0].refused(1, "not-waiting", &["decline", "Rosa"]);

    // A zone that nobody made.
    clients[rosa].refused(1, "no-zones", &["report", "--activity", "watching", "--zone", "3"]);
    clients[0].done(&["zones", "North", "South"]);
    clients[rosa].done(&["report", "--activity", "watching", "--zone", "2"]);
    let out = clients[rosa].run(&["report", "--activity", "watching", "--zone", "3"]);
    assert_eq!((out.code, out.error_code()), (Some(1), "no-zone"));
    assert!(out.error.to_string().contains("1 North, 2 South"), "{}", out.error);

    // What is known is none, and says since when.
    let known = clients[eva].run(&["status"]);
    assert_eq!((known.code, &known.json["caught_up"]), (Some(0), &json!(false)), "{}", known.json);
    let known = clients[0].done(&["drafts"]);
    assert_eq!((&known["caught_up"], &known["version"]), (&json!(true), &json!(1)));
    let since = known["caught_up_at"].as_u64().expect("a time");

    cluster.relay.kill();
    for list in [&["incidents"][..], &["people"], &["drafts"], &["invite", "list"], &["status"]] {
        let out = cluster.clients[0].run(list);
        assert_eq!((out.code, out.error_code()), (Some(5), "not-caught-up"), "{list:?}: {}", out.error);
        assert_eq!(out.error["error"]["cause"], "unreachable", "{list:?}");
        assert_eq!(out.json["caught_up"], false, "{list:?}");
        assert!(out.json["caught_up_at"].as_u64().expect("a time") >= since, "{list:?}");
    }
    let said = cluster.clients[0].run(&["--offline", "drafts"]);
    assert_eq!((said.code, &said.error["error"]["cause"]), (Some(5), &json!("offline")));
    // What waits says why it does.
    for (flags, cause) in [(&["--timeout", "1"][..], "unreachable"), (&["--offline"], "offline")] {
        let out = cluster.clients[rosa].run(&[flags, &["report", "--activity", "gone"]].concat());
        assert_eq!((out.code, &out.error["error"]["cause"]), (Some(3), &json!(cause)), "{}", out.error);
    }
}

/// Whatever command comes next sends what waits.
#[test]
fn a_later_command_sends_what_waits() {
    let mut cluster = Cluster::founded("Red", &["Ana"], 1);
    let rosa = cluster.members(&["Rosa"])[0];
    cluster.clients[rosa].kill();
    let out = cluster.clients[rosa].run(&["--offline", "report", "--activity", "gone"]);
    assert_eq!((out.code, &out.json["unsent"]), (Some(3), &json!(1)), "{}", out.error);
    let listed = cluster.clients[rosa].done(&["incidents"]);
    assert_eq!((&listed["unsent"], &listed["incidents"][0]["status"]), (&json!(0), &json!("sent")));
}

/// An address that nobody answers at, and an invitation that the relay refuses, cost nothing.
#[test]
fn a_start_that_failed_can_be_made_again() {
    let mut cluster = Cluster::new();
    let link = cluster.relay.invitation.clone().expect("an invitation");
    let ana = cluster.client("Ana");
    let client = &cluster.clients[ana];
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mistyped = format!("http://{nobody}/#operator={}", link.split_once('=').expect("a secret").1);
    let refused = format!("http://{}/#operator={}", cluster.relay.listening, "A".repeat(43));
    let waits = start(client, &["--timeout", "1"], &mistyped);
    assert_eq!((waits.0, waits.1.as_str()), (Some(3), "waiting"));
    assert_eq!(start(client, &[], &refused).1, "invitation-refused");
    assert_eq!(start(client, &[], &link).0, Some(0));
    assert_eq!(start(client, &[], &link).1, "already-in-a-network", "what was founded stays");
}

fn start(client: &Client, flags: &[&str], link: &str) -> (Option<i32>, String) {
    let line = ["start", "--name", "Valle", "--committee", "1", "--threshold", "1", link];
    let out = client.run(&[flags, &line].concat());
    (out.code, out.error_code().to_owned())
}

#[test]
fn leaving_erases_this_device_and_nothing_else() {
    let mut cluster = Cluster::founded("Red", &["Ana"], 1);
    let rosa = cluster.members(&["Rosa"])[0];
    cluster.clients[rosa].refused(1, "not-sure", &["leave"]);
    cluster.clients[rosa].refused(4, "watch-running", &["leave", "--yes"]);
    cluster.clients[rosa].kill();
    let store = cluster.clients[rosa].store.clone();
    std::fs::write(store.join("notes"), "mine").expect("our own file");
    let left = cluster.clients[rosa].done(&["leave", "--yes"]);
    assert_eq!((&left["network"], &left["relay_told"]), (&json!("Red"), &json!(true)));
    let kept: Vec<_> =
        std::fs::read_dir(&store).expect("kept").map(|file| file.expect("a file").file_name()).collect();
    assert_eq!(kept, ["notes"], "nobody else's files");
    cluster.clients[rosa].refused(4, "no-store-here", &["leave", "--yes"]);
    // The same place is a new device, and the committee still lists the old one.
    let link = cluster.invite(0, &[]);
    cluster.clients[rosa].done(&["join", &link, "--handle", "Rosa again"]);
    assert!(cluster.clients[0].done(&["people"]).to_string().contains(r#""handle":"Rosa""#));
    // What does not open can be left, too.
    std::fs::write(store.join("store.redb"), "damaged").expect("our own file");
    cluster.clients[rosa].refused(4, "store-damaged", &["status"]);
    cluster.clients[rosa].done(&["leave", "--yes"]);
}

#[test]
fn a_passphrase_is_added_changed_and_removed() {
    let mut cluster = Cluster::new();
    let ana = cluster.client("Ana");
    let write = |name: &str, text: &str| {
        let path = cluster.directory.path().join(name);
        std::fs::write(&path, text).expect("our own file");
        path.to_str().expect("a path").to_owned()
    };
    let (empty, first, second) = (write("empty", "\n"), write("first", "one\n"), write("second", "two"));
    let client = &cluster.clients[ana];
    client.refused(4, "passphrase-empty", &["--passphrase-file", &empty, "status"]);
    client.done(&["status"]);
    client.refused(4, "passphrase-empty", &["passphrase", "set", &empty]);
    client.done(&["passphrase", "set", &first]);
    assert!(!client.store.join("vault.key").exists(), "the open key is gone");
    client.refused(4, "passphrase-needed", &["status"]);
    client.done(&["--passphrase-file", &first, "passphrase", "set", &second]);
    client.refused(4, "passphrase-wrong", &["--passphrase-file", &first, "status"]);
    client.done(&["--passphrase-file", &second, "passphrase", "remove"]);
    client.done(&["status"]);
    assert!(!client.store.join("vault.locked").exists());
    // A change that was cut off between its two files: the locked one counts, and the open key goes.
    let open = std::fs::read(client.store.join("vault.key")).expect("a key");
    client.done(&["passphrase", "set", &first]);
    std::fs::write(client.store.join("vault.key"), open).expect("our own file");
    client.refused(4, "passphrase-needed", &["status"]);
    client.done(&["--passphrase-file", &first, "status"]);
    assert!(!client.store.join("vault.key").exists());
}
