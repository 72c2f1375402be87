//! Copies of the whole state: one file, written beside the running server, and put back in one go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{FILE, Store, schema, setting};

/// Why a copy was not made or not put back.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is no state.
    #[error("`{}` is not a data directory of cloudsim: it has no {FILE}", .0.display())]
    NoState(PathBuf),
    /// The target is there already.
    #[error("`{}` is there already; choose another name", .0.display())]
    Exists(PathBuf),
    /// The file is no state of this version.
    #[error("`{}` is not a state of this version of cloudsim: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `SQLite` refused.
    #[error("cannot copy the state")]
    Database(#[from] rusqlite::Error),
}

/// Writes a consistent copy of a data directory to a new file, also while a server has the directory; returns its
/// size in bytes.
pub fn copy(data: &Path, to: &Path) -> Result<u64, CopyError> {
    let file = data.join(FILE);
    if !file.is_file() {
        return Err(CopyError::NoState(data.to_owned()));
    }
    write(&checked(&file)?, to, Existing::Kept)
}

/// Opens a file that must be a state of this version, to be read only.
fn checked(file: &Path) -> Result<Connection, CopyError> {
    let unusable = |reason: String| CopyError::Unusable { path: file.to_owned(), reason };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags).map_err(|error| unusable(error.to_string()))?;
    let version = schema::version(&conn).map_err(|error| unusable(error.to_string()))?;
    if version != schema::VERSION {
        return Err(unusable(format!("its layout is {version}, not {}", schema::VERSION)));
    }
    Ok(conn)
}

/// What becomes of a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and no copy is made.
    Kept,
    /// The copy takes its place.
    Replaced,
}

/// The copy appears under its name once it is whole; until then what was there stays.
fn write(conn: &Connection, to: &Path, existing: Existing) -> Result<u64, CopyError> {
    let failed = |source| CopyError::Write { path: to.to_owned(), source };
    if existing == Existing::Kept && to.exists() {
        return Err(CopyError::Exists(to.to_owned()));
    }
    let partial = to.with_extension("partial");
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    // SQLite cannot say why it cannot make a file; the system can.
    drop(fs::File::create(&partial).map_err(failed)?);
    conn.execute("VACUUM INTO ?1", [partial.to_string_lossy()])?;
    fs::rename(&partial, to).map_err(failed)?;
    Ok(fs::metadata(to).map_err(failed)?.len())
}

impl Store {
    /// Writes the last commit to a file; returns its size in bytes.
    pub(crate) fn copy_to(&self, to: &Path, existing: Existing) -> Result<u64, CopyError> {
        write(&self.open_reader()?, to, existing)
    }

    /// Replaces the state by that of a copy of the same directory, all of it or nothing.
    pub(crate) fn restore(&self, from: &Path) -> Result<(), CopyError> {
        let source = checked(from)?;
        let unusable =
            |reason: &str| CopyError::Unusable { path: from.to_owned(), reason: reason.to_owned() };
        let whole: String = source.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if whole != "ok" {
            return Err(unusable("the file is damaged"));
        }
        let mut writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if setting::get(&source, setting::MAIN_KEY)? != setting::get(&writer, setting::MAIN_KEY)? {
            return Err(unusable("it is of another directory, with another access key"));
        }
        let done = Backup::new(&source, &mut writer)?.step(-1)?;
        if done != StepResult::Done {
            return Err(unusable("it is being written"));
        }
        Ok(schema::extend(&writer)?)
    }
}
