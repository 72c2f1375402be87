//! The credential behind a key id: a permanent key of the state, or a session that a token carries.

use std::fmt;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::caller::Caller;
use crate::reply::Refusal;
use crate::session::{self, Session};
use crate::store::account::{self, Key};
use crate::store::setting;

/// A known credential. `Debug` hides the secret.
pub(super) struct Credential {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) active: bool,
    holder: Holder,
}

enum Holder {
    Key(Key),
    Session(Session),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why there is no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lack {
    /// Nobody has the key.
    UnknownKey,
    /// A temporary key without its token.
    TokenMissing,
    /// Not a token of this cloud.
    TokenMalformed,
    /// The token belongs to another key.
    TokenOfAnotherKey,
    /// The session is over.
    TokenExpired,
}

impl Credential {
    /// Finds the credential of a key id; a token that is empty counts as absent.
    pub(super) fn find(
        conn: &Connection,
        key_id: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> rusqlite::Result<Result<Self, Lack>> {
        let token = token.filter(|token| !token.is_empty());
        Ok(match (account::find_key(conn, key_id)?, token) {
            (Some(key), None) => Ok(Self::of_key(key)),
            (Some(_), Some(_)) => Err(Lack::TokenOfAnotherKey),
            (None, _) if !key_id.starts_with(session::KEY_PREFIX) => Err(Lack::UnknownKey),
            (None, None) => Err(Lack::TokenMissing),
            (None, Some(token)) => Self::of_token(&setting::session_secret(conn)?, key_id, token, now),
        })
    }

    fn of_key(key: Key) -> Self {
        Self { id: key.id.clone(), secret: key.secret.clone(), active: key.active, holder: Holder::Key(key) }
    }

    fn of_token(secret: &str, key_id: &str, token: &str, now: Timestamp) -> Result<Self, Lack> {
        let session = session::open(secret, token).ok_or(Lack::TokenMalformed)?;
        if session.key_id != key_id {
            return Err(Lack::TokenOfAnotherKey);
        }
        if session.expires <= now.as_second() {
            return Err(Lack::TokenExpired);
        }
        let secret = session::secret_of(secret, key_id);
        Ok(Self { id: key_id.to_owned(), secret, active: true, holder: Holder::Session(session) })
    }

    /// Who holds it.
    pub(super) fn caller(self, conn: &Connection) -> Result<Caller, Refusal> {
        match self.holder {
            Holder::Key(key) => Caller::of_key(conn, &key),
            Holder::Session(session) => Caller::of_session(conn, session),
        }
    }
}

impl Lack {
    /// The refusal of an RPC service; of the codes only the family is documented.
    pub(super) fn rpc(&self) -> Refusal {
        let (status, code, message) = match self {
            Self::UnknownKey => (404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."),
            Self::TokenMissing => {
                (400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
            }
            Self::TokenMalformed => {
                (400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
            }
            Self::TokenOfAnotherKey => (
                400,
                "InvalidSecurityToken.MismatchWithAccessKey",
                "Specified SecurityToken mismatch with the AccessKey.",
            ),
            Self::TokenExpired => {
                (400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
            }
        };
        Refusal::new(status, code, message)
    }

    /// The refusal of Log Service: one code, told apart by its text (cloud-api §6.9).
    pub(super) fn sls(&self, key_id: &str) -> Refusal {
        super::sls_unauthorized(match self {
            Self::UnknownKey => format!("AccessKeyId not found: {key_id}"),
            Self::TokenMissing | Self::TokenMalformed | Self::TokenOfAnotherKey => {
                "The security token you provided is invalid.".to_owned()
            }
            Self::TokenExpired => "The security token you provided has expired.".to_owned(),
        })
    }
}
