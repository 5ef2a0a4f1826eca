//! Registrations of mailboxes, rings that are owed, rings that are held.
#![expect(missing_docs, reason = "the names are sentences")]

use campana_protocol::frame::Subject;
use campana_protocol::id::{Hash, MailboxId, RegistrationId};
use campana_protocol::limits::{
    HELD_MARK_MS, MAX_HELD, MAX_HOLD_MS, MAX_MAILBOX_REGISTRATIONS, REGISTRATION_TTL_MS,
};

use super::pushes::id;
use super::{Bench, Fixture, NOW};
use crate::store::error::PushError;
use crate::store::{HeldRing, MailboxRegistration, Registration, Store, Write, Written, place};

const BOX: MailboxId = MailboxId([4; 32]);
const SUBJECT: Subject = Subject::Mailbox(BOX);

fn new(number: u32) -> MailboxRegistration {
    let registration = id(number);
    MailboxRegistration {
        mailbox: BOX,
        registration,
        sealed: b"sealed".to_vec(),
        endpoint: registration.0,
        proved_at: 0,
        cover: false,
    }
}

fn register(number: u32) -> Write {
    Write::RegisterMailbox(new(number))
}

fn registered<F: Fixture>(b: &Bench<F>, now: u64) -> Vec<RegistrationId> {
    let page = b.store().registrations(&place(&SUBJECT), None, usize::MAX, now).expect("a page");
    page.items.into_iter().map(|registration| registration.registration).collect()
}

fn post<F: Fixture>(b: &mut Bench<F>) {
    let (record, body) = (b.record(), b"report".to_vec());
    let write = Write::Post { mailbox: BOX, insider: true, weight: 1, read: 0, record, body, pass: None };
    assert!(matches!(b.write(write), Ok(Written::Posted { .. })));
}

fn trim_all<F: Fixture>(b: &Bench<F>, now: u64) {
    while b.store().trim(now).expect("trims").more {}
}

fn hold(id: u8, after_ms: u64) -> Write {
    Write::HoldRing { subject: SUBJECT, id: Hash([id; 32]), after_ms }
}

fn withdraw(id: u8) -> Write {
    Write::WithdrawRing { subject: SUBJECT, id: Hash([id; 32]) }
}

fn ring_held(id: u8) -> Write {
    Write::RingHeld { subject: SUBJECT, id: Hash([id; 32]) }
}

fn held<F: Fixture>(b: &Bench<F>) -> Vec<(u8, u64)> {
    let held = b.store().held_rings().expect("read");
    held.into_iter().map(|ring| (ring.id.0[0], ring.left_ms)).collect()
}

pub fn a_post_owes_a_ring_to_whoever_is_registered<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    post(&mut b);
    assert_eq!(b.store().owed_rings(), Ok(Vec::new()), "nobody is registered");
    b.done(register(1));
    assert_eq!(b.store().owes_ring(&BOX), Ok(false));
    post(&mut b);
    post(&mut b);
    b.fixture.reopen();
    assert_eq!((b.store().owes_ring(&BOX), b.store().owed_rings()), (Ok(true), Ok(vec![BOX])));
    let Ok(Written::Rang { channel, seq, created_at: NOW }) = b.write(Write::Ring { mailbox: BOX }) else {
        panic!("it rings");
    };
    assert_eq!(channel, place(&SUBJECT));
    b.fixture.reopen();
    assert_eq!(b.store().owes_ring(&BOX), Ok(false));
    let jobs = b.store().push_jobs().expect("jobs");
    assert_eq!(jobs.iter().map(|job| (job.channel, job.seq)).collect::<Vec<_>>(), [(channel, seq)]);
    // Once for all that was posted.
    b.done(Write::Ring { mailbox: BOX });
    assert_eq!(b.store().push_jobs().expect("jobs").len(), 1);
    post(&mut b);
    assert_eq!(b.store().owes_ring(&BOX), Ok(true));
}

pub fn a_mailboxs_registrations_are_renewed_end_and_expire<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.done(register(1));
    b.done(Write::RegisterMailbox(MailboxRegistration { cover: true, ..new(2) }));
    b.fixture.reopen();
    assert_eq!(registered(&b, NOW), [id(1), id(2)]);
    assert_eq!(b.store().covers(), Ok(vec![(BOX, id(2))]));
    let found = b.store().registration(&place(&SUBJECT), &id(1), NOW).expect("read");
    assert_eq!(
        found,
        Some(Registration { registration: id(1), sealed: b"sealed".to_vec(), refused_at: None })
    );
    // Cover no more, later.
    assert_eq!(b.write_at(NOW + 5, register(2)), Ok(Written::Done));
    assert_eq!(b.store().covers(), Ok(Vec::new()));
    // The push service has ended the one, its owner the other.
    b.done(Write::End { channel: place(&SUBJECT), registration: id(1), sealed: b"sealed".to_vec() });
    assert_eq!(b.write(register(1)), Err(PushError::Ended.into()));
    b.done(Write::Unregister { channel: place(&SUBJECT), registration: id(2) });
    assert_eq!(registered(&b, NOW), []);
    b.done(Write::RegisterMailbox(MailboxRegistration { cover: true, ..new(3) }));
    assert_eq!(registered(&b, NOW + REGISTRATION_TTL_MS), []);
    trim_all(&b, NOW + REGISTRATION_TTL_MS);
    assert_eq!(b.store().covers(), Ok(Vec::new()));
    post(&mut b);
    assert_eq!(b.store().owes_ring(&BOX), Ok(false), "there is nobody any more");
}

pub fn a_full_mailbox_takes_whoever_is_proved<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    for number in 0..MAX_MAILBOX_REGISTRATIONS {
        let proved_at = if number == 7 { 0 } else { NOW };
        b.done(Write::RegisterMailbox(MailboxRegistration { proved_at, ..new(number) }));
    }
    let more = new(MAX_MAILBOX_REGISTRATIONS);
    assert_eq!(b.write(Write::RegisterMailbox(more.clone())), Err(PushError::TooMany.into()));
    b.done(register(3));
    b.done(Write::RegisterMailbox(MailboxRegistration { proved_at: NOW, ..more.clone() }));
    let all = registered(&b, NOW);
    assert_eq!(all.len(), MAX_MAILBOX_REGISTRATIONS as usize);
    assert!(all.contains(&more.registration), "one that was never proved has made room");
}

pub fn one_ring_is_held_for_an_id_ever<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.done(register(1));
    b.done(hold(1, 5_000));
    b.done(hold(1, 1));
    b.done(hold(2, u64::MAX));
    b.fixture.reopen();
    assert_eq!(held(&b), [(1, 5_000), (2, MAX_HOLD_MS)], "the first stays");
    let Ok(Written::Rang { channel, seq, .. }) = b.write(ring_held(1)) else { panic!("it rings") };
    assert!(b.store().push_job(&channel, seq).expect("read").is_some());
    b.fixture.reopen();
    assert_eq!(held(&b), [(2, MAX_HOLD_MS)]);
    b.done(hold(1, 5_000));
    b.done(ring_held(1));
    assert_eq!(held(&b), [(2, MAX_HOLD_MS)]);
    // Nor does its mark stay for good.
    trim_all(&b, NOW + HELD_MARK_MS);
    b.done(hold(1, 5_000));
    assert_eq!(held(&b).len(), 2);
}

pub fn a_withdrawn_ring_does_not_ring<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.done(register(1));
    b.done(hold(1, 5_000));
    b.done(withdraw(1));
    // Before it is held: whoever would hold it is late.
    b.done(withdraw(2));
    b.done(hold(2, 5_000));
    b.fixture.reopen();
    assert_eq!(held(&b), []);
    for id in [1, 2, 3] {
        b.done(ring_held(id));
    }
    assert_eq!(b.store().push_jobs(), Ok(Vec::new()));
}

pub fn the_time_left_of_a_held_ring_only_shrinks<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.done(hold(1, 5_000));
    b.done(withdraw(2));
    let left = |id, left_ms| HeldRing { subject: SUBJECT, id: Hash([id; 32]), left_ms };
    b.done(Write::CountDown(vec![left(1, 3_000), left(2, 3_000), left(3, 3_000)]));
    b.fixture.reopen();
    assert_eq!(held(&b), [(1, 3_000)], "what was withdrawn or never held stays so");
    b.done(Write::CountDown(vec![left(1, 4_000)]));
    assert_eq!(held(&b), [(1, 3_000)]);
}

pub fn a_subject_has_so_many_rings_held<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let hold = |number: u32, subject| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        Write::HoldRing { subject, id: Hash(id), after_ms: 1 }
    };
    for number in 0..MAX_HELD {
        b.done(hold(number, SUBJECT));
    }
    assert_eq!(b.write(hold(MAX_HELD, SUBJECT)), Err(PushError::TooMany.into()));
    b.done(hold(3, SUBJECT));
    b.done(hold(MAX_HELD, Subject::Channel(place(&SUBJECT))));
}
