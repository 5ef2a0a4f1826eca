//! A device's connection to a real relay.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame, Secret, Subject, challenge, creation};
use campana_protocol::id::{ChannelId, MailboxId, PublicKey, RecordId, Signature};
use ed25519_dalek::{Signer, SigningKey};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// TCP, or TLS over it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Stream for IO {}

pub(crate) struct Device {
    pub(crate) socket: WebSocketStream<Box<dyn Stream>>,
    nonce: Secret,
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn public(seed: u8) -> PublicKey {
    PublicKey(key(seed).verifying_key().to_bytes())
}

pub(crate) const FOUNDER: u8 = 1;
pub(crate) const OWNER: u8 = 2;
pub(crate) const ACCESS: u8 = 3;

pub(crate) fn channel() -> ChannelId {
    ChannelId::of(&public(OWNER))
}

impl Device {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.expect("connects")).await
    }

    pub(crate) async fn over(stream: impl Stream + 'static) -> Self {
        let stream: Box<dyn Stream> = Box::new(stream);
        let (socket, _) = client_async("ws://relay.example/v1/relay", stream).await.expect("connects");
        let mut device = Self { socket, nonce: Secret([0; 32]) };
        match device.hear().await {
            Some(RelayFrame::Hello { nonce, .. }) => device.nonce = nonce,
            other => panic!("no hello: {other:?}"),
        }
        device
    }

    /// One that has created the channel, if it was not there, and proved the owner's key.
    pub(crate) async fn owner(address: SocketAddr, invitation: Option<&str>) -> Self {
        Self::connect(address).await.owning(invitation).await
    }

    pub(crate) async fn owning(self, invitation: Option<&str>) -> Self {
        let mut device = self;
        if let Some(secret) = invitation {
            let secret = URL_SAFE_NO_PAD.decode(secret).expect("base64").try_into().expect("32 bytes");
            let (invitation, founder) = (Secret(secret), public(FOUNDER));
            device.done(ClientFrame::Redeem { request: 1, invitation, founder }).await;
            let signature = sign(FOUNDER, &creation(&device.nonce, &public(OWNER)));
            let (owner, access) = (public(OWNER), public(ACCESS));
            device.done(ClientFrame::Create { request: 2, founder, signature, owner, access }).await;
        }
        device.prove(OWNER).await;
        device
    }

    pub(crate) async fn member(address: SocketAddr) -> Self {
        let mut device = Self::connect(address).await;
        device.prove(ACCESS).await;
        device
    }

    pub(crate) async fn prove(&mut self, seed: u8) {
        self.prove_for(seed, Subject::Channel(channel())).await;
    }

    pub(crate) async fn prove_for(&mut self, seed: u8, subject: Subject) {
        self.prove_at(seed, subject, None).await;
    }

    /// And says what this device's clock shows.
    pub(crate) async fn prove_at(&mut self, seed: u8, subject: Subject, clock: Option<u64>) {
        let signature = sign(seed, &challenge(&self.nonce, &subject));
        self.done(ClientFrame::Authenticate { request: 3, subject, key: public(seed), signature, clock })
            .await;
    }

    pub(crate) async fn send(&mut self, frame: &ClientFrame) -> Result<(), ()> {
        self.socket.send(Message::Binary(frame.encode().into())).await.map_err(|_| ())
    }

    /// The next frame; `None` when the connection is gone.
    pub(crate) async fn hear(&mut self) -> Option<RelayFrame> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Binary(bytes)) => return Some(RelayFrame::decode(&bytes).expect("a frame")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub(crate) async fn done(&mut self, frame: ClientFrame) {
        self.send(&frame).await.expect("sent");
        let answer = self.hear().await;
        assert!(matches!(answer, Some(RelayFrame::Done { .. })), "{answer:?}");
    }

    /// The seq of the channel's last control entry.
    pub(crate) async fn last_control(&mut self) -> u64 {
        let end = u64::MAX;
        self.send(&ClientFrame::Subscribe { request: 4, channel: channel(), after: end })
            .await
            .expect("sent");
        match self.hear().await {
            Some(RelayFrame::Subscribed { last_control, .. }) => last_control,
            other => panic!("not subscribed: {other:?}"),
        }
    }

    /// Subscribes; the head.
    pub(crate) async fn subscribe(&mut self, after: u64) -> u64 {
        self.send(&ClientFrame::Subscribe { request: 4, channel: channel(), after }).await.expect("sent");
        match self.hear().await {
            Some(RelayFrame::Subscribed { head, .. }) => head,
            other => panic!("not subscribed: {other:?}"),
        }
    }
}

fn sign(seed: u8, message: &[u8]) -> Signature {
    Signature(key(seed).sign(message).to_bytes())
}

/// An entry whose body can be told from its record id.
pub(crate) fn entry(request: u32, record: u128, length: usize) -> ClientFrame {
    ClientFrame::Append {
        request,
        channel: channel(),
        record: RecordId(record.to_be_bytes()),
        class: Class::Update,
        control_seq: 0,
        rotate: None,
        body: body(record, length).into(),
    }
}

/// A post to a mailbox that gets no other.
pub(crate) fn post(record: u128) -> ClientFrame {
    let mut mailbox = [0; 32];
    mailbox[..16].copy_from_slice(&record.to_be_bytes());
    post_to(MailboxId(mailbox), record)
}

pub(crate) fn post_to(mailbox: MailboxId, record: u128) -> ClientFrame {
    let record = RecordId(record.to_be_bytes());
    ClientFrame::Post { request: 1, mailbox, record, body: vec![7; 300].into(), pass: None }
}

pub(crate) fn body(record: u128, length: usize) -> Vec<u8> {
    record.to_be_bytes().iter().copied().cycle().take(length).collect()
}
