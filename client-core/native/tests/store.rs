//! The file store under everything a disk and other processes do to it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use campana_core::Change;
use campana_native::store::{FORMAT, Store, StoreError};
use campana_native::vault::{self, VaultError};

fn put(key: &str, value: impl ToString) -> Change {
    Change { key: key.into(), value: Some(value.to_string().into_bytes()) }
}

fn number(store: &Store, key: &str) -> u64 {
    let rows = store.begin().unwrap().rows().unwrap();
    let row = rows.iter().find(|(name, _)| name == key.as_bytes());
    row.map_or(0, |(_, value)| String::from_utf8_lossy(value).parse().unwrap())
}

#[test]
fn what_was_committed_comes_back_and_generations_rise() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path()).unwrap();
    {
        let mut session = store.begin().unwrap();
        assert_eq!(session.generation(), 0);
        assert_eq!(session.commit(&[put("a", 1), put("b", 2)]).unwrap(), 1);
        assert_eq!(session.commit(&[put("a", 3), Change { key: b"b".to_vec(), value: None }]).unwrap(), 2);
    }
    assert_eq!(store.hint(), 2);
    drop(store);
    let store = Store::open(place.path()).unwrap();
    let session = store.begin().unwrap();
    assert_eq!(session.generation(), 2);
    assert_eq!(session.rows().unwrap(), [(b"a".to_vec(), b"3".to_vec())]);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("deep/store");
    let store = Store::open(&directory).unwrap();
    vault::open(store.directory(), None, true).unwrap();
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    let mut files = 0;
    for entry in fs::read_dir(&directory).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 3);
}

#[test]
fn killed_at_any_moment_it_holds_all_of_a_transaction_or_none() {
    let place = tempfile::tempdir().unwrap();
    let mut done = 0;
    for round in 0..12_u64 {
        let mut child = child("write_for_ever", place.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let until = Instant::now() + Duration::from_millis(60 + round * 23);
        while Instant::now() < until {
            if let Some(n) = lines.next().unwrap().unwrap().strip_prefix("wrote ") {
                done = n.parse().unwrap();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(n) = line.strip_prefix("wrote ") {
                done = n.parse().unwrap();
            }
        }
        let store = Store::open(place.path()).unwrap();
        let (a, b) = (number(&store, "a"), number(&store, "b"));
        assert_eq!(a, b, "half a transaction");
        assert!(a >= done, "acknowledged {done}, found {a}");
        assert_eq!(store.begin().unwrap().generation(), a);
    }
    assert!(done > 12);
}

#[test]
fn processes_take_turns() {
    let place = tempfile::tempdir().unwrap();
    let children: Vec<Child> = (0..4).map(|_| child("count_to_fifty", place.path())).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let store = Store::open(place.path()).unwrap();
    assert_eq!(number(&store, "count"), 200);
    assert_eq!(store.begin().unwrap().generation(), 200);
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let place = tempfile::tempdir().unwrap();
    Store::open(place.path()).unwrap().begin().unwrap().commit(&[put("a", 1)]).unwrap();
    {
        let database = redb::Database::open(place.path().join("store.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        let meta = redb::TableDefinition::<&str, u64>::new("meta");
        transaction.open_table(meta).unwrap().insert("format", FORMAT + 1).unwrap();
        transaction.commit().unwrap();
    }
    assert!(matches!(Store::open(place.path()), Err(StoreError::Newer { found }) if found == FORMAT + 1));
}

#[test]
fn damage_is_an_error_with_advice_never_a_panic() {
    let place = tempfile::tempdir().unwrap();
    let original = place.path().join("whole");
    let store = Store::open(&original).unwrap();
    let changes: Vec<Change> = (0..200).map(|n| put(&format!("row {n}"), "x".repeat(100 + n))).collect();
    store.begin().unwrap().commit(&changes).unwrap();
    drop(store);
    let bytes = fs::read(original.join("store.redb")).unwrap();
    let mut refused = 0;
    for round in 0..40_usize {
        let directory = place.path().join(round.to_string());
        fs::create_dir(&directory).unwrap();
        let path = directory.join("store.redb");
        let mut damaged = bytes.clone();
        match round % 4 {
            0 => damaged.truncate(bytes.len() * (round + 1) / 44),
            1 => damaged[..64].fill(0xA5),
            2 => damaged = b"not a store at all".repeat(round + 1),
            _ => {
                let at = (round * 7919 * 64) % (bytes.len() - 4096);
                damaged[at..at + 4096].fill(round as u8);
            }
        }
        fs::write(&path, &damaged).unwrap();
        let outcome = Store::open(&directory).and_then(|store| {
            let session = store.begin()?;
            session.rows()
        });
        match outcome {
            Ok(rows) => assert!(rows.len() == 200 || rows.is_empty(), "{round}: {} rows", rows.len()),
            Err(StoreError::Damaged { .. }) => refused += 1,
            Err(other) => panic!("{round}: {other}"),
        }
    }
    assert!(refused >= 20, "only {refused} refused");
}

#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing_and_says_so() {
    let place = tempfile::tempdir().unwrap();
    Store::open(place.path()).unwrap().begin().unwrap().commit(&[put("a", 7)]).unwrap();
    // A limit on the size of files stands for the full disk (blocks of 512 or 1024 bytes).
    let exe = std::env::current_exe().unwrap();
    let script = format!(
        "trap '' XFSZ; ulimit -f 3000; exec {} --exact fill_the_disk --ignored --nocapture",
        exe.display()
    );
    let out = Command::new("bash").args(["-c", &script]).env("STORE", place.path()).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("refused: can't write"), "{text} {}", String::from_utf8_lossy(&out.stderr));
    let store = Store::open(place.path()).unwrap();
    assert_eq!(number(&store, "a"), 7);
    store.begin().unwrap().commit(&[put("a", 8)]).unwrap();
    assert_eq!(number(&store, "a"), 8);
}

#[test]
fn a_passphrase_opens_only_its_own_store() {
    let place = tempfile::tempdir().unwrap();
    let key = vault::open(place.path(), Some("correct horse\n"), true).unwrap();
    assert_eq!(vault::open(place.path(), Some("correct horse"), false).unwrap().0, key.0);
    assert!(matches!(vault::open(place.path(), Some("wrong"), false), Err(VaultError::WrongPassphrase)));
    assert!(matches!(vault::open(place.path(), None, false), Err(VaultError::PassphraseNeeded)));
    fs::write(place.path().join("vault.locked"), "{").unwrap();
    assert!(matches!(vault::open(place.path(), Some("correct horse"), false), Err(VaultError::Damaged(_))));
    let plain = tempfile::tempdir().unwrap();
    assert!(matches!(vault::open(plain.path(), None, false), Err(VaultError::Missing(_))));
    let key = vault::open(plain.path(), None, true).unwrap();
    assert_eq!(vault::open(plain.path(), None, false).unwrap().0, key.0);
    assert!(matches!(vault::open(plain.path(), Some("x"), false), Err(VaultError::NoPassphraseHere)));
}

/// `cargo test -p campana-native --test store -- --ignored --nocapture the_cost`
#[test]
#[ignore = "a measurement"]
fn the_cost_of_a_turn() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::open(place.path()).unwrap();
    let big: Vec<Change> = (0..500).map(|n| put(&format!("row {n}"), "x".repeat(2_000))).collect();
    store.begin().unwrap().commit(&big).unwrap();
    for (name, burst) in [("one turn a session", 1), ("ten turns a session", 10)] {
        let begun = Instant::now();
        for n in 0..20 {
            let mut session = store.begin().unwrap();
            for m in 0..burst {
                session.commit(&[put("a", n), put(&format!("row {m}"), "y".repeat(2_000))]).unwrap();
            }
        }
        println!("{name}: {:?} a turn", begun.elapsed() / (20 * burst));
    }
    let begun = Instant::now();
    for _ in 0..20 {
        drop(store.begin().unwrap());
    }
    println!("a session without a turn: {:?}", begun.elapsed() / 20);
}

fn child(test: &str, place: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("STORE", place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn place() -> Option<std::path::PathBuf> {
    std::env::var_os("STORE").map(Into::into)
}

#[test]
#[ignore = "a child of another test"]
fn write_for_ever() {
    let Some(place) = place() else { return };
    let store = Store::open(&place).unwrap();
    loop {
        let next = number(&store, "a") + 1;
        let filler = put(&format!("filler {}", next % 50), "z".repeat((next as usize * 977) % 9_000));
        store.begin().unwrap().commit(&[put("a", next), filler, put("b", next)]).unwrap();
        println!("wrote {next}");
    }
}

#[test]
#[ignore = "a child of another test"]
fn count_to_fifty() {
    let Some(place) = place() else { return };
    let store = Store::open(&place).unwrap();
    for _ in 0..50 {
        let mut session = store.begin().unwrap();
        let rows = session.rows().unwrap();
        let count: u64 = rows.first().map_or(0, |(_, v)| String::from_utf8_lossy(v).parse().unwrap());
        session.commit(&[put("count", count + 1)]).unwrap();
    }
}

#[test]
#[ignore = "a child of another test"]
fn fill_the_disk() {
    let Some(place) = place() else { return };
    let store = Store::open(&place).unwrap();
    for n in 0..100 {
        let done = store.begin().and_then(|mut session| {
            session.commit(&[put("a", 7), put(&format!("filler {n}"), "z".repeat(500_000))])
        });
        if let Err(error) = done {
            println!("refused: {error}");
            return;
        }
    }
}
