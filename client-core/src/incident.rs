//! An incident: one reducer of signed events. They may come any number of times, and in any order
//! but two: what follows an alert counts after it, and of two reports or alerts that contradict
//! each other the first stays.

use core::cell::OnceCell;

use campana_derive::{Decode, Encode};
use campana_protocol::governance::Role;
use campana_protocol::id::{Hash, IncidentId, PublicKey};
use campana_protocol::report::{
    ATTESTATION, Alert, Attestation, FOLLOW_UP, Finding, FollowUp, FollowUpKind, PrivateReport, PublicReport,
    Signed, private_hash, report_digest, reporter_tag, salted_reporter_tag,
};
use campana_protocol::{id, limits, wire};

use crate::governance::Governance;
use crate::keys;
use crate::limits::{MAX_ATTESTING, MAX_SAID};
use crate::sorted;
use crate::turn::NoticeKind;
use crate::view::Status;

/// What this device knows of an incident.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Incident {
    #[n(0)]
    pub(crate) id: IncidentId,
    /// Encoded public report.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) public: Option<Vec<u8>>,
    /// Encoded private report; at the desk and with its reporter, for a day.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) private: Option<Vec<u8>>,
    #[n(3)]
    pub(crate) private_hash: Option<Hash>,
    #[n(4)]
    pub(crate) mine: bool,
    /// Our own report has reached the desk's mailbox.
    #[n(5)]
    pub(crate) sent: bool,
    /// It reached this device through the desk.
    #[n(6)]
    pub(crate) at_desk: bool,
    /// Attestations seen at the desk, one of each verifier.
    #[n(7)]
    pub(crate) attestations: Vec<Signed>,
    /// The checked attestations that the alert carried.
    #[n(8)]
    pub(crate) alert: Option<Vec<Signed>>,
    /// What ended the alert: as many as verify one have said so.
    #[n(9)]
    pub(crate) follow_up: Option<Signed>,
    #[n(10)]
    pub(crate) updated_at: u64,
    #[n(11)]
    pub(crate) shown: Option<NoticeKind>,
    /// Where in the broadcast log its alert and what followed are.
    #[n(12)]
    #[cbor(default)]
    pub(crate) seqs: Vec<u64>,
    /// It is known to have been old when it came here, or from before this device was let in: it is
    /// shown, and rings nowhere.
    #[n(13)]
    #[cbor(default)]
    pub(crate) past: bool,
    /// When the relay had the report, Unix milliseconds; 0: not known.
    #[n(14)]
    #[cbor(default)]
    pub(crate) received_at: u64,
    /// Whose report it is, at the desk: the leaf that they were admitted with.
    #[n(15)]
    pub(crate) reporter: Option<PublicKey>,
    /// When the relay had its alert first, by the relay's clock, Unix milliseconds; 0: not known.
    #[n(16)]
    #[cbor(default)]
    pub(crate) alerted_at: u64,
    /// What dispatchers and verifiers have said to end it: one of each of them and kind.
    #[n(17)]
    #[cbor(default)]
    pub(crate) said: Vec<Signed>,
    /// When the relay had its report, by this device's clock as it was then: what a time to live is
    /// counted from. 0: not known.
    #[n(18)]
    #[cbor(default)]
    pub(crate) since: u64,
    /// Of what fewer than it takes have said.
    #[n(19)]
    pub(crate) shown_said: Option<NoticeKind>,
    /// A finding of this device's own did not count: it came too far from when it says it was signed.
    #[n(20)]
    #[cbor(default)]
    pub(crate) disputed: bool,
    /// `public`, once somebody has asked what it says: every view of every incident does.
    #[cbor(skip)]
    decoded: OnceCell<Option<PublicReport>>,
}

/// Why an alert or follow-up is not what it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejected {
    #[error("malformed")]
    Malformed,
    #[error("of another network")]
    OtherNetwork,
    #[error("fewer valid attestations than this network asks for")]
    BelowThreshold,
    #[error("signed by somebody without the role")]
    WithoutRole,
    #[error("contradicts what is known of the incident")]
    Contradiction,
}

impl Incident {
    pub(crate) fn new(id: IncidentId, now: u64) -> Self {
        Self {
            id,
            public: None,
            private: None,
            private_hash: None,
            mine: false,
            sent: false,
            at_desk: false,
            attestations: Vec::new(),
            alert: None,
            follow_up: None,
            updated_at: now,
            shown: None,
            seqs: Vec::new(),
            past: false,
            received_at: 0,
            reporter: None,
            alerted_at: 0,
            said: Vec::new(),
            since: 0,
            shown_said: None,
            disputed: false,
            decoded: OnceCell::new(),
        }
    }

    /// Takes in the report. The first report of an incident stays, in both its parts.
    pub(crate) fn report(&mut self, public: &[u8], private: &[u8]) -> bool {
        let hash = private_hash(private);
        if self.public.as_deref().is_some_and(|known| known != public)
            || self.private_hash.is_some_and(|known| known != hash)
        {
            return false;
        }
        self.set_public(public);
        self.private_hash = Some(hash);
        self.private = Some(private.to_vec());
        true
    }

    /// Takes in an attestation seen at the desk; a confirmation stays, and what else a verifier found
    /// they can take back. Whoever holds no role makes room for the others.
    pub(crate) fn attest(&mut self, signed: Signed, governance: &Governance) -> bool {
        let known = self.attestations.iter().position(|other| other.key == signed.key);
        if let Some(known) = known {
            let finding = |signed: &Signed| Attestation::of(signed).map(|attestation| attestation.finding);
            let before = finding(&self.attestations[known]);
            if before == Some(Finding::Confirmed) || before == finding(&signed) {
                return false;
            }
            self.attestations[known] = signed;
            return true;
        }
        if self.attestations.len() >= MAX_ATTESTING {
            let idle = self.attestations.iter().position(|o| !governance.holds(&o.key, Role::Verifier));
            let Some(idle) = idle else { return false };
            self.attestations.remove(idle);
        }
        self.attestations.push(signed);
        true
    }

    /// Takes in an alert after checking it; the checked attestations stay with it. What verifiers
    /// signed outranks a report that says otherwise.
    pub(crate) fn alert(&mut self, alert: &Alert, governance: &Governance) -> Result<bool, Rejected> {
        let checked = check_alert(alert, governance)?;
        if self.alert.is_some() {
            let same = self.public.as_deref() == Some(&alert.public[..]);
            return if same { Ok(false) } else { Err(Rejected::Contradiction) };
        }
        if self.private_hash.is_some_and(|known| known != alert.private) {
            self.private = None;
        }
        self.set_public(&alert.public);
        self.private_hash = Some(alert.private);
        self.alert = Some(checked);
        Ok(true)
    }

    /// Takes in a follow-up after checking it. Before the alert there is nothing to follow; a false
    /// alarm outranks an all clear. Under the strict rules it takes as many to end an alert as to make
    /// one; what fewer say is kept, and ends nothing.
    pub(crate) fn follow_up(&mut self, signed: &Signed, governance: &Governance) -> Result<bool, Rejected> {
        let new = check_follow_up(signed, governance)?;
        let known = self.follow_up_kind();
        if self.alert.is_none()
            || known.is_some_and(|known| known == new.kind || known == FollowUpKind::FalseAlarm)
        {
            return Ok(false);
        }
        if governance.strict() && !self.say(signed, new.kind, governance) {
            return Ok(false);
        }
        let ends = self.said_by(new.kind).filter(|key| may_follow_up(key, governance)).count();
        if !governance.strict() || ends >= governance.verify_threshold() {
            self.follow_up = Some(signed.clone());
        }
        Ok(true)
    }

    /// One more says it. False: they have said it before.
    fn say(&mut self, signed: &Signed, kind: FollowUpKind, governance: &Governance) -> bool {
        if self.said_by(kind).any(|key| *key == signed.key) {
            return false;
        }
        if self.said.len() >= MAX_SAID {
            let idle = self.said.iter().position(|other| !may_follow_up(&other.key, governance));
            let Some(idle) = idle else { return false };
            self.said.remove(idle);
        }
        self.said.push(signed.clone());
        true
    }

    /// Who has said so.
    pub(crate) fn said_by(&self, kind: FollowUpKind) -> impl Iterator<Item = &PublicKey> {
        let says = move |signed: &&Signed| FollowUp::of(signed).is_some_and(|said| said.kind == kind);
        self.said.iter().filter(says).map(|signed| &signed.key)
    }

    /// What somebody says of an alert that stands all the same, if it would be news.
    pub(crate) fn open_word(&self) -> Option<FollowUpKind> {
        self.alert.as_ref()?;
        let ended = self.follow_up_kind();
        let open = [FollowUpKind::FalseAlarm, FollowUpKind::AllClear].into_iter();
        let mut open = open.take_while(|kind| ended != Some(*kind));
        open.find(|kind| self.said_by(*kind).next().is_some())
    }

    /// See [`NoticeKind::SaidFalseAlarm`].
    pub(crate) fn said_notice(&self) -> Option<NoticeKind> {
        match self.open_word().filter(|_| !self.past)? {
            FollowUpKind::FalseAlarm => Some(NoticeKind::SaidFalseAlarm),
            FollowUpKind::AllClear => Some(NoticeKind::SaidAllClear),
        }
    }

    pub(crate) fn public_report(&self) -> Option<&PublicReport> {
        let decode = || PublicReport::decode(self.public.as_deref()?).ok();
        self.decoded.get_or_init(decode).as_ref()
    }

    fn set_public(&mut self, public: &[u8]) {
        self.public = Some(public.to_vec());
        self.decoded = OnceCell::new();
    }

    pub(crate) fn drill(&self) -> bool {
        self.public_report().is_some_and(|report| report.drill)
    }

    pub(crate) fn digest(&self) -> Option<Hash> {
        Some(report_digest(self.public.as_deref()?, &self.private_hash?))
    }

    pub(crate) fn follow_up_kind(&self) -> Option<FollowUpKind> {
        let signed = self.follow_up.as_ref()?;
        wire::decode::<FollowUp>(&signed.content).ok().map(|follow_up| follow_up.kind)
    }

    /// The desk's attestations that count under this roster.
    pub(crate) fn valid_attestations(&self, governance: &Governance) -> Vec<(Attestation, Signed)> {
        let (Some(digest), Some(report)) = (self.digest(), self.public_report()) else { return Vec::new() };
        let valid = self.attestations.iter().filter(|signed| !self.reported_by(&signed.key));
        let valid = valid.filter_map(|signed| {
            // What is signed too loosely no alert is made of, whatever others would still take.
            check_attestation(signed, &digest, report, governance, true).map(|found| (found, signed.clone()))
        });
        valid.collect()
    }

    /// Whether this key's owner reported it, as the reporter's program says. Without the private part a
    /// salted tag tells nothing.
    pub(crate) fn reported_by(&self, key: &PublicKey) -> bool {
        let Some(report) = self.public_report() else { return false };
        let salt = self.private.as_deref().and_then(|private| PrivateReport::decode(private).ok());
        report.reporter == reporter_tag(&self.id, key)
            || salt.is_some_and(|known| report.reporter == salted_reporter_tag(&self.id, &known.salt, key))
    }

    /// What a verifier found, as the desk has it.
    pub(crate) fn finding_of(&self, key: &PublicKey) -> Option<Finding> {
        let signed = self.attestations.iter().find(|signed| signed.key == *key)?;
        Attestation::of(signed).map(|attestation| attestation.finding)
    }

    /// The attestations that the alert is made of, once there are enough: the shortest, which fit a body
    /// if any do.
    pub(crate) fn confirmations(&self, governance: &Governance) -> Option<Vec<Signed>> {
        let confirmed: Vec<Signed> = self
            .valid_attestations(governance)
            .into_iter()
            .filter(|(attestation, _)| attestation.finding == Finding::Confirmed)
            .map(|(_, signed)| signed)
            .collect();
        let by_length = &|a: &Signed, b: &Signed| a.content.len().cmp(&b.content.len());
        let mut confirmed = sorted::sort(confirmed, by_length);
        confirmed.truncate(governance.verify_threshold());
        (confirmed.len() == governance.verify_threshold()).then_some(confirmed)
    }

    /// When each of those signed that the alert is made of, by their own clocks.
    pub(crate) fn attested_at(&self) -> impl Iterator<Item = u64> {
        let signed = self.alert.iter().flatten();
        let decoded = signed.filter_map(|signed| wire::decode::<Attestation>(&signed.content).ok());
        decoded.map(|attestation| attestation.at)
    }

    /// When the alert became verified, by the verifiers' clocks: one that is among them can't make an
    /// old alert new by signing again.
    pub(crate) fn verified_at(&self, governance: &Governance) -> u64 {
        let mut times: Vec<u64> = self.attested_at().collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        times.get(governance.verify_threshold().saturating_sub(1)).copied().unwrap_or(0)
    }

    /// What this device should have shown by now.
    pub(crate) fn notice(&self, may_verify: bool) -> Option<NoticeKind> {
        self.calls_for(may_verify).filter(|_| !self.past)
    }

    /// What a notice of it would be about, rung or not.
    pub(crate) fn calls_for(&self, may_verify: bool) -> Option<NoticeKind> {
        match (&self.alert, self.follow_up_kind()) {
            (Some(_), Some(FollowUpKind::FalseAlarm)) => Some(NoticeKind::FalseAlarm),
            (Some(_), Some(FollowUpKind::AllClear)) => Some(NoticeKind::AllClear),
            (Some(_), None) if self.drill() => Some(NoticeKind::Drill),
            (Some(_), None) => Some(NoticeKind::Alert),
            (None, _) if may_verify && self.at_desk && self.public.is_some() && !self.mine => {
                Some(NoticeKind::Report)
            }
            (None, _) => None,
        }
    }

    pub(crate) fn status(&self, governance: &Governance) -> Status {
        match (&self.alert, self.follow_up_kind()) {
            (Some(_), Some(FollowUpKind::FalseAlarm)) => return Status::FalseAlarm,
            (Some(_), Some(FollowUpKind::AllClear)) => return Status::AllClear,
            (Some(_), None) => return Status::Verified,
            (None, _) => {}
        }
        if !self.at_desk {
            return if self.sent { Status::Sent } else { Status::WaitingToSend };
        }
        let findings: Vec<Finding> =
            self.valid_attestations(governance).into_iter().map(|(found, _)| found.finding).collect();
        if findings.contains(&Finding::Confirmed) {
            return Status::Unverified;
        }
        // One who finds nothing closes no report.
        let enough = if governance.strict() { governance.verify_threshold() } else { 1 };
        let counts = |kind: Finding| findings.iter().filter(|found| **found == kind).count();
        let most = [Finding::Nothing, Finding::OtherAgency, Finding::CannotTell]
            .into_iter()
            .filter(|kind| counts(*kind) >= enough)
            .max_by_key(|kind| counts(*kind));
        match most {
            Some(Finding::Nothing) => Status::NotConfirmed,
            Some(Finding::OtherAgency) => Status::OtherAgency,
            Some(Finding::CannotTell) => Status::Unverifiable,
            _ => Status::Unverified,
        }
    }
}

/// The hash that a [`Signed`] signature under `label` covers.
pub(crate) fn signed_digest(label: &str, content: &[u8]) -> Hash {
    id::hash(label, &[content])
}

/// What a [`Signed`] holds.
pub(crate) trait Content: Sized + wire::Encode + wire::Decode {
    const LABEL: &'static str;

    /// Without a look at the signature.
    fn of(signed: &Signed) -> Option<Self> {
        wire::decode(&signed.content).ok()
    }

    /// If its signature holds. `strict`: if it is of the one encoding, besides, and not too long: what
    /// a version does not know must not make an alert too long to be sent.
    fn read(signed: &Signed, strict: bool) -> Option<Self> {
        if strict && signed.content.len() > limits::MAX_SIGNED_CONTENT {
            return None;
        }
        let content =
            Self::of(signed).filter(|content| !strict || wire::encode(content) == signed.content)?;
        let digest = signed_digest(Self::LABEL, &signed.content);
        keys::verify(&signed.key, &digest, &signed.signature).then_some(content)
    }
}

impl Content for Attestation {
    const LABEL: &'static str = ATTESTATION;
}

impl Content for FollowUp {
    const LABEL: &'static str = FOLLOW_UP;
}

fn check_attestation(
    signed: &Signed,
    digest: &Hash,
    report: &PublicReport,
    governance: &Governance,
    strict: bool,
) -> Option<Attestation> {
    let attestation = Attestation::read(signed, strict)?;
    let fits = attestation.network == governance.network()
        && attestation.incident == report.incident
        && attestation.digest == *digest
        && governance.holds(&signed.key, Role::Verifier)
        && report.reporter != reporter_tag(&report.incident, &signed.key);
    fits.then_some(attestation)
}

/// Counts for itself: distinct verifiers, none the reporter, over this very report.
pub(crate) fn check_alert(alert: &Alert, governance: &Governance) -> Result<Vec<Signed>, Rejected> {
    let report = PublicReport::decode(&alert.public).map_err(|_| Rejected::Malformed)?;
    let strict = governance.strict();
    if strict && wire::encode(&report) != alert.public {
        return Err(Rejected::Malformed);
    }
    if report.network != governance.network() {
        return Err(Rejected::OtherNetwork);
    }
    let digest = report_digest(&alert.public, &alert.private);
    let mut verifiers: Vec<PublicKey> = Vec::new();
    let mut checked = Vec::new();
    for signed in alert.attestations.iter().take(limits::MAX_ATTESTATIONS) {
        let found = check_attestation(signed, &digest, &report, governance, strict);
        if found.is_some_and(|found| found.finding == Finding::Confirmed) && !verifiers.contains(&signed.key)
        {
            verifiers.push(signed.key);
            checked.push(signed.clone());
        }
    }
    if checked.len() < governance.verify_threshold() { Err(Rejected::BelowThreshold) } else { Ok(checked) }
}

fn may_follow_up(key: &PublicKey, governance: &Governance) -> bool {
    governance.holds(key, Role::Dispatcher) || governance.holds(key, Role::Verifier)
}

pub(crate) fn check_follow_up(signed: &Signed, governance: &Governance) -> Result<FollowUp, Rejected> {
    let follow_up = FollowUp::read(signed, governance.strict()).ok_or(Rejected::Malformed)?;
    if follow_up.network != governance.network() {
        return Err(Rejected::OtherNetwork);
    }
    if may_follow_up(&signed.key, governance) { Ok(follow_up) } else { Err(Rejected::WithoutRole) }
}

#[cfg(test)]
mod tests;
