//! What MLS allows and we do not, made by an implementation that does.

use campana_core::mls::MlsError;
use openmls::{
    prelude::{tls_codec::*, *},
    schedule::{ExternalPsk, PreSharedKeyId, Psk},
};

use crate::{
    exchanges::{agree, ours_and_theirs, talk},
    other::{self, Other, message},
};

#[test]
fn nobody_joins_by_an_external_commit() {
    let (mut ours, mut theirs) = ours_and_theirs();
    let info = theirs
        .group()
        .export_group_info(theirs.provider.crypto(), &theirs.signer, true)
        .unwrap()
        .tls_serialize_detached()
        .unwrap();
    let MlsMessageBodyIn::GroupInfo(info) = message(&info).extract() else { panic!("a group info") };
    let stranger = Other::new("stranger");
    let parameters = LeafNodeParameters::builder().with_capabilities(other::capabilities()).build();
    let (_, bundle) = MlsGroup::external_commit_builder()
        .with_config(other::join_config())
        .build_group(&stranger.provider, info, stranger.credential())
        .unwrap()
        .leaf_node_parameters(parameters)
        .load_psks(stranger.provider.storage())
        .unwrap()
        .build(stranger.provider.rand(), stranger.provider.crypto(), &stranger.signer, |_| true)
        .unwrap()
        .finalize(&stranger.provider)
        .unwrap();
    let commit = bundle.into_commit().tls_serialize_detached().unwrap();
    assert_eq!(ours.stage(&commit).unwrap_err(), MlsError::Invalid);
    talk(&mut ours, &mut theirs);
}

/// A proposal on its own, then a commit to it by reference.
#[test]
fn proposals_by_reference_do_not_count() {
    let (mut ours, mut theirs) = ours_and_theirs();
    let add = [Other::new("third").key_package()];
    let prepared = theirs.prepare(&other::Change { add: &add, ..Default::default() });
    ours = ours.stage(&prepared.commit).unwrap().group;
    theirs.take_own();

    let group = theirs.group.as_mut().unwrap();
    let (proposal, _) =
        group.propose_remove_member(&theirs.provider, &theirs.signer, LeafNodeIndex::new(2)).unwrap();
    let proposal = proposal.tls_serialize_detached().unwrap();
    assert_eq!(ours.stage(&proposal).unwrap_err(), MlsError::Invalid);
    assert_eq!(ours.open(&proposal).unwrap_err(), MlsError::Invalid);
    let (commit, ..) = group.commit_to_pending_proposals(&theirs.provider, &theirs.signer).unwrap();
    let commit = commit.tls_serialize_detached().unwrap();
    assert_eq!(ours.stage(&commit).unwrap_err(), MlsError::Invalid);

    group.clear_pending_commit(theirs.provider.storage()).unwrap();
    group.clear_pending_proposals(theirs.provider.storage()).unwrap();
    agree(&ours, &theirs);
    talk(&mut ours, &mut theirs);
}

/// Whoever does not have the key would be left behind.
#[test]
fn pre_shared_keys_do_not_count() {
    let (mut ours, mut theirs) = ours_and_theirs();
    let psk = Psk::External(ExternalPsk::new(b"psk".to_vec()));
    let psk = PreSharedKeyId::new(other::SUITE, theirs.provider.rand(), psk).unwrap();
    psk.store(&theirs.provider, &[1; 32]).unwrap();
    let group = theirs.group.as_mut().unwrap();
    group.propose_pre_shared_key_by_value(&theirs.provider, &theirs.signer, psk).unwrap();
    let (commit, ..) = group.commit_to_pending_proposals(&theirs.provider, &theirs.signer).unwrap();
    let commit = commit.tls_serialize_detached().unwrap();
    assert_eq!(ours.stage(&commit).unwrap_err(), MlsError::Invalid);

    group.clear_pending_commit(theirs.provider.storage()).unwrap();
    group.clear_pending_proposals(theirs.provider.storage()).unwrap();
    agree(&ours, &theirs);
    talk(&mut ours, &mut theirs);
}

#[test]
fn a_tampered_copy_comes_first() {
    let (mut ours, mut theirs) = ours_and_theirs();
    let message = theirs.say(b"words");
    let mut tampered = message.clone();
    *tampered.last_mut().unwrap() ^= 1;
    assert_eq!(ours.open(&tampered), Err(MlsError::Undecryptable));
    assert_eq!(ours.open(&message).unwrap().plaintext.as_slice(), b"words");
    assert_eq!(ours.open(&message), Err(MlsError::Undecryptable));
}
