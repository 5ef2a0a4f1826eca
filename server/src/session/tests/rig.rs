//! A relay in memory and devices that speak to it.

use campana_protocol::code::Code;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Secret, Subject, challenge, creation};
use campana_protocol::id::{ChannelId, MailboxId, PublicKey, RecordId, Signature};
use ed25519_dalek::{Signer, SigningKey};

use crate::push::{Policy, Push};
use crate::rate::Rates;
use crate::shared::Shared;
use crate::store::MemoryStore;
use crate::{ConnectionId, Relay};

pub(super) const NOW: u64 = 1_700_000_000_000;
pub(super) const INVITATION: Secret = Secret([42; 32]);

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(super) fn public(key: &SigningKey) -> PublicKey {
    PublicKey(key.verifying_key().to_bytes())
}

pub(super) fn sign(key: &SigningKey, message: &[u8]) -> Signature {
    Signature(key.sign(message).to_bytes())
}

/// Seeds of the usual keys.
pub(super) const FOUNDER: u8 = 1;
pub(super) const OWNER: u8 = 2;
pub(super) const ACCESS: u8 = 3;

pub(super) fn channel() -> ChannelId {
    ChannelId::of(&public(&key(OWNER)))
}

pub(super) struct Rig {
    pub(super) relay: Relay<MemoryStore>,
    pub(super) now: u64,
    connections: u32,
    records: u128,
}

/// A device's connection.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) id: ConnectionId,
    pub(super) nonce: Secret,
}

impl Rig {
    /// With an invitation outstanding.
    pub(super) fn new() -> Self {
        Self::on(Relay::new(MemoryStore::new()))
    }

    /// One that pushes, under keys of its own.
    pub(super) fn pushing() -> (Self, Device) {
        let push = Push::ephemeral(Policy::new(&[])).expect("randomness");
        let shared = Shared::with_push(MemoryStore::new(), Rates::default(), Some(push.into()));
        Self::on(Relay::on(shared)).founded()
    }

    fn on(relay: Relay<MemoryStore>) -> Self {
        relay.invite(&INVITATION, NOW + 1_000_000).expect("queued");
        let mut rig = Self { relay, now: NOW, connections: 0, records: 0 };
        rig.relay.commit(NOW);
        rig
    }

    /// With the channel created, and a device of its owner.
    pub(super) fn with_channel() -> (Self, Device) {
        Self::new().founded()
    }

    fn founded(self) -> (Self, Device) {
        let mut rig = self;
        let device = rig.connect();
        rig.done(
            &device,
            ClientFrame::Redeem { request: 1, invitation: INVITATION, founder: public(&key(FOUNDER)) },
        );
        let create = rig.create(&device, FOUNDER, OWNER);
        rig.done(&device, create);
        rig.prove(&device, OWNER);
        (rig, device)
    }

    /// A device that has proved the access key.
    pub(super) fn member(&mut self) -> Device {
        let device = self.connect();
        self.prove(&device, ACCESS);
        device
    }

    pub(super) fn connect(&mut self) -> Device {
        self.connections += 1;
        let mut nonce = [7; 32];
        nonce[..4].copy_from_slice(&self.connections.to_be_bytes());
        let nonce = Secret(nonce);
        let id = self.relay.connect(self.now, nonce.clone());
        let hello = self.frames(id);
        assert!(matches!(hello.as_slice(), [RelayFrame::Hello { nonce: said, .. }] if *said == nonce));
        Device { id, nonce }
    }

    pub(super) fn create(&self, device: &Device, founder: u8, owner: u8) -> ClientFrame {
        let owner = public(&key(owner));
        let signature = sign(&key(founder), &creation(&device.nonce, &owner));
        let (founder, access) = (public(&key(founder)), public(&key(ACCESS)));
        ClientFrame::Create { request: 2, founder, signature, owner, access }
    }

    pub(super) fn authenticate(&self, device: &Device, seed: u8, subject: Subject) -> ClientFrame {
        let signature = sign(&key(seed), &challenge(&device.nonce, &subject));
        ClientFrame::Authenticate { request: 3, subject, key: public(&key(seed)), signature, clock: None }
    }

    pub(super) fn prove(&mut self, device: &Device, seed: u8) {
        let frame = self.authenticate(device, seed, Subject::Channel(channel()));
        self.done(device, frame);
    }

    pub(super) fn prove_mailbox(&mut self, device: &Device, seed: u8) -> MailboxId {
        let mailbox = MailboxId::of(&public(&key(seed)));
        let frame = self.authenticate(device, seed, Subject::Mailbox(mailbox));
        self.done(device, frame);
        mailbox
    }

    pub(super) fn record(&mut self) -> RecordId {
        self.records += 1;
        RecordId(self.records.to_be_bytes())
    }

    pub(super) fn entry(&mut self, class: Class, control_seq: u64, body: &[u8]) -> ClientFrame {
        let record = self.record();
        let body = body.to_vec().into();
        ClientFrame::Append { request: 5, channel: channel(), record, class, control_seq, rotate: None, body }
    }

    /// Where the channel's log ends.
    pub(super) fn relay_head(&self) -> crate::store::Head {
        crate::store::Store::head(self.relay.shared().store(), &channel()).expect("a head")
    }

    pub(super) fn append(&mut self, device: &Device, class: Class, control_seq: u64, body: &[u8]) -> u64 {
        let frame = self.entry(class, control_seq, body);
        match self.ask(device, frame).remove(0) {
            RelayFrame::Appended { request: 5, seq } => seq,
            other => panic!("not appended: {other:?}"),
        }
    }

    /// Appends a control entry that makes `next` the access key.
    pub(super) fn rotate(&mut self, device: &Device, control_seq: u64, next: u8) -> u64 {
        let record = self.record();
        let (rotate, body) = (Some(public(&key(next))), b"rotate".to_vec().into());
        let class = Class::Control;
        let frame =
            ClientFrame::Append { request: 5, channel: channel(), record, class, control_seq, rotate, body };
        match self.ask(device, frame).remove(0) {
            RelayFrame::Appended { seq, .. } => seq,
            other => panic!("not appended: {other:?}"),
        }
    }

    pub(super) fn subscribe(&mut self, device: &Device, after: u64) -> Vec<RelayFrame> {
        self.ask(device, ClientFrame::Subscribe { request: 6, channel: channel(), after })
    }

    /// Sends, commits, and gives all that this device is sent.
    pub(super) fn ask(&mut self, device: &Device, frame: ClientFrame) -> Vec<RelayFrame> {
        self.send(device, &frame.encode());
        self.frames(device.id)
    }

    pub(super) fn send(&mut self, device: &Device, bytes: &[u8]) {
        self.relay.receive(self.now, device.id, bytes);
        self.relay.commit(self.now);
    }

    pub(super) fn done(&mut self, device: &Device, frame: ClientFrame) {
        let answer = self.ask(device, frame);
        assert!(matches!(answer.as_slice(), [RelayFrame::Done { .. }]), "{answer:?}");
    }

    pub(super) fn refused(&mut self, device: &Device, frame: ClientFrame, why: Code) {
        let answer = self.ask(device, frame);
        assert!(
            matches!(answer.as_slice(), [RelayFrame::Refused { code, .. }] if *code == why),
            "not refused as {why:?}: {answer:?}"
        );
    }

    /// All that a connection is sent now.
    pub(super) fn frames(&mut self, id: ConnectionId) -> Vec<RelayFrame> {
        let mut frames = Vec::new();
        loop {
            let outgoing = self.relay.poll(id);
            if outgoing.frames.is_empty() {
                return frames;
            }
            frames.extend(outgoing.frames.iter().map(|frame| RelayFrame::decode(frame).expect("a frame")));
        }
    }

    pub(super) fn closing(&mut self, device: &Device) -> Option<Code> {
        self.frames(device.id);
        self.relay.poll(device.id).close
    }
}

/// The seqs of entries among frames.
pub(super) fn seqs(frames: &[RelayFrame]) -> Vec<u64> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            RelayFrame::Entry { entry, .. } => Some(entry.seq),
            _ => None,
        })
        .collect()
}
