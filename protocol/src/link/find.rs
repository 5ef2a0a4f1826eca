//! Finds a link in the text that carried it: chat apps, mail and people change what stands around a link,
//! and how its symbols are written. Whatever still holds the whole secret is read.

use super::unescape::{plain, unescape};
use super::{InviteLink, Link, LinkError, OperatorLink, invitation, secret};

/// A redirect that holds a redirect that holds the link, in a mail's source: nothing sensible is deeper.
const LAYERS: usize = 5;
/// Most pieces that a payload may have been broken into.
const PIECES: usize = 32;
/// How far in front of its secret a link may begin, bytes: redirects are long.
const REACH: usize = 2_048;

/// The one link in `text`. `here`: address of the relay that whoever reads the text came from, if any: it stands in
/// where the text names none.
pub(super) fn find(text: &str, here: Option<&str>) -> Result<Link, LinkError> {
    let mut layer = plain(text);
    let mut wrong = LinkError::NotALink;
    for _ in 0..LAYERS {
        match look(&layer, here) {
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
    text: String,
    breaks: Vec<usize>,
}

impl Flat {
    /// Marks of quoted lines go with the white space, as do the marks of lines that a mail program broke.
    fn of(text: &str) -> Self {
        let mut flat = Self { text: String::with_capacity(text.len()), breaks: Vec::new() };
        let mut fresh = false;
        for symbol in text.chars() {
            if symbol.is_whitespace() {
                if symbol == '\n' || symbol == '\r' {
                    fresh = true;
                    flat.unfold();
                }
                flat.breaks.push(flat.text.len());
            } else if !(fresh && matches!(symbol, '>' | '|')) {
                fresh = false;
                flat.text.push(symbol);
            }
        }
        flat
    }

    /// A line that ends in `=` goes on in the next one: quoted-printable (RFC 2045).
    fn unfold(&mut self) {
        let stem = self.text.trim_end_matches('=');
        // The mark between a link's kind and its secret stays.
        let kept = usize::from(ends_in_kind(stem));
        if self.breaks.last() != Some(&self.text.len()) && self.text.len() > stem.len() + kept {
            self.text.pop();
        }
    }

    fn broken_at(&self, at: usize) -> bool {
        self.breaks.binary_search(&at).is_ok()
    }
}

fn ends_in_kind(text: &str) -> bool {
    ["join", "operator"].iter().any(|kind| {
        text.len()
            .checked_sub(kind.len())
            .and_then(|at| text.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(kind))
    })
}

fn look(text: &str, here: Option<&str>) -> Result<Link, LinkError> {
    let flat = Flat::of(text);
    let lower = flat.text.to_ascii_lowercase();
    let mut found: Option<Link> = None;
    let mut wrong = if lower.contains("://") { LinkError::Bare } else { LinkError::NotALink };
    for kind in ["join=", "operator="] {
        for (at, _) in lower.match_indices(kind) {
            let before = lower.as_bytes().get(at.wrapping_sub(1));
            if before.is_some_and(u8::is_ascii_alphanumeric) && !flat.broken_at(at) {
                continue;
            }
            match read(&flat, at, kind, here) {
                Ok(link) if found.as_ref().is_some_and(|other| *other != link) => {
                    return Err(LinkError::Several);
                }
                Ok(link) => found = Some(link),
                Err(error) => wrong = wrong.max(error),
            }
        }
    }
    found.ok_or(wrong)
}

/// The link whose `kind` stands at `at`.
fn read(flat: &Flat, at: usize, kind: &str, here: Option<&str>) -> Result<Link, LinkError> {
    let rest = flat.text.get(at + kind.len()..).unwrap_or_default();
    let payload = rest.trim_start_matches('=');
    let start = flat.text.len() - payload.len();
    let run =
        payload.bytes().take_while(|symbol| symbol.is_ascii_alphanumeric() || b"-_".contains(symbol)).count();
    let first = flat.breaks.partition_point(|place| *place <= start);
    let pieces = flat.breaks.get(first..).unwrap_or_default().iter().map(|place| place - start);
    let mut wrong = None;
    for end in pieces.take_while(|end| *end < run).chain([run]).take(PIECES) {
        let piece = payload.get(..end).unwrap_or_default();
        // What marks a text as slanted is a symbol too.
        for piece in [piece, piece.trim_end_matches(['-', '_'])] {
            let whole = match kind {
                "join=" => invitation(piece).map(|invite| {
                    address(flat, at, here).map(|relay| Link::Join(InviteLink { relay, invite }))
                }),
                _ => secret(piece).map(|secret| {
                    address(flat, at, here).map(|relay| Link::Operator(OperatorLink { relay, secret }))
                }),
            };
            match whole {
                Ok(link) => return link.ok_or(LinkError::NoAddress),
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
    }
    // With nothing behind it, it was cut; something else in its place was put there.
    let changed = run == 0 && !payload.is_empty() && !flat.broken_at(start);
    Err(if changed { LinkError::Damaged } else { wrong.unwrap_or(LinkError::CutShort) })
}

/// Address of the relay of the link whose kind stands at `at`.
fn address(flat: &Flat, at: usize, here: Option<&str>) -> Option<String> {
    let from = (at.saturating_sub(REACH)..=at).find(|from| flat.text.is_char_boundary(*from))?;
    let last = flat.breaks.iter().rev().find(|place| **place < at).map_or(from, |place| from.max(*place));
    let piece = flat.text.get(last..at)?;
    named(piece, here)
        .or_else(|| bare(piece, here))
        .or_else(|| named(flat.text.get(from..at)?, here))
        .or_else(|| here.map(str::to_owned))
}

/// Of all addresses in a text the relay's own, else the last: a redirect names itself first.
fn named(text: &str, here: Option<&str>) -> Option<String> {
    let text = unescape(&unescape(text));
    let all = text.match_indices("://").filter_map(|(at, mark)| {
        let scheme = text.get(..at)?.to_ascii_lowercase();
        let scheme = ["https", "http"].into_iter().find(|known| scheme.ends_with(known))?;
        let rest = text.get(at + mark.len()..)?;
        let end = rest.find(|symbol| "/?#&|<>()\"'".contains(symbol)).unwrap_or(rest.len());
        origin(Some(scheme), rest.get(..end)?.rsplit('@').next()?, here)
    });
    let mut last = None;
    for origin in all {
        if Some(origin.as_str()) == here {
            return Some(origin);
        }
        last = Some(origin);
    }
    last
}

/// An address without a scheme, right before the link's mark.
fn bare(text: &str, here: Option<&str>) -> Option<String> {
    let text = text.trim_end_matches(['#', '!', '?', '&']).trim_end_matches('/');
    let host =
        text.rsplit(|symbol: char| !symbol.is_ascii_alphanumeric() && !".-:".contains(symbol)).next()?;
    let host = host.trim_start_matches(['.', '-', ':']);
    (host.contains('.') || host.starts_with("localhost")).then(|| origin(None, host, here)).flatten()
}

fn origin(scheme: Option<&str>, host: &str, here: Option<&str>) -> Option<String> {
    let host = host.trim_end_matches(['.', ':']).to_ascii_lowercase();
    let fits =
        |symbol: char| symbol.is_ascii_alphanumeric() || ".-:[]".contains(symbol) || !symbol.is_ascii();
    if host.is_empty() || !host.chars().all(fits) {
        return None;
    }
    let local = host.starts_with("localhost") || host.starts_with("127.");
    let scheme = scheme.unwrap_or(if local { "http" } else { "https" });
    let host = host.strip_suffix(if scheme == "http" { ":80" } else { ":443" }).unwrap_or(&host);
    // The page came from there by the scheme that works.
    if let Some(here) = here.filter(|here| here.split_once("://").is_some_and(|(_, known)| known == host)) {
        return Some(here.to_owned());
    }
    Some([scheme, "://", host].concat())
}
