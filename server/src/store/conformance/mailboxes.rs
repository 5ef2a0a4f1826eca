//! Mailboxes.
#![expect(missing_docs, reason = "the names are sentences")]

use campana_protocol::id::{MailboxId, PublicKey, RecordId};
use campana_protocol::limits::{MAILBOX_TTL_MS, MAX_MAILBOX_BYTES, MAX_MAILBOX_POSTS, MAX_POST_BODY};

use super::{ACCESS, Bench, Fixture, NOW, channel, member};
use crate::store::error::MailboxError;
use crate::store::{MailboxState, Store, Write, Written};

const BOX: MailboxId = MailboxId([4; 32]);

fn post(insider: bool, record: RecordId, body: &[u8]) -> Write {
    Write::Post { mailbox: BOX, insider, record, body: body.to_vec() }
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

/// Posts `count` of `body`, 64 at a time. How many older ones gave way.
fn fill<F: Fixture>(b: &mut Bench<F>, count: u64, body: &[u8]) -> u64 {
    let mut all = 0;
    for begin in (0..count).step_by(64) {
        let batch: Vec<_> = (begin..count.min(begin + 64)).map(|_| post(true, b.record(), body)).collect();
        for result in b.store().commit(NOW, &batch) {
            let Ok(Written::Posted { displaced, .. }) = result else { panic!("{result:?}") };
            all += displaced;
        }
    }
    all
}

pub fn in_a_full_mailbox_the_oldest_give_way<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    open(&b);
    let first = b.record();
    assert!(b.write(post(true, first, b"first")).is_ok());
    // Full of posts: one for one.
    assert_eq!(fill(&mut b, MAX_MAILBOX_POSTS - 1, b"x"), 0);
    assert_eq!(fill(&mut b, 1, b"y"), 1);
    let state = b.store().mailbox(&BOX).expect("a state");
    let oldest = b.store().read_posts(&BOX, 0, state.head, 1).expect("a page").items.remove(0);
    assert_eq!(oldest.body, b"x");
    // The one that went can come again: nothing remembers it.
    let again = b.write(post(true, first, b"first"));
    assert!(matches!(again, Ok(Written::Posted { displaced: 1, .. })), "{again:?}");
    // Full of bytes: as many as it takes.
    let fits = MAX_MAILBOX_BYTES / MAX_POST_BODY as u64;
    assert!(fits < MAX_MAILBOX_POSTS);
    let gone = fill(&mut b, fits, &[0; MAX_POST_BODY]);
    assert_eq!(gone, MAX_MAILBOX_POSTS);
    assert_eq!(fill(&mut b, 1, &[1; MAX_POST_BODY]), 1);
    b.fixture.reopen();
    let (mut after, mut bodies) = (0, Vec::new());
    let head = b.store().mailbox(&BOX).expect("a state").head;
    assert!(head > state.head);
    while after < head {
        let page = b.store().read_posts(&BOX, after, head, usize::MAX).expect("a page");
        after = page.through;
        bodies.extend(page.items.into_iter().map(|post| post.body[0]));
    }
    assert_eq!(bodies, [vec![0; fits as usize - 1], vec![1]].concat());
    b.done(Write::TrimMailbox { mailbox: BOX, through: head });
    assert_eq!(fill(&mut b, 1, b"x"), 0);
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
