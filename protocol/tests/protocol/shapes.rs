//! The shapes in `campana.cddl` are those of the bytes on the wire: every sample has its shape, none
//! has a field more, and no number is in one and not in the other.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cddl::Cddl;
use crate::samples;

const CDDL: &str = include_str!("../../campana.cddl");

/// The rule that a sample has to follow.
fn rule(group: &'static str, name: &'static str) -> &'static str {
    match (group, name) {
        ("client_frame", _) => "client-frame",
        ("relay_frame", _) => "relay-frame",
        ("push", _) => "push",
        ("entry_body", _) => "entry-body",
        ("handshake", "committee" | "rejoin" | "rekey") => "handshake",
        ("post", "snapshot") => "snapshot",
        ("post", _) => "post",
        ("event", _) => "envelope",
        ("governance", "later-statement") => "statement",
        ("handshake" | "governance" | "report", own) => own,
        other => panic!("no rule for {other:?}"),
    }
}

/// Everything that is CBOR, with its rule.
fn shaped() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let groups = samples::all().into_iter().filter(|(group, _)| !matches!(*group, "link" | "digest"));
    let cbor = groups.flat_map(|(group, samples)| {
        samples.into_iter().map(move |(name, bytes)| (rule(group, name), name, bytes))
    });
    let links = samples::links().into_iter().filter(|(name, _)| *name == "join").map(|(name, link)| {
        let link = String::from_utf8(link).expect("a link is text");
        let (_, coded) = link.split_once("#join=").expect("a fragment");
        ("invitation", name, URL_SAFE_NO_PAD.decode(coded).expect("base64url"))
    });
    cbor.chain(links).collect()
}

#[test]
fn every_sample_has_its_shape() {
    let (cddl, shaped) = (Cddl::parse(CDDL), shaped());
    assert!(shaped.len() > 60, "{} samples", shaped.len());
    for (rule, name, bytes) in shaped {
        assert!(cddl.fits(rule, &bytes), "{name} is no {rule}");
    }
    assert_eq!(cddl.undefined(), Vec::<String>::new(), "every name has a rule");
}

/// Otherwise a shape that allows anything would pass.
#[test]
fn no_sample_has_a_shape_with_a_field_more_or_less() {
    let cddl = Cddl::parse(CDDL);
    for (rule, name, bytes) in shaped() {
        for (what, damaged) in [("more", longer(&bytes)), ("less", shorter(&bytes))] {
            let Some(damaged) = damaged else { continue };
            // What ends with an optional field has its shape without it too, and what may have one more
            // has it with any number.
            let optional = matches!(
                (what, name),
                ("more", "authenticate")
                    | (
                        "less",
                        "authenticate-owner"
                            | "hello-pushing"
                            | "post-passed"
                            | "hello-restored"
                            | "later-statement"
                            | "set-owners-agreed"
                            | "subscribed-current"
                            | "subscribed-restored"
                    )
            );
            assert_eq!(cddl.fits(rule, &damaged), optional, "{rule}: {name}: {what}");
        }
    }
}

/// `[number, [fields...]]` or `[fields...]`: where the header of the fields is.
fn fields(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0x82, number, inner, ..] if *number < 24 && inner >> 5 == 4 => Some(2),
        [0x82, 0x18, _, inner, ..] if inner >> 5 == 4 => Some(3),
        [outer, ..] if outer >> 5 == 4 => Some(0),
        _ => None,
    }
}

fn longer(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut longer = bytes.to_vec();
    longer[fields(bytes)?] += 1;
    longer.push(0);
    Some(longer)
}

fn shorter(bytes: &[u8]) -> Option<Vec<u8>> {
    let at = fields(bytes)?;
    let count = bytes[at] & 0x1f;
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.set_position(at + 1);
    for _ in 1..count {
        decoder.skip().expect("a value");
    }
    let mut shorter = bytes[..decoder.position()].to_vec();
    shorter[at] -= 1;
    Some(shorter)
}

/// The numbers with which a rule's alternatives begin, after `before`.
fn numbers(rule: &str, before: &str) -> BTreeSet<u64> {
    let from = CDDL.find(&format!("\n{rule} =")).expect("a rule") + 1;
    let text = &CDDL[from..];
    let end = text.match_indices('\n').map(|(at, _)| at).find(|at| !text[at + 1..].starts_with(' '));
    text[..end.unwrap_or(text.len())]
        .split(&format!("[{before}"))
        .filter_map(|part| part.split_once(',').and_then(|(number, _)| number.trim().parse().ok()))
        .collect()
}

#[test]
fn every_number_is_in_both() {
    let first = |(_, bytes): &(&str, Vec<u8>)| minicbor::Decoder::new(&bytes[1..]).u64().expect("a number");
    let sampled = |samples: samples::Samples| samples.iter().map(first).collect::<BTreeSet<_>>();
    assert_eq!(numbers("client-frame", ""), sampled(samples::client_frames()));
    assert_eq!(numbers("relay-frame", ""), sampled(samples::relay_frames()));
    assert_eq!(numbers("push", ""), sampled(samples::pushes()));
    assert_eq!(numbers("entry-body", ""), sampled(samples::entry_bodies()));
    let posts = samples::posts().into_iter().filter(|(name, _)| *name != "snapshot").collect();
    assert_eq!(numbers("post", ""), sampled(posts));
    let events: BTreeSet<u64> = samples::events().iter().map(|(_, event)| event.kind().into()).collect();
    assert_eq!(numbers("envelope", "seen, hash, "), events);
}
