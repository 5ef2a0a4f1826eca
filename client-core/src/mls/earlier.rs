//! States as the first version wrote them: the library kept proposals by reference then, of which
//! a group of ours never had any. What says that there are none is taken out.

use mls_rs::group::GroupContext;
use mls_rs::mls_rs_codec::MlsDecode;
use zeroize::Zeroizing;

/// Bytes of the library's own version, at the beginning.
const HEAD: usize = 2;
/// At the end: the signing key with its length, 2 + 64 bytes or 1 + 32, and before it one byte that
/// says that no commit is pending.
const TAILS: [&[u8]; 2] = [&[0x40, 64], &[32]];

/// The same state as it is written now; `None`: it is none of ours.
pub(super) fn without_proposals(state: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut rest = state.get(HEAD..)?;
    GroupContext::mls_decode(&mut rest).ok()?;
    let context = state.len() - rest.len();
    // Two empty lists: of proposals, and of our own.
    let rest = rest.strip_prefix(&[0, 0])?;
    let updates = TAILS.iter().find_map(|tail| {
        let key = tail.len() + usize::from(*tail.last()?);
        let at = rest.len().checked_sub(key + 2)?;
        // An empty list of updates, and no commit.
        (rest.get(at..at + 2)? == [0, 0] && rest.get(at + 2..)?.starts_with(tail)).then_some(at)
    })?;
    let mut now = Zeroizing::new(Vec::with_capacity(state.len()));
    now.extend_from_slice(&state[..context]);
    now.extend_from_slice(&rest[..updates]);
    now.extend_from_slice(&rest[updates + 1..]);
    Some(now)
}
