//! The wire form of the three inner operations, as data.
//!
//! Takes YAML; returns a [`WireProfile`] that is whole and free of contradiction, or says what is wrong with it.
//! The operations are public by name only, so everything that is guessed about them stands in one file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::fault::{self, FaultKind};

const BUILTIN: &str = include_str!("../../profiles/inner-actiontrail.yaml");

/// Names, fields and error codes of the three inner operations. Made by [`WireProfile::parse`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireProfile(Wire);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    version: String,
    create: Create,
    describe: Describe,
    delete: Delete,
    errors: BTreeMap<String, FaultKind>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Create {
    pub(crate) action: String,
    pub(crate) parameters: CreateParameters,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateParameters {
    pub(crate) name: String,
    pub(crate) sls_project_arn: String,
    pub(crate) sls_write_role_arn: String,
    pub(crate) sls_logstore: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Describe {
    pub(crate) action: String,
    pub(crate) lists: Vec<String>,
    pub(crate) wrappers: Vec<String>,
    pub(crate) fields: Fields,
}

/// Accepted names of each field of an item, in order of preference.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fields {
    pub(crate) name: Vec<String>,
    pub(crate) home_region: Vec<String>,
    pub(crate) sls_project_arn: Vec<String>,
    pub(crate) sls_logstore: Vec<String>,
    pub(crate) sls_write_role_arn: Vec<String>,
    pub(crate) status: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Delete {
    pub(crate) action: String,
    pub(crate) parameters: DeleteParameters,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeleteParameters {
    pub(crate) name: String,
}

/// Why a text is not a wire profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// It is not YAML of the expected form.
    #[error("the wire profile is not YAML of the expected form")]
    Form(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A name in it is empty or could not be the name of a parameter, field or operation.
    #[error(
        "`{0}` in the wire profile is not a name of letters, digits, `.`, `-` and `_` (an error code may hold one `*`)"
    )]
    Name(String),
    /// An error code is given two meanings; case does not tell codes apart.
    #[error("`{0}` in the wire profile has two meanings")]
    Repeated(String),
    /// A list of accepted names is empty.
    #[error("the wire profile accepts no name for `{0}`")]
    NoNames(&'static str),
}

impl WireProfile {
    /// The profile that comes with the crate.
    ///
    /// # Panics
    /// If the file built into the crate were not a profile, which a test excludes.
    pub fn builtin() -> Self {
        Self::parse(BUILTIN).expect("the built-in profile is parsed by a test")
    }

    /// Reads a profile from YAML.
    pub fn parse(yaml: &str) -> Result<Self, ProfileError> {
        let wire: Wire = serde_saphyr::from_str(yaml).map_err(|error| ProfileError::Form(Box::new(error)))?;
        wire.checked().map(Self)
    }

    pub(crate) fn version(&self) -> &str {
        &self.0.version
    }

    pub(crate) fn create(&self) -> &Create {
        &self.0.create
    }

    pub(crate) fn describe(&self) -> &Describe {
        &self.0.describe
    }

    pub(crate) fn delete(&self) -> &Delete {
        &self.0.delete
    }

    /// What an error code of the three operations means: by its own entry, else by the table of the gateway, else by
    /// the longest family it is of.
    pub(crate) fn meaning(&self, code: &str) -> FaultKind {
        let errors = &self.0.errors;
        let own = errors.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, kind)| *kind);
        let families = errors.iter().filter(|(family, _)| fault::is_of_family(family, code));
        let family = || families.max_by_key(|(family, _)| family.len()).map(|(_, kind)| *kind);
        own.or_else(|| fault::gateway(code)).or_else(family).unwrap_or(FaultKind::Unexpected)
    }
}

impl Wire {
    fn checked(self) -> Result<Self, ProfileError> {
        if self.describe.lists.is_empty() {
            return Err(ProfileError::NoNames("lists"));
        }
        if self.describe.fields.name.is_empty() {
            return Err(ProfileError::NoNames("name"));
        }
        let mut seen = BTreeSet::new();
        if let Some(code) = self.errors.keys().find(|code| !seen.insert(code.to_ascii_lowercase())) {
            return Err(ProfileError::Repeated(code.clone()));
        }
        let names = self.names().find(|name| !is_name(name));
        let bad = names.or_else(|| self.errors.keys().map(String::as_str).find(|code| !is_code(code)));
        let bad = bad.map(ToOwned::to_owned);
        bad.map_or(Ok(self), |name| Err(ProfileError::Name(name)))
    }

    /// Every name that goes into a request or is looked for in a reply.
    fn names(&self) -> impl Iterator<Item = &str> {
        let create = &self.create.parameters;
        let sent = [
            &self.version,
            &self.create.action,
            &create.name,
            &create.sls_project_arn,
            &create.sls_write_role_arn,
            &create.sls_logstore,
            &self.describe.action,
            &self.delete.action,
            &self.delete.parameters.name,
        ];
        let fields = &self.describe.fields;
        let read = [
            &self.describe.lists,
            &self.describe.wrappers,
            &fields.name,
            &fields.home_region,
            &fields.sls_project_arn,
            &fields.sls_logstore,
            &fields.sls_write_role_arn,
            &fields.status,
        ];
        let read = read.into_iter().flatten();
        sent.into_iter().chain(read).map(String::as_str)
    }
}

/// The name of a code, or of a family of codes, in which one `*` stands for something.
fn is_code(text: &str) -> bool {
    is_name(&text.replacen('*', "", 1))
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}
