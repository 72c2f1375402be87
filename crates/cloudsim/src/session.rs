//! Session tokens: temporary credentials that carry all they mean, sealed with the cloud's own secret.
//!
//! Nothing is stored when one is issued, so issuing changes no state; a restart on the same directory knows the
//! secret again and honours them. Pure: secret, randomness and time come in. Never shows a secret in `Debug`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// What ids of temporary keys start with.
pub(crate) const KEY_PREFIX: &str = "STS.";
/// Beginning of every token.
const TOKEN_PREFIX: &str = "CAIS";
/// Length of the seal at the end of a token, bytes.
const SEAL_BYTES: usize = 32;

/// A role somebody has assumed for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Id of the temporary access key.
    pub(crate) key_id: String,
    pub(crate) account: String,
    pub(crate) role: String,
    /// Id of the role when it was assumed: a role made anew under the name is another one.
    pub(crate) role_id: String,
    pub(crate) name: String,
    /// A policy that narrows what the role may do, JSON text.
    pub(crate) policy: Option<String>,
    /// Epoch seconds.
    pub(crate) expires: i64,
}

/// Temporary credentials as they are handed out.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) session: Session,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Seals a session; its key id must be set.
pub(crate) fn issue(cloud_secret: &str, session: Session) -> serde_json::Result<Issued> {
    let mut bytes = serde_json::to_vec(&session)?;
    let seal = hmac::sign(&key(cloud_secret), &bytes);
    bytes.extend_from_slice(seal.as_ref());
    let token = format!("{TOKEN_PREFIX}{}", STANDARD.encode(bytes));
    Ok(Issued { secret: secret_of(cloud_secret, &session.key_id), token, session })
}

/// Opens a token; `None` when this cloud did not seal it.
pub(crate) fn open(cloud_secret: &str, token: &str) -> Option<Session> {
    let bytes = STANDARD.decode(token.strip_prefix(TOKEN_PREFIX)?).ok()?;
    let (session, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL_BYTES)?)?;
    hmac::verify(&key(cloud_secret), session, seal).ok()?;
    serde_json::from_slice(session).ok()
}

/// Secret of a temporary key.
pub(crate) fn secret_of(cloud_secret: &str, key_id: &str) -> String {
    let tag = hmac::sign(&key(cloud_secret), format!("secret of {key_id}").as_bytes());
    STANDARD.encode(tag.as_ref()).replace(['+', '/', '='], "x")
}

fn key(cloud_secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, cloud_secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session {
            key_id: "STS.x".to_owned(),
            account: "1".to_owned(),
            role: "r".to_owned(),
            role_id: "3".to_owned(),
            name: "me".to_owned(),
            policy: None,
            expires: 7,
        }
    }

    #[test]
    fn sealed_session_opens_again() {
        let issued = issue("s", session()).unwrap();
        assert_eq!(open("s", &issued.token), Some(session()));
        assert_eq!(issued.secret, secret_of("s", "STS.x"));
    }

    #[test]
    fn token_of_another_cloud_does_not_open() {
        assert_eq!(open("t", &issue("s", session()).unwrap().token), None);
    }

    #[test]
    fn nonsense_does_not_open() {
        for token in ["", "CAIS", "CAIS!!", "CAISQUJD", "x"] {
            assert_eq!(open("s", token), None, "{token}");
        }
    }

    #[test]
    fn debug_hides_secret_and_token() {
        let issued = issue("s", session()).unwrap();
        let shown = format!("{issued:?}");
        assert!(!shown.contains(&issued.secret) && !shown.contains(&issued.token));
    }
}
