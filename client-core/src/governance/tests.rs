#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use campana_protocol::frame::Secret;
use campana_protocol::governance::{Approval, RULES, Zone};
use campana_protocol::id::{ChannelId, MailboxId, SealingKey};
use proptest::prelude::*;

use super::*;
use crate::keys::KeyPair;

pub(crate) fn key(seed: u8) -> KeyPair {
    KeyPair::derive(&Secret([seed; 32]), "test")
}

pub(crate) fn charter(n: u8, k: u8) -> Charter {
    Charter {
        name: "Valle".into(),
        founder: key(0).public(),
        committee_size: n,
        threshold: k,
        verify_threshold: 2,
        created_at: 0,
        broadcast: ChannelId([1; 32]),
        desk: ChannelId([2; 32]),
        committee: ChannelId([3; 32]),
        desk_mailbox: DeskMailbox { mailbox: MailboxId([4; 32]), sealing: SealingKey([5; 32]) },
    }
}

fn sign(statement: &Statement, signers: &[u8]) -> SignedStatement {
    let statement = wire::encode(statement);
    let digest = statement_digest(&statement);
    let approve = |seed: &u8| Approval { key: key(*seed).public(), signature: key(*seed).sign_hash(&digest) };
    SignedStatement { signatures: signers.iter().map(approve).collect(), statement }
}

fn statement(governance: &Governance, nonce: u8, operations: Vec<Operation>) -> Statement {
    Statement {
        network: governance.network(),
        nonce: [nonce; 16],
        drafted_at: governance.height(),
        operations,
        rule: None,
    }
}

/// An operation of a later version, as its bytes are.
pub(crate) fn later_operation() -> Operation {
    let encoded = wire::encode(&(77u32, ("a later thing", 3u8)));
    Operation::Unknown { number: 77, encoded }
}

fn constitute(seeds: core::ops::Range<u8>, threshold: u8) -> Operation {
    Operation::Constitute { committee: seeds.map(|seed| key(seed).public()).collect(), threshold }
}

/// Committee devices 0, 1 and 2, two of which sign; members are 10 and more.
pub(crate) fn two_of_three() -> Governance {
    let mut governance = Governance::genesis(charter(3, 2)).unwrap();
    let founding = statement(&governance, 0, vec![constitute(0..3, 2)]);
    governance.apply(&sign(&founding, &[0, 1, 2])).unwrap();
    governance
}

pub(crate) fn grant(governance: &mut Governance, nonce: u8, seed: u8, role: Role) {
    let grant = statement(governance, nonce, vec![Operation::Grant { role_key: key(seed).public(), role }]);
    governance.apply(&sign(&grant, &[0, 1])).unwrap();
}

fn verifier(seed: u8) -> Vec<Operation> {
    vec![Operation::Grant { role_key: key(seed).public(), role: Role::Verifier }]
}

#[test]
fn only_as_many_members_of_the_committee_as_the_threshold_says() {
    let before = two_of_three();
    let draft = statement(&before, 1, verifier(10));
    let refused: [&[u8]; 6] = [&[], &[0], &[0, 0], &[1, 1, 1], &[0, 10, 11, 12], &[10, 11]];
    for signers in refused {
        let mut governance = before.clone();
        let result = governance.apply(&sign(&draft, signers));
        assert_eq!(result, Err(GovernanceError::BelowThreshold), "{signers:?}");
        assert!(same(&governance, &before), "a refused statement changes nothing");
    }
    for signers in [&[0, 1][..], &[2, 1], &[0, 1, 2], &[10, 11, 0, 12, 2]] {
        let mut governance = before.clone();
        governance.apply(&sign(&draft, signers)).unwrap();
        assert!(governance.holds(&key(10).public(), Role::Verifier));
    }
}

#[test]
fn a_signature_of_another_statement_or_key_does_not_count() {
    let before = two_of_three();
    let draft = sign(&statement(&before, 1, verifier(10)), &[0, 1]);
    let other = sign(&statement(&before, 2, verifier(11)), &[0, 1]);
    let mut stolen = draft.clone();
    stolen.signatures.clone_from(&other.signatures);
    let mut swapped = draft.clone();
    swapped.signatures[0].key = key(2).public();
    let mut torn = draft;
    torn.signatures[0].signature.0[40] ^= 1;
    for forged in [stolen, swapped, torn] {
        assert_eq!(before.clone().apply(&forged), Err(GovernanceError::BelowThreshold));
    }
}

#[test]
fn a_statement_counts_once_in_its_network_and_in_its_time() {
    let mut governance = two_of_three();
    let kept = sign(&statement(&governance, 1, verifier(10)), &[0, 1]);
    let late = sign(&statement(&governance, 2, verifier(11)), &[0, 1]);
    governance.apply(&kept).unwrap();
    assert_eq!(governance.apply(&kept), Err(GovernanceError::Replayed));
    let mut elsewhere = statement(&governance, 3, verifier(12));
    elsewhere.network = NetworkId([9; 32]);
    assert_eq!(governance.apply(&sign(&elsewhere, &[0, 1])), Err(GovernanceError::OtherNetwork));
    let mut early = statement(&governance, 3, verifier(12));
    early.drafted_at += 1;
    assert_eq!(governance.apply(&sign(&early, &[0, 1])), Err(GovernanceError::Replayed));
    // `late` was drafted at height 1; it may be applied up to height 129.
    for nonce in 10..137 {
        grant(&mut governance, nonce, 20, Role::Responder);
    }
    assert_eq!(governance.height(), 129);
    governance.clone().apply(&late).unwrap();
    grant(&mut governance, 200, 20, Role::Responder);
    assert_eq!(governance.apply(&late), Err(GovernanceError::Replayed));
}

#[test]
fn the_committee_is_founded_as_the_charter_says_and_by_all_it_names() {
    let genesis = Governance::genesis(charter(3, 2)).unwrap();
    let try_founding = |operations: Vec<Operation>, signers: &[u8]| {
        genesis.clone().apply(&sign(&statement(&genesis, 0, operations), signers))
    };
    assert_eq!(try_founding(vec![constitute(0..3, 2)], &[0, 1, 2]), Ok(()));
    assert_eq!(try_founding(vec![constitute(0..3, 2)], &[0, 1]), Err(GovernanceError::BelowThreshold));
    assert_eq!(try_founding(vec![constitute(0..3, 2)], &[1, 2]), Err(GovernanceError::BelowThreshold));
    for wrong in [constitute(0..2, 2), constitute(0..4, 2), constitute(0..3, 1), constitute(0..3, 3)] {
        assert_eq!(try_founding(vec![wrong], &[0, 1, 2, 3]), Err(GovernanceError::BadOperation));
    }
    let twice = Operation::Constitute { committee: vec![key(0).public(); 3], threshold: 2 };
    assert_eq!(try_founding(vec![twice], &[0]), Err(GovernanceError::BadOperation));
    assert_eq!(try_founding(vec![constitute(1..4, 2)], &[0, 1, 2, 3]), Err(GovernanceError::BadOperation));
    assert_eq!(try_founding(verifier(10), &[0]), Err(GovernanceError::BadOperation), "nothing before it");
}

#[test]
fn a_committee_changes_by_its_own_threshold_and_with_whom_it_adds() {
    let before = two_of_three();
    let change = |operation: Operation, signers: &[u8]| {
        let mut governance = before.clone();
        governance.apply(&sign(&statement(&before, 1, vec![operation]), signers)).map(|()| governance)
    };
    let after = change(constitute(1..5, 3), &[0, 1, 3, 4]).unwrap();
    assert!(!after.committee().contains(&key(0).public()) && after.threshold() == 3);
    let below = Some(GovernanceError::BelowThreshold);
    assert_eq!(change(constitute(1..5, 3), &[0, 1, 3]).err(), below, "an added key did not sign");
    assert_eq!(change(constitute(1..5, 3), &[0, 3, 4]).err(), below, "added keys are no committee");
    for (seeds, threshold) in [(0..3, 0), (0..3, 4), (0..17, 2), (0..0, 0)] {
        let signers: Vec<u8> = (0..17).collect();
        assert_eq!(change(constitute(seeds, threshold), &signers).err(), Some(GovernanceError::BadOperation));
    }
}

#[test]
fn who_was_removed_stays_out_and_the_committee_removes_none_of_its_own() {
    let mut governance = two_of_three();
    grant(&mut governance, 1, 10, Role::Verifier);
    let (role_key, leaf) = (key(10).public(), key(11).public());
    let remove = statement(&governance, 2, vec![Operation::Remove { role_key, leaf }]);
    governance.apply(&sign(&remove, &[0, 1])).unwrap();
    assert!(!governance.holds(&role_key, Role::Verifier));
    assert!(governance.leaf_removed(&leaf) && governance.key_removed(&role_key));
    let again = statement(&governance, 3, verifier(10));
    assert_eq!(governance.apply(&sign(&again, &[0, 1])), Err(GovernanceError::BadOperation));
    let own = Operation::Remove { role_key: key(2).public(), leaf };
    let own = statement(&governance, 4, vec![own]);
    assert_eq!(governance.apply(&sign(&own, &[0, 1])), Err(GovernanceError::BadOperation));
}

#[test]
fn zones_are_few_numbered_and_named() {
    let before = two_of_three();
    let zone = |code: u16, name: &str| Zone { code, name: name.into() };
    let try_zones = |zones: Vec<Zone>| {
        before.clone().apply(&sign(&statement(&before, 1, vec![Operation::Zones { zones }]), &[0, 1]))
    };
    assert_eq!(try_zones(vec![zone(1, "north"), zone(7, "south")]), Ok(()));
    let many = (1..=257).map(|code| zone(code, "z")).collect();
    let bad = [
        vec![zone(0, "none")],
        vec![zone(1, "a"), zone(1, "b")],
        vec![zone(1, " ")],
        vec![zone(1, &"x".repeat(65))],
        many,
    ];
    for zones in bad {
        assert_eq!(try_zones(zones), Err(GovernanceError::BadOperation));
    }
}

#[test]
fn a_hotline_that_is_no_number_is_none_and_refuses_no_statement() {
    let mut governance = two_of_three();
    let numbers = [
        ("+1 413-555-0100", "+1 413-555-0100"),
        ("(413) 555.0100", "(413) 555.0100"),
        ("911", "911"),
        // A dialler takes this for a command to the phone.
        ("*#06#123", ""),
        ("", ""),
        ("12", ""),
        ("call me", ""),
        ("5550100;ext=1", ""),
        ("1+5550100", ""),
        ("123456789012345678901", ""),
        ("1   -   2   -   3   -   4   -   5  ", ""),
        ("٤١٣٥٥٥", ""),
    ];
    for (nonce, (said, shown)) in (1..).zip(numbers) {
        let hotline = Operation::Hotline { telephone: said.into() };
        let next = statement(&governance, nonce, vec![hotline]);
        // Apps without this operation apply the statement.
        assert_eq!(governance.apply(&sign(&next, &[0, 1])), Ok(()), "{said}");
        assert_eq!(governance.hotline(), shown, "{said}");
    }
}

#[test]
fn a_hotline_of_another_shape_is_kept_as_by_an_app_that_knows_none() {
    let mut governance = two_of_three();
    let encoded = wire::encode(&(6u32, (7u8,)));
    let later = Operation::Unknown { number: 6, encoded };
    let next = statement(&governance, 1, vec![later]);
    assert_eq!(governance.apply(&sign(&next, &[0, 1])), Ok(()));
    assert!(governance.holds_unknown() && governance.hotline().is_empty());
}

#[test]
fn a_statement_is_applied_whole_or_not_at_all() {
    let before = two_of_three();
    let zones = Operation::Zones { zones: vec![Zone { code: 0, name: "bad".into() }] };
    let mixed = statement(&before, 1, [verifier(10), vec![zones]].concat());
    let mut governance = before.clone();
    assert_eq!(governance.apply(&sign(&mixed, &[0, 1])), Err(GovernanceError::BadOperation));
    assert!(same(&governance, &before));
    for operations in [Vec::new(), vec![verifier(10)[0].clone(); 257]] {
        let sized = statement(&before, 1, operations);
        assert_eq!(governance.apply(&sign(&sized, &[0, 1])), Err(GovernanceError::Malformed));
    }
}

#[test]
fn charters_that_make_no_sense_are_refused() {
    let bad = [charter(0, 0), charter(3, 0), charter(3, 4), charter(17, 2)];
    let nameless = Charter { name: "  ".into(), ..charter(3, 2) };
    let unverified = Charter { verify_threshold: 0, ..charter(3, 2) };
    let crowded = Charter { verify_threshold: 9, ..charter(3, 2) };
    for charter in bad.into_iter().chain([nameless, unverified, crowded]) {
        assert_eq!(Governance::genesis(charter).err(), Some(GovernanceError::Malformed));
    }
}

fn same(a: &Governance, b: &Governance) -> bool {
    let parts = |g: &Governance| {
        (
            (g.height, g.head, g.threshold, g.constituted, g.desk, g.zones.clone()),
            (g.committee.clone(), g.roles.clone(), g.nonces.clone()),
            (g.removed_leaves.clone(), g.removed_keys.clone()),
        )
    };
    parts(a) == parts(b)
}

fn operation() -> impl Strategy<Value = Operation> {
    let role = prop::sample::select(&Role::ALL[..]);
    prop_oneof![
        4 => (10u8..14, role.clone())
            .prop_map(|(seed, role)| Operation::Grant { role_key: key(seed).public(), role }),
        2 => (10u8..14, role).prop_map(|(seed, role)| Operation::Revoke { role_key: key(seed).public(), role }),
        1 => (0u8..14, 20u8..24)
            .prop_map(|(seed, leaf)| Operation::Remove { role_key: key(seed).public(), leaf: key(leaf).public() }),
        1 => (0u8..3, 3u8..6, 0u8..4).prop_map(|(from, to, threshold)| constitute(from..to, threshold)),
        1 => (0u16..3).prop_map(|code| Operation::Zones { zones: vec![Zone { code, name: "z".into() }] }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Two devices, one of which sees each statement twice and one with its signatures turned
    /// round, come to the same roster; whatever is refused leaves no trace.
    #[test]
    fn the_same_statements_make_the_same_roster(
        drafts in prop::collection::vec((prop::collection::vec(operation(), 1..3), 0u8..8, 0u64..3), 1..24),
    ) {
        let mut one = two_of_three();
        let mut other = one.clone();
        for (number, (operations, signers, age)) in (1..).zip(drafts) {
            let mut draft = statement(&one, number, operations);
            draft.drafted_at = draft.drafted_at.saturating_sub(age);
            let signers: Vec<u8> = (0..6).filter(|seed| signers & (1 << (seed % 3)) != 0).collect();
            let mut signed = sign(&draft, &signers);
            let before = one.clone();
            let result = one.apply(&signed);
            prop_assert!(result.is_ok() || same(&one, &before));
            prop_assert!(one.apply(&signed).is_err(), "never twice");
            signed.signatures.reverse();
            prop_assert_eq!(other.apply(&signed), result);
            prop_assert!(same(&one, &other));
            prop_assert!(one.threshold() >= 1 && one.threshold() <= one.committee().len());
        }
    }
}

#[test]
fn an_operation_of_a_later_version_changes_nothing_and_is_kept_as_it_was_signed() {
    let mut governance = two_of_three();
    let before = governance.clone();
    let mixed = statement(
        &governance,
        9,
        vec![later_operation(), Operation::Grant { role_key: key(10).public(), role: Role::Verifier }],
    );
    let signed = sign(&mixed, &[0, 1]);
    assert_eq!(wire::encode(&wire::decode::<Statement>(&signed.statement).unwrap()), signed.statement);
    governance.apply(&signed).unwrap();
    assert!(governance.holds(&key(10).public(), Role::Verifier), "the rest of the statement counts");
    assert!(governance.holds_unknown() && !governance.beyond());
    assert_eq!(governance.committee(), before.committee());
    assert_eq!(governance.head(), next_head(&before.head(), &signed.statement));
}

#[test]
fn a_rule_number_needs_k_signatures_and_never_goes_down() {
    let mut governance = two_of_three();
    let raise = |governance: &Governance, nonce, rule| Statement {
        rule: Some(rule),
        ..statement(governance, nonce, vec![Operation::Zones { zones: Vec::new() }])
    };
    let refused = governance.clone().apply(&sign(&raise(&governance, 9, RULES), &[0]));
    assert_eq!(refused, Err(GovernanceError::BelowThreshold));
    for (nonce, rule, then) in [(9, RULES, RULES), (10, 0, RULES)] {
        governance.apply(&sign(&raise(&governance, nonce, rule), &[0, 1])).unwrap();
        assert_eq!(governance.rule(), then);
    }
    assert!(!governance.beyond());
    governance.apply(&sign(&raise(&governance, 11, RULES + 1), &[0, 1])).unwrap();
    assert!(governance.beyond());
}

/// A device from before there were rule numbers reads the same operations and ignores the rest.
#[test]
fn a_statement_without_a_rule_has_the_bytes_it_always_had() {
    let governance = two_of_three();
    let plain = statement(&governance, 9, vec![constitute(0..3, 2)]);
    let bytes = wire::encode(&plain);
    assert_eq!(bytes[0], 0x84, "four fields");
    let raised = wire::encode(&Statement { rule: Some(RULES), ..plain });
    assert_eq!(raised[0], 0x85);
    assert_eq!(raised[1..bytes.len()], bytes[1..]);
}
