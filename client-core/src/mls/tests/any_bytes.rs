//! No bytes whatever make the module panic or change a group.

use std::sync::LazyLock;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::mls::{KeyPackageSecret, Saved, SealingSecret, inspect_key_package, open_sealed};
use crate::sorted::Map;

/// Genuine bytes of every kind, to be damaged.
struct Genuine {
    group: Vec<Group>,
    device: Device,
    message: Vec<u8>,
    commit: Vec<u8>,
    welcome: Vec<u8>,
    tree: Vec<u8>,
    secrets: Vec<u8>,
    saved: Saved,
}

static GENUINE: LazyLock<Genuine> = LazyLock::new(|| {
    let mut group = group_of(3);
    let device = Device::new("newcomer");
    let add = [device.package.public.clone()];
    let prepared = group[0].commit(&Change { add: &add, path: true, ..Change::default() }).unwrap();
    let message = group[0].encrypt(b"words").unwrap();
    let mut saved = Saved::default();
    saved.apply(group[1].save().unwrap());
    Genuine {
        group,
        device,
        message,
        commit: prepared.commit,
        welcome: prepared.welcomes[0].clone(),
        tree: prepared.tree,
        secrets: prepared.secrets.to_vec(),
        saved,
    }
});

/// Damage: some bytes replaced, then cut or lengthened.
fn damage() -> impl Strategy<Value = (Vec<(prop::sample::Index, u8)>, prop::sample::Index, Vec<u8>)> {
    (vec((any::<prop::sample::Index>(), 1u8..), 0..4), any::<prop::sample::Index>(), vec(any::<u8>(), 0..8))
}

fn damaged(
    bytes: &[u8],
    (flips, cut, more): &(Vec<(prop::sample::Index, u8)>, prop::sample::Index, Vec<u8>),
) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, xor) in flips {
        let at = at.index(bytes.len());
        bytes[at] ^= xor;
    }
    // Mostly whole: a cut is the same as any other.
    if flips.is_empty() {
        bytes.truncate(cut.index(bytes.len()));
    }
    bytes.extend_from_slice(more);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn random(bytes in vec(any::<u8>(), 0..600)) {
        let genuine = &*GENUINE;
        let mut group = genuine.group[1].clone();
        let before = group.save().unwrap();
        prop_assert!(inspect_key_package(&bytes).is_err());
        prop_assert!(group.open(&bytes).is_err());
        prop_assert!(group.stage(&bytes).is_err());
        prop_assert!(group.apply(&bytes).is_err());
        let (leaf, secret) = (&genuine.device.leaf, &genuine.device.package.secret);
        prop_assert!(Group::join(leaf, secret, &bytes, &bytes).is_err());
        // A row of our own, unsealed: some bytes are one, and then these very bytes.
        if let Ok(secret) = KeyPackageSecret::from_bytes(&bytes) {
            prop_assert_eq!(&secret.to_bytes()[..], &bytes[..]);
        }
        let saved = Saved { state: bytes.clone().into(), tree: Map::from_iter([(0, bytes.clone())]) };
        prop_assert!(Group::load(&saved).is_err());
        let sealing = SealingSecret::from_seed(&[1; 32]).unwrap();
        prop_assert!(open_sealed(&sealing, b"", &bytes).is_err());
        prop_assert_eq!(group.save().unwrap(), before);
    }

    #[test]
    fn nearly_genuine(damage in damage()) {
        let genuine = &*GENUINE;
        let mut group = genuine.group[1].clone();
        let different = |bytes: &[u8]| Some(damaged(bytes, &damage)).filter(|changed| changed != bytes);

        if let Some(package) = different(&genuine.device.package.public) {
            prop_assert!(inspect_key_package(&package).is_err());
            let change = [package];
            let _ = genuine.group[0].clone().commit(&Change { add: &change, ..Change::default() });
        }
        if let Some(message) = different(&genuine.message) {
            prop_assert!(group.open(&message).is_err());
        }
        if let Some(commit) = different(&genuine.commit) {
            prop_assert!(group.stage(&commit).is_err());
        }
        let (leaf, secret) = (&genuine.device.leaf, &genuine.device.package.secret);
        if let Some(welcome) = different(&genuine.welcome) {
            prop_assert!(Group::join(leaf, secret, &welcome, &genuine.tree).is_err());
        }
        if let Some(tree) = different(&genuine.tree) {
            prop_assert!(Group::join(leaf, secret, &genuine.welcome, &tree).is_err());
        }
        if let Some(secrets) = different(&genuine.secrets) {
            prop_assert!(genuine.group[0].apply(&secrets).is_err());
        }
        if let Some(state) = different(&genuine.saved.state) {
            let saved = Saved { state: state.into(), tree: genuine.saved.tree.clone() };
            prop_assert!(Group::load(&saved).is_err());
        }
        if let Some(chunk) = different(&genuine.saved.tree[&0]) {
            let saved = Saved { state: genuine.saved.state.clone(), tree: Map::from_iter([(0, chunk)]) };
            prop_assert!(Group::load(&saved).is_err());
        }

        // And after all of that, the genuine ones.
        let opened = group.open(&genuine.message).unwrap();
        prop_assert_eq!(opened.plaintext.as_slice(), b"words");
        prop_assert!(group.stage(&genuine.commit).is_ok());
    }
}
