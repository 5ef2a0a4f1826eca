//! Bytes from outside: a value or a typed error, whatever they are.

use campana_protocol::code::{Action, Code};
use campana_protocol::event::Event;
use campana_protocol::frame::{ClientFrame, RelayFrame};
use campana_protocol::limits;
use campana_protocol::link::{InviteLink, LinkError, OperatorLink};
use campana_protocol::wire::WireError;
use proptest::prelude::*;

use crate::samples;
#[path = "../../../fuzz/targets.rs"]
pub(crate) mod targets;

/// Every sample, cut, changed or continued.
fn damaged() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let all: Vec<(&'static str, Vec<u8>)> = samples::all()
        .into_iter()
        .flat_map(|(group, samples)| samples.into_iter().map(move |(_, bytes)| (group, bytes)))
        .collect();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (prop::sample::select(all), change).prop_map(|((group, mut bytes), (at, byte, how))| {
        let at = at.index(bytes.len().max(1));
        match how {
            0 => bytes.truncate(at),
            1 => bytes.push(byte),
            2 => bytes.insert(at, byte),
            _ => {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
        }
        (group, bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn damaged_samples_give_a_value_or_an_error((group, bytes) in damaged()) {
        targets::run(group, &bytes);
    }

    #[test]
    fn any_bytes_give_a_value_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for (group, _) in samples::all() {
            targets::run(group, &bytes);
        }
    }
}

#[test]
fn every_sample_comes_back_as_it_went() {
    for (_, bytes) in samples::client_frames() {
        let frame = ClientFrame::decode(&bytes).expect("a frame");
        assert_eq!(frame.encode(), bytes);
    }
    for (_, bytes) in samples::relay_frames() {
        let frame = RelayFrame::decode(&bytes).expect("a frame");
        assert_eq!(frame.encode(), bytes);
    }
    for (name, event) in samples::events() {
        assert_eq!(Event::decode(event.kind(), &event.payload()), Ok(Some(event)), "{name}");
    }
}

#[test]
fn what_is_wrong_with_bytes_is_said() {
    let (_, whole) = samples::client_frames().remove(0);
    assert_eq!(ClientFrame::decode(&whole[..whole.len() - 1]), Err(WireError::Malformed));
    assert_eq!(ClientFrame::decode(&[whole.as_slice(), &[0]].concat()), Err(WireError::Trailing));
    assert_eq!(ClientFrame::decode(&vec![0; limits::MAX_FRAME + 1]), Err(WireError::TooLong));
    // A frame kind of a later version.
    assert_eq!(ClientFrame::decode(&[0x82, 0x18, 0x63, 0x80]), Err(WireError::Malformed));
    assert_eq!(Event::decode(9_999, &[1, 2, 3]), Ok(None), "kinds of a later version are kept");
    assert_eq!(Event::decode(100, &[1, 2, 3]), Err(WireError::Malformed));
}

#[test]
fn the_range_of_a_code_says_what_to_do() {
    let actions = [
        (4_000, Action::Retry),
        (4_099, Action::Retry),
        (4_100, Action::CatchUp),
        (4_250, Action::Rejoin),
        (4_399, Action::Reject),
        (4_444, Action::Update),
        (4_500, Action::Reject),
        (7, Action::Reject),
    ];
    for (number, action) in actions {
        let code = Code::from_number(number);
        assert_eq!((code.number(), code.action()), (number, action));
    }
}

/// A link that was not copied whole is told at once, wherever it ends.
#[test]
fn a_link_cut_anywhere_is_refused() {
    for (name, link) in samples::links() {
        let link = String::from_utf8(link).expect("a link is text");
        let parse = |text: &str| match name {
            "operator" => OperatorLink::parse(text).map(|_| ()),
            _ => InviteLink::parse(text).map(|_| ()),
        };
        assert_eq!(parse(&link), Ok(()), "{name}");
        let fragment = link.find('=').expect("a fragment") + 1;
        for end in 0..link.len() {
            let wrong = match end {
                _ if end >= fragment => LinkError::CutShort,
                0..8 => LinkError::NotALink,
                _ => LinkError::Bare,
            };
            assert_eq!(parse(&link[..end]), Err(wrong), "{name} up to {end}");
        }
        assert_eq!(parse(&format!("{link}A")), Err(LinkError::Damaged), "{name} with a letter more");
    }
}
