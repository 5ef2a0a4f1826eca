//! What the fuzzers do with bytes: decode them, and if they are a value, encode it and decode it
//! again to the same. Used by the fuzzers and, on the committed corpus, by the ordinary tests.

use campana_protocol::event::{Envelope, Event};
use campana_protocol::frame::{ClientFrame, RelayFrame};
use campana_protocol::governance::{Charter, GovernanceContext, SignedStatement, Statement};
use campana_protocol::handshake::{EntryBody, Handshake, MemberCredential, Plea, RoleCredential};
use campana_protocol::link::{InviteLink, OperatorLink};
use campana_protocol::mailbox::{Join, Post, Snapshot};
use campana_protocol::padding::{pad, unpad};
use campana_protocol::push::Push;
use campana_protocol::report::{
    Alert, Attestation, FollowUp, PrivateReport, PublicReport, Signed, SignedReport,
};
use campana_protocol::wire;

/// Runs one target.
pub(crate) fn run(target: &str, data: &[u8]) {
    match target {
        "client_frame" => same::<ClientFrame>(data),
        "relay_frame" => same::<RelayFrame>(data),
        "push" => same::<Push>(data),
        "entry_body" => same::<EntryBody>(data),
        "handshake" => {
            same::<Handshake>(data);
            same::<Plea>(data);
            same::<MemberCredential>(data);
            same::<RoleCredential>(data);
        }
        "post" => {
            same::<Post>(data);
            same::<Join>(data);
            same::<Snapshot>(data);
        }
        "event" => event(data),
        "governance" => {
            same::<Charter>(data);
            same::<Statement>(data);
            same::<SignedStatement>(data);
            same::<GovernanceContext>(data);
        }
        "report" => report(data),
        "link" => link(data),
        "digest" => padding(data),
        other => panic!("no target {other}"),
    }
}

fn same<T>(data: &[u8])
where
    T: wire::Decode + wire::Encode + PartialEq + core::fmt::Debug,
{
    if let Ok(value) = wire::decode::<T>(data) {
        assert_eq!(wire::decode::<T>(&wire::encode(&value)).as_ref(), Ok(&value));
    }
}

fn event(data: &[u8]) {
    same::<Envelope>(data);
    if let Ok(envelope) = wire::decode::<Envelope>(data)
        && let Ok(Some(event)) = Event::decode(envelope.kind, &envelope.payload)
    {
        assert_eq!(Event::decode(event.kind(), &event.payload()), Ok(Some(event)));
    }
}

fn report(data: &[u8]) {
    same::<SignedReport>(data);
    same::<Attestation>(data);
    same::<FollowUp>(data);
    same::<Alert>(data);
    same::<Signed>(data);
    if let Ok(report) = PublicReport::decode(data) {
        assert_eq!(PublicReport::decode(&wire::encode(&report)), Ok(report));
    }
    if let Ok(report) = PrivateReport::decode(data) {
        assert_eq!(PrivateReport::decode(&wire::encode(&report)), Ok(report));
    }
}

fn link(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Ok(link) = OperatorLink::parse(text) {
        assert_eq!(OperatorLink::parse(&link.format()), Ok(link));
    }
    if let Ok(link) = InviteLink::parse(text) {
        assert_eq!(InviteLink::parse(&link.format()), Ok(link));
    }
}

fn padding(data: &[u8]) {
    if let Ok(content) = unpad(data) {
        assert_eq!(pad(content), data);
    }
}
