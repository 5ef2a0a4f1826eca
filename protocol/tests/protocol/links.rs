//! What chat apps, mail and people make of links: all that still hold the whole secret are read.

use campana_protocol::link::{InviteLink, Link, LinkError};
use serde_json::Value;

use crate::samples;

const TABLE: &str = include_str!("../../../tests/links/manglings.json");

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// The table's texts, made of `link`.
fn rows(link: &str) -> Vec<(String, String, String)> {
    let (relay, payload) = link.split_once("/#join=").expect("an invite");
    let (scheme, host) = relay.split_once("://").expect("an address");
    let (a, b) = payload.split_at(payload.len() / 2);
    let marked = link.replace('_', "\\_").replace('-', "\\-");
    let parts = [
        ("link", link.to_owned()),
        ("relay", relay.to_owned()),
        ("scheme", scheme.to_owned()),
        ("host", host.to_owned()),
        ("payload", payload.to_owned()),
        ("a", a.to_owned()),
        ("b", b.to_owned()),
        ("but-one", payload[..payload.len() - 1].to_owned()),
        ("percent", percent(link)),
        ("percent-twice", percent(&percent(link))),
        ("relay-percent", percent(relay)),
        ("markdown", marked),
        ("dashes", link.replace('-', "\u{2011}")),
        ("lower", link.to_lowercase()),
        ("scheme-upper", scheme.to_uppercase()),
        ("host-upper", host.to_uppercase()),
    ];
    let table: Vec<Value> = serde_json::from_str(TABLE).expect("a table");
    let field = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    table
        .iter()
        .map(|row| {
            let filled =
                |text: String, (name, part): &(&str, String)| text.replace(&format!("{{{name}}}"), part);
            let text = parts.iter().fold(field(row, "text"), filled);
            (field(row, "name"), text, field(row, "gives"))
        })
        .collect()
}

/// The core's word for it.
const fn word(error: LinkError) -> &'static str {
    match error {
        LinkError::NotALink => "link-not-a-link",
        LinkError::Bare => "link-bare",
        LinkError::Damaged => "link-damaged",
        LinkError::CutShort => "link-cut-short",
        LinkError::NoAddress => "link-no-address",
        LinkError::OtherKind => "link-other-kind",
        LinkError::Several => "link-several",
    }
}

/// Made of bytes in which each symbol of a link comes up, `-` and `_` too.
fn invite() -> InviteLink {
    let (_, link) = samples::links().pop().expect("an invite");
    let mut link = InviteLink::parse(&String::from_utf8(link).expect("text")).expect("a link");
    for (at, byte) in link.invite.head.0.iter_mut().enumerate() {
        *byte = [0xfb_u8, 0xef, 0xbe, 0xff][at % 4].wrapping_add(u8::try_from(at / 4 * 3).expect("small"));
    }
    link
}

#[test]
fn whatever_holds_the_whole_secret_is_read_and_the_rest_is_told_apart() {
    let link = invite();
    let text = link.format();
    assert!(text.contains('-') && text.contains('_'));
    for (name, text, gives) in rows(&text) {
        let found = Link::find(&text, None);
        match gives.as_str() {
            "join" => assert_eq!(found, Ok(Link::Join(link.clone())), "{name}: {text}"),
            wrong => assert_eq!(found.map_err(word), Err(wrong), "{name}: {text}"),
        }
    }
}

/// A page knows where it came from; a redirect or another address in front does not lead elsewhere.
#[test]
fn the_page_s_own_address_stands_in_for_one_that_is_missing() {
    let InviteLink { relay, invite } = invite();
    let text = InviteLink { relay: String::new(), invite: invite.clone() }.format();
    let found = |text: &str| match Link::find(text, Some(&relay)) {
        Ok(Link::Join(link)) if link.invite == invite => link.relay,
        other => panic!("{text}: {other:?}"),
    };
    for before in
        ["", "https://relay.example/?from=https://social.example", "http://relay.example:80", "relay.example"]
    {
        assert_eq!(found(&format!("{before}{text}")), relay, "{before}");
    }
    assert_eq!(found(&format!("https://other.example{text}")), "https://other.example");
    assert_eq!(found(&format!("https://relay.example@other.example{text}")), "https://other.example");
}

#[test]
fn text_of_any_kind_is_looked_through_without_a_fault() {
    let text = invite().format();
    let odd = ["ñ", "😀", "\u{200b}", "%", "&#", "=", "=\n", "://", "join=", "operator=", "@", ">", "\\"];
    for (at, _) in text.char_indices() {
        for odd in odd {
            let _ = Link::find(&format!("{}{odd}{}", &text[..at], &text[at..]), None);
            let _ = Link::find(&format!("{odd}{}", &text[at..]), Some("https://relay.example"));
        }
    }
}
