//! Finds a link in the text that carried it: chat apps, mail and people change what stands around a link,
//! and how its symbols are written. Whatever still holds the whole secret is read.

use super::unescape::{plain, unescape};
use super::{InviteLink, Link, LinkError, OperatorLink, invitation, secret};

/// A redirect that holds a redirect that holds the link, in a mail's source: nothing sensible is deeper.
const LAYERS: usize = 5;
/// Most pieces that a payload may have been broken into.
const PIECES: usize = 32;
/// Symbols that no payload is longer than.
const LONGEST: usize = 1_500;
/// How far in front of its secret a link may begin, bytes: redirects are long.
const REACH: usize = 2_048;

const KINDS: [&[u8]; 2] = [b"join=", b"operator="];

/// The one link in `text`. `here`: address of the relay that whoever reads the text came from, if any: it stands in
/// where the text names none.
pub(super) fn find(text: &str, here: Option<&str>) -> Result<Link, LinkError> {
    let mut layer = plain(text.as_bytes());
    let mut wrong = LinkError::NotALink;
    for _ in 0..LAYERS {
        match look(&Flat::of(&layer), here) {
            Err(error) if error != LinkError::Several => wrong = wrong.max(error),
            done => return done,
        }
        let next = unescape(&layer);
        if next == layer {
            break;
        }
        layer = next;
    }
    Err(wrong)
}

/// A text without its white space, and where in it there was some.
struct Flat {
    text: Vec<u8>,
    breaks: Vec<usize>,
}

impl Flat {
    /// Marks of quoted lines go with the white space, as do the marks of lines that a mail program broke.
    fn of(text: &[u8]) -> Self {
        let mut flat = Self { text: Vec::with_capacity(text.len()), breaks: Vec::new() };
        let mut fresh = false;
        for &symbol in text {
            if symbol.is_ascii_whitespace() {
                if !fresh && matches!(symbol, b'\n' | b'\r') {
                    fresh = true;
                    flat.unfold();
                }
                flat.breaks.push(flat.text.len());
            } else if !(fresh && matches!(symbol, b'>' | b'|')) {
                fresh = false;
                flat.text.push(symbol);
            }
        }
        flat
    }

    /// A line that ends in `=` goes on in the next one: quoted-printable (RFC 2045). The mark between a link's
    /// kind and its secret stays.
    fn unfold(&mut self) {
        let marked = KINDS.iter().any(|kind| ends_with(&self.text, kind));
        if self.text.last() == Some(&b'=') && !marked {
            self.text.pop();
        }
    }

    fn broken_at(&self, at: usize) -> bool {
        self.breaks.binary_search(&at).is_ok()
    }

    fn from(&self, at: usize) -> &[u8] {
        self.text.get(at..).unwrap_or_default()
    }
}

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len().checked_sub(end.len()).is_some_and(|at| starts_with(text.get(at..).unwrap_or_default(), end))
}

fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

/// A whole link, as text: phones download less than for comparing what it holds.
#[derive(PartialEq, Eq)]
struct Found<'a> {
    join: bool,
    relay: String,
    payload: &'a str,
}

impl Found<'_> {
    fn open(self) -> Result<Link, LinkError> {
        let Self { join, relay, payload } = self;
        Ok(if join {
            Link::Join(InviteLink { relay, invite: invitation(payload)? })
        } else {
            Link::Operator(OperatorLink { relay, secret: secret(payload)? })
        })
    }
}

fn look(flat: &Flat, here: Option<&str>) -> Result<Link, LinkError> {
    let mut found = None;
    let mut wrong = LinkError::NotALink;
    for at in 0..flat.text.len() {
        let rest = flat.from(at);
        if starts_with(rest, b"://") {
            wrong = wrong.max(LinkError::Bare);
        }
        let Some(kind) = KINDS.into_iter().find(|kind| starts_with(rest, kind)) else { continue };
        let before = at.checked_sub(1).and_then(|before| flat.text.get(before));
        if before.is_some_and(u8::is_ascii_alphanumeric) && !flat.broken_at(at) {
            continue;
        }
        match read(flat, at, kind, here) {
            Ok(link) if found.as_ref().is_some_and(|other| *other != link) => return Err(LinkError::Several),
            Ok(link) => found = Some(link),
            Err(error) => wrong = wrong.max(error),
        }
    }
    found.ok_or(wrong)?.open()
}

/// The link whose `kind` stands at `at`.
fn read<'a>(flat: &'a Flat, at: usize, kind: &[u8], here: Option<&str>) -> Result<Found<'a>, LinkError> {
    let mut start = at + kind.len();
    while flat.text.get(start) == Some(&b'=') {
        start += 1;
    }
    let rest = flat.from(start);
    let join = kind == KINDS[0];
    let (mut wrong, mut pieces, mut run) = (None, 0, 0);
    loop {
        let more =
            rest.get(run).is_some_and(|symbol| symbol.is_ascii_alphanumeric() || b"-_".contains(symbol));
        if !more || (run > 0 && flat.broken_at(start + run)) {
            let mut piece = rest.get(..run).unwrap_or_default();
            loop {
                let payload = core::str::from_utf8(piece).unwrap_or_default();
                let whole = if join { invitation(payload).map(|_| ()) } else { secret(payload).map(|_| ()) };
                match whole {
                    Ok(()) => {
                        let relay = address(flat, at, here).ok_or(LinkError::NoAddress)?;
                        return Ok(Found { join, relay, payload });
                    }
                    Err(error) => wrong = wrong.or(Some(error)),
                }
                // What marks a text as slanted is a symbol too.
                match piece {
                    [shorter @ .., b'-' | b'_'] => piece = shorter,
                    _ => break,
                }
            }
            pieces += 1;
        }
        if !more || pieces > PIECES || run > LONGEST {
            break;
        }
        run += 1;
    }
    // With nothing behind it, it was cut; something else in its place was put there.
    let changed = run == 0 && !rest.is_empty() && !flat.broken_at(start);
    Err(if changed { LinkError::Damaged } else { wrong.unwrap_or(LinkError::CutShort) })
}

/// Address of the relay of the link whose kind stands at `at`.
fn address(flat: &Flat, at: usize, here: Option<&str>) -> Option<String> {
    let from = at.saturating_sub(REACH);
    let last = flat.breaks.iter().copied().filter(|place| (from..at).contains(place)).max().unwrap_or(from);
    let piece = flat.text.get(last..at)?;
    named(piece, here)
        .or_else(|| bare(piece, here))
        .or_else(|| named(flat.text.get(from..at)?, here))
        .or_else(|| here.map(str::to_owned))
}

/// Of all addresses in a text the relay's own, else the last: a redirect names itself first.
fn named(text: &[u8], here: Option<&str>) -> Option<String> {
    let text = unescape(&unescape(text));
    let mut last = None;
    for at in 0..text.len() {
        let before = text.get(..at)?;
        if !starts_with(text.get(at..)?, b"://")
            || !(ends_with(before, b"http") || ends_with(before, b"https"))
        {
            continue;
        }
        // Whoever names a user before the host means the host.
        let (mut from, mut end) = (at + 3, at + 3);
        while let Some(symbol) = text.get(end).filter(|symbol| in_host(**symbol) || **symbol == b'@') {
            end += 1;
            if *symbol == b'@' {
                from = end;
            }
        }
        let scheme = if ends_with(before, b"http") { "http" } else { "https" };
        let Some(origin) = origin(Some(scheme), text.get(from..end)?, here) else { continue };
        if Some(origin.as_str()) == here {
            return Some(origin);
        }
        last = Some(origin);
    }
    last
}

/// An address without a scheme, right before the link's mark.
fn bare(mut text: &[u8], here: Option<&str>) -> Option<String> {
    while let [shorter @ .., b'#' | b'!' | b'?' | b'&' | b'/'] = text {
        text = shorter;
    }
    let mut start = text.len();
    while start > 0 && text.get(start - 1).is_some_and(|symbol| in_host(*symbol)) {
        start -= 1;
    }
    let host = text.get(start..)?;
    (host.contains(&b'.') || starts_with(host, b"localhost")).then(|| origin(None, host, here)).flatten()
}

const fn in_host(symbol: u8) -> bool {
    symbol.is_ascii_alphanumeric() || matches!(symbol, b'.' | b'-' | b':' | b'[' | b']')
}

fn origin(scheme: Option<&str>, mut host: &[u8], here: Option<&str>) -> Option<String> {
    while let [shorter @ .., b'.' | b':'] | [b'.' | b':' | b'-', shorter @ ..] = host {
        host = shorter;
    }
    if host.is_empty() || !host.iter().all(|symbol| in_host(*symbol)) {
        return None;
    }
    let local = starts_with(host, b"localhost") || starts_with(host, b"127.");
    let scheme = scheme.unwrap_or(if local { "http" } else { "https" });
    let port: &[u8] = if scheme == "http" { b":80" } else { b":443" };
    let host = core::str::from_utf8(host.strip_suffix(port).unwrap_or(host)).ok()?.to_ascii_lowercase();
    // The page came from there by the scheme that works.
    match here {
        Some(here) if here.strip_suffix(host.as_str()).is_some_and(|scheme| scheme.ends_with("://")) => {
            Some(here.to_owned())
        }
        _ => Some([scheme, "://", &host].concat()),
    }
}
