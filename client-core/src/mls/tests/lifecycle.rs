//! Members come, speak, commit and go.

use super::*;
use crate::mls::{MlsError, inspect_key_package};

/// A group may cross threads.
const fn sent<T: Send + Sync>() {}
const _: () = sent::<Group>();

#[test]
fn a_group_lives() {
    let mut group = group_of(3);
    agree(&group);
    assert_eq!((group[0].epoch(), group[0].len(), group[0].id()), (1, 3, b"group".as_slice()));
    for by in 0..3 {
        assert_eq!(group[by].own_index() as usize, by);
        assert_eq!(group[0].find(&group[by].own_key()), Some(by as u32));
        assert_eq!(group[0].member(by as u32).unwrap().credential, format!("member {by}").as_bytes());
        speak(&mut group, by, b"hello");
    }
    assert_eq!(group[0].member(3), None);

    commit_by(&mut group, 1, &Change { path: true, ..Change::default() });
    commit_by(&mut group, 2, &Change { context: Some(b"context 1"), ..Change::default() });
    assert_eq!(group[0].context(), b"context 1");
    let newcomer = Device::new("member 3");
    let (_, joined) = {
        let add = [newcomer.package.public.clone()];
        let prepared = group[2].commit(&Change { add: &add, ..Change::default() }).unwrap();
        for member in [0, 1] {
            let staged = group[member].stage(&prepared.commit).unwrap();
            assert_eq!(staged.added, [staged.group.member(3).unwrap()]);
            assert_eq!(staged.added[0].key, newcomer.leaf.public());
            assert_eq!((staged.context, staged.removed.len()), (None, 0));
            group[member] = staged.group;
        }
        group[2] = group[2].apply(&prepared.secrets).unwrap();
        ((), newcomer.join(&prepared.welcomes[0], &prepared.tree))
    };
    group.push(joined);
    agree(&group);
    speak(&mut group, 3, b"thanks for having me");
    speak(&mut group, 0, b"welcome");
}

#[test]
fn the_removed_hear_no_more() {
    let mut group = group_of(4);
    let change = Change { remove: &[1], ..Change::default() };
    let prepared = group[0].commit(&change).unwrap();
    let mut gone = group.remove(1);
    let expected = gone.member(1).unwrap();

    let staged = gone.stage(&prepared.commit).unwrap();
    assert!(staged.removed_self);
    assert_eq!(staged.removed, std::slice::from_ref(&expected));
    assert_eq!(staged.group.epoch(), gone.epoch());

    let before = group[0].clone();
    group[0] = before.apply(&prepared.secrets).unwrap();
    for member in &mut group[1..] {
        let staged = member.stage(&prepared.commit).unwrap();
        assert!(!staged.removed_self);
        assert_eq!(staged.removed, std::slice::from_ref(&expected));
        *member = staged.group;
    }
    agree(&group);
    assert_eq!((group[0].len(), group[0].member(1)), (3, None));
    let message = group[0].encrypt(b"without you").unwrap();
    assert_eq!(gone.open(&message), Err(MlsError::WrongEpoch));
    assert!(group[1].open(&message).is_ok());
}

/// Removed and added at once: who removes us also tells us who comes, at their right places.
#[test]
fn places_are_taken_again() {
    let mut group = group_of(5);
    let newcomers: Vec<Device> = (5..8).map(|i| Device::new(&format!("member {i}"))).collect();
    let add: Vec<Vec<u8>> = newcomers.iter().map(|device| device.package.public.clone()).collect();
    let change = Change { add: &add, remove: &[3, 1], context: Some(b"c"), path: false };
    let prepared = group[0].commit(&change).unwrap();
    let staged: Vec<_> = [1, 2].map(|i| group[i].stage(&prepared.commit).unwrap()).into();
    assert_eq!(staged[0].added, staged[1].added);
    assert_eq!(staged[1].context.as_deref(), Some(b"c".as_slice()));
    assert_eq!(staged[1].added.iter().map(|member| member.index).collect::<Vec<_>>(), [1, 3, 5]);
    let after = group[0].apply(&prepared.secrets).unwrap();
    assert_eq!(after.epoch_authenticator(), staged[1].group.epoch_authenticator());
    for (device, member) in newcomers.iter().zip(&staged[1].added) {
        assert_eq!(after.find(&device.leaf.public()), Some(member.index));
    }
    for (device, welcome) in newcomers.iter().zip(&prepared.welcomes) {
        assert_eq!(device.join(welcome, &prepared.tree).epoch_authenticator(), after.epoch_authenticator());
    }
}

#[test]
fn the_other_commit_wins() {
    let mut group = group_of(3);
    let mine = group[0].commit(&Change { remove: &[2], ..Change::default() }).unwrap();
    let theirs = group[1].commit(&Change { context: Some(b"theirs"), ..Change::default() }).unwrap();

    // In the log theirs comes first.
    group[0] = group[0].stage(&theirs.commit).unwrap().group;
    group[1] = group[1].apply(&theirs.secrets).unwrap();
    group[2] = group[2].stage(&theirs.commit).unwrap().group;
    agree(&group);
    assert_eq!(group[1].stage(&mine.commit).unwrap_err(), MlsError::WrongEpoch);
    assert_eq!(group[0].apply(&mine.secrets).unwrap_err(), MlsError::WrongEpoch);

    let again = group[0].commit(&Change { remove: &[2], ..Change::default() }).unwrap();
    group.truncate(2);
    group[0] = group[0].apply(&again.secrets).unwrap();
    group[1] = group[1].stage(&again.commit).unwrap().group;
    agree(&group);
    speak(&mut group, 0, b"still here");
}

/// Messages sent and received between preparing a commit and seeing it do no harm.
#[test]
fn talk_while_a_commit_is_under_way() {
    let mut group = group_of(3);
    let prepared = group[0].commit(&Change { path: true, ..Change::default() }).unwrap();
    speak(&mut group, 0, b"one");
    speak(&mut group, 1, b"two");
    for member in &mut group[1..] {
        *member = member.stage(&prepared.commit).unwrap().group;
    }
    group[0] = group[0].apply(&prepared.secrets).unwrap();
    agree(&group);
    speak(&mut group, 2, b"three");
}

#[test]
fn our_own_messages_come_back() {
    let mut group = group_of(2);
    let message = group[0].encrypt(b"echo").unwrap();
    assert_eq!(group[0].open(&message), Err(MlsError::OwnMessage));
    let prepared = group[0].commit(&Change { path: true, ..Change::default() }).unwrap();
    assert_eq!(group[0].stage(&prepared.commit).unwrap_err(), MlsError::OwnMessage);
    speak(&mut group, 0, b"goes on");
}

#[test]
fn what_cannot_be_committed() {
    let mut group = group_of(3);
    let stranger = Device::new("stranger");
    let add = |bytes: &[u8]| [bytes.to_vec()];
    let twice = [stranger.package.public.clone(), stranger.package.public.clone()];
    let own = group[0].own_index();
    for change in [
        Change { add: &add(b"nonsense"), ..Change::default() },
        Change { add: &twice, ..Change::default() },
        Change { remove: &[7], ..Change::default() },
        Change { remove: &[1, 1], ..Change::default() },
        Change { remove: &[own], ..Change::default() },
    ] {
        assert_eq!(group[0].commit(&change).unwrap_err(), MlsError::Invalid, "{change:?}");
    }
    // A second key package of a member: their key is in the group already.
    let (after, _) = admit(&mut group[0], std::slice::from_ref(&stranger));
    let again = key_package(&stranger.leaf, b"stranger").unwrap();
    let change = Change { add: &add(&again.public), ..Change::default() };
    assert_eq!(after.clone().commit(&change).unwrap_err(), MlsError::Invalid);
    speak(&mut group, 0, b"nothing happened");
}

#[test]
fn key_packages_tell_who_they_are_for() {
    let device = Device::new("somebody");
    let newcomer = inspect_key_package(&device.package.public).unwrap();
    assert_eq!(
        (newcomer.key, newcomer.credential.as_slice()),
        (device.leaf.public(), b"somebody".as_slice())
    );
    let message = group_of(2)[0].encrypt(b"not a key package").unwrap();
    assert_eq!(inspect_key_package(&message), Err(MlsError::Invalid));
    for i in 0..device.package.public.len() {
        let mut changed = device.package.public.clone();
        changed[i] ^= 1;
        assert_eq!(inspect_key_package(&changed), Err(MlsError::Invalid), "byte {i}");
    }
}

#[test]
fn a_welcome_is_for_one_device_and_one_tree() {
    let devices = [Device::new("a"), Device::new("b")];
    let mut founder = group_of(1).remove(0);
    let add: Vec<Vec<u8>> = devices.iter().map(|device| device.package.public.clone()).collect();
    let prepared = founder.commit(&Change { add: &add, ..Change::default() }).unwrap();
    let [a, b] = &devices;
    let join = |device: &Device, welcome: usize, tree: &[u8]| {
        Group::join(&device.leaf, &device.package.secret, &prepared.welcomes[welcome], tree).map(|_| ())
    };
    assert!(join(a, 1, &prepared.tree).is_err());
    assert!(Group::join(&b.leaf, &a.package.secret, &prepared.welcomes[0], &prepared.tree).is_err());
    let other = group_of(3);
    let foreign = other[0].clone().commit(&Change { add: &add[..1], ..Change::default() }).unwrap().tree;
    assert!(join(a, 0, &foreign).is_err());
    assert!(join(a, 0, &prepared.tree[1..]).is_err());
    join(a, 0, &prepared.tree).unwrap();
    join(b, 1, &prepared.tree).unwrap();
}
