//! The state of the emulated cloud: one `SQLite` file.
//!
//! One writer, behind a lock; readers see the last commit. A change and its journal row are one transaction,
//! committed before the caller gets a reply, so a `kill -9` loses nothing that was answered. Every `UPDATE`
//! leaves rows alone that already hold the value, so that counting changed rows tells whether state changed.

pub(crate) mod account;
pub(crate) mod consumer;
pub(crate) mod copy;
pub(crate) mod document;
pub(crate) mod frozen;
pub(crate) mod identifier;
pub(crate) mod journal;
pub(crate) mod layout;
pub(crate) mod logstore;
pub(crate) mod oidc;
pub(crate) mod ordinary_trail;
pub(crate) mod parsed;
pub(crate) mod pending;
pub(crate) mod profile;
pub(crate) mod project;
pub(crate) mod role;
pub(crate) mod schema;
pub(crate) mod second_door;
pub(crate) mod setting;
pub(crate) mod shard;
pub(crate) mod trail;
pub(crate) mod user_policy;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use parsed::Parsed;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

/// How often a thread gives way to a writer before it is taken to be long at it.
const TRIES: usize = 8;
/// Name of the state file in its directory.
pub(crate) const FILE: &str = "cloudsim.sqlite";
/// Readers kept open for the next query; more are opened when needed and closed after use.
const READERS_KEPT_MAX: usize = 4;

/// Memory for pages of the writer, as SQLite wants it: negative for KiB.
const WRITER_CACHE_KIB: i32 = -8_000;
/// Parsed statements kept by each connection: more than there are.
const STATEMENTS_KEPT_MAX: usize = 256;

/// Why the state could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be used.
    #[error("cannot use the data directory `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error("the data directory `{}` is in use by another cloudsim process; stop it or choose another --data", .0.display())]
    Busy(PathBuf),
    /// The file was written by a version with another layout.
    #[error("the state file has layout {found}, this version reads layout {expected}; choose another --data")]
    Layout {
        /// Layout of the file.
        found: i64,
        /// Layout this version reads.
        expected: i64,
    },
    /// `SQLite` refused the file.
    #[error("cannot open the state file")]
    Database(#[from] rusqlite::Error),
}

/// The open state.
#[derive(Debug)]
pub(crate) struct Store {
    file: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// Held for as long as the state is open; the system drops it when the process dies.
    _lock: File,
}

impl Store {
    /// Opens the state in a directory, making both if they are not there.
    pub(crate) fn open(directory: &Path) -> Result<Self, OpenError> {
        let lock = lock(directory)?;
        let file = directory.join(FILE);
        let writer = Connection::open(&file)?;
        // Twice the usual: a scan of all logs asks the system half as often. Only a new file takes it.
        writer.pragma_update(None, "page_size", 8192)?;
        // Readers go on with the last commit while the writer is at work.
        writer.pragma_update(None, "journal_mode", "WAL")?;
        // A commit reaches the operating system before the reply, so the end of this process loses nothing. A power cut
        // may: waiting for the disk costs all requests of that moment dear, and an emulator can be seeded again.
        writer.pragma_update(None, "synchronous", "OFF")?;
        writer.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
        writer.pragma_update(None, "foreign_keys", true)?;
        keep_statements(&writer)?;
        match schema::version(&writer)? {
            0 => schema::create(&writer)?,
            schema::VERSION => {}
            found => return Err(OpenError::Layout { found, expected: schema::VERSION }),
        }
        schema::extend(&writer)?;
        Ok(Self { file, writer: Mutex::new(writer), readers: Mutex::default(), _lock: lock })
    }

    /// Whether nobody writes, or is done with it in a moment, as most are.
    pub(crate) fn is_free(&self) -> bool {
        let is_free = || self.writer.try_lock().is_ok();
        is_free() || (0..TRIES).any(|_| (std::thread::yield_now(), is_free()).1)
    }

    /// Runs `work` in a write transaction and commits it, whatever `work` returns.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> T) -> rusqlite::Result<T> {
        let mut conn = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction);
        transaction.commit()?;
        Ok(value)
    }

    /// Runs `work` on a snapshot of the last commit, beside the writer.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> T) -> rusqlite::Result<T> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut conn = idle.map_or_else(|| self.open_reader(), Ok)?;
        let transaction = conn.transaction()?;
        let value = work(&transaction);
        transaction.finish()?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT_MAX {
            readers.push(conn);
        }
        Ok(value)
    }

    /// The directory of the state.
    pub(crate) fn directory(&self) -> &Path {
        self.file.parent().unwrap_or(&self.file)
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = Connection::open_with_flags(&self.file, flags)?;
        keep_statements(&conn)?;
        crate::query::register(&mut conn)?;
        Ok(conn)
    }
}

/// Keeps parsed statements, and their plans whatever is bound to them: otherwise a new value means parsing anew.
fn keep_statements(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT_MAX);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Takes the directory for this process.
fn lock(directory: &Path) -> Result<File, OpenError> {
    let unusable = |source| OpenError::Directory { path: directory.to_owned(), source };
    std::fs::create_dir_all(directory).map_err(unusable)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join("cloudsim.lock"))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Busy(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// Runs `work` so that an error leaves nothing behind; returns also whether any row changed.
pub(crate) fn attempt<T, E: From<rusqlite::Error>>(
    conn: &Connection,
    work: impl FnOnce() -> Result<T, E>,
) -> (Result<T, E>, bool) {
    if let Err(error) = conn.execute_cached("SAVEPOINT attempt", []) {
        return (Err(error.into()), false);
    }
    let before = conn.total_changes();
    let result = work();
    let undone = if result.is_ok() { Ok(0) } else { conn.execute_cached("ROLLBACK TO attempt", []) };
    if let Err(error) = undone.and_then(|_| conn.execute_cached("RELEASE attempt", [])) {
        return (Err(error.into()), false);
    }
    let changed = result.is_ok() && conn.total_changes() != before;
    (result, changed)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// State in memory, for tests of one table.
    pub(crate) fn memory() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.pragma_update(None, "foreign_keys", true).unwrap();
        schema::create(&conn).unwrap();
        schema::extend(&conn).unwrap();
        conn
    }

    #[test]
    fn second_opening_of_a_directory_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let _first = Store::open(directory.path()).unwrap();
        let message = Store::open(directory.path()).unwrap_err().to_string();
        assert!(message.contains("in use by another cloudsim process"), "{message}");
    }

    #[test]
    fn refused_attempt_leaves_nothing_behind() {
        let conn = memory();
        let (result, changed) = attempt::<(), rusqlite::Error>(&conn, || {
            setting::put(&conn, "a", "1")?;
            Err(rusqlite::Error::QueryReturnedNoRows)
        });
        assert!(result.is_err() && !changed);
        assert_eq!(setting::get(&conn, "a").unwrap(), None);
    }

    #[test]
    fn newer_layout_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        drop(Store::open(directory.path()).unwrap());
        let conn = Connection::open(directory.path().join("cloudsim.sqlite")).unwrap();
        conn.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Store::open(directory.path()), Err(OpenError::Layout { found: 99, .. })));
    }
}
