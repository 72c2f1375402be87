//! Credentials had from the emulator, each used for a signed `GetCallerIdentity`.

mod refresh;
mod sources;

use std::path::PathBuf;

use alicloud::{Credentials, OidcRole, Source};

use crate::issuer::{self, role_arn};
use crate::stage::{ACCOUNT, REGION, Stage};

/// A folder of its own that goes away with the test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and returns where it is.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// Credentials of one source, without roles on top.
fn of(stage: &Stage, source: Source) -> Credentials {
    Credentials::new(&stage.cloud(), REGION, vec![source], Vec::new()).unwrap()
}

/// The federated role, by the token in a file.
fn oidc(token_file: PathBuf) -> OidcRole {
    OidcRole {
        role_arn: role_arn(issuer::ROLE),
        provider_arn: issuer::provider_arn(),
        token_file,
        session_name: Some("pod".to_owned()),
        duration: None,
        policy: None,
    }
}

/// Who the cloud takes the holder of the credentials for.
async fn identity(stage: &Stage, credentials: &Credentials) -> String {
    let session = stage.cloud().session_of(credentials, REGION);
    session.get_caller_identity().await.unwrap().arn
}

/// The ARN of a session of a role.
fn assumed(role: &str, session: &str) -> String {
    format!("acs:ram::{ACCOUNT}:assumed-role/{role}/{session}")
}
