//! The manifest of a backup: the checksum and the path of every file, in the form of `b3sum`, so that a backup can be
//! checked without Touchline too (`b3sum --check MANIFEST.b3`).

use crate::failure::{Failure, Result};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

/// Is the file of the manifest.
pub(super) const MANIFEST: &str = "MANIFEST.b3";
/// Is how much of a file is in memory at once.
const PART: usize = 1 << 20;

/// Is the checksums of some files, by path below the folder of the backup.
#[derive(Default, Debug)]
pub(super) struct Manifest {
    lines: Vec<(String, PathBuf)>,
}

impl Manifest {
    pub(super) fn add(&mut self, sum: String, path: PathBuf) {
        self.lines.push((sum, path));
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.lines.iter().map(|(_, path)| path.as_path())
    }

    /// Writes the manifest of a folder, durably.
    pub(super) fn write(&mut self, folder: &Path) -> io::Result<()> {
        self.lines.sort_by(|one, other| one.1.cmp(&other.1));
        let mut file = File::create(folder.join(MANIFEST))?;
        file.write_all(self.text().as_bytes())?;
        file.sync_all()
    }

    fn text(&self) -> String {
        self.lines.iter().map(|(sum, path)| format!("{sum}  {}\n", path.display())).collect()
    }

    /// Reads the manifest of a folder.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let damaged = || {
            Failure::new(format!("{} is damaged: it is no list of checksums and files", path.display()))
                .hint("Use another backup; what of this one is whole, `b3sum` can still tell")
        };
        let text = fs::read(&path).map_err(|error| {
            Failure::new(format!("{} is no backup of Touchline", folder.display()))
                .because(&error)
                .hint("Name the folder that `touchline backup` has made")
        })?;
        let text = String::from_utf8(text).map_err(|_| damaged())?;
        let mut this = Self::default();
        for line in text.lines() {
            let (sum, path) = line.split_once("  ").ok_or_else(damaged)?;
            let path = PathBuf::from(path);
            // A path that leads out of the folder is none that we ever wrote.
            let leads_in = path.components().all(|part| matches!(part, Component::Normal(_)));
            if !leads_in || path.as_os_str().is_empty() {
                return Err(damaged());
            }
            this.add(sum.to_owned(), path);
        }
        if this.text() == text && !this.lines.is_empty() { Ok(this) } else { Err(damaged()) }
    }

    /// Compares every file of a folder with the manifest. The failure names the first file that is not as it was.
    pub(super) fn check(&self, folder: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
        let mut found = Vec::new();
        files(folder, Path::new(""), &mut found).map_err(|error| unreadable(folder, &error))?;
        found.retain(|(path, _)| path != Path::new(MANIFEST));
        if let Some((path, _)) = found.iter().find(|(path, _)| !self.paths().any(|listed| listed == path)) {
            return Err(damaged(folder, path, "is not in the manifest"));
        }
        let total: u64 = found.iter().map(|(_, bytes)| bytes).sum();
        let mut done = 0;
        for (sum, path) in &self.lines {
            let place = folder.join(path);
            let mut hashed = io::sink();
            let actual = match copy(&place, &mut hashed, &mut |bytes| {
                done += bytes;
                progress(done, total);
            }) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged(folder, path, "is missing")),
                actual => actual.map_err(|error| unreadable(&place, &error))?,
            };
            if actual != *sum {
                return Err(damaged(folder, path, "has another checksum than the manifest says"));
            }
        }
        Ok(())
    }
}

fn damaged(folder: &Path, path: &Path, what: &str) -> Failure {
    Failure::new(format!("The backup is damaged: {} {what}", folder.join(path).display()))
        .hint("Nothing was restored; use another backup")
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("Cannot read {}", path.display())).because(error)
}

/// Copies a file into a writer, and returns the checksum of its bytes.
pub(super) fn copy(from: &Path, to: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> io::Result<String> {
    let mut file = File::open(from)?;
    let mut hasher = blake3::Hasher::new();
    let mut part = vec![0; PART];
    loop {
        let bytes = file.read(&mut part)?;
        if bytes == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(&part[..bytes]);
        to.write_all(&part[..bytes])?;
        progress(bytes as u64);
    }
}

/// Lists the files below a folder, with their sizes.
pub(super) fn files(folder: &Path, below: &Path, found: &mut Vec<(PathBuf, u64)>) -> io::Result<()> {
    for entry in fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files(folder, &path, found)?;
        } else {
            found.push((path, entry.metadata()?.len()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_strange_file_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let dir = folder.path();
        fs::create_dir(dir.join("data")).expect("makes");
        let mut manifest = Manifest::default();
        for name in ["data/one", "data/two"] {
            fs::write(dir.join(name), name).expect("writes");
            manifest.add(copy(&dir.join(name), &mut io::sink(), &mut |_| {}).expect("sums"), name.into());
        }
        manifest.write(dir).expect("writes");
        let check = || Manifest::read(dir)?.check(dir, &mut |_, _| {});
        check().expect("is whole");
        for name in ["data/one", MANIFEST] {
            let bytes = fs::read(dir.join(name)).expect("reads");
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                fs::write(dir.join(name), flipped).expect("writes");
                assert!(check().is_err(), "bit {bit} of {name}");
            }
            fs::write(dir.join(name), bytes).expect("writes back");
        }
        fs::write(dir.join("data/three"), "").expect("writes");
        assert!(check().expect_err("is noticed").what.contains("data/three is not in the manifest"));
        fs::remove_file(dir.join("data/three")).expect("removes");
        fs::remove_file(dir.join("data/two")).expect("removes");
        assert!(check().expect_err("is noticed").what.contains("data/two is missing"));
    }

    #[test]
    fn a_manifest_leads_nowhere_else() {
        let folder = tempfile::tempdir().expect("folder");
        for path in ["../outside", "/etc/passwd", ""] {
            fs::write(folder.path().join(MANIFEST), format!("00  {path}\n")).expect("writes");
            assert!(Manifest::read(folder.path()).is_err(), "{path}");
        }
    }
}
