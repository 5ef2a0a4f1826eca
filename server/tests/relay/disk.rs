//! A small disk, for as long as a test takes: a file system in memory that only one process and those that
//! are started beside it see.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::process::BINARY;

pub(crate) struct Disk {
    holder: Child,
    /// Where it is mounted, as those see it that are started on it.
    pub(crate) path: PathBuf,
}

impl Disk {
    /// `None`: it can't be mounted, for want of the right to mount in a namespace, and nobody said (`CI`)
    /// that everything must be tested.
    pub(crate) fn new(root: &Path, mount_options: &str) -> Option<Self> {
        let path = root.join("disk");
        fs::create_dir(&path).expect("made");
        let mut command = Command::new("unshare");
        let script = "mount -t tmpfs -o \"$1\" none \"$0\" && echo mounted && exec sleep 3600";
        command.args(["-m", "sh", "-c", script]).arg(&path).arg(mount_options).stdout(Stdio::piped());
        let mut holder = command.spawn().expect("unshare runs");
        let mut line = String::new();
        let stdout = holder.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("readable");
        let mounted = line.trim() == "mounted";
        assert!(mounted || std::env::var_os("CI").is_none(), "a small disk cannot be mounted here");
        if !mounted {
            println!("skipped: a small disk cannot be mounted here");
        }
        let disk = Self { holder, path };
        mounted.then_some(disk)
    }

    /// The relay on this disk.
    pub(crate) fn relay(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-m", "-t"]).arg(self.holder.id().to_string()).arg(BINARY);
        command
    }

    /// A path on the disk as this process sees it.
    pub(crate) fn inside(&self, path: &Path) -> PathBuf {
        let path = path.strip_prefix("/").expect("absolute");
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(path)
    }

    /// Fills it up, to the last byte or until so much is left. The file to remove again.
    pub(crate) fn fill(&self, leave: usize) -> PathBuf {
        use std::io::Write as _;
        let filler = self.inside(&self.path).join("filler");
        let mut file = fs::File::create(&filler).expect("made");
        while file.write_all(&[1; 65_536]).is_ok() {}
        let length = file.metadata().expect("there").len().saturating_sub(leave as u64);
        file.set_len(length).expect("shortened");
        filler
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
