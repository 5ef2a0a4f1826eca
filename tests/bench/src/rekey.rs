//! What a removal costs each phone before and after members have re-keyed, and what the re-keying costs.
//!
//! A thousand members' groups that each follow a thousand commits would take a day. How long a commit is depends
//! only on which nodes of the tree are blank: so we count on a tree of flags, and check the count against commits
//! of real groups first.

use campana_core::mls::{Change, Group, Leaf, key_package};
use serde_json::{Value, json};

/// Members of a block, one of whom re-keys (the core's `REKEY_BLOCK`).
const BLOCK: usize = 64;

/// An HPKE ciphertext of a path secret: 32 bytes of key, 48 of secret and tag, their two lengths.
const SECRET: usize = 82;
/// A path's node: its public key, and the lengths of it and of its list.
const NODE: usize = 36;

/// Which nodes hold a key, from the leaves (level 0) up.
struct Tree {
    levels: Vec<Vec<bool>>,
}

/// Nodes of a path, and secrets for those beside it.
#[derive(Clone, Copy, Default)]
struct Path {
    nodes: usize,
    secrets: usize,
}

impl Tree {
    /// After one admission of all: leaves alone.
    fn of(members: usize) -> Self {
        let mut width = members.next_power_of_two();
        let mut levels = vec![(0..width).map(|leaf| leaf < members).collect::<Vec<_>>()];
        while width > 1 {
            width /= 2;
            levels.push(vec![false; width]);
        }
        Self { levels }
    }

    /// Keys that reach everybody below a node.
    fn resolution(&self, level: usize, at: usize) -> usize {
        match (self.levels[level][at], level) {
            (true, _) => 1,
            (false, 0) => 0,
            (false, _) => self.resolution(level - 1, 2 * at) + self.resolution(level - 1, 2 * at + 1),
        }
    }

    /// A member commits with a path.
    fn commit(&mut self, member: usize) -> Path {
        let mut path = Path::default();
        for level in 1..self.levels.len() {
            let beside = (member >> (level - 1)) ^ 1;
            let secrets = self.resolution(level - 1, beside);
            self.levels[level][member >> level] = secrets > 0;
            path.nodes += usize::from(secrets > 0);
            path.secrets += secrets;
        }
        path
    }

    /// A removal by the member at place 0.
    fn remove(&mut self, member: usize) -> Path {
        for level in 0..self.levels.len() {
            self.levels[level][member >> level] = false;
        }
        self.commit(0)
    }

    /// The longest removal of some members spread over the tree, each from the tree as it is.
    fn removal(&self, members: usize) -> Path {
        let some = (1..members).step_by((members / 97).max(1));
        let paths = some.map(|member| Self { levels: self.levels.clone() }.remove(member));
        paths.max_by_key(|path| path.bytes()).unwrap_or_default()
    }
}

impl Path {
    fn bytes(self) -> usize {
        self.nodes * NODE + self.secrets * SECRET
    }
}

pub(crate) fn rekey(members: usize) -> Value {
    let rest = checked();
    let bytes = |path: Path| path.bytes() + rest;
    let mut blank = Tree::of(members);
    let before = bytes(blank.removal(members));
    let some = order(members);
    let tenth: usize = some.iter().take(members / 10).map(|member| bytes(blank.commit(*member))).sum();
    let after_tenth = bytes(blank.removal(members));

    let mut blocks = Tree::of(members);
    let (mut commits, mut total) = (0, 0);
    let above = BLOCK.trailing_zeros() as usize;
    for member in some {
        // The last block is not one until it is full.
        if member / BLOCK < members / BLOCK && !blocks.levels[above][member / BLOCK] {
            (commits, total) = (commits + 1, total + bytes(blocks.commit(member)));
        }
    }
    let after = blocks.removal(members);
    blocks.remove(members / 2);
    let again = bytes(blocks.commit(members / 2 + 1));
    json!({
        "removal_bytes_before": before,
        "removal_bytes_tenth_rekeyed": after_tenth,
        "rekey_tenth_total_bytes": tenth,
        "removal_bytes": bytes(after),
        "rekey_total_bytes": total,
        "rekey_commits": commits,
        "rekey_after_removal_bytes": again,
    })
}

/// All members, in an order that is always the same and has no pattern.
fn order(members: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..members).collect();
    let mut state = 1_u64;
    for left in (1..members).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(left, (state >> 33) as usize % (left + 1));
    }
    order
}

/// Commits of real groups are as long as the count says. Returns what a commit holds besides its path.
fn checked() -> usize {
    const MEMBERS: usize = 96;
    let founder = Leaf::generate().expect("randomness");
    let mut first = Group::create(&founder, &[], &[1; 32], &[2; 64]).expect("a group");
    let devices: Vec<_> = (1..MEMBERS)
        .map(|_| {
            let leaf = Leaf::generate().expect("randomness");
            let package = key_package(&leaf, &[]).expect("a key package");
            (leaf, package)
        })
        .collect();
    let add: Vec<Vec<u8>> = devices.iter().map(|(_, package)| package.public.clone()).collect();
    let admission = first.commit(&Change { add: &add, ..Change::default() }).expect("a commit");
    let mut groups = vec![first.apply(&admission.secrets).expect("applying")];
    for ((leaf, package), welcome) in devices.iter().zip(&admission.welcomes) {
        groups.push(Group::join(leaf, &package.secret, welcome, &admission.tree).expect("joining"));
    }
    let mut tree = Tree::of(MEMBERS);
    let path = Change { path: true, ..Change::default() };
    let mut rests = Vec::new();
    for member in [70, 3, 41, 20, 88, 55] {
        let made = groups[member].commit(&path).expect("a commit");
        rests.push(made.commit.len() - tree.commit(member).bytes());
        groups = follow(groups, member, &made.commit, &made.secrets);
    }
    let made = groups[0].commit(&Change { remove: &[42], ..Change::default() }).expect("a commit");
    rests.push(made.commit.len() - tree.remove(42).bytes());
    let (least, most) = (rests.iter().min(), rests.iter().max());
    let (Some(least), Some(most)) = (least, most) else { unreachable!("seven commits") };
    assert!(most - least <= 24, "what is not the path is always as long: {rests:?}");
    *most
}

fn follow(groups: Vec<Group>, by: usize, commit: &[u8], secrets: &[u8]) -> Vec<Group> {
    let after = groups.iter().enumerate().map(|(place, group)| match place == by {
        true => group.apply(secrets).expect("applying"),
        false => group.stage(commit).expect("staging").group,
    });
    after.collect()
}
