//! The state as it was at one moment, for as long as somebody wants to read it.
//!
//! A read transaction that is kept open: `SQLite` keeps what it sees, and the writer goes on beside it. While one
//! is open the write-ahead log only grows, so it is for seconds, not for days.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::Store;

/// A state that does not change any more.
#[derive(Debug)]
pub(crate) struct Frozen(Mutex<Connection>);

impl Frozen {
    /// Runs `work` on it; what `work` writes is refused.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        work(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store {
    /// Keeps the last commit as it is.
    pub(crate) fn freeze(&self) -> rusqlite::Result<Frozen> {
        let conn = self.open_reader()?;
        conn.execute_batch("BEGIN")?;
        // A transaction sees the state of its first read.
        conn.query_row("SELECT count(*) FROM setting", [], |_| Ok(()))?;
        Ok(Frozen(Mutex::new(conn)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::setting;

    #[test]
    fn later_writes_are_not_seen() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        store.write(|conn| setting::put(conn, "a", "before")).unwrap().unwrap();
        let frozen = store.freeze().unwrap();
        store.write(|conn| setting::put(conn, "a", "after")).unwrap().unwrap();
        assert_eq!(frozen.read(|conn| setting::get(conn, "a")).unwrap().as_deref(), Some("before"));
        assert_eq!(store.read(|conn| setting::get(conn, "a")).unwrap().unwrap().as_deref(), Some("after"));
    }
}
