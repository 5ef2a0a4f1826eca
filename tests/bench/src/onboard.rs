//! How long it takes to take in many members at once, and what each of them pays.

use std::time::Instant;

use campana_core::mls::{Change, Changes, Group, KeyPackage, Leaf, Saved, key_package};
use serde_json::{Value, json};

/// Bytes of an alert before encryption.
const ALERT: usize = 256;

/// Measures a group of `members`, all but one admitted by one commit; in milliseconds,
/// microseconds and bytes of this machine.
pub(crate) fn onboard(members: usize) -> Value {
    let mut measured = admission(1, members - 1);
    merge(&mut measured, crate::rekey::rekey(members));
    let late = admission(200, 1800);
    measured["late_1800_admit_ms"] = late["admit_ms"].clone();
    measured["late_1800_join_ms"] = late["join_ms"].clone();
    measured["late_1800_join_bytes"] = late["join_bytes"].clone();
    measured
}

struct Device {
    leaf: Leaf,
    package: KeyPackage,
}

fn device(i: usize) -> Device {
    let leaf = Leaf::generate().expect("randomness");
    let package = key_package(&leaf, &(i as u64).to_be_bytes()).expect("a key package");
    Device { leaf, package }
}

/// `newcomers` join a group of `existing`.
fn admission(existing: usize, newcomers: usize) -> Value {
    let leaf = Leaf::generate().expect("randomness");
    let mut committee = Group::create(&leaf, b"committee", &[1; 32], &[2; 64]).expect("a group");
    if existing > 1 {
        committee = admit(&mut committee, &(1..existing).map(device).collect::<Vec<_>>()).0;
    }
    let devices: Vec<Device> = (existing..existing + newcomers).map(device).collect();
    committee.save().expect("saving");

    let start = Instant::now();
    let (mut committee, welcomes, tree) = admit(&mut committee, &devices);
    let admitted = size(&committee.save().expect("saving"));
    let admit_ms = start.elapsed().as_secs_f64() * 1e3;

    let (joiner, welcome) = devices.iter().zip(&welcomes).next_back().expect("somebody joined");
    let start = Instant::now();
    let mut member = Group::join(&joiner.leaf, &joiner.package.secret, welcome, &tree).expect("joining");
    let first = member.save().expect("saving");
    let join_ms = start.elapsed().as_secs_f64() * 1e3;
    let joined = size(&first);
    let mut saved = Saved::default();
    saved.apply(first);
    let start = Instant::now();
    Group::load(&saved).expect("loading");
    let load_ms = start.elapsed().as_secs_f64() * 1e3;

    let crowd = crowd(&devices, &welcomes, &tree, &member);
    let messages = talk(&mut committee, &mut member);
    let commits = commits(committee, member);
    let mut measured = json!({
        "members": existing + newcomers,
        "admit_ms": admit_ms,
        "admit_persisted_bytes": admitted,
        "join_ms": join_ms,
        "join_bytes": tree.len() + welcome.len(),
        "welcome_bytes": welcome.len(),
        "joined_persisted_bytes": joined,
        "load_ms": load_ms,
    });
    merge(&mut measured, crowd);
    merge(&mut measured, messages);
    merge(&mut measured, commits);
    measured
}

fn admit(committee: &mut Group, devices: &[Device]) -> (Group, Vec<Vec<u8>>, Vec<u8>) {
    let add: Vec<Vec<u8>> = devices.iter().map(|device| device.package.public.clone()).collect();
    let prepared = committee.commit(&Change { add: &add, ..Change::default() }).expect("a commit");
    let after = committee.apply(&prepared.secrets).expect("applying it");
    (after, prepared.welcomes, prepared.tree)
}

/// State of a member who has heard 100 others in one epoch: it grows with each new sender. Of large groups ten, for
/// each has to join first.
fn crowd(devices: &[Device], welcomes: &[Vec<u8>], tree: &[u8], member: &Group) -> Value {
    let mut member = member.clone();
    let senders = devices
        .iter()
        .zip(welcomes)
        .step_by((devices.len() / 100).max(1))
        .take(if devices.len() > 2_500 { 10 } else { 100 });
    let mut heard = 0;
    for (device, welcome) in senders {
        let joined = Group::join(&device.leaf, &device.package.secret, welcome, tree);
        let message = joined.expect("joining").encrypt(&[3; ALERT]).expect("encrypting");
        heard += usize::from(member.open(&message).is_ok());
    }
    json!({ "senders_heard": heard, "state_after_them_bytes": member.save().expect("saving").state.len() })
}

fn talk(committee: &mut Group, member: &mut Group) -> Value {
    const MESSAGES: usize = 100;
    let start = Instant::now();
    let messages: Vec<Vec<u8>> =
        (0..MESSAGES).map(|_| committee.encrypt(&[3; ALERT]).expect("encrypting")).collect();
    let encrypt_us = micros(start) / MESSAGES as f64;

    let start = Instant::now();
    messages.iter().for_each(|message| drop(member.open(message).expect("opening")));
    let decrypt_us = micros(start) / MESSAGES as f64;

    let message = committee.encrypt(&[3; ALERT]).expect("encrypting");
    let mut tampered = message.clone();
    *tampered.last_mut().expect("not empty") ^= 1;
    let start = Instant::now();
    member.open(&tampered).expect_err("tampered");
    let tampered_us = micros(start);
    member.open(&message).expect("the genuine one");

    let start = Instant::now();
    let changes = member.save().expect("saving");
    let save_us = micros(start);
    let copy = Instant::now();
    drop(member.clone());
    json!({
        "message_bytes": message.len(),
        "encrypt_us": encrypt_us,
        "decrypt_us": decrypt_us,
        "tampered_us": tampered_us,
        "save_us": save_us,
        "clone_us": micros(copy),
        "persisted_per_message_bytes": size(&changes),
    })
}

fn commits(mut committee: Group, mut member: Group) -> Value {
    let newcomer = device(usize::MAX);
    let add = [newcomer.package.public];
    let mut measured = json!({});
    for (name, change) in [
        ("add", Change { add: &add, ..Change::default() }),
        ("remove_blank_tree", Change { remove: &[0x10], ..Change::default() }),
        ("remove_again", Change { remove: &[0x11], ..Change::default() }),
    ] {
        // The founder keeps place 0, so 0x10 and 0x11 are ordinary members.
        let start = Instant::now();
        let prepared = committee.commit(&change).expect("a commit");
        let commit_us = micros(start);
        let start = Instant::now();
        let staged = member.stage(&prepared.commit).expect("staging");
        let stage_us = micros(start);
        member = staged.group;
        let persisted = size(&member.save().expect("saving"));
        committee = committee.apply(&prepared.secrets).expect("applying");
        committee.save().expect("saving");
        measured[format!("{name}_commit_ms")] = json!(commit_us / 1e3);
        measured[format!("{name}_stage_ms")] = json!(stage_us / 1e3);
        measured[format!("{name}_bytes")] = json!(prepared.commit.len());
        measured[format!("{name}_secrets_bytes")] = json!(prepared.secrets.len());
        measured[format!("persisted_per_{name}_bytes")] = json!(persisted);
        if name == "remove_again" {
            measured["persisted_per_commit_bytes"] = json!(persisted);
        }
    }
    measured
}

fn size(changes: &Changes) -> usize {
    let chunks: usize = changes.chunks.iter().map(|(_, c)| 4 + c.as_ref().map_or(0, Vec::len)).sum();
    changes.state.len() + chunks
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn micros(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6
}
