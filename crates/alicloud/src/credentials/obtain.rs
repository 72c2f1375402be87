//! From a source to an access key: read the file, ask the server, assume the roles.
//!
//! Takes a source; returns a [`Lease`] or says why there is none. *Invariant:* keeps nothing; a token file is read
//! anew each time.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::cloud::Cloud;
use crate::credentials::error::{CredentialsError, CredentialsTrouble};
use crate::credentials::issued::Lease;
use crate::credentials::source::{Base, DURATION, OidcRole, Origin, Plan, ProfileFile, SESSION_NAME, Source};
use crate::credentials::{cli_profile, file, ini_file, metadata};
use crate::error::CallError;
use crate::fault::Service;
use crate::sts::{AssumeRole, AssumeRoleWithOidc, TemporaryKey};

/// Longest token that STS takes (cloud-api §4.1).
const OIDC_TOKEN_MAX: usize = 20_000;

/// Where keys are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Obtain<'a> {
    pub(super) cloud: &'a Cloud,
    /// The region of the STS to ask.
    pub(super) region: &'a str,
}

impl Obtain<'_> {
    /// The key of a source after assuming `roles` one after the other.
    pub(super) async fn lease(
        &self,
        source: &Source,
        roles: &[AssumeRole],
    ) -> Result<Lease, CredentialsError> {
        let origin = source.origin();
        let plan = plan(source).await?;
        let cloud = self.cloud_of(plan.sts.as_deref());
        let there = Obtain { cloud: &cloud, ..*self };
        let lease = there.base(origin, &plan.base).await?;
        let lease = there.assumed(origin, lease, &plan.roles).await?;
        self.assumed(origin, lease, roles).await
    }

    /// The cloud with the STS that a file chooses, unless the process was told of another.
    fn cloud_of(&self, sts: Option<&str>) -> Cloud {
        let endpoints = self.cloud.endpoints();
        let host = sts.filter(|_| !endpoints.is_overridden(Service::Sts));
        host.map_or_else(
            || self.cloud.clone(),
            |host| self.cloud.with_endpoints(endpoints.clone().with(Service::Sts, host)),
        )
    }

    async fn assumed(
        &self,
        origin: Origin,
        mut lease: Lease,
        roles: &[AssumeRole],
    ) -> Result<Lease, CredentialsError> {
        for role in roles {
            let issued = self.cloud.session(lease.key, self.region).assume_role(role).await;
            lease = of_sts(origin, &role.role_arn, issued)?;
        }
        Ok(lease)
    }

    async fn base(&self, origin: Origin, base: &Base) -> Result<Lease, CredentialsError> {
        match base {
            Base::Key(key) => Ok(Lease { key: key.clone(), expires_at: None }),
            Base::Oidc(role) => self.oidc(origin, role).await,
            Base::EcsRole(ecs) => metadata::ecs_role(self.cloud, ecs).await,
            Base::Uri(uri) => metadata::uri(self.cloud, uri.expose_secret()).await,
        }
    }

    async fn oidc(&self, origin: Origin, role: &OidcRole) -> Result<Lease, CredentialsError> {
        let role = AssumeRoleWithOidc {
            role_arn: role.role_arn.clone(),
            provider_arn: role.provider_arn.clone(),
            token: oidc_token(origin, &role.token_file).await?,
            session_name: role.session_name.clone().unwrap_or_else(|| SESSION_NAME.to_owned()),
            duration: role.duration.unwrap_or(DURATION),
            policy: role.policy.clone(),
        };
        of_sts(origin, &role.role_arn, self.cloud.assume_role_with_oidc(self.region, &role).await)
    }
}

fn of_sts(
    origin: Origin,
    role_arn: &str,
    issued: Result<TemporaryKey, CallError>,
) -> Result<Lease, CredentialsError> {
    let issued = issued.map_err(|error| CredentialsError::of_call(origin, &error).assuming(role_arn))?;
    Ok(Lease { key: issued.key, expires_at: Some(issued.expires_at) })
}

/// What to do, after reading the file of a source that is one.
async fn plan(source: &Source) -> Result<Plan, CredentialsError> {
    match source {
        Source::Static(key) | Source::Environment(key) => Ok(Base::Key(key.clone()).into()),
        Source::Oidc(role) => Ok(Base::Oidc(role.clone()).into()),
        Source::EcsRole(ecs) => Ok(Base::EcsRole(ecs.clone()).into()),
        Source::Uri(uri) => Ok(Base::Uri(uri.clone()).into()),
        Source::CliProfile(at) => of_file(source.origin(), at, cli_profile::plan).await,
        Source::IniFile(at) => of_file(source.origin(), at, ini_file::plan).await,
    }
}

async fn of_file(
    origin: Origin,
    at: &ProfileFile,
    parse: fn(&str, &ProfileFile) -> Result<Plan, String>,
) -> Result<Plan, CredentialsError> {
    for path in &at.paths {
        let text = file::read(path, at.by_default).await;
        let text = text.map_err(|why| CredentialsError::unusable(origin, why))?;
        if let Some(text) = text {
            let plan = parse(text.expose_secret(), at);
            return plan
                .map_err(|why| CredentialsError::unusable(origin, format!("{}: {why}", path.display())));
        }
    }
    let names: Vec<String> = at.paths.iter().map(|path| path.display().to_string()).collect();
    Err(CredentialsError::absent(origin, format!("there is no file {}", names.join(" or "))))
}

/// The token in a file, without the white space around it. A file that is not there is no absence: the role was
/// chosen, and whoever writes the file may not have done so yet.
async fn oidc_token(origin: Origin, path: &Path) -> Result<SecretString, CredentialsError> {
    let failed = |why| CredentialsError::new(origin, CredentialsTrouble::Unusable, why);
    let text = file::read(path, false).await.map_err(failed)?;
    let text = text.ok_or_else(|| failed(format!("there is no token file {}", path.display())))?;
    let token = text.expose_secret().trim();
    if token.is_empty() {
        return Err(failed(format!("the token file {} is empty", path.display())));
    }
    if token.len() > OIDC_TOKEN_MAX {
        return Err(failed(format!("the token in {} is longer than {OIDC_TOKEN_MAX} bytes", path.display())));
    }
    Ok(SecretString::from(token))
}
