//! The suite that every [`Store`] passes: [`conformance_tests!`](crate::conformance_tests) makes
//! one test per behaviour for a [`Fixture`].

pub mod channels;
pub mod mailboxes;
pub mod model;
pub mod pushes;
pub mod rings;

use campana_protocol::frame::Class;
use campana_protocol::id::{ChannelId, Hash, PublicKey, RecordId};

use super::{Append, Keys, Store, Write, WriteError, Written};

/// A store that can be closed and opened again.
pub trait Fixture {
    /// The store.
    type Store: Store;

    /// An empty one.
    fn new() -> Self;

    /// The store, open.
    fn store(&self) -> &Self::Store;

    /// Closes it and opens it again on what it had made durable.
    fn reopen(&mut self);
}

/// One test per behaviour of a store.
#[macro_export]
macro_rules! conformance_tests {
    ($fixture:ty) => {
        $crate::conformance_tests!(@each $fixture, channels:
            an_append_gets_the_next_seq, a_retry_finds_its_first_seq, a_retry_with_another_body_is_a_conflict,
            of_two_commits_the_second_is_stale, a_batch_sees_its_own_writes, strangers_may_not_append,
            only_owners_rotate, a_restored_channel_takes_what_it_lost_until_an_owner_ends_it, a_rotated_key_reads_up_to_its_rotation, owners_are_replaced,
            more_than_half_of_the_owners_change_them,
            a_guard_lets_its_members_alone_append_alerts, only_owners_set_a_guard,
            reads_are_limited, the_expired_are_skipped_and_forgotten,
            seqs_go_on_when_everything_has_expired,
            entries_expire_in_time_though_the_clock_was_ahead, entries_of_all_kinds_are_read_in_order,
            a_long_body_comes_back,
            invitations_are_redeemed_once, an_invitation_pays_for_so_many_channels,
            blob_parts_come_back_until_they_expire, everything_is_there_after_reopening);
        $crate::conformance_tests!(@each $fixture, mailboxes:
            a_pass_counts_once_and_lasts_its_time, a_channel_has_so_many_passes,
            strangers_post_to_opened_mailboxes_only, posts_come_in_order_and_go_when_trimmed,
            a_full_mailbox_refuses_what_has_no_better_right,
            the_heavy_give_way_to_the_light_and_not_the_other_way_round,
            strangers_and_members_displace_none_of_each_others, members_do_not_take_all_mailboxes_of_a_channel,
            a_post_is_stored_once, posts_expire,
            posts_are_kept_for_as_long_as_was_said_first, no_mailbox_keeps_posts_longer_than_any,
            positions_increase_even_for_a_forgotten_mailbox);
        $crate::conformance_tests!(@each $fixture, pushes:
            only_current_members_register, a_registration_is_replaced_and_renewed,
            what_was_registered_under_a_rotated_key_rings_for_its_grace,
            a_key_that_is_in_force_again_rings_again, registrations_end, pages_hold_each_registration_once,
            a_refusal_stays_until_a_push_is_taken_or_the_endpoint_changes,
            an_endpoint_is_registered_once_on_a_channel,
            a_channel_has_so_many_registrations, an_alert_opens_a_job_in_its_commit,
            a_job_goes_on_where_it_was, receipts_are_counted_once_and_expire,
            coverage_counts_what_was_proved_lately, registrations_are_sealed_anew_and_forgotten);
        $crate::conformance_tests!(@each $fixture, rings:
            a_post_owes_a_ring_to_whoever_is_registered,
            a_mailboxs_registrations_are_renewed_end_and_expire, a_full_mailbox_takes_whoever_is_proved,
            one_ring_is_held_for_an_id_ever, a_withdrawn_ring_does_not_ring,
            the_time_left_of_a_held_ring_only_shrinks, a_subject_has_so_many_rings_held);
        $crate::conformance_tests!(@each $fixture, model: the_store_behaves_like_a_list);
    };
    (@each $fixture:ty, $module:ident: $($name:ident),+ $(,)?) => {
        mod $module { $(
            #[test]
            fn $name() {
                $crate::store::conformance::$module::$name(
                    <$fixture as $crate::store::conformance::Fixture>::new(),
                );
            }
        )+ }
    };
}

/// A time to begin at.
pub(crate) const NOW: u64 = 1_700_000_000_000;

/// The channel of the tests, its keys, and a way to write to it.
pub(crate) struct Bench<F> {
    pub(crate) fixture: F,
    records: u128,
}

pub(crate) const FOUNDER: PublicKey = PublicKey([9; 32]);
pub(crate) const OWNER: PublicKey = PublicKey([1; 32]);
pub(crate) const ACCESS: PublicKey = PublicKey([2; 32]);
pub(crate) const INVITATION: Hash = Hash([3; 32]);

pub(crate) fn channel() -> ChannelId {
    ChannelId::of(&OWNER)
}

pub(crate) fn owner() -> Keys {
    Keys { owner: Some(OWNER), member: None }
}

pub(crate) fn member(access: PublicKey) -> Keys {
    Keys { owner: None, member: Some(access) }
}

impl<F: Fixture> Bench<F> {
    /// With the channel created.
    pub(crate) fn with_channel(fixture: F) -> Self {
        let bench = Self { fixture, records: 0 };
        bench.done(Write::Invite { invitation: INVITATION, expires_at: NOW + 1_000 });
        bench.done(Write::Redeem { invitation: INVITATION, founder: FOUNDER });
        bench.done(Write::Create { founder: FOUNDER, owner: OWNER, access: ACCESS });
        bench
    }

    pub(crate) fn empty(fixture: F) -> Self {
        Self { fixture, records: 0 }
    }

    pub(crate) fn store(&self) -> &F::Store {
        self.fixture.store()
    }

    pub(crate) fn write_at(&self, now: u64, write: Write) -> Result<Written, WriteError> {
        let mut results = self.store().commit(now, &[write]);
        assert_eq!(results.len(), 1);
        results.remove(0)
    }

    pub(crate) fn write(&self, write: Write) -> Result<Written, WriteError> {
        self.write_at(NOW, write)
    }

    pub(crate) fn done(&self, write: Write) {
        assert_eq!(self.write(write), Ok(Written::Done));
    }

    pub(crate) fn record(&mut self) -> RecordId {
        self.records += 1;
        RecordId(self.records.to_be_bytes())
    }

    /// An append by `by` after the last control entry.
    pub(crate) fn entry(&mut self, by: Keys, class: Class, body: &[u8]) -> Append {
        let control_seq = self.store().head(&channel()).map_or(0, |head| head.last_control);
        let record = self.record();
        let (channel, in_guard, rotate, body) = (channel(), Keys::default(), None, body.to_vec());
        Append { channel, by, in_guard, record, class, control_seq, rotate, place: None, body }
    }

    pub(crate) fn append(&mut self, by: Keys, class: Class, body: &[u8]) -> u64 {
        let entry = self.entry(by, class, body);
        self.appended(entry)
    }

    pub(crate) fn appended(&self, entry: Append) -> u64 {
        match self.write(Write::Append(entry)) {
            Ok(Written::Appended { seq, .. }) => seq,
            other => panic!("not appended: {other:?}"),
        }
    }

    pub(crate) fn bodies(&self, after: u64, through: u64) -> Vec<(u64, Vec<u8>)> {
        let page = self.store().read(&channel(), after, through, usize::MAX).expect("readable");
        page.items.into_iter().map(|entry| (entry.seq, entry.body.into())).collect()
    }
}
