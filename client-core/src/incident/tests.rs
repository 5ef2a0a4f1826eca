#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use campana_protocol::id::NetworkId;
use campana_protocol::report::{Method, Setting, Size, When};
use proptest::prelude::*;

use super::*;
use crate::governance::tests::{grant, key, two_of_three};

const REPORTER: u8 = 20;
const ID: IncidentId = IncidentId([7; 16]);

/// Verifiers 10 to 13, dispatcher 14; two confirmations verify.
fn governance() -> Governance {
    let mut governance = two_of_three();
    for (nonce, seed) in (1..).zip(10..14) {
        grant(&mut governance, nonce, seed, Role::Verifier);
    }
    grant(&mut governance, 9, 14, Role::Dispatcher);
    governance
}

fn public(governance: &Governance, reporter: u8, drill: bool) -> Vec<u8> {
    wire::encode(&PublicReport {
        network: governance.network(),
        incident: ID,
        reported_at: 1,
        drill,
        size: Size::Few,
        activities: Vec::new(),
        setting: Setting::Street,
        zone: 0,
        units: Vec::new(),
        when: When::Now,
        equipment: Vec::new(),
        reporter: reporter_tag(&ID, &key(reporter).public()),
    })
}

fn attestation(governance: &Governance, digest: Hash) -> Attestation {
    Attestation {
        network: governance.network(),
        incident: ID,
        digest,
        finding: Finding::Confirmed,
        method: Method::InPerson,
        at: 2,
    }
}

fn signed(label: &str, seed: u8, content: Vec<u8>) -> Signed {
    let signature = key(seed).sign_hash(&signed_digest(label, &content));
    Signed { content, key: key(seed).public(), signature }
}

fn attest(attestation: &Attestation, seed: u8) -> Signed {
    signed(ATTESTATION, seed, wire::encode(attestation))
}

fn follow_up(governance: &Governance, seed: u8, kind: FollowUpKind) -> Signed {
    let follow_up = FollowUp { network: governance.network(), incident: ID, kind, at: 3 };
    signed(FOLLOW_UP, seed, wire::encode(&follow_up))
}

/// A genuine alert, and a way to replace its attestations.
fn alert(governance: &Governance, drill: bool) -> (Alert, Attestation) {
    let public = public(governance, REPORTER, drill);
    let private = private_hash(b"words");
    let genuine = attestation(governance, report_digest(&public, &private));
    let attestations = vec![attest(&genuine, 10), attest(&genuine, 11)];
    (Alert { public, private, attestations }, genuine)
}

fn verdict(alert: &Alert, governance: &Governance) -> Result<bool, Rejected> {
    let mut incident = Incident::new(ID, 0);
    let result = incident.alert(alert, governance);
    assert_eq!(incident.alert.is_some(), result.is_ok());
    assert_eq!(incident.notice(false).is_some(), result.is_ok(), "no notice without the right to one");
    result
}

#[test]
fn an_alert_is_what_enough_verifiers_signed() {
    let governance = governance();
    let (genuine, attested) = alert(&governance, false);
    assert_eq!(verdict(&genuine, &governance), Ok(true));
    let with = |attestations: Vec<Signed>| Alert { attestations, ..genuine.clone() };
    let one = attest(&attested, 10);
    let (l, s) = one.signature.0.split_at(32);
    let malleable = Signed { signature: plus_order(l, s), ..one.clone() };
    let changed = |change: &dyn Fn(&mut Attestation)| {
        let mut forged = attested.clone();
        change(&mut forged);
        with(vec![one.clone(), attest(&forged, 11)])
    };
    let forged = [
        ("none", with(Vec::new())),
        ("one", with(vec![one.clone()])),
        ("one, many times", with(vec![one.clone(); 8])),
        ("one, with a malleable copy", with(vec![one.clone(), malleable])),
        ("nobody's", with(vec![one.clone(), attest(&attested, 30)])),
        ("a dispatcher's", with(vec![one.clone(), attest(&attested, 14)])),
        ("a committee device's", with(vec![one.clone(), attest(&attested, 0)])),
        ("the reporter's", with(vec![one.clone(), attest(&attested, REPORTER)])),
        ("another digest", changed(&|a| a.digest = Hash([1; 32]))),
        ("another network", changed(&|a| a.network = NetworkId([1; 32]))),
        ("another incident", changed(&|a| a.incident = IncidentId([1; 16]))),
        ("nothing found", changed(&|a| a.finding = Finding::Nothing)),
        ("another agency", changed(&|a| a.finding = Finding::OtherAgency)),
        ("signed as a follow-up", with(vec![one.clone(), signed(FOLLOW_UP, 11, wire::encode(&attested))])),
        ("signature moved", with(vec![one.clone(), Signed { key: key(11).public(), ..one.clone() }])),
        (
            "too late in the list",
            with([vec![attest(&attested, 30); 8], genuine.attestations.clone()].concat()),
        ),
        ("another report", Alert { public: public(&governance, 21, false), ..genuine.clone() }),
        ("other words", Alert { private: private_hash(b"others"), ..genuine.clone() }),
    ];
    for (what, alert) in forged {
        assert_eq!(verdict(&alert, &governance), Err(Rejected::BelowThreshold), "{what}");
    }
    assert_eq!(verdict(&Alert { public: vec![1], ..genuine }, &governance), Err(Rejected::Malformed));
}

/// The same signature, with the order of the group added to its scalar (RFC 8032, section 8.4).
fn plus_order(r: &[u8], s: &[u8]) -> id::Signature {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0u16;
    let sum: Vec<u8> = s
        .iter()
        .zip(ORDER)
        .map(|(a, b)| {
            let sum = u16::from(*a) + u16::from(b) + carry;
            carry = sum >> 8;
            sum as u8
        })
        .collect();
    id::Signature::from_slice(&[r, &sum].concat()).unwrap()
}

#[test]
fn a_verifier_who_reports_does_not_count_for_it() {
    let governance = governance();
    let (genuine, _) = alert(&governance, false);
    let public = public(&governance, 11, false);
    let own = attestation(&governance, report_digest(&public, &genuine.private));
    let with = |seeds: &[u8]| Alert {
        public: public.clone(),
        attestations: seeds.iter().map(|seed| attest(&own, *seed)).collect(),
        ..genuine.clone()
    };
    assert_eq!(verdict(&with(&[10, 11]), &governance), Err(Rejected::BelowThreshold));
    assert_eq!(verdict(&with(&[10, 11, 12]), &governance), Ok(true));
}

#[test]
fn a_drill_is_bound_by_what_was_signed() {
    let governance = governance();
    let (drill, _) = alert(&governance, true);
    let mut incident = Incident::new(ID, 0);
    incident.alert(&drill, &governance).unwrap();
    assert_eq!(incident.notice(true), Some(NoticeKind::Drill));
    let real = Alert { public: public(&governance, REPORTER, false), ..drill };
    assert_eq!(verdict(&real, &governance), Err(Rejected::BelowThreshold));
}

#[test]
fn a_report_cannot_be_exchanged_under_its_attestations() {
    let governance = governance();
    let (genuine, _) = alert(&governance, false);
    let mut incident = Incident::new(ID, 0);
    assert!(incident.report(&genuine.public, b"words"));
    let before = incident.digest();
    assert!(!incident.report(&genuine.public, b"other words"));
    assert!(!incident.report(&public(&governance, 21, false), b"words"));
    assert_eq!((incident.digest(), incident.private.as_deref()), (before, Some(&b"words"[..])));
}

#[test]
fn what_verifiers_signed_outranks_another_report() {
    let governance = governance();
    let (genuine, _) = alert(&governance, false);
    let mut incident = Incident::new(ID, 0);
    assert!(incident.report(&public(&governance, 21, true), b"a lie"));
    assert_eq!(incident.alert(&genuine, &governance), Ok(true));
    assert_eq!((incident.drill(), incident.private.clone()), (false, None));
    let second = public(&governance, 22, false);
    let other = attestation(&governance, report_digest(&second, &genuine.private));
    let second =
        Alert { public: second, attestations: vec![attest(&other, 12), attest(&other, 13)], ..genuine };
    assert_eq!(incident.alert(&second, &governance), Err(Rejected::Contradiction));
}

#[test]
fn the_desk_keeps_room_for_verifiers() {
    let governance = governance();
    let (genuine, attested) = alert(&governance, false);
    let mut incident = Incident::new(ID, 0);
    assert!(incident.report(&genuine.public, b"words"));
    for seed in 30..200 {
        incident.attest(attest(&attested, seed), &governance);
    }
    assert!(incident.attestations.len() <= MAX_ATTESTING);
    assert_eq!(incident.confirmations(&governance), None);
    assert!(incident.attest(attest(&attested, 12), &governance));
    assert!(incident.attest(attest(&attested, 10), &governance));
    assert_eq!(incident.confirmations(&governance).unwrap().len(), 2);
}

#[test]
fn only_who_holds_a_role_follows_up_and_only_on_an_alert() {
    let governance = governance();
    let (genuine, _) = alert(&governance, false);
    let mut incident = Incident::new(ID, 0);
    let clear = |seed| follow_up(&governance, seed, FollowUpKind::AllClear);
    assert_eq!(incident.follow_up(&clear(14), &governance), Ok(false), "there is nothing to follow");
    incident.alert(&genuine, &governance).unwrap();
    for seed in [0, REPORTER, 30] {
        assert_eq!(incident.follow_up(&clear(seed), &governance), Err(Rejected::WithoutRole));
    }
    let mut elsewhere =
        FollowUp { network: NetworkId([1; 32]), incident: ID, kind: FollowUpKind::AllClear, at: 3 };
    let moved = signed(FOLLOW_UP, 14, wire::encode(&elsewhere));
    assert_eq!(incident.follow_up(&moved, &governance), Err(Rejected::OtherNetwork));
    elsewhere.network = governance.network();
    let mislabelled = signed(ATTESTATION, 14, wire::encode(&elsewhere));
    assert_eq!(incident.follow_up(&mislabelled, &governance), Err(Rejected::Malformed));
    assert_eq!(incident.follow_up(&clear(14), &governance), Ok(true));
    assert_eq!(incident.notice(false), Some(NoticeKind::AllClear));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Everything in any order and any number of times, follow-ups after the alert.
    #[test]
    fn order_and_repetition_change_nothing(
        before in Just((0..5usize).collect::<Vec<_>>()).prop_shuffle(),
        again in prop::collection::vec(0..8usize, 0..16),
        after in Just((5..8usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let governance = governance();
        let (genuine, attested) = alert(&governance, false);
        let play = |order: &[usize]| {
            let mut incident = Incident::new(ID, 0);
            for event in order {
                match event {
                    0 => drop(incident.report(&genuine.public, b"words")),
                    1 => drop(incident.attest(attest(&attested, 10), &governance)),
                    2 => drop(incident.attest(attest(&attested, 11), &governance)),
                    3 => drop(incident.attest(attest(&attested, 30), &governance)),
                    4 => drop(incident.alert(&genuine, &governance)),
                    5 => drop(incident.follow_up(&follow_up(&governance, 14, FollowUpKind::AllClear), &governance)),
                    6 => drop(incident.follow_up(&follow_up(&governance, 10, FollowUpKind::FalseAlarm), &governance)),
                    _ => drop(incident.follow_up(&follow_up(&governance, 30, FollowUpKind::AllClear), &governance)),
                }
            }
            let mut valid: Vec<PublicKey> =
                incident.valid_attestations(&governance).iter().map(|(_, signed)| signed.key).collect();
            valid.sort_unstable();
            (incident.status(&governance), incident.notice(true), incident.digest(), incident.private.clone(), valid)
        };
        let expected = play(&[0, 1, 2, 3, 4, 5, 6, 7]);
        prop_assert_eq!(expected.0, Status::FalseAlarm);
        let order = [&before[..], &after, &again].concat();
        prop_assert_eq!(play(&order), expected);
    }
}
