//! What whoever seizes a relay would search: its files and its memory, for strings that must not
//! be there in any common form.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;

/// Something found where it must not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Which canary.
    pub canary: String,
    /// In which form.
    pub form: &'static str,
    /// Where.
    pub place: String,
}

/// Strings to search for.
#[derive(Debug, Default)]
pub struct Canaries {
    needles: Vec<(String, &'static str, Finder<'static>)>,
}

impl Canaries {
    /// Looks for this text as it is, in UTF-16, base64 (at each of three alignments) and hex.
    pub fn text(&mut self, text: &str) {
        self.bytes(text, text.as_bytes());
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.needles.push((text.to_owned(), "UTF-16", Finder::new(&utf16).into_owned()));
    }

    /// Looks for these bytes as they are, in base64 and in hex.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        assert!(bytes.len() >= 8, "{name}: too short to be found by anything but chance");
        let mut add = |form, needle: Vec<u8>| {
            self.needles.push((name.to_owned(), form, Finder::new(&needle).into_owned()));
        };
        add("raw", bytes.to_vec());
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        add("hex", hex.to_uppercase().into_bytes());
        add("hex", hex.into_bytes());
        for skip in 0..3 {
            // Whole groups of three bytes only: their base64 does not depend on what surrounds them.
            let inner = &bytes[skip..];
            let whole = &inner[..inner.len() / 3 * 3];
            add("base64", STANDARD_NO_PAD.encode(whole).into_bytes());
            add("base64url", URL_SAFE_NO_PAD.encode(whole).into_bytes());
        }
    }

    fn search(&self, haystack: &[u8], place: &str, found: &mut BTreeSet<Found>) {
        for (canary, form, needle) in &self.needles {
            if needle.find(haystack).is_some() {
                found.insert(Found { canary: canary.clone(), form, place: place.to_owned() });
            }
        }
    }

    fn longest(&self) -> usize {
        self.needles.iter().map(|(_, _, needle)| needle.needle().len()).max().unwrap_or(0)
    }
}

/// Searches every file of a directory (or one file), names included.
pub fn files(place: &Path, canaries: &Canaries) -> BTreeSet<Found> {
    let mut found = BTreeSet::new();
    let mut queue = vec![place.to_owned()];
    while let Some(path) = queue.pop() {
        let name = path.display().to_string();
        canaries.search(name.as_bytes(), &name, &mut found);
        if path.is_dir() {
            queue.extend(
                fs::read_dir(&path).expect("a readable directory").flatten().map(|entry| entry.path()),
            );
        } else if let Ok(content) = fs::read(&path) {
            canaries.search(&content, &name, &mut found);
        }
    }
    found
}

/// Searches everything a process can write to, and returns how many bytes that was.
pub fn memory(process: u32, canaries: &Canaries) -> (BTreeSet<Found>, usize) {
    let mut found = BTreeSet::new();
    let mut searched = 0;
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("our own child's maps");
    let mut memory = File::open(format!("/proc/{process}/mem")).expect("our own child's memory");
    for line in maps.lines() {
        let mut parts = line.split_whitespace();
        let (Some(range), Some(rights)) = (parts.next(), parts.next()) else { continue };
        let ends = range.split_once('-').and_then(|(from, to)| Some((hex(from)?, hex(to)?)));
        let (Some((from, to)), true) = (ends, rights.starts_with("rw")) else { continue };
        searched += region(&mut memory, from, to, line, canaries, &mut found);
    }
    (found, searched)
}

fn region(
    memory: &mut File,
    from: u64,
    to: u64,
    name: &str,
    canaries: &Canaries,
    found: &mut BTreeSet<Found>,
) -> usize {
    const STEP: usize = 8 * 1_048_576;
    let mut searched = 0;
    let mut window: Vec<u8> = Vec::new();
    let mut at = from;
    while at < to {
        let want = STEP.min(usize::try_from(to - at).unwrap_or(STEP));
        let mut chunk = vec![0; want];
        // Parts of a mapping may be unreadable (guard pages, the kernel's own).
        let read = memory.seek(SeekFrom::Start(at)).and_then(|_| memory.read(&mut chunk)).unwrap_or(0);
        let advanced = if read == 0 { 4_096.min(want) } else { read };
        if read == 0 {
            window.clear();
        } else {
            let keep = window.len().saturating_sub(canaries.longest());
            window.drain(..keep);
            window.extend_from_slice(&chunk[..read]);
            canaries.search(&window, name, found);
            searched += read;
        }
        at += advanced as u64;
    }
    searched
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}
