//! Whatever dies or goes back in time, everybody converges and nothing shows twice.

use campana_core::view::{Stage, Status, Warning};
use campana_core::{Command, Input, NoticeKind, Reply};
use campana_protocol::frame::Class;
use campana_protocol::governance::Role;
use campana_protocol::id::IncidentId;
use campana_protocol::report::{Finding, FollowUpKind};

use super::rig::{DAY, World, attest, form, report};

/// A network of one committee device, two verifiers and some members.
fn network(members: usize) -> (World, Vec<usize>) {
    let mut world = World::new();
    let ids = world.network(1, 1, 2 + members);
    world.grant(&ids[..1], ids[1], Role::Verifier);
    world.grant(&ids[..1], ids[2], Role::Verifier);
    (world, ids)
}

#[cfg_attr(test, test)]
fn a_device_killed_before_any_effect_goes_on_where_it_was() {
    let (mut world, ids) = network(2);
    let (reporter, ana, beto) = (ids[3], ids[1], ids[2]);
    let incident = report(&mut world, reporter, false);
    for verifier in [ana, beto] {
        // The turn is stored; the process dies before it sends anything.
        world.devices[verifier].online = false;
        attest(&mut world, verifier, incident, Finding::Confirmed);
        assert_eq!(world.view(verifier).unsent, 1);
        world.devices[verifier].online = true;
        let rows = world.devices[verifier].rows.clone();
        world.restart(verifier, rows);
        world.settle();
    }
    world.pass(60_000);
    for id in &ids {
        assert_eq!(world.incident(*id).expect("the alert").status, Status::Verified);
        let shown = world.devices[*id].notices.iter().filter(|notice| notice.kind == NoticeKind::Alert);
        assert_eq!(shown.count(), 1);
    }
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn a_device_away_for_twenty_epochs_catches_up() {
    let (mut world, mut ids) = network(2);
    let away = ids[4];
    world.disconnect(away);
    let link = world.invite(ids[0], false);
    for epoch in 0..20 {
        ids.push(world.join(&link, &format!("later {epoch}")));
        world.admit_all(ids[0]);
    }
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    world.connect(away);
    world.settle();
    assert_eq!(world.incident(away).expect("the alert").status, Status::Verified);
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn a_phone_away_for_more_than_a_week_learns_what_is_still_there_and_rings_for_today_alone() {
    let (mut world, ids) = network(2);
    let away = ids[4];
    world.devices[away].notices.clear();
    world.disconnect(away);
    let mut alerts = Vec::new();
    for day in 0..9 {
        if day > 0 {
            world.pass(DAY);
        }
        let link = world.invite(ids[0], false);
        world.join(&link, &format!("day {day}"));
        world.admit_all(ids[0]);
        let incident = report(&mut world, ids[3], false);
        attest(&mut world, ids[1], incident, Finding::Confirmed);
        attest(&mut world, ids[2], incident, Finding::Confirmed);
        if day == 7 {
            let over = Command::FollowUp { incident, kind: FollowUpKind::AllClear };
            for by in [ids[1], ids[2]] {
                world.command(by, over.clone()).expect("a verifier");
            }
            world.settle();
        }
        alerts.push(incident);
    }
    world.relay.expire_entries(world.now);
    world.connect(away);
    world.pass(60_000);
    let view = world.view(away);
    let of = |id: &IncidentId| view.incidents.iter().find(|incident| incident.id == id.to_string());
    assert!(alerts[..2].iter().all(|gone| of(gone).is_none()), "older than a week");
    assert!(alerts[2..8].iter().all(|past| of(past).is_some_and(|incident| incident.past)));
    assert_eq!(of(&alerts[7]).expect("there").status, Status::AllClear);
    assert!(of(&alerts[8]).is_some_and(|today| today.status == Status::Verified && !today.past));
    let rang: Vec<_> =
        world.devices[away].notices.iter().map(|notice| (notice.kind, notice.incident)).collect();
    assert_eq!(rang, [(NoticeKind::Alert, alerts[8])]);
    let (own, other) = (view.network.expect("in"), world.view(ids[3]).network.expect("in"));
    assert!(view.caught_up && view.warnings.is_empty());
    assert_eq!((own.cursor, own.epoch, own.members), (other.cursor, other.epoch, other.members));
    // And reports as if nothing had been.
    let incident = report(&mut world, away, false);
    assert!(world.view(ids[1]).incidents.iter().any(|known| known.id == incident.to_string()));
}

#[cfg_attr(test, test)]
fn a_member_restored_from_yesterday_notices_and_rejoins() {
    let (mut world, ids) = network(2);
    let member = ids[1];
    let yesterday = world.devices[member].rows.clone();
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, member, incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    let shown = world.devices[member].notices.len();
    world.restart(member, yesterday);
    world.settle();
    assert_eq!(world.view(member).warnings, [Warning::RolledBack], "its own attestation is news to it");
    world.pass(60_000);
    assert!(world.view(member).warnings.is_empty(), "it has rejoined");
    assert_eq!(world.view(member).roles, ["verifier"]);
    assert_eq!(
        world.devices[member].notices.len(),
        shown + 1,
        "the restored copy shows the alert it did not know"
    );
    world.assert_converged(&ids);

    let second = report(&mut world, ids[3], false);
    attest(&mut world, member, second, Finding::Confirmed);
    attest(&mut world, ids[2], second, Finding::Confirmed);
    world.pass(1_000);
    let verified = |id: &usize| {
        world.view(*id).incidents.iter().filter(|incident| incident.status == Status::Verified).count() == 2
    };
    assert!(ids.iter().all(verified), "and works as before");
}

#[cfg_attr(test, test)]
fn the_only_committee_device_restored_from_yesterday_is_let_back_in_by_members() {
    let (mut world, mut ids) = network(2);
    let founder = ids[0];
    let yesterday = world.devices[founder].rows.clone();
    let link = world.invite(founder, false);
    ids.push(world.join(&link, "later"));
    world.admit_all(founder);
    world.restart(founder, yesterday);
    world.pass(1_000);
    assert!(world.view(founder).warnings.contains(&Warning::RolledBack), "its own commit is news to it");
    world.pass(10 * 60_000);
    assert!(!world.view(founder).warnings.contains(&Warning::RolledBack));
    // Alone in its working groups, nobody can let it back into those: its own state went on there.
    let link = world.invite(founder, false);
    ids.push(world.join(&link, "after"));
    world.admit_all(founder);
    world.pass(1_000);
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn a_removed_member_reads_no_more_and_can_join_anew() {
    let (mut world, ids) = network(2);
    let (founder, leaver) = (ids[0], ids[2]);
    let person = world.key(leaver);
    world.command(founder, Command::Remove { person }).expect("a member");
    world.pass(60_000);
    assert_eq!(world.view(leaver).stage, Stage::Removed);
    let stay: Vec<usize> = ids.iter().copied().filter(|id| *id != leaver).collect();
    world.assert_converged(&stay);
    assert_eq!(world.view(founder).network.unwrap().members, ids.len() - 1);

    let link = world.invite(founder, false);
    world.command(leaver, Command::Join { link, handle: "back".into() }).expect("may ask again");
    world.connect(leaver);
    world.settle();
    world.admit_all(founder);
    assert_eq!(world.view(leaver).stage, Stage::Member);
    world.assert_converged(&ids);
}

/// Whoever is about to be removed gets a fresh leaf first: it goes all the same.
#[cfg_attr(test, test)]
fn a_fresh_leaf_does_not_outlive_a_removal() {
    let mut world = World::new();
    let ids = world.network(2, 2, 4);
    let (leaver, other) = (ids[2], ids[3]);
    for verifier in [leaver, other] {
        world.grant(&ids[..2], verifier, Role::Verifier);
    }
    let yesterday = world.devices[leaver].rows.clone();
    let incident = report(&mut world, ids[4], false);
    attest(&mut world, other, incident, Finding::Confirmed);
    // The alert is the leaver's, so its older copy is lost in the broadcast channel too.
    attest(&mut world, leaver, incident, Finding::Confirmed);
    let person = world.key(leaver);
    let Ok(Reply::Draft(draft)) = world.command(ids[0], Command::Remove { person }) else {
        panic!("a draft")
    };
    world.settle();
    world.restart(leaver, yesterday);
    world.pass(600_000);
    assert!(world.view(leaver).warnings.is_empty(), "it has a fresh leaf");
    world.command(ids[1], Command::Approve(draft)).expect("a signature");
    world.pass(60_000);
    assert_eq!(world.view(leaver).stage, Stage::Removed);
    let stay: Vec<usize> = ids.iter().copied().filter(|id| *id != leaver).collect();
    world.assert_converged(&stay);
    assert_eq!(world.view(ids[0]).network.unwrap().members, stay.len());
}

/// One that never was there: what a relay makes up lasts as long as its connection.
#[cfg_attr(test, test)]
fn a_gap_that_a_relay_made_up_is_forgotten() {
    let (mut world, mut ids) = network(2);
    let away = ids[4];
    world.disconnect(away);
    let link = world.invite(ids[0], false);
    ids.push(world.join(&link, "later"));
    world.admit_all(ids[0]);
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    expire(&mut world, Class::Control);
    world.connect(away);
    world.step(away);
    world.step(away);
    world.step(away);
    let frames: Vec<Vec<u8>> = world.relay.stream(away).iter().map(|frame| frame.encode()).collect();
    world.turn(away, Input::Received(frames));
    assert_eq!(world.view(away).warnings, [Warning::Behind, Warning::Unread]);
    world.disconnect(away);
    world.relay.channels.values_mut().for_each(|channel| channel.expired.clear());
    world.connect(away);
    world.settle();
    assert!(world.view(away).warnings.is_empty());
    assert_eq!(world.incident(away).expect("the alert").status, Status::Verified);
    world.pass(600_000);
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn a_verifier_whose_role_ends_reads_no_new_reports_and_the_others_do() {
    let (mut world, ids) = network(2);
    let (founder, former, reporter) = (ids[0], ids[1], ids[3]);
    let person = world.key(former);
    world.command(founder, Command::Revoke { person, role: Role::Verifier }).expect("a verifier");
    world.pass(60_000);
    assert!(world.view(former).roles.is_empty());
    report(&mut world, reporter, false);
    assert_eq!(world.incident(former), None);
    assert!(world.incident(ids[2]).is_some());
    world.grant(&[founder], former, Role::Verifier);
    let again = report(&mut world, reporter, false);
    assert!(world.view(former).incidents.iter().any(|incident| incident.id == again.to_string()));
}

/// It can't follow its own commit, so it never learns the key that came with it.
#[cfg_attr(test, test)]
fn a_committee_device_restored_from_before_it_removed_somebody_is_let_back_in() {
    let mut world = World::new();
    let ids = world.network(3, 2, 4);
    let (founder, out) = (ids[0], ids[6]);
    let yesterday = world.devices[founder].rows.clone();
    let person = world.key(out);
    let Ok(Reply::Draft(id)) = world.command(ids[1], Command::Remove { person }) else { panic!("a draft") };
    world.settle();
    world.command(founder, Command::Approve(id)).expect("a draft");
    world.pass(60_000);
    assert_eq!(world.view(out).stage, Stage::Removed);
    world.restart(founder, yesterday);
    world.settle();
    assert!(world.view(founder).warnings.contains(&Warning::RolledBack), "its own commit is news to it");
    world.pass(600_000);
    assert!(world.view(founder).warnings.is_empty());
    world.assert_converged(&ids[..6]);
    report(&mut world, founder, false);
}

/// Where it would land its author has no role: everybody would take it for a forgery.
#[cfg_attr(test, test)]
fn what_waits_to_be_said_is_not_said_once_its_role_is_taken_back() {
    let (mut world, ids) = network(2);
    let (founder, former) = (ids[0], ids[1]);
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    world.pass(60_000);
    world.disconnect(former);
    let kind = FollowUpKind::AllClear;
    world.command(former, Command::FollowUp { incident, kind }).expect("a verifier");
    let person = world.key(former);
    world.command(founder, Command::Revoke { person, role: Role::Verifier }).expect("a verifier");
    world.pass(60_000);
    world.connect(former);
    world.pass(600_000);
    for id in &ids {
        assert!(!world.view(*id).warnings.contains(&Warning::ForgedAlert), "device {id}");
        assert_eq!(world.incident(*id).expect("the alert").status, Status::Verified);
    }
    assert_eq!(world.view(former).unsent, 0);
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn a_report_made_offline_waits_and_is_sent() {
    let (mut world, ids) = network(2);
    let reporter = ids[3];
    world.disconnect(reporter);
    report(&mut world, reporter, false);
    assert_eq!(world.incident(reporter).unwrap().status, Status::WaitingToSend);
    let rows = world.devices[reporter].rows.clone();
    world.restart(reporter, rows);
    world.connect(reporter);
    world.settle();
    assert_eq!(world.incident(reporter).unwrap().status, Status::Sent);
    assert_eq!(world.incident(ids[1]).unwrap().status, Status::Unverified);
}

#[cfg_attr(test, test)]
fn two_committee_devices_admitting_at_once_admit_everybody_once() {
    let mut world = World::new();
    let mut ids = world.network(3, 2, 1);
    let link = world.invite(ids[0], false);
    for member in 0..6 {
        ids.push(world.join(&link, &format!("late {member}")));
    }
    world.settle();
    for committee in [ids[0], ids[1], ids[2]] {
        let everybody = Command::Admit(campana_core::command::Who::Everybody);
        world.command(committee, everybody).expect("a committee device");
    }
    world.pass(60_000);
    assert!(ids.iter().all(|id| world.view(*id).stage == Stage::Member));
    assert_eq!(world.view(ids[0]).network.unwrap().members, ids.len());
    world.assert_converged(&ids);
}

#[cfg_attr(test, test)]
fn words_leave_the_phones_after_a_day() {
    let (mut world, ids) = network(2);
    report(&mut world, ids[3], false);
    assert!(world.incident(ids[1]).unwrap().words.is_some());
    world.pass(DAY + 1);
    assert_eq!(world.incident(ids[1]).unwrap().words, None);
}

#[cfg_attr(test, test)]
fn a_received_alert_writes_little() {
    let (mut world, ids) = network(8);
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    world
        .command(
            ids[2],
            Command::Attest {
                incident,
                finding: Finding::Confirmed,
                method: campana_protocol::report::Method::InPerson,
            },
        )
        .expect("a verifier");
    // Deliver to the others; the reader's very turn that takes the alert in is measured.
    let reader = ids[5];
    world.devices[reader].online = false;
    world.settle();
    world.devices[reader].online = true;
    let frames: Vec<Vec<u8>> = world.relay.stream(reader).iter().map(|frame| frame.encode()).collect();
    world.turn(reader, Input::Received(frames));
    let written = world.devices[reader].written;
    assert!(written > 0 && written <= 4_096, "{written} bytes");
}

#[cfg_attr(test, test)]
fn a_phone_that_was_off_while_entries_expired_accuses_nobody() {
    let (mut world, mut ids) = network(2);
    let away = ids[4];
    world.disconnect(away);
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    expire(&mut world, Class::Alert);
    let link = world.invite(ids[0], false);
    ids.push(world.join(&link, "later"));
    world.admit_all(ids[0]);
    world.connect(away);
    world.settle();
    let second = report(&mut world, away, false);
    attest(&mut world, ids[1], second, Finding::Confirmed);
    attest(&mut world, ids[2], second, Finding::Confirmed);
    let person = world.key(away);
    world.command(ids[0], Command::Grant { person, role: Role::Verifier }).expect("a member");
    world.pass(60_000);
    let third = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], third, Finding::Confirmed);
    attest(&mut world, away, third, Finding::Confirmed);
    for id in &ids {
        assert!(!world.view(*id).warnings.contains(&Warning::Forked), "device {id}");
        assert_eq!(world.view(*id).incidents[0].status, Status::Verified, "device {id}");
    }
}

#[cfg_attr(test, test)]
fn a_phone_that_missed_the_last_commit_for_good_can_still_ask() {
    let (mut world, mut ids) = network(2);
    let away = ids[4];
    world.disconnect(away);
    let link = world.invite(ids[0], false);
    ids.push(world.join(&link, "later"));
    world.admit_all(ids[0]);
    expire(&mut world, Class::Control);
    world.connect(away);
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    assert_eq!(world.view(away).warnings, [Warning::Behind, Warning::Unread]);
    world.pass(600_000);
    assert!(world.view(away).warnings.is_empty(), "it was let back in");
    assert!(world.relay.stale < 10, "{} requests in vain", world.relay.stale);
    let again = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], again, Finding::Confirmed);
    attest(&mut world, ids[2], again, Finding::Confirmed);
    assert_eq!(world.incident(away).expect("the alert").status, Status::Verified);
}

/// All entries of a class are gone from every log.
fn expire(world: &mut World, class: Class) {
    for channel in world.relay.channels.values_mut() {
        let gone = channel.log.iter().filter(|entry| entry.class == class).map(|entry| entry.seq);
        channel.expired.extend(gone);
    }
}

#[cfg_attr(test, test)]
fn a_relay_whose_log_has_shrunk_is_noticed() {
    let (mut world, ids) = network(2);
    for channel in world.relay.channels.values_mut() {
        channel.log.pop();
    }
    world.disconnect(ids[3]);
    assert!(!world.view(ids[3]).warnings.contains(&Warning::Forked));
    world.connect(ids[3]);
    world.settle();
    assert!(world.view(ids[3]).warnings.contains(&Warning::Forked));
}

#[cfg_attr(test, test)]
fn two_contexts_on_one_store_do_not_suspect_the_relay() {
    let (mut world, ids) = network(2);
    let (window, worker) = (ids[4], world.device());
    // The window has asked for the log; the answer is under way.
    world.connect(window);
    world.step(window);
    world.step(window);
    world.devices[window].online = false;
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    // Meanwhile the worker reads on, further than that answer says the log goes.
    let rows = world.devices[window].rows.clone();
    world.devices[worker].online = true;
    world.restart(worker, rows);
    world.settle();
    assert_eq!(world.incident(worker).expect("the alert").status, Status::Verified);
    let rows = world.devices[worker].rows.clone();
    world.reload(window, rows);
    world.devices[window].online = true;
    world.step(window);
    world.settle();
    assert!(world.view(window).warnings.is_empty(), "{:?}", world.view(window).warnings);
    assert_eq!(world.incident(window).expect("the alert").status, Status::Verified);
}

/// The relay ends the window's stream with the entry that rotates the key, and the window never
/// processes that entry: the worker has.
#[cfg_attr(test, test)]
fn a_window_reads_on_after_its_worker_has_read_a_removal() {
    let (mut world, ids) = network(3);
    let (window, worker) = (ids[4], world.device());
    world.devices[window].online = false;
    let person = world.key(ids[5]);
    world.command(ids[0], Command::Remove { person }).expect("a draft");
    world.pass(60_000);
    let rows = world.devices[window].rows.clone();
    world.devices[worker].online = true;
    world.restart(worker, rows);
    world.settle();
    let rows = world.devices[worker].rows.clone();
    world.disconnect(worker);
    world.reload(window, rows);
    world.devices[window].online = true;
    world.step(window);
    world.settle();
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    world.pass(60_000);
    assert_eq!(world.incident(window).expect("the alert").status, Status::Verified);
    world.assert_converged(&ids[..5]);
}

#[cfg_attr(test, test)]
fn a_second_context_takes_over_what_the_first_has_changed() {
    let (mut world, ids) = network(2);
    let (worker, window) = (ids[0], world.device());
    let hand_over = |world: &mut World| {
        let rows = world.devices[worker].rows.clone();
        world.reload(window, rows);
    };
    let rows = world.devices[worker].rows.clone();
    world.restart(window, rows);
    // Rows of every kind come, change and go; each channel's.
    let incident = report(&mut world, ids[3], false);
    hand_over(&mut world);
    attest(&mut world, ids[1], incident, Finding::Confirmed);
    attest(&mut world, ids[2], incident, Finding::Confirmed);
    hand_over(&mut world);
    world.disconnect(worker);
    world.command(worker, Command::Report(form(false))).expect("it waits");
    hand_over(&mut world);
    assert_eq!(world.view(window).unsent, 1);
    world.connect(worker);
    let link = world.invite(worker, false);
    world.join(&link, "new");
    hand_over(&mut world);
    world.admit_all(worker);
    hand_over(&mut world);
    let person = world.key(ids[3]);
    world.command(worker, Command::Remove { person }).expect("a draft");
    world.pass(60_000);
    hand_over(&mut world);
    // What the second one writes, the first takes over.
    world.disconnect(worker);
    world.devices[window].online = true;
    world.connect(window);
    report(&mut world, ids[1], false);
    world.settle();
    let rows = world.devices[window].rows.clone();
    world.disconnect(window);
    world.reload(worker, rows);
    world.connect(worker);
    world.settle();
    world.assert_converged(&[ids[0], ids[1], ids[2]]);
}

/// The Welcome to the desk was read by a state that is gone, and its post with it.
#[cfg_attr(test, test)]
fn a_verifier_restored_from_before_the_role_is_at_the_desk_again() {
    let mut world = World::new();
    let ids = world.network(2, 1, 3);
    let verifier = ids[2];
    let before = world.devices[verifier].rows.clone();
    world.grant(&ids[..1], verifier, Role::Verifier);
    world.restart(verifier, before);
    world.connect(verifier);
    world.settle();
    world.pass(15 * 60_000);
    world.grant(&ids[..1], ids[4], Role::Verifier);
    let incident = report(&mut world, ids[3], false);
    attest(&mut world, verifier, incident, Finding::Confirmed);
    attest(&mut world, ids[4], incident, Finding::Confirmed);
    assert_eq!(world.incident(ids[3]).expect("the alert").status, Status::Verified);
}

super::scenarios![
    a_verifier_restored_from_before_the_role_is_at_the_desk_again,
    a_window_reads_on_after_its_worker_has_read_a_removal,
    a_committee_device_restored_from_before_it_removed_somebody_is_let_back_in,
    what_waits_to_be_said_is_not_said_once_its_role_is_taken_back,
    a_second_context_takes_over_what_the_first_has_changed,
    two_contexts_on_one_store_do_not_suspect_the_relay,
    a_device_killed_before_any_effect_goes_on_where_it_was,
    a_device_away_for_twenty_epochs_catches_up,
    a_phone_away_for_more_than_a_week_learns_what_is_still_there_and_rings_for_today_alone,
    a_member_restored_from_yesterday_notices_and_rejoins,
    the_only_committee_device_restored_from_yesterday_is_let_back_in_by_members,
    a_removed_member_reads_no_more_and_can_join_anew,
    a_fresh_leaf_does_not_outlive_a_removal,
    a_gap_that_a_relay_made_up_is_forgotten,
    a_verifier_whose_role_ends_reads_no_new_reports_and_the_others_do,
    a_report_made_offline_waits_and_is_sent,
    two_committee_devices_admitting_at_once_admit_everybody_once,
    words_leave_the_phones_after_a_day,
    a_received_alert_writes_little,
    a_phone_that_was_off_while_entries_expired_accuses_nobody,
    a_phone_that_missed_the_last_commit_for_good_can_still_ask,
    a_relay_whose_log_has_shrunk_is_noticed
];
