//! Writing CBOR into memory, where nothing can fail.

use minicbor::bytes::{ByteArray, ByteVec};

use super::Bytes;

/// What can be written. `campana_derive::Encode` implements it for structs and enums.
///
/// `minicbor`'s trait of this name is generic in a writer that may fail: each field's code is compiled with the way out
/// of a failure that never comes. The bytes are the same, and phones download less.
pub trait Encode {
    /// Writes one item.
    fn write(&self, writer: &mut Writer);
}

/// Bytes so far, and how many nulls come next: those at a struct's end are left out.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    nulls: usize,
}

impl Writer {
    /// Everything that was written.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.settle();
        self.bytes
    }

    /// Writes the nulls that were held back.
    fn settle(&mut self) {
        self.bytes.resize(self.bytes.len() + self.nulls, NULL);
        self.nulls = 0;
    }

    /// An item's head: its kind, and a number.
    #[inline(never)]
    fn head(&mut self, kind: u8, number: u64) {
        self.settle();
        let (information, length) = match number {
            0..=0x17 => (number as u8, 0),
            0x18..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        self.bytes.push(kind << 5 | information);
        self.bytes.extend_from_slice(&number.to_be_bytes()[8 - length..]);
    }

    /// A number that is not negative.
    pub fn number(&mut self, number: u64) {
        self.head(UNSIGNED, number);
    }

    /// Bytes.
    #[inline(never)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// What a field marked `with = "minicbor::bytes"` holds.
    #[inline(never)]
    pub fn bytes_or_null(&mut self, bytes: &impl Bytes) {
        match bytes.bytes() {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    /// A whole item that is encoded already.
    pub fn encoded(&mut self, item: &[u8]) {
        self.settle();
        self.bytes.extend_from_slice(item);
    }

    /// Nothing: written when something follows in the same array.
    #[inline(never)]
    pub fn null(&mut self) {
        self.nulls += 1;
    }

    /// Begins an enum: an array of two, the variant's number and its fields.
    #[inline(never)]
    pub fn variant(&mut self, number: u64) {
        self.head(ARRAY, 2);
        self.head(UNSIGNED, number);
    }

    /// Begins the fields of a struct; what it returns is for [`Self::end_fields`].
    #[inline(never)]
    pub fn begin_fields(&mut self) -> usize {
        self.head(ARRAY, 0);
        self.bytes.len()
    }

    /// Ends them: `count` were written, and nulls at their end are left out.
    #[inline(never)]
    pub fn end_fields(&mut self, begin: usize, count: usize) {
        let count = count - core::mem::take(&mut self.nulls);
        match self.bytes.get_mut(begin - 1) {
            Some(head) if count < 24 => *head += count as u8,
            _ => {
                let mut head = Self::default();
                head.head(ARRAY, count as u64);
                self.bytes.splice(begin - 1..begin, head.bytes);
            }
        }
    }

    /// An array of as many items as there are.
    pub fn items<T>(&mut self, items: &[T], write: impl Fn(&T, &mut Self)) {
        self.head(ARRAY, items.len() as u64);
        for item in items {
            write(item, self);
        }
        self.settle();
    }
}

const NULL: u8 = 0xf6;
const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;

macro_rules! unsigned {
    ($($number:ty)*) => {
        $(impl Encode for $number {
            fn write(&self, writer: &mut Writer) {
                writer.number(u64::from(*self));
            }
        })*
    };
}
unsigned!(u8 u16 u32 u64);

impl Encode for i64 {
    #[inline(never)]
    fn write(&self, writer: &mut Writer) {
        match u64::try_from(*self) {
            Ok(number) => writer.head(UNSIGNED, number),
            Err(_) => writer.head(NEGATIVE, (!*self).cast_unsigned()),
        }
    }
}

impl Encode for i16 {
    fn write(&self, writer: &mut Writer) {
        i64::from(*self).write(writer);
    }
}

impl Encode for bool {
    #[inline(never)]
    fn write(&self, writer: &mut Writer) {
        writer.encoded(&[0xf4 + u8::from(*self)]);
    }
}

impl Encode for str {
    #[inline(never)]
    fn write(&self, writer: &mut Writer) {
        writer.head(TEXT, self.len() as u64);
        writer.bytes.extend_from_slice(self.as_bytes());
    }
}

impl Encode for String {
    fn write(&self, writer: &mut Writer) {
        self.as_str().write(writer);
    }
}

impl<const N: usize> Encode for ByteArray<N> {
    fn write(&self, writer: &mut Writer) {
        writer.bytes(&self[..]);
    }
}

impl Encode for ByteVec {
    fn write(&self, writer: &mut Writer) {
        writer.bytes(self);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn write(&self, writer: &mut Writer) {
        match self {
            Some(value) => value.write(writer),
            None => writer.null(),
        }
    }
}

impl<T: Encode> Encode for [T] {
    #[inline(never)]
    fn write(&self, writer: &mut Writer) {
        writer.items(self, T::write);
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn write(&self, writer: &mut Writer) {
        self.as_slice().write(writer);
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl Encode for () {
    fn write(&self, writer: &mut Writer) {
        writer.head(ARRAY, 0);
    }
}

/// Tuples are arrays of their length, whatever is at their end.
macro_rules! tuples {
    ($($length:literal: $($name:ident $place:tt)+;)+) => {
        $(impl<$($name: Encode),+> Encode for ($($name,)+) {
            fn write(&self, writer: &mut Writer) {
                writer.head(ARRAY, $length);
                $(self.$place.write(writer);)+
                writer.settle();
            }
        })+
    };
}
tuples! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
}
