//! The least that a client of the relay can be, so that the bench measures the relay: raw
//! WebSocket frames on a TCP stream.

use core::sync::atomic::{AtomicU32, Ordering};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use campana_protocol::frame::{ClientFrame, RelayFrame, Secret, Subject, challenge, creation};
use campana_protocol::id::{ChannelId, PublicKey, Signature};
use ed25519_dalek::{Signer, SigningKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const FOUNDER: u8 = 1;
const OWNER: u8 = 2;
pub(super) const ACCESS: u8 = 3;

const UPGRADE: &str = "GET /v1/relay HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

pub(super) fn public(seed: u8) -> PublicKey {
    PublicKey(SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes())
}

pub(super) fn channel() -> ChannelId {
    ChannelId::of(&public(OWNER))
}

fn sign(seed: u8, message: &[u8]) -> Signature {
    Signature(SigningKey::from_bytes(&[seed; 32]).sign(message).to_bytes())
}

pub(super) fn authenticate(nonce: &Secret, seed: u8) -> ClientFrame {
    let subject = Subject::Channel(channel());
    let signature = sign(seed, &challenge(nonce, &subject));
    ClientFrame::Authenticate { request: 1, subject, key: public(seed), signature, clock: None }
}

/// One masked binary message. The mask is zero: it protects proxies, of which there are none.
pub(super) fn message(frame: &ClientFrame) -> Vec<u8> {
    let body = frame.encode();
    let mut out = vec![0x82];
    match u16::try_from(body.len()) {
        Ok(length) if length < 126 => out.push(0x80 | length as u8),
        Ok(length) => {
            out.push(0x80 | 126);
            out.extend(length.to_be_bytes());
        }
        Err(_) => {
            out.push(0x80 | 127);
            out.extend((body.len() as u64).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(body);
    out
}

/// Length of the header and of the body of the message that begins `bytes`, once both are known.
pub(super) fn lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    match bytes.get(1)? & 0x7f {
        126 => Some((4, u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into())),
        127 => Some((10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize)),
        length => Some((2, length.into())),
    }
}

/// A connection that blocks: the publisher's.
pub(super) struct Blocking {
    stream: std::net::TcpStream,
    buffer: Vec<u8>,
    nonce: Secret,
}

impl Blocking {
    pub(super) fn connect(address: SocketAddr) -> io::Result<Self> {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.write_all(UPGRADE.as_bytes())?;
        let mut this = Self { stream, buffer: Vec::new(), nonce: Secret([0; 32]) };
        while !this.buffer.windows(4).any(|end| end == b"\r\n\r\n") {
            this.fill()?;
        }
        let end = this.buffer.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(0) + 4;
        this.buffer.drain(..end);
        match this.hear()? {
            RelayFrame::Hello { nonce, .. } => this.nonce = nonce,
            other => return Err(io::Error::other(format!("no hello: {other:?}"))),
        }
        Ok(this)
    }

    /// Creates the channel with the operator's secret.
    pub(super) fn found(&mut self, secret: [u8; 32]) -> io::Result<()> {
        let (invitation, founder) = (Secret(secret), public(FOUNDER));
        self.ask(&ClientFrame::Redeem { request: 1, invitation, founder })?;
        let signature = sign(FOUNDER, &creation(&self.nonce, &public(OWNER)));
        let (owner, access) = (public(OWNER), public(ACCESS));
        self.ask(&ClientFrame::Create { request: 2, founder, signature, owner, access })?;
        Ok(())
    }

    /// The owner's key: what others append and register is rationed.
    pub(super) fn prove(&mut self) -> io::Result<()> {
        self.ask(&authenticate(&self.nonce.clone(), OWNER)).map(|_| ())
    }

    pub(super) fn ask(&mut self, frame: &ClientFrame) -> io::Result<RelayFrame> {
        self.stream.write_all(&message(frame))?;
        match self.hear()? {
            RelayFrame::Refused { code, .. } => Err(io::Error::other(format!("refused: {code:?}"))),
            answer => Ok(answer),
        }
    }

    /// All at once, then all answers.
    pub(super) fn ask_all(&mut self, frames: &[ClientFrame]) -> io::Result<()> {
        let bytes: Vec<u8> = frames.iter().flat_map(message).collect();
        self.stream.write_all(&bytes)?;
        for _ in frames {
            if let RelayFrame::Refused { code, .. } = self.hear()? {
                return Err(io::Error::other(format!("refused: {code:?}")));
            }
        }
        Ok(())
    }

    fn hear(&mut self) -> io::Result<RelayFrame> {
        loop {
            if let Some((header, body)) = lengths(&self.buffer)
                && self.buffer.len() >= header + body
            {
                let kind = self.buffer[0] & 0x0f;
                let bytes: Vec<u8> = self.buffer.drain(..header + body).skip(header).collect();
                if kind == 2 {
                    return RelayFrame::decode(&bytes).map_err(io::Error::other);
                }
            } else {
                self.fill()?;
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4_096];
        let got = self.stream.read(&mut chunk)?;
        self.buffer.extend_from_slice(&chunk[..got]);
        if got == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

/// A plain connection. Every thousand come from a local address of their own: ports of closed
/// connections stay taken for a minute.
pub(super) async fn tcp(address: SocketAddr) -> io::Result<TcpStream> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let [_, _, third, fourth] = (MADE.fetch_add(1, Ordering::Relaxed) / 1_000 + 2).to_be_bytes();
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 0, third, fourth), 0).into())?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A subscriber that has been told `Subscribed`.
pub(super) async fn subscriber(address: SocketAddr, after: u64) -> io::Result<TcpStream> {
    let mut stream = tcp(address).await?;
    stream.write_all(UPGRADE.as_bytes()).await?;
    let mut buffer = Vec::new();
    let end = loop {
        fill(&mut stream, &mut buffer).await?;
        if let Some(end) = buffer.windows(4).position(|end| end == b"\r\n\r\n") {
            break end + 4;
        }
    };
    buffer.drain(..end);
    let nonce = match hear(&mut stream, &mut buffer).await? {
        RelayFrame::Hello { nonce, .. } => nonce,
        other => return Err(io::Error::other(format!("no hello: {other:?}"))),
    };
    stream.write_all(&message(&authenticate(&nonce, ACCESS))).await?;
    hear(&mut stream, &mut buffer).await?;
    stream.write_all(&message(&ClientFrame::Subscribe { request: 2, channel: channel(), after })).await?;
    match hear(&mut stream, &mut buffer).await? {
        RelayFrame::Subscribed { .. } if buffer.is_empty() => Ok(stream),
        other => Err(io::Error::other(format!("not subscribed: {other:?}"))),
    }
}

async fn hear(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<RelayFrame> {
    loop {
        if let Some((header, body)) = lengths(buffer)
            && buffer.len() >= header + body
        {
            let bytes: Vec<u8> = buffer.drain(..header + body).skip(header).collect();
            return RelayFrame::decode(&bytes).map_err(io::Error::other);
        }
        fill(stream, buffer).await?;
    }
}

async fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 1_024];
    let got = stream.read(&mut chunk).await?;
    buffer.extend_from_slice(&chunk[..got]);
    if got == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}
