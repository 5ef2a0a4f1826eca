//! Reports, attestations, alerts and what follows: codes, not prose, so that each reader's own
//! device says it in the reader's language.
//!
//! The report is in two parts. The public part is what everybody will read if it is verified;
//! the private part (words, exact place) stays with those who verify. Verifiers sign the digest
//! of both, so an alert proves what was checked without carrying the private part.

use campana_derive::{Decode, Encode};

use crate::id::{Hash, IncidentId, NetworkId, PublicKey, Signature, hash};
use crate::limits;
use crate::wire::{self, WireError};

macro_rules! code_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal / $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(index_only)]
        pub enum $name { $($(#[$vdoc])* #[doc = concat!("`", $word, "`")] #[n($number)] $variant),+ }

        impl $name {
            /// Every value, in the order of its numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word for scripts and message keys.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// From the stable word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

code_enum!(
    /// S of SALUTE: how many agents.
    Size { Unknown = 0 / "unknown", One = 1 / "one", Few = 2 / "2-5", Several = 3 / "6-10", Many = 4 / "over-10" }
);
code_enum!(
    /// A of SALUTE: what they are doing.
    Activity {
        Watching = 0 / "watching", Knocking = 1 / "knocking", Questioning = 2 / "questioning",
        Detaining = 3 / "detaining", Loading = 4 / "loading", Checkpoint = 5 / "checkpoint",
        Leaving = 6 / "leaving", Gone = 7 / "gone",
    }
);
code_enum!(
    /// L of SALUTE, coarse: what kind of place.
    Setting {
        Unknown = 0 / "unknown", Home = 1 / "home", Work = 2 / "work", Street = 3 / "street",
        Court = 4 / "court", School = 5 / "school", Church = 6 / "church", Car = 7 / "car",
    }
);
code_enum!(
    /// U of SALUTE: markings read off vests and vehicles.
    Unit {
        CannotTell = 0 / "cannot-tell", Ice = 1 / "ice", Hsi = 2 / "hsi", Cbp = 3 / "cbp",
        Police = 4 / "police", Marshals = 5 / "marshals", NoMarkings = 6 / "none",
    }
);
code_enum!(
    /// T of SALUTE: when, as told.
    When { Now = 0 / "now", Minutes = 1 / "minutes-ago", Hour = 2 / "hour-ago", Earlier = 3 / "earlier" }
);
code_enum!(
    /// E of SALUTE: equipment seen.
    Equipment {
        Weapons = 0 / "weapons", Masks = 1 / "masks", Vehicles = 2 / "vehicles", Tools = 3 / "tools",
    }
);
code_enum!(
    /// What a verifier found.
    Finding {
        /// Enforcement is under way here.
        Confirmed = 0 / "confirmed",
        /// Nothing at this place.
        Nothing = 1 / "nothing",
        /// Another agency, not immigration.
        OtherAgency = 2 / "other-agency",
        /// It can't be checked.
        CannotTell = 3 / "cannot-tell",
    }
);
code_enum!(
    /// How a verifier checked.
    Method {
        InPerson = 0 / "in-person", LiveVideo = 1 / "live-video", PhotoAndCall = 2 / "photo-and-call",
        KnownSource = 3 / "known-source",
    }
);
code_enum!(
    /// What follows an alert.
    FollowUpKind {
        /// The alert was wrong: there is nothing, or it is something else.
        FalseAlarm = 0 / "false-alarm",
        /// It is over; the agents have left.
        AllClear = 1 / "all-clear",
    }
);

/// What everybody reads once it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PublicReport {
    /// The network it belongs to.
    #[n(0)]
    pub network: NetworkId,
    /// Chosen by the reporter at random.
    #[n(1)]
    pub incident: IncidentId,
    /// The reporter's clock, Unix milliseconds.
    #[n(2)]
    pub reported_at: u64,
    /// A drill, and for ever: the digest that verifiers sign covers it.
    #[n(3)]
    pub drill: bool,
    /// How many agents.
    #[n(4)]
    pub size: Size,
    /// What they are doing.
    #[n(5)]
    pub activities: Vec<Activity>,
    /// What kind of place.
    #[n(6)]
    pub setting: Setting,
    /// Which zone of the network (0: none chosen).
    #[n(7)]
    pub zone: u16,
    /// Markings.
    #[n(8)]
    pub units: Vec<Unit>,
    /// When.
    #[n(9)]
    pub when: When,
    /// Equipment.
    #[n(10)]
    pub equipment: Vec<Equipment>,
    /// [`salted_reporter_tag`] of the reporter's role key: lets the desk leave out an attestation that
    /// is the reporter's own, if the reporter's program says whose it is. Earlier versions made a
    /// [`reporter_tag`].
    #[n(11)]
    pub reporter: Hash,
}

/// What only those who verify read.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PrivateReport {
    /// Random, so that nobody can guess the words from their hash.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub salt: [u8; 16],
    /// Corner, landmark, what was seen; at most [`limits::MAX_WORDS`] characters.
    #[n(1)]
    pub words: String,
}

/// A report as it reaches the desk: signed by the reporter's leaf in the broadcast channel, so
/// the desk knows that a current member sent it, and not who.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedReport {
    /// Encoded [`PublicReport`].
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub public: Vec<u8>,
    /// Encoded [`PrivateReport`].
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub private: Vec<u8>,
    /// The reporter's leaf in the broadcast channel.
    #[n(2)]
    pub leaf: PublicKey,
    /// Over [`report_digest`].
    #[n(3)]
    pub signature: Signature,
}

/// What a verifier signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Attestation {
    /// The network.
    #[n(0)]
    pub network: NetworkId,
    /// The incident.
    #[n(1)]
    pub incident: IncidentId,
    /// [`report_digest`] of the report that was checked.
    #[n(2)]
    pub digest: Hash,
    /// What was found.
    #[n(3)]
    pub finding: Finding,
    /// How it was checked.
    #[n(4)]
    pub method: Method,
    /// The verifier's clock, Unix milliseconds.
    #[n(5)]
    pub at: u64,
}

/// What a dispatcher or verifier signs to close an alert.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct FollowUp {
    /// The network.
    #[n(0)]
    pub network: NetworkId,
    /// The incident.
    #[n(1)]
    pub incident: IncidentId,
    /// What follows.
    #[n(2)]
    pub kind: FollowUpKind,
    /// The signer's clock, Unix milliseconds.
    #[n(3)]
    pub at: u64,
}

/// Bytes signed by a role key. The bytes are kept as they were signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Signed {
    /// The encoded content.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub content: Vec<u8>,
    /// The role key.
    #[n(1)]
    pub key: PublicKey,
    /// Over the hash of the content under the label of its kind.
    #[n(2)]
    pub signature: Signature,
}

/// What phones ring for: a report and the attestations that make it verified. "Verified" is
/// never a flag; each phone counts for itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Alert {
    /// Encoded [`PublicReport`].
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub public: Vec<u8>,
    /// [`private_hash`] of the private part.
    #[n(1)]
    pub private: Hash,
    /// Signed [`Attestation`]s, at most [`limits::MAX_ATTESTATIONS`].
    #[n(2)]
    pub attestations: Vec<Signed>,
}

/// Label of the hash that an attestation's signature covers.
pub const ATTESTATION: &str = "campana attestation v1";
/// Label of the hash that a follow-up's signature covers.
pub const FOLLOW_UP: &str = "campana follow-up v1";

/// Hash of an encoded [`PrivateReport`].
#[must_use]
pub fn private_hash(private: &[u8]) -> Hash {
    hash("campana private report v1", &[private])
}

/// What a report's and an attestation's signature cover.
#[must_use]
pub fn report_digest(public: &[u8], private: &Hash) -> Hash {
    hash("campana report v1", &[public, private.as_bytes()])
}

/// The tag of a reporter as those who have the private part can compare it with a known role key. It is
/// keyed with the salt: role keys stand in the chain that every member has.
#[must_use]
pub fn salted_reporter_tag(incident: &IncidentId, salt: &[u8; 16], role_key: &PublicKey) -> Hash {
    hash("campana reporter v2", &[incident.as_bytes(), salt, role_key.as_bytes()])
}

/// The tag of a reporter as earlier versions made it: every member can compare it with a known role key.
#[must_use]
pub fn reporter_tag(incident: &IncidentId, role_key: &PublicKey) -> Hash {
    hash("campana reporter v1", &[incident.as_bytes(), role_key.as_bytes()])
}

impl PublicReport {
    /// Decodes and checks the limits of every list.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let report: Self = wire::decode_within(bytes, limits::MAX_PUBLIC_REPORT)?;
        let lists = [
            (report.activities.len(), Activity::ALL.len()),
            (report.units.len(), Unit::ALL.len()),
            (report.equipment.len(), Equipment::ALL.len()),
        ];
        if lists.iter().any(|(length, most)| length > most) { Err(WireError::TooLong) } else { Ok(report) }
    }
}

impl PrivateReport {
    /// Decodes and checks the length of the words.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let report: Self = wire::decode_within(bytes, limits::MAX_WORDS * 4 + 64)?;
        if report.words.chars().count() > limits::MAX_WORDS { Err(WireError::TooLong) } else { Ok(report) }
    }
}
