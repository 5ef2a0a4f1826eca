//! The flood itself: what a member with a program of their own can send, as fast as the relay answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Secret, Subject, challenge};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{
    BlobId, ChannelId, MailboxId, PublicKey, PushAuth, PushKey, RecordId, RegistrationId, Signature,
};
use campana_protocol::limits::{MAX_BLOB_PART, MAX_POST_BODY, MAX_UPDATE_BODY};
use campana_protocol::link::InviteLink;
use campana_protocol::push::Subscription;
use campana_tests::rig::Insider;
use ed25519_dalek::{Signer, SigningKey};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::device::{Rows, VAULT};

/// What a member knows that a flood needs.
#[derive(Clone)]
pub(super) struct Target {
    channel: ChannelId,
    access: SigningKey,
    desk: MailboxId,
    join: MailboxId,
    push: PushKey,
}

/// What a flood has done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) asked: u64,
    pub(super) taken: u64,
    pub(super) put_off: u64,
    pub(super) bytes: u64,
}

impl Done {
    pub(super) fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.taken += other.taken;
        self.put_off += other.put_off;
        self.bytes += other.bytes;
    }
}

impl Target {
    pub(super) fn of(rows: &Rows, invite: &str) -> Self {
        let insider = Insider::of(VAULT, rows.clone());
        Self {
            channel: insider.channel(ChannelKind::Broadcast),
            access: insider.access_key(ChannelKind::Broadcast).expect("a member has one"),
            desk: insider.charter().desk_mailbox.mailbox,
            join: InviteLink::parse(invite).expect("an invite").invite.mailbox,
            push: PushKey::from_slice(&campana_sink::Phone::new().key()).expect("65 bytes"),
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Until it is to stop; connects anew whenever the relay hangs up.
pub(super) async fn flood(address: String, target: Target, number: usize, going_on: Arc<AtomicBool>) -> Done {
    let mut done = Done::default();
    // Apart from those of the other connections.
    let mut next = (number as u64) << 40;
    while going_on.load(Ordering::Relaxed) {
        match proved(&address, &target).await {
            Some(socket) => pour(socket, &target, &mut next, &going_on, &mut done).await,
            None => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    done
}

async fn proved(address: &str, target: &Target) -> Option<Socket> {
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/v1/relay")).await.ok()?;
    let Some(RelayFrame::Hello { nonce, .. }) = hear(&mut socket).await else { return None };
    send(&mut socket, &authenticate(target, &nonce)).await?;
    matches!(hear(&mut socket).await, Some(RelayFrame::Done { .. })).then_some(socket)
}

fn authenticate(target: &Target, nonce: &Secret) -> ClientFrame {
    let subject = Subject::Channel(target.channel);
    let signature = Signature(target.access.sign(&challenge(nonce, &subject)).to_bytes());
    let key = PublicKey(target.access.verifying_key().to_bytes());
    ClientFrame::Authenticate { request: 0, subject, key, signature, clock: None }
}

/// Some requests at a time.
async fn pour(mut socket: Socket, target: &Target, next: &mut u64, going_on: &AtomicBool, done: &mut Done) {
    const WINDOW: usize = 16;
    // What its log says of the last control entry, so that updates are not stale.
    let subscribe = ClientFrame::Subscribe { request: 1, channel: target.channel, after: u64::MAX };
    if send(&mut socket, &subscribe).await.is_none() {
        return;
    }
    let mut control = match hear(&mut socket).await {
        Some(RelayFrame::Subscribed { last_control, .. }) => last_control,
        _ => return,
    };
    while going_on.load(Ordering::Relaxed) {
        for _ in 0..WINDOW {
            *next += 1;
            let (frame, bytes) = junk(target, *next, control);
            done.asked += 1;
            done.bytes += bytes as u64;
            if send(&mut socket, &frame).await.is_none() {
                return;
            }
        }
        let (mut answers, mut busy) = (0, 0);
        while answers < WINDOW {
            match hear(&mut socket).await {
                Some(RelayFrame::Refused { .. }) => {
                    answers += 1;
                    busy += 1;
                }
                Some(RelayFrame::Done { .. } | RelayFrame::Appended { .. }) => {
                    answers += 1;
                    done.taken += 1;
                }
                Some(RelayFrame::Entry { entry, .. }) if entry.class == Class::Control => control = entry.seq,
                Some(_) => {}
                None => return,
            }
        }
        done.put_off += busy as u64;
        if busy == WINDOW {
            // Faster than that the relay hangs up, and nothing more is taken.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// By turns a blob, an update, a post to the desk, to where people join, to nobody, and a registration; of
/// each the largest and the smallest.
fn junk(target: &Target, number: u64, control_seq: u64) -> (ClientFrame, usize) {
    let (channel, request) = (target.channel, number as u32 | 1);
    let mut id = [7; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let mut nobody = [7; 32];
    nobody[..16].copy_from_slice(&id);
    let sized = |most: usize| vec![7_u8; if (number / 6).is_multiple_of(2) { most } else { 100 }];
    let post = |mailbox: MailboxId| {
        let body = sized(MAX_POST_BODY);
        let bytes = body.len();
        (ClientFrame::Post { request, mailbox, record: RecordId(id), body: body.into(), pass: None }, bytes)
    };
    match number % 6 {
        0 => {
            let body = sized(MAX_BLOB_PART);
            let (bytes, blob) = (body.len(), BlobId(id));
            (ClientFrame::PutBlob { request, channel, blob, part: 0, of: 1, body: body.into() }, bytes)
        }
        1 => {
            let body = sized(MAX_UPDATE_BODY);
            let (bytes, record, class) = (body.len(), RecordId(id), Class::Update);
            let (rotate, body) = (None, body.into());
            (ClientFrame::Append { request, channel, record, class, control_seq, rotate, body }, bytes)
        }
        2 => post(target.desk),
        3 => post(target.join),
        4 => post(MailboxId(nobody)),
        _ => {
            let endpoint = format!("https://push.invalid/{number}");
            let subscription = Subscription { endpoint, key: target.push, auth: PushAuth([5; 16]) };
            let (registration, proved_at) = (RegistrationId(id), u64::MAX);
            (ClientFrame::Register { request, channel, registration, subscription, proved_at }, 0)
        }
    }
}

async fn send(socket: &mut Socket, frame: &ClientFrame) -> Option<()> {
    socket.send(Message::binary(frame.encode())).await.ok()
}

async fn hear(socket: &mut Socket) -> Option<RelayFrame> {
    loop {
        match socket.next().await? {
            Ok(Message::Binary(bytes)) => return RelayFrame::decode(&bytes).ok(),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}
