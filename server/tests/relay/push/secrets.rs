//! What the disk and the log do not hold, and the keys that see to it.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::frame::ClientFrame;
use campana_protocol::id::ReceiptToken;
use campana_sink::Behaviour;

use super::{
    Phone, World, alert, devices, id, register, register_all, registered, wait_for_all, wait_for_metric,
};
use crate::device::{Device, channel};
use crate::process::BINARY;

/// All bytes of a directory's files, and of the log beside it.
fn everything(directory: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(directory).expect("readable") {
        let path = file.expect("a file").path();
        if path.is_dir() {
            bytes.extend(everything(&path));
        } else {
            bytes.extend(std::fs::read(path).expect("readable"));
        }
    }
    bytes
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|at| at == what)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_without_the_key_and_the_log_name_no_endpoint_and_no_key() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let endpoints = ["canary-taken", "canary-gone", "canary-refused"].map(|name| sink.endpoint(name));
    register_all(&mut owner, endpoints.map(|endpoint| phone.subscription(endpoint)).to_vec()).await;
    owner.done(register(0, phone.subscription(sink.endpoint("canary-taken")))).await;
    sink.behave(|path| match path {
        "/push/canary-gone" => Behaviour::Answer(410),
        "/push/canary-refused" => Behaviour::Answer(400),
        _ => Behaviour::Answer(201),
    });
    let seq = alert(&mut owner, 1, 700).await;
    let token = ReceiptToken([3; 16]);
    owner.done(ClientFrame::Receipt { request: 4, channel: channel(), seq, token }).await;
    assert!(wait_for_all(&[&sink], 3).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    let metrics = process.metrics();
    process.terminate();
    assert!(process.wait().success());
    let log = process.log();
    assert!(log.contains("a push was refused"), "{log}");
    let key = std::fs::read_to_string(world.root.path().join("data.key")).expect("a key file");
    let raw_key = URL_SAFE_NO_PAD.decode(key.trim()).expect("base64url");
    let written = [everything(&world.data()), log.into_bytes(), metrics.into_bytes()].concat();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes).into_bytes();
    for secret in [
        b"canary-".to_vec(),
        b"/push/".to_vec(),
        phone.0.key().to_vec(),
        phone.0.auth().to_vec(),
        text(&phone.0.key()),
        text(&phone.0.auth()),
        raw_key,
        key.trim().as_bytes().to_vec(),
    ] {
        assert!(!holds(&written, &secret), "{}", String::from_utf8_lossy(&secret));
    }
    for name in [id(0).to_string(), channel().to_string()] {
        assert!(!holds(process.log().as_bytes(), name.as_bytes()), "the log names {name}");
    }
}

/// What the relay says when it does not start.
fn refusal(world: &World) -> String {
    let mut command = Command::new(BINARY);
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(world.data());
    let said = command.output().expect("runs");
    assert!(!said.status.success());
    String::from_utf8(said.stderr).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused_by_name_and_a_lost_one_costs_the_registrations() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.done(register(1, phone.subscription(sink.endpoint("one")))).await;
    process.kill();
    let file = world.root.path().join("data.key");
    let right = std::fs::read_to_string(&file).expect("a key");
    std::fs::write(&file, URL_SAFE_NO_PAD.encode([9; 32])).expect("written");
    let said = refusal(&world);
    for part in ["data.key", "forget-registrations", "every phone must open the app"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains(&URL_SAFE_NO_PAD.encode([9; 32])));
    // A missing file is not replaced by a key that opens nothing.
    std::fs::remove_file(&file).expect("removed");
    let said = refusal(&world);
    assert!(said.contains("data.key is missing") && said.contains("forget-registrations"), "{said}");
    assert!(!file.exists());
    // In the environment it is as good as in the file.
    let mut command = Command::new(BINARY);
    command.env("CAMPANA_RELAY_REGISTRATION_KEY", right.trim());
    let mut process = world.start_with(command);
    let mut member = Device::member(process.address).await;
    assert_eq!(registered(&mut member).await, 1);
    process.kill();

    let said = Command::new(BINARY).args(["forget-registrations", "--data-dir"]).arg(world.data()).output();
    let said = said.expect("runs");
    assert!(said.status.success(), "{said:?}");
    assert!(String::from_utf8_lossy(&said.stdout).starts_with("1 registrations"), "{said:?}");
    let process = world.start();
    let mut member = Device::member(process.address).await;
    assert_eq!(registered(&mut member).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_systemd_credential_is_used_before_the_file_and_never_written() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let credentials = world.root.path().join("credentials");
    std::fs::create_dir(&credentials).expect("made");
    let (credential, file) = (credentials.join("registration-key"), world.root.path().join("data.key"));
    let key = URL_SAFE_NO_PAD.encode([9; 32]);
    std::fs::write(&credential, format!("{key}\n")).expect("written");
    let with_credential = || {
        let mut command = Command::new(BINARY);
        command.env("CREDENTIALS_DIRECTORY", &credentials);
        command
    };
    let mut process = world.start_with(with_credential());
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.done(register(1, phone.subscription(sink.endpoint("one")))).await;
    process.kill();
    assert!(!file.exists(), "no key is made beside a credential");
    // Without it nothing opens; what is in the file instead is not it.
    assert!(refusal(&world).contains("data.key is missing"));
    std::fs::write(&file, URL_SAFE_NO_PAD.encode([8; 32])).expect("written");
    assert!(refusal(&world).contains("forget-registrations"));
    let mut command = with_credential();
    let said =
        command.args(["rotate-registration-key", "--data-dir"]).arg(world.data()).output().expect("runs");
    let said = String::from_utf8(said.stderr).expect("text");
    assert!(said.contains("which the relay does not write") && !said.contains(&key), "{said}");
    let process = world.start_with(with_credential());
    let mut owner = Device::owner(process.address, None).await;
    alert(&mut owner, 1, 700).await;
    assert!(wait_for_all(&[&sink], 1).await);
    assert_eq!(std::fs::read_to_string(&credential).expect("there").trim(), key);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_rotated_and_the_older_one_needed_no_longer() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    register_all(&mut owner, devices(1_500, &phone, &[&sink])).await;
    let said =
        Command::new(BINARY).args(["rotate-registration-key", "--data-dir"]).arg(world.data()).output();
    assert!(said.expect("runs").status.success());
    process.kill();
    let file = world.root.path().join("data.key");
    let keys = std::fs::read_to_string(&file).expect("keys");
    let (new, old) = keys.trim().split_once('\n').expect("two keys");
    // The new one alone opens nothing yet.
    std::fs::write(&file, new).expect("written");
    assert!(refusal(&world).contains("forget-registrations"));
    std::fs::write(&file, [new, old].join("\n")).expect("written");
    let mut process = world.start();
    let log = process.log();
    assert!(log.contains("sealed anew") && log.contains("registrations=1500"), "{log}");
    assert!(log.contains("no longer needed"), "{log}");
    assert!(!log.contains(new) && !log.contains(old));
    process.kill();
    std::fs::write(&file, new).expect("written");
    let process = world.start();
    let mut owner = Device::owner(process.address, None).await;
    alert(&mut owner, 1, 700).await;
    assert!(wait_for_all(&[&sink], 1_500).await);
}
