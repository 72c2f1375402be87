//! Codes of STS 2015-04-01 (cloud-api §4.1). The rest are the gateway's.

use super::FaultKind::{CredentialsInvalid, Denied, NotFound};
use super::Table;

pub(super) const TABLE: Table = &[
    ("EntityNotExist.*", NotFound),
    // Codes of OIDC are in no published list; these follow the documented ones of its SAML sibling.
    ("AuthenticationFail.NoPermission", Denied),
    ("AuthenticationFail.*", CredentialsInvalid),
];
