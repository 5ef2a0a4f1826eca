//! Reading CBOR: `minicbor`'s rules, and errors that are one byte.

use minicbor::Decoder;
use minicbor::bytes::{ByteArray, ByteVec};

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is not what it should be.
    Malformed,
    /// The bytes end within it.
    Ends,
    /// It is a variant of a later version. A field that may be absent then counts as absent.
    Later,
}

type Result<T> = core::result::Result<T, Unread>;

/// What can be read. `campana_derive::Decode` implements it for structs and enums.
///
/// Which bytes are taken, and as what, is as with `minicbor`'s trait of this name, to the last bit: all devices judge a
/// log alike (`protocol/tests/protocol/derived.rs`).
pub trait Decode: Sized {
    /// Reads one item.
    ///
    /// # Errors
    /// [`Unread`].
    fn read(reader: &mut Reader<'_>) -> Result<Self>;

    /// What a field of this type is when it is not there, if it need not be.
    #[must_use]
    fn nil() -> Option<Self> {
        None
    }
}

/// Bytes, and how far they were read.
#[derive(Debug, Clone)]
pub struct Reader<'bytes> {
    bytes: &'bytes [u8],
    at: usize,
}

impl<'bytes> Reader<'bytes> {
    /// From their beginning.
    #[must_use]
    pub fn new(bytes: &'bytes [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(bytes: &'bytes [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// How many bytes were read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// What was read since it stood at `from`.
    #[must_use]
    pub fn since(&self, from: usize) -> &'bytes [u8] {
        self.bytes.get(from..self.at).unwrap_or_default()
    }

    #[inline(never)]
    fn take(&mut self, count: usize) -> Result<&'bytes [u8]> {
        let end = self.at.checked_add(count).ok_or(Unread::Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(Unread::Ends)?;
        self.at = end;
        Ok(taken)
    }

    fn next(&mut self) -> Result<u8> {
        self.take(1).map(|byte| byte[0])
    }

    /// Whether this byte comes next; then it is passed over.
    #[inline(never)]
    fn took(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// The number in the head of an item of this kind.
    #[inline(never)]
    fn head(&mut self, kind: u8, most: u64) -> Result<u64> {
        // Below 32 if it is of this kind.
        let information = self.next()? ^ kind << 5;
        let number = match information {
            0..=0x17 => information.into(),
            0x18..=0x1b => {
                let bytes = self.take(1 << (information - 0x18))?;
                bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
            }
            _ => return Err(Unread::Malformed),
        };
        if number <= most { Ok(number) } else { Err(Unread::Malformed) }
    }

    /// A number that is not negative, and not over `most`.
    ///
    /// # Errors
    /// There is none.
    pub fn number(&mut self, most: u64) -> Result<u64> {
        self.head(0, most)
    }

    /// A number.
    ///
    /// # Errors
    /// There is none.
    #[inline(never)]
    pub fn signed(&mut self) -> Result<i64> {
        let negative = self.bytes.get(self.at).is_some_and(|first| first >> 5 == 1);
        let number = self.head(u8::from(negative), i64::MAX as u64)?.cast_signed();
        Ok(if negative { !number } else { number })
    }

    /// Bytes.
    ///
    /// # Errors
    /// There are none.
    #[inline(never)]
    pub fn bytes(&mut self) -> Result<&'bytes [u8]> {
        self.string(2)
    }

    fn string(&mut self, kind: u8) -> Result<&'bytes [u8]> {
        let length = self.head(kind, usize::MAX as u64)?;
        self.take(length as usize)
    }

    /// Begins an array; none: its length is not known.
    ///
    /// # Errors
    /// There is none.
    #[inline(never)]
    pub fn array(&mut self) -> Result<Option<u64>> {
        if self.took(0x9f) { Ok(None) } else { self.head(4, u64::MAX).map(Some) }
    }

    /// Begins an enum: an array of two, of which this is the variant's number.
    ///
    /// # Errors
    /// There is none.
    #[inline(never)]
    pub fn variant(&mut self) -> Result<i64> {
        if self.array()? == Some(2) { self.signed() } else { Err(Unread::Malformed) }
    }

    /// Passes over an item.
    ///
    /// # Errors
    /// There is none.
    #[inline(never)]
    pub fn skip(&mut self) -> Result<()> {
        let mut decoder = Decoder::new(self.bytes);
        decoder.set_position(self.at);
        let skipped = decoder.skip();
        self.at = decoder.position();
        skipped.map_err(|error| if error.is_end_of_input() { Unread::Ends } else { Unread::Malformed })
    }

    /// Whether null comes next; then it is passed over.
    pub fn null(&mut self) -> bool {
        self.took(0xf6)
    }

    /// Begins the fields of a struct.
    ///
    /// # Errors
    /// There are none.
    pub fn fields(&mut self) -> Result<Fields<'_, 'bytes>> {
        Ok(Fields { length: self.array()?, next: 0, reader: self })
    }
}

/// The items of an array, of a known length or not.
#[derive(Debug)]
pub struct Fields<'reader, 'bytes> {
    length: Option<u64>,
    next: u64,
    reader: &'reader mut Reader<'bytes>,
}

impl<'bytes> Fields<'_, 'bytes> {
    /// Whether there is another item, which then has to be read.
    #[inline(never)]
    fn more(&mut self) -> bool {
        if self.length.is_none() && self.reader.took(0xff) {
            self.length = Some(self.next);
        }
        let more = self.length != Some(self.next);
        self.next += u64::from(more);
        more
    }

    /// Passes over what comes before the item at `place`; whether that is there.
    #[inline(never)]
    fn reach(&mut self, place: u64) -> Result<bool> {
        loop {
            if !self.more() {
                return Ok(false);
            }
            if self.next > place {
                return Ok(true);
            }
            self.reader.skip()?;
        }
    }

    /// Passes over what a later version has added.
    ///
    /// # Errors
    /// There is something else.
    pub fn end(mut self) -> Result<()> {
        self.reach(u64::MAX).map(drop)
    }

    /// The field at `place`; places go up.
    ///
    /// # Errors
    /// It can't be read, or is not there and must be.
    pub fn field<T: Decode>(&mut self, place: u64) -> Result<T> {
        self.field_with(place, T::read, T::nil().is_some(), T::nil)
    }

    /// The field at `place`, or its type's default.
    ///
    /// # Errors
    /// It can't be read.
    pub fn field_or_default<T: Decode + Default>(&mut self, place: u64) -> Result<T> {
        self.field_with(place, T::read, T::nil().is_some(), || Some(T::default()))
    }

    /// The field at `place`, read in a way of its own. One of a later version counts as absent if that is `forgiven`.
    ///
    /// # Errors
    /// It can't be read, or is not there and must be.
    #[inline(never)]
    pub fn field_with<T>(
        &mut self,
        place: u64,
        read: impl FnOnce(&mut Reader<'bytes>) -> Result<T>,
        forgiven: bool,
        absent: impl FnOnce() -> Option<T>,
    ) -> Result<T> {
        if self.reach(place)? {
            match read(self.reader) {
                Err(Unread::Later) if forgiven => self.reader.skip()?,
                read => return read,
            }
        }
        absent().ok_or(Unread::Malformed)
    }
}

macro_rules! unsigned {
    ($($number:ty)*) => {
        $(impl Decode for $number {
            fn read(reader: &mut Reader<'_>) -> Result<Self> {
                reader.number(Self::MAX.into()).map(|number| number as Self)
            }
        })*
    };
}
unsigned!(u8 u16 u32 u64);

impl Decode for i64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.signed()
    }
}

impl Decode for i16 {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Self::try_from(reader.signed()?).map_err(|_| Unread::Malformed)
    }
}

impl Decode for bool {
    #[inline(never)]
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        match reader.next()? {
            0xf4 => Ok(false),
            0xf5 => Ok(true),
            _ => Err(Unread::Malformed),
        }
    }
}

impl Decode for String {
    #[inline(never)]
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let text = core::str::from_utf8(reader.string(3)?);
        text.map(Self::from).map_err(|_| Unread::Malformed)
    }
}

impl<const N: usize> Decode for ByteArray<N> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        <[u8; N] as Bytes>::read(reader).map(Self::from)
    }
}

impl Decode for ByteVec {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Bytes::read(reader).map(Vec::into)
    }
}

impl<T: Decode> Decode for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.null() { Ok(None) } else { T::read(reader).map(Some) }
    }

    fn nil() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for Vec<T> {
    #[inline(never)]
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut items = Self::new();
        let mut fields = reader.fields()?;
        while fields.more() {
            items.push(T::read(fields.reader)?);
        }
        Ok(items)
    }
}

impl<T: Decode> Decode for Box<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        T::read(reader).map(Self::new)
    }

    fn nil() -> Option<Self> {
        T::nil().map(Self::new)
    }
}

impl Decode for () {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.array()? == Some(0) { Ok(()) } else { Err(Unread::Malformed) }
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.array()? != Some(2) {
            return Err(Unread::Malformed);
        }
        Ok((A::read(reader)?, B::read(reader)?))
    }
}

/// What a field marked `with = "minicbor::bytes"` can be: bytes, and not an array of numbers.
pub trait Bytes: Sized {
    /// None is written as null.
    fn bytes(&self) -> Option<&[u8]>;

    /// Reads it.
    ///
    /// # Errors
    /// [`Unread`].
    fn read(reader: &mut Reader<'_>) -> Result<Self>;
}

impl Bytes for Vec<u8> {
    fn bytes(&self) -> Option<&[u8]> {
        Some(self)
    }

    #[inline(never)]
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.bytes().map(<[u8]>::to_vec)
    }
}

impl<const N: usize> Bytes for [u8; N] {
    fn bytes(&self) -> Option<&[u8]> {
        Some(self)
    }

    #[inline(never)]
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.bytes()?.try_into().map_err(|_| Unread::Malformed)
    }
}

impl<T: Bytes> Bytes for Option<T> {
    fn bytes(&self) -> Option<&[u8]> {
        self.as_ref().and_then(T::bytes)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.null() { Ok(None) } else { T::read(reader).map(Some) }
    }
}
