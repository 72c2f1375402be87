//! The fence around statements of queries.
//!
//! While a [`Fence`] is up on a thread, a connection prepared with [`install`] compiles nothing but
//! `SELECT` over the log table (and over the rows of one bound JSON value) with functions known to be
//! harmless, and stops a statement that works too long. No fence, no effect. The analysis is already
//! parsed and printed afresh by [`super::sql`]: this is the second wall, so that a mistake there cannot
//! write, attach, load or read another table.

use std::cell::Cell;

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// Tables that can be read inside the fence: the logs, and `json_each` over a bound parameter.
const TABLES: [&str; 2] = ["log", "json_each"];
/// Functions of `SQLite` that can be called inside the fence, besides our own `sls_…`.
const FUNCTIONS: [&str; 5] = ["coalesce", "nullif", "max", "min", "->>"];
/// Virtual machine instructions between two looks at the budget.
const STRIDE: u32 = 10_000;
/// Instructions of one statement: enough for a plain search through some forty million logs.
const BUDGET: u64 = 600_000_000;

thread_local! {
    /// Instructions left; `None` when no fence is up.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Holds the fence up on this thread until dropped.
#[derive(Debug)]
pub(super) struct Fence(());

impl Fence {
    /// Puts the fence up with the usual budget.
    pub(super) fn raise() -> Self {
        Self::with_budget(BUDGET)
    }

    fn with_budget(instructions: u64) -> Self {
        LEFT.set(Some(instructions));
        Self(())
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        LEFT.set(None);
    }
}

/// Makes the fence known to a connection.
pub(super) fn install(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.authorizer(Some(authorize))?;
    conn.progress_handler(i32::try_from(STRIDE).unwrap_or(i32::MAX), Some(out_of_budget))
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    if LEFT.get().is_none() || allowed(context.action) { Authorization::Allow } else { Authorization::Deny }
}

fn allowed(action: AuthAction<'_>) -> bool {
    if let AuthAction::Read { table_name, .. } = action {
        return TABLES.contains(&table_name);
    }
    if let AuthAction::Function { function_name } = action {
        return function_name.starts_with("sls_") || FUNCTIONS.contains(&function_name);
    }
    matches!(action, AuthAction::Select)
}

/// Takes work that a function is about to do within one instruction off the budget; `false` when nothing is
/// left of it. Without a fence there is no budget.
pub(super) fn spend(instructions: u64) -> bool {
    let left = LEFT.get();
    LEFT.set(left.map(|left| left.saturating_sub(instructions)));
    left != Some(0)
}

fn out_of_budget() -> bool {
    let Some(left) = LEFT.get() else { return false };
    LEFT.set(Some(left.saturating_sub(u64::from(STRIDE))));
    left < u64::from(STRIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded() -> Connection {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE log (id INTEGER); CREATE TABLE secret (id INTEGER);").unwrap();
        install(&mut conn).unwrap();
        conn
    }

    #[test]
    fn nothing_but_reading_logs_works_behind_the_fence() {
        let conn = guarded();
        let _fence = Fence::raise();
        for sql in [
            "SELECT * FROM secret",
            "SELECT * FROM sqlite_master",
            "SELECT load_extension('x')",
            "SELECT randomblob(1000000000)",
            "ATTACH 'x' AS y",
            "PRAGMA user_version",
            "INSERT INTO log VALUES (1)",
            "DELETE FROM log",
            "CREATE TABLE t (a)",
            "CREATE TEMP TABLE t (a)",
            "DROP TABLE log",
            "BEGIN",
            "VACUUM",
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
        ] {
            assert!(conn.execute_batch(sql).is_err(), "{sql}");
        }
        assert!(conn.prepare("SELECT id FROM log").is_ok());
    }

    #[test]
    fn without_a_fence_the_connection_is_free() {
        let conn = guarded();
        drop(Fence::raise());
        assert!(conn.execute_batch("INSERT INTO secret VALUES (1)").is_ok());
    }

    #[test]
    fn work_of_functions_is_taken_off_the_budget() {
        assert!(spend(1));
        let _fence = Fence::with_budget(10);
        assert!(spend(20));
        assert!(!spend(1));
    }

    #[test]
    fn a_statement_over_budget_is_interrupted() {
        let conn = guarded();
        conn.execute_batch(
            "INSERT INTO log WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 50000) SELECT x FROM n",
        )
        .unwrap();
        let _fence = Fence::with_budget(20_000);
        let error =
            conn.query_row("SELECT coalesce(id, 0) FROM log WHERE id < 0", [], |_| Ok(())).unwrap_err();
        assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::OperationInterrupted));
    }
}
