//! Undoes what mail, chats and redirects do to a link's symbols.

/// A text without what nobody sees, with symbols that look alike as those that links are made of.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for symbol in text.chars() {
        match symbol {
            // Soft hyphens, joiners, marks of direction; and the backslash, by which Markdown escapes `_`.
            '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => {}
            '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\\' => {}
            '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe63}' => plain.push('-'),
            // Phones make one dash of two hyphens.
            '\u{2014}' => plain.push_str("--"),
            // Full-width forms, which Asian keyboards type.
            '\u{ff01}'..='\u{ff5e}' => plain.extend(char::from_u32(u32::from(symbol) - 0xfee0)),
            _ => plain.push(symbol),
        }
    }
    plain
}

/// One layer of escapes taken off: percent signs, HTML entities, quoted-printable.
pub(super) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, left) = escape(rest).unwrap_or((*first, after));
        bytes.push(byte);
        rest = left;
    }
    plain(&String::from_utf8_lossy(&bytes))
}

/// The byte that an escape at the start of `text` stands for, and what follows it.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'%', high, low, rest @ ..] => Some((digit(*high, 16)? << 4 | digit(*low, 16)?, rest)),
        // Only what a link is marked by: a secret may begin with two hexadecimal digits.
        [b'=', b'3', b'D', rest @ ..] => Some((b'=', rest)),
        [b'=', b'2', b'3', rest @ ..] => Some((b'#', rest)),
        [b'&', b'#', b'x' | b'X', rest @ ..] => number(rest, 16),
        [b'&', b'#', rest @ ..] => number(rest, 10),
        [b'&', rest @ ..] => {
            let names: [(&[u8], u8); 8] = [
                (b"amp;", b'&'),
                (b"num;", b'#'),
                (b"equals;", b'='),
                (b"sol;", b'/'),
                (b"colon;", b':'),
                (b"lowbar;", b'_'),
                (b"lt;", b'<'),
                (b"gt;", b'>'),
            ];
            names.into_iter().find_map(|(name, byte)| Some((byte, rest.strip_prefix(name)?)))
        }
        _ => None,
    }
}

/// What an entity's number stands for. Beyond ASCII it is of no link.
fn number(text: &[u8], radix: u8) -> Option<(u8, &[u8])> {
    let end = text.iter().take(5).position(|symbol| *symbol == b';')?;
    let (digits, rest) = text.split_at_checked(end)?;
    let value = digits
        .iter()
        .try_fold(0_u8, |value, symbol| value.checked_mul(radix)?.checked_add(digit(*symbol, radix)?))?;
    (!digits.is_empty() && value < 0x80).then_some((value, rest.get(1..)?))
}

fn digit(symbol: u8, radix: u8) -> Option<u8> {
    u8::try_from(char::from(symbol).to_digit(u32::from(radix))?).ok()
}
