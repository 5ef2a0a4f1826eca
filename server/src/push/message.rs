//! One push as an HTTP request: encrypted for its device (RFC 8291), signed for its service
//! (RFC 8292). A signature costs more than a message: one is made per host and kept for hours, by the
//! host's own clock where that differs from this relay's.

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
use web_push::{
    ContentEncoding, PartialVapidSignatureBuilder, SubscriptionInfo, VapidSignature, VapidSignatureBuilder,
    WebPushError, WebPushMessageBuilder,
};
use zeroize::Zeroizing;

use super::endpoint::Target;
use super::vault::SealError;
use crate::limits::{CLOCK_OFF_MS, MAX_ORIGINS, SIGN_AGAIN_MS, SIGNATURE_MS};
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
    hosts: Mutex<HashMap<String, Host>>,
}

/// What is kept for one host.
#[derive(Debug, Default)]
struct Host {
    token: Option<Token>,
    /// How far the service's clock is ahead of this relay's, milliseconds. 0 if they agree.
    ahead: i64,
    /// How many tokens there have been.
    signed: u64,
}

/// A VAPID token. Its times are the service's, because the service judges them.
#[derive(Debug, Clone)]
struct Token {
    signature: VapidSignature,
    signed_at: u64,
}

/// Which token a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenNumber(u64);

impl Token {
    /// Neither old, nor from the future: the clock that it was signed by may have been set since.
    fn is_usable(&self, now: u64) -> bool {
        (self.signed_at..self.signed_at.saturating_add(SIGNATURE_MS)).contains(&now)
    }
}

impl Messages {
    /// `subject`: whom a service's operator can turn to.
    pub(super) fn new(subject: String) -> Self {
        Self { subject, hosts: Mutex::default() }
    }

    /// `now`: this relay's clock, Unix milliseconds. Wall-clock time, because it goes on while a machine
    /// is suspended.
    pub(super) fn request(
        &self,
        secret: &VapidSecret,
        (target, subscription): (&Target, &Subscription),
        plain: &[u8],
        topic: &str,
        now: u64,
    ) -> Result<(Request<Full<Bytes>>, TokenNumber), MessageError> {
        let info = info(subscription);
        let mut builder = WebPushMessageBuilder::new(&info);
        builder.set_payload(ContentEncoding::Aes128Gcm, plain);
        let (signature, number) = self.signature(secret, &target.host, &info, now)?;
        builder.set_vapid_signature(signature);
        let payload = builder.build()?.payload.ok_or(MessageError)?;
        let authorization = payload
            .crypto_headers
            .into_iter()
            .find_map(|(name, value)| (name == "Authorization").then_some(value))
            .ok_or(MessageError)?;
        let request = Request::post(target.uri.clone())
            // Always the same: what is left of an alert's time would tell it from a test.
            .header("ttl", PUSH_TTL_MS / 1_000)
            .header("urgency", "high")
            .header("topic", topic)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(AUTHORIZATION, authorization)
            .body(Full::new(payload.content.into()))
            .map_err(|_| MessageError)?;
        Ok((request, number))
    }

    fn signature(
        &self,
        secret: &VapidSecret,
        host: &str,
        info: &SubscriptionInfo,
        now: u64,
    ) -> Result<(VapidSignature, TokenNumber), MessageError> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Names under a wildcard are the devices' to choose: what is kept for them is bounded.
        if hosts.len() >= MAX_ORIGINS && !hosts.contains_key(host) {
            hosts.clear();
        }
        let known = hosts.entry(host.to_owned()).or_default();
        let now = now.saturating_add_signed(known.ahead);
        if let Some(token) = known.token.as_ref().filter(|token| token.is_usable(now)) {
            return Ok((token.signature.clone(), TokenNumber(known.signed)));
        }
        let mut builder = secret.builder.clone().add_sub_info(info);
        builder.add_claim("sub", self.subject.as_str());
        builder.add_claim("aud", format!("https://{host}"));
        builder.add_claim("exp", now.saturating_add(2 * SIGNATURE_MS) / 1_000);
        let signature = builder.build()?;
        known.signed += 1;
        known.token = Some(Token { signature: signature.clone(), signed_at: now });
        Ok((signature, TokenNumber(known.signed)))
    }

    /// A service has not accepted a token. Whether there is another to try: one that was signed
    /// meanwhile, or a new one if this one is not new itself.
    pub(super) fn rejected(&self, host: &str, number: TokenNumber, now: u64) -> bool {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = hosts.get_mut(host) else { return true };
        let now = now.saturating_add_signed(known.ahead);
        let new = |token: &Token| token.is_usable(now) && now - token.signed_at < SIGN_AGAIN_MS;
        if known.signed == number.0 && known.token.as_ref().is_some_and(new) {
            return false;
        }
        if known.signed == number.0 {
            known.token = None;
        }
        true
    }

    /// What a service says the time is. How far that is ahead of this relay's clock, milliseconds, if
    /// it is far: tokens for it are signed for its clock from then on.
    pub(super) fn dated(&self, host: &str, date: u64, now: u64) -> Option<i64> {
        let ahead = i64::try_from(date).ok()?.saturating_sub_unsigned(now);
        let far = (ahead.unsigned_abs() > CLOCK_OFF_MS).then_some(ahead);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get_mut(host) {
            match far {
                None => known.ahead = 0,
                // As before, but for the seconds that an answer takes.
                Some(ahead) if known.ahead.abs_diff(ahead) <= CLOCK_OFF_MS => {}
                Some(ahead) => known.ahead = ahead,
            }
        }
        far
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
    use campana_protocol::id::PushAuth;
    use campana_protocol::limits::PUSH_BYTES;

    use super::*;

    /// Mozilla's bridge to Android phones refuses more than 3,015 bytes, and padding comes in steps.
    #[test]
    fn a_push_is_as_long_on_the_wire_as_the_strictest_service_takes() {
        let (pair, auth) = ece::generate_keypair_and_auth_secret().expect("keys");
        let key = PushKey::from_slice(&pair.pub_as_raw().expect("a point")).expect("65 bytes");
        let endpoint = "https://push.example.org/x".to_owned();
        let subscription = Subscription { endpoint, key, auth: PushAuth(auth) };
        let info = info(&subscription);
        let mut builder = WebPushMessageBuilder::new(&info);
        let plain = [b' '; PUSH_BYTES];
        builder.set_payload(ContentEncoding::Aes128Gcm, &plain);
        let payload = builder.build().expect("built").payload.expect("a payload");
        assert_eq!(payload.content.len(), 2_918);
    }

    const HOUR: u64 = 3_600_000;
    const NOW: u64 = 1_800_000_000_000;

    /// What is signed at `now`: which token, its expiry (Unix milliseconds).
    fn signed(messages: &Messages, now: u64) -> (TokenNumber, u64) {
        let secret = VapidSecret::from_bytes(&[5; 32]).expect("a key");
        let endpoint = "https://push.example.org/x".to_owned();
        let subscription = Subscription { endpoint, key: secret.public(), auth: PushAuth([1; 16]) };
        let (signature, number) =
            messages.signature(&secret, "push.example.org", &info(&subscription), now).expect("signed");
        let claims = signature.auth_t.split('.').nth(1).expect("claims");
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        (number, claims["exp"].as_u64().expect("a time") * 1_000)
    }

    #[test]
    fn a_token_is_kept_by_the_wall_clock_whichever_way_that_goes() {
        let messages = Messages::new("mailto:ops@example.org".to_owned());
        let (first, expires) = signed(&messages, NOW);
        assert_eq!(expires, NOW + 12 * HOUR);
        assert_eq!(signed(&messages, NOW + 6 * HOUR - 1).0, first);
        // The machine was suspended, which monotonic time does not see.
        let (second, expires) = signed(&messages, NOW + 13 * HOUR);
        assert_eq!(expires, NOW + 25 * HOUR);
        // The clock was ahead and has been set: a token from the future is nobody's.
        let (third, expires) = signed(&messages, NOW);
        assert_eq!(expires, NOW + 12 * HOUR);
        assert!(first != second && second != third);
    }

    #[test]
    fn a_token_that_was_not_accepted_is_replaced_once() {
        let messages = Messages::new("mailto:ops@example.org".to_owned());
        let (old, _) = signed(&messages, NOW);
        let later = NOW + SIGN_AGAIN_MS;
        assert!(messages.rejected("push.example.org", old, later), "it is not new");
        let (new, _) = signed(&messages, later);
        assert_ne!(new, old);
        assert!(messages.rejected("push.example.org", old, later), "there is a newer one by now");
        assert_eq!(signed(&messages, later).0, new);
        assert!(!messages.rejected("push.example.org", new, later), "and that one is new");
        assert_eq!(signed(&messages, later).0, new);
    }

    #[test]
    fn a_token_is_signed_for_the_clock_of_the_service() {
        let messages = Messages::new("mailto:ops@example.org".to_owned());
        let host = "push.example.org";
        let (first, _) = signed(&messages, NOW);
        assert_eq!(messages.dated(host, NOW + 2_000, NOW), None);
        assert_eq!(signed(&messages, NOW).0, first);
        let theirs = NOW - 2 * 365 * 24 * HOUR;
        assert!(messages.dated(host, theirs, NOW).is_some());
        assert!(messages.rejected(host, first, NOW));
        let (second, expires) = signed(&messages, NOW);
        assert_eq!(expires, theirs + 12 * HOUR);
        // An answer that took some seconds longer changes nothing.
        assert!(messages.dated(host, theirs - 5_000, NOW).is_some());
        assert_eq!(signed(&messages, NOW + 1_000).0, second);
        // This relay's clock has been set.
        assert_eq!(messages.dated(host, theirs + 2_000, theirs + 2_000), None);
        assert_eq!(signed(&messages, theirs + 2_000).0, second, "it was signed for that clock");
    }

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
