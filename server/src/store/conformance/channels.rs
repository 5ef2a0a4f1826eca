//! Logs, rights, invitations, blobs.
#![expect(missing_docs, reason = "the names are sentences")]

use campana_protocol::frame::Class::{Alert, Control, Update};
use campana_protocol::id::{BlobId, ChannelId, Hash, PublicKey};
use campana_protocol::limits::{
    BLOB_TTL_MS, CONTROL_TTL_MS, ENTRY_TTL_MS, MAX_BLOB_PART, MAX_CHANNELS_PER_INVITATION, MAX_CONTROL_BODY,
    MAX_READ_BYTES, MAX_READ_ENTRIES,
};

use super::{ACCESS, Bench, FOUNDER, Fixture, INVITATION, NOW, OWNER, channel, member, owner};
use crate::store::error::{AppendError, BlobError, FoundError};
use crate::store::{Append, Head, Keys, ReadError, Rights, Store, Write, Written};

pub fn an_append_gets_the_next_seq<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    for seq in 1..=5 {
        assert_eq!(b.append(member(ACCESS), Update, &[seq]), u64::from(seq));
    }
    assert_eq!(b.append(owner(), Control, b"c"), 6);
    assert_eq!(b.store().head(&channel()), Ok(Head { seq: 6, last_control: 6 }));
    assert_eq!(b.bodies(3, 6), [(4, vec![4]), (5, vec![5]), (6, b"c".to_vec())]);
}

pub fn a_retry_finds_its_first_seq<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let first = b.entry(member(ACCESS), Alert, b"once");
    assert_eq!(b.appended(first.clone()), 1);
    // The log has gone on: the retry is stale by now, and still finds its seq.
    b.append(owner(), Control, b"c");
    assert_eq!(b.write(Write::Append(first.clone())), Ok(Written::Appended { seq: 1, received_at: None }));
    b.fixture.reopen();
    assert_eq!(b.write(Write::Append(first)), Ok(Written::Appended { seq: 1, received_at: None }));
    assert_eq!(b.store().head(&channel()).expect("a head").seq, 2);
}

pub fn a_retry_with_another_body_is_a_conflict<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let first = b.entry(owner(), Control, b"a");
    b.appended(first.clone());
    let others = [
        Append { body: b"b".to_vec(), ..first.clone() },
        Append { class: Update, ..first.clone() },
        Append { rotate: Some(PublicKey([5; 32])), ..first },
    ];
    for other in others {
        assert_eq!(b.write(Write::Append(other)), Err(AppendError::Conflict.into()));
    }
}

pub fn of_two_commits_the_second_is_stale<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let [one, two, late] = [Control, Control, Update].map(|class| b.entry(member(ACCESS), class, b"x"));
    let results = b.store().commit(NOW, &[one, two, late].map(Write::Append));
    assert_eq!(results[0], Ok(Written::Appended { seq: 1, received_at: Some(NOW) }));
    assert_eq!(results[1], Err(AppendError::Stale.into()));
    assert_eq!(results[2], Err(AppendError::Stale.into()));
    // One from the future is no better.
    let ahead = b.entry(member(ACCESS), Update, b"x");
    assert_eq!(b.write(Write::Append(Append { control_seq: 2, ..ahead })), Err(AppendError::Stale.into()));
}

pub fn a_restored_channel_takes_what_it_lost_until_an_owner_ends_it<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.append(member(ACCESS), Update, b"1");
    let (lost, control) = (b.entry(member(ACCESS), Update, b"2"), b.entry(owner(), Control, b"3"));
    let begin = |since| Write::Begin { run: crate::store::Run { name: [2; 16], restored: 1, since } };
    b.done(begin(Some([2; 16])));
    assert_eq!(b.store().restored(&channel()), Ok(true));
    for class in [Update, Control] {
        let new = b.entry(owner(), class, b"new");
        assert_eq!(b.write(Write::Append(new)), Err(AppendError::Restored.into()));
    }
    // Neither before its place nor beyond.
    for place in [1, 3] {
        let elsewhere = Append { place: Some(place), ..lost.clone() };
        assert_eq!(b.write(Write::Append(elsewhere)), Err(AppendError::Stale.into()));
    }
    let next = Some(PublicKey([7; 32]));
    assert_eq!(b.appended(Append { place: Some(2), ..lost.clone() }), 2);
    assert_eq!(b.appended(Append { place: Some(3), rotate: next, ..control.clone() }), 3);
    // Whoever else does the same finds it done.
    let again = Append { place: Some(2), by: owner(), ..lost };
    assert_eq!(b.write(Write::Append(again)), Ok(Written::Appended { seq: 2, received_at: None }));
    // The next start of the same store changes nothing, and no member ends it.
    b.done(begin(Some([2; 16])));
    let rotation =
        Append { control_seq: 3, rotate: next, ..b.entry(member(PublicKey([7; 32])), Control, b"r") };
    assert_eq!(b.write(Write::Append(rotation.clone())), Err(AppendError::Forbidden.into()));
    assert_eq!(b.appended(Append { by: owner(), ..rotation }), 4);
    assert_eq!(b.store().restored(&channel()), Ok(false));
    assert_eq!(b.append(member(PublicKey([7; 32])), Update, b"new"), 5);
    b.done(begin(Some([2; 16])));
    assert_eq!(b.store().restored(&channel()), Ok(false));
    b.done(begin(Some([3; 16])));
    assert_eq!(b.store().restored(&channel()), Ok(true));
}

pub fn a_batch_sees_its_own_writes<F: Fixture>(fixture: F) {
    let mut b = Bench::empty(fixture);
    let first = Append { control_seq: 0, ..b.entry(owner(), Control, b"1") };
    let next = PublicKey([7; 32]);
    let second = Append { control_seq: 1, rotate: Some(next), ..b.entry(owner(), Control, b"2") };
    let third = Append { control_seq: 2, ..b.entry(member(next), Update, b"3") };
    let batch = [
        Write::Invite { invitation: INVITATION, expires_at: NOW + 1 },
        Write::Redeem { invitation: INVITATION, founder: FOUNDER },
        Write::Create { founder: FOUNDER, owner: OWNER, access: ACCESS },
        Write::Append(first.clone()),
        Write::Append(first),
        Write::Append(second),
        Write::Append(third),
    ];
    let results = b.store().commit(NOW, &batch);
    let appended = |seq| Ok(Written::Appended { seq, received_at: Some(NOW) });
    let again = Ok(Written::Appended { seq: 1, received_at: None });
    let done = Ok(Written::Done);
    assert_eq!(results, [done, done, done, appended(1), again, appended(2), appended(3)]);
}

pub fn strangers_may_not_append<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    for by in [
        Keys::default(),
        member(OWNER),
        member(PublicKey([8; 32])),
        Keys { owner: Some(ACCESS), member: None },
    ] {
        let entry = b.entry(by, Update, b"x");
        assert_eq!(b.write(Write::Append(entry)), Err(AppendError::Forbidden.into()));
        assert_eq!(b.store().rights(&channel(), &by), Ok(None));
    }
    let elsewhere = ChannelId([0; 32]);
    let entry = Append { channel: elsewhere, ..b.entry(owner(), Update, b"x") };
    assert_eq!(b.write(Write::Append(entry)), Err(AppendError::Unknown.into()));
    assert_eq!(b.store().head(&elsewhere), Err(ReadError::Unknown));
}

pub fn only_owners_rotate<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let next = PublicKey([7; 32]);
    let entry = Append { rotate: Some(next), ..b.entry(member(ACCESS), Control, b"r") };
    assert_eq!(b.write(Write::Append(entry)), Err(AppendError::Forbidden.into()));
    assert_eq!(b.store().rights(&channel(), &member(ACCESS)), Ok(Some(Rights::Current)));
}

pub fn a_rotated_key_reads_up_to_its_rotation<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let next = PublicKey([7; 32]);
    b.append(member(ACCESS), Update, b"1");
    let rotation = Append { rotate: Some(next), ..b.entry(owner(), Control, b"2") };
    assert_eq!(b.appended(rotation.clone()), 2);
    b.append(member(next), Update, b"3");
    b.fixture.reopen();
    let (old, new) = (member(ACCESS), member(next));
    assert_eq!(b.store().rights(&channel(), &old), Ok(Some(Rights::Until(2))));
    assert_eq!(b.store().rights(&channel(), &new), Ok(Some(Rights::Current)));
    let entry = b.entry(old, Update, b"x");
    assert_eq!(b.write(Write::Append(entry)), Err(AppendError::Forbidden.into()));
    // Rotated back and forth: the key in force is in force.
    let back = Append { rotate: Some(ACCESS), ..b.entry(owner(), Control, b"4") };
    assert_eq!(b.appended(back), 4);
    assert_eq!(b.store().rights(&channel(), &old), Ok(Some(Rights::Current)));
    assert_eq!(b.store().rights(&channel(), &new), Ok(Some(Rights::Until(4))));
    // The memory of a key goes with the entry that rotated it.
    while b.store().trim(NOW + CONTROL_TTL_MS).expect("trims").more {}
    assert_eq!(b.store().rights(&channel(), &old), Ok(Some(Rights::Current)));
    assert_eq!(b.store().rights(&channel(), &new), Ok(None));
}

pub fn owners_are_replaced<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let other = PublicKey([6; 32]);
    let set = |by, owners| Write::SetOwners { channel: channel(), by, approved: Vec::new(), owners };
    assert_eq!(b.write(set(member(ACCESS), vec![other])), Err(FoundError::Forbidden.into()));
    b.done(set(owner(), vec![other]));
    assert_eq!(b.store().rights(&channel(), &owner()), Ok(None));
    assert_eq!(b.write(set(owner(), vec![OWNER])), Err(FoundError::Forbidden.into()));
    b.done(set(Keys { owner: Some(other), member: None }, vec![other, OWNER]));
    assert_eq!(b.store().rights(&channel(), &owner()), Ok(Some(Rights::Owner)));
}

pub fn more_than_half_of_the_owners_change_them<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let [second, third, thief] = [6, 7, 8].map(|byte| PublicKey([byte; 32]));
    let set = |by, approved: &[PublicKey], owners: &[PublicKey]| Write::SetOwners {
        channel: channel(),
        by,
        approved: approved.to_vec(),
        owners: owners.to_vec(),
    };
    let all = [OWNER, second, third];
    b.done(set(owner(), &[], &all));
    let by = |key| Keys { owner: Some(key), member: None };
    for owners in [&[third][..], &[OWNER, third], &[OWNER, second, third, thief]] {
        for approved in [&[][..], &[third], &[thief, thief]] {
            assert_eq!(b.write(set(by(third), approved, owners)), Err(FoundError::Forbidden.into()));
        }
    }
    b.done(set(by(third), &[], &[third, second, OWNER]));
    assert_eq!(b.store().founded(&channel()).map(|(owners, _)| owners), Ok(all.to_vec()));
    b.done(set(owner(), &[second], &[OWNER, second]));
    assert_eq!(b.store().rights(&channel(), &by(third)), Ok(None));
}

const GUARD_OWNER: PublicKey = PublicKey([11; 32]);
const GUARD_ACCESS: PublicKey = PublicKey([12; 32]);

/// Another channel of the same founder.
fn guard<F: Fixture>(b: &Bench<F>) -> ChannelId {
    b.done(Write::Create { founder: FOUNDER, owner: GUARD_OWNER, access: GUARD_ACCESS });
    ChannelId::of(&GUARD_OWNER)
}

pub fn a_guard_lets_its_members_alone_append_alerts<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let guard = guard(&b);
    let forbidden = Err(AppendError::Forbidden.into());
    let set = |guard| Write::SetGuard { channel: channel(), by: owner(), guard };
    let before = b.entry(member(ACCESS), Alert, b"1");
    assert_eq!(b.appended(before.clone()), 1);
    assert_eq!(b.store().guard(&channel()), Ok(None));
    b.done(set(guard));
    b.fixture.reopen();
    assert_eq!(b.store().guard(&channel()), Ok(Some(guard)));

    let alert = |b: &mut Bench<F>, by, in_guard| Append { in_guard, ..b.entry(by, Alert, b"x") };
    let next = PublicKey([13; 32]);
    for in_guard in [Keys::default(), member(ACCESS), member(GUARD_OWNER), member(next)] {
        let entry = alert(&mut b, member(ACCESS), in_guard);
        assert_eq!(b.write(Write::Append(entry)), forbidden, "{in_guard:?}");
    }
    // To know the guard is not to know the channel.
    let entry = alert(&mut b, Keys::default(), member(GUARD_ACCESS));
    assert_eq!(b.write(Write::Append(entry)), forbidden);
    // A retry of what was appended before finds it.
    assert_eq!(b.write(Write::Append(before)), Ok(Written::Appended { seq: 1, received_at: None }));
    let guard_owner = Keys { owner: Some(GUARD_OWNER), member: None };
    for (by, in_guard) in
        [(member(ACCESS), member(GUARD_ACCESS)), (member(ACCESS), guard_owner), (owner(), Keys::default())]
    {
        let entry = alert(&mut b, by, in_guard);
        b.appended(entry);
    }
    // Only alerts are guarded.
    b.append(member(ACCESS), Update, b"x");
    b.append(member(ACCESS), Control, b"x");

    // Who was removed from the guard is out, from the same batch on.
    let rotation =
        Append { channel: guard, control_seq: 0, rotate: Some(next), ..b.entry(guard_owner, Control, b"r") };
    let late = alert(&mut b, member(ACCESS), member(GUARD_ACCESS));
    let results = b.store().commit(NOW, &[Write::Append(rotation), Write::Append(late)]);
    assert!(results[0].is_ok());
    assert_eq!(results[1], forbidden);
    let entry = alert(&mut b, member(ACCESS), member(next));
    b.appended(entry);

    // Its own guard: as before there was one.
    b.done(set(channel()));
    assert_eq!(b.store().guard(&channel()), Ok(None));
    b.append(member(ACCESS), Alert, b"x");
}

pub fn only_owners_set_a_guard<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let guard = guard(&b);
    let set = |channel, by, guard| Write::SetGuard { channel, by, guard };
    let of_guard = Keys { owner: Some(GUARD_OWNER), member: Some(GUARD_ACCESS) };
    for by in [member(ACCESS), of_guard, Keys::default()] {
        assert_eq!(b.write(set(channel(), by, guard)), Err(FoundError::Forbidden.into()));
    }
    let nowhere = ChannelId([0; 32]);
    assert_eq!(b.write(set(channel(), owner(), nowhere)), Err(FoundError::Unknown.into()));
    assert_eq!(b.write(set(nowhere, owner(), guard)), Err(FoundError::Unknown.into()));
    assert_eq!(b.store().guard(&channel()), Ok(None));
    assert_eq!(b.store().guard(&nowhere), Err(ReadError::Unknown));
    // It stays with the channel when owners and keys change.
    b.done(set(channel(), owner(), guard));
    let owners = vec![OWNER, FOUNDER];
    b.done(Write::SetOwners { channel: channel(), by: owner(), approved: Vec::new(), owners });
    assert_eq!(b.store().guard(&channel()), Ok(Some(guard)));
}

pub fn reads_are_limited<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let entries: Vec<_> = (0..300).map(|_| Write::Append(b.entry(owner(), Update, &[0; 10]))).collect();
    b.store().commit(NOW, &entries);
    let page = b.store().read(&channel(), 0, 300, usize::MAX).expect("a page");
    assert_eq!((page.items.len(), page.through), (MAX_READ_ENTRIES, MAX_READ_ENTRIES as u64));
    let page = b.store().read(&channel(), 256, 300, 25).expect("a page");
    assert_eq!((page.items.len(), page.through), (2, 258));
    // At least one, however long.
    let page = b.store().read(&channel(), 299, 300, 1).expect("a page");
    assert_eq!((page.items.len(), page.through), (1, 300));
    // Not beyond what was asked for.
    assert_eq!(b.store().read(&channel(), 10, 12, usize::MAX).expect("a page").through, 12);
    assert_eq!(b.store().read(&channel(), 300, 300, usize::MAX).expect("a page").items, []);
    let big = vec![1; MAX_READ_BYTES / 2 + 1];
    let [one, two] = [b.append(owner(), Control, &big), b.append(owner(), Control, &big)];
    assert_eq!(b.store().read(&channel(), 300, two, usize::MAX).expect("a page").through, one);
}

pub fn the_expired_are_skipped_and_forgotten<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let alert = b.entry(owner(), Alert, b"1");
    b.appended(alert.clone());
    b.append(owner(), Control, b"2");
    b.append(owner(), Update, b"3");
    let nothing = b.store().trim(NOW + ENTRY_TTL_MS - 1).expect("trims");
    assert!(!nothing.channels.contains(&channel()));
    let trimmed = b.store().trim(NOW + ENTRY_TTL_MS).expect("trims");
    assert_eq!(trimmed.channels, [channel()]);
    let page = b.store().read(&channel(), 0, 3, usize::MAX).expect("a page");
    assert_eq!(page.items.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2]);
    assert_eq!(page.through, 3);
    // Its record id is forgotten with it; the log goes on where it was.
    let again = Append { control_seq: 2, ..alert };
    assert_eq!(b.appended(again), 4);
}

pub fn seqs_go_on_when_everything_has_expired<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let first = b.entry(member(ACCESS), Update, b"1");
    b.appended(first.clone());
    b.append(member(ACCESS), Update, b"2");
    let trimmed = b.store().trim(NOW + ENTRY_TTL_MS).expect("trims");
    assert_eq!(trimmed.channels, [channel()]);
    b.fixture.reopen();
    assert_eq!(b.bodies(0, 2), []);
    assert_eq!(b.store().head(&channel()).expect("a head").seq, 2);
    // Its record went with the entry.
    assert_eq!(b.appended(first), 3);
    b.fixture.reopen();
    assert_eq!(b.bodies(0, 3), [(3, b"1".to_vec())]);
}

pub fn entries_expire_in_time_though_the_clock_was_ahead<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let ahead = b.entry(owner(), Update, b"ahead");
    assert!(b.write_at(NOW + ENTRY_TTL_MS, Write::Append(ahead)).is_ok());
    b.append(owner(), Update, b"in time");
    b.store().trim(NOW + ENTRY_TTL_MS).expect("trims");
    assert_eq!(b.bodies(0, 2), [(1, b"ahead".to_vec())]);
}

pub fn entries_of_all_kinds_are_read_in_order<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let classes = [Update, Alert, Control, Update, Control, Control, Alert, Update];
    for (body, class) in (1..).zip(classes) {
        b.append(owner(), class, &[body]);
    }
    let all: Vec<_> = (1..=8).map(|seq| (seq, vec![seq as u8])).collect();
    for after in 0..=8 {
        assert_eq!(b.bodies(after, 8), all[after as usize..]);
    }
    b.fixture.reopen();
    assert_eq!(b.bodies(1, 7), all[1..7]);
    // Control entries are kept longer than the others.
    b.store().trim(NOW + ENTRY_TTL_MS).expect("trims");
    let control: Vec<_> = [3, 5, 6].map(|seq| (seq, vec![seq as u8])).into();
    assert_eq!(b.bodies(0, 8), control);
    let page = b.store().read(&channel(), 0, 8, usize::MAX).expect("readable");
    assert_eq!(page.through, 8);
}

pub fn a_long_body_comes_back<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let body: Vec<u8> = (0..MAX_CONTROL_BODY).map(|at| (at % 251) as u8).collect();
    b.append(owner(), Control, &body);
    b.append(owner(), Update, b"after");
    b.fixture.reopen();
    assert_eq!(b.bodies(0, 1), [(1, body)]);
    assert_eq!(b.bodies(1, 2), [(2, b"after".to_vec())]);
    b.store().trim(NOW + CONTROL_TTL_MS).expect("trims");
    assert_eq!(b.bodies(0, 2), []);
}

pub fn invitations_are_redeemed_once<F: Fixture>(fixture: F) {
    let b = Bench::empty(fixture);
    assert_eq!(b.store().has_invitation(), Ok(false));
    let redeem = |founder| Write::Redeem { invitation: INVITATION, founder };
    let unknown = FoundError::InvitationUnknown;
    assert_eq!(b.write(redeem(FOUNDER)), Err(unknown.into()));
    assert_eq!(
        b.write(Write::Create { founder: FOUNDER, owner: OWNER, access: ACCESS }),
        Err(unknown.into())
    );
    b.done(Write::Invite { invitation: INVITATION, expires_at: NOW + 10 });
    let late = Write::Invite { invitation: Hash([4; 32]), expires_at: NOW + 10 };
    b.done(late);
    b.done(redeem(FOUNDER));
    // Again by the same founder: done, even when it could no longer be redeemed.
    assert_eq!(b.write_at(NOW + 10, redeem(FOUNDER)), Ok(Written::Done));
    assert_eq!(b.write(redeem(PublicKey([8; 32]))), Err(FoundError::InvitationUsed.into()));
    let expired = Write::Redeem { invitation: Hash([4; 32]), founder: FOUNDER };
    assert_eq!(b.write_at(NOW + 10, expired), Err(FoundError::InvitationExpired.into()));
    // Made again, it stays what it is.
    b.done(Write::Invite { invitation: INVITATION, expires_at: NOW + 99 });
    assert_eq!(b.write(redeem(PublicKey([8; 32]))), Err(FoundError::InvitationUsed.into()));
    assert_eq!(b.store().has_invitation(), Ok(true));
}

pub fn an_invitation_pays_for_so_many_channels<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let create = |index: u32| {
        let mut owner = [0xaa; 32];
        owner[..4].copy_from_slice(&index.to_be_bytes());
        Write::Create { founder: FOUNDER, owner: PublicKey(owner), access: ACCESS }
    };
    // The bench's own channel is the first.
    for index in 1..MAX_CHANNELS_PER_INVITATION {
        b.done(create(index));
    }
    let more = create(MAX_CHANNELS_PER_INVITATION);
    assert_eq!(b.write(more.clone()), Err(FoundError::InvitationExhausted.into()));
    b.done(create(1));
    b.done(Write::Invite { invitation: Hash([4; 32]), expires_at: NOW + 10 });
    b.done(Write::Redeem { invitation: Hash([4; 32]), founder: FOUNDER });
    b.done(more);
}

pub fn blob_parts_come_back_until_they_expire<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let blob = BlobId([4; 16]);
    let body = vec![5; MAX_BLOB_PART];
    let put = |by, body: &[u8]| Write::PutBlob {
        channel: channel(),
        by,
        blob,
        part: 1,
        of: 2,
        body: body.to_vec(),
    };
    assert_eq!(b.write(put(member(PublicKey([8; 32])), &body)), Err(BlobError::Forbidden.into()));
    b.done(put(member(ACCESS), &body));
    b.done(put(owner(), &body));
    assert_eq!(b.write(put(owner(), b"other")), Err(BlobError::Conflict.into()));
    b.fixture.reopen();
    let part = b.store().blob_part(&channel(), &blob, 1).expect("a part");
    assert_eq!((part.of, part.body), (2, body));
    assert_eq!(b.store().blob_part(&channel(), &blob, 0), Err(ReadError::Unknown));
    b.store().trim(NOW + BLOB_TTL_MS).expect("trims");
    assert_eq!(b.store().blob_part(&channel(), &blob, 1), Err(ReadError::Unknown));
}

pub fn everything_is_there_after_reopening<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.append(owner(), Control, b"1");
    b.append(member(ACCESS), Update, b"2");
    let before = b.store().holdings().expect("holdings");
    b.fixture.reopen();
    assert_eq!(b.store().holdings().expect("holdings"), before);
    assert_eq!(b.store().head(&channel()), Ok(Head { seq: 2, last_control: 1 }));
    assert_eq!(b.append(member(ACCESS), Update, b"3"), 3);
}
