//! Names that people choose, and the code that tells two people of one name apart.

use crate::id::{PublicKey, hash};
use crate::limits::MAX_TELEPHONE;

/// Digits and letters without I, L, O and U (Crockford's base 32): none looks like another, and none
/// makes a word.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Symbols of a short code.
const SYMBOLS: usize = 10;

/// The short code of a role key, such as `7KQ2M-9D4TX`: the same on both people's screens, so that they
/// can compare it in person or on the phone.
///
/// 50 bits of a hash. Two of 2,000 honest people share a code once in five hundred million networks
/// (2,000² / 2 pairs in 2⁵⁰). Somebody who wants the code of one named key has to make 2⁵⁰ keys, which
/// is some seven years of one processor core at five million keys a second; nobody can make two people
/// collide without being one of them.
#[must_use]
pub fn short_code(key: &PublicKey) -> String {
    let digest = hash("campana short code v1", &[key.as_bytes()]);
    let bits = digest.0.iter().take(8).fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    let mut code = String::with_capacity(SYMBOLS + 1);
    for at in 0..SYMBOLS {
        if at == SYMBOLS / 2 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[(bits >> (59 - 5 * at)) as usize & 31]));
    }
    code
}

/// Whether `typed` is this code, as people type it: in any case, with or without the hyphen, and with
/// the letters that the alphabet leaves out for the digits that they look like.
#[must_use]
pub fn is_code(typed: &str, code: &str) -> bool {
    let symbols = |text: &str| -> Vec<u8> {
        let fold = |byte: u8| match byte.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        };
        text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')).map(fold).collect()
    };
    symbols(typed) == symbols(code)
}

/// A telephone number as it may be shown and dialled, if `text` is one: three to twenty digits, a `+` in front,
/// and what people write between them.
#[must_use]
pub fn telephone(text: &str) -> Option<&str> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let country = text.strip_prefix('+').unwrap_or(text);
    let sound = country.bytes().all(|byte| byte.is_ascii_digit() || b" -().".contains(&byte));
    (sound && (3..=20).contains(&digits) && text.len() <= MAX_TELEPHONE).then_some(text)
}

/// A text on one line and with nothing in it that cannot be seen: no control character or line break,
/// no mark that turns the direction of what follows, nothing of no width; runs of space become one.
///
/// Joiners of no width go too: some scripts and emoji are drawn less well without them.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || is_blank(c) {
            if !cleaned.is_empty() && !cleaned.ends_with(' ') {
                cleaned.push(' ');
            }
        } else if !is_invisible(c) {
            cleaned.push(c);
        }
    }
    cleaned.truncate(cleaned.trim_end().len());
    cleaned
}

/// Letters that are drawn as a gap.
const fn is_blank(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}')
}

/// Drawn as nothing (Unicode's Default_Ignorable_Code_Point), or turning the direction of writing.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What a name looks like at a glance: two names with one outline are easily taken for each other. Case,
/// accents, spaces and the common look-alikes of other scripts and digits make no difference.
#[must_use]
pub fn outline(name: &str) -> String {
    let mut outline = String::with_capacity(name.len());
    for c in clean(name).chars() {
        match glance(c) {
            Some('m') => outline.push_str("rn"),
            Some('w') => outline.push_str("vv"),
            Some('æ') => outline.push_str("ae"),
            Some(c) => outline.push(c),
            None => {}
        }
    }
    outline
}

/// The plainest letter that looks like this one; `None`: it is hardly seen.
const fn glance(c: char) -> Option<char> {
    Some(match c {
        ' ' | '.' | ',' | '-' | '_' | '\'' | '"' | '`' | '´' | '’' | '‘' | '·' | '\u{300}'..='\u{36f}' =>
        {
            return None;
        }
        // Full-width forms.
        '\u{ff01}'..='\u{ff5e}' => match char::from_u32(c as u32 - 0xfee0) {
            Some(plain) => plain_letter(plain),
            None => c,
        },
        _ => plain_letter(c),
    })
}

const fn plain_letter(c: char) -> char {
    match c {
        'à'..='å' | 'À'..='Å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'а' | 'А' | 'α' | 'Α' | '4' => 'a',
        'В' | 'Β' | 'ß' | 'β' | '8' => 'b',
        'ç' | 'Ç' | 'ć' | 'Ć' | 'č' | 'Č' | 'с' | 'С' => 'c',
        'ď' | 'Ď' | 'đ' | 'Đ' => 'd',
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'Ē' | 'ě' | 'Ě' | 'е' | 'Е' | 'ё' | 'Ё' | 'ε' | 'Ε' | '3' => {
            'e'
        }
        'ğ' | 'Ğ' => 'g',
        'Н' | 'Η' | 'һ' | 'Һ' => 'h',
        'i'
        | 'I'
        | 'l'
        | 'L'
        | '1'
        | '|'
        | '!'
        | 'ì'..='ï'
        | 'Ì'..='Ï'
        | 'ı'
        | 'İ'
        | 'ī'
        | 'Ī'
        | 'і'
        | 'І'
        | 'ї'
        | 'Ї'
        | 'ι'
        | 'Ι'
        | 'ł'
        | 'Ł'
        | 'ӏ'
        | 'Ӏ' => 'i',
        'ј' | 'Ј' => 'j',
        'к' | 'К' | 'κ' | 'Κ' => 'k',
        'm' | 'M' | 'м' | 'М' | 'Μ' => 'm',
        'ñ' | 'Ñ' | 'ń' | 'Ń' | 'ň' | 'Ň' | 'Ν' | 'η' => 'n',
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' | 'ō' | 'Ō' | 'ő' | 'Ő' | 'о' | 'О' | 'ο' | 'Ο' | 'σ' | '0' => {
            'o'
        }
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ř' | 'Ř' => 'r',
        'ѕ' | 'Ѕ' | 'ś' | 'Ś' | 'š' | 'Š' | 'ş' | 'Ş' | '5' | '$' => 's',
        'Т' | 'т' | 'Τ' | 'τ' | 'ť' | 'Ť' | 'ţ' | 'Ţ' | '7' => 't',
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'Ū' | 'ů' | 'Ů' | 'ű' | 'Ű' | 'υ' => 'u',
        'ν' | 'ѵ' | 'Ѵ' => 'v',
        'w' | 'W' | 'ш' | 'Ш' | 'ω' => 'w',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' | 'у' | 'У' | 'ү' | 'Ү' | 'Υ' | 'γ' => 'y',
        'ž' | 'Ž' | 'ź' | 'Ź' | 'ż' | 'Ż' | 'Ζ' | '2' => 'z',
        'æ' | 'Æ' => 'æ',
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_belongs_to_one_key_and_is_read_as_people_type_it() {
        let [one, other] = [1, 2].map(|byte| short_code(&PublicKey([byte; 32])));
        assert_ne!(one, other);
        assert_eq!(one.len(), 11);
        assert!(is_code(&one, &one) && !is_code(&one, &other) && !is_code("", &one));
        assert!(is_code(&one.to_lowercase().replace('-', ""), &one));
        assert!(is_code("oil00-ABCDE", "01100-ABCDE"));
        assert!(ALPHABET.iter().all(|symbol| !b"ILOU".contains(symbol)));
    }

    #[test]
    fn a_cleaned_name_is_one_line_of_what_can_be_seen() {
        for (name, cleaned) in [
            ("Ana\n● VERIFIED ALERT", "Ana ● VERIFIED ALERT"),
            ("\u{202e}anA\u{202c}", "anA"),
            (" \u{200b}\u{feff}\u{3164}\u{e0041} ", ""),
            ("Ana\u{2028}\u{85}\t Mar\u{ad}ía ", "Ana María"),
            ("\u{1b}[2JAna\r", "[2JAna"),
            ("Peña 🌽 أمل", "Peña 🌽 أمل"),
        ] {
            assert_eq!(clean(name), cleaned, "{name:?}");
            assert_eq!(clean(cleaned), cleaned, "nothing is left to clean");
        }
    }

    #[test]
    fn names_that_are_easily_taken_for_each_other_have_one_outline() {
        for (name, other) in [
            ("Ana", "аnа"),
            ("José", "JOSE"),
            ("Ali", "A1l"),
            ("Marta", "rnarta"),
            ("Wim", "vvim"),
            ("Ana María", "Ana-Maria\u{200b}"),
            ("Rosa", "R0sа"),
            ("Ana", "Ａｎａ"),
        ] {
            assert_eq!(outline(name), outline(other), "{name} and {other}");
        }
        assert_ne!(outline("Ana"), outline("Eva"));
    }
}
