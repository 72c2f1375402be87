//! Small files that are there whole or not at all.
//!
//! Takes a path and text. Must never leave a private file readable by others, not even for a moment.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// For everybody to read.
pub(super) const PUBLIC: u32 = 0o644;
/// For its owner alone.
pub(super) const PRIVATE: u32 = 0o600;

/// The text of a file; none if there is no such file. What is not text reads as something that is no PEM.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file that appears under its name once it is whole.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let partial = path.with_extension("partial");
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    // A file that is made anew has no other permissions than these, whoever left one behind.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, path)
}
