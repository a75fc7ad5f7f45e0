//! Runs the built binary as a person does, and reads what it says.

use std::path::Path;
use std::process::{Command, Output};

/// Is what a command said.
#[derive(Debug)]
pub(crate) struct Said {
    /// Whether the exit code was 0.
    pub(crate) ok: bool,
    /// What it said on standard output.
    pub(crate) out: String,
    /// What it said on standard error.
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("speaks UTF-8");
        Self { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs `touchline` with arguments in a folder.
pub(crate) fn touchline(folder: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
    command.current_dir(folder).args(args).output().expect("runs").into()
}

/// Runs a command that must work, and returns what it printed.
#[track_caller]
pub(crate) fn works(folder: &Path, args: &[&str]) -> String {
    let said = touchline(folder, args);
    assert!(said.ok, "{args:?}: {said:?}");
    said.out
}

/// Runs a command that must fail, and checks that it says why and what to do.
#[track_caller]
pub(crate) fn refuses(folder: &Path, args: &[&str], reasons: &[&str]) {
    let said = touchline(folder, args);
    assert!(!said.ok, "{args:?} should fail: {said:?}");
    for reason in reasons {
        assert!(said.err.contains(reason), "{args:?}: `{reason}` is not in: {}", said.err);
    }
}
