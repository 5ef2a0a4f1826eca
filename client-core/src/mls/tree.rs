//! The ratchet tree as bytes: whole for newcomers, in chunks for the store, and as the difference
//! between two of them.

use mls_rs::{
    group::{ExportedTree, Node},
    mls_rs_codec::{MlsDecode, MlsEncode, VarInt},
};

use super::MlsError;

/// Nodes in a stored chunk: five levels of a path fall into one, so a commit with a path in a group
/// of 2,000 rewrites seven chunks of some 4 KB.
const CHUNK: usize = 32;

/// A tree from outside, alone in `bytes`. Only its form is checked.
pub(super) fn parse(bytes: &[u8]) -> Result<ExportedTree<'static>, MlsError> {
    let reader = &mut &*bytes;
    let tree = ExportedTree::mls_decode(reader).map_err(|_| MlsError::Invalid)?.into_owned();
    if reader.is_empty() { Ok(tree) } else { Err(MlsError::Invalid) }
}

/// The chunks of a tree, in order.
pub(super) fn chunks(tree: &ExportedTree<'_>) -> Result<Vec<Vec<u8>>, MlsError> {
    tree.nodes()
        .chunks(CHUNK)
        .map(|nodes| {
            let mut bytes = Vec::with_capacity(4096);
            nodes.iter().try_for_each(|node| node.mls_encode(&mut bytes)).map(|()| bytes)
        })
        .collect::<Result<_, _>>()
        .map_err(|_| MlsError::Library("encoding a tree"))
}

/// The tree whose nodes, encoded one after the other, are `parts`.
pub(super) fn join<'a>(
    parts: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<ExportedTree<'static>, MlsError> {
    let length = parts.clone().map(<[u8]>::len).sum::<usize>();
    let mut bytes = Vec::with_capacity(length + 4);
    VarInt::try_from(length)
        .and_then(|length| length.mls_encode(&mut bytes))
        .map_err(|_| MlsError::Corrupt)?;
    parts.for_each(|part| bytes.extend_from_slice(part));
    parse(&bytes).map_err(|_| MlsError::Corrupt)
}

/// What [`patch`] needs to make `after` out of `before`.
pub(super) fn difference(before: &ExportedTree<'_>, after: &ExportedTree<'_>) -> Result<Vec<u8>, MlsError> {
    let (before, after) = (before.nodes(), after.nodes());
    let mut bytes = Vec::new();
    let encoded = index(after.len()).mls_encode(&mut bytes).and_then(|()| {
        after.iter().enumerate().filter(|(i, node)| before.get(*i) != Some(node)).try_for_each(|(i, node)| {
            index(i).mls_encode(&mut bytes)?;
            node.mls_encode(&mut bytes)
        })
    });
    encoded.map(|()| bytes).map_err(|_| MlsError::Library("encoding a tree"))
}

/// `before` with a [`difference`] applied.
pub(super) fn patch(
    before: &ExportedTree<'_>,
    mut difference: &[u8],
) -> Result<ExportedTree<'static>, MlsError> {
    let reader = &mut difference;
    let length = u32::mls_decode(reader).map_err(|_| MlsError::Corrupt)? as usize;
    let mut nodes = before.nodes().to_vec();
    nodes.truncate(length);
    while !reader.is_empty() {
        let i = u32::mls_decode(reader).map_err(|_| MlsError::Corrupt)? as usize;
        let node = Option::<Node>::mls_decode(reader).map_err(|_| MlsError::Corrupt)?;
        // Nodes past the old end come in order, so each is the next one.
        if let Some(place) = nodes.get_mut(i) {
            *place = node;
        } else if i == nodes.len() && i < length {
            nodes.push(node);
        } else {
            return Err(MlsError::Corrupt);
        }
    }
    if nodes.len() != length {
        return Err(MlsError::Corrupt);
    }
    let bytes = nodes.mls_encode_to_vec().map_err(|_| MlsError::Library("encoding a tree"))?;
    parse(&bytes).map_err(|_| MlsError::Corrupt)
}

fn index(i: usize) -> u32 {
    u32::try_from(i).expect("a tree in memory has fewer than 2^32 nodes")
}
