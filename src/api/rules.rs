//! The CEL rules of the CRD: everything about a spec that can be judged at admission.
//!
//! Takes nothing, returns one [`Rule`] per function; each message names the field, the rule and an
//! example. Must never hold a rule that depends on the state of the cloud: that is a condition.
//!
//! Lengths in the schema (`maxLength`, `maxItems`) only bound the cost of these rules and are looser
//! than the rules, so that the message a user sees is ours. Name rules: `docs/innertrail.md`,
//! collected 2026-11 from the public documentation of `ActionTrail`, SLS, RAM and STS.

use kube::core::Rule;

fn rule(expression: &str, message: &str) -> Rule {
    Rule::new(expression).message(message)
}

/// `spec.region` looks like a region id.
pub(super) fn region_shape() -> Rule {
    rule(
        "self.matches('^[a-z]{2,4}(-[a-z0-9]{1,16}){1,4}$')",
        "spec.region must be an Alibaba Cloud region id: lower-case letters, digits and '-', for example cn-hangzhou",
    )
}

/// `spec.region` never changes.
pub(super) fn region_immutable() -> Rule {
    rule(
        "self == oldSelf",
        "spec.region is immutable: to use another region, delete this InnerTrail and create a new one, \
         for example with region: cn-shanghai",
    )
}

/// `spec.trailName` is a legal trail name.
pub(super) fn trail_name_shape() -> Rule {
    rule(
        "self.matches('^[a-z][a-z0-9_-]{5,35}$')",
        "spec.trailName must be 6 to 36 characters, start with a lower-case letter and hold only lower-case \
         letters, digits, '-' and '_', for example prod-ops",
    )
}

/// `spec.trailName` never changes, appears or disappears.
pub(super) fn trail_name_immutable() -> Rule {
    rule(
        "has(self.trailName) == has(oldSelf.trailName) && (!has(self.trailName) || self.trailName == oldSelf.trailName)",
        "spec.trailName is immutable and cannot be added or removed later: delete this InnerTrail and create \
         a new one, for example with trailName: prod-ops",
    )
}

/// A trail name that names the dedicated Logstore must end as a Logstore name must.
pub(super) fn trail_name_names_logstore() -> Rule {
    rule(
        "!has(self.trailName) || has(self.destination.logstore) || self.trailName.matches('[a-z0-9]$')",
        "spec.trailName must end with a lower-case letter or digit unless spec.destination.logstore is set, \
         because the dedicated Logstore is named after it, for example prod-ops (Logstore innertrail_prod-ops)",
    )
}

/// Without `spec.trailName`, `metadata.name` is the trail name and must be legal as one.
pub(super) fn object_name_is_trail_name() -> Rule {
    rule(
        "has(self.spec.trailName) || self.metadata.name.matches('^[a-z][a-z0-9-]{5,35}$')",
        "metadata.name is used as the trail name when spec.trailName is omitted, so it must be 6 to 36 \
         characters, start with a lower-case letter and hold only lower-case letters, digits and '-', \
         for example prod-ops; otherwise set spec.trailName",
    )
}

/// `spec.accountId` is a main-account id.
pub(super) fn account_id_shape() -> Rule {
    rule(
        "self.matches('^[0-9]{16}$')",
        "spec.accountId must be the 16 digits of an Alibaba Cloud account id, quoted, for example \"1234567890123456\"",
    )
}

/// The last role of the chain decides the account, so it must lie in the guarded one.
pub(super) fn account_id_matches_chain() -> Rule {
    rule(
        "!has(self.accountId) || !has(self.credentials) || !has(self.credentials.assumeRole) \
         || self.credentials.assumeRole.size() == 0 \
         || self.credentials.assumeRole[self.credentials.assumeRole.size() - 1].roleArn\
         .startsWith('acs:ram::' + self.accountId + ':')",
        "spec.credentials.assumeRole must end with a role of spec.accountId, for example \
         roleArn: acs:ram::1234567890123456:role/innertrail with accountId: \"1234567890123456\"",
    )
}

/// At most one source of credentials, and none only below an `assumeRole` chain.
pub(super) fn one_credential_source() -> Rule {
    rule(
        "[has(self.secretRef), has(self.rrsa), has(self.ecsRole)].filter(given, given).size() == 1 \
         || (!has(self.secretRef) && !has(self.rrsa) && !has(self.ecsRole) \
         && has(self.assumeRole) && self.assumeRole.size() > 0)",
        "spec.credentials must set exactly one of secretRef, rrsa and ecsRole (or none of them together with \
         assumeRole, which then starts from the operator's own credentials), for example secretRef: {name: alibaba}",
    )
}

/// `spec.credentials.secretRef.name` is a legal Secret name.
pub(super) fn secret_name_shape() -> Rule {
    rule(
        "self.size() <= 253 && self.matches('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$')",
        "spec.credentials.secretRef.name must be the name of a Secret in the same namespace: up to 253 \
         lower-case letters, digits, '-' and '.', for example alibaba",
    )
}

/// `spec.credentials.rrsa.roleArn` is a RAM role ARN.
pub(super) fn rrsa_role_arn_shape() -> Rule {
    rule(
        "self.matches('^acs:ram::[0-9]{16}:role/[A-Za-z0-9.-]{1,64}$')",
        "spec.credentials.rrsa.roleArn must be the ARN of a RAM role, for example acs:ram::1234567890123456:role/innertrail",
    )
}

/// `spec.credentials.rrsa.oidcProviderArn` is the ARN of an OIDC provider.
pub(super) fn rrsa_provider_arn_shape() -> Rule {
    rule(
        "self.matches('^acs:ram::[0-9]{16}:oidc-provider/[A-Za-z0-9._-]{1,128}$')",
        "spec.credentials.rrsa.oidcProviderArn must be the ARN of a RAM OIDC provider, for example \
         acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123456789",
    )
}

/// `spec.credentials.ecsRole.roleName` is a RAM role name.
pub(super) fn ecs_role_name_shape() -> Rule {
    rule(
        "self.matches('^[A-Za-z0-9.-]{1,64}$')",
        "spec.credentials.ecsRole.roleName must be the name of the RAM role of the ECS instances: 1 to 64 \
         letters, digits, '.' and '-', for example innertrail-node",
    )
}

/// The chain has at most two links.
pub(super) fn assume_role_length() -> Rule {
    rule(
        "self.size() <= 2",
        "spec.credentials.assumeRole must hold at most 2 roles, for example \
         [{roleArn: acs:ram::1234567890123456:role/innertrail}]",
    )
}

/// `spec.credentials.assumeRole[].roleArn` is a RAM role ARN.
pub(super) fn assume_role_arn_shape() -> Rule {
    rule(
        "self.matches('^acs:ram::[0-9]{16}:role/[A-Za-z0-9.-]{1,64}$')",
        "spec.credentials.assumeRole.roleArn must be the ARN of a RAM role, for example \
         acs:ram::1234567890123456:role/innertrail",
    )
}

/// `spec.credentials.assumeRole[].externalId` has the length STS accepts.
pub(super) fn external_id_length() -> Rule {
    rule(
        "self.size() >= 2 && self.size() <= 1224",
        "spec.credentials.assumeRole.externalId must be 2 to 1224 characters, for example audit-prod-7f3a",
    )
}

/// `spec.role.name` is a RAM role name.
pub(super) fn role_name_shape() -> Rule {
    rule(
        "self.matches('^[A-Za-z0-9.-]{1,64}$')",
        "spec.role.name must be the name of a RAM role: 1 to 64 letters, digits, '.' and '-', \
         for example AliyunActionTrailDefaultRole",
    )
}

/// `spec.destination.project` is a legal SLS project name.
pub(super) fn project_shape() -> Rule {
    rule(
        "self.matches('^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$')",
        "spec.destination.project must be 3 to 63 lower-case letters, digits and '-', starting and ending \
         with a letter or digit, for example my-audit",
    )
}

/// `spec.destination.project` never changes.
pub(super) fn project_immutable() -> Rule {
    rule(
        "self == oldSelf",
        "spec.destination.project is immutable: to ship elsewhere, delete this InnerTrail and create a new \
         one, for example with project: my-audit-2",
    )
}

/// `spec.destination.logstore` is a legal Logstore name.
pub(super) fn logstore_shape() -> Rule {
    rule(
        "self.matches('^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$')",
        "spec.destination.logstore must be 3 to 63 lower-case letters, digits, '-' and '_', starting and \
         ending with a letter or digit, for example innertrail_prod-ops",
    )
}

/// `spec.destination.logstore` never changes, appears or disappears.
pub(super) fn logstore_immutable() -> Rule {
    rule(
        "has(self.logstore) == has(oldSelf.logstore) && (!has(self.logstore) || self.logstore == oldSelf.logstore)",
        "spec.destination.logstore is immutable and cannot be added or removed later: delete this InnerTrail \
         and create a new one, for example with logstore: innertrail_prod-ops",
    )
}

/// `spec.destination.retention.minDays` is a retention SLS knows.
pub(super) fn min_days_range() -> Rule {
    rule(
        "self >= 1 && self <= 3650",
        "spec.destination.retention.minDays must be 1 to 3650 days (3650 means for ever), for example 180",
    )
}

/// `spec.destination.retention.desiredDays` is a retention SLS knows.
pub(super) fn desired_days_range() -> Rule {
    rule(
        "self >= 1 && self <= 3650",
        "spec.destination.retention.desiredDays must be 1 to 3650 days (3650 means for ever), for example 365",
    )
}

/// The wish is not below the floor.
pub(super) fn min_days_up_to_desired_days() -> Rule {
    rule(
        "!has(self.minDays) || !has(self.desiredDays) || self.minDays <= self.desiredDays",
        "spec.destination.retention.minDays must not be greater than desiredDays, for example minDays: 180 \
         with desiredDays: 365",
    )
}

/// `spec.interval` is a duration within its bounds. Digits are bounded so that parsing cannot overflow.
pub(super) fn interval_range() -> Rule {
    rule(
        "self != '' && self.matches('^([0-9]{1,2}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$') \
         && duration(self) >= duration('1m') && duration(self) <= duration('24h')",
        "spec.interval must be a duration of 1m to 24h in whole hours, minutes and seconds, for example 5m or 1h30m",
    )
}

/// With the switch in the console's hands, deletion cannot turn it off.
pub(super) fn console_retains() -> Rule {
    rule(
        "self.control != 'Console' || self.deletionPolicy == 'Retain'",
        "spec.control Console requires spec.deletionPolicy Retain, because the operator then never turns the \
         switch, for example control: Console with deletionPolicy: Retain",
    )
}
