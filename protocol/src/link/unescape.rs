//! Undoes what mail, chats and redirects do to a link's symbols. All of it is bytes: phones download this code, and
//! the library's search in texts is 4 KB of WebAssembly.

/// Stands for a symbol that no link has.
const STRANGE: u8 = 1;

/// A text in ASCII, without what nobody sees, with symbols that look alike as those that links are made of.
pub(super) fn plain(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first < 0x80 {
            // By the backslash Markdown escapes `_`.
            if *first != b'\\' {
                plain.push(*first);
            }
            continue;
        }
        let mut symbol = u32::from(*first & if *first < 0xe0 { 0x1f } else { 0xf });
        while let Some((next @ 0x80..0xc0, after)) = rest.split_first() {
            symbol = symbol << 6 | u32::from(*next & 0x3f);
            rest = after;
        }
        match symbol {
            // Soft hyphens, joiners, marks of direction.
            0xad
            | 0x34f
            | 0x180e
            | 0x200b..=0x200f
            | 0x202a..=0x202e
            | 0x2060..=0x206f
            | 0xfe00..=0xfe0f
            | 0xfeff => {}
            0x2010..=0x2013 | 0x2212 | 0xfe63 => plain.push(b'-'),
            // Phones make one dash of two hyphens.
            0x2014 => plain.extend_from_slice(b"--"),
            // Full-width forms, which Asian keyboards type.
            0xff01..=0xff5e => plain.push((symbol - 0xfee0) as u8),
            0x85 | 0xa0 | 0x2000..=0x200a | 0x2028 | 0x2029 | 0x202f | 0x3000 => plain.push(b' '),
            _ => plain.push(STRANGE),
        }
    }
    plain
}

/// One layer of escapes taken off: percent signs, HTML entities, quoted-printable.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let (byte, left) = escape(rest).unwrap_or((*first, after));
        bytes.push(byte);
        rest = left;
    }
    plain(&bytes)
}

/// HTML's names of what links are made of.
const NAMES: &[(&[u8], u8)] = &[
    (b"amp;", b'&'),
    (b"num;", b'#'),
    (b"equals;", b'='),
    (b"sol;", b'/'),
    (b"colon;", b':'),
    (b"lowbar;", b'_'),
];

/// The byte that an escape at the start of `text` stands for, and what follows it.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'%', high, low, rest @ ..] => Some((digit(*high)? << 4 | digit(*low)?, rest)),
        // Only what a link is marked by: a secret may begin with two hexadecimal digits.
        [b'=', b'3', b'D', rest @ ..] => Some((b'=', rest)),
        [b'=', b'2', b'3', rest @ ..] => Some((b'#', rest)),
        [b'&', b'#', b'x' | b'X', rest @ ..] => number(rest, 16),
        [b'&', b'#', rest @ ..] => number(rest, 10),
        [b'&', rest @ ..] => {
            let (name, byte) = NAMES.iter().find(|(name, _)| rest.starts_with(name))?;
            Some((*byte, rest.get(name.len()..)?))
        }
        _ => None,
    }
}

/// What an entity's number stands for. Beyond ASCII it is of no link.
fn number(mut text: &[u8], radix: u8) -> Option<(u8, &[u8])> {
    let mut value = 0_u8;
    loop {
        match text.split_first()? {
            (b';', rest) => return (0x20..0x7f).contains(&value).then_some((value, rest)),
            (symbol, rest) => {
                value = value.checked_mul(radix)?.checked_add(digit(*symbol)?)?;
                text = rest;
            }
        }
    }
}

const fn digit(symbol: u8) -> Option<u8> {
    match symbol {
        b'0'..=b'9' => Some(symbol - b'0'),
        b'A'..=b'F' => Some(symbol - b'A' + 10),
        b'a'..=b'f' => Some(symbol - b'a' + 10),
        _ => None,
    }
}
