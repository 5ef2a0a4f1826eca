//! Stores that should not be opened, and clocks that are wrong.

use campana_core::view::{Status, Warning};
use campana_protocol::report::Finding;
use campana_protocol::wire;

use super::network;
use super::rig::{Rows, VAULT, attest, report};
use crate::core::Core;
use crate::persist::LoadError;
use crate::random::Random;
use crate::rows::Row;
use crate::state::VERSION;
use crate::turn::{Input, Permission, Platform};
use crate::vault::VaultKey;

fn load(rows: &Rows) -> Result<(), LoadError> {
    Core::load(VAULT, [5; 32], rows.clone()).map(|_| ())
}

#[test]
fn a_newer_store_is_left_alone() {
    let (mut world, ids) = network();
    let mut rows = world.devices[ids[0]].rows.clone();
    world.core(ids[0]).device.version = VERSION + 1;
    let newer = wire::encode(&world.core(ids[0]).device);
    let mut put = |content: &[u8]| {
        let key = Row::Device.key();
        let sealed = VAULT.seal(&mut Random::new([1; 32]), &key, content);
        rows.insert(key, sealed);
        load(&rows)
    };
    assert_eq!(put(&newer), Err(LoadError::Newer));
    // Of a version to come nothing is known but where its number is.
    assert_eq!(put(&[0x82, 0x18, 0x63, 0xf6]), Err(LoadError::Newer));
    assert_eq!(put(&[0x9f, 0x18, 0x63, 0xf6, 0xff]), Err(LoadError::Newer));
    for bad in [&[][..], &[0x80], &[0x98], &[0x98, 0x03, 0x01], &[0x01], &newer[..newer.len() - 1]] {
        assert!(put(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_store_that_was_touched_is_damaged() {
    let (mut world, ids) = network();
    report(&mut world, ids[7], false);
    let rows = world.devices[ids[3]].rows.clone();
    assert_eq!(load(&rows), Ok(()));
    let other = VaultKey([2; 32]);
    assert_eq!(Core::load(other, [5; 32], rows.clone()).map(|_| ()), Err(LoadError::Damaged));
    let keys: Vec<Vec<u8>> = rows.keys().cloned().collect();
    for key in &keys {
        let mut changed = rows.clone();
        *changed.get_mut(key).unwrap().last_mut().unwrap() ^= 1;
        assert_eq!(load(&changed), Err(LoadError::Damaged), "changed {}", String::from_utf8_lossy(key));
        let mut cut = rows.clone();
        cut.get_mut(key).unwrap().truncate(10);
        assert_eq!(load(&cut), Err(LoadError::Damaged));
        let mut moved = rows.clone();
        let content = moved.remove(key).unwrap();
        moved.insert([key, &b"x"[..]].concat(), content);
        assert_eq!(load(&moved), Err(LoadError::Damaged));
    }
    for (one, other) in keys.iter().zip(&keys[1..]) {
        let mut exchanged = rows.clone();
        exchanged.insert(one.clone(), rows[other].clone());
        assert_eq!(load(&exchanged), Err(LoadError::Damaged), "rows are bound to their keys");
    }
}

#[test]
fn a_store_without_one_of_its_rows_is_damaged() {
    let (mut world, ids) = network();
    report(&mut world, ids[7], false);
    let rows = world.devices[ids[3]].rows.clone();
    // People, incidents and jobs come and go, each in a row of its own; the rest belongs together.
    let needed = |key: &[u8]| b"damgts".contains(&key[0]);
    for key in rows.keys().filter(|key| needed(key)) {
        let mut without = rows.clone();
        without.remove(key);
        assert_eq!(load(&without), Err(LoadError::Damaged), "without {key:?}");
    }
}

#[test]
fn a_device_in_no_network_opens_again_whatever_its_platform_allows() {
    let mut core = Core::load(VAULT, [5; 32], Rows::new()).expect("nothing");
    let platform = Platform { permission: Permission::Denied, ..Platform::default() };
    let turn = core.turn(1, Input::Platform(platform));
    let rows: Rows =
        turn.changes.into_iter().filter_map(|change| Some((change.key, change.value?))).collect();
    assert!(!rows.is_empty(), "it is kept");
    assert_eq!(load(&rows), Ok(()));
}

#[test]
fn a_clock_ten_years_off_says_so_and_works() {
    const TEN_YEARS: u64 = 3_652 * super::rig::DAY;
    for past in [true, false] {
        let (mut world, ids) = network();
        let phone = ids[3];
        world.devices[phone].clock = if past { -(TEN_YEARS as i64) } else { TEN_YEARS as i64 };
        world.connect(phone);
        world.settle();
        assert_eq!(world.view(phone).warnings, [Warning::ClockOff]);
        let incident = report(&mut world, ids[7], false);
        super::clocks::insist(&mut world, phone, incident);
        attest(&mut world, ids[4], incident, Finding::Confirmed);
        world.settle();
        for id in &ids {
            assert_eq!(world.incident(*id).expect("the alert").status, Status::Verified, "past: {past}");
        }
        world.pass(60_000);
        world.assert_converged(&ids);
    }
}
