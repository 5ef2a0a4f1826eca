//! The vault key under its owner's PIN or passphrase. Whoever has the rows and all that is kept
//! beside them still has to guess it, at the price of one Argon2id (RFC 9106) for each guess.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::limits::{MAX_MEMORY, MAX_PASSES};
use crate::random::Random;
use crate::vault::{self, VaultKey};

/// What a guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuessCost {
    /// 32 MiB, three passes: a second on an old phone, which has little memory.
    Phone,
    /// 64 MiB, three passes: RFC 9106's second recommendation; half a second on a laptop.
    Laptop,
}

impl GuessCost {
    /// Memory, KiB, and passes over it.
    const fn parameters(self) -> (u32, u32) {
        match self {
            Self::Phone => (32 * 1_024, 3),
            Self::Laptop => (64 * 1_024, 3),
        }
    }
}

const FORMAT: u8 = 1;
const SALT: usize = 16;
/// Format, memory, passes, salt; then the sealed key. The header is authenticated with it.
const HEADER: usize = 1 + 4 + 4 + SALT;

/// Why a PIN does not open a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Another PIN, or the bytes were changed.
    #[error("this is not the PIN")]
    Wrong,
    /// Not made by [`VaultKey::lock`].
    #[error("what is stored under the PIN is damaged: begin anew on this device")]
    Damaged,
}

impl VaultKey {
    /// Seals the key under `pin`, any text. `seed`: 32 fresh random bytes.
    #[must_use]
    pub fn lock(&self, pin: &str, cost: GuessCost, seed: [u8; 32]) -> Vec<u8> {
        self.lock_at(pin, seed, cost.parameters())
    }

    fn lock_at(&self, pin: &str, seed: [u8; 32], (memory, passes): (u32, u32)) -> Vec<u8> {
        let mut random = Random::new(seed);
        let salt: [u8; SALT] = random.bytes();
        let mut locked = vec![FORMAT];
        locked.extend(memory.to_be_bytes());
        locked.extend(passes.to_be_bytes());
        locked.extend(salt);
        let key = stretch(pin, &salt, memory, passes).expect("parameters of ours");
        let sealed = vault::seal(&key, &random.bytes(), &locked, &self.0);
        locked.extend(sealed);
        locked
    }

    /// Opens what [`VaultKey::lock`] made.
    ///
    /// # Errors
    /// [`PinError`].
    pub fn unlock(locked: &[u8], pin: &str) -> Result<Self, PinError> {
        let (header, sealed) = locked.split_first_chunk::<HEADER>().ok_or(PinError::Damaged)?;
        let [FORMAT, m0, m1, m2, m3, p0, p1, p2, p3, salt @ ..] = header else {
            return Err(PinError::Damaged);
        };
        let memory = u32::from_be_bytes([*m0, *m1, *m2, *m3]);
        let passes = u32::from_be_bytes([*p0, *p1, *p2, *p3]);
        if memory > MAX_MEMORY || passes > MAX_PASSES {
            return Err(PinError::Damaged);
        }
        let key = stretch(pin, salt, memory, passes).ok_or(PinError::Damaged)?;
        let vault = Zeroizing::new(vault::open(&key, header, sealed).ok_or(PinError::Wrong)?);
        vault.as_slice().try_into().map(Self).map_err(|_| PinError::Damaged)
    }
}

fn stretch(pin: &str, salt: &[u8], memory: u32, passes: u32) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(memory, passes, 1, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(pin.as_bytes(), salt, key.as_mut()).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHEAP: (u32, u32) = (64, 1);

    #[test]
    fn only_the_pin_opens_it() {
        let key = VaultKey([7; 32]);
        let locked = key.lock("482 913", GuessCost::Phone, [1; 32]);
        assert_eq!(VaultKey::unlock(&locked, "482 913").map(|key| key.0), Ok([7; 32]));
        assert_eq!(VaultKey::unlock(&locked, "482913").map(|key| key.0), Err(PinError::Wrong));
        assert_ne!(locked, key.lock("482 913", GuessCost::Phone, [2; 32]));
        assert!(!locked.windows(32).any(|window| window == key.0));
    }

    #[test]
    fn nothing_of_it_can_be_changed() {
        let locked = VaultKey([7; 32]).lock_at("1", [1; 32], CHEAP);
        for at in HEADER - SALT..locked.len() {
            let mut changed = locked.clone();
            changed[at] ^= 1;
            assert_eq!(VaultKey::unlock(&changed, "1").map(|key| key.0), Err(PinError::Wrong), "{at}");
        }
        for length in 0..locked.len() {
            assert!(VaultKey::unlock(&locked[..length], "1").is_err());
        }
    }

    #[test]
    fn nothing_stored_makes_a_guess_too_dear() {
        for (memory, passes) in [(u32::MAX, 1), (64, u32::MAX), (0, 1), (64, 0)] {
            let mut locked = vec![FORMAT];
            locked.extend(memory.to_be_bytes());
            locked.extend(passes.to_be_bytes());
            locked.extend([0; 100]);
            assert_eq!(VaultKey::unlock(&locked, "1").map(|key| key.0), Err(PinError::Damaged));
        }
    }

    #[test]
    fn it_is_argon2id() {
        // From the reference implementation's own tests (phc-winner-argon2, src/test.c).
        let expected = "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe";
        let key = stretch("password", b"somesalt", 256, 2).expect("good parameters");
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }

    proptest! {
        #[test]
        fn any_bytes_open_or_do_not(bytes in any::<Vec<u8>>()) {
            prop_assert!(VaultKey::unlock(&bytes, "1").is_err());
        }
    }
}
