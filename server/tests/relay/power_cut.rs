//! Power cuts: after each the disk holds what was fsynced, and of the rest some torn pieces.

use core::sync::atomic::AtomicU64;
use core::time::Duration;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::committer::FLAGS;
use crate::process::{BINARY, Process, cycles};
use crate::pump::{Promised, pump, verify, verify_trimming};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_power_is_cut() {
    let root = tempfile::tempdir().expect("a directory");
    let root = root.path().canonicalize().expect("a path");
    let library = build(&root);
    let (mut data, key) = (root.join("data0"), root.join("registration.key"));
    fs::create_dir(&data).expect("made");
    let (mut promised, records) = (Promised::default(), Arc::new(AtomicU64::new(0)));
    let (mut verified, mut dice) = (0, Dice(0x5eed));
    for cycle in 0..cycles() {
        let image = root.join(format!("image{cycle}"));
        fs::create_dir(&image).expect("made");
        let mut command = Command::new(BINARY);
        command.env("LD_PRELOAD", &library).env("POWER_CUT_ROOT", &data).env("POWER_CUT_IMAGE", &image);
        let mut process = Process::start_keyed(command, &data, &key, &FLAGS);
        if cycle > 0 {
            verified = verify(&process, &promised, verified).await;
        }
        let (address, invitation) = (process.address, process.invitation.clone());
        let end = async {
            tokio::time::sleep(Duration::from_millis(120 + dice.below(400))).await;
            process.kill();
        };
        pump(address, invitation.as_deref(), 4, &mut promised, &records, end).await;
        let after = root.join(format!("data{}", cycle + 1));
        restore(&image, &data, &after, &mut Dice(u64::from(cycle) + 1));
        // Otherwise the relay takes it for a copy, and waits for what that lacks.
        fs::copy(data.with_extension("run"), after.with_extension("run")).expect("copied");
        fs::remove_dir_all(&image).expect("removed");
        fs::remove_dir_all(&data).expect("removed");
        data = after;
    }
    let process = Process::start_keyed(Command::new(BINARY), &data, &key, &FLAGS);
    let head = verify(&process, &promised, 0).await;
    verify_trimming(&process).await;
    assert!(promised.acknowledged > 0);
    println!("{} cycles, {} acknowledged, head {head}, nothing lost", cycles(), promised.acknowledged);
}

fn build(root: &Path) -> PathBuf {
    let library = root.join("power_cut.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/relay/power_cut.c");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(cc.status().is_ok_and(|status| status.success()), "the test needs a C compiler, as cc");
    library
}

/// Builds `to` from the image of the directory `from`: names as of the last fsync of the
/// directory, contents as of the last fsync of the file.
fn restore(image: &Path, from: &Path, to: &Path, dice: &mut Dice) {
    fs::create_dir(to).expect("made");
    let inode = fs::metadata(from).expect("there").ino();
    let names = fs::read_to_string(image.join(format!("d{inode}"))).unwrap_or_default();
    for line in names.lines() {
        let mut words = line.splitn(3, ' ');
        let (kind, inode, name) = (words.next(), words.next(), words.next());
        let (Some(kind), Some(inode), Some(name)) = (kind, inode, name) else { panic!("{line}") };
        if kind == "d" {
            restore(image, &from.join(name), &to.join(name), dice);
        } else {
            let durable = fs::read(image.join(format!("f{inode}"))).unwrap_or_default();
            let last = fs::read(from.join(name)).unwrap_or_else(|_| durable.clone());
            fs::write(to.join(name), tear(durable, &last, dice)).expect("written");
        }
    }
}

/// Of what was written after the last fsync, some sectors reached the disk and some did not.
fn tear(mut durable: Vec<u8>, last: &[u8], dice: &mut Dice) -> Vec<u8> {
    const SECTOR: usize = 512;
    // Each time another share: from nothing to nearly everything.
    let share = dice.below(5);
    for (index, sector) in last.chunks(SECTOR).enumerate() {
        let at = index * SECTOR;
        if dice.below(4) >= share {
            continue;
        }
        if durable.len() < at + sector.len() {
            durable.resize(at + sector.len(), 0);
        }
        durable[at..at + sector.len()].copy_from_slice(sector);
    }
    durable
}

/// Numbers that look random and are the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
