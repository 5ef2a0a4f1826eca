//! A relay and devices that say anything: it answers what was asked and nothing else, and starts
//! again on what it committed.

use std::collections::BTreeSet;

use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Secret, Subject};
use campana_protocol::id::{BlobId, ChannelId, MailboxId, PublicKey, RecordId, Signature};
use campana_relay::store::MemoryStore;
use campana_relay::{ConnectionId, Relay};

/// Connections at once.
const CONNECTIONS: usize = 3;
/// Steps that one input makes at most.
const MAX_STEPS: usize = 300;

/// Reads an input byte by byte.
struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or_default()
    }

    fn key(&mut self) -> PublicKey {
        PublicKey([self.next() % 4; 32])
    }

    fn channel(&mut self) -> ChannelId {
        ChannelId::of(&self.key())
    }

    fn mailbox(&mut self) -> MailboxId {
        MailboxId::of(&self.key())
    }

    fn body(&mut self) -> minicbor::bytes::ByteVec {
        let length = usize::from(self.next()) * usize::from(self.next());
        vec![7; length].into()
    }
}

/// One session.
pub(crate) fn relay_session(data: &[u8]) {
    let mut bytes = Bytes(data.iter());
    let mut now = 1_800_000_000_000;
    let mut relay = Relay::new(MemoryStore::new());
    let _ = relay.invite(&Secret([1; 32]), now + 1_000_000);
    relay.commit(now);
    let mut connections = connect(&mut relay, now);
    let mut asked: BTreeSet<(ConnectionId, u32)> = BTreeSet::new();
    for step in 1..=MAX_STEPS as u32 {
        if bytes.0.len() == 0 {
            break;
        }
        let connection = connections[usize::from(bytes.next()) % CONNECTIONS];
        match bytes.next() % 20 {
            0 => {
                now += u64::from(bytes.next()) * 3_600_000;
                let _ = relay.tick(now);
            }
            1 => {
                let engine = relay.shared().store().engine().clone();
                relay = Relay::new(MemoryStore::on(engine));
                connections = connect(&mut relay, now);
                asked.clear();
            }
            2 => relay.receive(now, connection, data),
            _ => {
                let frame = frame(&mut bytes, step);
                asked.insert((connection, step));
                relay.receive(now, connection, &frame.encode());
            }
        }
        relay.commit(now);
        check(&mut relay, &connections, &asked);
    }
}

fn connect(relay: &mut Relay<MemoryStore>, now: u64) -> Vec<ConnectionId> {
    (0..CONNECTIONS).map(|number| relay.connect(now, Secret([number as u8; 32]))).collect()
}

fn frame(bytes: &mut Bytes<'_>, request: u32) -> ClientFrame {
    let class = [Class::Control, Class::Alert, Class::Update][usize::from(bytes.next() % 3)];
    let (channel, signature) = (bytes.channel(), Signature([0; 64]));
    match bytes.next() % 13 {
        0 => ClientFrame::Authenticate {
            request,
            subject: Subject::Channel(channel),
            key: bytes.key(),
            signature,
        },
        1 => {
            ClientFrame::Redeem { request, invitation: Secret([bytes.next() % 2; 32]), founder: bytes.key() }
        }
        2 => {
            let (founder, owner, access) = (bytes.key(), bytes.key(), bytes.key());
            ClientFrame::Create { request, founder, signature, owner, access }
        }
        3 => ClientFrame::SetOwners { request, channel, owners: vec![bytes.key()] },
        4 => {
            let (record, control_seq) = (RecordId([bytes.next(); 16]), u64::from(bytes.next()));
            ClientFrame::Append {
                request,
                channel,
                record,
                class,
                control_seq,
                rotate: None,
                body: bytes.body(),
            }
        }
        5 => ClientFrame::Subscribe { request, channel, after: u64::from(bytes.next()) },
        6 => ClientFrame::OpenMailbox { request, channel, reader: bytes.key() },
        7 => {
            let (mailbox, record) = (bytes.mailbox(), RecordId([bytes.next(); 16]));
            ClientFrame::Post { request, mailbox, record, body: bytes.body() }
        }
        8 => ClientFrame::ReadMailbox { request, mailbox: bytes.mailbox(), after: u64::from(bytes.next()) },
        9 => ClientFrame::TrimMailbox { request, mailbox: bytes.mailbox(), through: u64::from(bytes.next()) },
        10 => {
            let (blob, part, of) = (BlobId([bytes.next(); 16]), bytes.next().into(), bytes.next().into());
            ClientFrame::PutBlob { request, channel, blob, part, of, body: bytes.body() }
        }
        11 => ClientFrame::GetBlob {
            request,
            channel,
            blob: BlobId([bytes.next(); 16]),
            part: bytes.next().into(),
        },
        _ => ClientFrame::Live { channel, body: bytes.body() },
    }
}

/// Every answer is to something asked.
fn check(
    relay: &mut Relay<MemoryStore>,
    connections: &[ConnectionId],
    asked: &BTreeSet<(ConnectionId, u32)>,
) {
    for connection in connections {
        loop {
            let outgoing = relay.poll(*connection);
            for bytes in &outgoing.frames {
                let answered = match RelayFrame::decode(bytes).expect("the relay sends frames") {
                    RelayFrame::Done { request }
                    | RelayFrame::Appended { request, .. }
                    | RelayFrame::Subscribed { request, .. }
                    | RelayFrame::BlobPart { request, .. }
                    | RelayFrame::Refused { request, .. } => request,
                    _ => 0,
                };
                assert!(answered == 0 || asked.contains(&(*connection, answered)), "an answer to nothing");
            }
            if outgoing.frames.is_empty() || outgoing.close.is_some() {
                break;
            }
        }
    }
}
