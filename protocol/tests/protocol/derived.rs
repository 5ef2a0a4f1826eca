//! `campana_derive` takes the very bytes that `minicbor`'s own derives take, reads the same from them, and writes the
//! very bytes that those write.
//!
//! Each type is here twice, once under each derive. What is compared besides the value is where a decoder stands
//! afterwards, for an enclosing type goes on from there: after what was read, and after a later version's variant.

use campana_protocol::wire;
use minicbor::{Decode, Decoder, Encode, Encoder};
use proptest::prelude::*;

/// The same types under a derive.
macro_rules! types {
    ($module:ident, $($import:tt)*) => {
        mod $module {
            $($import)*

            #[derive(Debug, Clone, PartialEq, Encode, Decode)]
            pub(super) struct Whole {
                #[n(0)]
                pub(super) number: u64,
                #[n(1)]
                #[cbor(with = "minicbor::bytes")]
                pub(super) bytes: Vec<u8>,
                #[n(2)]
                pub(super) text: Option<String>,
                #[n(3)]
                pub(super) word: Word,
                #[n(4)]
                pub(super) perhaps: Option<Word>,
                #[n(6)]
                pub(super) shapes: Vec<Shape>,
                #[n(7)]
                #[cbor(with = "minicbor::bytes")]
                pub(super) rest: Option<Vec<u8>>,
                #[cbor(n(9), default)]
                pub(super) later: Vec<u16>,
                #[n(10)]
                #[cbor(default)]
                pub(super) shape: Option<Shape>,
                #[cbor(skip)]
                pub(super) never: u8,
                #[n(12)]
                pub(super) pairs: Option<Vec<(u32, Option<bool>)>>,
                #[n(11)]
                #[cbor(default)]
                pub(super) offset: i16,
                #[n(13)]
                pub(super) boxed: Option<Box<Inner>>,
                #[n(14)]
                pub(super) clock: Option<i64>,
            }

            /// More fields than a head of one byte counts.
            #[derive(Debug, Clone, PartialEq, Encode, Decode)]
            pub(super) struct Long {
                #[n(0)]
                pub(super) holes: Option<Vec<Option<u16>>>,
                #[n(1)]
                pub(super) pair: Option<(u8, Option<u8>)>,
                #[n(22)]
                pub(super) before: Option<u8>,
                #[n(23)]
                #[cbor(with = "minicbor::bytes")]
                pub(super) at: Option<[u8; 3]>,
                #[n(300)]
                pub(super) last: Option<String>,
            }

            #[derive(Debug, Clone, Copy, PartialEq, Encode, Decode)]
            #[cbor(index_only)]
            pub(super) enum Word {
                #[n(0)]
                One,
                #[n(7)]
                Seven,
            }

            #[derive(Debug, Clone, PartialEq, Encode, Decode)]
            pub(super) enum Shape {
                #[n(0)]
                Point,
                #[n(1)]
                Line(#[n(0)] u8, #[n(1)] Option<u8>),
                #[n(2)]
                Box {
                    #[n(0)]
                    word: Option<Word>,
                    #[n(2)]
                    inner: Option<Inner>,
                },
            }

            #[derive(Debug, Clone, PartialEq, Encode, Decode)]
            pub(super) struct Inner(#[n(1)] pub(super) u8, #[n(0)] pub(super) Option<Word>);

            #[derive(Debug, Clone, PartialEq, Encode, Decode)]
            pub(super) struct Nothing;
        }
    };
}
types!(theirs, use minicbor::{Decode, Encode};);
types!(ours, use campana_derive::{Decode, Encode};);

/// A value, how it is written, and where a decoder stands: nobody goes on from anything that is no CBOR of this type.
type Read = (Option<(String, Vec<u8>)>, Option<usize>);

fn read<'b, T: Decode<'b, ()> + Encode<()> + std::fmt::Debug>(bytes: &'b [u8]) -> Read {
    let mut decoder = Decoder::new(bytes);
    match T::decode(&mut decoder, &mut ()) {
        Ok(value) => {
            let written = minicbor::to_vec(&value).expect("into memory");
            (Some((format!("{value:?}"), written)), Some(decoder.position()))
        }
        Err(error) => (None, error.is_unknown_variant().then(|| decoder.position())),
    }
}

fn alike(bytes: &[u8]) -> Result<(), TestCaseError> {
    prop_assert_eq!(read::<ours::Whole>(bytes), read::<theirs::Whole>(bytes));
    prop_assert_eq!(read::<ours::Shape>(bytes), read::<theirs::Shape>(bytes));
    prop_assert_eq!(read::<ours::Word>(bytes), read::<theirs::Word>(bytes));
    prop_assert_eq!(read::<ours::Inner>(bytes), read::<theirs::Inner>(bytes));
    prop_assert_eq!(read::<ours::Nothing>(bytes), read::<theirs::Nothing>(bytes));
    prop_assert_eq!(read::<ours::Long>(bytes), read::<theirs::Long>(bytes));
    Ok(())
}

/// An item that is near to something of these types.
fn item() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        (0..12_u64).prop_map(|number| encoded(|e| { e.u64(number).map(drop) })),
        any::<i64>().prop_map(|number| encoded(|e| { e.i64(number).map(drop) })),
        proptest::collection::vec(any::<u8>(), 0..4)
            .prop_map(|bytes| encoded(|e| { e.bytes(&bytes).map(drop) })),
        "[a-c]{0,3}".prop_map(|text| encoded(|e| { e.str(&text).map(drop) })),
        Just(encoded(|e| { e.null().map(drop) })),
        any::<bool>().prop_map(|is| encoded(|e| { e.bool(is).map(drop) })),
        // Junk, the end of something, and what has no end.
        proptest::collection::vec(any::<u8>(), 1..2),
    ];
    leaf.prop_recursive(4, 60, 12, |inner| {
        let items = proptest::collection::vec(inner, 0..12);
        (items, 0..3_u8).prop_map(|(items, kind)| {
            let body = items.concat();
            match kind {
                0 => [vec![0x9f], body, vec![0xff]].concat(),
                1 => [encoded(|e| e.map(items.len() as u64 / 2).map(drop)), body].concat(),
                _ => [encoded(|e| e.array(items.len() as u64).map(drop)), body].concat(),
            }
        })
    })
}

fn encoded(
    write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), minicbor::encode::Error<std::convert::Infallible>>,
) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder).expect("into memory");
    encoder.into_writer()
}

fn word() -> impl Strategy<Value = theirs::Word> {
    prop_oneof![Just(theirs::Word::One), Just(theirs::Word::Seven)]
}

fn inner() -> impl Strategy<Value = theirs::Inner> {
    (any::<u8>(), proptest::option::of(word())).prop_map(|(a, b)| theirs::Inner(a, b))
}

fn shape() -> impl Strategy<Value = theirs::Shape> {
    prop_oneof![
        Just(theirs::Shape::Point),
        (any::<u8>(), any::<Option<u8>>()).prop_map(|(a, b)| theirs::Shape::Line(a, b)),
        (proptest::option::of(word()), proptest::option::of(inner()))
            .prop_map(|(word, inner)| theirs::Shape::Box { word, inner }),
    ]
}

fn whole() -> impl Strategy<Value = theirs::Whole> {
    let first = (any::<u64>(), any::<Vec<u8>>(), proptest::option::of("[a-c]{0,3}"), word());
    let shapes = proptest::collection::vec(shape(), 0..3);
    let then = (proptest::option::of(word()), shapes, any::<Option<Vec<u8>>>(), any::<Vec<u16>>());
    let last = (
        any::<Option<Vec<(u32, Option<bool>)>>>(),
        any::<i16>(),
        proptest::option::of(inner()),
        any::<Option<i64>>(),
    );
    (first, then, proptest::option::of(shape()), last).prop_map(|(first, then, shape, last)| theirs::Whole {
        number: first.0,
        bytes: first.1,
        text: first.2,
        word: first.3,
        perhaps: then.0,
        shapes: then.1,
        rest: then.2,
        later: then.3,
        shape,
        never: 0,
        pairs: last.0,
        offset: last.1,
        boxed: last.2.map(Box::new),
        clock: last.3,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_was_written_is_read_alike_whole_cut_and_changed(
        whole in whole(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = minicbor::to_vec(&whole).expect("into memory");
        alike(&bytes)?;
        prop_assert!(read::<ours::Whole>(&bytes).0.is_some());
        alike(&bytes[..cut.index(bytes.len())])?;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            alike(&bytes)?;
        }
    }

    #[test]
    fn items_in_the_places_of_others_are_read_alike(items in proptest::collection::vec(item(), 0..14), kind in 0..3_u8) {
        let body = items.concat();
        let bytes = match kind {
            0 => [vec![0x9f], body, vec![0xff]].concat(),
            1 => [vec![0x82, 0x02], body].concat(),
            _ => [encoded(|e| { e.array(items.len() as u64).map(drop) }), body].concat(),
        };
        alike(&bytes)?;
    }

    #[test]
    fn a_whole_with_one_item_changed_is_read_alike(whole in whole(), at in 0..15_usize, other in item(), endless: bool) {
        let bytes = minicbor::to_vec(&whole).expect("into memory");
        let mut items = split(&bytes);
        if let Some(item) = items.get_mut(at) {
            *item = other;
        }
        let begin = if endless { vec![0x9f] } else { encoded(|e| { e.array(items.len() as u64).map(drop) }) };
        let end = if endless { vec![0xff] } else { Vec::new() };
        alike(&[begin, items.concat(), end].concat())?;
    }

    #[test]
    fn many_fields_and_lists_of_nothing_are_written_alike(
        holes: Option<Vec<Option<u16>>>,
        few: Option<(u8, Option<u8>)>,
        long in (any::<Option<u8>>(), any::<Option<[u8; 3]>>(), any::<Option<String>>()),
        list in proptest::collection::vec(proptest::option::of(any::<u16>()), 0..30),
        pair in any::<(Option<u64>, Option<i16>)>(),
    ) {
        let long = theirs::Long { holes, pair: few, before: long.0, at: long.1, last: long.2 };
        alike(&minicbor::to_vec(&long).expect("into memory"))?;
        prop_assert_eq!(minicbor::to_vec(&list).expect("into memory"), wire::encode(&list));
        prop_assert_eq!(minicbor::to_vec(pair).expect("into memory"), wire::encode(&pair));
        prop_assert_eq!(wire::decode(&wire::encode(&list)), Ok(list));
        prop_assert_eq!(wire::decode(&wire::encode(&pair)), Ok(pair));
        prop_assert_eq!(minicbor::to_vec(()).expect("into memory"), wire::encode(&()));
        prop_assert_eq!(wire::decode(&wire::encode(&())), Ok(()));
    }

    #[test]
    fn any_bytes_are_read_alike(bytes: Vec<u8>) {
        alike(&bytes)?;
    }
}

/// The items of an array.
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(bytes);
    let count = decoder.array().expect("an array").unwrap_or_default();
    let mut item = |_| {
        let from = decoder.position();
        decoder.skip().expect("an item");
        bytes[from..decoder.position()].to_vec()
    };
    (0..count).map(&mut item).collect()
}

/// A variant of a later version within something that may be absent, wherever the decoder stands by then.
#[test]
fn variants_of_later_versions_are_forgiven_alike() {
    let later = [
        vec![0x84, 0x01, 0x40, 0xf6, 0x05],
        vec![0x85, 0x01, 0x40, 0xf6, 0x00, 0x05],
        vec![0x82, 0x02, 0x83, 0x05, 0x00, 0x82, 0x05, 0x01],
        vec![0x82, 0x02, 0x83, 0x05, 0x00, 0x82, 0x01, 0x05],
        vec![0x82, 0x09, 0x80],
    ];
    for bytes in later {
        alike(&bytes).expect("alike");
    }
}
