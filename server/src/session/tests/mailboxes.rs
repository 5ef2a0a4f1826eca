//! Mailboxes as devices see them.

use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, RelayFrame, Subject};
use campana_protocol::id::MailboxId;
use campana_protocol::limits::MAX_POST_BODY;

use super::rig::{Device, Rig, channel, key, public};

const READER: u8 = 77;

fn mailbox() -> MailboxId {
    MailboxId::of(&public(&key(READER)))
}

fn post(rig: &mut Rig, body: &[u8]) -> ClientFrame {
    ClientFrame::Post {
        request: 1,
        mailbox: mailbox(),
        record: rig.record(),
        body: body.to_vec().into(),
        pass: None,
    }
}

fn posts(frames: &[RelayFrame]) -> Vec<(u64, Vec<u8>)> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            RelayFrame::Post { seq, body, .. } => Some((*seq, body.to_vec())),
            _ => None,
        })
        .collect()
}

fn read(rig: &mut Rig, device: &Device, after: u64) -> Vec<RelayFrame> {
    rig.ask(device, ClientFrame::ReadMailbox { request: 1, mailbox: mailbox(), after })
}

#[test]
fn strangers_post_only_where_it_is_open() {
    let (mut rig, owner) = Rig::with_channel();
    let stranger = rig.connect();
    let frame = post(&mut rig, b"x");
    rig.refused(&stranger, frame.clone(), Code::Unknown);
    let long = post(&mut rig, &vec![0; MAX_POST_BODY + 1]);
    rig.refused(&stranger, long, Code::TooLong);
    let reader = public(&key(READER));
    rig.done(&owner, ClientFrame::OpenMailbox { request: 1, channel: channel(), reader });
    rig.done(&stranger, frame);
}

#[test]
fn members_post_anywhere_and_only_the_reader_reads() {
    let (mut rig, _) = Rig::with_channel();
    let member = rig.member();
    let frame = post(&mut rig, b"welcome");
    rig.done(&member, frame.clone());
    rig.done(&member, frame);
    let read_it = ClientFrame::ReadMailbox { request: 1, mailbox: mailbox(), after: 0 };
    rig.refused(&member, read_it, Code::Forbidden);
    rig.refused(
        &member,
        ClientFrame::TrimMailbox { request: 1, mailbox: mailbox(), through: 9 },
        Code::Forbidden,
    );
    let reader = rig.connect();
    let wrong = rig.authenticate(&reader, 78, Subject::Mailbox(mailbox()));
    rig.refused(&reader, wrong, Code::Forbidden);
    rig.prove_mailbox(&reader, READER);
    let first = read(&mut rig, &reader, 0);
    assert!(matches!(first[0], RelayFrame::Done { .. }));
    assert_eq!(posts(&first).len(), 1);
    // New ones come as they are posted.
    let frame = post(&mut rig, b"more");
    rig.done(&member, frame);
    assert!(rig.relay.ready().contains(&reader.id));
    let more = posts(&rig.frames(reader.id));
    assert_eq!(more[0].1, b"more");
    rig.done(&reader, ClientFrame::TrimMailbox { request: 1, mailbox: mailbox(), through: more[0].0 });
    assert_eq!(posts(&read(&mut rig, &reader, 0)), []);
}
