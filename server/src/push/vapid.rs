//! RFC 8292: the relay's own key, by which push services know it again, and the tokens that it signs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::id::{ChannelId, PushKey, RegistrationId, hash};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use zeroize::Zeroizing;

use super::vault::SealError;
use crate::store::{EndpointTag, LaneTag};

/// `{"typ":"JWT","alg":"ES256"}`, which every token begins with.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9";

/// The relay's own key. `p256` and not `ring`, because `ring` does not compute the public half, and of
/// old stores only the private one is kept.
pub(super) struct VapidSecret {
    bytes: Zeroizing<[u8; 32]>,
    signing: SigningKey,
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
        let signing = SigningKey::from_slice(&bytes[..]).ok()?;
        let public = PushKey::from_slice(signing.verifying_key().to_sec1_point(false).as_bytes())?;
        Some(Self { bytes, signing, public })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..]
    }

    pub(super) fn public(&self) -> PushKey {
        self.public
    }

    /// The `Authorization` of requests to a service. `audience`: its origin. `expires_at`: Unix seconds.
    pub(super) fn authorization(&self, audience: &str, expires_at: u64, subject: &str) -> String {
        let claims = serde_json::json!({ "aud": audience, "exp": expires_at, "sub": subject });
        let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature: Signature = self.signing.sign(signed.as_bytes());
        let [signature, key] =
            [&signature.to_bytes()[..], &self.public.0].map(|at| URL_SAFE_NO_PAD.encode(at));
        format!("vapid t={signed}.{signature}, k={key}")
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

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    /// Stores of earlier versions hold a private key alone, and phones are subscribed with its public half.
    #[test]
    fn the_public_half_is_what_earlier_versions_computed() {
        let secret = VapidSecret::from_bytes(&[5; 32]).expect("a key");
        let text = URL_SAFE_NO_PAD.encode(secret.public().0);
        assert_eq!(text, EARLIER);
        assert!(VapidSecret::from_bytes(&[0; 32]).is_none() && VapidSecret::from_bytes(&[255; 32]).is_none());
    }

    /// Of the private key that is 32 times 5; computed by another program.
    const EARLIER: &str =
        "BAeBDql0zqV3PmO4l_N-O-mgnnpf6blxpE0QZawqOpMRY35HpPmUZKD9zkSojsfXA6kYPB0GVS2eLWt2BpSBxXc";

    #[test]
    fn another_library_takes_the_signature() {
        let secret = VapidSecret::generate().expect("a key");
        let text = secret.authorization("https://push.example.org", 1_800_000_000, "mailto:ops@example.org");
        let (token, key) =
            text.strip_prefix("vapid t=").and_then(|text| text.split_once(", k=")).expect("two parts");
        let bytes = |text| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let (signed, signature) = token.rsplit_once('.').expect("a signature");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(key));
        assert!(key.verify(signed.as_bytes(), &bytes(signature)).is_ok());
        let (header, claims) = signed.split_once('.').expect("claims");
        let json = |text| serde_json::from_slice::<serde_json::Value>(&bytes(text)).expect("JSON");
        assert_eq!(json(header), serde_json::json!({ "typ": "JWT", "alg": "ES256" }));
        let expected = serde_json::json!({
            "aud": "https://push.example.org", "exp": 1_800_000_000, "sub": "mailto:ops@example.org",
        });
        assert_eq!(json(claims), expected);
    }
}
