//! What every push contains: a Declarative Web Push message, filled with spaces to one length.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::frame::Entry;
use campana_protocol::id::ChannelId;
use campana_protocol::limits::{MAX_PUSH_BODY, PUSH_BYTES};
use campana_protocol::push::Push;

/// Shown by a phone that can do no more than that, to readers of either language. It may be a drill, a
/// test, or nothing.
const TITLE: &str = "De tu red · From your network";

/// The plaintext that brings `entry`: itself if it fits, else where it is.
pub(super) fn of_entry(channel: ChannelId, entry: Entry, navigate: &str) -> Vec<u8> {
    let place = Push::Place { channel, seq: entry.seq };
    if entry.body.len() > MAX_PUSH_BODY {
        return of(&place, navigate);
    }
    match fill(&Push::Entry { channel, entry }, navigate) {
        Some(plain) => plain,
        // A very long address of the app leaves no room for the entry.
        None => of(&place, navigate),
    }
}

/// The plaintext of a push without an entry.
pub(super) fn of(push: &Push, navigate: &str) -> Vec<u8> {
    // Only the relay's own address can be too long: then the app is where its worker is.
    fill(push, navigate).or_else(|| fill(push, "/")).unwrap_or_default()
}

fn fill(push: &Push, navigate: &str) -> Option<Vec<u8>> {
    let json = serde_json::json!({
        "web_push": 8030,
        "mutable": true,
        "notification": {
            "title": TITLE,
            "navigate": navigate,
            "data": { "m": URL_SAFE_NO_PAD.encode(push.encode()) },
        },
    });
    let mut plain = json.to_string().into_bytes();
    if plain.len() > PUSH_BYTES {
        return None;
    }
    plain.resize(PUSH_BYTES, b' ');
    Some(plain)
}

#[cfg(test)]
mod tests {
    use campana_protocol::frame::Class;
    use campana_protocol::id::RecordId;
    use campana_protocol::limits::MAX_ALERT_BODY;
    use proptest::prelude::*;

    use super::*;

    const HOME: &str = "https://relay.example.org/";

    fn entry(length: usize) -> Entry {
        Entry {
            seq: u64::MAX,
            class: Class::Alert,
            received_at: u64::MAX,
            record: RecordId([9; 16]),
            body: vec![7; length].into(),
        }
    }

    fn message(plain: &[u8]) -> Push {
        let json: serde_json::Value = serde_json::from_slice(plain).expect("JSON");
        assert_eq!(json["web_push"], 8030);
        assert_eq!(json["notification"]["title"], TITLE);
        let text = json["notification"]["data"]["m"].as_str().expect("a message");
        Push::decode(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("a push")
    }

    #[test]
    fn an_entry_up_to_the_limit_travels_in_the_push_and_a_longer_one_does_not() {
        let channel = ChannelId([1; 32]);
        let plain = of_entry(channel, entry(MAX_PUSH_BODY), HOME);
        assert_eq!(message(&plain), Push::Entry { channel, entry: entry(MAX_PUSH_BODY) });
        let plain = of_entry(channel, entry(MAX_PUSH_BODY + 1), HOME);
        assert_eq!(message(&plain), Push::Place { channel, seq: u64::MAX });
    }

    #[test]
    fn a_long_address_of_the_app_leaves_the_place() {
        let home = format!("https://{}.example.org/", "a".repeat(1_000));
        let plain = of_entry(ChannelId([1; 32]), entry(MAX_PUSH_BODY), &home);
        assert!(matches!(message(&plain), Push::Place { .. }));
        assert_eq!(plain.len(), PUSH_BYTES);
    }

    proptest! {
        #[test]
        fn all_have_one_length(length in 0..=MAX_ALERT_BODY, nonce: u32, seq: u64, id: [u8; 32]) {
            let channel = ChannelId(id);
            prop_assert_eq!(of_entry(channel, entry(length), HOME).len(), PUSH_BYTES);
            prop_assert_eq!(of(&Push::Test { channel, nonce }, HOME).len(), PUSH_BYTES);
            prop_assert_eq!(of(&Push::Place { channel, seq }, HOME).len(), PUSH_BYTES);
        }
    }
}
