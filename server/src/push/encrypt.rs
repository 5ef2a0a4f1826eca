//! RFC 8291: a message that only one subscription's device can read.
//!
//! Written out over `ring`, which TLS brings anyway, because the crate `web-push` cannot be had without
//! OpenSSL and costs four times as much a message (docs/PUSH.md, "Encryption").

use campana_protocol::push::Subscription;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::message::MessageError;

/// What the header promises that no record is longer than. Every body of ours is one record.
const RECORD: u32 = 4_096;
/// Behind the plaintext of a message's last record (RFC 8188, section 2).
const LAST_RECORD: u8 = 2;
const TAG: usize = 16;

/// The body of a request: `plain` as one record of `aes128gcm`, with a fresh key and salt.
///
/// # Errors
/// If the subscription's key is none, the text is longer than a record, or the system gives no randomness.
pub fn encrypt(subscription: &Subscription, plain: &[u8]) -> Result<Vec<u8>, MessageError> {
    let random = SystemRandom::new();
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let public = ours.compute_public_key()?;
    // Refuses a key that is no point of the curve.
    agree_ephemeral(ours, &UnparsedPublicKey::new(&ECDH_P256, subscription.key.0), |shared| {
        body(&Agreed { subscription, public: public.as_ref(), shared, salt: &salt }, plain)
    })?
}

/// Whether messages can be made for a subscription: its key is a point of the curve.
pub(super) fn check(subscription: &Subscription) -> Result<(), MessageError> {
    encrypt(subscription, b".").map(drop)
}

/// What the keys of one message are made of.
struct Agreed<'a> {
    subscription: &'a Subscription,
    /// The public half of the key that was made for this message.
    public: &'a [u8],
    /// What the device will compute from that and its own private key.
    shared: &'a [u8],
    salt: &'a [u8; 16],
}

fn body(agreed: &Agreed<'_>, plain: &[u8]) -> Result<Vec<u8>, MessageError> {
    let Agreed { subscription, public, shared, salt } = agreed;
    let length = u8::try_from(public.len()).map_err(|_| MessageError)?;
    if plain.len() + 1 + TAG > RECORD as usize {
        return Err(MessageError);
    }
    let mut ikm = [0; 32];
    let info = [b"WebPush: info\0", &subscription.key.0[..], public];
    derive(&subscription.auth.0, shared, &info, &mut ikm)?;
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    derive(&salt[..], &ikm, &[b"Content-Encoding: aes128gcm\0"], &mut key)?;
    derive(&salt[..], &ikm, &[b"Content-Encoding: nonce\0"], &mut nonce)?;

    let mut record = Vec::with_capacity(plain.len() + 1 + TAG);
    record.extend_from_slice(plain);
    record.push(LAST_RECORD);
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut record,
    )?;
    Ok([&salt[..], &RECORD.to_be_bytes(), &[length], public, &record].concat())
}

/// HKDF (RFC 5869) with SHA-256.
fn derive(salt: &[u8], from: &[u8], info: &[&[u8]], out: &mut [u8]) -> Result<(), Unspecified> {
    Salt::new(HKDF_SHA256, salt).extract(from).expand(info, Length(out.len()))?.fill(out)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl From<Unspecified> for MessageError {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use campana_protocol::id::{PushAuth, PushKey};
    use campana_protocol::limits::PUSH_BYTES;
    use campana_sink::Phone;
    use proptest::prelude::*;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    fn subscription(key: &[u8], auth: &[u8]) -> Subscription {
        Subscription {
            endpoint: "https://push.example.org/x".to_owned(),
            key: PushKey::from_slice(key).expect("65 bytes"),
            auth: PushAuth(auth.try_into().expect("16 bytes")),
        }
    }

    /// The example of RFC 8291, section 5, with the values of its appendix A.
    #[test]
    fn the_body_is_that_of_the_rfcs_example() {
        let device = subscription(
            &bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            &bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        );
        let agreed = Agreed {
            subscription: &device,
            public: &bytes(
                "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
            ),
            shared: &bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"),
            salt: &bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().expect("16 bytes"),
        };
        let plain = bytes("V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24");
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(body(&agreed, &plain), Ok(bytes(expected)));
    }

    /// Mozilla's bridge to Android phones refuses more than 3,015 bytes.
    #[test]
    fn a_push_is_as_long_on_the_wire_as_the_strictest_service_takes() {
        let phone = Phone::new();
        let body = encrypt(&subscription(&phone.key(), &phone.auth()), &[b' '; PUSH_BYTES]).expect("a body");
        assert_eq!(body.len(), 2_918);
    }

    #[test]
    fn no_two_bodies_share_a_key_or_a_salt() {
        let phone = Phone::new();
        let subscription = subscription(&phone.key(), &phone.auth());
        let [one, two] = [(); 2].map(|()| encrypt(&subscription, b"x").expect("a body"));
        assert!(one[..16] != two[..16] && one[21..86] != two[21..86]);
    }

    #[test]
    fn a_key_that_is_no_point_and_a_text_that_is_too_long_are_refused() {
        let phone = Phone::new();
        let mut key = phone.key();
        let good = subscription(&key, &phone.auth());
        assert_eq!(check(&good), Ok(()));
        assert!(encrypt(&good, &[0; 4_079]).is_ok());
        assert_eq!(encrypt(&good, &[0; 4_080]), Err(MessageError));
        key[64] ^= 1;
        assert_eq!(check(&subscription(&key, &phone.auth())), Err(MessageError));
        assert_eq!(check(&subscription(&[0; 65], &phone.auth())), Err(MessageError));
    }

    proptest! {
        /// The phone is made of other libraries (RustCrypto's) than the relay.
        #[test]
        fn a_phone_reads_what_is_meant_for_it_and_nothing_else(
            plain in proptest::collection::vec(any::<u8>(), 1..3_000),
            at in any::<prop::sample::Index>(),
        ) {
            let (phone, other) = (Phone::new(), Phone::new());
            let mut body = encrypt(&subscription(&phone.key(), &phone.auth()), &plain).expect("a body");
            prop_assert_eq!(phone.open(&body), Some(plain));
            prop_assert_eq!(other.open(&body), None);
            let at = at.index(body.len());
            body[at] ^= 1;
            // The record's size alone is not under the seal; a larger one changes nothing.
            prop_assume!(!(16..20).contains(&at));
            prop_assert_eq!(phone.open(&body), None);
        }
    }
}
