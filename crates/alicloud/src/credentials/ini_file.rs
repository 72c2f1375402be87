//! Sections of an ini file, `~/.alibabacloud/credentials`, as the official Python library reads them
//! (`alibabacloud-credentials` 1.0.12).
//!
//! Takes the text of the file; returns what to do to get a key. *Invariant:* the text is in no error.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::credentials::AccessKey;
use crate::credentials::source::{Base, OidcRole, Plan, ProfileFile, of_instance, role};

/// One section: fields in lower case.
struct Section<'a> {
    name: &'a str,
    fields: BTreeMap<String, &'a str>,
}

/// The plan of a section, `default` when none is named.
pub(super) fn plan(text: &str, at: &ProfileFile) -> Result<Plan, String> {
    let name = at.profile.as_deref().unwrap_or("default");
    let section = section(text, name).ok_or_else(|| format!("there is no section `{name}`"))?;
    match section.need("type")?.as_str() {
        "access_key" => Ok(Base::Key(section.key(None)?).into()),
        "sts" => {
            let token = section.need("security_token")?;
            Ok(Base::Key(section.key(Some(token))?).into())
        }
        "ram_role_arn" => {
            let arn = section.need("role_arn")?;
            let (session, external_id) = (section.get("role_session_name"), section.get("external_id"));
            let role = role(arn, session, external_id, None, section.get("policy"));
            Ok(Plan { roles: vec![role], ..Base::Key(section.key(None)?).into() })
        }
        "oidc_role_arn" => Ok(Base::Oidc(section.oidc_role()?).into()),
        "ecs_ram_role" => Ok(of_instance(at.ecs.as_ref(), section.get("role_name"))?.into()),
        kind => Err(format!(
            "section `{name}` has the type `{kind}`, which is not supported; those that are: access_key, sts, \
             ram_role_arn, oidc_role_arn, ecs_ram_role"
        )),
    }
}

impl Section<'_> {
    fn get(&self, field: &str) -> Option<String> {
        self.fields.get(field).filter(|value| !value.is_empty()).map(|value| (*value).to_owned())
    }

    fn need(&self, field: &str) -> Result<String, String> {
        self.get(field).ok_or_else(|| format!("section `{}` has no `{field}`", self.name))
    }

    fn key(&self, token: Option<String>) -> Result<AccessKey, String> {
        let (id, secret) = (self.need("access_key_id")?, self.need("access_key_secret")?);
        Ok(AccessKey::new(id, secret.into(), token.map(SecretString::from)))
    }

    fn oidc_role(&self) -> Result<OidcRole, String> {
        Ok(OidcRole {
            role_arn: self.need("role_arn")?,
            provider_arn: self.need("oidc_provider_arn")?,
            token_file: self.need("oidc_token_file_path")?.into(),
            session_name: self.get("role_session_name"),
            duration: None,
            policy: self.get("policy"),
        })
    }
}

/// The fields of a section, wherever its parts are; a comment is a line that starts with `#` or `;`, or what
/// follows a `#`.
fn section<'a>(text: &'a str, name: &'a str) -> Option<Section<'a>> {
    let (mut inside, mut found, mut fields) = (false, false, BTreeMap::new());
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = header.trim() == name;
            found |= inside;
        } else if inside && !line.starts_with([';', '#']) {
            let pair = line.split_once(['=', ':']);
            fields.extend(pair.map(|(field, value)| (field.trim().to_ascii_lowercase(), value_of(value))));
        }
    }
    found.then_some(Section { name, fields })
}

fn value_of(text: &str) -> &str {
    text.split_once('#').map_or(text, |(value, _)| value).trim()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::credentials::EcsRole;

    fn of(text: &str, profile: Option<&str>) -> Result<Plan, String> {
        plan(text, &ProfileFile { profile: profile.map(str::to_owned), ..ProfileFile::default() })
    }

    const FILE: &str = "\
; of a test
[default]
type = access_key   # the usual one
Access_Key_Id = id-default
access_key_secret = s=with=signs

[role]
type=ram_role_arn
access_key_id=i
access_key_secret=s
role_arn=acs:ram::1:role/r
role_session_name=
[ oidc ]
type = oidc_role_arn
role_arn = r
oidc_provider_arn = p
oidc_token_file_path = /t
[ecs]
type = ecs_ram_role
role_name = n
";

    #[test]
    fn the_default_section_is_read_unless_another_is_named() {
        let Base::Key(key) = of(FILE, None).unwrap().base else { panic!("no key") };
        assert_eq!((key.id(), key.signing().secret), ("id-default", "s=with=signs"));
    }

    #[test]
    fn a_value_may_hold_colons_and_an_empty_one_is_none() {
        let roles = of(FILE, Some("role")).unwrap().roles;
        assert_eq!((&*roles[0].role_arn, &*roles[0].session_name), ("acs:ram::1:role/r", "alicloud"));
    }

    #[test]
    fn each_type_has_its_plan() {
        assert!(matches!(of(FILE, Some("oidc")).unwrap().base, Base::Oidc(role) if role.provider_arn == "p"));
        let ecs = of(FILE, Some("ecs")).unwrap().base;
        assert!(matches!(ecs, Base::EcsRole(role) if role.role.as_deref() == Some("n")));
    }

    #[test]
    fn the_role_of_the_instance_is_had_as_the_process_was_told() {
        let at = |ecs| ProfileFile { profile: Some("ecs".to_owned()), ecs, ..ProfileFile::default() };
        let hard = EcsRole { v1_fallback: false, role: Some("other".to_owned()), ..EcsRole::default() };
        let base = plan(FILE, &at(Some(hard))).unwrap().base;
        assert!(matches!(base, Base::EcsRole(ecs) if !ecs.v1_fallback && ecs.role.as_deref() == Some("n")));
        assert!(plan(FILE, &at(None)).unwrap_err().contains("switched off"));
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_quoted() {
        assert_eq!(of(FILE, Some("none")).unwrap_err(), "there is no section `none`");
        assert_eq!(of("[default]", None).unwrap_err(), "section `default` has no `type`");
        let half = "[default]\ntype=access_key\naccess_key_secret=hidden";
        assert_eq!(of(half, None).unwrap_err(), "section `default` has no `access_key_id`");
        assert!(of("[default]\ntype=rsa_key_pair", None).unwrap_err().contains("`rsa_key_pair`"));
    }
}
