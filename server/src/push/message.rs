//! One push as an HTTP request: encrypted for its device (RFC 8291), signed for its service
//! (RFC 8292). A signature costs more than a message: one is made per host and kept for hours, by the
//! host's own clock where that differs from this relay's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use campana_protocol::limits::PUSH_TTL_MS;
use campana_protocol::push::Subscription;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};

use super::encrypt::encrypt;
use super::endpoint::Target;
use super::vapid::VapidSecret;
use crate::limits::{CLOCK_OFF_MS, MAX_ORIGINS, SIGN_AGAIN_MS, SIGNATURE_MS};

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
    authorization: HeaderValue,
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
        let body = encrypt(subscription, plain)?;
        let (authorization, number) = self.authorization(secret, &target.host, now)?;
        let request = Request::post(target.uri.clone())
            // Always the same: what is left of an alert's time would tell it from a test.
            .header("ttl", PUSH_TTL_MS / 1_000)
            .header("urgency", "high")
            .header("topic", topic)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(AUTHORIZATION, authorization)
            .body(Full::new(body.into()))
            .map_err(|_| MessageError)?;
        Ok((request, number))
    }

    fn authorization(
        &self,
        secret: &VapidSecret,
        host: &str,
        now: u64,
    ) -> Result<(HeaderValue, TokenNumber), MessageError> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Names under a wildcard are the devices' to choose: what is kept for them is bounded.
        if hosts.len() >= MAX_ORIGINS && !hosts.contains_key(host) {
            hosts.clear();
        }
        let known = hosts.entry(host.to_owned()).or_default();
        let now = now.saturating_add_signed(known.ahead);
        if let Some(token) = known.token.as_ref().filter(|token| token.is_usable(now)) {
            return Ok((token.authorization.clone(), TokenNumber(known.signed)));
        }
        let expires_at = now.saturating_add(2 * SIGNATURE_MS) / 1_000;
        let authorization = secret.authorization(&format!("https://{host}"), expires_at, &self.subject);
        let authorization = HeaderValue::try_from(authorization).map_err(|_| MessageError)?;
        known.signed += 1;
        known.token = Some(Token { authorization: authorization.clone(), signed_at: now });
        Ok((authorization, TokenNumber(known.signed)))
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
pub struct MessageError;

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const HOUR: u64 = 3_600_000;
    const NOW: u64 = 1_800_000_000_000;

    /// What is signed at `now`: which token, its expiry (Unix milliseconds).
    fn signed(messages: &Messages, now: u64) -> (TokenNumber, u64) {
        let secret = VapidSecret::from_bytes(&[5; 32]).expect("a key");
        let (authorization, number) =
            messages.authorization(&secret, "push.example.org", now).expect("signed");
        let claims = authorization.to_str().expect("text").split('.').nth(1).expect("claims");
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
}
