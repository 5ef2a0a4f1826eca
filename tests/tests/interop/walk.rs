//! A random walk: a mixed group whose members come, go, re-key and talk in any order.

use campana_core::mls::{self, Group, Leaf, Saved, key_package};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::other::{self, Other};

const STEPS: usize = 60;
const LIMIT: usize = 14;

#[expect(clippy::large_enum_variant, reason = "a handful of them, in a test")]
enum Member {
    Ours(Group, Saved),
    Theirs(Other),
}

#[test]
fn any_history() {
    for seed in 0..4 {
        walk(&mut ChaCha8Rng::seed_from_u64(seed));
    }
}

fn walk(random: &mut ChaCha8Rng) {
    let leaf = Leaf::generate().unwrap();
    let founder = Group::create(&leaf, b"founder", b"walk", b"0").unwrap();
    let mut group = vec![Member::Ours(founder, Saved::default())];
    for step in 0..STEPS {
        let by = below(random, group.len());
        commit(random, &mut group, by, step);
        for member in &mut group {
            member.restart();
        }
        let by = below(random, group.len());
        let message = group[by].say(&step.to_be_bytes());
        let sender = group[by].index();
        for (_, member) in group.iter_mut().enumerate().filter(|(i, _)| *i != by) {
            assert_eq!(member.hear(&message), (sender, step.to_be_bytes().to_vec()));
        }
    }
}

/// The member at `by` changes something at random and all take it.
fn commit(random: &mut ChaCha8Rng, group: &mut Vec<Member>, by: usize, step: usize) {
    let grow = group.len() < 4 || group.len() < LIMIT && below(random, 2) == 0;
    let mut newcomers: Vec<Newcomer> = Vec::new();
    let mut gone: Vec<usize> = Vec::new();
    if grow {
        newcomers.extend((0..=below(random, 3)).map(|_| Newcomer::new(below(random, 2) == 0)));
    }
    if group.len() > 3 && below(random, 3) == 0 {
        gone.extend([below(random, group.len())].into_iter().filter(|i| *i != by));
    }
    let add: Vec<Vec<u8>> = newcomers.iter().map(Newcomer::package).collect();
    let remove: Vec<u32> = gone.iter().map(|i| group[*i].index()).collect();
    let context = (below(random, 4) == 0).then(|| step.to_be_bytes());
    let context = context.as_ref().map(<[u8; 8]>::as_slice);
    let path = below(random, 2) == 0;

    let (commit, welcomes, tree) = group[by].commit(&add, &remove, context, path);
    for (i, member) in group.iter_mut().enumerate().filter(|(i, _)| *i != by) {
        if !gone.contains(&i) {
            member.take(&commit);
        }
    }
    gone.iter().for_each(|i| drop(group.remove(*i)));
    for (i, newcomer) in newcomers.into_iter().enumerate() {
        group.push(newcomer.join(&welcomes[i % welcomes.len()], &tree));
    }
    let views: Vec<_> = group.iter().map(Member::view).collect();
    views.windows(2).for_each(|pair| assert_eq!(pair[0], pair[1], "step {step}"));
}

#[expect(clippy::large_enum_variant, reason = "a handful of them")]
enum Newcomer {
    Ours(Leaf, mls::KeyPackage),
    Theirs(Other, Vec<u8>),
}

impl Newcomer {
    fn new(ours: bool) -> Self {
        if ours {
            let leaf = Leaf::generate().unwrap();
            let package = key_package(&leaf, b"ours").unwrap();
            Self::Ours(leaf, package)
        } else {
            let other = Other::new("theirs");
            let package = other.key_package();
            Self::Theirs(other, package)
        }
    }

    fn package(&self) -> Vec<u8> {
        match self {
            Self::Ours(_, package) => package.public.clone(),
            Self::Theirs(_, package) => package.clone(),
        }
    }

    fn join(self, welcome: &[u8], tree: &[u8]) -> Member {
        match self {
            Self::Ours(leaf, package) => {
                let group = Group::join(&leaf, &package.secret, welcome, tree).unwrap();
                Member::Ours(group, Saved::default())
            }
            Self::Theirs(mut other, _) => {
                other.join(welcome, tree);
                Member::Theirs(other)
            }
        }
    }
}

impl Member {
    fn index(&self) -> u32 {
        match self {
            Self::Ours(group, _) => group.own_index(),
            Self::Theirs(other) => other.own_index(),
        }
    }

    fn view(&self) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        match self {
            Self::Ours(group, _) => {
                let exported = group.export("walk", b"").unwrap().to_vec();
                (group.epoch_authenticator().0.to_vec(), exported, group.context())
            }
            Self::Theirs(other) => {
                let authenticator = other.group().epoch_authenticator().as_slice().to_vec();
                (authenticator, other.export("walk", b""), other.context())
            }
        }
    }

    fn say(&mut self, words: &[u8]) -> Vec<u8> {
        match self {
            Self::Ours(group, _) => group.encrypt(words).unwrap(),
            Self::Theirs(other) => other.say(words),
        }
    }

    fn hear(&mut self, message: &[u8]) -> (u32, Vec<u8>) {
        match self {
            Self::Ours(group, _) => {
                let opened = group.open(message).unwrap();
                (opened.sender, opened.plaintext.to_vec())
            }
            Self::Theirs(other) => other.hear(message),
        }
    }

    /// Commit, Welcomes (one each, or one for all), tree. The committer has taken it.
    fn commit(
        &mut self,
        add: &[Vec<u8>],
        remove: &[u32],
        context: Option<&[u8]>,
        path: bool,
    ) -> (Vec<u8>, Vec<Vec<u8>>, Vec<u8>) {
        match self {
            Self::Ours(group, _) => {
                let prepared = group.commit(&mls::Change { add, remove, context, path }).unwrap();
                *group = group.apply(&prepared.secrets).unwrap();
                (prepared.commit, prepared.welcomes, prepared.tree)
            }
            Self::Theirs(other) => {
                let prepared = other.prepare(&other::Change { add, remove, context, path });
                other.take_own();
                (prepared.commit, prepared.welcome.into_iter().collect(), other.tree())
            }
        }
    }

    fn take(&mut self, commit: &[u8]) {
        match self {
            Self::Ours(group, _) => *group = group.stage(commit).unwrap().group,
            Self::Theirs(other) => other.take(commit),
        }
    }

    /// Ours go through their store after every step.
    fn restart(&mut self) {
        if let Self::Ours(group, saved) = self {
            saved.apply(group.save().unwrap());
            *group = Group::load(saved).unwrap();
        }
    }
}

fn below(random: &mut ChaCha8Rng, limit: usize) -> usize {
    random.next_u32() as usize % limit
}
