//! What a malicious relay or member may try.

use mls_rs::{
    CipherSuite, Client, Extension, ExtensionList, MlsMessage, ProtocolVersion,
    client_builder::MlsConfig,
    extension::ExtensionType,
    group::proposal::{CustomProposal, ProposalType},
    identity::{SigningIdentity, basic::BasicCredential},
    mls_rules::{DefaultMlsRules, EncryptionOptions},
};

use super::*;
use crate::mls::{CONTEXT_EXTENSION, MlsError, provider::Provider};

#[test]
fn a_tampered_copy_spoils_nothing() {
    let mut group = group_of(3);
    let messages: Vec<Vec<u8>> = (0..3).map(|i| group[0].encrypt(&[i; 40]).unwrap()).collect();
    let receiver = &mut group[1];
    receiver.open(&messages[0]).unwrap();
    for at in [30, 60, 100, messages[1].len() - 1] {
        let mut tampered = messages[1].clone();
        tampered[at] ^= 1;
        assert!(receiver.open(&tampered).is_err(), "byte {at}");
    }
    assert_eq!(receiver.open(&messages[1]).unwrap().plaintext.as_slice(), [1; 40]);
    // Seen before: each message opens once.
    assert_eq!(receiver.open(&messages[0]), Err(MlsError::Undecryptable));
    assert_eq!(receiver.open(&messages[1]), Err(MlsError::Undecryptable));
    assert_eq!(receiver.open(&messages[2]).unwrap().plaintext.as_slice(), [2; 40]);
    speak(&mut group, 1, b"all is well");
}

/// Far beyond what is kept to walk again.
#[test]
fn a_tampered_copy_after_many_messages() {
    let mut group = group_of(2);
    for i in 0..150u8 {
        let message = group[0].encrypt(&[i]).unwrap();
        let mut tampered = message.clone();
        *tampered.last_mut().unwrap() ^= 1;
        assert_eq!(group[1].open(&tampered), Err(MlsError::Undecryptable));
        assert_eq!(group[1].open(&message).unwrap().plaintext.as_slice(), [i]);
    }
}

#[test]
fn a_tampered_commit_spoils_nothing() {
    let mut group = group_of(3);
    let prepared = group[0].commit(&Change { path: true, ..Change::default() }).unwrap();
    let mut tampered = prepared.commit.clone();
    *tampered.last_mut().unwrap() ^= 1;
    assert_eq!(group[1].stage(&tampered).unwrap_err(), MlsError::Undecryptable);
    assert_eq!(group[1].stage(&prepared.commit).unwrap().group.epoch(), 2);
    assert_eq!(group[1].open(&prepared.commit), Err(MlsError::Invalid));
    let message = group[0].encrypt(b"words").unwrap();
    assert_eq!(group[1].stage(&message).unwrap_err(), MlsError::Invalid);
}

/// Keys of skipped messages are kept, but not without end.
#[test]
fn skipping_on_purpose_fills_no_store() {
    let mut group = group_of(2);
    let messages: Vec<Vec<u8>> = (0..300).map(|_| group[0].encrypt(b"x").unwrap()).collect();
    let receiver = &mut group[1];
    receiver.save().unwrap();
    assert_eq!(receiver.open(&messages[257]), Err(MlsError::TooFarAhead));
    receiver.open(&messages[256]).unwrap();
    assert!(receiver.save().unwrap().state.len() < 20_000);
    assert_eq!(receiver.open(&messages[257]).map(|_| ()), Ok(()));
    assert_eq!(receiver.open(&messages[299]), Err(MlsError::TooFarAhead));
    // Nor after a restart.
    let mut saved = crate::mls::Saved::default();
    group_saved(receiver, &mut saved);
    let mut receiver = Group::load(&saved).unwrap();
    assert_eq!(receiver.open(&messages[299]), Err(MlsError::TooFarAhead));
    // Caught up, and the state is small again.
    for message in messages[..256].iter().chain(&messages[258..]) {
        receiver.open(message).unwrap();
    }
    assert!(receiver.save().unwrap().state.len() < 1_500);
}

fn group_saved(group: &Group, saved: &mut crate::mls::Saved) {
    let mut whole = group.clone();
    whole.stored = Default::default();
    saved.apply(whole.save().unwrap());
}

type Raw<C> = mls_rs::Group<C>;

/// A member who uses the library without our rules.
fn rogue(leaf: &Leaf, controls_encrypted: bool) -> Client<impl MlsConfig + use<>> {
    let credential = BasicCredential::new(leaf.public().0.to_vec()).into_credential();
    let identity = SigningIdentity::new(credential, leaf.public().as_bytes().to_vec().into());
    let options = EncryptionOptions::new(controls_encrypted, mls_rs::client_builder::PaddingMode::None);
    Client::builder()
        .crypto_provider(Provider)
        .identity_provider(mls_rs::identity::basic::BasicIdentityProvider::new())
        .mls_rules(DefaultMlsRules::new().with_encryption_options(options))
        .extension_types([CONTEXT_EXTENSION.into(), OTHER.into()])
        .custom_proposal_type(CUSTOM)
        .signing_identity(identity, leaf.library_key(), CipherSuite::CURVE25519_CHACHA)
        .build()
}

const OTHER: u16 = 0xF0CB;
const CUSTOM: ProposalType = ProposalType::new(0xF0CC);

/// Three of ours and the rogue.
fn infiltrated<C: MlsConfig>(rogue: &Client<C>) -> (Vec<Group>, Raw<C>) {
    let mut group = group_of(3);
    let package = rogue.generate_key_package_message(Default::default(), Default::default(), None).unwrap();
    let add = [package.to_bytes().unwrap()];
    let prepared = group[0].commit(&Change { add: &add, ..Change::default() }).unwrap();
    for member in &mut group[1..] {
        *member = member.stage(&prepared.commit).unwrap().group;
    }
    group[0] = group[0].apply(&prepared.secrets).unwrap();
    let tree = crate::mls::tree::parse(&prepared.tree).unwrap();
    let welcome = MlsMessage::from_bytes(&prepared.welcomes[0]).unwrap();
    let (raw, _) = rogue.join_group(Some(tree), &welcome, None).unwrap();
    (group, raw)
}

fn refused(group: &[Group], commit: &MlsMessage) {
    let bytes = commit.to_bytes().unwrap();
    for member in group {
        assert_eq!(member.stage(&bytes).unwrap_err(), MlsError::Invalid, "{member:?}");
        assert_eq!(member.clone().open(&bytes).unwrap_err(), MlsError::Invalid);
    }
}

fn with_other(group: &Group) -> ExtensionList {
    let mut list = crate::mls::context::extensions(&group.context());
    list.set(Extension::new(ExtensionType::new(OTHER), vec![]));
    list
}

#[test]
fn other_kinds_of_proposal_are_refused() {
    let client = rogue(&Leaf::generate().unwrap(), true);
    let (mut group, mut raw) = infiltrated(&client);
    let reinit = raw
        .clone()
        .commit_builder()
        .reinit(None, ProtocolVersion::MLS_10, CipherSuite::CURVE25519_CHACHA, with_other(&group[0]))
        .unwrap()
        .build();
    refused(&group, &reinit.unwrap().commit_message);
    let bare = raw.clone().commit_builder().set_group_context_ext(ExtensionList::new()).unwrap().build();
    refused(&group, &bare.unwrap().commit_message);
    // What our devices do not announce the library does not even commit to.
    let other = with_other(&group[0]);
    assert!(raw.clone().commit_builder().set_group_context_ext(other).unwrap().build().is_err());
    let custom = CustomProposal::new(CUSTOM, vec![1]);
    assert!(raw.clone().commit_builder().custom_proposal(custom).build().is_err());

    // What is allowed works for the same member, so it was the kind that was refused.
    let commit = raw.commit_builder().remove_member(2).unwrap().build().unwrap().commit_message;
    let staged = group[0].stage(&commit.to_bytes().unwrap()).unwrap();
    assert_eq!((staged.sender, staged.removed[0].index), (3, 2));
    speak(&mut group, 0, b"unimpressed");
}

#[test]
fn a_committer_stays_who_they_are() {
    let leaf = Leaf::generate().unwrap();
    let client = rogue(&leaf, true);
    let (group, raw) = infiltrated(&client);
    let (current, _) = client.signing_identity().unwrap();
    let other = Leaf::generate().unwrap();
    let identity = |leaf: &Leaf, name: &[u8]| {
        let credential = BasicCredential::new(name.to_vec()).into_credential();
        SigningIdentity::new(credential, leaf.public().as_bytes().to_vec().into())
    };
    let changed = [identity(&other, &leaf.public().0), {
        let mut same_key = current.clone();
        same_key.credential = BasicCredential::new(b"committee".to_vec()).into_credential();
        same_key
    }];
    for (new, key) in changed.into_iter().zip([other.library_key(), leaf.library_key()]) {
        for remove in [None, Some(2)] {
            let mut raw = raw.clone();
            let mut builder = raw.commit_builder().set_new_signing_identity(key.clone(), new.clone());
            if let Some(index) = remove {
                builder = builder.remove_member(index).unwrap();
            }
            // The removed member judges like all the others.
            refused(&group, &builder.build().unwrap().commit_message);
        }
    }
}

#[test]
fn an_unencrypted_commit_is_refused() {
    let client = rogue(&Leaf::generate().unwrap(), false);
    let (group, mut raw) = infiltrated(&client);
    refused(&group, &raw.commit(vec![]).unwrap().commit_message);
}

#[test]
fn nobody_joins_from_outside() {
    let client = rogue(&Leaf::generate().unwrap(), true);
    let (mut group, raw) = infiltrated(&client);
    let info = raw.group_info_message_allowing_ext_commit(true).unwrap();
    let stranger = rogue(&Leaf::generate().unwrap(), true);
    let (_, commit) = stranger.commit_external(info).unwrap();
    refused(&group, &commit);
    speak(&mut group, 0, b"nobody came");
}

#[test]
fn a_device_that_does_not_know_our_extension_is_refused() {
    let leaf = Leaf::generate().unwrap();
    let credential = BasicCredential::new(b"old".to_vec()).into_credential();
    let identity = SigningIdentity::new(credential, leaf.public().as_bytes().to_vec().into());
    let client = Client::builder()
        .crypto_provider(Provider)
        .identity_provider(mls_rs::identity::basic::BasicIdentityProvider::new())
        .signing_identity(identity, leaf.library_key(), CipherSuite::CURVE25519_CHACHA)
        .build();
    let package = client.generate_key_package_message(Default::default(), Default::default(), None).unwrap();
    let bytes = package.to_bytes().unwrap();
    assert_eq!(crate::mls::inspect_key_package(&bytes), Err(MlsError::Invalid));
    let change = [bytes];
    let refused = group_of(2)[0].commit(&Change { add: &change, ..Change::default() });
    assert_eq!(refused.unwrap_err(), MlsError::Invalid);
}
