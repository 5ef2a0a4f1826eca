//! Mailboxes.
#![expect(missing_docs, reason = "the names are sentences")]

use campana_protocol::id::{Hash, MailboxId, PublicKey, RecordId};
use campana_protocol::limits::{MAILBOX_TTL_MS, MAX_POST_BODY, PASS_TTL_MS};

use super::{ACCESS, Bench, Fixture, NOW, channel, member, owner};
use crate::limits::{LANE_BYTES, LANE_POSTS, MAX_CHANNEL_PASSES, MEMBERS_MAILBOXES};
use crate::store::error::MailboxError;
use crate::store::{MailboxState, Store, Write, Written};

const BOX: MailboxId = MailboxId([4; 32]);

fn post(insider: bool, record: RecordId, body: &[u8]) -> Write {
    weighing(insider, 1, 0, record, body)
}

fn weighing(insider: bool, weight: u16, read: u64, record: RecordId, body: &[u8]) -> Write {
    Write::Post { mailbox: BOX, insider, weight, read, record, body: body.to_vec(), pass: None }
}

fn open<F: Fixture>(b: &Bench<F>) {
    b.done(Write::OpenMailbox { channel: channel(), by: member(ACCESS), mailbox: BOX });
}

fn posts<F: Fixture>(b: &Bench<F>, after: u64) -> Vec<Vec<u8>> {
    let head = b.store().mailbox(&BOX).expect("a state").head;
    let page = b.store().read_posts(&BOX, after, head, usize::MAX).expect("a page");
    page.items.into_iter().map(|post| post.body).collect()
}

pub fn strangers_post_to_opened_mailboxes_only<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let record = b.record();
    assert_eq!(b.write(post(false, record, b"x")), Err(MailboxError::Unknown.into()));
    assert_eq!(b.store().mailbox(&BOX), Ok(MailboxState::default()));
    let by = member(PublicKey([8; 32]));
    let forbidden = Write::OpenMailbox { channel: channel(), by, mailbox: BOX };
    assert_eq!(b.write(forbidden), Err(MailboxError::Forbidden.into()));
    open(&b);
    open(&b);
    assert!(matches!(b.write(post(false, record, b"x")), Ok(Written::Posted { .. })));
    b.fixture.reopen();
    assert!(b.store().mailbox(&BOX).expect("a state").opened);
}

pub fn posts_come_in_order_and_go_when_trimmed<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let mut seqs = Vec::new();
    for index in 0..5 {
        let record = b.record();
        match b.write(post(true, record, &[index])) {
            Ok(Written::Posted { seq, .. }) => seqs.push(seq),
            other => panic!("{other:?}"),
        }
    }
    assert!(seqs.is_sorted_by(|a, b| a < b));
    assert_eq!(posts(&b, seqs[2]), [[3], [4]]);
    b.done(Write::TrimMailbox { mailbox: BOX, through: seqs[1] });
    b.fixture.reopen();
    assert_eq!(posts(&b, 0), [[2], [3], [4]]);
}

/// What a post is like that one connection sends among many.
#[derive(Clone, Copy)]
struct Kind {
    insider: bool,
    weight: u16,
    read: u64,
}

const MEMBER: Kind = Kind { insider: true, weight: 1, read: 0 };
const STRANGER: Kind = Kind { insider: false, ..MEMBER };

/// Posts `count` of `body`, 64 at a time. How many others gave way, and how many were refused.
fn fill<F: Fixture>(b: &mut Bench<F>, kind: Kind, count: u64, body: &[u8]) -> (u64, u64) {
    let (mut gave_way, mut refused) = (0, 0);
    let Kind { insider, weight, read } = kind;
    for begin in (0..count).step_by(64) {
        let posts = begin..count.min(begin + 64);
        let batch: Vec<_> = posts.map(|_| weighing(insider, weight, read, b.record(), body)).collect();
        for result in b.store().commit(NOW, &batch) {
            match result {
                Ok(Written::Posted { displaced, .. }) => gave_way += displaced,
                Err(error) if error == MailboxError::Full.into() => refused += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    (gave_way, refused)
}

/// The first bytes of all posts there are.
fn firsts<F: Fixture>(b: &Bench<F>) -> Vec<u8> {
    let (mut after, mut firsts) = (0, Vec::new());
    let head = b.store().mailbox(&BOX).expect("a state").head;
    while after < head {
        let page = b.store().read_posts(&BOX, after, head, usize::MAX).expect("a page");
        after = page.through;
        firsts.extend(page.items.into_iter().map(|post| post.body[0]));
    }
    firsts
}

pub fn a_full_mailbox_refuses_what_has_no_better_right<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    open(&b);
    assert_eq!(fill(&mut b, MEMBER, LANE_POSTS, b"a"), (0, 0));
    // Nothing that nobody has read gives way to its like.
    assert_eq!(fill(&mut b, MEMBER, 3, b"b"), (0, 3));
    b.fixture.reopen();
    assert_eq!(firsts(&b), vec![b'a'; LANE_POSTS as usize]);
    // What a reader has been given does, the oldest first.
    let page = b.store().read_posts(&BOX, 0, u64::MAX, 2).expect("a page");
    let read = page.items.iter().map(|post| post.seq).max().expect("posts");
    assert!(page.items.len() < 3);
    assert_eq!(fill(&mut b, Kind { read, ..MEMBER }, 3, b"b").1, 3 - page.items.len() as u64);
    b.done(Write::TrimMailbox { mailbox: BOX, through: u64::MAX - 1 });
    assert_eq!(fill(&mut b, MEMBER, 1, b"c"), (0, 0));
}

pub fn the_heavy_give_way_to_the_light_and_not_the_other_way_round<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    open(&b);
    let heavy = Kind { weight: 40, ..MEMBER };
    // Reports of the night, among a flood that fills the mailbox with the largest posts there are.
    assert_eq!(fill(&mut b, MEMBER, 5, b"r"), (0, 0));
    let fits = LANE_BYTES / MAX_POST_BODY as u64;
    let (gave_way, refused) = fill(&mut b, heavy, 2 * fits, &[b'x'; MAX_POST_BODY]);
    assert_eq!((gave_way, refused), (0, fits + 1));
    // Whoever has not posted gets in at once, and of the heaviest the newest go.
    assert_eq!(fill(&mut b, Kind { weight: 41, ..MEMBER }, 1, &[b'y'; MAX_POST_BODY]), (0, 1));
    assert_eq!(fill(&mut b, MEMBER, 300, b"r").1, 0);
    let there = firsts(&b);
    assert_eq!(there.iter().filter(|first| **first == b'r').count(), 305);
    assert_eq!(there[..5], *b"rrrrr");
    // One that went can come again: nothing remembers it.
    b.done(Write::TrimMailbox { mailbox: BOX, through: u64::MAX - 1 });
    assert_eq!(fill(&mut b, heavy, 1, b"x"), (0, 0));
}

pub fn strangers_and_members_displace_none_of_each_others<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    open(&b);
    assert_eq!(fill(&mut b, MEMBER, 10, b"m"), (0, 0));
    assert_eq!(fill(&mut b, Kind { weight: 9, ..STRANGER }, LANE_POSTS + 10, b"s"), (0, 10));
    assert_eq!(fill(&mut b, Kind { weight: 99, ..MEMBER }, LANE_POSTS - 10, b"m"), (0, 0));
    assert_eq!(fill(&mut b, STRANGER, 20, b"t"), (20, 0));
    b.fixture.reopen();
    let there = firsts(&b);
    let of = |kind| there.iter().filter(|first| **first == kind).count() as u64;
    assert_eq!((of(b'm'), of(b's'), of(b't')), (LANE_POSTS, LANE_POSTS - 20, 20));
}

pub fn members_do_not_take_all_mailboxes_of_a_channel<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let open = |by, number: u32| {
        let mut mailbox = [9; 32];
        mailbox[..4].copy_from_slice(&number.to_be_bytes());
        b.write(Write::OpenMailbox { channel: channel(), by, mailbox: MailboxId(mailbox) })
    };
    for number in 0..MEMBERS_MAILBOXES {
        assert_eq!(open(member(ACCESS), number), Ok(Written::Done));
    }
    assert_eq!(open(member(ACCESS), 1_000), Err(MailboxError::TooMany.into()));
    assert_eq!(open(owner(), 1_000), Ok(Written::Done));
}

pub fn posts_are_kept_for_as_long_as_was_said_first<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let keep = |by, keep_ms| Write::KeepMailbox { channel: channel(), by, mailbox: BOX, keep_ms };
    assert_eq!(b.write(keep(member(PublicKey([8; 32])), 1)), Err(MailboxError::Forbidden.into()));
    b.done(keep(member(ACCESS), 1_000));
    b.done(keep(member(ACCESS), 1));
    // Strangers may not post for that, unless it is opened too.
    let record = b.record();
    assert_eq!(b.write(post(false, record, b"x")), Err(MailboxError::Unknown.into()));
    open(&b);
    b.fixture.reopen();
    // What was said stays though the mailbox has been empty meanwhile.
    for _ in 0..2 {
        let record = b.record();
        assert!(b.write(post(false, record, b"x")).is_ok());
        b.store().trim(NOW + 999).expect("trims");
        assert_eq!(posts(&b, 0), [b"x".to_vec()]);
        b.store().trim(NOW + 1_000).expect("trims");
        assert_eq!(posts(&b, 0), Vec::<Vec<u8>>::new());
    }
}

pub fn no_mailbox_keeps_posts_longer_than_any<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let keep_ms = u64::MAX;
    b.done(Write::KeepMailbox { channel: channel(), by: member(ACCESS), mailbox: BOX, keep_ms });
    let record = b.record();
    assert!(b.write(post(true, record, b"x")).is_ok());
    b.store().trim(NOW + MAILBOX_TTL_MS).expect("trims");
    assert_eq!(posts(&b, 0), Vec::<Vec<u8>>::new());
}

pub fn a_post_is_stored_once<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let record = b.record();
    assert!(matches!(b.write(post(true, record, b"x")), Ok(Written::Posted { .. })));
    b.done(post(true, record, b"x"));
    assert_eq!(b.write(post(true, record, b"y")), Err(MailboxError::Conflict.into()));
    assert_eq!(posts(&b, 0), [b"x".to_vec()]);
}

pub fn posts_expire<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    open(&b);
    let record = b.record();
    b.write(post(false, record, b"x")).expect("posted");
    while b.store().trim(NOW + MAILBOX_TTL_MS).expect("trims").more {}
    assert_eq!(posts(&b, 0), Vec::<Vec<u8>>::new());
    assert!(b.store().mailbox(&BOX).expect("a state").opened);
}

pub fn positions_increase_even_for_a_forgotten_mailbox<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let [one, two, three] = [b.record(), b.record(), b.record()];
    let mut last = 0;
    for record in [one, two] {
        match b.write(post(true, record, b"x")) {
            Ok(Written::Posted { seq, .. }) => last = last.max(seq),
            other => panic!("{other:?}"),
        }
    }
    b.done(Write::TrimMailbox { mailbox: BOX, through: last });
    match b.write_at(NOW + 60_000, post(true, three, b"x")) {
        Ok(Written::Posted { seq, .. }) => assert!(seq > last),
        other => panic!("{other:?}"),
    }
}

pub fn a_pass_counts_once_and_lasts_its_time<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let pass = Hash([7; 32]);
    let unused = |b: &Bench<F>| b.store().pass(&channel(), &pass).expect("known");
    let add = || Write::AddPasses { channel: channel(), by: owner(), passes: vec![pass, pass] };
    let by_member = Write::AddPasses { channel: channel(), by: member(ACCESS), passes: vec![pass] };
    assert_eq!(b.write(by_member), Err(MailboxError::Forbidden.into()));
    assert!(!unused(&b));
    b.done(add());
    b.fixture.reopen();
    assert!(unused(&b));
    let passed = |record| Write::Post {
        mailbox: BOX,
        insider: true,
        weight: 0,
        read: 0,
        record,
        body: b"x".to_vec(),
        pass: Some((channel(), pass)),
    };
    let (first, second) = (b.record(), b.record());
    assert!(matches!(b.write(passed(first)), Ok(Written::Posted { .. })));
    assert_eq!(b.write(passed(first)), Ok(Written::Done), "the same post again");
    b.done(add());
    b.fixture.reopen();
    assert!(!unused(&b), "one that is known changes nothing");
    assert_eq!(b.write(passed(second)), Err(MailboxError::Full.into()));
    while b.store().trim(NOW + PASS_TTL_MS + 1).expect("trims").more {}
    b.done(add());
    assert!(unused(&b), "it is forgotten once it has expired");
}

pub fn a_channel_has_so_many_passes<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let passes = |from: u32, count: u32| {
        let id = |number: u32| Hash(core::array::from_fn(|at| number.to_be_bytes()[at % 4]));
        Write::AddPasses { channel: channel(), by: owner(), passes: (from..from + count).map(id).collect() }
    };
    for page in 0..MAX_CHANNEL_PASSES / 512 {
        b.done(passes(page * 512, 512));
    }
    assert_eq!(b.write(passes(MAX_CHANNEL_PASSES, 1)), Err(MailboxError::TooMany.into()));
    while b.store().trim(NOW + PASS_TTL_MS + 1).expect("trims").more {}
    b.done(passes(0, 512));
}
