//! Access keys and where they come from (cloud-api §4).
//!
//! Takes sources in the order in which they are to be asked, and roles to assume on top; yields an [`AccessKey`]
//! that is good now. In reading order: [`Source`] (what there is), [`Environment`] (the official default chain),
//! [`Credentials`] (keeps a key and replaces it in time).
//!
//! *Invariant:* secrets are in no `Debug` text, error or log and are wiped from memory when dropped. All HTTP goes
//! through the transport of the [`Cloud`](crate::Cloud), all time comes from its clock; files are read where a
//! path was handed in.

mod cli_profile;
mod environment;
mod error;
mod file;
mod held;
mod ini_file;
mod issued;
mod key;
mod metadata;
mod obtain;
mod provider;
mod source;

pub use environment::Environment;
pub use error::{CredentialsError, CredentialsTrouble, TooManyRoles};
pub use held::CredentialsState;
pub use key::AccessKey;
pub use provider::Credentials;
pub use source::{EcsRole, OidcRole, Origin, ProfileFile, Source};
