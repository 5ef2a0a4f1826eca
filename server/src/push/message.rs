//! One push as an HTTP request: encrypted for its device (RFC 8291), signed for its service
//! (RFC 8292). A signature costs more than a message: one is made per service and kept for hours.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use campana_protocol::id::{ChannelId, PushKey, RegistrationId, hash};
use campana_protocol::limits::PUSH_TTL_MS;
use campana_protocol::push::Subscription;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use tokio::time::Instant;
use web_push::{
    ContentEncoding, PartialVapidSignatureBuilder, SubscriptionInfo, VapidSignature, VapidSignatureBuilder,
    WebPushError, WebPushMessageBuilder,
};
use zeroize::Zeroizing;

use super::endpoint::Target;
use super::vault::SealError;
use crate::limits::{MAX_ORIGINS, SIGNATURE_MS};
use crate::store::{EndpointTag, LaneTag};

/// The relay's own key, by which push services know it again.
pub(super) struct VapidSecret {
    bytes: Zeroizing<[u8; 32]>,
    builder: PartialVapidSignatureBuilder,
    public: PushKey,
}

impl core::fmt::Debug for VapidSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("VapidSecret(..)")
    }
}

impl VapidSecret {
    pub(super) fn generate() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; 32]);
        // Nearly every number is a key of P-256.
        for _ in 0..16 {
            getrandom::fill(&mut bytes[..]).map_err(|_| SealError::NoRandomness)?;
            if let Some(secret) = Self::from_bytes(&bytes[..]) {
                return Ok(secret);
            }
        }
        Err(SealError::NoRandomness)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = Zeroizing::new(<[u8; 32]>::try_from(bytes).ok()?);
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..]));
        let builder = VapidSignatureBuilder::from_base64_no_sub(&text).ok()?;
        let public = PushKey::from_slice(&builder.get_public_key())?;
        Some(Self { bytes, builder, public })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..]
    }

    pub(super) fn public(&self) -> PushKey {
        self.public
    }

    /// Where the pages of a job begin: no member knows it before, and each start finds it again.
    pub(super) fn order(&self, channel: &ChannelId, seq: u64) -> RegistrationId {
        RegistrationId(self.name("campana push order", &[&channel.0, &seq.to_be_bytes()]))
    }

    /// Names a service in a job's row without saying which it is.
    pub(super) fn lane(&self, channel: &ChannelId, seq: u64, line: &str) -> LaneTag {
        let name = self.name("campana push lane", &[&channel.0, &seq.to_be_bytes(), line.as_bytes()]);
        u64::from_be_bytes(*name.first_chunk().unwrap_or(&[0; 8]))
    }

    /// By which an endpoint that is registered again on a channel is known, and no endpoint found.
    pub(super) fn endpoint(&self, channel: &ChannelId, endpoint: &str) -> EndpointTag {
        self.name("campana push endpoint", &[&channel.0, endpoint.as_bytes()])
    }

    fn name(&self, what: &str, of: &[&[u8]]) -> [u8; 16] {
        let parts: Vec<_> = [self.bytes()].into_iter().chain(of.iter().copied()).collect();
        *hash(what, &parts).0.first_chunk().unwrap_or(&[0; 16])
    }

    /// Names the push of `what` to one registration: the same again for the same, and nothing to
    /// anybody who does not hold this key.
    pub(super) fn topic(&self, channel: &ChannelId, what: &[u8], registration: &RegistrationId) -> String {
        URL_SAFE_NO_PAD.encode(self.name("campana push topic", &[&channel.0, what, &registration.0]))
    }
}

/// Makes requests.
#[derive(Debug)]
pub(super) struct Messages {
    subject: String,
    signatures: Mutex<HashMap<String, (VapidSignature, Instant)>>,
}

impl Messages {
    /// `subject`: whom a service's operator can turn to.
    pub(super) fn new(subject: String) -> Self {
        Self { subject, signatures: Mutex::default() }
    }

    pub(super) fn request(
        &self,
        secret: &VapidSecret,
        target: &Target,
        subscription: &Subscription,
        plain: &[u8],
        topic: &str,
    ) -> Result<Request<Full<Bytes>>, MessageError> {
        let info = info(subscription);
        let mut builder = WebPushMessageBuilder::new(&info);
        builder.set_payload(ContentEncoding::Aes128Gcm, plain);
        builder.set_vapid_signature(self.signature(secret, &target.host, &info)?);
        let payload = builder.build()?.payload.ok_or(MessageError)?;
        let authorization = payload
            .crypto_headers
            .into_iter()
            .find_map(|(name, value)| (name == "Authorization").then_some(value))
            .ok_or(MessageError)?;
        Request::post(target.uri.clone())
            // Always the same: what is left of an alert's time would tell it from a test.
            .header("ttl", PUSH_TTL_MS / 1_000)
            .header("urgency", "high")
            .header("topic", topic)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(AUTHORIZATION, authorization)
            .body(Full::new(payload.content.into()))
            .map_err(|_| MessageError)
    }

    fn signature(
        &self,
        secret: &VapidSecret,
        host: &str,
        info: &SubscriptionInfo,
    ) -> Result<VapidSignature, MessageError> {
        let mut signatures = self.signatures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((signature, made)) = signatures.get(host)
            && made.elapsed() < Duration::from_millis(SIGNATURE_MS)
        {
            return Ok(signature.clone());
        }
        let mut builder = secret.builder.clone().add_sub_info(info);
        builder.add_claim("sub", self.subject.as_str());
        builder.add_claim("aud", format!("https://{host}"));
        let signature = builder.build()?;
        // Names under a wildcard are the devices' to choose: what is kept for them is bounded.
        if signatures.len() >= MAX_ORIGINS {
            signatures.clear();
        }
        signatures.insert(host.to_owned(), (signature.clone(), Instant::now()));
        Ok(signature)
    }
}

/// A subscription whose key or endpoint no message can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no message can be made for this subscription")]
pub(super) struct MessageError;

/// What the library says may quote the endpoint.
impl From<WebPushError> for MessageError {
    fn from(_: WebPushError) -> Self {
        Self
    }
}

/// Whether messages can be made for a subscription: its key is a point of the curve.
pub(super) fn check(subscription: &Subscription) -> Result<(), MessageError> {
    let info = info(subscription);
    let mut builder = WebPushMessageBuilder::new(&info);
    builder.set_payload(ContentEncoding::Aes128Gcm, b".");
    builder.build()?;
    Ok(())
}

fn info(subscription: &Subscription) -> SubscriptionInfo {
    let [key, auth] = [&subscription.key.0[..], &subscription.auth.0].map(|at| URL_SAFE_NO_PAD.encode(at));
    SubscriptionInfo::new(subscription.endpoint.clone(), key, auth)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    /// RFC 8291's example keys; made by `http_ece` 1.2.1 for Node. The other way round, it opens what
    /// the relay pushes (`pwa/tests/push/subscriber.mjs`).
    #[test]
    fn what_another_implementation_encrypts_opens_here() {
        let bytes = |text| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let keys = ece::EcKeyComponents::new(
            bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
            bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        );
        let body = bytes(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_qi8lUQrv3Zk3ZvusXrkRc9MY3u_tZBYmG9moOImm-KQvb0NrhIFm8KoeR6ZfQzww",
        );
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let plain = ece::decrypt(&keys, &auth, &body).expect("for these keys");
        assert_eq!(plain, "Otra implementación lo cerró.".as_bytes());
    }
}
