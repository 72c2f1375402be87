//! The tables of the state file.
//!
//! Everything that a restart must bring back is here; faults set by the control API are not.

use rusqlite::Connection;

/// Version of the layout, kept in `user_version`.
pub(crate) const VERSION: i64 = 6;

const TABLES: &str = "
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE account (
    id TEXT PRIMARY KEY, granted INTEGER NOT NULL, overdue INTEGER NOT NULL, sls_open INTEGER NOT NULL,
    events_generated INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE ram_user (
    account TEXT NOT NULL REFERENCES account(id), name TEXT NOT NULL, user_id TEXT NOT NULL,
    permissions TEXT NOT NULL /* JSON array of RAM actions with wildcards */,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE access_key (
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, account TEXT NOT NULL REFERENCES account(id),
    user TEXT /* NULL: the main account */, active INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE role (
    account TEXT NOT NULL REFERENCES account(id), name TEXT NOT NULL COLLATE NOCASE, role_id TEXT NOT NULL,
    trust TEXT NOT NULL, description TEXT NOT NULL, max_session INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE policy (
    account TEXT NOT NULL REFERENCES account(id), name TEXT NOT NULL COLLATE NOCASE, document TEXT NOT NULL,
    description TEXT NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE role_policy (
    account TEXT NOT NULL, role TEXT NOT NULL COLLATE NOCASE, kind TEXT NOT NULL /* System | Custom */,
    policy TEXT NOT NULL COLLATE NOCASE, attached INTEGER NOT NULL,
    PRIMARY KEY (account, role, kind, policy),
    FOREIGN KEY (account, role) REFERENCES role(account, name) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE trail (
    account TEXT NOT NULL REFERENCES account(id), name TEXT NOT NULL, home_region TEXT NOT NULL,
    project_region TEXT NOT NULL, project TEXT NOT NULL, project_owner TEXT NOT NULL, logstore TEXT NOT NULL,
    role_arn TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    started INTEGER /* NULL until it may deliver */, delivered INTEGER /* time of the last delivery */,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE project (
    region TEXT NOT NULL, name TEXT NOT NULL, account TEXT NOT NULL REFERENCES account(id),
    description TEXT NOT NULL, resource_group TEXT NOT NULL, redundancy TEXT NOT NULL /* LRS | ZRS */,
    created INTEGER NOT NULL, modified INTEGER NOT NULL,
    PRIMARY KEY (region, name)
) WITHOUT ROWID;

CREATE TABLE logstore (
    id INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, project TEXT NOT NULL, name TEXT NOT NULL,
    ttl INTEGER NOT NULL, shards INTEGER NOT NULL, settings TEXT NOT NULL /* JSON, every other field as sent */,
    dedicated TEXT /* name of the trail that writes here, or NULL */, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    log_index TEXT /* JSON, or NULL */, index_modified INTEGER NOT NULL DEFAULT 0,
    log_end INTEGER NOT NULL DEFAULT 0 /* no log that expired has this id or a later one */,
    UNIQUE (region, project, name),
    FOREIGN KEY (region, project) REFERENCES project(region, name) ON DELETE CASCADE
);

CREATE TABLE dashboard (
    region TEXT NOT NULL, project TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (region, project, name),
    FOREIGN KEY (region, project) REFERENCES project(region, name) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE saved_search (
    region TEXT NOT NULL, project TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (region, project, name),
    FOREIGN KEY (region, project) REFERENCES project(region, name) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE consumer_group (
    logstore_id INTEGER NOT NULL REFERENCES logstore(id) ON DELETE CASCADE, name TEXT NOT NULL,
    timeout INTEGER NOT NULL /* seconds */, in_order INTEGER NOT NULL,
    PRIMARY KEY (logstore_id, name)
) WITHOUT ROWID;

CREATE TABLE consumer (
    logstore_id INTEGER NOT NULL, consumer_group TEXT NOT NULL, name TEXT NOT NULL, seen INTEGER NOT NULL,
    PRIMARY KEY (logstore_id, consumer_group, name),
    FOREIGN KEY (logstore_id, consumer_group) REFERENCES consumer_group(logstore_id, name) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE checkpoint (
    logstore_id INTEGER NOT NULL, consumer_group TEXT NOT NULL, shard INTEGER NOT NULL, cursor TEXT NOT NULL,
    consumer TEXT NOT NULL, updated INTEGER NOT NULL,
    PRIMARY KEY (logstore_id, consumer_group, shard),
    FOREIGN KEY (logstore_id, consumer_group) REFERENCES consumer_group(logstore_id, name) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE tag (
    region TEXT NOT NULL, project TEXT NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (region, project, kind, resource, name),
    FOREIGN KEY (region, project) REFERENCES project(region, name) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT /* a cursor is an id: none is given twice */, logstore_id INTEGER NOT NULL, time INTEGER NOT NULL, received INTEGER NOT NULL,
    topic TEXT NOT NULL, source TEXT NOT NULL, contents TEXT NOT NULL, tags TEXT NOT NULL,
    beyond TEXT /* JSON, what only a pull shows, or NULL */
);
CREATE INDEX log_by_time ON log(logstore_id, time, id);
CREATE INDEX log_by_arrival ON log(logstore_id, id);

CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, account TEXT NOT NULL, caller TEXT NOT NULL,
    service TEXT NOT NULL, action TEXT NOT NULL, region TEXT NOT NULL, parameters TEXT NOT NULL, status INTEGER NOT NULL,
    code TEXT, changed INTEGER NOT NULL, request_id TEXT NOT NULL, fault TEXT
);
";

/// Tables that came later; a file without them is given them, so its layout stays the same.
const LATER: &str = "
CREATE TABLE IF NOT EXISTS oidc_provider (
    account TEXT NOT NULL REFERENCES account(id), name TEXT NOT NULL, issuer TEXT NOT NULL,
    client_ids TEXT NOT NULL /* JSON array */, keys TEXT NOT NULL /* JSON array of JWKs */,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ordinary_trail (
    account TEXT NOT NULL REFERENCES account(id), name TEXT NOT NULL, home_region TEXT NOT NULL,
    settings TEXT NOT NULL /* JSON, by parameter name */, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    started INTEGER, stopped INTEGER,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS shard (
    logstore_id INTEGER NOT NULL REFERENCES logstore(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    first_key TEXT NOT NULL, end_key TEXT NOT NULL, created INTEGER NOT NULL,
    opened INTEGER NOT NULL /* position */, closed INTEGER /* position, or NULL */,
    PRIMARY KEY (logstore_id, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS held_shard (
    logstore_id INTEGER NOT NULL, consumer_group TEXT NOT NULL, shard INTEGER NOT NULL, consumer TEXT NOT NULL,
    PRIMARY KEY (logstore_id, consumer_group, shard),
    FOREIGN KEY (logstore_id, consumer_group, consumer) REFERENCES consumer(logstore_id, consumer_group, name) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS user_profile (
    account TEXT NOT NULL, user TEXT NOT NULL, display_name TEXT NOT NULL, comments TEXT NOT NULL, email TEXT NOT NULL,
    mobile TEXT NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (account, user),
    FOREIGN KEY (account, user) REFERENCES ram_user(account, name) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS key_created (
    id TEXT PRIMARY KEY REFERENCES access_key(id) ON DELETE CASCADE, created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS used_nonce (hash INTEGER PRIMARY KEY /* of key id and nonce */, time INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS pending_event (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, due INTEGER NOT NULL, time INTEGER NOT NULL, fields TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pending_by_due ON pending_event(account, due);

CREATE TABLE IF NOT EXISTS user_policy (
    account TEXT NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL /* System | Custom */,
    policy TEXT NOT NULL COLLATE NOCASE, attached INTEGER NOT NULL,
    PRIMARY KEY (account, user, kind, policy),
    FOREIGN KEY (account, user) REFERENCES ram_user(account, name) ON DELETE CASCADE
) WITHOUT ROWID;
";

/// Adds the tables that a file of this layout may lack.
pub(crate) fn extend(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(&format!("BEGIN IMMEDIATE; {LATER} COMMIT;"))
}

/// Creates the tables in a new file; does nothing to one that has them.
pub(crate) fn create(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))
}

/// Layout version of the file, 0 when it is new.
pub(crate) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}
