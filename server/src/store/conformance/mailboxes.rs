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
            Ok(Written::Posted { seq }) => seqs.push(seq),
            other => panic!("{other:?}"),
        }
    }
    assert!(seqs.is_sorted_by(|a, b| a < b));
    assert_eq!(posts(&b, seqs[2]), [[3], [4]]);
    b.done(Write::TrimMailbox { mailbox: BOX, through: seqs[1] });
    b.fixture.reopen();
    assert_eq!(posts(&b, 0), [[2], [3], [4]]);
}

pub fn a_full_mailbox_refuses<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let fits = MAX_MAILBOX_BYTES / MAX_POST_BODY as u64;
    assert!(fits < MAX_MAILBOX_POSTS);
    for _ in 0..fits / 64 {
        let batch: Vec<_> = (0..64).map(|_| post(true, b.record(), &[0; MAX_POST_BODY])).collect();
        assert!(b.store().commit(NOW, &batch).iter().all(Result::is_ok));
    }
    let record = b.record();
    assert_eq!(b.write(post(true, record, b"x")), Err(MailboxError::Full.into()));
    let head = b.store().mailbox(&BOX).expect("a state").head;
    b.done(Write::TrimMailbox { mailbox: BOX, through: head });
    assert!(b.write(post(true, record, b"x")).is_ok());
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
            Ok(Written::Posted { seq }) => last = last.max(seq),
            other => panic!("{other:?}"),
        }
    }
    b.done(Write::TrimMailbox { mailbox: BOX, through: last });
    match b.write_at(NOW + 60_000, post(true, three, b"x")) {
        Ok(Written::Posted { seq }) => assert!(seq > last),
        other => panic!("{other:?}"),
    }
}
