//! STS: who is calling, and temporary keys.

use std::time::Duration;

use alicloud::{AccessKey, AssumeRole, AssumeRoleWithOidc, FaultKind, Session};
use secrecy::SecretString;
use serde_json::json;

use crate::conform::checks;
use crate::issuer::{self, Issuer, role_arn};
use crate::stage::{ACCOUNT, REGION, Stage, refused};

checks! { "sts":
    get_caller_identity => "GetCallerIdentity",
    assume_role => "AssumeRole",
    assume_role_with_oidc => "AssumeRoleWithOIDC",
}

async fn get_caller_identity(stage: &Stage) {
    let identity = stage.watched().get_caller_identity().await.unwrap();
    assert_eq!((&*identity.account_id, &*identity.identity_type), (ACCOUNT, "Account"));
    assert_eq!(identity.arn, format!("acs:ram::{ACCOUNT}:root"));
    let key = temporary_key(stage, 60).await;
    let identity = stage.watched_as(key.clone()).get_caller_identity().await.unwrap();
    assert_eq!(identity.identity_type, "AssumedRoleUser");
    let other = stage.session_as(AccessKey::new(stage.key().id(), SecretString::from("not it"), None));
    refused(other.get_caller_identity().await, FaultKind::CredentialsInvalid, "SignatureDoesNotMatch");
    let nobody = stage.session_as(AccessKey::new("LTAI5tNobody", stage.secret(), None));
    refused(nobody.get_caller_identity().await, FaultKind::CredentialsInvalid, "InvalidAccessKeyId.NotFound");
    stage.fault("GetCallerIdentity", json!({ "kind": "throttle", "retryAfterMs": 1500 }), 1).await;
    let fault = stage.session().get_caller_identity().await.unwrap_err().fault();
    assert_eq!((fault.kind, fault.retry_after), (FaultKind::Throttled, Some(Duration::from_millis(1500))));
    stage.advance(120).await;
    let late = stage.session_as(key).get_caller_identity().await;
    refused(late, FaultKind::CredentialsExpired, "InvalidSecurityToken.Expired");
}

/// A key of a role that may read roles.
async fn temporary_key(stage: &Stage, seconds: u32) -> AccessKey {
    stage
        .act(&json!({ "action": "set-role", "role": "reader", "policies": ["AliyunRAMReadOnlyAccess"] }))
        .await;
    let given = stage.get(&format!("/_sim/credentials?role=reader&durationSeconds={seconds}")).await;
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    let token = Some(SecretString::from(text("SecurityToken")));
    AccessKey::new(text("AccessKeyId"), SecretString::from(text("AccessKeySecret")), token)
}

fn role(name: &str) -> AssumeRole {
    AssumeRole {
        role_arn: role_arn(name),
        session_name: "a.b@c-d_e".to_owned(),
        duration: Duration::from_mins(15),
        external_id: None,
        policy: None,
    }
}

async fn arn_of(session: &Session) -> String {
    session.get_caller_identity().await.unwrap().arn
}

async fn assume_role(stage: &Stage) {
    stage.act(&json!({ "action": "set-role", "role": "reader" })).await;
    let user = stage.user("ann", &["sts:AssumeRole"]).await;
    let policy = Some(
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:Get*","Resource":"*"}]}"#.to_owned(),
    );
    let whole = AssumeRole { external_id: Some("shared word".to_owned()), policy, ..role("reader") };
    for wanted in [role("reader"), whole] {
        let issued = stage.watched_as(user.clone()).assume_role(&wanted).await.unwrap();
        let arn = arn_of(&stage.session_as(issued.key)).await;
        assert_eq!(arn, format!("acs:ram::{ACCOUNT}:assumed-role/reader/a.b@c-d_e"));
        assert!((issued.expires_at.as_second() - crate::stage::START - 900).abs() < 60);
    }
    let session = stage.session_as(user);
    refused(session.assume_role(&role("absent")).await, FaultKind::NotFound, "EntityNotExist.Role");
    let short = AssumeRole { duration: Duration::from_secs(1), ..role("reader") };
    refused(session.assume_role(&short).await, FaultKind::Invalid, "InvalidParameter.DurationSeconds");
    refused(stage.session().assume_role(&role("reader")).await, FaultKind::Denied, "NoPermission");
}

async fn assume_role_with_oidc(stage: &Stage) {
    let issuer = Issuer::register(stage).await;
    let wanted = AssumeRoleWithOidc {
        role_arn: role_arn(issuer::ROLE),
        provider_arn: issuer::provider_arn(),
        token: SecretString::from(issuer.token(stage, "me")),
        session_name: "pod".to_owned(),
        duration: Duration::from_hours(1),
        policy: None,
    };
    let given = stage.watched_cloud().assume_role_with_oidc(REGION, &wanted).await.unwrap();
    let arn = arn_of(&stage.session_as(given.key)).await;
    assert_eq!(arn, format!("acs:ram::{ACCOUNT}:assumed-role/{}/pod", issuer::ROLE));
    let other = AssumeRoleWithOidc { role_arn: role_arn("absent"), ..wanted.clone() };
    let outcome = stage.cloud().assume_role_with_oidc(REGION, &other).await;
    refused(outcome, FaultKind::NotFound, "EntityNotExist.Role");
    let forged = AssumeRoleWithOidc { token: SecretString::from("a.b.c"), ..wanted.clone() };
    let outcome = stage.cloud().assume_role_with_oidc(REGION, &forged).await;
    refused(outcome, FaultKind::CredentialsInvalid, "AuthenticationFail.OIDCToken.Invalid");
    stage.advance(4000).await;
    let outcome = stage.cloud().assume_role_with_oidc(REGION, &wanted).await;
    refused(outcome, FaultKind::CredentialsInvalid, "AuthenticationFail.OIDCToken.Expired");
}
