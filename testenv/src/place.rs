//! Where things are: the source tree and its `target/`; and how files with secrets are written.
//!
//! Takes the environment cargo sets; returns paths. Must never leave a key readable by others.

use anyhow::{Context, Result};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The root of the source tree: the nearest directory above the working directory that holds
/// `testenv/go.mod`, else the tree this crate was compiled from.
pub fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let above = here.ancestors().find(|dir| dir.join("testenv/go.mod").is_file());
    above.map_or_else(compiled_from, Path::to_path_buf)
}

fn compiled_from() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Cargo's target directory: `CARGO_TARGET_DIR` when set, else `target/` in [`root`].
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The debug build of one of this workspace's binaries, whether or not it has been built yet.
pub fn binary(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Writes a file that only its owner can read.
///
/// # Errors
/// It cannot be written.
pub fn write_private(file: &Path, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    let opened = options.create(true).write(true).truncate(true).mode(0o600).open(file);
    opened
        .and_then(|mut opened| opened.write_all(text.as_bytes()))
        .with_context(|| format!("writing {}", file.display()))
}
