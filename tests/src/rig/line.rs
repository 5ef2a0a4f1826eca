//! A bare line to the relay, for whoever would say what an honest client never says.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, RelayFrame, Secret, Subject, challenge};
use campana_protocol::id::{PublicKey, Signature};
use ed25519_dalek::{Signer, SigningKey};

const UPGRADE: &str = "GET /v1/relay HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A WebSocket, by hand.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
    nonce: Secret,
    /// What came while an answer was waited for.
    heard: Vec<RelayFrame>,
}

impl Line {
    /// Connects to `HOST:PORT`.
    pub fn open(address: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("the relay listens");
        stream.write_all(UPGRADE.as_bytes()).expect("a line");
        let mut line = Self { stream, buffer: Vec::new(), nonce: Secret([0; 32]), heard: Vec::new() };
        let end = Instant::now() + PATIENCE;
        let head = loop {
            if let Some(at) = line.buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(line.fill(end), "no WebSocket");
        };
        line.buffer.drain(..head);
        match line.next(PATIENCE) {
            Some(RelayFrame::Hello { nonce, .. }) => line.nonce = nonce,
            other => panic!("no hello: {other:?}"),
        }
        line
    }

    /// Proves a key for a subject; what the relay says to that.
    pub fn prove(&mut self, request: u32, subject: Subject, key: &SigningKey) -> RelayFrame {
        let signature = Signature(key.sign(&challenge(&self.nonce, &subject)).to_bytes());
        let key = PublicKey(key.verifying_key().to_bytes());
        self.ask(&ClientFrame::Authenticate { request, subject, key, signature, clock: None })
    }

    /// Says this and waits for its answer; what comes before that is kept for [`Self::heard`].
    pub fn ask(&mut self, frame: &ClientFrame) -> RelayFrame {
        self.say(frame);
        let end = Instant::now() + PATIENCE;
        loop {
            let frame = self.next(end.saturating_duration_since(Instant::now())).expect("an answer");
            match frame {
                RelayFrame::Entry { .. }
                | RelayFrame::Skipped { .. }
                | RelayFrame::Rotated { .. }
                | RelayFrame::Live { .. }
                | RelayFrame::Post { .. } => self.heard.push(frame),
                answer => return answer,
            }
        }
    }

    /// Says this and expects to be refused, with a code.
    pub fn refused(&mut self, frame: &ClientFrame) -> Code {
        match self.ask(frame) {
            RelayFrame::Refused { code, .. } => code,
            other => panic!("{frame:?} was not refused: {other:?}"),
        }
    }

    /// Everything that came unasked, up to a while of silence.
    pub fn heard(&mut self, silence: Duration) -> Vec<RelayFrame> {
        while let Some(frame) = self.next(silence) {
            self.heard.push(frame);
        }
        std::mem::take(&mut self.heard)
    }

    fn say(&mut self, frame: &ClientFrame) {
        let body = frame.encode();
        let length = u16::try_from(body.len()).expect("a short frame");
        let mut message = vec![0x82];
        if length < 126 {
            message.push(0x80 | length as u8);
        } else {
            message.push(0x80 | 126);
            message.extend(length.to_be_bytes());
        }
        // The mask is zero: it protects proxies, of which there are none.
        message.extend([0; 4]);
        message.extend(body);
        self.stream.write_all(&message).expect("a line");
    }

    fn next(&mut self, patience: Duration) -> Option<RelayFrame> {
        let end = Instant::now() + patience;
        loop {
            if let Some((head, length)) = lengths(&self.buffer).filter(|(h, l)| self.buffer.len() >= h + l) {
                let message: Vec<u8> = self.buffer.drain(..head + length).collect();
                if message[0] == 0x82 {
                    return Some(RelayFrame::decode(&message[head..]).expect("a frame"));
                }
            } else if !self.fill(end) {
                return None;
            }
        }
    }

    /// False: nothing came in time.
    fn fill(&mut self, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).expect("a time");
        let mut chunk = [0; 65_536];
        match self.stream.read(&mut chunk) {
            Ok(0) => panic!("the relay hung up"),
            Ok(read) => self.buffer.extend(&chunk[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return false;
            }
            Err(error) => panic!("{error}"),
        }
        true
    }
}

/// Length of the header and of the body of the message that begins `bytes`, once both are known.
fn lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    match bytes.get(1)? & 0x7f {
        126 => Some((4, u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into())),
        127 => Some((10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize)),
        length => Some((2, length.into())),
    }
}
