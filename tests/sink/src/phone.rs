//! A phone's half of RFC 8291, out of other libraries than the relay's: what both sides agree on is the RFC.

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes128Gcm, KeyInit as _};
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;

const SALT: usize = 16;
/// Salt, size of the records, length of the key's name.
const HEADER: usize = SALT + 4 + 1;

/// What a phone keeps to read its pushes.
#[derive(Debug)]
pub struct Phone {
    secret: SecretKey,
    auth: [u8; 16],
}

impl Default for Phone {
    fn default() -> Self {
        Self::new()
    }
}

impl Phone {
    /// One with fresh keys.
    ///
    /// # Panics
    /// If the system gives no randomness.
    #[must_use]
    pub fn new() -> Self {
        let mut random = [0; 48];
        getrandom::fill(&mut random).expect("randomness");
        let (secret, auth) = random.split_at(32);
        // Nearly every number is a key of P-256.
        Self::of(secret, auth).unwrap_or_else(Self::new)
    }

    /// The phone with these keys, if they are ones.
    #[must_use]
    pub fn of(secret: &[u8], auth: &[u8]) -> Option<Self> {
        Some(Self { secret: SecretKey::from_slice(secret).ok()?, auth: auth.try_into().ok()? })
    }

    /// What is pushed to it is encrypted for this: `p256dh`, an uncompressed point.
    ///
    /// # Panics
    /// Never: such a point has 65 bytes.
    #[must_use]
    pub fn key(&self) -> [u8; 65] {
        self.secret.public_key().to_sec1_bytes().as_ref().try_into().expect("65 bytes")
    }

    /// `auth`.
    #[must_use]
    pub fn auth(&self) -> [u8; 16] {
        self.auth
    }

    /// What the body of a push says, if it is for this phone.
    #[must_use]
    pub fn open(&self, body: &[u8]) -> Option<Vec<u8>> {
        let (header, rest) = body.split_at_checked(HEADER)?;
        let (salt, rest_of_header) = header.split_at(SALT);
        let (size, length) = rest_of_header.split_first_chunk::<4>()?;
        let (theirs, record) = rest.split_at_checked(usize::from(*length.first()?))?;
        // One record: more were never needed.
        if record.len() > usize::try_from(u32::from_be_bytes(*size)).ok()? {
            return None;
        }
        let shared = self.secret.diffie_hellman(&PublicKey::from_sec1_bytes(theirs).ok()?);
        let info = [b"WebPush: info\0", &self.key()[..], theirs].concat();
        let ikm = derive::<32>(&self.auth, shared.raw_secret_bytes(), &info)?;
        let key = derive::<16>(salt, &ikm, b"Content-Encoding: aes128gcm\0")?;
        let nonce = derive::<12>(salt, &ikm, b"Content-Encoding: nonce\0")?;
        let mut plain = Aes128Gcm::new(&key.into()).decrypt(&nonce.into(), record).ok()?;
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        if plain[end] != 2 {
            return None;
        }
        plain.truncate(end);
        Some(plain)
    }
}

fn derive<const N: usize>(salt: &[u8], from: &[u8], info: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    Hkdf::<Sha256>::new(Some(salt), from).expand(info, &mut out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    /// RFC 8291's example keys.
    fn phone() -> Phone {
        let secret = bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94");
        Phone::of(&secret, &bytes("BTBZMqHH6r4Tts7J_aSIgg")).expect("keys")
    }

    #[test]
    fn the_rfcs_example_opens() {
        let body = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(phone().open(&bytes(body)), Some(b"When I grow up, I want to be a watermelon".to_vec()));
    }

    /// Made by `http_ece` 1.2.1 for Node. The other way round, it opens what the relay pushes
    /// (`pwa/tests/push/subscriber.mjs`).
    #[test]
    fn what_another_implementation_encrypts_opens_here() {
        let body = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_qi8lUQrv3Zk3ZvusXrkRc9MY3u_tZBYmG9moOImm-KQvb0NrhIFm8KoeR6ZfQzww";
        let plain = phone().open(&bytes(body)).expect("for this phone");
        assert_eq!(plain, "Otra implementación lo cerró.".as_bytes());
        assert_eq!(Phone::new().open(&bytes(body)), None);
    }
}
