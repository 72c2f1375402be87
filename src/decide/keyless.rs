//! Why there is no access key, told by the source that the spec names: the first half of stage 1.
//!
//! *Invariant:* as in `blame`: our own words, no request id, no time.

use alicloud::{CredentialsError, CredentialsTrouble, Fault, FaultKind};

use super::Finding;
use super::blame::{blame, finding};
use crate::api::reasons::Reason;
use crate::desired::CredentialSource;

/// Name of the operation that exchanges a token, as faults carry it.
const WITH_TOKEN: &str = "AssumeRoleWithOIDC";

/// The finding for a source that gave no access key.
pub fn keyless(source: &CredentialSource, error: &CredentialsError) -> Finding {
    match (error.fault(), error.trouble()) {
        (Some(fault), _) => refused(source, fault, error.role_arn().unwrap_or_default()),
        (None, CredentialsTrouble::Unavailable) => {
            let message = format!(
                "no access key from {}: {}; the operator keeps trying",
                name(source),
                error.message()
            );
            Finding::new(Reason::Unavailable, message)
        }
        (None, CredentialsTrouble::Absent | CredentialsTrouble::Refused | CredentialsTrouble::Unusable) => {
            without(source, error.message())
        }
    }
}

/// The finding for a source that is not there or of no use, and why.
pub fn without(source: &CredentialSource, why: &str) -> Finding {
    let message = format!("no access key from {}: {why}; cluster admin: {}", name(source), remedy(source));
    Finding::new(Reason::CredentialsMissing, message)
}

/// STS, or the service the first key was tried on, would not do it.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named here says nothing of credentials")]
fn refused(source: &CredentialSource, fault: &Fault, role: &str) -> Finding {
    let with_token = fault.action == WITH_TOKEN;
    let from = name(source);
    let (reason, sentence) = match fault.kind {
        FaultKind::Denied if with_token => (
            Reason::AccessDenied,
            format!(
                "role `{role}` does not trust {from}; cloud admin: let its trust policy name the cluster's OIDC \
                 provider and the ServiceAccount"
            ),
        ),
        FaultKind::Denied => (
            Reason::AccessDenied,
            format!(
                "role `{role}` cannot be assumed with {from}; cloud admin: let its trust policy name that caller, and \
                 the external id of the spec if it asks for one, and allow the caller `sts:AssumeRole`"
            ),
        ),
        FaultKind::NotFound => (
            Reason::CredentialsMissing,
            format!(
                "role `{role}`, or the OIDC provider it is assumed with, does not exist; cloud admin: create it, or \
                 correct the ARN"
            ),
        ),
        FaultKind::CredentialsInvalid | FaultKind::CredentialsExpired if with_token => (
            Reason::CredentialsInvalid,
            format!(
                "STS refuses {from}; cloud admin: let the OIDC provider in RAM have the cluster's issuer and the \
                 audience of the token"
            ),
        ),
        FaultKind::CredentialsInvalid => (
            Reason::CredentialsInvalid,
            format!("STS refuses the access key from {from}; cluster admin: replace it by a valid one"),
        ),
        _ => return blame(fault),
    };
    finding(fault, reason, &sentence)
}

fn name(source: &CredentialSource) -> String {
    match source {
        CredentialSource::Ambient => "the operator's own environment".to_owned(),
        CredentialSource::Secret(name) => format!("Secret `{name}`"),
        CredentialSource::Rrsa { .. } => "the token of the operator's ServiceAccount".to_owned(),
        CredentialSource::EcsRole(role) => format!("role `{role}` of the ECS instance"),
    }
}

const fn remedy(source: &CredentialSource) -> &'static str {
    match source {
        CredentialSource::Ambient => {
            "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET for the operator, set up RRSA for it, \
             or name other credentials in `spec.credentials`"
        }
        CredentialSource::Secret(_) => "correct the Secret",
        CredentialSource::Rrsa { .. } => {
            "set up RRSA for the operator, so that it has a token and knows the OIDC provider"
        }
        CredentialSource::EcsRole(_) => {
            "attach the role to the instances that the operator runs on, and let pods reach 100.100.100.200"
        }
    }
}

#[cfg(test)]
mod tests {
    use alicloud::Service;

    use super::*;

    fn fault(kind: FaultKind, action: &'static str) -> Fault {
        Fault {
            kind,
            service: Service::Sts,
            action,
            ram_action: "sts:AssumeRole",
            host: "sts.cn-hangzhou.aliyuncs.com".to_owned(),
            code: Some("NoPermission".to_owned()),
            request_id: Some("a-request-id".to_owned()),
            retry_after: None,
            ambiguous: false,
        }
    }

    fn secret() -> CredentialSource {
        CredentialSource::Secret("alibaba".to_owned())
    }

    fn rrsa() -> CredentialSource {
        CredentialSource::Rrsa { role_arn: "the-role".to_owned(), provider_arn: None }
    }

    #[test]
    fn a_role_that_does_not_trust_is_named_with_the_source_and_the_code() {
        let denied = refused(&secret(), &fault(FaultKind::Denied, "AssumeRole"), "the-role");
        assert_eq!(denied.reason, Reason::AccessDenied);
        for word in ["`the-role`", "`alibaba`", "`sts:AssumeRole`", "`NoPermission`", "cloud admin"] {
            assert!(denied.message.contains(word), "{word}: {}", denied.message);
        }
    }

    #[test]
    fn a_role_that_does_not_trust_the_token_is_told_apart() {
        let denied = refused(&rrsa(), &fault(FaultKind::Denied, WITH_TOKEN), "the-role");
        assert!(denied.message.contains("ServiceAccount") && !denied.message.contains("sts:AssumeRole"));
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let expected = [
            (FaultKind::NotFound, Reason::CredentialsMissing),
            (FaultKind::CredentialsInvalid, Reason::CredentialsInvalid),
            (FaultKind::CredentialsExpired, Reason::CredentialsExpired),
            (FaultKind::Throttled, Reason::Throttled),
            (FaultKind::Unavailable, Reason::Unavailable),
            (FaultKind::ClockSkewed, Reason::ClockSkewed),
        ];
        for (kind, reason) in expected {
            let finding = refused(&secret(), &fault(kind, "AssumeRole"), "the-role");
            assert_eq!(finding.reason, reason, "{kind:?}");
            assert!(!finding.message.contains("a-request-id"), "{}", finding.message);
        }
        let expired = refused(&rrsa(), &fault(FaultKind::CredentialsExpired, WITH_TOKEN), "the-role");
        assert_eq!(expired.reason, Reason::CredentialsInvalid);
    }

    #[test]
    fn every_source_says_what_to_do() {
        let ecs = CredentialSource::EcsRole("node".to_owned());
        for source in [CredentialSource::Ambient, secret(), rrsa(), ecs] {
            let finding = without(&source, "it is not there");
            assert_eq!(finding.reason, Reason::CredentialsMissing);
            assert!(finding.message.contains("it is not there; cluster admin: "), "{}", finding.message);
        }
    }
}
